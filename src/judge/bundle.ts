import { runCheck } from '../checks/conclude.ts';
import type { CheckPolicy } from '../checks/policy.ts';
import type { CheckDefinition, CheckInput, Judgement, Verdict } from '../checks/types.ts';
import type { Filing } from '../filing/types.ts';
import type { Artifacts, Stage } from '../gather/types.ts';
import type { RangeTable } from '../provider/range-table.ts';
import type { Ownership } from '../provider/types.ts';

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
  verdicts: { checkId: string; algorithmVersion: string; verdict: Verdict; findings: Judgement['findings'] }[];
}

/** One look at one site, before judging. */
export interface Look {
  filing: Filing;
  policy: CheckPolicy;
  stage: Stage;
  observedAt: number;
  artifacts: Artifacts;
}

/** The version stored on a verdict: check id and the check's own version. */
export const algorithmVersion = (check: CheckDefinition): string => `${check.id}@${check.version}`;

/** Judge a look by the checks given and keep what it was judged from. Pure: no clock, no network, no ledger. */
export function judgeLook(
  look: Look,
  checks: readonly CheckDefinition[],
  ranges: RangeTable,
): { judgements: Map<string, Judgement>; bundle: AuditBundle } {
  const ownership: AuditBundle['ownership'] = { addresses: {}, names: {}, providers: {} };
  const input: CheckInput = {
    ...look,
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
