import { afterEach, describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import type { Finding } from '../../src/checks/types.ts';
import { applyRevocations } from '../../src/programmes/bureau-import.ts';
import { SuspicionDesk } from '../../src/programmes/suspicions.ts';
import { at, CaseWorld } from '../support/case-world.ts';

let world: CaseWorld;
afterEach(() => world?.close());

const parked: Finding = {
  code: 'parked',
  severity: 'warn',
  about: null,
  params: { words: '该域名正在出售', title: 'x' },
  evidence: [{ label: '该域名正在出售 ×1', value: '…' }],
  reviewKey: 'parked',
  awaitsHuman: true,
};

describe('nothing judged from a word list opens a case by itself (R4.2)', () => {
  it('every code that asks a human warns until somebody ruled', () => {
    const asking = checks.flatMap(({ id, codes }) =>
      Object.entries(codes)
        .filter(([, { asksHuman }]) => asksHuman)
        .map(([code, { severity }]) => [id, code, severity]),
    );
    expect(asking.length).toBeGreaterThan(20);
    expect(asking.filter(([, , severity]) => severity !== 'warn')).toEqual([]);
    for (const id of ['site-content', 'site-name']) {
      const failing = Object.values(checks.find((check) => check.id === id)?.codes ?? {}).filter(
        ({ severity }) => severity === 'fail',
      );
      expect(failing).toEqual([]);
    }
  });

  it('a suspicion asks a human and opens no case, however often it is seen', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    world.set(siteId, 'site-content', 'warn', [parked]);
    for (let day = 0; day < 3; day++) world.look(siteId);
    await world.until('2026-12-20 00:00');
    expect(world.cases()).toEqual([]);
    expect(world.channels.sms.sent).toEqual([]);
    expect(world.ledger.reviews.inState('waiting', 10)).toMatchObject([{ code: 'parked', key: 'parked' }]);
  });

  it('confirmed: the ruling reaches the next look, which asks at once', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    world.set(siteId, 'site-content', 'warn', [parked]);
    world.look(siteId);
    const [review] = world.ledger.reviews.inState('waiting', 10);
    new SuspicionDesk(world.ledger).rule(review?.id ?? 0, 'confirmed', 'admin', 'seen it', world.now());
    expect(world.ledger.reviews.rulings(siteId)).toMatchObject([
      { checkId: 'site-content', code: 'parked', key: 'parked', ruling: 'confirmed', by: 'admin' },
    ]);
    expect(() =>
      new SuspicionDesk(world.ledger).rule(review?.id ?? 0, 'confirmed', 'other', 'again', world.now()),
    ).toThrow(/is confirmed already, by admin: seen it/);
    expect(world.ledger.sweeps.takeRescans(10)).toEqual([siteId]);
  });

  it('no longer seen: the question is closed, and asked anew when it comes back', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    world.set(siteId, 'site-content', 'warn', [parked]);
    world.look(siteId);
    await world.until('2026-11-24 10:00');
    world.set(siteId, 'site-content', 'pass');
    world.look(siteId);
    expect(world.ledger.reviews.waiting()).toBe(0);
    await world.until('2026-11-25 10:00');
    world.set(siteId, 'site-content', 'warn', [parked]);
    world.look(siteId);
    expect(world.ledger.reviews.inState('waiting', 10)).toMatchObject([{ askedAt: at('2026-11-25 10:00') }]);
  });

  it('not observed takes no question back', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    world.set(siteId, 'site-content', 'warn', [parked]);
    world.look(siteId);
    await world.until('2026-11-24 10:00');
    world.set(siteId, 'site-content', 'inconclusive', []);
    world.look(siteId);
    expect(world.ledger.reviews.waiting()).toBe(1);
  });

  it('a ruling needs a reason, and something to rule on', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const desk = new SuspicionDesk(world.ledger);
    expect(() => desk.rule(99, 'confirmed', 'a', 'r', world.now())).toThrow(/no suspicion 99/);
    const siteId = world.addSite(1);
    world.set(siteId, 'site-content', 'warn', [parked]);
    world.look(siteId);
    expect(() => desk.rule(1, 'confirmed', 'a', ' ', world.now())).toThrow(/needs a reason/);
  });
});

