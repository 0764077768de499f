import type { FiledDetails } from '../facts/filed.ts';
import type { PageHop } from '../gather/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { DAY_MS, dateInstant, daysUntilDate } from './days.ts';
import { viewHost } from './host-view.ts';
import type { CheckDefinition, CheckInput, Evidence, Finding, Judgement } from './types.ts';

const RENEW = {
  zh: '请登录控制台为服务器续费；若已更换服务器，请在备案系统变更接入信息，并把解析指向新服务器。',
  en: 'Renew the server, or change the access in the filing if another server is used.',
};

/** Access record 访问记录 (R1.3, R1.9, R14): does the filed server still stand, is it visited, are its filing codes in order? */
export const accessRecord: CheckDefinition = {
  id: 'access-record',
  version: 1,
  title: { zh: '接入与访问记录核查', en: 'Access record' },
  rules: ['R1.3', 'R1.6', 'R1.9', 'R14'],
  needs: ['filed', 'page'],
  wants: ['dns'],
  codes: {
    ...commonCodes,
    'lease-ended': {
      severity: 'fail',
      title: {
        zh: '备案服务器已于 {until} 到期，且网站在本服务商无访问',
        en: 'The server lapsed on {until}, and nothing answers on our addresses',
      },
      remedy: RENEW,
    },
    'lease-ended-but-served': {
      severity: 'warn',
      title: {
        zh: '备案服务器登记的到期日 {until} 已过，但网站仍在本服务商可访问',
        en: 'The lease ended on {until}, yet the site is served from here',
      },
      remedy: RENEW,
    },
    'lease-ended-unseen': {
      severity: 'inconclusive',
      title: {
        zh: '备案服务器登记的到期日 {until} 已过，本次未能访问网站，暂不判定',
        en: 'The lease ended on {until}; the site could not be observed',
      },
      remedy: RENEW,
    },
    'lease-ending': {
      severity: 'warn',
      earlyWarning: true,
      brief: '备案服务器即将到期',
      title: {
        zh: '备案服务器将于 {until} 到期（剩余 {daysLeft} 天）',
        en: 'The server lapses on {until} ({daysLeft} days left)',
      },
      remedy: RENEW,
    },
    'lease-too-short': {
      severity: 'warn',
      title: {
        zh: '{kind}的购买时长 {months} 个月，备案要求 {wanted} 个月及以上',
        en: 'The lease of {months} months is shorter than the {wanted} asked of {kind}',
      },
      remedy: { zh: '请续费，使包年包月时长满足备案要求。', en: 'Extend the lease.' },
    },
    'codes-over-quota': {
      severity: 'warn',
      title: {
        zh: '该服务器备案了 {used} 个网站，超过 {limit} 个备案服务号的上限',
        en: '{used} sites are filed with one server, its codes allow {limit}',
      },
      remedy: {
        zh: '由服务商核对备案服务号，网站负责人无需操作。',
        en: 'Admins: check the filing codes of the server; used codes are never free again (R14).',
      },
    },
    'lease-not-updated': {
      severity: 'warn',
      title: {
        zh: '备案服务器登记的到期日 {until} 已过，此后备案数据未更新，无法核对是否续费',
        en: 'The lease ended on {until}, and nothing was imported since: it may have been renewed',
      },
      remedy: { zh: '无需操作，由服务商更新数据。', en: 'Admins: import the filings again.' },
    },
    'no-visits': {
      severity: 'fail',
      title: {
        zh: '网站解析到本服务商，但 {days} 天以上没有访问记录且无法访问',
        en: 'The site points here, but was not visited for over {days} days and does not answer',
      },
      remedy: {
        zh: '请确保服务器运行、网站程序启动、80/443 端口放行，使 {host} 可以打开；有访问后系统会自动通过。',
        en: 'Let the server answer on {host}; a visit is an access record.',
      },
    },
    'no-record-known': {
      severity: 'warn',
      title: {
        zh: '网站解析到本服务商但无法访问，也没有访问记录数据',
        en: 'The site points here but does not answer, and no visits were imported',
      },
      remedy: { zh: '请确保 {host} 可以打开。', en: 'Let the server answer on {host}.' },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: {
        zh: '本次未能核对访问记录（{reason}），暂不判定',
        en: 'The access record could not be observed ({reason})',
      },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

/** What answered on our own addresses. `refused`: the site's side said no; `elsewhere`: the names do not lead here. */
type Record = { kind: 'answers' | 'refused' | 'elsewhere' | 'unseen'; evidence: Evidence[]; reason: string };

function judge(input: CheckInput): Judgement {
  const filed = input.artifacts.filed;
  if (filed === undefined || !filed.ok) return conclude([blind('nothing is filed')]);
  const record = recordOf(input);
  const said = [...leases(filed.value, record, input), ...visits(filed.value, record, input)];
  // Not seen is no pass: it would acquit what stands.
  const unseen = record.kind === 'unseen' && !said.some(({ severity }) => severity === 'inconclusive');
  const findings = [...said, ...(unseen ? [blind(record.reason)] : []), ...quota(filed.value, input)];
  const until = filed.value.leaseEndsAt;
  const daysLeft = until === null ? Number.POSITIVE_INFINITY : daysUntilDate(until, input.observedAt);
  const soon = daysLeft <= input.policy.windows.leaseDays + 7;
  return conclude(findings, soon ? input.observedAt + DAY_MS : undefined);
}

/** R1.3 D: any HTTP answer of an address of ours is a visit. */
function recordOf(input: CheckInput): Record {
  const { page, dns } = input.artifacts;
  if (page === undefined || !page.ok)
    return { kind: 'unseen', evidence: [], reason: page?.failure.message ?? 'not gathered' };
  const hops = page.value.attempts.flatMap(({ hops: steps }) => steps);
  const evidence = hops.slice(0, 8).map(describe);
  const hosts = dns?.ok === true ? dns.value.hosts : [];
  const views = new Map(hosts.map((answers) => [answers.host, viewHost(answers, input).kind]));
  const ours = hops.filter((hop) => isOurs(hop, views, input));
  if (ours.some(({ status }) => status !== null)) return { kind: 'answers', evidence, reason: '' };
  const here = [...views].filter(([, kind]) => kind === 'here').map(([host]) => host);
  const blindly = [...views.values()].some((kind) => ['unobserved', 'disagree', 'bogus'].includes(kind));
  if (views.size > 0 && here.length === 0)
    return { kind: blindly ? 'unseen' : 'elsewhere', evidence, reason: 'DNS was not observed' };
  const tried = new Set(ours.map(hostOf));
  const untried = here.find((host) => !tried.has(host));
  const refused =
    untried === undefined && ours.length > 0 && ours.every(({ failure }) => failure?.code === 'connection-refused');
  const lost = hops.find(({ failure }) => failure !== null)?.failure?.message ?? 'no attempt';
  return {
    kind: refused ? 'refused' : 'unseen',
    evidence,
    reason: untried === undefined ? lost : `${untried} was not tried`,
  };
}

const hostOf = ({ url }: PageHop): string => URL.parse(url)?.hostname ?? '';

/** Addresses of our own front may sit in carriers' networks (R1.7): what leads here by DNS counts. */
function isOurs(hop: PageHop, views: ReadonlyMap<string, string>, input: CheckInput): boolean {
  if (hop.address === null) return false;
  return views.get(hostOf(hop)) === 'here' || input.whoseAddress(hop.address)?.provider === input.filing.accessProvider;
}

function leases(
  { leaseEndsAt, leaseStartsAt, confirmedAt }: FiledDetails,
  record: Record,
  input: CheckInput,
): Finding[] {
  if (leaseEndsAt === null) return [];
  const findings: Finding[] = [];
  const daysLeft = daysUntilDate(leaseEndsAt, input.observedAt);
  const params = { until: leaseEndsAt, daysLeft };
  const { evidence } = record;
  if (daysLeft < 0) {
    // Renewed since the last import? Then nobody told us.
    const told = confirmedAt >= dateInstant(leaseEndsAt) + DAY_MS;
    const ended = {
      answers: 'lease-ended-but-served',
      unseen: 'lease-ended-unseen',
      refused: 'lease-ended',
      elsewhere: 'lease-ended',
    } as const;
    const code = told || record.kind === 'answers' ? ended[record.kind] : 'lease-not-updated';
    findings.push(finding(accessRecord, code, { params, evidence }));
  } else if (daysLeft <= input.policy.windows.leaseDays)
    findings.push(finding(accessRecord, 'lease-ending', { params, evidence: [] }));
  const kind = input.filing.product === null ? null : input.reference.serverKind(input.filing.product);
  if (kind !== null && leaseStartsAt !== undefined) {
    const months = wholeMonths(leaseStartsAt, leaseEndsAt);
    if (months < kind.minLeaseMonths)
      findings.push(
        finding(accessRecord, 'lease-too-short', { params: { kind: kind.zh, months, wanted: kind.minLeaseMonths } }),
      );
  }
  return findings;
}

/** Whole calendar months between two dates, both days included. */
function wholeMonths(from: string, to: string): number {
  const [y1 = 0, m1 = 0, d1 = 0] = from.split('-').map(Number);
  const [y2 = 0, m2 = 0, d2 = 0] = to.split('-').map(Number);
  return (y2 - y1) * 12 + (m2 - m1) - (d2 + 1 < d1 ? 1 : 0);
}

function visits(
  { lastVisitAt, leaseEndsAt, confirmedAt, seenAt }: FiledDetails,
  record: Record,
  input: CheckInput,
): Finding[] {
  if (record.kind !== 'refused') return [];
  // The lapsed lease says it already.
  if (leaseEndsAt !== null && daysUntilDate(leaseEndsAt, input.observedAt) < 0) return [];
  const host = input.filing.domains[0] ?? '';
  const days = input.policy.windows.accessRecordDays;
  const since = input.observedAt - days * DAY_MS;
  // Our own looks are visits too.
  if (seenAt !== null && seenAt >= since) return [];
  if (lastVisitAt !== undefined && dateInstant(lastVisitAt) >= since) return [];
  // An import says nothing of visits after it: it must itself have seen the whole window go by.
  if (lastVisitAt === undefined || confirmedAt < dateInstant(lastVisitAt) + days * DAY_MS)
    return [finding(accessRecord, 'no-record-known', { params: { host }, evidence: record.evidence })];
  const evidence = [{ label: 'last visit', value: lastVisitAt }, ...record.evidence];
  return [finding(accessRecord, 'no-visits', { params: { host, days }, evidence })];
}

/** R14: filing codes a server; a used code is never free again, so sites are counted whatever their state. */
function quota({ sitesOnServer }: FiledDetails, { filing, reference }: CheckInput): Finding[] {
  const kind = filing.product === null ? null : reference.serverKind(filing.product);
  if (kind === null || sitesOnServer === null || sitesOnServer <= kind.filingCodes) return [];
  return [finding(accessRecord, 'codes-over-quota', { params: { used: sitesOnServer, limit: kind.filingCodes } })];
}

function describe(hop: PageHop): Evidence {
  return { label: hop.url, value: `${hop.address ?? '-'} ${hop.failure?.code ?? `HTTP ${hop.status}`}` };
}

function blind(reason: string): Finding {
  return finding(accessRecord, 'not-observed', { params: { reason } });
}
