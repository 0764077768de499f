import type { PublishedVerdict } from '../cases/types.ts';
import { asks, type CheckDefinition, type Judgement, type Verdict } from '../checks/types.ts';
import type { ArtifactName, RawEvidence, Stage } from '../gather/types.ts';
import { type AuditBundle, algorithmVersion, bundleOf, bundlePart } from '../judge/bundle.ts';
import { type ConfirmPolicy, type NextStep, nextStep } from '../judge/next-step.ts';
import type { EvidenceStore } from './evidence-store.ts';
import type { ReviewsStore } from './reviews-store.ts';
import type { Statements } from './statements.ts';
import type { CheckState, VerdictRow } from './types.ts';

/** One look at one site, judged. */
export interface JudgedLook {
  siteId: number;
  sweepId: number;
  /** Which look of the sweep this was; a late or doubled job has another number and is dropped. */
  look: number;
  stage: Stage;
  judgements: Map<string, Judgement>;
  bundle: AuditBundle;
  raw: RawEvidence[];
}

/** What recording did for one check. */
export interface Recorded {
  siteId: number;
  checkId: string;
  step: NextStep['kind'] | 'dropped';
  verdict: Verdict;
  changed: boolean;
}

/** How verdicts are recorded. */
export interface VerdictSettings {
  checks: readonly CheckDefinition[];
  confirm: ConfirmPolicy;
  leaseMs: number;
  settingsOf: (checkId: string) => { intervalMs: number; shadow: boolean };
}

/** The artifact that bytes stand behind. */
const BEHIND: Record<RawEvidence['kind'], ArtifactName> = {
  page: 'page',
  registration: 'registration',
  dns: 'dns',
  screenshot: 'rendered',
  'rendered-page': 'rendered',
};

/** Verdicts: the standing in `check_states`, the history with its evidence in `verdicts`. */
export class VerdictsStore {
  readonly #db: Statements;
  readonly #evidence: EvidenceStore;
  readonly #reviews: ReviewsStore;
  readonly #settings: VerdictSettings;
  /** Told of every verdict published, inside its transaction. */
  onPublished: ((verdict: PublishedVerdict, now: number) => void) | null = null;

  constructor(db: Statements, evidence: EvidenceStore, reviews: ReviewsStore, settings: VerdictSettings) {
    this.#db = db;
    this.#evidence = evidence;
    this.#reviews = reviews;
    this.#settings = settings;
  }

