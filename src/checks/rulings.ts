import type { CheckDefinition, Finding, Ruling } from './types.ts';

/**
 * Lay humans' rulings over findings (R4.2): a suspicion weighs `warn` until somebody ruled on it, `fail` once confirmed, and is
 * a note once dismissed. A ruling holds for its key; another key is another question, and so is more than was dismissed. Pure, so an audit offline says the same.
 */
export function applyRulings(
  check: Pick<CheckDefinition, 'id' | 'codes'>,
  findings: Finding[],
  rulings: readonly Ruling[],
): Finding[] {
  return findings.map((finding) => {
    const asks = check.codes[finding.code]?.asksHuman === true;
    return asks && finding.severity !== 'note' ? ruled(check.id, finding, rulings) : finding;
  });
}

/** Does a finding name words that were not there when it was dismissed? */
function seesMore({ params }: Finding, dismissed: string): boolean {
  const known = new Set(dismissed.split('、'));
  return String(params['words'] ?? '')
    .split('、')
    .some((word) => word !== '' && !known.has(word));
}

function ruled(checkId: string, finding: Finding, rulings: readonly Ruling[]): Finding {
  const key = finding.reviewKey ?? '';
  const mine = rulings
    .filter((one) => one.checkId === checkId && one.code === finding.code)
    .filter((one) => one.about === finding.about && one.key === key)
    .filter((one) => one.ruling === 'confirmed' || !seesMore(finding, one.words))
    .toSorted((a, b) => b.at - a.at)[0];
  if (mine === undefined) return { ...finding, severity: 'warn', awaitsHuman: true };
  const said = { label: 'ruling', value: `${mine.ruling} by ${mine.by}: ${mine.reason}` };
  const severity = mine.ruling === 'confirmed' ? 'fail' : 'note';
  return { ...finding, severity, evidence: [...finding.evidence, said] };
}
