import { foldText, type IcpNumber, parseIcpNumber } from '../filing/site-number.ts';

/** What an owner may report (R10). */
export const REPORT_STATES = ['无变化', '已更新', '已注销'] as const;
export type ReportState = (typeof REPORT_STATES)[number];

/** One report as parsed. */
export interface SelfCheckReport {
  providerCode: string;
  number: IcpNumber;
  status: ReportState;
}

/** Traditional characters and the shorter words people type. */
const WORDS: [RegExp, ReportState][] = [
  [/^(?:无变化|無變化|无变更|没有变化)$/, '无变化'],
  [/^(?:已更新|己更新|已变更)$/, '已更新'],
  [/^(?:已注销|已註銷|己注销)$/, '已注销'],
];

/**
 * Parse an owner's SMS: `#provider code#site number#status#` (R10, S2 §2.4). Width and blanks do not matter, a missing last # is
 * forgiven. Gives the report, or what is wrong in words for the sender.
 */
export function parseReport(text: string): { ok: true; report: SelfCheckReport } | { ok: false; reason: string } {
  const folded = foldText(text)
    .replace(/\s+/g, '')
    .replace(/[“”"'。.!！]+$/g, '');
  const parts = folded.split('#');
  if (parts.length < 4 || parts[0] !== '') return { ok: false, reason: '格式不符' };
  const [, providerCode = '', numberText = '', statusText = '', rest = ''] = parts;
  if (parts.length > 5 || rest !== '') return { ok: false, reason: '一条短信只能报送一个网站' };
  if (!/^\d{1,6}$/.test(providerCode)) return { ok: false, reason: '接入商编号不正确' };
  const number = parseIcpNumber(numberText);
  if (!number.ok || number.number.suffix === null) return { ok: false, reason: '网站备案号不正确' };
  const status = WORDS.find(([pattern]) => pattern.test(statusText))?.[1];
  if (status === undefined) return { ok: false, reason: '状态应为无变化、已更新或已注销' };
  return { ok: true, report: { providerCode, number: number.number, status } };
}
