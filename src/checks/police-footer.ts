import type { FiledDetails } from '../facts/filed.ts';
import { findPoliceNumbers, policeCodeOf } from '../facts/police-number.ts';
import type { PageFacts, PoliceNumber } from '../facts/types.ts';
import { foldText } from '../filing/site-number.ts';
import type { PageDocument } from '../gather/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { DAY_MS, datePlus, daysUntilDate } from './days.ts';
import { awayFromFiling, drawingFailed, unreadHost, whyDrawnLater, whyPartial } from './page-doubt.ts';
import type { CheckDefinition, CheckInput, CodeDefinition, Finding, Judgement } from './types.ts';

const PASTE =
  '<a href="https://beian.mps.gov.cn/#/query/webSearch?code={digits}" target="_blank" rel="noreferrer"><img src="图标的网址" alt="公安备案图标">{number}</a>';
const SHOW = {
  zh: `请登录全国互联网安全管理服务平台（beian.mps.gov.cn）下载备案图标，上传到您的网站，再把这段代码放到首页底部（“图标的网址”换成图标在您网站上的网址）：${PASTE}`,
  en: `Download the emblem at beian.mps.gov.cn and put this at the bottom of the page: ${PASTE}`,
};
const FILE = {
  zh: '请登录全国互联网安全管理服务平台（beian.mps.gov.cn）提交公安联网备案；已办理的，请把公安备案号告知备案客服。',
  en: 'File the site with the police at beian.mps.gov.cn; if that is done, tell the provider the number.',
};
const code = (severity: CodeDefinition['severity'], zh: string, en: string, remedy = SHOW): CodeDefinition => ({
  severity,
  title: { zh, en },
  remedy,
});

