import type { CaseKeeper } from '../cases/keeper.ts';
import type { CaseRecord } from '../cases/types.ts';
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
  extensionsLeft: number;
  maxExtensionDays: number;
  appealsLeft: number;
  consequence: string;
  findings: { title: string; remedy: string; evidence: Fact[]; lastSeenAt: number; standing: boolean }[];
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
  const findings = ledger.cases
    .findings(record.id)
    .map(({ checkId, code, about, params, evidence, lastSeenAt, clearedAt }) => {
      const definition = rules.checks.find(({ id }) => id === checkId)?.codes[code];
      const fill = (text: string | undefined): string => fillText(text ?? code, { params, about });
      return {
        title: fill(definition?.title.zh),
        remedy: fill(definition?.remedy.zh),
        evidence: evidence.slice(0, SHOWN_EVIDENCE).map(ownersWords),
        lastSeenAt,
        standing: clearedAt === null,
      };
    });
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
    extensionsLeft: Math.max(0, record.policy.extension.times - record.extensions),
    maxExtensionDays: record.policy.extension.maxWorkingDays,
    appealsLeft: Math.max(0, record.policy.appeal.times - record.appeals),
    consequence: record.policy.consequence,
    findings,
    freshlyConfirmed: keeper.freshness(record, now).kind === 'fails',
  };
}

const LABELS: Record<string, string> = { registry: '注册局', page: '页面', status: '状态' };
const OUTCOMES: [RegExp, string][] = [
  [/^answer: /, '解析到 '],
  [/^nxdomain: .*/, '域名不存在'],
  [/^nodata: .*/, '没有解析记录'],
  [/^expires (\S+); status (.*?); registrar /, '到期日 $1；状态 $2；注册商 '],
];

/** A line of evidence in the owner's words; what has none is shown as it was found. */
function ownersWords({ label, value }: { label: string; value: string }): Fact {
  const resolver = /^(\S+) @(\S+)$/.exec(label);
  const words = OUTCOMES.find(([pattern]) => pattern.test(value));
  return {
    label: resolver === null ? (LABELS[label] ?? label) : `${resolver[1]}（解析服务器 ${resolver[2]}）`,
    value: words === undefined ? value : value.replace(words[0], words[1]),
  };
}
