import { beijingDate } from '../calendar/beijing-time.ts';
import type { WorkCalendar } from '../calendar/workdays.ts';
import type { CheckDefinition, Judgement, Verdict } from '../checks/types.ts';
import type { Settings } from '../config.ts';
import { planActs } from '../enforce/plan-acts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NoticeDraft } from '../ledger/outbox-store.ts';
import { planCaseNotice } from '../notify/plan.ts';
import { planRenewal } from '../notify/renewal.ts';
import { isTerminal, type Move, moveOf } from './moves.ts';
import { type Programmes, policyAt, programmeOfCheck } from './programme-policy.ts';
import { nextTimerAt } from './timers.ts';
import { applyMove, type MoveInput } from './transition.ts';
import { type CaseRecord, SYSTEM } from './types.ts';

/** Everything cases are kept by. */
export interface CaseRules {
  settings: Settings;
  programmes: Programmes;
  calendar: WorkCalendar;
  checks: readonly CheckDefinition[];
}

/** A verdict as published, told inside the transaction that published it. */
export interface PublishedVerdict {
  siteId: number;
  checkId: string;
  verdict: Verdict;
  judgement: Judgement;
  verdictId: number | null;
  algorithmVersion: string;
  observedAt: number;
  shadow: boolean;
}

/** How a case's findings look to the newest looks. */
export interface Freshness {
  /** `stale`: a look must be made first; `unobserved`: looked, and could not tell. */
  kind: 'fails' | 'stale' | 'unobserved';
  /** The oldest of the looks it rests on. */
  observedAt: number | null;
}

/**
 * Keeps cases: opens them from confirmed failures, makes their moves, and writes what follows (history, notices, acts) in the
 * same transaction. It reads no clock and touches no wire.
 */
export class CaseKeeper {
  readonly ledger: Ledger;
  readonly rules: CaseRules;

  constructor(ledger: Ledger, rules: CaseRules) {
    this.ledger = ledger;
    this.rules = rules;
  }

  /** New cases (and their notices) are real only where notices are switched on. */
  get live(): boolean {
    return this.rules.settings.notices.live;
  }

  /** Make a move: record, history, notices and acts in one transaction. Throws MoveRefused when the table does not allow it. */
  move(caseId: number, move: Move, input: MoveInput): CaseRecord {
    return this.ledger.transaction(() => {
      const record = this.ledger.cases.get(caseId);
      if (record === null) throw new Error(`no case ${caseId}`);
      const transition = applyMove(record, move, input, this.rules.calendar);
      const changed = transition.record;
      const saved = this.ledger.cases.append(
        changed,
        { at: input.now, actor: input.actor, move, from: transition.from, data: input.data ?? {} },
        nextTimerAt(changed, input.now),
      );
      this.#follow(saved, move, transition, input);
      return this.ledger.cases.get(caseId) as CaseRecord;
    });
  }

