import { beijingDate } from '../calendar/beijing-time.ts';
import type { WorkCalendar } from '../calendar/workdays.ts';
import type { CheckDefinition } from '../checks/types.ts';
import type { Settings } from '../config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Notice, NoticeDraft } from '../ledger/outbox-store.ts';
import { standstill } from '../ledger/standstill.ts';
import { maskValue } from '../log.ts';
import { knowsItsBlindness, leftOpen } from './left-open.ts';
import { isTerminal, type Move, moveOf } from './moves.ts';
import type { CaseNoticeKind } from './notice-kinds.ts';
import { type Programmes, policyAt, programmeOfCheck } from './programme-policy.ts';
import { heldByOther, restrictedSites } from './restrictions.ts';
import { blindsOurselves } from './sight.ts';
import { movedOn, stillTrue } from './still-true.ts';
import { nextTimerAt } from './timers.ts';
import { applyMove, type MoveInput } from './transition.ts';
import { type Act, type CaseRecord, type PublishedVerdict, SYSTEM } from './types.ts';

/** Everything cases are kept by. */
export interface CaseRules {
  settings: Settings;
  programmes: Programmes;
  calendar: WorkCalendar;
  checks: readonly CheckDefinition[];
  /** What a provider is called in Chinese, where its list is at hand. */
  providerTitle?: (id: string) => string | undefined;
}

/** One notice of a case, to be planned for everyone it concerns. */
export interface NoticeRequest {
  kind: CaseNoticeKind;
  stage: string;
  params: Record<string, unknown>;
  now: number;
}

/**
 * What follows from a case, given by those who carry it out (notify, enforce): cases know that something is owed or asked, not
 * how. All of it runs inside the move's transaction.
 */
export interface CaseFollowers {
  planCaseNotice: (keeper: CaseKeeper, record: CaseRecord, request: NoticeRequest) => NoticeDraft[];
  planFallback: (keeper: CaseKeeper, notice: Notice, now: number) => void;
  planRenewal: (keeper: CaseKeeper, verdict: PublishedVerdict, subjectId: number, now: number) => NoticeDraft[];
  /** Gives how many sites the act concerns. */
  planActs: (keeper: CaseKeeper, record: CaseRecord, act: Act, now: number) => number;
}

/**
 * Keeps cases: opens them from confirmed failures, makes their moves, and writes what follows (history, notices, acts) in the
 * same transaction. It reads no clock and touches no wire.
 */
export class CaseKeeper {
  readonly ledger: Ledger;
  readonly rules: CaseRules;
  readonly #followers: CaseFollowers;

  constructor(ledger: Ledger, rules: CaseRules, followers: CaseFollowers) {
    this.ledger = ledger;
    this.rules = rules;
    this.#followers = followers;
  }

  /** Told of every move inside its transaction, before it is on the disk (tests kill the process there). */
  onMove: ((move: Move) => void) | null = null;

  /** New cases (and their notices) are real only where notices are switched on. */
  get live(): boolean {
    return this.rules.settings.notices.live;
  }

  /** Make a move: record, history, notices and acts in one transaction. Throws MoveRefused when the table does not allow it. */
  move(caseId: number, move: Move, given: MoveInput): CaseRecord {
    // What people and other systems wrote stays in the history for ever: addresses and identity numbers do not.
    const input =
      given.data === undefined ? given : { ...given, data: maskValue(given.data) as Record<string, unknown> };
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
      this.onMove?.(move);
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
    if (act !== null && this.#followers.planActs(this, saved, act, now) === 0 && act === 'restore-access') {
      // Nothing is restricted that could be given back, or another case still restricts it, which the owner is told.
      const sites = restrictedSites(this, saved).map(({ siteId }) => siteId);
      const heldBy = heldByOther(this, saved, sites);
      const told = heldBy === null ? {} : { heldBy };
      this.move(saved.id, restoredMove(saved), { now, actor: SYSTEM, data: told });
    }
    if (notice !== null && stage !== null) this.planNotice(saved, notice, stage, { ...data, move }, now);
  }

