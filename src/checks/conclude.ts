import { applyRulings } from './rulings.ts';
import type { CheckDefinition, CheckInput, CodeDefinition, Evidence, Finding, Judgement, Verdict } from './types.ts';

/** Make a finding of a check's own code; its severity is the code's unless policy gives another. */
export function finding(
  check: Pick<CheckDefinition, 'id' | 'codes'>,
  code: string,
  detail: {
    about?: string | null;
    params?: Finding['params'];
    evidence?: Evidence[];
    severity?: Finding['severity'];
    reviewKey?: string;
  } = {},
): Finding {
  const definition = check.codes[code];
  if (definition === undefined) throw new Error(`check ${check.id} has no code ${code}`);
  return {
    code,
    severity: detail.severity ?? definition.severity,
    about: detail.about ?? null,
    params: detail.params ?? {},
    evidence: detail.evidence ?? [],
    ...(detail.reviewKey !== undefined && { reviewKey: detail.reviewKey }),
  };
}

/**
 * The verdict of a set of findings: inconclusive outranks nothing but pass and warn, a failure stands by itself. A check
 * that both failed and could not see everything must decide which before it calls this (R16.1).
 */
export function conclude(findings: Finding[], nextLookAt?: number): Judgement {
  const has = (severity: Finding['severity']): boolean => findings.some((one) => one.severity === severity);
  const verdict: Verdict = has('fail') ? 'fail' : has('inconclusive') ? 'inconclusive' : has('warn') ? 'warn' : 'pass';
  return nextLookAt === undefined ? { verdict, findings } : { verdict, findings, nextLookAt };
}

/** Replace `{name}` in a text by the finding's parameters. */
export function fillText(text: string, finding: Pick<Finding, 'params' | 'about'>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name === 'about' ? (finding.about ?? '') : String(finding.params[name] ?? whole),
  );
}

/**
 * Judge one filing by one check. Missing artifacts are told in the judgement, so no check repeats that; a check that
 * throws is our fault and says nothing of the site.
 */
export function runCheck(check: CheckDefinition, input: CheckInput): Judgement {
  if (!check.appliesTo(input.filing)) {
    return conclude([finding(check, 'not-ours-to-judge', { params: { service: input.filing.service } })]);
  }
  const missing = check.needs.find((name) => input.artifacts[name] === undefined);
  if (missing !== undefined) return notObserved(`${missing} was not gathered`);
  try {
    const judgement = check.judge(input);
    const findings = applyRulings(check, judgement.findings, input.rulings);
    return { ...judgement, ...conclude(findings, judgement.nextLookAt) };
  } catch (error) {
    return notObserved(`internal: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function notObserved(reason: string): Judgement {
  const finding: Finding = {
    code: 'not-observed',
    severity: 'inconclusive',
    about: null,
    params: { reason },
    evidence: [],
  };
  return { verdict: 'inconclusive', findings: [finding] };
}

/** Codes every check has. */
export const commonCodes: Record<string, CodeDefinition> = {
  'not-ours-to-judge': {
    severity: 'note',
    title: { zh: '该备案为 {service}，不做网站核查', en: 'The filing is of kind {service}: no site to check' },
    remedy: { zh: '无需操作。', en: 'Nothing to do (R17.4).' },
  },
};
