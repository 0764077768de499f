import { compareNames } from '../facts/holder-name.ts';
import { registryInstant } from '../facts/registry-date.ts';
import type { RegistrationFacts } from '../facts/types.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { DAY_MS, dateInstant, datePlus } from './days.ts';
import { verificationCodes } from './domain-verification-codes.ts';
import type { CheckDefinition, CheckInput, Finding, Judgement } from './types.ts';

/** Domain verification 域名核验 (R3): approved top level and registrar, holder = subject, real-name hints. */
export const domainVerification: CheckDefinition = {
  id: 'domain-verification',
  version: 1,
  title: { zh: '域名核验', en: 'Domain verification' },
  rules: ['R3.1', 'R3.2', 'R3.4', 'R3.5', 'R3.6', 'R3.8', 'R3.9', 'R3.11', 'R17.3', 'R17.7', 'R17.9'],
  needs: ['registration', 'names', 'filed'],
  oftenBlind: true,
  codes: { ...commonCodes, ...verificationCodes },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const { filing, artifacts, policy } = input;
  const { registration } = artifacts;
  const again = input.observedAt + 30 * DAY_MS;
  if (inScope(input) === 'before') {
    const params = { since: policy.verifyDomainsSince, approvedAt: filing.approvedAt ?? '' };
    return conclude([finding(domainVerification, 'before-verification', { params })], again);
  }
  if (registration === undefined || !registration.ok) {
    const reason = registration?.failure.message ?? 'not gathered';
    return conclude([blind(filing.domains[0] ?? '', reason)]);
  }
  const findings = registration.value.domains.flatMap(({ domain, artifact }): Finding[] => [
    ...judgeTopLevel(domain, input),
    ...(artifact.ok ? judgeRegistration(domain, artifact.value, input) : [blind(domain, artifact.failure.message)]),
  ]);
  if (registration.value.domains.length === 0) findings.push(blind('', 'no domain'));
  if (policy.province.oneDomainPerSite && registration.value.domains.length > 1)
    findings.push(
      finding(domainVerification, 'several-domains', { params: { count: registration.value.domains.length } }),
    );
  const weighed = inScope(input) === 'unknown' ? findings.map(doubtful) : findings;
  // What a registry hides stays hidden tomorrow: only what could not be asked is asked again soon.
  const unasked = weighed.some(({ code, severity }) => severity === 'inconclusive' && code === 'not-observed');
  return { ...conclude(weighed, again), ...(!unasked && { settled: true as const }) };
}

/** R3.11: domains approved before the date are verified only when something was changed. */
function inScope({ filing, policy, artifacts }: CheckInput): 'before' | 'in' | 'unknown' {
  const changed = artifacts.filed?.ok === true ? artifacts.filed.value.realNameChangedAt : undefined;
  if (changed !== undefined && changed >= policy.verifyDomainsSince) return 'in';
  if (filing.approvedAt === null) return 'unknown';
  return filing.approvedAt < policy.verifyDomainsSince ? 'before' : 'in';
}

/** Whether the rules apply at all is not known: nothing may be accused by them. */
function doubtful(one: Finding): Finding {
  return one.severity === 'fail' ? { ...one, severity: 'inconclusive' } : one;
}

function judgeTopLevel(domain: string, { reference, filing }: CheckInput): Finding[] {
  const about = domain;
  const tld = `.${domain.slice(domain.lastIndexOf('.') + 1)}`;
  const status = reference.tldStatus(domain);
  const params = { domain, tld };
  if (status === 'refused') return [finding(domainVerification, 'tld-not-approved', { about, params, reviewKey: tld })];
  if (status === 'foreign-country')
    return [finding(domainVerification, 'foreign-country-tld', { about, params, reviewKey: tld })];
  if (!reference.tldAcceptedIn(filing.province, domain))
    return [
      finding(domainVerification, 'tld-not-in-province-list', {
        about,
        params: { ...params, province: filing.province },
      }),
    ];
  return status === 'unknown' ? [finding(domainVerification, 'tld-unlisted', { about, params })] : [];
}

function judgeRegistration(domain: string, facts: RegistrationFacts, input: CheckInput): Finding[] {
  if (facts.found === 'refused') return [blind(domain, 'the registry refused or gave no usable answer')];
  // A domain that is gone is domain-expiry's to say.
  if (facts.found === false) return [];
  return [...judgeRegistrar(domain, facts, input), ...realName(domain, facts), ...judgeHolder(domain, facts, input)];
}

