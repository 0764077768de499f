import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { contacts } from '../../src/checks/contacts.ts';
import type { FiledPerson, FiledPersons } from '../../src/facts/filed.ts';
import { checkInput, filingOf, namesArtifact, personOf, personsArtifact } from '../support/check-input.ts';

const judge = (
  person: Partial<FiledPerson>,
  province = '北京',
  more: Partial<FiledPersons> = {},
  names: Parameters<typeof namesArtifact>[0] = {},
  rulings: Parameters<typeof checkInput>[0]['rulings'] = [],
): string[] => {
  const persons = personsArtifact({ persons: [personOf(person), personOf({ role: 'site-head' })], ...more });
  const input = checkInput({
    filing: filingOf({ province }),
    artifacts: { persons, names: namesArtifact(names) },
    rulings,
  });
  const { verdict, findings } = runCheck(contacts, input);
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('numbers (R4.1)', () => {
  it('healthy ones pass', () => expect(judge({})).toEqual(['pass']));
  it.each([
    [{ phone: 'landline' }, ['pass']],
    [{ phone: 'invalid' }, ['fail', 'phone-invalid']],
    [{ phone: 'missing' }, ['warn', 'phone-missing']],
    [{ phoneDelivery: 'no-such-number' }, ['fail', 'phone-dead']],
    [{ phoneDelivery: 'undelivered' }, ['warn', 'phone-undelivered']],
    [{ email: 'invalid' }, ['warn', 'email-invalid']],
    [{ emailDead: true }, ['warn', 'email-dead']],
    [{ mobileOfOtherSubjects: 4 }, ['pass']],
    [{ mobileOfOtherSubjects: 5 }, ['warn', 'mobile-shared']],
  ] as [Partial<FiledPerson>, string[]][])('%j', (person, said) => expect(judge(person)).toEqual(said));
});

describe('the province (R5)', () => {
  const site = (mobileProvince: string | null) => ({
    persons: [personOf({ mobileProvince }), personOf({ role: 'site-head', mobileProvince })],
  });
  it('asks for its own mobile numbers where the table says so', () => {
    expect(judge({}, '江苏', site('江苏'))).toEqual(['pass']);
    expect(judge({}, '江苏', site('北京'))).toEqual(['fail', 'mobile-not-local', 'mobile-not-local']);
    expect(judge({}, '上海', site('北京'))).toEqual(['pass']);
  });
  it('an unknown segment is a note', () =>
    expect(judge({}, '江苏', site(null))).toEqual(['pass', 'mobile-province-unknown', 'mobile-province-unknown']));
  it('Tianjin wants two heads with two numbers', () => {
    expect(judge({}, '天津', { sameHead: true })).toEqual(['fail', 'heads-same']);
    expect(judge({}, '天津', { headsShareMobile: true })).toEqual(['fail', 'heads-share-mobile']);
    expect(judge({}, '天津', { sameHead: null })).toEqual(['pass']);
    expect(judge({}, '北京', { sameHead: true })).toEqual(['pass']);
  });
  it('an individual is head of both', () => {
    const input = checkInput({
      filing: filingOf({ province: '天津', subjectKind: 'individual' }),
      artifacts: { persons: personsArtifact({ sameHead: true }), names: namesArtifact() },
    });
    expect(runCheck(contacts, input).verdict).toBe('pass');
  });
  it('Heilongjiang: one site head, one subject: a human rules', () => {
    const persons = [personOf(), personOf({ role: 'site-head', servesOtherSubjects: 2 })];
    expect(judge({}, '黑龙江', { persons })).toEqual(['warn', 'site-head-serves-others']);
    expect(judge({}, '北京', { persons })).toEqual(['pass']);
  });
  it('Liaoning: finance in the name, heads that are not the legal representative: a human rules', () => {
    const legal = { subjectHeadIsLegalRepresentative: true, siteHeadIsLegalRepresentative: false };
    expect(judge({}, '辽宁', { ...legal, persons: [] }, { subjectName: '某某投资管理有限公司' })).toEqual([
      'pass',
      'no-persons',
    ]);
    const persons = [personOf({ mobileProvince: '辽宁' }), personOf({ role: 'site-head', mobileProvince: '辽宁' })];
    expect(judge({}, '辽宁', { ...legal, persons }, { subjectName: '某某投资管理有限公司' })).toEqual([
      'warn',
      'finance-head-not-legal',
    ]);
    expect(judge({}, '辽宁', { ...legal, persons })).toEqual(['pass']);
  });
});

it('a confirmed suspicion weighs as a failure, a dismissed one as a note (R4.1)', () => {
  const ruling = (said: 'confirmed' | 'dismissed') => [
    {
      checkId: 'contacts',
      code: 'head-not-legal-representative',
      about: 'subject-head',
      key: 'not-legal',
      ruling: said,
      words: '',
      by: 'a',
      at: 1,
      reason: 'r',
    },
  ];
  const more = { subjectHeadIsLegalRepresentative: false };
  expect(judge({}, '北京', more)).toEqual(['warn', 'head-not-legal-representative']);
  expect(judge({}, '北京', more, {}, ruling('confirmed'))[0]).toBe('fail');
  expect(judge({}, '北京', more, {}, ruling('dismissed'))[0]).toBe('pass');
});
