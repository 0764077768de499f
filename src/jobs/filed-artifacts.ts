import type { CheckDefinition } from '../checks/types.ts';
import { type Artifact, type Artifacts, failed, isLedgerArtifact, LEDGER_ARTIFACTS } from '../gather/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ReferenceData } from '../reference/open-reference.ts';

/**
 * The artifacts the ledger itself makes, for the checks that ask for them and no others: names stand only in bundles of checks
 * that need names.
 */
export function filedArtifacts(
  ledger: Ledger,
  { mobileSegments }: ReferenceData,
  siteId: number,
  checks: readonly CheckDefinition[],
  observedAt: number,
): Artifacts {
  const asked = new Set(checks.flatMap(({ needs, wants }) => [...needs, ...(wants ?? [])]).filter(isLedgerArtifact));
  const seen = <T>(value: T | null): Artifact<T> =>
    value === null
      ? failed('internal', 'the site is not in the ledger', observedAt, 0, true)
      : { ok: true, observedAt, tookMs: 0, value };
  const make = {
    filed: () => ({ filed: seen(ledger.filed.details(siteId)) }),
    names: () => ({ names: seen(ledger.filed.names(siteId)) }),
    persons: () => ({ persons: seen(ledger.filed.persons(siteId, (mobile) => mobileSegments?.find(mobile) ?? null)) }),
  };
  return Object.assign(
    {},
    ...LEDGER_ARTIFACTS.filter((name) => asked.has(name)).map((name) => make[name]()),
  ) as Artifacts;
}
