import { messageOf } from '../errors.ts';
import { standstill } from '../ledger/standstill.ts';
import type { CaseKeeper } from './keeper.ts';
import { isTerminal } from './moves.ts';
import { cannotLook, freshness } from './sight.ts';
import { dueTimers, nextTimerAt, type Timer } from './timers.ts';
import { type CaseRecord, SYSTEM } from './types.ts';

/** Look after every case something is due for, at most `limit`. Gives how many were looked after. */
export function tickCases(keeper: CaseKeeper, now: number, limit = 500): number {
  const due = keeper.ledger.cases.due(now, limit);
  for (const caseId of due) {
    try {
      keeper.ledger.transaction(() => tickCase(keeper, caseId, now));
    } catch (error) {
      // One case that cannot go on, by our own fault, must not hold up the others.
      keeper.ledger.raiseAlert(
        `case-fault-${caseId}`,
        {
          en: `case ${keeper.ledger.cases.get(caseId)?.code} cannot go on: ${messageOf(error)}`,
          zh: `整改单 ${keeper.ledger.cases.get(caseId)?.code} 无法继续：${messageOf(error)}`,
        },
        now,
      );
      keeper.ledger.cases.putOff(caseId, now + 3_600_000);
    }
  }
  return due.length;
}

function tickCase(keeper: CaseKeeper, caseId: number, now: number): void {
  let record = keeper.ledger.cases.get(caseId);
  if (record === null || isTerminal(record.state)) return;
  if (record.dryRun && keeper.live) {
    record = keeper.move(caseId, 'went-live', {
      now,
      actor: SYSTEM,
      data: { why: { en: 'notices were switched on', zh: '通知已启用' } },
    });
    const open = keeper.ledger.enforcements.ofCase(caseId).filter(({ nextAt }) => nextAt !== null);
    for (const act of open)
      keeper.ledger.enforcements.update(act, { state: 'cancelled', nextAt: null, settledAt: now });
  }
  correctDeadline(keeper, record, now);
  let wait: number | null = null;
  for (const timer of dueTimers(record, now).skipped) {
    keeper.move(caseId, 'noted', {
      now,
      actor: SYSTEM,
      data: { timer: timer.key, skipped: { en: 'its time had passed', zh: '时间已过，略过' } },
    });
  }
  for (const timer of dueTimers(keeper.ledger.cases.get(caseId) as CaseRecord, now).due) {
    const current = keeper.ledger.cases.get(caseId) as CaseRecord;
    // A move of state may have ended the timers after it.
    if (isTerminal(current.state) || (current.state !== record.state && timer.kind !== 'look')) break;
    const later = fire(keeper, current, timer, now);
    if (later !== null) wait = Math.min(wait ?? later, later);
  }
  reviveDryActs(keeper, caseId, now);
  const after = keeper.ledger.cases.get(caseId) as CaseRecord;
  if (isTerminal(after.state)) return;
  // Timers that wait for a look are due in the past: the wait counts for them, the rest keep their own times.
  const next = nextTimerAt(after, now) as number;
  const waiting = after.state === record.state ? wait : null;
  keeper.ledger.cases.save(after, waiting === null ? Math.max(next, now) : Math.max(waiting, now + 1));
}

