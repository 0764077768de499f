import { findCheck } from '../checks/index.ts';
import { type CheckPolicy, provincePolicy } from '../checks/policy.ts';
import type { CheckDefinition } from '../checks/types.ts';
import type { Config } from '../config.ts';
import { filledIn, type ProvedPage } from '../gather/known-page.ts';
import {
  type Artifact,
  type Artifacts,
  failed,
  type RawEvidence,
  type RegistrationValue,
  type Stage,
} from '../gather/types.ts';
import { blindChecks, tripsBreaker } from '../judge/breaker.ts';
import { judgeLook } from '../judge/bundle.ts';
import type { ClockGuard } from '../judge/clock-guard.ts';
import type { SiteRecord } from '../ledger/filings-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Claim, Sweep } from '../ledger/types.ts';
import type { JudgedLook, Recorded } from '../ledger/verdicts-store.ts';
import type { Logger } from '../log.ts';
import type { RangeTable } from '../provider/range-table.ts';
import { referenceWith } from '../reference/open-reference.ts';
import { filedArtifacts } from './filed-artifacts.ts';
import { heedClock } from './own-eyes.ts';
import type { JudgeJob } from './payloads.ts';

/** What judging needs. */
export interface JudgeOptions {
  ledger: Ledger;
  config: Config;
  checks: readonly CheckDefinition[];
  ranges: () => RangeTable;
  log: Logger;
  now: () => number;
  /** Doubts our own clock by what servers say. */
  clock: ClockGuard;
  /** Told of every step (tests kill the process there). */
  onStep?: (step: string) => void;
  /** Told of every verdict recorded (metrics, progress). */
  onRecorded?: (recorded: Recorded[]) => void;
}

/** An answer older than this says nothing about today. */
const REGISTRATION_USABLE_MS = 40 * 86_400_000;
/** A result that took longer on its way, or was stamped by a wrong clock, counts as seen when it arrived. */
const MAX_CLOCK_SKEW_MS = 3_600_000;
/** Earlier sweeps whose screening tells what is usual. */
const BASELINE_SWEEPS = 10;

