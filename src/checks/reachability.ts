import type { Failure, PageHop } from '../gather/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import type { CheckDefinition, CheckInput, Evidence, Judgement } from './types.ts';

/** Reachability (R2.5, R1.3 D): does the home page answer? */
export const reachability: CheckDefinition = {
  id: 'reachability',
  version: 1,
  title: { zh: '网站可访问性', en: 'Reachability' },
  rules: ['R2.5', 'R1.3', 'R16.1'],
  needs: ['page'],
  wants: ['tls', 'dns'],
  settledByNumber: true,
  codes: {
    ...commonCodes,
    unreachable: {
      severity: 'warn',
      title: { zh: '网站首页无法访问（{reason}）', en: 'The home page cannot be reached ({reason})' },
      remedy: {
        zh: '请让管理服务器的人检查：服务器是否开机、网站程序是否在运行、80 和 443 端口是否开放（安全组、防火墙），直到 {host} 能打开。',
        en: 'Check that the server runs and ports 80 and 443 are open for {host}.',
      },
    },
    'server-error': {
      severity: 'warn',
      title: { zh: '网站首页返回错误（HTTP {status}）', en: 'The home page answers with an error (HTTP {status})' },
      remedy: {
        zh: '请修复网站程序，使 {host} 首页正常打开（HTTP 200）。',
        en: 'Mend the site so that the home page of {host} answers normally.',
      },
    },
    'bad-certificate': {
      severity: 'note',
      title: { zh: 'HTTPS 证书不受信任（{problem}）', en: 'The certificate is not trusted ({problem})' },
      remedy: { zh: '建议更换有效的 HTTPS 证书。', en: 'Install a valid certificate.' },
    },
    'access-refused': {
      severity: 'note',
      title: { zh: '首页拒绝了巡检访问（HTTP {status}）', en: 'The home page refused the patrol (HTTP {status})' },
      remedy: {
        zh: '网站可访问；如使用了防火墙，请放行巡检程序（User-Agent: beian-patrol），以便核对页脚备案号。',
        en: 'The site answers; let the patrol through the firewall so that the footer can be read.',
      },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: { zh: '本次未能访问首页（{reason}），暂不判定', en: 'The home page could not be observed ({reason})' },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

/**
 * Stated by the site's own side: a refused connection, or a name without address by every resolver that answered, and by as
 * many as policy asks (R16.2). Everything else may be ours or the network's (R16.1).
 */
function isStated(failure: Failure, host: string, { artifacts, policy }: CheckInput): boolean {
  if (failure.ours) return false;
  if (failure.code === 'connection-refused') return true;
  const dns = artifacts.dns;
  if (failure.code !== 'no-address' || dns === undefined || !dns.ok) return false;
  const answers = dns.value.hosts.find((one) => one.host === host)?.answers ?? [];
  const settled = answers.filter(({ outcome }) => ['answer', 'nxdomain', 'no-data'].includes(outcome));
  return settled.length >= policy.minResolvers && settled.every(({ outcome }) => outcome !== 'answer');
}

function judge(input: CheckInput): Judgement {
  const page = input.artifacts.page;
  const host = input.filing.domains[0] ?? '';
  if (page === undefined || !page.ok) {
    return conclude([finding(reachability, 'not-observed', { params: { host, reason: page?.failure.message ?? '' } })]);
  }
  const { attempts, document } = page.value;
  const hops = attempts.flatMap((attempt) => attempt.hops);
  const evidence = hops.slice(0, 12).map(describeHop);
  const severity = mustShow(input) ? 'fail' : 'warn';
  const statuses = attempts.map((attempt) => attempt.hops.at(-1)?.status ?? null).filter((status) => status !== null);
  const notes = certificates(input);
  if (document !== null && document.status < 400) return conclude(notes);
  if (statuses.some((status) => status < 400)) return conclude(notes);
  const refusedAccess = statuses.find((status) => status < 500);
  if (refusedAccess !== undefined) {
    return conclude([
      ...notes,
      finding(reachability, 'access-refused', { params: { status: refusedAccess }, evidence }),
    ]);
  }
  const serverError = statuses[0];
  if (serverError !== undefined) {
    return conclude([finding(reachability, 'server-error', { params: { host, status: serverError }, evidence })]);
  }
  const failures = hops.map((hop) => hop.failure).filter((failure) => failure !== null);
  const stated = attempts.every(({ host: tried, hops: steps }) =>
    steps.every(({ failure }) => failure === null || isStated(failure, tried, input)),
  );
  if (failures.length > 0 && stated) {
    const reason = [...new Set(failures.map((failure) => failure.code))].join(', ');
    return conclude([finding(reachability, 'unreachable', { severity, params: { host, reason }, evidence })]);
  }
  const reason = [...new Set(failures.map((failure) => failure.code))].join(', ') || 'no attempt';
  return conclude([finding(reachability, 'not-observed', { params: { host, reason }, evidence })]);
}

/** R2.5: Shanghai, Guangdong, Henan and Tibet insist; Tianjin once the number is older than half a year. */
function mustShow({ policy, filing, observedAt }: CheckInput): boolean {
  if (policy.province.mustShow === 'always') return true;
  if (policy.province.mustShow !== 'after-half-a-year' || filing.approvedAt === null) return false;
  return observedAt - Date.parse(`${filing.approvedAt}T00:00:00+08:00`) > 183 * 86_400_000;
}

function certificates({ artifacts }: CheckInput): ReturnType<typeof finding>[] {
  const tls = artifacts.tls;
  if (tls === undefined || !tls.ok) return [];
  const bad = tls.value.handshakes.find((handshake) => !handshake.trusted);
  if (bad === undefined) return [];
  return [finding(reachability, 'bad-certificate', { about: bad.host, params: { problem: bad.problem ?? 'unknown' } })];
}

function describeHop(hop: PageHop): Evidence {
  const outcome = hop.failure !== null ? `${hop.failure.code}: ${hop.failure.message}` : `HTTP ${hop.status}`;
  const target = hop.location === null ? '' : ` → ${hop.location}`;
  return { label: hop.url, value: `${hop.address ?? '-'} ${outcome}${target}` };
}