/** Fire a timer. Gives until when it waits for a look, or null when it is done with. */
function fire(keeper: CaseKeeper, record: CaseRecord, timer: Timer, now: number): number | null {
  const input = { now, actor: SYSTEM };
  switch (timer.kind) {
    case 'look':
      keeper.askLook(record, now);
      if (restoreRefused(keeper, record)) keeper.move(record.id, 'restore-asked-again', input);
      keeper.ledger.cases.save(
        {
          ...(keeper.ledger.cases.get(record.id) as CaseRecord),
          lookDueAt: now + keeper.rules.settings.cases.dailyLookMs,
        },
        now,
      );
      return null;
    case 'reminder':
      keeper.move(record.id, 'reminded', { ...input, data: { timer: timer.key } });
      // The notice waits for a look made after this instant: it is asked for at once.
      keeper.askLook(record, now);
      return null;
    case 'deadline': {
      if (!record.dryRun && record.toldAt === null) return nobodyTold(keeper, record, now);
      const wait = untilConfirmed(keeper, record, now, record.deadlineAt);
      if (wait === null)
        keeper.move(record.id, 'deadline-passed', { ...input, data: { deadlineAt: record.deadlineAt } });
      return wait;
    }
    case 'ask-enforcement':
    case 'ask-cancellation': {
      const wait = untilConfirmed(keeper, record, now, timer.at);
      if (wait === null) ask(keeper, record, timer.kind === 'ask-enforcement' ? 'enforcement' : 'cancellation', now);
      return wait;
    }
    case 'appeal-nudge':
    case 'appeal-late': {
      const late = timer.kind === 'appeal-late';
      keeper.ledger.raiseAlert(
        `appeal-${record.code}`,
        late
          ? {
              en: `appeal in case ${record.code} was not judged in time (R4.5): patrol cases show ${record.code}`,
              zh: `整改单 ${record.code} 的申诉超过审核时限（R4.5），请立即审核`,
            }
          : {
              en: `appeal in case ${record.code} waits for its judgement: patrol cases show ${record.code}`,
              zh: `整改单 ${record.code} 的申诉等待审核`,
            },
        now,
        { again: true },
      );
      keeper.move(record.id, 'noted', { ...input, data: { timer: timer.key, told: 'admins' } });
      return null;
    }
  }
}

function ask(keeper: CaseKeeper, record: CaseRecord, what: 'enforcement' | 'cancellation', now: number): void {
  keeper.move(record.id, `${what}-asked`, { now, actor: SYSTEM });
  seekApproval(keeper, record.id, what, now);
}

/** What was asked needs an admin, or goes on by itself where none is demanded. */
function seekApproval(keeper: CaseKeeper, caseId: number, what: 'enforcement' | 'cancellation', now: number): void {
  const { code } = keeper.ledger.cases.get(caseId) as CaseRecord;
  const { approvals } = keeper.rules.settings.enforcement;
  if (approvals[what === 'enforcement' ? 'restrict-access' : 'cancel-access'] === 0) {
    keeper.move(caseId, `${what}-approved`, {
      now,
      actor: SYSTEM,
      data: { why: { en: 'no approval is asked for', zh: '按配置无需审批' } },
    });
    return;
  }
  const act = what === 'enforcement' ? 'restricting' : 'cancelling (irrevocable)';
  const message = {
    en: `case ${code}: ${act} access waits for approval: patrol cases approve ${code}`,
    zh: `整改单 ${code}：${what === 'enforcement' ? '限制访问' : '取消接入（不可撤回）'}等待批准`,
  };
  keeper.ledger.raiseAlert(`approval-${code}`, message, now, { again: true });
}

/** Giving access back was refused, and nothing is on its way: it is asked for again once a day. */
function restoreRefused(keeper: CaseKeeper, record: CaseRecord): boolean {
  if (record.state !== 'restoring' && record.state !== 'lifting') return false;
  const restores = keeper.ledger.enforcements.ofCase(record.id).filter(({ act }) => act === 'restore-access');
  return !restores.some(({ nextAt }) => nextAt !== null);
}

/**
 * Null when a look made since an instant (a deadline, an approval) fails; else until when to wait for one. What cannot be
 * observed never leads to an act (R16.1).
 */