/** Runs the checks over what came back, and records the verdicts: the one place where artifacts meet the filing. */
export class Judge {
  readonly #options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** Judge a job's worth of looks. Idempotent: what was recorded before is dropped. */
  process(received: JudgeJob): Recorded[] {
    if (received.kind === 'sites' && received.clock !== undefined) {
      const { ledger, clock, log, now } = this.#options;
      clock.refer({ at: now(), ...received.clock });
      heedClock(ledger, clock, log, now());
    }
    const job = { ...received, observedAt: this.#trusted(received.observedAt) };
    if (job.kind === 'registration') return this.#registration(job);
    const looks: JudgedLook[] = [];
    const pages: { siteId: number; proved: ProvedPage | null }[] = [];
    for (const { siteId, sweepId, look, checkIds, artifacts, raw, proved, same } of job.looks) {
      const record = this.#options.ledger.filings.load(siteId);
      if (record === null) continue;
      const { knownPages } = this.#options.ledger;
      const page = same && filledIn(same, knownPages.get(siteId), record.filing.siteNumber);
      // What could not be filled in is not observed; it is forgotten, so that the page is read at the next look.
      if (page === null || proved !== undefined) pages.push({ siteId, proved: proved ?? null });
      const seen = page ? { ...artifacts, page } : artifacts;
      looks.push(this.#judge(record, { siteId, sweepId, look, checkIds }, job.stage, job.observedAt, seen, raw));
    }
    const recorded = this.#record(looks);
    // What comes late says nothing of the page any more.
    const current = new Set(recorded.flatMap(({ siteId, step }) => (step === 'dropped' ? [] : [siteId])));
    const fresh = pages.filter(({ siteId }) => current.has(siteId));
    this.#options.ledger.knownPages.keep(fresh, this.#options.now());
    return recorded;
  }

  /** A gather machine whose clock is off must not make a domain look expired: the ledger's clock decides then. */
  #trusted(observedAt: number): number {
    const now = this.#options.now();
    if (Math.abs(now - observedAt) <= MAX_CLOCK_SKEW_MS) return Math.min(observedAt, now);
    this.#options.log.warn({ skewMs: now - observedAt }, 'clock of a gather process is off');
    return now;
  }

  /** Judge what needs no gatherer: filings without a home page (R17.4), and checks of what the ledger itself knows. */
  judgeWithout(known: readonly { claim: Claim; record: SiteRecord; stage: Stage }[]): void {
    const now = this.#options.now();
    this.#record(known.map(({ claim, record, stage }) => this.#judge(record, claim, stage, now, {}, [])));
  }

  /** Judge the registration checks of a claim from answers at hand. */
  judgeStoredRegistration(claim: Claim, checkIds: string[], stage: Stage): Recorded[] {
    const record = this.#options.ledger.filings.load(claim.siteId);
    if (record === null) return [];
    const now = this.#options.now();
    const artifacts = this.#registrationArtifacts(record, now);
    return this.#record([this.#judge(record, { ...claim, checkIds }, stage, now, artifacts, [])]);
  }

  /** Nothing was asked (a spent budget): said as not observed, never judged from what lies about. */
  judgeUnasked(claim: Claim, checkIds: string[], stage: Stage, reason: string): Recorded[] {
    const record = this.#options.ledger.filings.load(claim.siteId);
    if (record === null) return [];
    const now = this.#options.now();
    const artifacts: Artifacts = { registration: failed('budget', reason, now, 0, true) };
    return this.#record([this.#judge(record, { ...claim, checkIds }, stage, now, artifacts, [])]);
  }

  #registration(job: Extract<JudgeJob, { kind: 'registration' }>): Recorded[] {
    const { ledger, config, now } = this.#options;
    const { domain, answer, dns, observedAt, sweepId, look, stage } = job;
    const refused = answer.artifact.ok && answer.artifact.value.found === 'refused';
    ledger.registries.noteOutcome(answer.registry, refused, config.settings.registration.refusalBackoffMs, now());
    // Stored by the ledger's clock, so that "asked since it was taken up" holds whatever the gatherer's says.
    ledger.registries.store({ domain, registry: answer.registry, artifact: answer.artifact, dns, observedAt: now() });
    const checkIds = this.#options.checks.filter((check) => check.needs.includes('registration')).map(({ id }) => id);
    const looks: JudgedLook[] = [];
    for (const siteId of ledger.filings.findByRegistrable(domain)) {
      const record = ledger.filings.load(siteId);
      const waiting = ledger.verdicts
        .standing(siteId)
        .filter(
          (state) =>
            checkIds.includes(state.checkId) &&
            state.sweepId === sweepId &&
            state.judgedSweepId !== sweepId &&
            state.suspectLooks === look,
        );
      if (record === null || waiting.length === 0) continue;
      const claimedAt = Math.min(...waiting.map((state) => state.claimedAt ?? observedAt));
      // A confirmation rests on answers given since this very look was taken up, for every domain.
      const slackMs = look === 0 ? config.settings.registration.minRefreshMs : 0;
      if (!this.#allAnswered(record, claimedAt - slackMs)) continue;
      const artifacts = this.#registrationArtifacts(record, observedAt);
      const claim = { siteId, sweepId, look, checkIds: waiting.map(({ checkId }) => checkId) };
      looks.push(this.#judge(record, claim, stage, observedAt, artifacts, answer.raw));
    }
    return this.#record(looks);
  }

  /** A site with several domains waits until each was answered since an instant. */
  #allAnswered(record: SiteRecord, since: number): boolean {
    const { ledger } = this.#options;
    return record.registrable.every((domain) => {
      const stored = ledger.registries.get(domain);
      return stored !== null && stored.observedAt >= since;
    });
  }

  #registrationArtifacts(record: SiteRecord, observedAt: number): Artifacts {
    const registration = this.#storedRegistration(record, observedAt);
    const dns = record.registrable.flatMap((domain) => {
      const stored = this.#options.ledger.registries.get(domain)?.dns;
      return stored?.ok === true ? stored.value.hosts : [];
    });
    return {
      ...(registration === null ? {} : { registration }),
      dns:
        dns.length === 0
          ? failed('dns-unobserved', 'no answer at hand', observedAt)
          : { ok: true, observedAt, tookMs: 0, value: { hosts: dns } },
    };
  }

