import { describe, expect, it } from 'vitest';
import { emptyShell } from '../../src/checks/empty-shell.ts';
import type { ResolverAnswer } from '../../src/gather/types.ts';
import { checkInput, dnsArtifact, filingOf } from '../support/check-input.ts';

const HERE = '47.92.93.239';
const HONG_KONG = '47.242.10.10';
const TENCENT = '119.29.29.29';
const NOWHERE = '128.32.1.1';
type Hosts = Record<string, Partial<ResolverAnswer> | Partial<ResolverAnswer>[]>;

const judge = (hosts: Hosts, over: Parameters<typeof filingOf>[0] = {}, policy = {}) => {
  const { verdict, findings } = emptyShell.judge(
    checkInput({ filing: filingOf(over), artifacts: { dns: dnsArtifact(hosts) }, policy }),
  );
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('empty shell: our mainland addresses (R1.1), by product and front (R1.7)', () => {
  it.each<[string, Hosts, string[]]>([
    ['an address of ours passes', { 'example.cn': { a: [HERE] } }, ['pass']],
    ['one of several addresses is ours', { 'example.cn': { a: [TENCENT, HERE] } }, ['pass']],
    [
      'our CDN front on carrier nodes (R1.7)',
      { 'example.cn': { cnames: ['x.w.kunlunsl.com'], a: [NOWHERE] } },
      ['pass'],
    ],
    [
      'Hong Kong is not mainland (R1.1)',
      { 'example.cn': { a: [HONG_KONG] } },
      ['fail', 'no-host-resolves-here', 'resolves-overseas'],
    ],
    [
      'a bucket in Hong Kong',
      { 'example.cn': { cnames: ['b.oss-cn-hongkong.aliyuncs.com'], a: [NOWHERE] } },
      ['fail', 'no-host-resolves-here', 'resolves-overseas'],
    ],
    [
      'another provider',
      { 'example.cn': { a: [TENCENT] } },
      ['fail', 'no-host-resolves-here', 'resolves-to-other-provider'],
    ],
    [
      "another's front before our address: the lists contradict each other",
      { 'example.cn': { cnames: ['x.cdn.dnsv1.com'], a: [HERE] } },
      ['inconclusive', 'resolvers-disagree'],
    ],
    [
      'an address in no list',
      { 'example.cn': { a: [NOWHERE] } },
      ['fail', 'no-host-resolves-here', 'resolves-elsewhere'],
    ],
    ['no such name', { 'example.cn': { outcome: 'nxdomain' } }, ['fail', 'no-host-resolves-here', 'does-not-resolve']],
    [
      'one host here is enough (R1.8)',
      { 'example.cn': { a: [HERE] }, 'www.example.cn': { a: [TENCENT] } },
      ['warn', 'mixed'],
    ],
    [
      'a missing www harms nobody',
      { 'example.cn': { a: [HERE] }, 'www.example.cn': { outcome: 'nxdomain' } },
      ['pass'],
    ],
    [
      'a host here outweighs one unseen',
      { 'example.cn': { a: [HERE] }, 'www.example.cn': { outcome: 'timeout' } },
      ['pass'],
    ],
    [
      'one host away, one unseen: nobody is accused',
      { 'example.cn': { a: [TENCENT] }, 'www.example.cn': { outcome: 'servfail' } },
      ['inconclusive', 'not-observed'],
    ],
    ['nothing observed', { 'example.cn': { outcome: 'timeout' } }, ['inconclusive', 'not-observed']],
    [
      'one resolver of three is not enough',
      { 'example.cn': [{ a: [TENCENT] }, { outcome: 'timeout' }, { outcome: 'timeout' }] },
      ['inconclusive', 'not-observed'],
    ],
    [
      'two of three agree',
      { 'example.cn': [{ outcome: 'timeout' }, { a: [TENCENT] }, { a: [TENCENT] }] },
      ['fail', 'no-host-resolves-here', 'resolves-to-other-provider'],
    ],
    [
      'resolvers disagree about us',
      { 'example.cn': [{ a: [HERE] }, { a: [TENCENT] }, { a: [TENCENT] }] },
      ['inconclusive', 'resolvers-disagree'],
    ],
    [
      'resolvers name two strangers',
      { 'example.cn': [{ a: [NOWHERE] }, { a: [TENCENT] }, { a: [TENCENT] }] },
      ['fail', 'no-host-resolves-here', 'resolves-elsewhere'],
    ],
    [
      'one NXDOMAIN against two answers',
      { 'example.cn': [{ outcome: 'nxdomain' }, { a: [HERE] }, { a: [HERE] }] },
      ['inconclusive', 'resolvers-disagree'],
    ],
    [
      'a private address is forged',
      { 'example.cn': [{ a: ['10.0.0.1'] }, { a: [TENCENT] }, { a: [TENCENT] }] },
      ['inconclusive', 'bogus-answer'],
    ],
    ['Teredo is forged', { 'example.cn': { aaaa: ['2001::1'] } }, ['inconclusive', 'bogus-answer']],
  ])('%s', (_name, hosts, expected) => expect(judge(hosts)).toEqual(expected));

  it('takes configured bogus addresses for no observation', () => {
    expect(judge({ 'example.cn': { a: ['128.32.1.1'] } }, {}, { bogusAddresses: ['128.32.1.1'] })).toEqual([
      'inconclusive',
      'bogus-answer',
    ]);
  });

  it('insists on every host where policy does (R17.6)', () => {
    expect(
      judge({ 'example.cn': { a: [HERE] }, 'www.example.cn': { a: [TENCENT] } }, {}, { hostRule: 'every' }),
    ).toEqual(['fail', 'resolves-to-other-provider']);
    expect(judge({ 'example.cn': { a: [HERE] }, 'www.example.cn': { a: [HERE] } }, {}, { hostRule: 'every' })).toEqual([
      'pass',
    ]);
    expect(
      judge({ 'example.cn': { a: [HERE] }, 'www.example.cn': { outcome: 'timeout' } }, {}, { hostRule: 'every' }),
    ).toEqual(['inconclusive', 'not-observed']);
  });

  it('warns of an address that is ours but not the filed one (R17.6)', () => {
    expect(judge({ 'example.cn': { a: [HERE] } }, { filedAddresses: ['47.92.93.240'] })).toEqual([
      'warn',
      'filed-address-differs',
    ]);
    expect(judge({ 'example.cn': { a: [HERE] } }, { filedAddresses: [HERE] })).toEqual(['pass']);
  });

  it('judges nobody by a list it does not have', () => {
    expect(judge({ 'example.cn': { a: [NOWHERE] } }, { accessProvider: 'nobody' })).toEqual([
      'inconclusive',
      'no-range-list',
    ]);
  });

  it("keeps each resolver's answer as evidence", () => {
    const { findings } = emptyShell.judge(
      checkInput({ artifacts: { dns: dnsArtifact({ 'example.cn': { cnames: ['a.b'], a: [TENCENT] } }) } }),
    );
    expect(findings[0]?.evidence).toHaveLength(3);
    expect(findings[0]?.evidence[0]).toEqual({ label: 'example.cn @r0', value: `answer: a.b → ${TENCENT}` });
  });
});

it('tells both ways to put it right: point it here, or move the access (R1.6)', () => {
  const { remedy } = emptyShell.codes['no-host-resolves-here'] as { remedy: { zh: string } };
  expect(remedy.zh).toMatch(/中国内地节点.*接入备案/);
});

describe('a filing with several access providers (R1.5, R1.8, R17.6)', () => {
  const OURS = '47.92.0.1';
  const TENCENT = '119.29.29.29';
  const judge = (hosts: Record<string, string>, otherProviders: string[], hostRule: 'any' | 'every' = 'any') => {
    const dns = dnsArtifact(
      Object.fromEntries(Object.entries(hosts).map(([host, address]) => [host, { a: [address] }])),
    );
    const input = checkInput({ filing: filingOf({ otherProviders }), artifacts: { dns }, policy: { hostRule } });
    const { verdict, findings } = emptyShell.judge(input);
    return [verdict, ...findings.map(({ code }) => code)];
  };
  it('hosts at another filed provider are where the filing says', () => {
    const split = { 'example.cn': OURS, 'www.example.cn': TENCENT };
    expect(judge(split, ['tencent'])).toEqual(['pass']);
    expect(judge(split, [])).toEqual(['warn', 'mixed']);
    expect(judge(split, ['tencent'], 'every')).toEqual(['pass']);
    expect(judge(split, [], 'every')[0]).toBe('fail');
  });
  it('none here: the access with us is unused, and the owner is told where it goes', () => {
    expect(judge({ 'example.cn': TENCENT }, ['tencent'])).toEqual([
      'fail',
      'no-host-resolves-here',
      'resolves-to-filed-provider',
    ]);
    expect(judge({ 'example.cn': TENCENT }, ['tencent'], 'every')[0]).toBe('fail');
  });
});
