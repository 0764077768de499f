import { registryInstant } from '../facts/registry-date.ts';
import type { RegistrationFacts } from '../facts/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import type { CheckDefinition, CheckInput, Finding, Judgement } from './types.ts';

const DAY_MS = 86_400_000;
const RENEW = {
  zh: '请立即到域名注册商处为 {domain} 续费，续费成功约 1 日后注册信息更新，再申请复查。',
  en: 'Renew {domain} at its registrar; the registry shows it about a day later.',
};

/** Domain expiry (R3.3, R3.7, R17.9): is the domain inside its registration period, and for how long? */
export const domainExpiry: CheckDefinition = {
  id: 'domain-expiry',
  version: 1,
  title: { zh: '域名有效期核查', en: 'Domain expiry' },
  rules: ['R3.3', 'R3.7', 'R3.10', 'R17.9'],
  needs: ['registration'],
  wants: ['dns'],
  codes: {
    ...commonCodes,
    expired: {
      severity: 'fail',
      title: { zh: '域名 {domain} 已于 {expiresAt} 过期', en: 'The domain {domain} expired on {expiresAt}' },
      remedy: RENEW,
    },
    redemption: {
      severity: 'fail',
      title: { zh: '域名 {domain} 已过期，现为“{status}”', en: 'The domain {domain} is in {status}' },
      remedy: {
        zh: '域名处于赎回/待删除期，请立即联系域名注册商赎回 {domain}；逾期将被删除，备案随之失效。',
        en: 'Redeem {domain} through its registrar at once, before it is deleted.',
      },
    },
    'on-hold': {
      severity: 'fail',
      title: { zh: '域名 {domain} 被暂停解析（{status}）', en: 'The domain {domain} is on hold ({status})' },
      remedy: {
        zh: '域名被注册商或注册局暂停（常见原因：未通过实名认证、欠费、违规）。请登录注册商控制台查看原因，完成实名认证或续费后恢复。',
        en: 'Ask the registrar why {domain} is on hold (often: real-name data, payment) and have it lifted.',
      },
    },
    'not-registered': {
      severity: 'fail',
      title: { zh: '域名 {domain} 未注册或已被删除', en: 'The domain {domain} is not registered' },
      remedy: {
        zh: '域名已不存在。若仍需使用，请重新注册并实名认证；否则请注销该网站备案。',
        en: 'Register {domain} again, or revoke the filing of the site.',
      },
    },
    expiring: {
      severity: 'warn',
      earlyWarning: true,
      title: {
        zh: '域名 {domain} 将于 {expiresAt} 到期（剩余 {daysLeft} 天，本省要求多于 {threshold} 天）',
        en: 'The domain {domain} expires on {expiresAt} ({daysLeft} days left, more than {threshold} wanted)',
      },
      remedy: RENEW,
    },
    'registry-contradicts-dns': {
      severity: 'inconclusive',
      title: {
        zh: '注册局称 {domain} 不存在，但未能由解析证实，暂不判定',
        en: 'The registry says {domain} does not exist, which DNS does not confirm',
      },
      remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
    },
    'no-expiry-shown': {
      severity: 'inconclusive',
      title: { zh: '注册局未给出 {domain} 的到期日', en: 'The registry shows no expiry date for {domain}' },
      remedy: { zh: '无需操作。', en: 'Nothing to do; the registry does not publish it.' },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: { zh: '未能取得 {domain} 的注册信息（{reason}）', en: 'No registration answer for {domain} ({reason})' },
      remedy: { zh: '无需操作，系统会再次查询。', en: 'Nothing to do; it is asked again.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const registration = input.artifacts.registration;
  if (registration === undefined || !registration.ok) {
    const reason = registration?.failure.message ?? 'not gathered';
    return conclude([
      finding(domainExpiry, 'not-observed', { params: { domain: input.filing.domains[0] ?? '', reason } }),
    ]);
  }
  const findings: Finding[] = [];
  let soonest = Number.POSITIVE_INFINITY;
  for (const { domain, artifact } of registration.value.domains) {
    if (!artifact.ok) {
      findings.push(
        finding(domainExpiry, 'not-observed', { about: domain, params: { domain, reason: artifact.failure.message } }),
      );
      continue;
    }
    const daysLeft = artifact.value.expiresAt === null ? 0 : daysUntil(artifact.value.expiresAt, input.observedAt);
    soonest = Math.min(soonest, daysLeft);
    findings.push(...judgeDomain(domain, artifact.value, input));
  }
  if (registration.value.domains.length === 0) {
    findings.push(finding(domainExpiry, 'not-observed', { params: { domain: '', reason: 'no domain' } }));
  }
  return conclude(findings, nextLook(input, soonest));
}

function judgeDomain(domain: string, facts: RegistrationFacts, input: CheckInput): Finding[] {
  const about = domain;
  if (facts.found === 'refused') {
    return [
      finding(domainExpiry, 'not-observed', {
        about,
        params: { domain, reason: 'the registry refused or gave no usable answer' },
      }),
    ];
  }
  if (facts.found === false) {
    const code = stillResolves(domain, input) ? 'registry-contradicts-dns' : 'not-registered';
    return [finding(domainExpiry, code, { about, params: { domain } })];
  }
  const evidence = [
    {
      label: 'registry',
      value: `expires ${facts.expiresAt ?? '-'}; status ${facts.statuses.join(', ') || '-'}; registrar ${facts.registrar ?? '-'}`,
    },
  ];
  const redemption = facts.statuses.find((status) =>
    /^(?:redemption ?period|pending ?delete|pending ?restore)$/i.test(status),
  );
  if (redemption !== undefined) {
    return [finding(domainExpiry, 'redemption', { about, params: { domain, status: redemption }, evidence })];
  }
  const findings: Finding[] = [];
  const hold = facts.statuses.find((status) => /^(?:client ?hold|server ?hold)$/i.test(status));
  if (hold !== undefined)
    findings.push(finding(domainExpiry, 'on-hold', { about, params: { domain, status: hold }, evidence }));
  if (facts.expiresAt === null) {
    if (findings.length === 0)
      findings.push(finding(domainExpiry, 'no-expiry-shown', { about, params: { domain }, evidence }));
    return findings;
  }
  const expiresAt = facts.expiresAt.slice(0, 10);
  const daysLeft = daysUntil(facts.expiresAt, input.observedAt);
  const threshold = input.policy.province.remainingDays;
  if (registryInstant(facts.expiresAt) < input.observedAt) {
    findings.push(finding(domainExpiry, 'expired', { about, params: { domain, expiresAt }, evidence }));
  } else if (daysLeft <= threshold) {
    findings.push(
      finding(domainExpiry, 'expiring', { about, params: { domain, expiresAt, daysLeft, threshold }, evidence }),
    );
  }
  return findings;
}

function daysUntil(expiresAt: string, now: number): number {
  return Math.floor((registryInstant(expiresAt) - now) / DAY_MS);
}

/** A domain that answers with addresses is registered, whatever a hurried registry server says (R16.1). */
function stillResolves(domain: string, { artifacts }: CheckInput): boolean {
  const dns = artifacts.dns;
  // Never asked (an offline audit), or asked without an answer: it may well resolve.
  if (dns === undefined || !dns.ok) return true;
  const own = dns.value.hosts.filter(({ host }) => host === domain || host.endsWith(`.${domain}`));
  const answers = own.flatMap((host) => host.answers);
  return answers.length === 0 || answers.some((answer) => answer.outcome !== 'nxdomain');
}

/** Asked rarely while the expiry is far, daily once it is near (design §3). */
function nextLook({ observedAt, policy }: CheckInput, daysLeft: number): number {
  const margin = Number.isFinite(daysLeft) ? daysLeft - policy.province.remainingDays : 1;
  const days = margin > 60 ? 30 : margin > 14 ? 7 : 1;
  return observedAt + days * DAY_MS;
}
