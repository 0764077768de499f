import { describe, expect, it } from 'vitest';
import { reachability } from '../../src/checks/reachability.ts';
import type { FailureCode, PageHop } from '../../src/gather/types.ts';
import { checkInput, dnsArtifact, filingOf, NOW, noPage, pageArtifact, pageWith } from '../support/check-input.ts';

const broken = (code: FailureCode, ours = false): Partial<PageHop> => ({ failure: { code, message: code, ours } });
const judge = (page: ReturnType<typeof noPage>, over: Parameters<typeof filingOf>[0] = {}) => {
  const { verdict, findings } = reachability.judge(checkInput({ filing: filingOf(over), artifacts: { page } }));
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('reachability (R2.5, R1.3)', () => {
  it('passes a page that answers', () => expect(judge(pageArtifact(pageWith('x')))).toEqual(['pass']));
  it('passes a firewall that answers 403, with a note', () =>
    expect(judge(noPage([{ status: 403 }]))).toEqual(['pass', 'access-refused']));
  it('warns of a server error', () => expect(judge(noPage([{ status: 500 }]))).toEqual(['warn', 'server-error']));
  it('warns when the site itself refuses', () =>
    expect(judge(noPage([broken('connection-refused'), broken('connection-refused')]))).toEqual([
      'warn',
      'unreachable',
    ]));
  it.each([
    'timeout',
    'connection-reset',
    'network-unreachable',
    'tls-handshake',
    'address-forbidden',
    'dns-unobserved',
    'internal',
  ] as const)('does not judge by %s (R16.1)', (code) => {
    expect(judge(noPage([broken('connection-refused'), broken(code)]), { province: '上海' })).toEqual([
      'inconclusive',
      'not-observed',
    ]);
  });
  it.each(['上海', '广东', '河南', '西藏'])('insists in %s', (province) =>
    expect(judge(noPage([broken('connection-refused')]), { province })).toEqual(['fail', 'unreachable']),
  );
  it('insists in Tianjin once the number is half a year old', () => {
    const days = (count: number): string => new Date(NOW - count * 86_400_000).toISOString().slice(0, 10);
    expect(judge(noPage([broken('connection-refused')]), { province: '天津', approvedAt: days(200) })[0]).toBe('fail');
    expect(judge(noPage([broken('connection-refused')]), { province: '天津', approvedAt: days(100) })[0]).toBe('warn');
    expect(judge(noPage([broken('connection-refused')]), { province: '天津', approvedAt: null })[0]).toBe('warn');
  });
  it('takes a missing address from several resolvers only (R16.2)', () => {
    const page = noPage([broken('no-address')]);
    const filing = filingOf({ province: '上海' });
    const verdict = (dns: Parameters<typeof dnsArtifact>[0]) =>
      reachability.judge(checkInput({ filing, artifacts: { page, dns: dnsArtifact(dns) } })).verdict;
    expect(verdict({ 'example.cn': { outcome: 'nxdomain' } })).toBe('fail');
    expect(verdict({ 'example.cn': [{ outcome: 'nxdomain' }, { a: ['47.92.0.1'] }, { a: ['47.92.0.1'] }] })).toBe(
      'inconclusive',
    );
    expect(verdict({ 'example.cn': [{ outcome: 'nxdomain' }, { outcome: 'timeout' }, { outcome: 'timeout' }] })).toBe(
      'inconclusive',
    );
    expect(judge(page)).toEqual(['inconclusive', 'not-observed']);
  });

  it('notes a bad certificate without weighing it', () => {
    const tls = {
      ok: true as const,
      observedAt: NOW,
      tookMs: 1,
      value: {
        handshakes: [
          {
            host: 'example.cn',
            address: '47.92.0.1',
            protocol: 'TLSv1.3',
            trusted: false,
            problem: 'CERT_HAS_EXPIRED',
            subject: null,
            issuer: null,
            validTo: null,
            names: [],
          },
        ],
      },
    };
    const { verdict, findings } = reachability.judge(
      checkInput({ artifacts: { page: pageArtifact(pageWith('x')), tls } }),
    );
    expect([verdict, findings[0]?.code, findings[0]?.params['problem']]).toEqual([
      'pass',
      'bad-certificate',
      'CERT_HAS_EXPIRED',
    ]);
  });
});
