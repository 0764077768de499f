import { ORGANISATION } from '../checks/domain-verification.ts';
import type { Evidence } from '../checks/types.ts';
import type { SubjectKind } from '../filing/types.ts';
import { maskName } from '../log.ts';

/** What a subject is called where persons are masked: a private person's filing bears the person's own name. */
export const openName = (name: string, kind: SubjectKind | string): string =>
  kind === 'individual' ? maskName(name) : name;

/** A name that may be a person's. */
const openHolder = (name: string): string => (ORGANISATION.test(name) ? name : maskName(name));

/** A finding where persons are masked: holders of domains, and subjects, may be persons. */
export function openFinding<F extends { params: Record<string, string | number>; evidence: Evidence[] }>(
  finding: F,
): F {
  const { holder } = finding.params;
  return {
    ...finding,
    params: typeof holder === 'string' ? { ...finding.params, holder: openHolder(holder) } : finding.params,
    evidence: finding.evidence.map((one) =>
      one.label === 'holder' || one.label === 'subject' ? { ...one, value: openHolder(one.value) } : one,
    ),
  };
}
