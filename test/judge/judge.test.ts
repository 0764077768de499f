import { describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import type { Judgement, Verdict } from '../../src/checks/types.ts';
import { blindChecks, tripsBreaker } from '../../src/judge/breaker.ts';
import { judgeLook, rejudgeBundle } from '../../src/judge/bundle.ts';
import { nextStep } from '../../src/judge/next-step.ts';
import {
  checkInput,
  dnsArtifact,
  filingOf,
  NOW,
  pageArtifact,
  pageWith,
  registrationArtifact,
} from '../support/check-input.ts';
import { rangesForTests } from '../world/harness.ts';

const MINUTE = 60_000;
const confirm = { pauseMs: 10 * MINUTE, looks: 2, inconclusiveBackoffMs: 60 * MINUTE };
const state = (over = {}) => ({
  siteId: 1,
  checkId: 'empty-shell',
  suspectLooks: 0,
  suspectFails: 0,
  inconclusiveRuns: 0,
  ...over,
});
const judged = (verdict: Verdict): Judgement => ({ verdict, findings: [] });
const step = (verdict: Verdict, over = {}) =>
  nextStep(state(over), judged(verdict), { confirm, intervalMs: 24 * 60 * MINUTE, now: NOW });

describe('screen, then confirm (R16.2)', () => {
  it('lets a pass and a warning stand', () => {
    expect(step('pass')).toMatchObject({ kind: 'publish', verdict: 'pass' });
    expect(step('warn')).toMatchObject({ kind: 'publish', verdict: 'warn' });
  });
  it('looks at a failure again after the pause', () =>
    expect(step('fail')).toEqual({ kind: 'look-again', looks: 1, fails: 1, confirmDueAt: NOW + 10 * MINUTE }));
  it('confirms the second failure', () =>
    expect(step('fail', { suspectLooks: 1, suspectFails: 1 })).toMatchObject({
      kind: 'publish',
      verdict: 'fail',
      confirmed: true,
    }));
  it('forgets a failure that does not come again', () =>
    expect(step('pass', { suspectLooks: 1, suspectFails: 1 })).toMatchObject({ kind: 'publish', verdict: 'pass' }));
  it('gives an unseen site one look more, then says so', () => {
    expect(step('inconclusive')).toMatchObject({ kind: 'look-again' });
    expect(step('inconclusive', { suspectLooks: 1 })).toMatchObject({ kind: 'look-again', looks: 2 });
    expect(step('inconclusive', { suspectLooks: 2 })).toMatchObject({
      kind: 'publish',
      verdict: 'inconclusive',
      inconclusiveRuns: 1,
    });
  });
  it('never makes a failure of one failing look among unseen ones', () => {
    expect(step('inconclusive', { suspectLooks: 1, suspectFails: 1 })).toMatchObject({ kind: 'look-again' });
    expect(step('inconclusive', { suspectLooks: 2, suspectFails: 1 })).toMatchObject({
      kind: 'publish',
      verdict: 'inconclusive',
    });
  });
  it('comes back later and later to what stays unseen, at most at the interval', () => {
    const at = (runs: number): number => {
      const next = step('inconclusive', { suspectLooks: 2, inconclusiveRuns: runs });
      return next.kind === 'publish' ? (next.nextDueAt - NOW) / MINUTE : 0;
    };
    expect([at(0), at(1), at(2), at(10)]).toEqual([60, 120, 240, 1440]);
  });
  it('follows a check that wants an earlier look, with steady jitter', () => {
    const next = (): number => {
      const result = nextStep(
        state(),
        { ...judged('pass'), nextLookAt: NOW + 100 * MINUTE },
        { confirm, intervalMs: 1, now: NOW },
      );
      return result.kind === 'publish' ? result.nextDueAt : 0;
    };
    expect(next()).toBeLessThanOrEqual(NOW + 100 * MINUTE);
    expect(next()).toBeGreaterThanOrEqual(NOW + 90 * MINUTE);
    expect(next()).toBe(next());
  });
});

describe('circuit breaker', () => {
  const policy = { minJudged: 50, minFails: 20, maxFailShare: 0.6, jumpFactor: 3, maxInconclusiveShare: 0.8 };
  const counts = (pass: number, fail: number, inconclusive = 0) => [
    { checkId: 'empty-shell', verdict: 'pass', count: pass },
    { checkId: 'empty-shell', verdict: 'fail', count: fail },
    { checkId: 'empty-shell', verdict: 'inconclusive', count: inconclusive },
  ];
  it('holds a sweep in which most fail', () =>
    expect(tripsBreaker(counts(30, 70), [], policy)).toEqual({
      en: expect.stringMatching(/70 % of 100/),
      zh: expect.stringMatching(/100 个网站中 70 ?% 不通过/),
    }));
  it('holds a jump against what is usual', () =>
    expect(tripsBreaker(counts(75, 25), counts(980, 20), policy)).toEqual({
      en: expect.stringMatching(/usual is 2 %/),
      zh: expect.stringMatching(/平时为 2 ?%/),
    }));
  it('lets the usual share pass', () => expect(tripsBreaker(counts(75, 25), counts(750, 250), policy)).toBeNull());
  it('does not judge by a handful', () => expect(tripsBreaker(counts(1, 19), [], policy)).toBeNull());
  it('tells of blindness without holding', () => {
    expect(tripsBreaker(counts(5, 0, 95), [], policy)).toBeNull();
    expect(blindChecks(counts(5, 0, 95), policy)).toEqual(['empty-shell']);
  });
});

describe('stored artifacts, judged again (R16.3)', () => {
  it('gives the same verdicts from the bundle alone, after a trip through JSON', () => {
    const looks = [
      {
        dns: dnsArtifact({ 'example.cn': { a: ['47.92.0.1'] } }),
        page: pageArtifact(pageWith('<a href="https://beian.miit.gov.cn">京ICP备05070218号-1</a>')),
        registration: registrationArtifact({}),
      },
      {
        dns: dnsArtifact({ 'example.cn': { a: ['119.29.29.29'], cnames: ['x.cdn.dnsv1.com'] } }),
        page: pageArtifact(pageWith('无')),
        registration: registrationArtifact({ expiresAt: '2026-11-01T00:00:00Z' }),
      },
      {
        dns: dnsArtifact({ 'example.cn': { outcome: 'timeout' } }),
        page: pageArtifact(''),
        registration: registrationArtifact({ found: 'refused' }),
      },
    ];
    const seen = new Set<string>();
    for (const artifacts of looks) {
      const { policy, reference } = checkInput({ artifacts });
      const { judgements, bundle } = judgeLook(
        { filing: filingOf(), policy, stage: 'confirm', observedAt: NOW, artifacts, rulings: [] },
        checks,
        rangesForTests().table,
        reference,
      );
      const again = rejudgeBundle(JSON.parse(JSON.stringify(bundle)), checks);
      expect(again).toHaveLength(checks.length);
      for (const { checkId, stored, verdict, judgement } of again) {
        expect(verdict).toBe(stored);
        expect(judgement).toEqual(judgements.get(checkId));
        seen.add(verdict);
      }
    }
    expect([...seen].sort()).toEqual(['fail', 'inconclusive', 'pass']);
  });
});