/** Police filing 公安联网备案 (R12): two clocks of 30 days, then number, emblem and link in the footer. */
export const policeFooter: CheckDefinition = {
  id: 'police-footer',
  version: 1,
  title: { zh: '公安联网备案号悬挂核查', en: 'Police number in the footer' },
  rules: ['R12', 'R17.5'],
  needs: ['page', 'filed'],
  wants: ['rendered'],
  codes: {
    ...commonCodes,
    'filing-due': {
      brief: '公安联网备案请按期办理（已办理请忽略）',
      ...code(
        'warn',
        '网站须在 {until} 前办理公安联网备案（剩余 {daysLeft} 天；已办理请忽略）',
        'To be filed with the police until {until} ({daysLeft} days left)',
        FILE,
      ),
      earlyWarning: true,
    },
    'not-filed': code(
      'warn',
      '网站开通超过 {days} 天，未见公安联网备案号',
      'Open for more than {days} days, and no police number is known',
      FILE,
    ),
    'footer-due': {
      brief: '公安备案号请按期悬挂（已悬挂请忽略）',
      ...code(
        'warn',
        '公安备案号 {number} 须在 {until} 前悬挂（剩余 {daysLeft} 天；已悬挂请忽略）',
        'The police number {number} is to be shown until {until} ({daysLeft} days left)',
      ),
      earlyWarning: true,
    },
    'approval-unknown': code(
      'warn',
      '首页未显示公安备案号 {number}（导入数据没有公安审核通过日期，无法计算期限）',
      'The page does not show {number}; the import does not say when the police approved it',
    ),
    'number-missing': code(
      'fail',
      '首页未显示公安备案号 {number}',
      'The home page does not show the police number {number}',
    ),
    'wrong-number': code(
      'fail',
      '首页显示的公安备案号 {shown} 不是本网站的（应为 {number}）',
      'The page shows {shown} instead of {number}',
    ),
    'not-linked': code('warn', '公安备案号 {number} 没有链接', 'The police number {number} is not linked'),
    'wrong-link': code(
      'warn',
      '公安备案号 {number} 的链接（{href}）不正确',
      'The police number {number} links to {href}',
    ),
    'outdated-link': code(
      'warn',
      '公安备案号 {number} 仍使用旧版链接（{href}）',
      'The police number {number} links to the older address ({href})',
    ),
    'no-icon': code('warn', '公安备案号 {number} 旁未见备案图标', 'No emblem stands at the police number {number}'),
    'not-observed': code(
      'inconclusive',
      '未能读取首页（{reason}），暂不判定',
      'The home page could not be read ({reason})',
      {
        zh: '无需操作，系统会再次核查。',
        en: 'Nothing to do; it is looked at again.',
      },
    ),
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const filed = input.artifacts.filed?.ok === true ? input.artifacts.filed.value : null;
  const page = pageOf(input);
  const shown = 'facts' in page ? page.facts.policeNumbers : [];
  const findings =
    filed?.policeNumber === undefined ? unknownNumber(filed, shown, input) : knownNumber(filed, page, input);
  const dated = findings.some(({ code: found }) => found === 'filing-due' || found === 'footer-due');
  return conclude(findings, dated ? input.observedAt + DAY_MS : undefined);
}

/** A page, and why something missing on it may be there all the same. */
type Page = { facts: PageFacts; doubt: string | null } | { reason: string };

/** What a browser drew where there is one, else what the source says. */
function pageOf({ artifacts, filing }: CheckInput): Page {
  const { rendered, page } = artifacts;
  if (page === undefined || !page.ok) return { reason: page?.failure.message ?? 'not gathered' };
  const { document, attempts } = page.value;
  const drawn = rendered?.ok === true && rendered.value.status < 400 ? rendered.value : null;
  if (drawn === null && document === null) return { reason: 'no page answered' };
  if (drawn === null && (document?.status ?? 0) >= 400) return { reason: `HTTP ${document?.status}` };
  const { facts, host } = (drawn ?? document) as Pick<PageDocument, 'facts' | 'host'>;
  const away = awayFromFiling(host, filing);
  if (away !== null) return { reason: `the home page leads to ${away}` };
  const undrawn =
    drawn === null
      ? null
      : drawn.settled
        ? (drawn.doubts[0] ?? drawn.failedRequests[0]?.url ?? null)
        : 'the page did not come to rest';
  const failed = facts.scriptCount > 0 ? drawingFailed({ artifacts }) : null;
  const doubt = undrawn ?? failed ?? whyPartial(facts) ?? whyDrawnLater(facts) ?? unreadHost(attempts, host);
  return { facts, doubt };
}

/** R12, first clock: filed within the window from the opening. A number on the page says that it was. */
function unknownNumber(filed: FiledDetails | null, shown: PoliceNumber[], input: CheckInput): Finding[] {
  const [first] = shown;
  if (first !== undefined) return form(first);
  const opened = filed?.openedAt ?? input.filing.approvedAt;
  if (opened === null || opened === undefined) return [];
  const days = input.policy.windows.policeDays;
  const until = datePlus(opened, days);
  const page = pageOf(input);
  const daysLeft = daysUntilDate(until, input.observedAt);
  // Asked to ignore it if done. But who has not seen the page at all cannot remind of what may stand there.
  if (daysLeft >= 0)
    return 'reason' in page ? [] : [finding(policeFooter, 'filing-due', { params: { until, daysLeft } })];
  const severity = input.policy.policeNotFiledSeverity;
  const evidence = [{ label: 'opened', value: opened }];
  // Nobody saw the page: the number may well be there.
  if ('reason' in page) return [blind(page.reason)];
  if (page.doubt !== null) return [blind(page.doubt)];
  return [finding(policeFooter, 'not-filed', { severity, params: { days }, evidence })];
}

/** R12, second clock: shown within the window from the approval. */
function knownNumber(filed: FiledDetails, page: Page, input: CheckInput): Finding[] {
  const number = filed.policeNumber as string;
  const digits = digitsOf(number);
  const params = { number, digits };
  const own = 'facts' in page ? page.facts.policeNumbers.find((one) => digitsOf(one.number) === digits) : undefined;
  if (own !== undefined) return form(own);
  if (filed.policeApprovedAt !== undefined) {
    const until = datePlus(filed.policeApprovedAt, input.policy.windows.policeDays);
    const daysLeft = daysUntilDate(until, input.observedAt);
    if (daysLeft >= 0)
      return 'reason' in page ? [] : [finding(policeFooter, 'footer-due', { params: { ...params, until, daysLeft } })];
  }
  if ('reason' in page) return [blind(page.reason)];
  if (page.doubt !== null) return [blind(page.doubt)];
  if (page.facts.policeCodes?.includes(digits) === true) return [blind('the number may be shown as a picture')];
  const other = page.facts.policeNumbers[0];
  if (other !== undefined)
    return [
      finding(policeFooter, 'wrong-number', {
        params: { ...params, shown: other.number },
        // Without the date of its approval nobody knows whether the time to show it is over.
        ...(filed.policeApprovedAt === undefined && { severity: 'warn' as const }),
        evidence: [{ label: 'text', value: other.text }],
      }),
    ];
  if (filed.policeApprovedAt === undefined) return [finding(policeFooter, 'approval-unknown', { params })];
  const { title, visibleCharacters, textDigest } = page.facts;
  const evidence = [
    { label: 'page', value: `${title} (${visibleCharacters} visible characters, ${textDigest.slice(0, 12)})` },
  ];
  return [finding(policeFooter, 'number-missing', { params, evidence })];
}

/** How a number is shown: link (R17.5) and emblem. */
function form({ number, href, icon, text }: PoliceNumber): Finding[] {
  const params = { number, digits: digitsOf(number), href: href ?? '' };
  const evidence = [
    { label: 'text', value: text },
    { label: 'link', value: href ?? '-' },
  ];
  const link = linkOf(href, digitsOf(number));
  const found = link === 'current' ? [] : [finding(policeFooter, link, { params, evidence })];
  return icon === false ? [...found, finding(policeFooter, 'no-icon', { params, evidence })] : found;
}

function linkOf(href: string | null, digits: string): 'current' | 'outdated-link' | 'not-linked' | 'wrong-link' {
  if (href === null || /^(?:#|javascript:|$)/i.test(href)) return 'not-linked';
  const host = URL.parse(href, 'https://page.invalid/')?.hostname.toLowerCase() ?? '';
  const named = policeCodeOf(href);
  // A link to somebody else's entry is no link of this number.
  if (named !== null && named !== digits) return 'wrong-link';
  if (host === 'beian.mps.gov.cn') return 'current';
  return /^(?:www\.)?beian\.gov\.cn$/.test(host) ? 'outdated-link' : 'wrong-link';
}

/** The digits alone: provinces, brackets and 号 are written in many ways. */
function digitsOf(number: string): string {
  const [found] = findPoliceNumbers(foldText(number));
  return (found?.number ?? foldText(number)).replace(/\D/g, '');
}

function blind(reason: string): Finding {
  return finding(policeFooter, 'not-observed', { params: { reason } });
}
