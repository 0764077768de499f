import { beijingShort } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { SERVICE_ACT_ZH, serviceState } from '../cases/service-acts.ts';
import { InputError } from '../errors.ts';
import type { Violation, ViolationAct, ViolationActKind } from '../ledger/violations-store.ts';
import { maskText } from '../log.ts';
import { tellSite } from './notify-site.ts';
import { ENDED, VIOLATION_POLICY, type ViolationState, violationStep } from './violation-clock.ts';

/** An event as the network police (or whoever relays it) tells it. */
export interface ViolationReport {
  eventId: string;
  siteId: number;
  description: string;
  reportedAt: number;
  /** Who told us, for the history. */
  by: string;
}

/** Why a site is closed, for its owner. */
const WHY = {
  'three-violations': '24小时内出现3次及以上违规信息',
  'three-suspensions': '连续3次无法联系到负责人',
  'not-removed': '已告知但未删除违规信息',
  'false-contacts': '预留联系方式虚假',
} as const;

/** Clocks of two machines may differ by so much. */
const CLOCK_SLACK_MS = 300_000;
/** How often it is looked whether the owner was told meanwhile. */
const UNTOLD_MS = 300_000;

/** Content violations 网站信息违规 (R13): clocks, strikes, and what the access system is asked. */
export class Violations {
  readonly #keeper: CaseKeeper;

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Take an event; the same event twice is taken once. Gives the violation, or null when it was known. */
  report({ eventId, siteId, description, reportedAt, by }: ViolationReport, now: number): Violation | null {
    const { ledger, rules } = this.#keeper;
    if (!/^\S{1,100}$/.test(eventId))
      throw new InputError(
        `event ${eventId.slice(0, 100)}: no id`,
        'give the id of the event: up to 100 characters, no blanks',
      );
    const text = maskText(description.trim()).slice(0, 500);
    if (text === '') throw new InputError(`event ${eventId} says nothing`, 'say what was found: its owner reads it');
    if (reportedAt > now + CLOCK_SLACK_MS)
      throw new InputError(`event ${eventId} is of the future`, 'give the time it was reported, or none');
    return ledger.transaction(() => {
      const state = ledger.filings.load(siteId)?.state;
      if (state !== 'active')
        throw new InputError(
          `event ${eventId}: the site is ${state ?? 'gone'}`,
          'it is not served by us any more; tell whoever serves it',
        );
      const dryRun = !rules.settings.violations.live;
      const isNew = ledger.violations.insert({
        eventId,
        siteId,
        description: text,
        reportedAt: Math.min(reportedAt, now),
        receivedAt: now,
        state: 'found',
        dryRun,
        history: [{ at: now, by, what: `reported: ${text}` }],
        dueAt: now,
      });
      if (!isNew) return null;
      const violation = this.find(eventId);
      this.#tell(violation, 'violation-found', { description: text }, now);
      this.#advance(violation, now);
      const taken = this.find(eventId);
      if (taken.state === 'found' && taken.dueAt !== null)
        ledger.raiseAlert(
          reachAlert(violation),
          {
            en: `violation ${eventId}${dryRun ? ' (dry-run)' : ''}: call the owner before ${beijingShort(taken.dueAt)}, then: patrol violations reached ${eventId}; ${dryRun ? 'nothing follows in dry-run' : 'else the site is suspended'}`,
            zh: `违规事件 ${eventId}${dryRun ? '（试运行）' : ''}：请在 ${beijingShort(taken.dueAt)} 前电话联系网站负责人并登记“已联系上”；${dryRun ? '试运行不产生后果' : '否则将暂停服务'}`,
          },
          now,
        );
      return taken;
    });
  }

  /** Do what is due. Gives violations touched. */
  tick(now: number): number {
    const { ledger } = this.#keeper;
    const due = ledger.violations.due(now, 500);
    for (const { id } of due)
      ledger.transaction(() => {
        // Somebody may have moved it since the list was read.
        const violation = ledger.violations.get(id);
        if (violation?.dueAt != null && violation.dueAt <= now) this.#advance(violation, now);
      });
    return due.length;
  }

