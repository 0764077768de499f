import type { CaseKeeper } from '../cases/keeper.ts';
import { freshness } from '../cases/sight.ts';
import type { CaseFinding, CaseRecord } from '../cases/types.ts';
import { fillText } from '../checks/conclude.ts';
import type { Fact } from './letter.ts';

/** A case as its notices tell it: everything a text needs, nothing of the ledger. */
export interface CaseView {
  code: string;
  programme: string;
  subjectName: string;
  /** 京ICP备…号-1, or the subject's number for a subject's case. */
  number: string;
  siteName: string | null;
  domains: string[];
  /** Sites of a subject's case. */
  sites: string[];
  state: CaseRecord['state'];
  openedAt: number;
  deadlineAt: number;
  provisional: boolean;
  reviewDueAt: number | null;
  cancelDueAt: number | null;
  restrictedAt: number | null;
  extensionsLeft: number;
  maxExtensionDays: number;
  appealsLeft: number;
  consequence: string;
  /** What the access system is asked when the deadline passes; a programme without (R12) threatens nothing. */
  acts: CaseRecord['policy']['acts'];
  findings: {
    title: string;
    remedy: string;
    evidence: Fact[];
    lastSeenAt: number;
    standing: boolean;
    verdictId: number | null;
    numbers: string[];
  }[];
  /** False when the newest look had no result: told as such, never as a fresh failure. */
  freshlyConfirmed: boolean;
}

/** Evidence lines shown a finding: enough to see for oneself, not a log. */
const SHOWN_EVIDENCE = 4;

/** Read what a notice needs of a case. */
export function viewCase(keeper: CaseKeeper, record: CaseRecord, now: number): CaseView {
  const { ledger, rules } = keeper;
  const site = record.siteId === null ? null : ledger.filings.load(record.siteId);
  const subject = ledger.contacts.subject(record.subjectId);
  const sites =
    record.scope === 'site'
      ? []
      : ledger.contacts.activeSites(record.subjectId).flatMap((id) => ledger.filings.load(id)?.filing.siteNumber ?? []);
  const findings = foldSummaries(ledger.cases.findings(record.id)).map((finding) => viewFinding(keeper, finding));
  return {
    code: record.code,
    programme: rules.programmes.programmes[record.programme]?.title.zh ?? record.programme,
    subjectName: subject?.name ?? '',
    number: site?.filing.siteNumber ?? subject?.subjectNumber ?? '',
    siteName: site?.siteName ?? null,
    domains: site?.filing.domains ?? [],
    sites,
    state: record.state,
    openedAt: record.openedAt,
    deadlineAt: record.deadlineAt,
    provisional: record.deadlineProvisional,
    reviewDueAt: record.reviewDueAt,
    cancelDueAt: record.cancelDueAt,
    restrictedAt: record.restrictedAt,
    extensionsLeft: Math.max(0, record.policy.extension.times - record.extensions),
    maxExtensionDays: record.policy.extension.maxWorkingDays,
    appealsLeft: Math.max(0, record.policy.appeal.times - record.appeals),
    consequence: record.policy.consequence,
    acts: record.policy.acts,
    findings,
    freshlyConfirmed: freshness(keeper, record, now).kind === 'fails',
  };
}

/** Findings that say in one what others of the same check say host by host: told as one problem, with the hosts as evidence. */
const SUMMARIES: Record<string, string> = { 'empty-shell': 'no-host-resolves-here' };

type Foldable = CaseFinding & { parts: CaseFinding[] };

function foldSummaries(findings: CaseFinding[]): Foldable[] {
  const summaryOf = (one: CaseFinding): CaseFinding | undefined =>
    findings.find(
      ({ siteId, checkId, code, clearedAt }) =>
        siteId === one.siteId &&
        checkId === one.checkId &&
        code === SUMMARIES[checkId] &&
        (clearedAt === null) === (one.clearedAt === null),
    );
  return findings.flatMap((finding) => {
    const summary = summaryOf(finding);
    if (summary === undefined) return [{ ...finding, parts: [] }];
    if (summary !== finding) return [];
    return [{ ...finding, parts: findings.filter((one) => one !== finding && summaryOf(one) === finding) }];
  });
}

