import type { FiledPerson, FiledPersons } from '../facts/filed.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { contactCodes } from './contacts-codes.ts';
import type { CheckDefinition, CheckInput, Finding, Judgement } from './types.ts';

const ROLES = { 'subject-head': '主体负责人', 'site-head': '网站负责人' } as const;

/** Contacts 联系方式核查 (R4.1, R5): can the heads be reached, by numbers the province accepts, and are they who they must be? */
export const contacts: CheckDefinition = {
  id: 'contacts',
  version: 1,
  title: { zh: '联系方式核查', en: 'Contacts' },
  rules: ['R4.1', 'R5'],
  needs: ['persons', 'names'],
  codes: { ...commonCodes, ...contactCodes },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const { persons } = input.artifacts;
  if (persons === undefined || !persons.ok)
    return { ...conclude([finding(contacts, 'not-observed', { params: { reason: 'no persons' } })]), settled: true };
  if (persons.value.persons.length === 0) return conclude([finding(contacts, 'no-persons')]);
  return conclude([
    ...persons.value.persons.flatMap((person) => [...judgePhone(person, input), ...judgeMail(person)]),
    ...judgeHeads(persons.value, input),
  ]);
}

function judgePhone(person: FiledPerson, { policy, filing }: CheckInput): Finding[] {
  const { role, phone, mobileProvince, phoneDelivery, mobileOfOtherSubjects, servesOtherSubjects } = person;
  const detail = { about: role, params: { role: ROLES[role], province: filing.province } };
  if (phone === 'missing') return [finding(contacts, 'phone-missing', detail)];
  if (phone === 'invalid') return [finding(contacts, 'phone-invalid', detail)];
  if (phone === 'unreadable' || phone === 'foreign') return [finding(contacts, `phone-${phone}`, detail)];
  const findings: Finding[] = [];
  if (phoneDelivery === 'no-such-number') findings.push(finding(contacts, 'phone-dead', detail));
  if (phoneDelivery === 'undelivered') findings.push(finding(contacts, 'phone-undelivered', detail));
  if (policy.province.localMobile && phone === 'mobile') {
    if (mobileProvince === null) findings.push(finding(contacts, 'mobile-province-unknown', detail));
    else if (mobileProvince !== filing.province)
      findings.push(
        finding(contacts, 'mobile-not-local', { ...detail, params: { ...detail.params, found: mobileProvince } }),
      );
  }
  const others = { ...detail.params, count: mobileOfOtherSubjects };
  if (mobileOfOtherSubjects >= policy.maxSubjectsPerMobile)
    findings.push(finding(contacts, 'mobile-shared', { ...detail, params: others }));
  if (role === 'site-head' && policy.province.siteHeadServesOne && servesOtherSubjects > 0) {
    const params = { ...detail.params, count: servesOtherSubjects, words: String(servesOtherSubjects) };
    findings.push(finding(contacts, 'site-head-serves-others', { ...detail, params, reviewKey: 'serves-others' }));
  }
  return findings;
}

function judgeMail({ role, email, emailDead }: FiledPerson): Finding[] {
  const detail = { about: role, params: { role: ROLES[role] } };
  if (email === 'invalid') return [finding(contacts, 'email-invalid', detail)];
  return emailDead ? [finding(contacts, 'email-dead', detail)] : [];
}

/** Who the heads must be (R4.1, R5). An individual is head of both, always. */
function judgeHeads(persons: FiledPersons, { policy, filing, artifacts }: CheckInput): Finding[] {
  // An import without the kind says `other`: it may well be an individual.
  if (filing.subjectKind === 'individual' || filing.subjectKind === 'other') return [];
  const findings: Finding[] = [];
  const { province } = policy;
  if (province.headsMustDiffer && persons.sameHead === true) findings.push(finding(contacts, 'heads-same'));
  if (province.headsMustDiffer && persons.headsShareMobile) findings.push(finding(contacts, 'heads-share-mobile'));
  const { subjectHeadIsLegalRepresentative: subjectLegal, siteHeadIsLegalRepresentative: siteLegal } = persons;
  if (subjectLegal === false)
    findings.push(
      finding(contacts, 'head-not-legal-representative', { about: 'subject-head', reviewKey: 'not-legal' }),
    );
  const names = artifacts.names?.ok === true ? artifacts.names.value : null;
  const word = province.financeHeadsLegal.find((one) => `${names?.subjectName} ${names?.siteName}`.includes(one));
  if (word !== undefined && (subjectLegal === false || siteLegal === false))
    findings.push(finding(contacts, 'finance-head-not-legal', { params: { word }, reviewKey: word }));
  return findings;
}