  #advance(violation: Violation, now: number): void {
    const { ledger } = this.#keeper;
    if (ledger.filings.load(violation.siteId)?.state !== 'active') {
      this.#drop(violation, 'the site left', now);
      this.#move(violation, 'waived', 'the site left', now);
      return;
    }
    const step = violationStep(violation, ledger.violations.ofSite(violation.siteId), now);
    switch (step.kind) {
      case 'wait':
        ledger.violations.save({ ...violation, dueAt: step.until });
        return;
      case 'close':
        // Being unreached three times counts only for who was told this time too.
        if (step.why === 'three-suspensions' && !this.#hadTheirHour(violation, now)) return;
        this.#close(violation, step.why, now);
        return;
      case 'suspend':
        if (!this.#hadTheirHour(violation, now)) return;
        this.#suspend(violation, 'nobody was reached within the hour', now);
        return;
      case 'resume': {
        const what = violation.suspendedAt === null ? 'the suspension was never carried out' : 'the 12 hours are over';
        this.#drop(violation, 'its time is over', now);
        this.#move(violation, 'resumed', what, now);
        this.settleService(violation.siteId, now);
      }
    }
  }

  /**
   * The hour begins when the first message was really taken by a gateway: that nobody was reached must not be our own doing. While
   * none was, admins are asked to call, and to say so when nobody answers.
   */
  #hadTheirHour(violation: Violation, now: number): boolean {
    if (violation.dryRun) return true;
    const { ledger } = this.#keeper;
    const toldAt = this.#toldAt(violation);
    const until = toldAt === null ? null : toldAt + VIOLATION_POLICY.reachMs;
    if (until !== null && until <= now) return true;
    ledger.violations.save({ ...violation, dueAt: until ?? now + UNTOLD_MS });
    const say =
      until === null
        ? { en: 'neither SMS nor mail reached its owner; call', zh: '短信和邮件都没有送达，请电话联系' }
        : {
            en: `its owner was told late: call before ${beijingShort(until)}`,
            zh: `通知送达较晚，请在 ${beijingShort(until)} 前电话联系`,
          };
    ledger.raiseAlert(
      reachAlert(violation),
      {
        en: `violation ${violation.eventId}: ${say.en}, then: patrol violations reached ${violation.eventId}, or unreachable`,
        zh: `违规事件 ${violation.eventId}：${say.zh}，再登记“已联系上”或“联系不上”`,
      },
      now,
    );
    return false;
  }