  /** Notices, acts and alerts of a state that is over. */
  #dropOutdated(record: CaseRecord, now: number): void {
    for (const notice of this.ledger.outbox.noticesOfCase(record.id)) {
      if (notice.state === 'planned' && !stillTrue(notice.kind, record.state))
        this.ledger.outbox.setNotice(notice.id, 'cancelled', movedOn(record.state));
    }
    const wanted = record.state === 'enforcement-approved' || record.state === 'cancellation-approved';
    for (const act of this.ledger.enforcements.ofCase(record.id)) {
      const open = act.state === 'waiting' || act.state === 'sending';
      // One of unknown fate is not asked for again; giving access back follows it.
      if (open && act.act !== 'restore-access' && !wanted)
        this.ledger.enforcements.update(act, {
          ...(act.submittedAt === null && { state: 'cancelled' as const }),
          settledAt: now,
          nextAt: null,
          error: `the case is ${record.state} by now`,
        });
    }
    const asked = record.state === 'enforcement-asked' || record.state === 'cancellation-asked';
    if (!asked) this.ledger.resolveAlert(`approval-${record.code}`, now);
    if (record.state !== 'appealed') this.ledger.resolveAlert(`appeal-${record.code}`, now);
    if (!isTerminal(record.state)) return;
    for (const key of ['unobserved', 'untold', 'no-address', 'unreachable'])
      this.ledger.resolveAlert(`${key}-${record.code}`, now);
  }

  /** Plan a case's notice; where an address cannot be used, the next one is tried at once. */
  planNotice(
    record: CaseRecord,
    kind: CaseNoticeKind,
    stage: string,
    params: Record<string, unknown>,
    now: number,
  ): void {
    const drafts = this.#followers.planCaseNotice(this, record, { kind, stage, params, now });
    this.plan(drafts, now);
    if (!drafts.some(({ failed }) => failed !== undefined)) return;
    const failed = this.ledger.outbox
      .noticesOfCase(record.id)
      .filter((one) => one.stage === stage && one.state === 'failed' && one.createdAt === now);
    for (const notice of failed) this.#followers.planFallback(this, notice, now);
  }

  /** Put notices into the outbox. */
  plan(drafts: NoticeDraft[], now: number): void {
    this.ledger.outbox.plan(drafts, now);
  }

  /** Can anything follow from a verdict? A pass matters only to an open case, or to a domain near its expiry. */
  concerned({ siteId, checkId, verdict, judgement }: PublishedVerdict): boolean {
    if (verdict === 'fail' || judgement.findings.some(({ code }) => this.#warnsEarly(checkId, code))) return true;
    return this.ledger.cases.anyOpenAt(siteId);
  }

  /** What follows from a verdict. Runs inside the transaction that published it. */
  published(verdict: PublishedVerdict, now: number): void {
    const { siteId, checkId } = verdict;
    const owner = this.ledger.contacts.siteOwner(siteId);
    if (owner === null) return;
    const touching = this.ledger.cases.openCasesTouching(siteId, owner.subjectId);
    // What a page shows while we restrict the site is our own doing: it neither accuses nor acquits.
    if (blindsOurselves(this, checkId, siteId, owner.subjectId)) return;
    const passed = verdict.verdict === 'pass' || verdict.verdict === 'warn';
    if (passed) for (const record of touching) this.#cleared(record, siteId, checkId, now);
    const blind = verdict.verdict === 'inconclusive' && knowsItsBlindness(this.#check(checkId), verdict.judgement);
    if (blind) for (const record of touching) this.#clearedByBlindLook(record, verdict, now);
    // A check in shadow mode may put a finding right, and does nothing else.
    if (verdict.shadow) return;
    this.plan(this.#followers.planRenewal(this, verdict, owner.subjectId, now), now);
    if (verdict.verdict === 'fail') this.#failedByScope(verdict, owner.subjectId, touching, now);
    if (!passed) this.#answerRecheck(touching, verdict, now);
    // A look without a result wakes nobody: what waits for one asks again at its own pace.
    if (verdict.verdict === 'inconclusive') return;
    // Only a look at what the case holds: a sibling's verdict would wake it again and again.
    const holds = (record: CaseRecord): boolean =>
      this.ledger.cases.findings(record.id).some((one) => one.siteId === siteId && one.checkId === checkId);
    for (const record of touching.filter(holds)) {
      this.ledger.cases.wake(record.id, now);
      this.ledger.outbox.wake(record.id, now);
      this.ledger.enforcements.wake(record.id, now);
    }
  }

  /** A re-check somebody asked for has its answer in the history, also when it is no good news (R4.6). */
  #answerRecheck(
    touching: CaseRecord[],
    { siteId, checkId, verdict, observedAt }: PublishedVerdict,
    now: number,
  ): void {
    for (const record of touching) {
      // Only what the case holds against the site answers for it.
      const held = this.ledger.cases
        .findings(record.id)
        .some((one) => one.siteId === siteId && one.checkId === checkId && one.clearedAt === null);
      if (!held) continue;
      const events = this.ledger.cases.events(record.id);
      const asked = events.findLast(({ move }) => move === 'recheck-asked');
      const answered = events.some(
        ({ seq, move, data }) =>
          asked !== undefined &&
          seq > asked.seq &&
          move === 'recheck-answered' &&
          data['checkId'] === checkId &&
          data['siteId'] === siteId,
      );
      if (asked === undefined || answered || observedAt < asked.at) continue;
      const result = verdict === 'fail' ? '仍未通过' : '未能取得结果';
      this.move(record.id, 'recheck-answered', { now, actor: SYSTEM, data: { siteId, checkId, verdict, result } });
    }
  }

  #warnsEarly(checkId: string, code: string): boolean {
    return this.rules.checks.find(({ id }) => id === checkId)?.codes[code]?.earlyWarning === true;
  }

  /** Failures of one check may concern the site or the subject (R4.7): each goes to a case of its own scope. */
  #failedByScope(verdict: PublishedVerdict, subjectId: number, touching: CaseRecord[], now: number): void {
    const check = this.#check(verdict.checkId);
    for (const scope of ['site', 'subject'] as const) {
      const concerns = (code: string): boolean => (check?.codes[code]?.concerns ?? check?.concerns ?? 'site') === scope;
      const failing = verdict.judgement.findings.filter(({ severity, code }) => severity === 'fail' && concerns(code));
      const blind = verdict.judgement.findings.filter(({ severity }) => severity === 'inconclusive');
      const judgement = { ...verdict.judgement, findings: [...failing, ...blind] };
      if (failing.length > 0) this.#failed({ ...verdict, judgement }, scope, subjectId, touching, now);
      else
        for (const record of touching.filter((one) => one.scope === scope))
          this.#clearedByBlindLook(record, { ...verdict, judgement }, now);
    }
  }

  #failed(
    verdict: PublishedVerdict,
    scope: 'site' | 'subject',
    subjectId: number,
    touching: CaseRecord[],
    now: number,
  ): void {
    const { siteId, checkId } = verdict;
    const known = touching.find((record) => record.scope === scope && record.policy.checks.includes(checkId));
    if (known !== undefined) {
      this.#seen(known, verdict, now);
      return;
    }
    // While our own eyes are in doubt nothing is opened: the next confirmed failure will.
    if (standstill(this.ledger) !== null) return;
    const programme = programmeOfCheck(this.rules.programmes, checkId, now);
    const policy = programme === null ? null : policyAt(this.rules.programmes, programme, now);
    if (programme === null || policy === null) return;
    // Opened by an earlier policy that did not know this check: the finding joins all the same.
    const open = this.ledger.cases.openCase(scope, scope === 'site' ? siteId : subjectId, programme);
    if (open !== null) {
      this.#seen(open, verdict, now);
      return;
    }
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
      extraWorkingDays: 0,
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
    this.planNotice(saved, 'found', 'found', {}, now);
  }

  #putFindings(record: CaseRecord, verdict: PublishedVerdict, now: number): string[] {
    const { judgement } = verdict;
    const failing = judgement.findings.filter(({ severity }) => severity === 'fail');
    const seen = { verdictId: verdict.verdictId, at: verdict.observedAt };
    for (const finding of failing)
      this.ledger.cases.putFinding(record.id, verdict.siteId, verdict.checkId, finding, seen);
    for (const one of this.ledger.cases.findings(record.id)) {
      const mine = one.siteId === verdict.siteId && one.checkId === verdict.checkId && one.clearedAt === null;
      // What the same look could not see is not cleared by what it saw elsewhere.
      if (mine && !leftOpen(this.#check(verdict.checkId), judgement, one))
        this.ledger.cases.clearFinding(record.id, one, now);
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

  #check(checkId: string): CheckDefinition | undefined {
    return this.rules.checks.find(({ id }) => id === checkId);
  }

  /** A look saw some matters and not others: what it looked for and did not find is cleared, the rest stands. */
  #clearedByBlindLook(record: CaseRecord, { siteId, checkId, judgement }: PublishedVerdict, now: number): void {
    const standing = this.ledger.cases
      .findings(record.id)
      .filter((one) => one.siteId === siteId && one.checkId === checkId && one.clearedAt === null);
    const over = standing.filter((one) => !leftOpen(this.#check(checkId), judgement, one));
    if (over.length === 0) return;
    for (const one of over) this.ledger.cases.clearFinding(record.id, one, now);
    const rest = this.ledger.cases.findings(record.id).filter(({ clearedAt }) => clearedAt === null);
    const data = { checkId, siteId, codes: over.map(({ code }) => code) };
    if (rest.length > 0) this.move(record.id, 'finding-cleared', { now, actor: SYSTEM, data });
    else this.mended(record.id, now, data);
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
    const input = { now, actor: SYSTEM, data };
    const cancelling = this.ledger.enforcements
      .ofCase(caseId)
      .some(({ act, submittedAt, state }) => act === 'cancel-access' && submittedAt !== null && state !== 'failed');
    if (record.state === 'cancellation-approved' && cancelling) {
      // R17.8: what was submitted cannot be withdrawn; the history says that it was mended too late.
      this.move(caseId, 'noted', { ...input, data: { ...data, mended: 'after cancellation was submitted' } });
    } else if (moveOf('recheck-passed').from.includes(record.state) && restrictedSites(this, record).length === 0)
      this.move(caseId, 'recheck-passed', input);
    else this.move(caseId, 'recheck-passed-restricted', input);
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
        if (running && record.toldAt === null) this.planNotice(record, 'found', 'found', {}, now);
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
    if (record === null || record.toldAt !== null || record.dryRun) return record;
    if (record.state !== 'open' && record.state !== 'extended') return record;
    if (beijingDate(record.deadlineFrom) >= beijingDate(now)) return record;
    const data = { why: 'told later than opened', from: now, period: record.policy.remediation };
    return this.move(caseId, 'deadline-corrected', { now, actor: SYSTEM, data });
  }
}

/** What follows when access is back. */
export function restoredMove(record: CaseRecord): Move {
  if (record.state === 'restoring') return 'access-restored';
  return record.waived ? 'waiver-carried-out' : 'restriction-lifted';
}
