import { fillText } from '../checks/conclude.ts';
import { paramsZh } from '../checks/evidence-words.ts';
import { findCheck } from '../checks/index.ts';
import type { Finding } from '../checks/types.ts';
import { footerHtml } from '../facts/footer-html.ts';
import { sniffCharset } from '../gather/charset.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { VerdictRow } from '../ledger/types.ts';

/** A stored verdict as people read it. */
export interface DescribedVerdict {
  verdictId: number;
  verdict: string;
  stage: string;
  observedAt: number;
  versions: string;
  findings: DescribedFinding[];
  evidence: { name: string; hash: string; size: number }[];
  markup: string | null;
}

/** A finding in words. */
export interface DescribedFinding {
  code: string;
  severity: string;
  title: { zh: string; en: string };
  remedy: { zh: string; en: string };
  evidence: Finding['evidence'];
  /** A human must rule before it weighs. */
  awaits: boolean;
  numbers: string[];
}

/** A stored verdict in words, with what it stands on. */
export function describeVerdict(row: VerdictRow, ledger: Ledger): DescribedVerdict {
  const pieces = ledger.evidence.ofVerdict(row.id);
  const page = pieces.find(({ kind }) => kind === 'page');
  const findings = describeFindings(row.checkId, JSON.parse(row.findings) as Finding[]);
  return {
    verdictId: row.id,
    verdict: row.verdict,
    stage: row.stage,
    observedAt: row.observedAt,
    versions: `${row.algorithmVersion}, ranges ${row.rangesVersion}, policy ${row.policyVersion}`,
    findings,
    evidence: pieces.map(({ name, hash, size }) => ({ name, hash, size })),
    markup:
      page === undefined
        ? null
        : markupOf(
            page.bytes,
            findings.flatMap(({ numbers }) => numbers),
          ),
  };
}

/** Findings of a check in words. */
export function describeFindings(checkId: string, findings: readonly Finding[]): DescribedFinding[] {
  const check = findCheck(checkId);
  return findings.map((finding) => {
    const code = check?.codes[finding.code];
    const fill = (text: string | undefined, params = finding.params): string =>
      fillText(text ?? String(params['reason'] ?? finding.code), { ...finding, params });
    const zh = paramsZh(finding.params);
    return {
      code: finding.code,
      severity: finding.severity,
      title: { zh: fill(code?.title.zh, zh), en: fill(code?.title.en) },
      remedy: { zh: fill(code?.remedy.zh ?? '', zh), en: fill(code?.remedy.en ?? '') },
      evidence: finding.evidence,
      awaits: finding.awaitsHuman === true,
      numbers: [finding.params['number'], finding.params['shown']].filter((value) => typeof value === 'string'),
    };
  });
}

/** The page's own markup around a number that was found, from the stored bytes. */
function markupOf(bytes: Buffer, numbers: string[]): string | null {
  const html = new TextDecoder(sniffCharset(null, bytes, true)).decode(bytes);
  for (const number of numbers) {
    const markup = footerHtml(html, number);
    if (markup !== null) return markup;
  }
  return null;
}