  #storedRegistration(record: SiteRecord, observedAt: number): Artifact<RegistrationValue> | null {
    const domains = record.registrable.flatMap((domain) => {
      const stored = this.#options.ledger.registries.get(domain);
      return stored === null || observedAt - stored.observedAt > REGISTRATION_USABLE_MS
        ? []
        : [{ domain, registry: stored.registry, artifact: stored.artifact }];
    });
    return domains.length === 0 ? null : { ok: true, observedAt, tookMs: 0, value: { domains } };
  }

  #judge(
    record: SiteRecord,
    claim: Claim,
    stage: Stage,
    observedAt: number,
    artifacts: Artifacts,
    raw: RawEvidence[],
  ): JudgedLook {
    const { checks, ranges, ledger, config } = this.#options;
    const wanted = checks.filter(({ id }) => claim.checkIds.includes(id));
    const policy = checkPolicy(this.#options.config, record.filing.province, stage);
    const known = filedArtifacts(ledger, config.data, claim.siteId, wanted, observedAt);
    const rulings = ledger.reviews.rulings(claim.siteId).filter(({ checkId }) => claim.checkIds.includes(checkId));
    const look = { filing: record.filing, policy, stage, observedAt, artifacts: { ...artifacts, ...known }, rulings };
    const reference = referenceWith(config.data, (number) => ledger.filed.bureauNumber(number));
    const { judgements, bundle } = judgeLook(look, wanted, ranges(), reference);
    return { siteId: claim.siteId, sweepId: claim.sweepId, look: claim.look, stage, judgements, bundle, raw };
  }

  #record(looks: JudgedLook[]): Recorded[] {
    if (looks.length === 0) return [];
    const { ledger, now } = this.#options;
    this.#options.onStep?.('judged');
    const recorded = ledger.verdicts.record(looks, now());
    this.#options.onStep?.('recorded');
    for (const sweepId of new Set(looks.map((look) => look.sweepId))) this.#guard(sweepId);
    this.#options.onRecorded?.(recorded);
    return recorded;
  }

  /** The circuit breaker: a sweep whose failures jump confirms nothing until an admin looks (design §1). */
  #guard(sweepId: number): void {
    const { ledger, config, log, now } = this.#options;
    const sweep = ledger.sweeps.get(sweepId);
    if (sweep === null || sweep.state !== 'running') return;
    const screening = (one: Sweep) => ledger.sweeps.counts(one.id).filter(({ stage }) => stage === 'screen');
    const current = screening(sweep);
    const { breaker } = config.settings;
    if (current.reduce((sum, { count }) => sum + count, 0) < breaker.minJudged) return;
    const earlier = ledger.sweeps
      .recent(BASELINE_SWEEPS + 1)
      .filter((one) => one.id !== sweepId && one.kind === sweep.kind && one.state === 'done');
    const reason = tripsBreaker(current, earlier.flatMap(screening), breaker);
    if (reason !== null) {
      ledger.sweeps.setState(sweepId, 'held', reason, now());
      const message = { en: `sweep ${sweepId} is held: ${reason.en}`, zh: `巡检 ${sweepId} 已熔断暂停：${reason.zh}` };
      ledger.raiseAlert(`sweep-held-${sweepId}`, message, now());
      log.error({ sweepId, reason: reason.en }, 'circuit breaker holds the sweep');
    }
    const oftenBlind = this.#options.checks.filter((check) => check.oftenBlind === true).map(({ id }) => id);
    for (const checkId of blindChecks(current, breaker).filter((id) => !oftenBlind.includes(id))) {
      ledger.raiseAlert(
        `blind-${checkId}`,
        {
          en: `${checkId}: almost nothing could be observed; check resolvers and network`,
          zh: `${findCheck(checkId)?.title.zh ?? checkId}：几乎全部未能观测，请检查解析服务器和网络`,
        },
        now(),
      );
    }
  }
}

/** The policy a site of a province is judged by at a stage. */
export function checkPolicy({ settings, provinces, data }: Config, province: string, stage: Stage): CheckPolicy {
  return {
    version: `${settings.version}+${provinces.version}+${data.version}`,
    province: provincePolicy(provinces, province),
    minResolvers: stage === 'screen' ? 1 : settings.dns.minConfirmResolvers,
    hostRule: settings.hostRule,
    bogusAddresses: settings.dns.bogusAddresses,
    outdatedLinkSeverity: settings.outdatedLink,
    policeNotFiledSeverity: settings.policeNotFiled,
    windows: settings.windows,
    verifyDomainsSince: settings.verifyDomainsSince,
    maxSubjectsPerMobile: settings.maxSubjectsPerMobile,
    content: { rules: data.contentWords.rules, approvals: data.contentWords.approvals },
  };
}