  /** When the first mail or SMS of it was accepted (epoch ms); null as long as none was. */
  #toldAt({ id }: Violation): number | null {
    const { outbox } = this.#keeper.ledger;
    const ats = outbox
      .noticesOfTopic(`violation:${id}`)
      .filter(({ channel, kind }) => channel !== 'in-site' && kind === 'violation-found')
      .flatMap(({ messageId }) => {
        const message = messageId === null ? null : outbox.message(messageId);
        return message?.state === 'accepted' || message?.state === 'delivered' ? (message.acceptedAt ?? []) : [];
      });
    return ats.length === 0 ? null : Math.min(...ats);
  }

  #suspend(violation: Violation, what: string, now: number): void {
    this.#move(violation, 'suspended', what, now, { suspendAskedAt: now });
    this.#ask(violation, 'suspend-service', '未能在1小时内联系到负责人', now);
  }

  /**
   * Serve a site again when our acts may have taken it down and no violation wants that any more. Asked for from wherever a
   * reason to be down ended: time over, content removed, declined, refused, answered late. True when serving was asked for.
   */
  settleService(siteId: number, now: number): boolean {
    const { violations } = this.#keeper.ledger;
    const service = serviceState(violations.actsOfSite(siteId));
    const owner = service.downBy === null ? null : violations.get(service.downBy);
    if (owner === null || !service.mayBeDown || service.comingBack || this.wantedDown(siteId)) return false;
    this.#ask(owner, 'resume-service', '暂停期满或违规信息已处理', now);
    return true;
  }

  /** Is there a violation in earnest that wants a site down? While closing waits for an admin, a suspended site stays so. */
  wantedDown(siteId: number): boolean {
    return this.#keeper.ledger.violations
      .ofSite(siteId)
      .some(({ state, dryRun }) => !dryRun && (state === 'suspended' || state === 'closing' || state === 'closed'));
  }

  #close(violation: Violation, why: keyof typeof WHY, now: number): void {
    this.#drop(violation, 'the site is to be closed', now);
    this.#move(violation, 'closing', `to be closed for good: ${why}`, now);
    this.#ask(violation, 'close-service', WHY[why], now);
  }

  /** The owner was reached: the content must go. Throws InputError when it is too late to say so. */
  reached(eventId: string, by: string, now: number): Violation {
    return this.#keeper.ledger.transaction(() => {
      const violation = this.find(eventId);
      if (violation.state !== 'found')
        throw new InputError(`${eventId} is ${violation.state} by now`, 'patrol violations show tells what happened');
      return this.#moveNow(violation, 'reached', `the owner was reached, told by ${by}`, now, { reachedAt: now });
    });
  }

  /** Somebody called and nobody answered, an hour after we heard of it: suspended, or closed the third time in a row (R13). Throws InputError when it is too early or late. */
  unreachable(eventId: string, by: string, now: number): Violation {
    const { ledger } = this.#keeper;
    return ledger.transaction(() => {
      const violation = this.find(eventId);
      if (violation.state !== 'found')
        throw new InputError(`${eventId} is ${violation.state} by now`, 'patrol violations show tells what happened');
      const until = violation.receivedAt + VIOLATION_POLICY.reachMs;
      if (now < until)
        throw new InputError(`the owner has until ${beijingShort(until)}`, 'keep calling, and say so after that');
      const step = violationStep(violation, ledger.violations.ofSite(violation.siteId), now);
      const what = `nobody could be reached, told by ${by}`;
      if (step.kind === 'close') {
        const history = [...violation.history, { at: now, by, what }];
        this.#close({ ...violation, history }, step.why, now);
      } else this.#suspend(violation, what, now);
      return this.find(eventId);
    });
  }

  /** The content was removed. A suspended site comes back at once: what it was closed for is gone. */
  removed(eventId: string, by: string, now: number): Violation {
    return this.#keeper.ledger.transaction(() => {
      const violation = this.find(eventId);
      if (ENDED.has(violation.state) || violation.state === 'closing')
        throw new InputError(`${eventId} is ${violation.state} by now`, 'patrol violations show tells what happened');
      this.#drop(violation, 'the content was removed', now);
      const what = `the content was removed, told by ${by}`;
      const moved = this.#moveNow(violation, 'removed', what, now, { removedAt: now });
      this.settleService(violation.siteId, now);
      return moved;
    });
  }

  /** The contact data turned out false: closed for good (R13), once an admin approves. */
  falseContacts(eventId: string, by: string, now: number): Violation {
    return this.#keeper.ledger.transaction(() => {
      const violation = this.find(eventId);
      if (violation.state === 'closing' || violation.state === 'closed')
        throw new InputError(`${eventId} is ${violation.state} already`, 'nothing more to do');
      const history = [...violation.history, { at: now, by, what: 'contact data found false' }];
      this.#close({ ...violation, history }, 'false-contacts', now);
      return this.find(eventId);
    });
  }

  /** Approve or decline what waits for admins. Throws InputError when nothing does, or the same admin approves twice. */
  decide(eventId: string, decision: 'approve' | 'decline', by: string, now: number): Violation {
    const { ledger, rules } = this.#keeper;
    return ledger.transaction(() => {
      const violation = this.find(eventId);
      const act = ledger.violations.actsOf(violation.id).find(({ state }) => state === 'asked');
      if (act === undefined)
        throw new InputError(
          `nothing of ${eventId} waits for an approval`,
          'patrol violations show tells where it stands',
        );
      if (decision === 'decline') {
        this.#dropAct(act, `declined by ${by}`, now);
        const what = `${act.act} declined by ${by}`;
        if (act.act === 'resume-service') return this.#moveNow(violation, violation.state, what, now);
        const moved = this.#moveNow(violation, 'waived', what, now);
        this.settleService(violation.siteId, now);
        return moved;
      }
      if (act.approvals.includes(by))
        throw new InputError(`${by} has approved already`, 'another admin must approve too');
      const approvals = [...act.approvals, by];
      const enough = approvals.length >= rules.settings.violations.approvals[act.act];
      ledger.violations.saveAct({ ...act, approvals, ...(enough && { state: 'waiting' as const, nextAt: now }) });
      if (enough) ledger.resolveAlert(askAlert(violation), now);
      return this.#moveNow(violation, violation.state, `${act.act} approved by ${by}`, now);
    });
  }

  /** Ask again to serve a site whose return was refused or declined. Throws InputError when there is nothing to give back. */
  resume(eventId: string, by: string, now: number): Violation {
    return this.#keeper.ledger.transaction(() => {
      const violation = this.find(eventId);
      if (!this.settleService(violation.siteId, now))
        throw new InputError(
          `there is nothing to resume at the site of ${eventId}`,
          'it is served, on its way back, or another violation keeps it down: patrol violations list',
        );
      return this.#moveNow(violation, violation.state, `resume asked again by ${by}`, now);
    });
  }

  /** The access system did (or, in dry-run, would have done) what was asked. Runs inside the caller's transaction. */
  carriedOut(violationId: number, act: ViolationActKind, now: number): void {
    const violation = this.#keeper.ledger.violations.get(violationId);
    if (violation === null) return;
    if (act === 'suspend-service') {
      if (violation.state === 'suspended') {
        this.#move(violation, 'suspended', 'suspended', now, { suspendedAt: now });
        this.#tell(violation, 'violation-suspended', {}, now);
      } else this.settleService(violation.siteId, now);
      return;
    }
    if (act === 'resume-service') {
      this.settleService(violation.siteId, now);
      this.#tell(violation, 'violation-resumed', {}, now);
      return;
    }
    if (violation.state !== 'closing') return;
    this.#move(violation, 'closed', 'closed for good', now);
    // What else was found there went with the site.
    for (const other of this.#keeper.ledger.violations.ofSite(violation.siteId))
      if (!ENDED.has(other.state)) {
        this.#drop(other, 'the site was closed', now);
        this.#move(other, 'waived', `the site was closed by ${violation.eventId}`, now);
      }
    const reason = this.#keeper.ledger.violations.actsOf(violationId).findLast((one) => one.act === act)?.reason ?? '';
    this.#tell(violation, 'violation-closed', { reason }, now);
  }

  /** A violation by its event id. Throws InputError when there is none. */
  find(eventId: string): Violation {
    const violation = this.#keeper.ledger.violations.byEvent(eventId);
    if (violation === null) throw new InputError(`no violation ${eventId}`, 'patrol violations list shows them');
    return violation;
  }

  #ask(violation: Violation, act: ViolationActKind, reason: string, now: number): void {
    const { ledger, rules } = this.#keeper;
    const needed = rules.settings.violations.approvals[act];
    const asked = needed > 0;
    const { id, siteId } = violation;
    const round = ledger.violations.actsOf(id).length;
    const idempotencyKey = `violation-${id}-${act}-${round}`;
    const state = asked ? 'asked' : 'waiting';
    const nextAt = asked ? null : now;
    ledger.violations.ask({ idempotencyKey, violationId: id, siteId, act, reason, state, nextAt }, now);
    if (asked)
      ledger.raiseAlert(
        askAlert(violation),
        {
          en: `violation ${violation.eventId}: ${act} waits for ${needed} approval(s): patrol violations approve ${violation.eventId}`,
          zh: `违规事件 ${violation.eventId}：${SERVICE_ACT_ZH[act]}等待 ${needed} 人批准`,
        },
        now,
      );
  }

  /** What was asked for and did not go out is not asked for any more; of what went out without an answer, no more is sent. */
  #drop(violation: Violation, why: string, now: number): void {
    for (const act of this.#keeper.ledger.violations.actsOf(violation.id))
      if (['asked', 'waiting', 'sending'].includes(act.state) && act.act !== 'resume-service')
        this.#dropAct(act, why, now);
  }

  #dropAct(act: ViolationAct, why: string, now: number): void {
    const { ledger } = this.#keeper;
    ledger.violations.saveAct({ ...act, state: 'dropped', settledAt: now, nextAt: null, error: why });
    const violation = ledger.violations.get(act.violationId);
    if (violation !== null) ledger.resolveAlert(askAlert(violation), now);
    ledger.resolveAlert(`violation-act-${act.id}`, now);
  }

  #moveNow(
    violation: Violation,
    state: ViolationState,
    what: string,
    now: number,
    change: Partial<Violation> = {},
  ): Violation {
    this.#move(violation, state, what, now, change);
    return this.find(violation.eventId);
  }

  #move(violation: Violation, state: ViolationState, what: string, now: number, change: Partial<Violation> = {}): void {
    const { ledger } = this.#keeper;
    const history = [...violation.history, { at: now, by: 'patrol', what }];
    const next = { ...violation, ...change, state, history };
    const step = violationStep(next, ledger.violations.ofSite(violation.siteId), now);
    ledger.violations.save({ ...next, dueAt: step.kind === 'wait' ? step.until : now });
    if (state !== 'found') ledger.resolveAlert(reachAlert(violation), now);
  }

  #tell(
    violation: Violation,
    kind: 'violation-found' | 'violation-suspended' | 'violation-resumed' | 'violation-closed',
    params: Record<string, string>,
    now: number,
  ): void {
    const { ledger } = this.#keeper;
    const site = ledger.filings.load(violation.siteId);
    const owner = ledger.contacts.siteOwner(violation.siteId);
    if (site === null || owner === null) return;
    const about = { number: site.filing.siteNumber, siteName: site.siteName };
    tellSite(
      this.#keeper,
      {
        kind,
        topic: `violation:${violation.id}`,
        stage: kind,
        params: { ...about, ...params },
        // What it threatens with does not happen in dry-run.
        paper: violation.dryRun,
      },
      { siteId: violation.siteId, subjectId: owner.subjectId },
      now,
    );
  }
}

const reachAlert = ({ id }: Violation): string => `violation-reach-${id}`;
const askAlert = ({ id }: Violation): string => `violation-${id}`;
