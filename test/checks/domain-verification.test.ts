import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { domainVerification } from '../../src/checks/domain-verification.ts';
import { compareNames } from '../../src/facts/holder-name.ts';
import type { RegistrationFacts } from '../../src/facts/types.ts';
import { checkInput, filedArtifact, filingOf, namesArtifact, registrationArtifact } from '../support/check-input.ts';

interface Case {
  facts?: Partial<RegistrationFacts>;
  names?: Parameters<typeof namesArtifact>[0];
  filed?: Parameters<typeof filedArtifact>[0];
  filing?: Parameters<typeof filingOf>[0];
  domain?: string;
}
const ALIYUN = 'Alibaba Cloud Computing (Beijing) Co., Ltd.';
const judge = ({ facts, names, filed, filing, domain = 'example.cn' }: Case) => {
  const { verdict, findings } = runCheck(
    domainVerification,
    checkInput({
      filing: filingOf({ domains: [domain], ...filing }),
      artifacts: {
        registration: registrationArtifact({ registrar: ALIYUN, registrant: '蓝海科技有限公司', ...facts }, domain),
        names: namesArtifact(names),
        filed: filedArtifact(filed),
      },
    }),
  );
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('who may hold a domain (R3.2, R3.6, R17.7)', () => {
  it('the subject', () => expect(judge({})).toEqual(['pass']));
  it.each([
    ['蓝海（北京）科技有限公司', '蓝海(北京)科技有限公司'],
    ['蓝海 科技有限公司', '蓝海科技有限责任公司'],
    ['ＢＬＵＥ蓝海有限公司', 'blue蓝海有限公司'],
    ['Blue Sea Co., Ltd.', 'BLUE SEA CO LTD'],
    ['蓝海科技有限公司（曾用名：大海科技有限公司）', '蓝海科技有限公司'],
    ['蓝海科技有限公司（原大海科技有限公司）', '蓝海科技有限公司'],
  ])('%s is %s', (a, b) => expect(compareNames(a, b)).toBe('same'));
  it.each([
    ['蓝海科技有限公司', '蓝海科技股份有限公司'],
    ['蓝海科技有限公司', '别家商贸有限公司'],
    ['张三', '张三丰'],
    ['王喆', '李喆'],
  ])('%s is not %s', (a, b) => expect(compareNames(a, b)).toBe('different'));
  it.each([
    ['张*', '张三'],
    ['REDACTED FOR PRIVACY', '蓝海科技有限公司'],
    ['Domains By Proxy, LLC', '蓝海科技有限公司'],
    ['Lanhai Technology Co., Ltd.', '蓝海科技有限公司'],
    ['', '蓝海科技有限公司'],
    ['隐私保护', '蓝海科技有限公司'],
    ['藍海科技有限公司', '蓝海科技有限公司'],
    ['勝達貿易有限公司', '胜达贸易有限公司'],
    ['張偉', '张伟'],
    ['華喆', '华喆'],
  ])('%s cannot be compared with %s', (a, b) => expect(compareNames(a, b)).toBe('unknown'));

  it('another company fails', () =>
    expect(judge({ facts: { registrant: '别家商贸有限公司' } })).toEqual(['fail', 'holder-differs']));
  it.each([
    ['北京', 'fail', 'holder-differs'],
    ['上海', 'pass'],
    ['浙江', 'pass'],
  ])('the legal representative in %s: %s', (province, ...said) =>
    expect(
      judge({
        facts: { registrant: '钱多多' },
        names: { legalRepresentative: '钱多多', insiders: ['x'] },
        filing: { province },
      }),
    ).toEqual(said),
  );
  it.each([
    ['上海', 'fail', 'holder-differs'],
    ['浙江', 'pass'],
  ])('a shareholder in %s: %s', (province, ...said) =>
    expect(
      judge({
        facts: { registrant: '孙小股' },
        names: { legalRepresentative: '钱多多', insiders: ['孙小股'] },
        filing: { province },
      }),
    ).toEqual(said),
  );
  it('a person whom the import does not name may be one', () =>
    expect(judge({ facts: { registrant: '孙小股' }, filing: { province: '浙江' } })).toEqual([
      'inconclusive',
      'holder-may-be-insider',
    ]));
  it('for an individual always the individual', () =>
    expect(
      judge({
        facts: { registrant: '钱多多' },
        names: { subjectName: '王小明', legalRepresentative: '钱多多' },
        filing: { province: '浙江', subjectKind: 'individual' },
      }),
    ).toEqual(['fail', 'holder-differs']));
  it.each([
    ['2026-11-01', '2026-10-20', 'filing-not-updated'],
    ['2026-10-01', '2026-10-20', 'holder-differs'],
    [null, '2026-10-01', 'filing-not-updated'],
    [null, '2026-10-20', 'holder-differs'],
  ])('a record of %s, our data of %s: %s', (updatedAt, confirmed, code) =>
    expect(
      judge({
        facts: { registrant: '别家商贸有限公司', updatedAt: updatedAt === null ? null : `${updatedAt}T00:00:00Z` },
        filed: { confirmedAt: Date.parse(`${confirmed}T12:00:00Z`) },
      }).at(-1),
    ).toBe(code),
  );
  it('a hidden holder is unknown, not different (R17.9), and is not asked again at once', () => {
    const input = checkInput({
      artifacts: {
        registration: registrationArtifact({ registrar: ALIYUN, registrant: null }),
        names: namesArtifact(),
        filed: filedArtifact(),
      },
    });
    expect(runCheck(domainVerification, input)).toMatchObject({ verdict: 'inconclusive', settled: true });
  });
  it('what the operator’s own registrar says stands in', () =>
    expect(judge({ facts: { registrant: null }, names: { domainHolder: '蓝海科技有限公司' } })).toEqual(['pass']));
  it('a change younger than three days is not judged (R3.9), one of four days is', () => {
    const facts = { registrant: '别家商贸有限公司' };
    expect(judge({ facts, filed: { realNameChangedAt: '2026-11-20' } })).toEqual(['inconclusive', 'holder-changing']);
    expect(judge({ facts, filed: { realNameChangedAt: '2026-11-18' } })).toEqual(['fail', 'holder-differs']);
    expect(judge({ facts: { ...facts, updatedAt: '2026-11-21T00:00:00Z' } })).toEqual([
      'inconclusive',
      'holder-changing',
    ]);
  });
});

describe('scope (R3.11)', () => {
  const facts = { registrant: '别家商贸有限公司' };
  it('approved before 2018: a note', () =>
    expect(judge({ facts, filing: { approvedAt: '2017-12-31' } })).toEqual(['pass', 'before-verification']));
  it('approved before, changed since: verified', () =>
    expect(judge({ facts, filing: { approvedAt: '2017-12-31' }, filed: { realNameChangedAt: '2020-01-01' } })[0]).toBe(
      'fail',
    ));
  it('no approval date: nothing is accused', () =>
    expect(judge({ facts, filing: { approvedAt: null } })).toEqual(['inconclusive', 'holder-differs']));
});

describe('top levels and registrars (R3.4, R3.5, R3.8, R5)', () => {
  it.each([
    ['example.com', '上海', ['pass']],
    ['example.io', '上海', ['warn', 'tld-not-approved']],
    ['example.zw', '上海', ['warn', 'foreign-country-tld']],
    ['example.nosuchthing', '上海', ['pass', 'tld-unlisted']],
    ['example.art', '北京', ['warn', 'tld-not-in-province-list']],
    ['example.xn--55qx5d', '北京', ['pass']],
  ])('%s in %s', (domain, province, said) => expect(judge({ domain, filing: { province } })).toEqual(said));
  it.each([
    ['阿里云计算有限公司（万网）', '北京', ['pass']],
    ['alibaba cloud computing (beijing) co. ltd', '北京', ['pass']],
    ['GoDaddy.com, LLC', '北京', ['fail', 'registrar-not-approved']],
    ['GoDaddy.com, LLC', '重庆', ['fail', 'registered-abroad']],
    ['Some Registrar', '北京', ['pass', 'registrar-unlisted']],
    [null, '北京', ['pass']],
  ])('%s in %s', (registrar, province, said) =>
    expect(
      judge({ facts: { registrar }, names: { legalRepresentative: 'x', insiders: ['y'] }, filing: { province } }),
    ).toEqual(said),
  );
  it('a hold is a hint at the real name (R3.1)', () =>
    expect(judge({ facts: { statuses: ['serverHold'] } })).toEqual(['warn', 'real-name-doubt']));
  it('several domains warn where the province allows one (R5, R17.3)', () => {
    const second = registrationArtifact({ registrar: ALIYUN, registrant: '蓝海科技有限公司' }, 'second.cn');
    const first = registrationArtifact({ registrar: ALIYUN, registrant: '蓝海科技有限公司' });
    if (!first.ok || !second.ok) throw new Error('no answers');
    const both = { ...first, value: { domains: [...first.value.domains, ...second.value.domains] } };
    const judged = (province: string) =>
      runCheck(
        domainVerification,
        checkInput({
          filing: filingOf({ province }),
          artifacts: { registration: both, names: namesArtifact(), filed: filedArtifact() },
        }),
      ).findings.map(({ code }) => code);
    expect(judged('重庆')).toEqual(['several-domains']);
    expect(judged('上海')).toEqual([]);
  });
  it('a refusal of the registry says nothing', () =>
    expect(judge({ facts: { found: 'refused' } })).toEqual(['inconclusive', 'not-observed']));
});
