import type { CheckDefinition, Finding, Judgement } from '../checks/types.ts';

/**
 * Does a look leave a case's finding open? It does while the look itself failed by it, and while something it could not observe
 * may hide it: about the same domain or person (or about everything), unless the blindness is known to hide other matters only.
 */
export function leftOpen(
  check: Pick<CheckDefinition, 'codes'> | undefined,
  judgement: Pick<Judgement, 'findings'>,
  standing: { code: string; about: string | null },
): boolean {
  return judgement.findings.some((seen) => {
    if (seen.severity === 'fail') return seen.code === standing.code && seen.about === standing.about;
    if (seen.severity !== 'inconclusive') return false;
    const elsewhere = seen.about !== null && standing.about !== null && seen.about !== standing.about;
    const hides = check?.codes[seen.code]?.leavesOpen;
    return !elsewhere && (hides === undefined || hides.includes(standing.code));
  });
}

/** Findings of a look that are all blindness, and name every failure they may hide. */
export const knowsItsBlindness = (
  check: Pick<CheckDefinition, 'codes'> | undefined,
  { findings }: { findings: readonly Finding[] },
): boolean =>
  findings.some(({ severity }) => severity === 'inconclusive') &&
  findings.every(({ severity, code }) => severity !== 'inconclusive' || check?.codes[code]?.leavesOpen !== undefined);
