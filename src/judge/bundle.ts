import { runCheck } from '../checks/conclude.ts';
import type { CheckPolicy } from '../checks/policy.ts';
import {
  asks,
  type CheckDefinition,
  type CheckInput,
  type Judgement,
  type Ruling,
  type Verdict,
} from '../checks/types.ts';
import type { Filing } from '../filing/types.ts';
import type { Artifacts, Stage } from '../gather/types.ts';
import type { RangeTable } from '../provider/range-table.ts';
import type { Ownership } from '../provider/types.ts';
import { type Reference, type ReferenceAnswers, recording, replaying } from '../reference/reference.ts';

/**
 * Everything a verdict was judged from, in one serialisable value (R16.3): `patrol audit` judges it again offline and must
 * come to the same verdict, whatever the range lists and policies have become since.
 */
export interface AuditBundle {
  schema: 1;
  stage: Stage;
  observedAt: number;
  filing: Filing;
  policy: CheckPolicy;
  artifacts: Artifacts;
  /** Every look-up the checks made: address or name → owner. */
  ownership: {
    addresses: Record<string, Ownership | null>;
    names: Record<string, Ownership | null>;
    providers: Record<string, boolean>;
  };
  rangesVersion: string;
  /** Answers of data files and lists the checks used; absent in bundles of versions that had none. */
  reference?: ReferenceAnswers;
  /** What humans had ruled. */
  rulings?: readonly Ruling[];
  verdicts: { checkId: string; algorithmVersion: string; verdict: Verdict; findings: Judgement['findings'] }[];
}

/** One look at one site, before judging. */
export interface Look {
  filing: Filing;
  policy: CheckPolicy;
  stage: Stage;
  observedAt: number;
  artifacts: Artifacts;
  rulings: readonly Ruling[];
}

/** The version stored on a verdict: check id and the check's own version. */
export const algorithmVersion = (check: CheckDefinition): string => `${check.id}@${check.version}`;

/** Judge a look by the checks given and keep what it was judged from. Pure: no clock, no network, no ledger. */
export function judgeLook(
  look: Look,
  checks: readonly CheckDefinition[],
  ranges: RangeTable,
  reference: Reference,
): { judgements: Map<string, Judgement>; bundle: AuditBundle } {
  const ownership: AuditBundle['ownership'] = { addresses: {}, names: {}, providers: {} };
  const answers: ReferenceAnswers = {};
  const input: CheckInput = {
    ...look,
    reference: recording(reference, answers),
    whoseAddress: (address) => (ownership.addresses[address] ??= ranges.whoseAddress(address)),
    whoseName: (name) => (ownership.names[name] ??= ranges.whoseName(name)),
    knowsProvider: (provider) => (ownership.providers[provider] ??= ranges.knowsProvider(provider)),
  };
  const judgements = new Map<string, Judgement>();
  for (const check of checks) judgements.set(check.id, runCheck(check, input));
  const bundle: AuditBundle = {
    schema: 1,
    ...look,
    ownership,
    reference: answers,
    rangesVersion: ranges.version,
    verdicts: checks.flatMap((check) => {
      const judgement = judgements.get(check.id);
      if (judgement === undefined) return [];
      return [
        {
          checkId: check.id,
          algorithmVersion: algorithmVersion(check),
          verdict: judgement.verdict,
          findings: judgement.findings,
        },
      ];
    }),
  };
  return { judgements, bundle };
}

/** Judge a stored bundle again. Gives each check's stored verdict and today's. */
export function rejudgeBundle(
  bundle: AuditBundle,
  checks: readonly CheckDefinition[],
): { checkId: string; stored: Verdict; verdict: Verdict; judgement: Judgement; algorithmVersion: string }[] {
  const input: CheckInput = {
    filing: bundle.filing,
    policy: bundle.policy,
    stage: bundle.stage,
    observedAt: bundle.observedAt,
    artifacts: bundle.artifacts,
    whoseAddress: (address) => bundle.ownership.addresses[address] ?? null,
    whoseName: (name) => bundle.ownership.names[name] ?? null,
    knowsProvider: (provider) => bundle.ownership.providers[provider] ?? false,
    reference: replaying(bundle.reference ?? {}),
    rulings: bundle.rulings ?? [],
  };
  return bundle.verdicts.flatMap(({ checkId, verdict }) => {
    const check = checks.find(({ id }) => id === checkId);
    if (check === undefined) return [];
    const judgement = runCheck(check, input);
    return [
      { checkId, stored: verdict, verdict: judgement.verdict, judgement, algorithmVersion: algorithmVersion(check) },
    ];
  });
}

/** Artifacts that hold names and what is known of people. */
const PERSONAL = ['names', 'persons'] as const;

/** Which part of a bundle a check reads: checks that ask for the same personal data share one. */
export const bundlePart = (check: Pick<CheckDefinition, 'needs' | 'wants'>): string =>
  PERSONAL.filter((name) => asks(check, name)).join('+');

/**
 * The part of a bundle some checks were judged from: everything observed, the personal data they asked for and no other, and their
 * verdicts. So people's names do not ride along in the evidence of checks that never saw them.
 */
export function bundleOf(bundle: AuditBundle, part: string, checks: readonly CheckDefinition[]): AuditBundle {
  const asked = part.split('+');
  const mine = new Set(checks.filter((check) => bundlePart(check) === part).map(({ id }) => id));
  const artifacts = Object.fromEntries(
    Object.entries(bundle.artifacts).filter(
      ([name]) => !(PERSONAL as readonly string[]).includes(name) || asked.includes(name),
    ),
  ) as Artifacts;
  return { ...bundle, artifacts, verdicts: bundle.verdicts.filter(({ checkId }) => mine.has(checkId)) };
}
