import type { CaseKeeper } from '../cases/keeper.ts';
import { freshness } from '../cases/sight.ts';
import type { CaseFinding, CaseRecord } from '../cases/types.ts';
import { fillText } from '../checks/conclude.ts';
import { evidenceZh, isHowWeLooked, paramsZh } from '../checks/evidence-words.ts';
import type { Filing } from '../filing/types.ts';
import { openFinding } from '../privacy/open-names.ts';
import { type DnsRecord, recordsToSet } from './dns-records.ts';
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
    /** DNS records that would mend it (R1.6). */
    records: DnsRecord[];
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
  const findings = foldSummaries(ledger.cases.findings(record.id).map(openFinding)).map((finding) =>
    viewFinding(keeper, finding, site?.filing ?? null),
  );
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

function viewFinding(keeper: CaseKeeper, finding: Foldable, filing: Filing | null): CaseView['findings'][number] {
  const { checkId, code, about, parts, lastSeenAt, clearedAt } = finding;
  const codes = keeper.rules.checks.find(({ id }) => id === checkId)?.codes ?? {};
  const own = { code, about, params: ownersParams(keeper, finding.params) };
  const text = (of: Pick<CaseFinding, 'code' | 'params' | 'about'>, what: 'title' | 'remedy'): string =>
    fillText(codes[of.code]?.[what].zh ?? of.code, of);
  // Hosts all wrong in the same way: that way's own remedy says best what to do, once for all of them.
  const [first] = parts;
  const alike = first !== undefined && parts.every((part) => part.code === first.code);
  const hosts = parts.flatMap((part) => part.about ?? []).join('、');
  return {
    title: text(own, 'title'),
    remedy: alike ? text({ ...first, params: { ...first.params, host: hosts } }, 'remedy') : text(own, 'remedy'),
    records: filing === null ? [] : recordsToSet(first === undefined ? [finding] : parts, filing, whereNow),
    evidence: first === undefined ? evidenceLines(finding) : parts.map((part) => partLine(part, text(part, 'title'))),
    lastSeenAt,
    standing: clearedAt === null,
    verdictId: finding.verdictId,
    numbers: [finding.params['number'], finding.params['shown']].filter((one) => typeof one === 'string'),
  };
}

function evidenceLines({ evidence }: CaseFinding): Fact[] {
  const told = evidence.filter((one) => !isHowWeLooked(one));
  const lines = told.slice(0, SHOWN_EVIDENCE).map(evidenceZh);
  const left = told.length - lines.length;
  return left === 0 ? lines : [...lines, { label: '其余依据', value: `另有 ${left} 条，可向我们索取` }];
}

/** Where a host leads now, as most resolvers said. */
function whereNow({ evidence }: CaseFinding): string | null {
  const [first] = evidence;
  return first === undefined ? null : evidenceZh(first).value.replace(/^解析到 /, '');
}

/** One host of a folded problem: where it leads, and how many resolvers said so. */
function partLine(part: CaseFinding, title: string): Fact {
  const host = part.about ?? '';
  const answers = [...new Set(part.evidence.map((one) => evidenceZh(one).value))];
  const agreed = `${answers[0] ?? ''}（${part.evidence.length} 个解析服务器一致）`;
  const said = answers.length === 0 ? '' : answers.length === 1 ? `：${agreed}` : `：${answers.join('；')}`;
  return { label: host, value: `${title.replace(host, '').trim()}${said}` };
}

/** Parameters in the owner's words; a provider by its name. */
function ownersParams({ rules }: CaseKeeper, params: CaseFinding['params']): CaseFinding['params'] {
  const { provider } = params;
  const title = provider === undefined ? undefined : rules.providerTitle?.(String(provider));
  return { ...paramsZh(params), ...(title !== undefined && { provider: title }) };
}
