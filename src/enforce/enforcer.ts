import { addDays, beijingDate, beijingInstant, DAY_MS } from '../calendar/beijing-time.ts';
import { type CaseKeeper, restoredMove } from '../cases/keeper.ts';
import type { Move } from '../cases/moves.ts';
import { restrictionWanted } from '../cases/restrictions.ts';
import { untilConfirmed } from '../cases/tick.ts';
import { type CaseRecord, SYSTEM } from '../cases/types.ts';
import type { Enforcement } from '../ledger/enforcements-store.ts';
import type { Logger } from '../log.ts';
import { actsToday } from './daily-cap.ts';
import { planActs } from './plan-acts.ts';
import type { AccessSystem, ActOutcome } from './webhook.ts';

/** What is asked of the access system, in Chinese. */
const ACT_ZH: Record<Enforcement['act'], string> = {
  'restrict-access': '限制访问',
  'restore-access': '恢复访问',
  'cancel-access': '取消接入',
};

/** How long what is stopped waits before it asks again; a release wakes it at once. */
const HELD_MS = 600_000;

/** What enforcing needs. `onStep` is told of every step (tests kill the process there). */
export interface EnforcerOptions {
  keeper: CaseKeeper;
  /** Null while enforcement is in dry-run or no access system is configured. */
  system: AccessSystem | null;
  log: Logger;
  now: () => number;
  onStep?: (step: string) => void;
}

/** Carries acts to the access system: fresh look, cap, commit, wire, commit (design §5 for acts). */
export class Enforcer {
  readonly #options: EnforcerOptions;

  constructor(options: EnforcerOptions) {
    this.#options = options;
  }

