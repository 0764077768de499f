import { describe, expect, it } from 'vitest';
import { domainExpiry } from '../../src/checks/domain-expiry.ts';
import type { RegistrationFacts } from '../../src/facts/types.ts';
import { failed } from '../../src/gather/types.ts';
import { checkInput, dnsArtifact, filingOf, NOW, registrationArtifact } from '../support/check-input.ts';

const DAY = 86_400_000;
const inDays = (days: number): string => new Date(NOW + days * DAY).toISOString().slice(0, 19) + 'Z';
const judge = (
  facts: Partial<RegistrationFacts>,
  province = '北京',
  dns: object = { 'example.cn': { a: ['47.92.0.1'] } },
) => {
  const artifacts = { registration: registrationArtifact(facts), dns: dnsArtifact(dns as never) };
  const { verdict, findings } = domainExpiry.judge(checkInput({ filing: filingOf({ province }), artifacts }));
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('domain expiry (R3.3, R3.7)', () => {
  it.each<[string, Partial<RegistrationFacts>, string[]]>([
    ['far away', { expiresAt: inDays(400) }, ['pass']],
    ['more than 90 days', { expiresAt: inDays(91.5) }, ['pass']],
    ['90 days: more are wanted', { expiresAt: inDays(90.5) }, ['warn', 'expiring']],
    ['tomorrow', { expiresAt: inDays(1) }, ['warn', 'expiring']],
    ['yesterday', { expiresAt: inDays(-1) }, ['fail', 'expired']],
    ['a bare date of today is still today somewhere', { expiresAt: '2026-11-22' }, ['warn', 'expiring']],
    [
      'redemption, whatever the date (R17.9)',
      { expiresAt: inDays(400), statuses: ['redemptionPeriod'] },
      ['fail', 'redemption'],
    ],
    ['pending delete in RDAP words', { statuses: ['pending delete'] }, ['fail', 'redemption']],
    ['client hold', { statuses: ['clientHold'] }, ['fail', 'on-hold']],
    ['server hold in RDAP words', { statuses: ['server hold'] }, ['fail', 'on-hold']],
    ['ordinary locks', { statuses: ['clientTransferProhibited', 'serverDeleteProhibited'] }, ['pass']],
    ['refused', { found: 'refused', expiresAt: null }, ['inconclusive', 'not-observed']],
    ['no date shown', { expiresAt: null }, ['inconclusive', 'no-expiry-shown']],
    ['not found, yet it resolves', { found: false, expiresAt: null }, ['inconclusive', 'registry-contradicts-dns']],
  ])('%s', (_name, facts, expected) => expect(judge(facts)).toEqual(expected));

  it('accuses of a missing registration only when DNS agrees', () => {
    expect(judge({ found: false, expiresAt: null }, '北京', { 'example.cn': { outcome: 'nxdomain' } })).toEqual([
      'fail',
      'not-registered',
    ]);
    expect(
      judge({ found: false, expiresAt: null }, '北京', {
        'example.cn': [{ outcome: 'nxdomain' }, { outcome: 'timeout' }],
      }),
    ).toEqual(['inconclusive', 'registry-contradicts-dns']);
  });

  it.each([
    ['山东', 60, 'pass'],
    ['山东', 45, 'warn'],
    ['上海', 120, 'warn'],
    ['上海', 181, 'pass'],
    ['广东', 120, 'pass'],
  ])('%s, %i days left: %s (R5)', (province, days, verdict) =>
    expect(judge({ expiresAt: inDays(days + 0.5) }, province)[0]).toBe(verdict),
  );

  it('looks again daily near the window and monthly far from it', () => {
    const next = (days: number): number => {
      const { nextLookAt } = domainExpiry.judge(
        checkInput({ artifacts: { registration: registrationArtifact({ expiresAt: inDays(days) }) } }),
      );
      return ((nextLookAt ?? 0) - NOW) / DAY;
    };
    expect([next(400), next(130), next(95), next(-3)]).toEqual([30, 7, 1, 1]);
  });

  it('says nothing of a domain nobody answered for', () => {
    const registration = {
      ok: true as const,
      observedAt: NOW,
      tookMs: 0,
      value: { domains: [{ domain: 'example.cn', registry: 'x', artifact: failed('timeout', 'timeout', NOW) }] },
    };
    expect(domainExpiry.judge(checkInput({ artifacts: { registration } })).verdict).toBe('inconclusive');
  });
});