export function untilConfirmed(keeper: CaseKeeper, record: CaseRecord, now: number, since: number): number | null {
  const { lookWaitMs, unobservedRetryMs } = keeper.rules.settings.cases;
  if (standstill(keeper.ledger) !== null) return now + unobservedRetryMs;
  const { kind } = freshness(keeper, record, now, since);
  if (kind === 'fails') {
    keeper.ledger.resolveAlert(`unobserved-${record.code}`, now);
    return null;
  }
  if (kind === 'stale') {
    keeper.askLook(record, now);
    return now + lookWaitMs;
  }
  keeper.ledger.raiseAlert(
    `unobserved-${record.code}`,
    cannotLook(keeper, record)
      ? {
          en: `case ${record.code}: our own restriction hides the pages, so nothing further follows by itself; give access back for a time (patrol cases restore ${record.code}) or judge by hand`,
          zh: `整改单 ${record.code}：限制访问后无法核查页面，不会自动继续；请临时恢复访问后复查，或人工处理`,
        }
      : {
          en: `case ${record.code} is past its time, but the site cannot be observed: nothing follows until a look fails or passes`,
          zh: `整改单 ${record.code} 已到期，但网站未能观测：核查得出结果之前不会继续`,
        },
    now,
  );
  if (cannotLook(keeper, record)) return now + keeper.rules.settings.cases.dailyLookMs;
  keeper.askLook(record, now);
  return now + unobservedRetryMs;
}

/** Nobody could be told: no deadline counts, a person must call (R4.3). */
function nobodyTold(keeper: CaseKeeper, record: CaseRecord, now: number): number {
  keeper.ledger.raiseAlert(
    `untold-${record.code}`,
    {
      en: `case ${record.code}: no notice reached anyone, so its deadline does not count; call the owner, mend the contacts, then: patrol cases show ${record.code}`,
      zh: `整改单 ${record.code}：没有任何通知送达，期限不生效；请电话联系网站负责人、更正联系方式，再登记“已另行告知”`,
    },
    now,
  );
  return now + keeper.rules.settings.cases.dailyLookMs;
}

/** A calendar arrived for a year that was counted without it: the deadline moves later, never earlier. */
function correctDeadline(keeper: CaseKeeper, record: CaseRecord, now: number): void {
  if (!record.deadlineProvisional || record.deadlinePeriod === null) return;
  const again = keeper.rules.calendar.deadline(record.deadlineFrom, record.deadlinePeriod);
  const running = record.state === 'open' || record.state === 'extended' || record.state === 'restored';
  const extra = { workingDays: record.extraWorkingDays };
  const end = record.extraWorkingDays === 0 ? again : keeper.rules.calendar.extended(again.at, extra);
  if (again.provisional || end.provisional || !running) return;
  const data = {
    why: { en: 'the calendar of the year is known now', zh: '该年放假安排已公布' },
    from: record.deadlineFrom,
    period: record.deadlinePeriod,
  };
  const corrected = keeper.move(record.id, 'deadline-corrected', { now, actor: SYSTEM, data });
  // The owner was told a provisional date and that a change would be told.
  const told = record.toldAt !== null || record.dryRun;
  if (!told || corrected.deadlineAt === record.deadlineAt) return;
  const stage = `extended:${corrected.seq}`;
  keeper.planNotice(corrected, 'extended', stage, { move: 'deadline-corrected' }, now);
}

/** Acts approved while enforcement was in dry-run were never submitted: once it is live they are asked for again. */
function reviveDryActs(keeper: CaseKeeper, caseId: number, now: number): void {
  const record = keeper.ledger.cases.get(caseId) as CaseRecord;
  const approved = record.state === 'enforcement-approved' || record.state === 'cancellation-approved';
  if (!approved || record.dryRun || !keeper.rules.settings.enforcement.live) return;
  const acts = keeper.ledger.enforcements.ofCase(caseId);
  const round = Math.max(0, ...acts.map((act) => act.round));
  if (!acts.some((act) => act.round === round && act.state === 'dry-run')) return;
  const what = record.state === 'enforcement-approved' ? 'enforcement' : 'cancellation';
  keeper.move(caseId, `${what}-failed`, {
    now,
    actor: SYSTEM,
    data: { why: { en: 'it was approved while enforcement was in dry-run', zh: '批准时处置仍为试运行' } },
  });
  seekApproval(keeper, caseId, what, now);
}