function viewFinding(keeper: CaseKeeper, finding: Foldable): CaseView['findings'][number] {
  const { checkId, code, about, parts, lastSeenAt, clearedAt } = finding;
  const codes = keeper.rules.checks.find(({ id }) => id === checkId)?.codes ?? {};
  const own = { code, about, params: ownersReason(finding.params) };
  const text = (of: Pick<CaseFinding, 'code' | 'params' | 'about'>, what: 'title' | 'remedy'): string =>
    fillText(codes[of.code]?.[what].zh ?? of.code, of);
  // Hosts all wrong in the same way: that way's own remedy says best what to do, once for all of them.
  const [first] = parts;
  const alike = first !== undefined && parts.every((part) => part.code === first.code);
  const hosts = parts.flatMap((part) => part.about ?? []).join('、');
  return {
    title: text(own, 'title'),
    remedy: alike ? text({ ...first, params: { ...first.params, host: hosts } }, 'remedy') : text(own, 'remedy'),
    evidence: first === undefined ? evidenceLines(finding) : parts.map((part) => partLine(part, text(part, 'title'))),
    lastSeenAt,
    standing: clearedAt === null,
    verdictId: finding.verdictId,
    numbers: [finding.params['number'], finding.params['shown']].filter((one) => typeof one === 'string'),
  };
}

function evidenceLines({ evidence }: CaseFinding): Fact[] {
  const lines = evidence.slice(0, SHOWN_EVIDENCE).map(ownersWords);
  const left = evidence.length - lines.length;
  return left === 0 ? lines : [...lines, { label: '其余依据', value: `另有 ${left} 条，可向我们索取` }];
}

/** One host of a folded problem: where it leads, and how many resolvers said so. */
function partLine(part: CaseFinding, title: string): Fact {
  const host = part.about ?? '';
  const answers = [...new Set(part.evidence.map(({ value }) => value.replace(/^\w+: /, '')))];
  const agreed = `${answers[0] ?? ''}（${part.evidence.length} 个解析服务器一致）`;
  const said = answers.length === 0 ? '' : answers.length === 1 ? `：${agreed}` : `：${answers.join('；')}`;
  return { label: host, value: `${title.replace(host, '').trim()}${said}` };
}

/** Why something could not be reached, as owners say it. */
const REASONS: [RegExp, string][] = [
  [/connection-refused/g, '连接被拒绝'],
  [/\btimeout\b/g, '连接超时'],
  [/\breset\b/g, '连接被重置'],
  [/\btls\b/g, 'HTTPS 握手失败'],
  [/no-address/g, '没有解析地址'],
  [/protocol-error/g, '返回内容不符合 HTTP 协议'],
  [/too-many-redirects/g, '重定向次数过多'],
  [/bad-redirect/g, '重定向地址有误'],
];

const inOwnersWords = (text: string): string =>
  REASONS.reduce((said, [pattern, words]) => said.replace(pattern, words), text);

const ownersReason = (params: CaseFinding['params']): CaseFinding['params'] =>
  params['reason'] === undefined ? params : { ...params, reason: inOwnersWords(String(params['reason'])) };

const LABELS: Record<string, string> = {
  registry: '注册局',
  page: '页面',
  status: '状态',
  text: '页面文字',
  link: '链接',
  url: '网址',
};
const OUTCOMES: [RegExp, string][] = [
  [/^answer: /, '解析到 '],
  [/^nxdomain: .*/, '域名不存在'],
  [/^nodata: .*/, '没有解析记录'],
  // A hop of a page: its code says it, the system's own words do not help an owner.
  [
    /^(\S+) (connection-refused|timeout|reset|tls|no-address|protocol-error|too-many-redirects|bad-redirect): .*/,
    '$1 $2',
  ],
  [/^expires (\S+); status (.*?); registrar /, '到期日 $1；状态 $2；注册商 '],
];

/** A line of evidence in the owner's words; what has none is shown as it was found. */
function ownersWords({ label, value }: { label: string; value: string }): Fact {
  const resolver = /^(\S+) @(\S+)$/.exec(label);
  const words = OUTCOMES.find(([pattern]) => pattern.test(value));
  return {
    label: resolver === null ? (LABELS[label] ?? label) : `${resolver[1]}（解析服务器 ${resolver[2]}）`,
    value: inOwnersWords(words === undefined ? value : value.replace(words[0], words[1])),
  };
}
