import ipaddr from 'ipaddr.js';
import type { ResolverAnswer } from '../gather/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { isFront, viewHost } from './host-view.ts';
import type { ProvincePolicy } from './policy.ts';
import type { CheckDefinition, CheckInput, Finding, Judgement } from './types.ts';

const MEND = {
  zh: '请在备案系统变更网站 IP（或更新经营许可证的合同、报备 IP），使三者一致；也可把解析改回登记的地址。',
  en: 'Make contract, reported and resolved address agree: change the filing, or point the site back.',
};

/** Commercial licence addresses 经营性备案 IP (R8): contract, reported and resolved address by the province's rule. */
export const licenceIp: CheckDefinition = {
  id: 'licence-ip',
  version: 1,
  title: { zh: '经营性备案 IP 核查', en: 'Licence addresses' },
  rules: ['R8', 'R5'],
  needs: ['dns', 'filed'],
  codes: {
    ...commonCodes,
    'contract-differs': {
      severity: 'fail',
      title: {
        zh: '解析 IP（{resolved}）与合同 IP（{contract}）不一致',
        en: 'Resolved {resolved}, but the contract says {contract}',
      },
      remedy: MEND,
    },
    'reported-differs': {
      severity: 'fail',
      title: {
        zh: '解析 IP（{resolved}）与报备 IP（{reported}）不一致',
        en: 'Resolved {resolved}, but {reported} was reported',
      },
      remedy: MEND,
    },
    'families-differ': {
      severity: 'warn',
      title: {
        zh: '解析 IP（{resolved}）与登记 IP（合同 {contract}；报备 {reported}）不是同一类地址，无法比对',
        en: 'Resolved {resolved}, but contract ({contract}) and report ({reported}) name the other family only',
      },
      remedy: MEND,
    },
    'outside-province': {
      severity: 'fail',
      title: {
        zh: 'IP {address} 位于{found}，本省要求服务器在{province}',
        en: '{address} is in {found}, the province asks for {province}',
      },
      remedy: MEND,
    },
    'province-unknown': {
      severity: 'inconclusive',
      leavesOpen: ['outside-province'],
      title: { zh: 'IP {address} 的省份未知，暂不判定', en: 'The province of {address} is unknown' },
      remedy: { zh: '无需操作。', en: 'Admins: set data.addressProvinces to a list of your own.' },
    },
    'not-reported': {
      severity: 'note',
      title: { zh: '导入数据没有合同或报备 IP，未核查', en: 'The import gives no contract or reported address' },
      remedy: { zh: '无需操作。', en: 'Admins: import contract_addresses and reported_addresses.' },
    },
    'city-unknown': {
      severity: 'note',
      title: {
        zh: '导入数据没有城市，无法判断是否属于深圳，未核查',
        en: 'The import gives no city: Shenzhen is exempt',
      },
      remedy: { zh: '无需操作。', en: 'Admins: import city.' },
    },
    'through-front': {
      severity: 'note',
      title: {
        zh: '网站经 CDN/高防等访问，源站 IP 无法比对',
        en: 'The site stands behind a front: its own address cannot be compared',
      },
      remedy: { zh: '无需操作。', en: 'Nothing to do.' },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: { zh: '未能取得解析结果（{reason}），暂不判定', en: 'The address could not be observed ({reason})' },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

const REGION: Partial<Record<ProvincePolicy['licenceIp'], string>> = {
  'all-equal-in-beijing': '北京',
  'all-equal-in-liaoning': '辽宁',
  'all-in-guangdong': '广东',
};

/** Addresses are compared as addresses, however they are written. */
const plain = (address: string): string => (ipaddr.isValid(address) ? ipaddr.process(address).toString() : address);

const family = (address: string): string => (address.includes(':') ? 'ipv6' : 'ipv4');

function judge(input: CheckInput): Judgement {
  const { filing, artifacts, policy } = input;
  const rule = policy.province.licenceIp;
  const filed = artifacts.filed?.ok === true ? artifacts.filed.value : null;
  const licensed = filing.licenceNumber !== null || filed?.telecomLicence !== undefined;
  if (!licensed || rule === 'none' || filed === null) return conclude([]);
  // S3 §3: Guangdong's rule does not hold for Shenzhen.
  if (rule === 'all-in-guangdong' && filed.city === undefined) return conclude([finding(licenceIp, 'city-unknown')]);
  if (rule === 'all-in-guangdong' && /深圳|shen ?zhen/i.test(filed.city ?? '')) return conclude([]);
  const dns = artifacts.dns;
  if (dns === undefined || !dns.ok) return conclude([blind(dns?.failure.message ?? 'not gathered')]);
  const seen = dns.value.hosts.filter(({ host }) => filing.domains.includes(host) || filing.hosts.includes(host));
  const views = seen.map((answers) => ({ answers, view: viewHost(answers, input) }));
  const given = views.flatMap(({ answers }) => answers.answers);
  const fronted = ({ a, aaaa, cnames }: ResolverAnswer): boolean =>
    cnames.some((name) => isFront(input.whoseName(name))) ||
    [...a, ...aaaa].some((address) => isFront(input.whoseAddress(address)));
  if (given.some(fronted)) return conclude([finding(licenceIp, 'through-front')]);
  const blindly = views.find(({ view }) => ['unobserved', 'disagree', 'bogus'].includes(view.kind));
  if (views.length === 0 || blindly !== undefined) return conclude([blind(blindly?.view.reason ?? 'no host')]);
  const resolved = [...new Set(given.flatMap(({ a, aaaa }) => [...a, ...aaaa]).map(plain))].sort();
  // A name that leads nowhere is the shell check's to say; it acquits nobody here.
  if (resolved.length === 0) return conclude([blind('the names lead nowhere')]);
  const contract = (filed.contractAddresses ?? []).map(plain);
  const reported = (filed.reportedAddresses ?? []).map(plain);
  if (contract.length === 0 && reported.length === 0) return conclude([finding(licenceIp, 'not-reported')]);
  const findings: Finding[] = [];
  const params = { resolved: resolved.join(' '), contract: contract.join(' '), reported: reported.join(' ') };
  // A contract that names only IPv4 says nothing of the IPv6 addresses beside it.
  const differs = (list: string[]): boolean => {
    const families = new Set(list.map(family));
    return !resolved.filter((address) => families.has(family(address))).every((address) => list.includes(address));
  };
  const listed = [...contract, ...reported];
  if (rule !== 'all-in-guangdong' && !resolved.some((address) => listed.some((one) => family(one) === family(address))))
    return conclude([finding(licenceIp, 'families-differ', { params })]);
  if (rule !== 'all-in-guangdong' && differs(contract))
    findings.push(finding(licenceIp, 'contract-differs', { params }));
  if (rule.startsWith('all-equal') && differs(reported))
    findings.push(finding(licenceIp, 'reported-differs', { params }));
  const province = REGION[rule] ?? null;
  if (province !== null)
    for (const address of new Set([...resolved, ...(province === '广东' ? [...contract, ...reported] : [])]))
      findings.push(...judgeProvince(address, province, input));
  return conclude(findings);
}

function judgeProvince(address: string, province: string, { reference }: CheckInput): Finding[] {
  const found = reference.addressProvince(address);
  if (found === province) return [];
  const params = { address, province, found: found ?? '' };
  return [finding(licenceIp, found === null ? 'province-unknown' : 'outside-province', { about: address, params })];
}

function blind(reason: string): Finding {
  return finding(licenceIp, 'not-observed', { params: { reason } });
}