  /** Record a batch of looks in one transaction. Idempotent: a look recorded before changes nothing. */
  record(looks: JudgedLook[], now: number): Recorded[] {
    return this.#db.transaction(() => {
      const recorded = looks.flatMap((look) => this.#recordLook(look, now));
      this.#count(looks, recorded);
      return recorded;
    });
  }

  #recordLook(look: JudgedLook, now: number): Recorded[] {
    const states = this.#db.all<CheckState>('statesOfSite', look.siteId);
    const kept = new Map<unknown, string>();
    return [...look.judgements].map(([checkId, judgement]) => {
      const state = states.find((one) => one.checkId === checkId);
      // A filing that left (R15) has no due time: what comes late says nothing any more.
      const active = state !== undefined && state.nextDueAt !== null;
      const current = active && state.sweepId === look.sweepId && state.judgedSweepId !== look.sweepId;
      if (!current || state.suspectLooks !== look.look || (look.look > 0 && state.confirmDueAt !== null)) {
        return { siteId: look.siteId, checkId, step: 'dropped' as const, verdict: judgement.verdict, changed: false };
      }
      const { intervalMs } = this.#settings.settingsOf(checkId);
      const step = nextStep(state, judgement, { confirm: this.#settings.confirm, intervalMs, now });
      if (step.kind === 'look-again') {
        const leaseEnd = step.confirmDueAt + this.#settings.leaseMs;
        this.#db.run('stateSuspect', step.looks, step.fails, step.confirmDueAt, leaseEnd, look.siteId, checkId);
        return { siteId: look.siteId, checkId, step: step.kind, verdict: judgement.verdict, changed: false };
      }
      const changed = this.#publish(state, step, judgement, look, kept, now);
      return { siteId: look.siteId, checkId, step: step.kind, verdict: step.verdict, changed };
    });
  }

  #publish(
    state: CheckState,
    step: Extract<NextStep, { kind: 'publish' }>,
    judgement: Judgement,
    look: JudgedLook,
    kept: Map<unknown, string>,
    now: number,
  ): boolean {
    const { siteId, checkId } = state;
    const { shadow } = this.#settings.settingsOf(checkId);
    // A failure that could not be confirmed keeps its findings as reading matter, but weighs as not observed.
    const codes = JSON.stringify([...new Set(judgement.findings.map((finding) => finding.code))].sort());
    const changed = state.verdict !== step.verdict || state.codes !== codes || state.verdictId === null;
    let verdictId = state.verdictId;
    if (changed || step.verdict === 'fail') {
      const check = this.#settings.checks.find(({ id }) => id === checkId) as CheckDefinition;
      verdictId = (
        this.#db.get<{ id: number }>(
          'verdictInsert',
          siteId,
          checkId,
          look.sweepId,
          look.stage,
          step.verdict,
          JSON.stringify(judgement.findings),
          shadow ? 1 : 0,
          look.bundle.observedAt,
          now,
          algorithmVersion(check),
          look.bundle.rangesVersion,
          look.bundle.policy.version,
        ) as { id: number }
      ).id;
      this.#keepEvidence(verdictId, check, look, kept, now);
    }
    const since = state.verdict === step.verdict && state.since !== null ? state.since : now;
    const same = !changed && verdictId === state.verdictId && since === state.since && shadow === Boolean(state.shadow);
    if (same)
      this.#db.run(
        'stateUnchanged',
        ...[look.bundle.observedAt, step.nextDueAt, look.sweepId, step.inconclusiveRuns, siteId, checkId],
      );
    else
      this.#db.run(
        'statePublish',
        step.verdict,
        codes,
        since,
        look.bundle.observedAt,
        verdictId,
        shadow ? 1 : 0,
        step.nextDueAt,
        look.sweepId,
        step.inconclusiveRuns,
        siteId,
        checkId,
      );
    const check = this.#settings.checks.find(({ id }) => id === checkId);
    // What could not be observed neither asks a human nor takes a question back.
    if (
      step.verdict !== 'inconclusive' &&
      Object.values(check?.codes ?? {}).some(({ asksHuman }) => asksHuman === true)
    )
      this.#reviews.note(siteId, checkId, judgement.findings, now);
    this.onPublished?.(
      {
        siteId,
        checkId,
        verdict: step.verdict,
        judgement,
        verdictId,
        algorithmVersion: check === undefined ? checkId : algorithmVersion(check),
        observedAt: look.bundle.observedAt,
        shadow,
      },
      now,
    );
    return changed;
  }

  /** Evidence of a verdict: what it was judged from, and the bytes behind that. Checks of one look share it: `kept` has its hashes. */
  #keepEvidence(
    verdictId: number,
    check: CheckDefinition,
    look: JudgedLook,
    kept: Map<unknown, string>,
    now: number,
  ): void {
    const keep = (key: unknown, kind: string, bytes: () => Buffer): string => {
      const hash = kept.get(key) ?? this.#evidence.keep(kind, bytes(), now);
      kept.set(key, hash);
      return hash;
    };
    const part = bundlePart(check);
    const bundle = keep(part, 'artifacts', () =>
      Buffer.from(JSON.stringify(bundleOf(look.bundle, part, this.#settings.checks))),
    );
    this.#evidence.link(verdictId, bundle, 'artifacts.json');
    for (const piece of look.raw) {
      if (!asks(check, BEHIND[piece.kind])) continue;
      const hash = keep(piece, piece.kind, () => Buffer.from(piece.base64, 'base64'));
      this.#evidence.link(verdictId, hash, piece.name);
    }
  }

  #count(looks: JudgedLook[], recorded: Recorded[]): void {
    const counts = new Map<
      string,
      { sweepId: number; checkId: string; stage: string; verdict: string; count: number }
    >();
    const judged = new Map<number, number>();
    const add = (sweepId: number, checkId: string, stage: string, verdict: string): void => {
      const key = `${sweepId} ${checkId} ${stage} ${verdict}`;
      const known = counts.get(key);
      if (known !== undefined) known.count++;
      else counts.set(key, { sweepId, checkId, stage, verdict, count: 1 });
    };
    for (const one of recorded) {
      if (one.step === 'dropped') continue;
      const look = looks.find(
        ({ siteId, judgements }) => siteId === one.siteId && judgements.has(one.checkId),
      ) as JudgedLook;
      const seen = look.judgements.get(one.checkId)?.verdict ?? one.verdict;
      if (look.look === 0) add(look.sweepId, one.checkId, 'screen', seen);
      if (one.step !== 'publish') continue;
      add(look.sweepId, one.checkId, 'final', one.verdict);
      judged.set(look.sweepId, (judged.get(look.sweepId) ?? 0) + 1);
    }
    for (const { sweepId, checkId, stage, verdict, count } of counts.values()) {
      this.#db.run('countAdd', sweepId, checkId, stage, verdict, count);
    }
    for (const [sweepId, count] of judged) this.#db.run('sweepAddJudged', count, sweepId);
  }

  /** All checks' standing at a site. */
  standing(siteId: number): CheckState[] {
    return this.#db.all<CheckState>('statesOfSite', siteId);
  }

  /** The site a verdict is about; null when there is no such verdict. */
  siteOf(verdictId: number): number | null {
    return this.#db.get<{ siteId: number }>('verdictSite', verdictId)?.siteId ?? null;
  }

  /** A check's verdicts at a site, newest first. */
  history(siteId: number, checkId: string, limit = 10): VerdictRow[] {
    return this.#db.all<VerdictRow>('verdictsOfSite', siteId, checkId, limit);
  }

  /** Sites by verdict and check, over the whole ledger. */
  totals(): { verdict: Verdict; checkId: string; count: number }[] {
    return this.#db.all('verdictTotals');
  }
}