  #follow(
    saved: CaseRecord,
    move: Move,
    { notice, stage, act, from }: ReturnType<typeof applyMove>,
    { now, data = {} }: MoveInput,
  ): void {
    if (saved.state !== from) this.#dropOutdated(saved, now);
    if (act !== null && planActs(this, saved, act, now) === 0 && act === 'restore-access') {
      // Nothing was restricted that could be given back: the case goes on at once.
      this.move(
        saved.id,
        saved.state === 'restoring' ? 'access-restored' : saved.waived ? 'waiver-carried-out' : 'restriction-lifted',
        {
          now,
          actor: SYSTEM,
        },
      );
    }
    if (notice !== null && stage !== null)
      this.plan(planCaseNotice(this, saved, { kind: notice, stage, params: { ...data, move }, now }), now);
  }

  /** Notices and acts of a state that is over are not sent any more. */
  #dropOutdated(record: CaseRecord, now: number): void {
    for (const notice of this.ledger.outbox.noticesOfCase(record.id)) {
      const outdated = notice.state === 'planned' && !STILL_TRUE[notice.kind]?.includes(record.state);
      if (outdated && STILL_TRUE[notice.kind] !== undefined)
        this.ledger.outbox.setNotice(notice.id, 'cancelled', `the case is ${record.state} by now`);
    }
    for (const act of this.ledger.enforcements.ofCase(record.id)) {
      const wanted = record.state === 'enforcement-approved' || record.state === 'cancellation-approved';
      if (act.state === 'waiting' && act.act !== 'restore-access' && !wanted)
        this.ledger.enforcements.update(act, {
          state: 'cancelled',
          settledAt: now,
          nextAt: null,
          error: `the case is ${record.state} by now`,
        });
    }
  }

  /** Put notices into the outbox. */
  plan(drafts: NoticeDraft[], now: number): void {
    this.ledger.outbox.plan(drafts, now);
  }

  /** What follows from a verdict. Runs inside the transaction that published it. */
  published(verdict: PublishedVerdict, now: number): void {
    const { siteId, checkId } = verdict;
    const owner = this.ledger.contacts.siteOwner(siteId);
    if (owner === null || verdict.shadow) return;
    this.plan(planRenewal(this, verdict, owner.subjectId, now), now);
    const touching = this.ledger.cases.openCasesTouching(siteId, owner.subjectId);
    if (verdict.verdict === 'pass' || verdict.verdict === 'warn') {
      for (const record of touching) this.#cleared(record, siteId, checkId, now);
    } else if (verdict.verdict === 'fail') this.#failed(verdict, owner.subjectId, touching, now);
    // A look without a result wakes nobody: what waits for one asks again at its own pace.
    if (verdict.verdict === 'inconclusive') return;
    for (const record of touching.filter(({ policy }) => policy.checks.includes(checkId))) {
      this.ledger.cases.wake(record.id, now);
      this.ledger.outbox.wake(record.id, now);
      this.ledger.enforcements.wake(record.id, now);
    }
  }

  #failed(verdict: PublishedVerdict, subjectId: number, touching: CaseRecord[], now: number): void {
    const { siteId, checkId } = verdict;
    const check = this.rules.checks.find(({ id }) => id === checkId);
    // What a page shows while we restrict the site is our own doing.
    if (check?.needs.includes('page') === true && touching.some((record) => this.#blinds(record))) return;
    const scope = check?.concerns ?? 'site';
    const known = touching.find((record) => record.scope === scope && record.policy.checks.includes(checkId));
    if (known !== undefined) {
      this.#seen(known, verdict, now);
      return;
    }
    // While the circuit breaker holds a sweep nothing is opened: the next confirmed failure will.
    if (this.ledger.sweeps.anyHeld()) return;
    const programme = programmeOfCheck(this.rules.programmes, checkId, now);
    const policy = programme === null ? null : policyAt(this.rules.programmes, programme, now);
    if (programme === null || policy === null) return;
    const { at, provisional } = this.rules.calendar.deadline(now, policy.remediation);
    const record = this.ledger.cases.insert({
      programme,
      scope,
      subjectId,
      siteId: scope === 'site' ? siteId : null,
      state: 'open',
      openedAt: now,
      closedAt: null,
      deadlineAt: at,
      deadlineSetAt: now,
      deadlineFrom: now,
      deadlinePeriod: policy.remediation,
      deadlineProvisional: provisional,
      toldAt: null,
      extensions: 0,
      appeals: 0,
      appealedAt: null,
      reviewDueAt: null,
      restrictedAt: null,
      cancelDueAt: null,
      askAgainAt: null,
      approvals: [],
      waived: false,
      fired: [],
      dryRun: !this.live,
      policy,
      algorithms: [verdict.algorithmVersion],
      lookDueAt: now + this.rules.settings.cases.dailyLookMs,
    });
    const codes = this.#putFindings(record, verdict, now);
    const data = {
      codes,
      policy: policy.version,
      algorithm: verdict.algorithmVersion,
      verdictId: verdict.verdictId,
      dryRun: record.dryRun,
    };
    const saved = this.ledger.cases.append(
      record,
      { at: now, actor: SYSTEM, move: 'opened', from: null, data },
      nextTimerAt(record, now),
    );
    this.plan(planCaseNotice(this, saved, { kind: 'found', stage: 'found', params: {}, now }), now);
  }

  #putFindings(record: CaseRecord, verdict: PublishedVerdict, now: number): string[] {
    const failing = verdict.judgement.findings.filter(({ severity }) => severity === 'fail');
    const seen = { verdictId: verdict.verdictId, at: verdict.observedAt };
    for (const finding of failing)
      this.ledger.cases.putFinding(record.id, verdict.siteId, verdict.checkId, finding, seen);
    for (const one of this.ledger.cases.findings(record.id)) {
      const mine = one.siteId === verdict.siteId && one.checkId === verdict.checkId && one.clearedAt === null;
      const still = failing.some(({ code, about }) => code === one.code && about === one.about);
      if (mine && !still) this.ledger.cases.clearFinding(record.id, one, now);
    }
    return failing.map(({ code }) => code);
  }

  /** A failure of a case that is open: seen again, or another finding joins without moving the deadline. */
  #seen(record: CaseRecord, verdict: PublishedVerdict, now: number): void {
    const key = ({
      siteId,
      checkId,
      code,
      about,
    }: {
      siteId: number;
      checkId: string;
      code: string;
      about: string | null;
    }) => `${siteId} ${checkId} ${code} ${about ?? ''}`;
    const before = new Set(
      this.ledger.cases
        .findings(record.id)
        .filter(({ clearedAt }) => clearedAt === null)
        .map(key),
    );
    this.#putFindings(record, verdict, now);
    const joined = this.ledger.cases
      .findings(record.id)
      .filter((one) => one.clearedAt === null && !before.has(key(one)))
      .map(({ checkId, code, about }) => ({ checkId, code, about }));
    if (joined.length === 0) return;
    this.move(record.id, 'finding-joined', { now, actor: SYSTEM, data: { joined, verdictId: verdict.verdictId } });
    if (!record.algorithms.includes(verdict.algorithmVersion)) {
      const latest = this.ledger.cases.get(record.id) as CaseRecord;
      const algorithms = [...latest.algorithms, verdict.algorithmVersion];
      this.ledger.cases.save({ ...latest, algorithms }, nextTimerAt(latest, now));
    }
  }

  /** A look at a check passed. */
  #cleared(record: CaseRecord, siteId: number, checkId: string, now: number): void {
    if (this.ledger.cases.clearFindings(record.id, siteId, checkId, now) === 0) return;
    const standing = this.ledger.cases.findings(record.id).filter(({ clearedAt }) => clearedAt === null);
    const data = { checkId, siteId };
    if (standing.length > 0) this.move(record.id, 'finding-cleared', { now, actor: SYSTEM, data });
    else this.mended(record.id, now, data);
  }

  /** Every finding is put right: the case ends, or what was restricted is given back. */
  mended(caseId: number, now: number, data: Record<string, unknown> = {}): void {
    const record = this.ledger.cases.get(caseId);
    if (record === null || isTerminal(record.state) || record.state === 'lifting') return;
    const acts = this.ledger.enforcements.ofCase(caseId);
    const submitted = acts.filter(({ state }) => state === 'sending' || state === 'pending' || state === 'done');
    const input = { now, actor: SYSTEM, data };
    if (record.state === 'cancellation-approved' && submitted.some(({ act }) => act === 'cancel-access')) {
      // R17.8: what was submitted cannot be withdrawn; the history says that it was mended too late.
      this.move(caseId, 'noted', { ...input, data: { ...data, mended: 'after cancellation was submitted' } });
    } else if (moveOf('recheck-passed').from.includes(record.state)) {
      const restricted = record.state === 'enforcement-approved' && submitted.length > 0;
      this.move(caseId, restricted ? 'recheck-passed-restricted' : 'recheck-passed', input);
    } else this.move(caseId, 'recheck-passed-restricted', input);
  }

  /**
   * A filing changed at import: what is not active any more ends its cases (R15). Where nobody could be told of a case yet, the
   * persons as they are now are told.
   */
  filingChanged(siteId: number, state: string, now: number): void {
    const owner = this.ledger.contacts.siteOwner(siteId);
    if (owner === null) return;
    if (state === 'active') {
      for (const record of this.ledger.cases.openCasesTouching(siteId, owner.subjectId)) {
        const running = record.state === 'open' || record.state === 'extended';
        if (running && record.toldAt === null)
          this.plan(planCaseNotice(this, record, { kind: 'found', stage: 'found', params: {}, now }), now);
      }
      return;
    }
    for (const record of this.ledger.cases.openCasesTouching(siteId, owner.subjectId)) {
      const input = { now, actor: SYSTEM, data: { siteId, state } };
      if (record.scope === 'site') this.move(record.id, 'filing-left', input);
      else if (this.ledger.contacts.activeSites(record.subjectId).length === 0)
        this.move(record.id, 'filing-left', input);
      else for (const check of record.policy.checks) this.#cleared(record, siteId, check, now);
    }
  }

  /**
   * What the newest looks say of a case's standing findings. A look is fresh within `cases.freshLookMs`, and when it was not
   * made before `since`.
   */
  freshness(record: CaseRecord, now: number, since = 0): Freshness {
    const oldest = Math.max(since, now - this.rules.settings.cases.freshLookMs);
    const blinded = this.#blinds(record);
    const standing = this.ledger.cases.findings(record.id).filter(({ clearedAt }) => clearedAt === null);
    let fails = false;
    let observedAt: number | null = null;
    for (const { siteId, checkId } of standing) {
      if (blinded && this.#needsPage(checkId)) continue;
      const state = this.ledger.verdicts.standing(siteId).find((one) => one.checkId === checkId);
      const checkedAt = state?.checkedAt ?? 0;
      if (state === undefined || checkedAt < oldest) return { kind: 'stale', observedAt: checkedAt || null };
      if (state.verdict === 'fail' && state.shadow === 0) fails = true;
      observedAt = Math.min(observedAt ?? checkedAt, checkedAt);
    }
    return { kind: fails ? 'fails' : 'unobserved', observedAt };
  }

  #needsPage(checkId: string): boolean {
    return this.rules.checks.find(({ id }) => id === checkId)?.needs.includes('page') ?? false;
  }

  /** True while our own restriction stands between us and the site's pages. */
  #blinds(record: CaseRecord): boolean {
    if (record.dryRun || this.rules.settings.cases.seesThroughRestriction) return false;
    if (record.state === 'enforcement-approved')
      return this.ledger.enforcements.ofCase(record.id).some(({ submittedAt }) => submittedAt !== null);
    return RESTRICTED.includes(record.state);
  }

  /** True when no standing finding can be seen through our own restriction: only giving access back lets us look. */
  cannotLook(record: CaseRecord): boolean {
    const standing = this.ledger.cases.findings(record.id).filter(({ clearedAt }) => clearedAt === null);
    return this.#blinds(record) && standing.every(({ checkId }) => this.#needsPage(checkId));
  }

  /** Ask for a look at every site a case has standing findings at. */
  askLook(record: CaseRecord, now: number): void {
    const standing = this.ledger.cases.findings(record.id).filter(({ clearedAt }) => clearedAt === null);
    const sites = [...new Set(standing.map(({ siteId }) => siteId))];
    this.ledger.sweeps.requestRescan(sites, `case ${record.code}`, now);
  }

  /**
   * The remediation period runs from the day the owner is told ("the date in the notice", R16.5): when the first notice goes
   * out on a later day than the case was opened, the deadline moves later before it is written into the notice.
   */
  startPeriod(caseId: number, now: number): CaseRecord | null {
    const record = this.ledger.cases.get(caseId);
    if (record === null || record.toldAt !== null || record.dryRun || record.state !== 'open') return record;
    if (beijingDate(record.deadlineFrom) >= beijingDate(now)) return record;
    const data = { why: 'told later than opened', from: now, period: record.policy.remediation };
    return this.move(caseId, 'deadline-corrected', { now, actor: SYSTEM, data });
  }
}

const RESTRICTED: readonly string[] = [
  'restricted',
  'appealed',
  'cancellation-asked',
  'cancellation-approved',
  'restoring',
  'lifting',
];

/** Kinds of notices that are only true while the case stands in one of these states. */
const STILL_TRUE: Partial<Record<string, readonly string[]>> = {
  found: ['open', 'extended', 'restored'],
  reminder: ['open', 'extended', 'restored'],
  extended: ['open', 'extended'],
  'extension-refused': ['open', 'extended', 'overdue'],
  overdue: ['overdue', 'enforcement-asked', 'enforcement-approved', 'cancellation-asked', 'cancellation-approved'],
};
