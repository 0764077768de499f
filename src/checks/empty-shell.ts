import type { HostAnswers, ResolverAnswer } from '../gather/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { type HostView, viewHost } from './host-view.ts';
import type { CheckDefinition, CheckInput, Evidence, Finding, Judgement } from './types.ts';

const REMEDY_HERE = {
  zh: '请二选一：① 网站在本服务商的：到购买域名的网站（或您做解析的服务商）打开“域名解析”，把 {host} 指向您在本服务商中国内地节点的服务器，并确保网站能打开；② 网站已搬到其他服务商的：到那一家办理“接入备案”，再取消在本服务商的接入。',
  en: 'Either point {host} at one of our mainland nodes and let it be visited there, or move the access to the provider really used (R1.6).',
};

/**
 * Empty-shell check 空壳网站核查 (R1): does the filed site still run on the access provider's mainland servers? The other half of
 * R1.1, a lapsed domain, is judged by domain-expiry at the registries' own pace (docs/decisions/0004).
 */
export const emptyShell: CheckDefinition = {
  id: 'empty-shell',
  version: 2,
  title: { zh: '空壳网站核查', en: 'Empty shell' },
  rules: ['R1.1', 'R1.7', 'R1.8', 'R17.6'],
  needs: ['dns'],
  codes: {
    ...commonCodes,
    'no-host-resolves-here': {
      severity: 'fail',
      title: { zh: '备案域名均未解析到本服务商中国内地服务器（空壳网站）', en: 'No host of the site resolves to us' },
      remedy: REMEDY_HERE,
    },
    'resolves-overseas': {
      severity: 'fail',
      title: {
        zh: '{host} 解析到本服务商的香港/境外节点（{region}），不属于中国内地节点',
        en: '{host} resolves to a Hong Kong or overseas region of ours ({region})',
      },
      remedy: {
        zh: '请把 {host} 的解析改到本服务商中国内地节点；如确需使用香港/境外节点，该网站无需备案，请办理取消接入或注销备案。',
        en: 'Point {host} at a mainland node, or give up the filing if the site is meant to stay overseas.',
      },
    },
    'resolves-to-other-provider': {
      severity: 'fail',
      title: { zh: '{host} 解析到其他服务商（{provider}）', en: '{host} resolves to another provider ({provider})' },
      remedy: REMEDY_HERE,
    },
    'resolves-to-filed-provider': {
      severity: 'fail',
      title: {
        zh: '{host} 只解析到同一备案的另一接入服务商（{provider}），未使用本服务商',
        en: '{host} resolves only to another access provider of the filing ({provider})',
      },
      remedy: {
        zh: '不再使用本服务商的，请办理取消在本服务商的接入（不影响在 {provider} 的接入和备案号）；仍要使用的，请把解析改到本服务商中国内地节点。',
        en: 'Cancel the access with us if it is not used (that with {provider} and the number stay), or point {host} at us.',
      },
    },
    'resolves-elsewhere': {
      severity: 'fail',
      title: {
        zh: '{host} 解析到的地址（{address}）不属于本服务商',
        en: '{host} resolves to {address}, which is not ours',
      },
      remedy: REMEDY_HERE,
    },
    'does-not-resolve': {
      severity: 'fail',
      title: { zh: '{host} 没有解析', en: '{host} does not resolve' },
      remedy: {
        zh: '请到购买域名的网站（或您做解析的服务商）打开“域名解析”，为 {host} 添加解析记录，指向您在本服务商中国内地节点的服务器。',
        en: 'Add an A or CNAME record for {host} that leads to a mainland server of ours.',
      },
    },
    mixed: {
      severity: 'warn',
      title: {
        zh: '部分主机名解析到本服务商，另一些没有（{elsewhere}）',
        en: 'Some hosts resolve to us, others do not ({elsewhere})',
      },
      remedy: {
        zh: '请确认 {elsewhere} 是否仍应使用；若仍使用，请解析到本服务商中国内地节点，或在实际服务商处办理接入备案。',
        en: 'Check whether {elsewhere} should be with us, or file its access with the provider used.',
      },
    },
    'filed-address-differs': {
      severity: 'warn',
      title: {
        zh: '解析地址 {address} 属于本服务商，但与备案登记的地址不一致',
        en: 'Resolves to {address}: ours, but not the filed address',
      },
      remedy: {
        zh: '请核对服务器是否更换；如已更换，请在备案系统办理变更。',
        en: 'Update the address in the filing if the server was changed (R17.6).',
      },
    },
    'resolvers-disagree': {
      severity: 'inconclusive',
      title: { zh: '不同解析服务器对 {host} 的回答不一致，暂不判定', en: 'Resolvers disagree about {host}' },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
    'bogus-answer': {
      severity: 'inconclusive',
      title: { zh: '{host} 的解析结果疑似被污染，暂不判定', en: 'The answer for {host} looks forged' },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: { zh: '未能取得 {host} 的解析结果（{reason}）', en: '{host} could not be observed ({reason})' },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
    'no-range-list': {
      severity: 'inconclusive',
      title: { zh: '缺少服务商 {provider} 的地址库，无法判定', en: 'No range list for provider {provider}' },
      remedy: { zh: '请联系管理员更新地址库。', en: 'Add config/providers/{provider}.yaml (patrol ranges update).' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const { filing, artifacts } = input;
  if (!input.knowsProvider(filing.accessProvider)) {
    return conclude([finding(emptyShell, 'no-range-list', { params: { provider: filing.accessProvider } })]);
  }
  const dns = artifacts.dns;
  if (dns === undefined || !dns.ok) {
    const reason = dns?.failure.message ?? 'not gathered';
    return conclude([finding(emptyShell, 'not-observed', { params: { host: filing.domains[0] ?? '', reason } })]);
  }
  const views = dns.value.hosts.map((answers) => ({ answers, view: viewHost(answers, input) }));
  const here = views.filter(({ view }) => view.kind === 'here');
  const blind = views.filter(({ view }) => isBlind(view));
  const away = views.filter(({ view }) => view.kind !== 'here' && !isBlind(view));
  if (views.length === 0)
    return conclude([finding(emptyShell, 'not-observed', { params: { host: '', reason: 'no host' } })]);

  // Hosts at another provider of the same filing are where the filing says (R1.5): they ask nothing of us.
  const stray = away.filter(({ view }) => !isFiledElsewhere(view, input));
  const every = here.length > 0 && stray.length === 0 && blind.length === 0;
  const passes = input.policy.hostRule === 'every' ? every : here.length > 0;
  if (passes)
    return conclude([
      ...mixed(stray),
      ...filedAddress(
        input,
        here.map(({ answers }) => answers),
      ),
    ]);
  if (blind.length > 0) return conclude(blind.map(({ answers, view }) => blindFinding(answers, view)));
  const findings = away.map(({ answers, view }) => awayFinding(answers, view, input));
  if (here.length === 0) findings.unshift(shell(input, views));
  return conclude(findings);
}

const isBlind = (view: HostView): boolean =>
  view.kind === 'unobserved' || view.kind === 'disagree' || view.kind === 'bogus';

function shell(input: CheckInput, views: { answers: HostAnswers; view: HostView }[]): Finding {
  return finding(emptyShell, 'no-host-resolves-here', {
    params: { host: input.filing.domains[0] ?? '', provider: input.filing.accessProvider, hosts: views.length },
    evidence: views.flatMap(({ answers }) => evidenceOf(answers)).slice(0, 24),
  });
}

const isFiledElsewhere = ({ kind, provider }: HostView, { filing }: CheckInput): boolean =>
  kind === 'other-provider' && provider !== null && (filing.otherProviders ?? []).includes(provider);

function awayFinding(answers: HostAnswers, view: HostView, input: CheckInput): Finding {
  const host = answers.host;
  const evidence = evidenceOf(answers);
  switch (view.kind) {
    case 'overseas':
      return finding(emptyShell, 'resolves-overseas', {
        about: host,
        params: { host, region: view.region ?? '境外' },
        evidence,
      });
    case 'other-provider':
      return finding(
        emptyShell,
        isFiledElsewhere(view, input) ? 'resolves-to-filed-provider' : 'resolves-to-other-provider',
        {
          about: host,
          params: { host, provider: view.provider ?? '' },
          evidence,
        },
      );
    case 'absent':
      return finding(emptyShell, 'does-not-resolve', { about: host, params: { host }, evidence });
    default:
      return finding(emptyShell, 'resolves-elsewhere', {
        about: host,
        params: { host, address: view.address ?? '' },
        evidence,
      });
  }
}

function blindFinding(answers: HostAnswers, view: HostView): Finding {
  const code =
    view.kind === 'disagree' ? 'resolvers-disagree' : view.kind === 'bogus' ? 'bogus-answer' : 'not-observed';
  return finding(emptyShell, code, {
    about: answers.host,
    params: { host: answers.host, reason: view.reason ?? '' },
    evidence: evidenceOf(answers),
  });
}

function mixed(away: { answers: HostAnswers; view: HostView }[]): Finding[] {
  // A bare apex or www without any record is common and harms nobody: only hosts that lead elsewhere are mixed (R1.8).
  const elsewhere = away.filter(({ view }) => view.kind !== 'absent');
  if (elsewhere.length === 0) return [];
  const names = elsewhere.map(({ answers }) => answers.host).join('、');
  return [
    finding(emptyShell, 'mixed', {
      params: { elsewhere: names },
      evidence: elsewhere.flatMap(({ answers }) => evidenceOf(answers)).slice(0, 24),
    }),
  ];
}

function filedAddress(input: CheckInput, hosts: HostAnswers[]): Finding[] {
  const filed = new Set(input.filing.filedAddresses);
  if (filed.size === 0) return [];
  const seen = new Set(hosts.flatMap(({ answers }) => answers.flatMap((answer) => [...answer.a, ...answer.aaaa])));
  const throughFront = hosts.some(({ answers }) => answers.some((answer) => answer.cnames.length > 0));
  if (throughFront || seen.size === 0 || [...seen].some((address) => filed.has(address))) return [];
  return [finding(emptyShell, 'filed-address-differs', { params: { address: [...seen].join(' ') } })];
}

function evidenceOf({ host, answers }: HostAnswers): Evidence[] {
  return answers.map((answer) => ({ label: `${host} @${answer.resolver}`, value: describeAnswer(answer) }));
}

function describeAnswer(answer: ResolverAnswer): string {
  const chain = answer.cnames.length > 0 ? `${answer.cnames.join(' → ')} → ` : '';
  const addresses = [...answer.a, ...answer.aaaa].join(' ');
  return `${answer.outcome}: ${chain}${addresses || '-'}`;
}