function judgeRegistrar(domain: string, { registrar }: RegistrationFacts, input: CheckInput): Finding[] {
  if (registrar === null) return [];
  const known = input.reference.registrar(registrar);
  const params = { domain, registrar };
  const evidence = [{ label: 'registrar', value: registrar }];
  if (known === null) return [finding(domainVerification, 'registrar-unlisted', { about: domain, params, evidence })];
  if (known.kind === 'approved') return [];
  const code = input.policy.province.domesticRegistrar ? 'registered-abroad' : 'registrar-not-approved';
  return [finding(domainVerification, code, { about: domain, params, evidence })];
}

/** R3.1: registries put names without a proven holder on hold. */
function realName(domain: string, { statuses }: RegistrationFacts): Finding[] {
  const hold = statuses.find((status) => /^(?:server ?hold|client ?hold|inactive)$/i.test(status));
  return hold === undefined
    ? []
    : [finding(domainVerification, 'real-name-doubt', { about: domain, params: { domain, status: hold } })];
}

function judgeHolder(domain: string, facts: RegistrationFacts, input: CheckInput): Finding[] {
  const names = input.artifacts.names;
  if (names === undefined || !names.ok) return [blind(domain, 'the filing names nobody')];
  const { subjectName, legalRepresentative, insiders, subjectHead, siteHead, domainHolder } = names.value;
  const holder = facts.registrant ?? domainHolder;
  if (holder === null) return [finding(domainVerification, 'holder-hidden', { about: domain, params: { domain } })];
  const rule = input.filing.subjectKind === 'individual' ? 1 : input.policy.province.holder;
  const accepted = [
    subjectName,
    ...(rule >= 2 ? [legalRepresentative] : []),
    ...(rule >= 3 ? [...insiders, subjectHead, siteHead] : []),
  ].filter((name): name is string => name !== null);
  const compared = accepted.map((name) => compareNames(holder, name));
  if (compared.includes('same')) return [];
  const evidence = [
    { label: 'holder', value: holder },
    { label: 'subject', value: subjectName },
  ];
  const params = { domain, holder };
  if (compared.includes('unknown'))
    return [finding(domainVerification, 'holder-unreadable', { about: domain, params, evidence })];
  // Where others than the subject may hold it, but the import names none of them, nobody can tell.
  const noInsiders = rule >= 3 && insiders.length === 0;
  const noRepresentative = rule >= 2 && legalRepresentative === null && !ORGANISATION.test(holder);
  if (noInsiders || noRepresentative)
    return [finding(domainVerification, 'holder-may-be-insider', { about: domain, params, evidence })];
  // The registry's own record newer than our data of the filing: the subject may have been renamed since.
  if (facts.registrant !== null && olderThanRegistry(facts, input))
    return [finding(domainVerification, 'filing-not-updated', { about: domain, params, evidence })];
  if (changedLately(facts, input))
    return [finding(domainVerification, 'holder-changing', { about: domain, params, evidence })];
  return [finding(domainVerification, 'holder-differs', { about: domain, params, evidence })];
}

/** How organisations' names end: anything else may be a person. */
export const ORGANISATION =
  /(?:公司|集团|厂|店|社|所|院|校|中心|协会|学会|商会|基金会|委员会|局|厅|部|会|行|合伙)(?:[(（][^)）]*[)）])?$/;

/** Age of our data of a filing beyond which a registry that does not date its record is believed to be newer. */
const FILING_MAX_AGE_DAYS = 45;

function olderThanRegistry({ updatedAt }: RegistrationFacts, { artifacts, observedAt }: CheckInput): boolean {
  const confirmedAt = artifacts.filed?.ok === true ? artifacts.filed.value.confirmedAt : observedAt;
  return updatedAt === undefined || updatedAt === null
    ? observedAt - confirmedAt > FILING_MAX_AGE_DAYS * DAY_MS
    : registryInstant(updatedAt) > confirmedAt;
}

/** R3.9: a real-name change needs some days to reach the bureau. */
function changedLately({ updatedAt }: RegistrationFacts, { artifacts, policy, observedAt }: CheckInput): boolean {
  const { realNameGraceDays } = policy.windows;
  const told = artifacts.filed?.ok === true ? artifacts.filed.value.realNameChangedAt : undefined;
  const overAt = told === undefined ? 0 : dateInstant(datePlus(told, realNameGraceDays + 1));
  // Somewhere within the day told; a date still to come is a slip of the pen.
  if (told !== undefined && dateInstant(told) <= observedAt && observedAt < overAt) return true;
  const since = observedAt - realNameGraceDays * DAY_MS;
  return updatedAt !== undefined && updatedAt !== null && registryInstant(updatedAt) >= since;
}

function blind(domain: string, reason: string): Finding {
  return finding(domainVerification, 'not-observed', {
    about: domain === '' ? null : domain,
    params: { domain, reason },
  });
}
