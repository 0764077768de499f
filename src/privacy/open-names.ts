import { ORGANISATION } from '../checks/domain-verification.ts';
import type { Evidence } from '../checks/types.ts';
import type { SubjectKind } from '../filing/types.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { maskName } from '../log.ts';

/** What a subject is called where persons are masked: a private person's filing bears the person's own name. */
export const openName = (name: string, kind: SubjectKind | string): string =>
  kind === 'individual' ? maskName(name) : name;

/** A name that may be a person's. */
const openHolder = (name: string): string => (ORGANISATION.test(name) ? name : maskName(name));

/** Names of private persons that a text about cases of a subject may hold: the subject itself, and holders of domains. */
export function privateNames(ledger: Ledger, subjectId: number | null, caseIds: readonly number[]): string[] {
  const subject = subjectId === null ? null : ledger.contacts.subject(subjectId);
  const holders = caseIds
    .flatMap((id) => ledger.cases.findings(id))
    .flatMap(({ params, evidence }) => [
      params['holder'],
      ...evidence.filter(({ label }) => NAMING.has(label)).map(({ value }) => value),
    ])
    .filter((one): one is string => typeof one === 'string' && !ORGANISATION.test(one));
  return [...new Set([...(subject?.kind === 'individual' ? [subject.name] : []), ...holders])];
}

/** Evidence whose value may be a person's name. */
const NAMING: ReadonlySet<string> = new Set(['holder', 'subject']);

/** A finding where persons are masked: holders of domains, and subjects, may be persons. */
export function openFinding<F extends { params: Record<string, string | number>; evidence: Evidence[] }>(
  finding: F,
): F {
  const { holder } = finding.params;
  return {
    ...finding,
    params: typeof holder === 'string' ? { ...finding.params, holder: openHolder(holder) } : finding.params,
    evidence: finding.evidence.map((one) => (NAMING.has(one.label) ? { ...one, value: openHolder(one.value) } : one)),
  };
}
