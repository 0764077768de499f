import { findIcpNumbers, foldText, type IcpNumber, parseIcpNumber } from '../filing/site-number.ts';

/** What an owner may report (R10). */
export const REPORT_STATES = ['无变化', '已更新', '已注销'] as const;
export type ReportState = (typeof REPORT_STATES)[number];

/** One report as parsed. */
export interface SelfCheckReport {
  providerCode: string;
  number: IcpNumber;
  status: ReportState;
}

/** Traditional characters and the words people type. */
const WORDS: [RegExp, ReportState][] = [
  [/^(?:无|無|没有|没|未|未有)(?:变化|變化|变更|變更|变动|變動|改变)$/, '无变化'],
  [/^(?:已|己)(?:更新|变更|變更|修改)$/, '已更新'],
  [/^(?:已|己)(?:注销|註銷|注銷)$/, '已注销'],
];

/**
 * Parse an owner's SMS: `#provider code#site number#status#` (R10, S2 §2.4). Width and blanks do not matter; a greeting in front, a
 * thank-you behind, a missing last # are forgiven. Gives the report, or what is wrong in words for the sender.
 */
export function parseReport(text: string): { ok: true; report: SelfCheckReport } | { ok: false; reason: string } {
  const folded = foldText(text)
    .replace(/\s+/g, '')
    .replace(/[“”"']/g, '');
  // One message a site: a second one would be lost.
  if (findIcpNumbers(folded).length > 1) return { ok: false, reason: '一条短信只能报送一个网站' };
  const parts = folded
    .slice(Math.max(0, folded.indexOf('#')))
    .replace(/#+/g, '#')
    .split('#');
  if (parts.length < 4 || parts[0] !== '') return { ok: false, reason: '格式不符' };
  const [, providerCode = '', numberText = '', statusText = ''] = parts;
  if (!/^\d{1,6}$/.test(providerCode)) return { ok: false, reason: '接入商编号不正确' };
  const number = parseIcpNumber(numberText);
  if (!number.ok || number.number.suffix === null) return { ok: false, reason: '网站备案号不正确' };
  const said = statusText.replace(/[.!。,，！~]+$/, '');
  const status = WORDS.find(([pattern]) => pattern.test(said))?.[1];
  if (status === undefined) return { ok: false, reason: '状态应为无变化、已更新或已注销' };
  return { ok: true, report: { providerCode, number: number.number, status } };
}