describe('findings of both scopes (R4.7)', () => {
  const document = (code: string, role: string): Finding => ({
    code,
    severity: 'fail',
    about: role,
    params: { role, until: '2026-11-01', daysLeft: -22 },
    evidence: [],
  });
  it('one verdict, two cases: the subject’s and the site’s; each ends by itself', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    const subject = document('subject-document-expired', 'subject-head');
    const site = document('site-document-expired', 'site-head');
    world.set(siteId, 'identity-documents', 'fail', [subject, site]);
    world.look(siteId);
    await world.settle();
    expect(
      world
        .cases()
        .map(({ scope, programme }) => `${scope} ${programme}`)
        .sort(),
    ).toEqual(['site special-verification', 'subject special-verification']);
    world.set(siteId, 'identity-documents', 'fail', [site]);
    world.look(siteId);
    await world.settle();
    expect(
      world
        .cases()
        .map(({ scope, state }) => `${scope} ${state}`)
        .sort(),
    ).toEqual(['site open', 'subject resolved']);
    world.set(siteId, 'identity-documents', 'pass');
    world.look(siteId);
    await world.settle();
    expect(world.cases().every(({ state }) => state === 'resolved')).toBe(true);
  });
});

describe('warnings before a date (R1.9, R5, R12)', () => {
  it('a lease that ends is told when it comes into the window, and at the rungs; once each', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    const ending = (daysLeft: number): Finding => ({
      code: 'lease-ending',
      severity: 'warn',
      about: null,
      params: { until: '2026-12-22', daysLeft },
      evidence: [],
    });
    for (const [day, left] of [
      ['2026-11-23 10:00', 29],
      ['2026-11-24 10:00', 28],
      ['2026-12-15 10:00', 7],
      ['2026-12-21 10:00', 1],
      ['2026-12-21 12:00', 1],
    ] as const) {
      await world.until(day);
      world.set(siteId, 'access-record', 'warn', [ending(left)]);
      world.look(siteId);
    }
    await world.until('2026-12-23 12:00');
    const days = world.channels.email.sent
      .filter(({ message }) => message.recipient === 'zhang@owner.example')
      .map(({ message }) => message.content.title);
    expect(days).toEqual(['30', '7', '1'].map(() => expect.stringContaining('2026-12-22')));
    expect(world.channels.sms.sent[0]?.message.content.sms?.text).toMatch(/备案服务器.*截止2026-12-22，剩余29天/);
    expect(world.cases()).toEqual([]);
  });
  it('put right before it goes out: not sent', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const siteId = world.addSite(1);
    world.set(siteId, 'access-record', 'warn', [
      {
        code: 'lease-ending',
        severity: 'warn',
        about: null,
        params: { until: '2026-12-22', daysLeft: 29 },
        evidence: [],
      },
    ]);
    world.look(siteId);
    world.set(siteId, 'access-record', 'pass');
    world.look(siteId);
    await world.until('2026-11-24 10:00');
    expect(world.channels.email.sent).toEqual([]);
  });
});

describe('the bureau’s list (R15)', () => {
  it('ends re-checks and cases of revoked numbers, the subject’s number included; never more than asked for', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const [one, two, three] = [world.addSite(1), world.addSite(2), world.addSite(3)];
    world.set(one, 'icp-footer', 'fail');
    world.look(one);
    await world.settle();
    world.ledger.bureau.put(
      [
        { number: '京ICP备2021000001号-1', state: 'revoked', holder: null, asOf: '2026-11-20' },
        { number: '京ICP备2021000002号', state: 'revoked', holder: null, asOf: '2026-11-20' },
      ],
      world.now(),
    );
    expect(applyRevocations(world.ledger, { dryRun: false, max: 1, now: world.now() })).toMatchObject({
      stopped: true,
    });
    expect(world.ledger.filings.load(one)?.state).toBe('active');
    expect(applyRevocations(world.ledger, { dryRun: false, max: 10, now: world.now() }).sites).toHaveLength(2);
    expect([one, two, three].map((id) => world.ledger.filings.load(id)?.state)).toEqual([
      'revoked',
      'revoked',
      'active',
    ]);
    expect(world.case().state).toBe('closed');
    expect(world.ledger.verdicts.standing(one).every(({ nextDueAt }) => nextDueAt === null)).toBe(true);
  });
  it('an older list never undoes a newer one', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    const row = { number: '京ICP备2021000001号-1', holder: null };
    world.ledger.bureau.put([{ ...row, state: 'revoked', asOf: '2026-11-20' }], world.now());
    expect(world.ledger.bureau.put([{ ...row, state: 'alive', asOf: '2026-10-01' }], world.now())).toBe(0);
    expect(world.ledger.filed.bureauNumber('京ICP备2021000001号-1')).toMatchObject({ state: 'revoked' });
  });
});