  /** Do what is due; gives the acts touched. One at a time: an act is rare and weighs much. */
  async run(limit = 100): Promise<number> {
    const { keeper, now } = this.#options;
    const due = keeper.ledger.enforcements.due(now(), limit);
    for (const { id } of due) {
      // One act that fails by our own fault must not hold up the others.
      await this.#one(id).catch((error: unknown) =>
        this.#options.log.error({ error, act: id }, 'act failed by our own fault'),
      );
    }
    return due.length;
  }

  async #one(id: number): Promise<void> {
    const { keeper, system, now } = this.#options;
    const prepared = keeper.ledger.durably(() => this.#prepare(id, now()));
    if (prepared === null) return;
    const { enforcement, how } = prepared;
    this.#options.onStep?.('act-committed');
    if (system === null) return;
    const { idempotencyKey, payload, receipt } = enforcement;
    const outcome =
      how === 'poll'
        ? await system.poll(idempotencyKey, receipt as string, now())
        : await system.submit(idempotencyKey, payload, now());
    this.#options.onStep?.('act-on-wire');
    keeper.ledger.durably(() => this.#settle(enforcement, outcome, now()));
    this.#options.onStep?.('act-settled');
  }

  /** Decide whether the act goes on the wire now, and commit that it does. Null: not now, or not at all. */
  #prepare(id: number, now: number): { enforcement: Enforcement; how: 'submit' | 'poll' } | null {
    const { keeper } = this.#options;
    const { ledger, rules } = keeper;
    const settings = rules.settings.enforcement;
    const enforcement = ledger.enforcements.get(id);
    const record = enforcement === null ? null : ledger.cases.get(enforcement.caseId);
    if (enforcement === null || record === null || enforcement.nextAt === null || enforcement.nextAt > now) return null;
    if (enforcement.dryRun) {
      this.#dry(enforcement, record, now);
      return null;
    }
    if (this.#options.system === null) {
      // Switched off (or not configured) since: it waits, uncommitted.
      ledger.enforcements.update(enforcement, { nextAt: now + HELD_MS });
      return null;
    }
    if (enforcement.state === 'pending') {
      const nextAt = now + settings.pollMs;
      return { enforcement: ledger.enforcements.update(enforcement, { nextAt }), how: 'poll' };
    }
    const needs = {
      'restrict-access': 'enforcement-approved',
      'cancel-access': 'cancellation-approved',
      'restore-access': null,
    };
    const needed = needs[enforcement.act];
    if (needed !== null && record.state !== needed) {
      // The case moved on while it was on the wire: it is not asked for again.
      const state = enforcement.submittedAt === null ? 'cancelled' : enforcement.state;
      ledger.enforcements.update(enforcement, {
        state,
        nextAt: null,
        settledAt: now,
        error: `the case is ${record.state} by now`,
      });
      return null;
    }
    // A second attempt is looked at as hard as the first.
    const wait = this.#mayAct(enforcement, record, now);
    if (wait !== null) {
      ledger.enforcements.update(enforcement, { nextAt: wait, lookAskedAt: enforcement.lookAskedAt ?? now });
      return null;
    }
    const attempts = enforcement.attempts + 1;
    const sending = ledger.enforcements.update(enforcement, {
      state: 'sending',
      attempts,
      submittedAt: enforcement.submittedAt ?? now,
      lookAskedAt: null,
      nextAt: now + Math.max(settings.timeoutMs * 2, backoffMs(attempts)),
    });
    return { enforcement: sending, how: 'submit' };
  }

  /** Null when an act may go out; else until when it waits. Giving access back never waits. */
  #mayAct(enforcement: Enforcement, record: CaseRecord, now: number): number | null {
    if (enforcement.act === 'restore-access') return null;
    const { ledger, rules } = this.#options.keeper;
    const { maxPerDay } = rules.settings.enforcement;
    if (ledger.enforcements.held('enforcement') !== null) return now + HELD_MS;
    if (enforcement.submittedAt === null && actsToday(ledger, now) >= maxPerDay) {
      const reason = {
        en: `${maxPerDay} sites were acted against today (enforcement.maxPerDay)`,
        zh: `今天已处置 ${maxPerDay} 个网站（enforcement.maxPerDay）`,
      };
      ledger.enforcements.hold('enforcement', reason, 'circuit breaker', now);
      ledger.raiseAlert(
        'hold-enforcement',
        {
          en: `enforcement is stopped: ${reason.en}; look, then: patrol cases release-enforcement`,
          zh: `已停止处置：${reason.zh}；请核对后在“通知”页恢复`,
        },
        now,
      );
      return beijingInstant(addDays(beijingDate(now), 1), '00:00');
    }
    // Looked at again after the approval, however short ago the last look was.
    return untilConfirmed(this.#options.keeper, record, now, enforcement.createdAt);
  }

  /** Dry-run: nothing is submitted. A case that is all dry-run goes on as if it had been; one people were told of stays. */
  #dry(enforcement: Enforcement, record: CaseRecord, now: number): void {
    const { keeper } = this.#options;
    keeper.ledger.enforcements.update(enforcement, { state: 'dry-run', settledAt: now, nextAt: null });
    const data = { act: enforcement.act, siteId: enforcement.siteId, dryRun: true };
    if (record.dryRun) this.#complete(record.id, enforcement, now);
    else
      keeper.move(record.id, 'noted', {
        now,
        actor: SYSTEM,
        data: {
          ...data,
          why: { en: 'enforcement is in dry-run: nothing was submitted', zh: '处置为试运行：没有提交' },
        },
      });
  }

  #settle(enforcement: Enforcement, outcome: ActOutcome, now: number): void {
    const { keeper, log } = this.#options;
    const { enforcements } = keeper.ledger;
    const fields = {
      caseId: enforcement.caseId,
      act: enforcement.act,
      attempts: enforcement.attempts,
      outcome: outcome.kind,
    };
    log.info(fields, 'access system answered');
    switch (outcome.kind) {
      case 'done':
        enforcements.update(enforcement, {
          state: 'done',
          receipt: outcome.receipt ?? enforcement.receipt,
          error: null,
          settledAt: now,
          nextAt: null,
        });
        this.#complete(enforcement.caseId, enforcement, now);
        return;
      case 'pending': {
        const nextAt = now + keeper.rules.settings.enforcement.pollMs;
        const record = keeper.ledger.cases.get(enforcement.caseId);
        if (enforcement.state !== 'pending' && record?.closedAt === null) {
          const { act, siteId, irrevocable } = enforcement;
          keeper.move(enforcement.caseId, 'act-submitted', {
            now,
            actor: SYSTEM,
            data: { act, siteId, irrevocable, receipt: outcome.receipt },
          });
        }
        enforcements.update(enforcement, { state: 'pending', receipt: outcome.receipt, error: null, nextAt });
        return;
      }
      case 'refused':
        if (enforcement.act === 'restore-access' && keeper.ledger.cases.get(enforcement.caseId)?.closedAt !== null) {
          // The case has ended, so nothing else would ask again.
          enforcements.update(enforcement, { state: 'waiting', error: outcome.message, nextAt: now + DAY_MS });
          this.#tellRefused(enforcement, outcome.message, now);
          return;
        }
        enforcements.update(enforcement, { state: 'failed', error: outcome.message, settledAt: now, nextAt: null });
        this.#tellRefused(enforcement, outcome.message, now);
        this.#complete(enforcement.caseId, enforcement, now);
        return;
      case 'retry':
        // Dropped while it was on the wire: it stays dropped.
        if (enforcements.get(enforcement.id)?.nextAt === null) return;
        enforcements.update(enforcement, {
          state: enforcement.state === 'pending' ? 'pending' : 'sending',
          error: outcome.message,
          nextAt: now + backoffMs(enforcement.attempts),
        });
        if (enforcement.attempts === 5)
          keeper.ledger.raiseAlert(
            `act-${enforcement.caseId}`,
            {
              en: `the access system does not take ${enforcement.act}: ${outcome.message.slice(0, 120)}`,
              zh: `接入系统一直未受理${ACT_ZH[enforcement.act]}：${outcome.message.slice(0, 120)}`,
            },
            now,
          );
    }
  }

  #tellRefused({ caseId, act }: Enforcement, message: string, now: number): void {
    const { ledger } = this.#options.keeper;
    const { code } = ledger.cases.get(caseId) as CaseRecord;
    const text = {
      en: `the access system refused ${act} (${message.slice(0, 120)}): patrol cases show ${code}`,
      zh: `接入系统拒绝了${ACT_ZH[act]}（${message.slice(0, 120)}），见整改单 ${code}`,
    };
    ledger.raiseAlert(`act-${caseId}`, text, now, { again: true });
  }

  /** When every site of an asking is settled, the case moves on. */
  #complete(caseId: number, { act, round }: Enforcement, now: number): void {
    const { keeper } = this.#options;
    const rows = keeper.ledger.enforcements.ofCase(caseId).filter((one) => one.act === act && one.round === round);
    if (rows.some(({ state }) => state === 'waiting' || state === 'sending' || state === 'pending')) return;
    const record = keeper.ledger.cases.get(caseId) as CaseRecord;
    const failed = rows.filter(({ state }) => state === 'failed');
    const data = {
      sites: rows.map(({ siteId, state, receipt }) => ({ siteId, state, receipt })),
      ...(failed.length > 0 && { error: failed[0]?.error?.slice(0, 200) }),
    };
    const move = completion(record, act, failed.length > 0);
    if (failed.length === 0) keeper.ledger.resolveAlert(`act-${caseId}`, now);
    if (move !== null) keeper.move(caseId, move, { now, actor: SYSTEM, data });
    // It took effect after the case had moved on: what nobody wants restricted any more is given back.
    else if (act === 'restrict-access' && !restrictionWanted(record)) planActs(keeper, record, 'restore-access', now);
  }
}

/** The move that follows when an act is settled for all sites. */
function completion(record: CaseRecord, act: Enforcement['act'], failed: boolean): Move | null {
  switch (act) {
    case 'restrict-access':
      return record.state === 'enforcement-approved' ? (failed ? 'enforcement-failed' : 'access-restricted') : null;
    case 'cancel-access':
      return record.state === 'cancellation-approved' ? (failed ? 'cancellation-failed' : 'access-cancelled') : null;
    case 'restore-access':
      if (record.state !== 'restoring' && record.state !== 'lifting') return null;
      if (failed) return 'restore-failed';
      return restoredMove(record);
  }
}

/** One minute, doubled, at most an hour. */
const backoffMs = (attempts: number): number => Math.min(3_600_000, 60_000 * 2 ** Math.max(0, attempts - 1));
