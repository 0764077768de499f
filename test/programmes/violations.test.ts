import { afterEach, describe, expect, it } from 'vitest';
import { actsToday } from '../../src/enforce/daily-cap.ts';
import { type ViolationTimes, violationStep } from '../../src/programmes/violation-clock.ts';
import { Violations } from '../../src/programmes/violations.ts';
import { at, CaseWorld, short } from '../support/case-world.ts';

let world: CaseWorld;
afterEach(() => world?.close());

const LIVE = { violations: { live: true } };
const open = async (overrides: object = LIVE): Promise<{ desk: Violations; siteId: number }> => {
  world = await CaseWorld.open('2026-08-03 10:00', overrides);
  return { desk: new Violations(world.keeper), siteId: world.addSite(1) };
};
const report = (desk: Violations, siteId: number, eventId: string) =>
  desk.report({ eventId, siteId, description: '违规内容', reportedAt: world.now(), by: 'police' }, world.now());
const acts = (): string[] => world.acts.map(({ at: when, body }) => `${short(when)} ${String(body['act'])}`);
const told = (): string[] => [
  ...new Set(world.channels.sms.sent.map(({ at: when, message }) => `${short(when)} ${message.kind}`)),
];

describe('the clocks (R13)', () => {
  const one = (over: Partial<ViolationTimes> = {}): ViolationTimes => ({
    id: 1,
    state: 'found',
    reportedAt: 0,
    reachedAt: null,
    receivedAt: over.reportedAt ?? 0,
    suspendAskedAt: null,
    suspendedAt: null,
    dryRun: false,
    ...over,
  });
  const HOUR = 3_600_000;
  it('an hour to be reached', () => {
    expect(violationStep(one(), [one()], HOUR - 1)).toEqual({ kind: 'wait', until: HOUR });
    expect(violationStep(one(), [one()], HOUR)).toEqual({ kind: 'suspend' });
  });
  it('twelve hours of suspension', () => {
    const suspended = one({ state: 'suspended', suspendedAt: HOUR });
    expect(violationStep(suspended, [suspended], 13 * HOUR - 1)).toEqual({ kind: 'wait', until: 13 * HOUR });
    expect(violationStep(suspended, [suspended], 13 * HOUR)).toEqual({ kind: 'resume' });
  });
  it('three within 24 hours close, three within 25 do not', () => {
    const site = (span: number) => [one(), one({ id: 2, reportedAt: HOUR }), one({ id: 3, reportedAt: span })];
    expect(violationStep(one({ id: 3, reportedAt: 24 * HOUR }), site(24 * HOUR), 24 * HOUR)).toMatchObject({
      kind: 'close',
      why: 'three-violations',
    });
    expect(violationStep(one({ id: 3, reportedAt: 24 * HOUR + 1 }), site(24 * HOUR + 1), 24 * HOUR + 1)).toMatchObject({
      kind: 'wait',
    });
  });
  it('told out of order: the third to come in closes, wherever it lies within the day', () => {
    const times = [20 * HOUR, 10 * HOUR, 0].map((reportedAt, index) =>
      one({ id: index + 1, reportedAt, receivedAt: 0 }),
    );
    expect(violationStep(times[1] as ViolationTimes, times, 0)).toMatchObject({ kind: 'wait' });
    expect(violationStep(times[2] as ViolationTimes, times, 0)).toMatchObject({ kind: 'close' });
  });
  it('what was waived or happened on paper is no strike', () => {
    const third = one({ id: 3, reportedAt: 2 });
    for (const over of [{ state: 'waived' as const }, { dryRun: true }])
      expect(violationStep(third, [one(), one({ id: 2, reportedAt: 1, ...over }), third], 2)).toMatchObject({
        kind: 'wait',
      });
  });
  const row = (...before: Partial<ViolationTimes>[]) => {
    const last = one({ id: 9, receivedAt: 1000 * HOUR, reportedAt: 1000 * HOUR });
    const site = before.map((over, index) =>
      one({ id: index + 1, state: 'resumed', reportedAt: index * 100 * HOUR, ...over }),
    );
    return violationStep(last, [...site, last], 1001 * HOUR).kind;
  };
  it('unreached three times in a row; having been reached ends the row, and overlapping ones are one', () => {
    expect(row({ suspendedAt: HOUR }, { suspendedAt: 101 * HOUR })).toBe('close');
    expect(row({ suspendedAt: HOUR }, { suspendedAt: 101 * HOUR }, { state: 'removed', reachedAt: 200 * HOUR })).toBe(
      'suspend',
    );
    expect(row({ suspendedAt: HOUR }, { suspendedAt: 5 * HOUR })).toBe('suspend');
    expect(row({ suspendedAt: HOUR }, { suspendAskedAt: 101 * HOUR })).toBe('suspend');
  });
  it('told and not removed: closed', () => {
    const reached = one({ state: 'reached', reachedAt: HOUR });
    expect(violationStep(reached, [reached], 25 * HOUR)).toEqual({ kind: 'close', why: 'not-removed' });
  });
});

describe('a violation’s life', () => {
  it('nobody reached: suspended after an hour, back after twelve', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-04 12:00');
    expect(acts()).toEqual(['08-03 11:00 suspend-service', '08-03 23:00 resume-service']);
    expect(told()).toEqual([
      '08-03 10:00 violation-found',
      '08-03 11:00 violation-suspended',
      '08-04 08:00 violation-resumed',
    ]);
    expect(desk.find('e1')).toMatchObject({ state: 'resumed', dueAt: null });
  });
  it('told at night too: the hour runs', async () => {
    const { desk, siteId } = await open();
    await world.until('2026-08-03 23:30');
    report(desk, siteId, 'e1');
    await world.until('2026-08-04 00:45');
    expect(told()).toEqual(['08-03 23:30 violation-found', '08-04 00:30 violation-suspended']);
  });
  it('reached and removed: nothing is asked', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 10:30');
    desk.reached('e1', 'ops', world.now());
    await world.until('2026-08-03 15:00');
    desk.removed('e1', 'ops', world.now());
    await world.until('2026-08-06 00:00');
    expect([acts(), desk.find('e1').state]).toEqual([[], 'removed']);
  });
  it('removed while suspended: back at once', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 13:00');
    desk.removed('e1', 'ops', world.now());
    await world.until('2026-08-05 00:00');
    expect(acts()).toEqual(['08-03 11:00 suspend-service', '08-03 13:00 resume-service']);
  });
  it('three within a day: closed for good, once an admin approved', async () => {
    const { desk, siteId } = await open();
    for (const event of ['e1', 'e2', 'e3']) {
      report(desk, siteId, event);
      if (event !== 'e3') desk.reached(event, 'ops', world.now());
    }
    await world.until('2026-08-03 12:00');
    expect([acts(), desk.find('e3').state]).toEqual([[], 'closing']);
    expect(
      world.ledger
        .openAlerts()
        .map(({ message }) => message)
        .join(),
    ).toContain('patrol violations approve e3');
    desk.decide('e3', 'approve', 'admin', world.now());
    await world.until('2026-08-03 13:00');
    expect([acts(), desk.find('e3').state]).toEqual([['08-03 12:00 close-service'], 'closed']);
    expect(told()).toContain('08-03 12:00 violation-closed');
    expect(() => desk.decide('e3', 'approve', 'admin', world.now())).toThrow(/waits for an approval/);
  });
  it('declined: the site stays', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    desk.falseContacts('e1', 'ops', world.now());
    desk.decide('e1', 'decline', 'admin', world.now());
    await world.until('2026-08-05 00:00');
    expect([acts(), desk.find('e1').state]).toEqual([[], 'waived']);
  });
  it('unreached for the third time: to be closed instead of suspended', async () => {
    const { desk, siteId } = await open();
    for (const [event, day] of [
      ['e1', '2026-08-03 10:00'],
      ['e2', '2026-08-10 10:00'],
      ['e3', '2026-08-17 10:00'],
    ] as const) {
      await world.until(day);
      report(desk, siteId, event);
    }
    await world.until('2026-08-20 00:00');
    expect(acts().map((line) => line.split(' ')[2])).toEqual([
      'suspend-service',
      'resume-service',
      'suspend-service',
      'resume-service',
    ]);
    expect(desk.find('e3').state).toBe('closing');
  });
  it('the same event twice is one', async () => {
    const { desk, siteId } = await open();
    expect(report(desk, siteId, 'e1')).not.toBeNull();
    expect(report(desk, siteId, 'e1')).toBeNull();
    expect(world.ledger.violations.ofSite(siteId)).toHaveLength(1);
  });
});

describe('safety', () => {
  it('dry-run: clocks run, nothing is asked, and no owner is told of what happened on paper', async () => {
    const { desk, siteId } = await open({});
    report(desk, siteId, 'e1');
    await world.until('2026-08-05 00:00');
    expect(acts()).toEqual([]);
    expect(told()).toEqual([]);
    expect(desk.find('e1').state).toBe('resumed');
    const planned = world.ledger.outbox.notices(null, 50).map(({ kind }) => kind);
    expect(new Set(planned)).toEqual(new Set(['violation-found', 'violation-suspended']));
  });
  it('an access system that does not answer is asked again by the same key', async () => {
    const { desk, siteId } = await open();
    world.act = () => ({ kind: 'retry', message: 'timeout' });
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 11:10');
    world.act = () => ({ kind: 'done', receipt: 'r' });
    await world.until('2026-08-03 12:00');
    expect(acts().length).toBeGreaterThan(1);
    expect(world.ledger.violations.actsOf(desk.find('e1').id)).toMatchObject([
      { act: 'suspend-service', state: 'done' },
    ]);
  });
  it('stops at the daily cap shared with enforcement of cases', async () => {
    const { desk, siteId } = await open({ ...LIVE, enforcement: { maxPerDay: 1 } });
    report(desk, siteId, 'e1');
    report(desk, world.addSite(2), 'e2');
    await world.until('2026-08-03 11:30');
    expect(acts()).toEqual(['08-03 11:00 suspend-service']);
    expect(world.ledger.enforcements.held('enforcement')).not.toBeNull();
  });
  it('suspension that never went out is not taken back', async () => {
    const { desk, siteId } = await open({
      violations: { live: true, approvals: { 'suspend-service': 1, 'resume-service': 0, 'close-service': 1 } },
    });
    report(desk, siteId, 'e1');
    await world.until('2026-08-05 00:00');
    expect(acts()).toEqual([]);
    expect(world.ledger.violations.actsOf(desk.find('e1').id)).toMatchObject([
      { act: 'suspend-service', state: 'dropped' },
    ]);
  });
  it('tells admins to call the owner, and by when', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    expect(world.ledger.openAlerts().map(({ message }) => message)).toEqual([
      expect.stringContaining('violation e1: call the owner before 8月3日11:00'),
    ]);
    desk.reached('e1', 'ops', world.now());
    expect(world.ledger.openAlerts()).toEqual([]);
  });
  it('the hour runs from when we heard of it, not from when it was found', async () => {
    const { desk, siteId } = await open();
    const reportedAt = at('2026-08-03 07:00');
    desk.report({ eventId: 'e1', siteId, description: 'x', reportedAt, by: 'police' }, world.now());
    await world.until('2026-08-03 11:30');
    expect(acts()).toEqual(['08-03 11:00 suspend-service']);
  });
  it('an owner who was not told, by our own doing, is not suspended', async () => {
    const { desk, siteId } = await open();
    world.ledger.enforcements.hold('notices', 'test', 'test', world.now());
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 15:00');
    expect([acts(), desk.find('e1').state]).toEqual([[], 'found']);
    expect(
      world.ledger
        .openAlerts()
        .map(({ message }) => message)
        .join(),
    ).toContain('neither SMS nor mail reached its owner');
  });
  it('told late: the hour begins with the first message that was really taken', async () => {
    const { desk, siteId } = await open();
    world.ledger.enforcements.hold('notices', 'test', 'test', world.now());
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 14:58');
    world.ledger.release('notices', world.now());
    await world.until('2026-08-03 15:50');
    expect(acts()).toEqual([]);
    await world.until('2026-08-03 16:10');
    const [first] = acts();
    expect(first).toMatch(/^08-03 1(?:5:5[89]|6:0\d) suspend-service$/);
  });
  it('unreached for the third time, but not told: nothing is closed before somebody called', async () => {
    const { desk, siteId } = await open();
    for (const [event, day] of [
      ['e1', '2026-08-03 10:00'],
      ['e2', '2026-08-10 10:00'],
    ] as const) {
      await world.until(day);
      report(desk, siteId, event);
    }
    await world.until('2026-08-17 10:00');
    world.ledger.enforcements.hold('notices', 'test', 'test', world.now());
    report(desk, siteId, 'e3');
    await world.until('2026-08-17 15:00');
    expect(desk.find('e3').state).toBe('found');
    desk.unreachable('e3', 'ops', world.now());
    expect(desk.find('e3').state).toBe('closing');
  });
  it('every message refused: nobody is suspended until somebody called', async () => {
    const { desk, siteId } = await open();
    for (const channel of [world.channels.sms, world.channels.email])
      channel.answer = () => ({ kind: 'refused', code: 'X', message: 'no', blame: 'address' });
    report(desk, siteId, 'e1');
    expect(() => desk.unreachable('e1', 'ops', world.now())).toThrow(/has until/);
    await world.until('2026-08-04 10:00');
    expect([acts(), desk.find('e1').state]).toEqual([[], 'found']);
    desk.unreachable('e1', 'ops', world.now());
    await world.until('2026-08-04 10:10');
    expect(acts()).toEqual(['08-04 10:00 suspend-service']);
    expect(() => desk.unreachable('e1', 'ops', world.now())).toThrow(/is suspended by now/);
  });
  it('a suspension that was refused, or declined, is no strike and is not given back', async () => {
    const { desk, siteId } = await open();
    world.act = () => ({ kind: 'refused', message: 'no such site' });
    for (const [event, day] of [
      ['e1', '2026-08-03 10:00'],
      ['e2', '2026-08-10 10:00'],
      ['e3', '2026-08-17 10:00'],
    ] as const) {
      await world.until(day);
      report(desk, siteId, event);
    }
    await world.until('2026-08-20 00:00');
    expect(acts().map((line) => line.split(' ')[2])).toEqual(Array.from({ length: 3 }, () => 'suspend-service'));
    expect(told().filter((line) => !line.includes('found'))).toEqual([]);
    expect(desk.find('e3').state).toBe('resumed');
  });
  it('removed while a suspension is on the wire without an answer: it is not sent again, and the site is given back', async () => {
    const { desk, siteId } = await open();
    world.act = () => ({ kind: 'retry', message: 'timeout' });
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 11:05');
    desk.removed('e1', 'ops', world.now());
    world.act = () => ({ kind: 'done', receipt: 'r' });
    const before = acts().length;
    await world.until('2026-08-05 00:00');
    expect(acts().slice(before)).toEqual(['08-03 11:05 resume-service']);
  });
  it('two violations: the site comes back when the last of them lets it', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 15:00');
    report(desk, siteId, 'e2');
    await world.until('2026-08-05 00:00');
    expect(acts()).toEqual([
      '08-03 11:00 suspend-service',
      '08-03 16:00 suspend-service',
      '08-04 04:00 resume-service',
    ]);
  });
  it('closing declined while suspended: the site comes back', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 12:00');
    desk.falseContacts('e1', 'ops', world.now());
    await world.until('2026-08-04 12:00');
    expect(acts()).toEqual(['08-03 11:00 suspend-service']);
    desk.decide('e1', 'decline', 'admin', world.now());
    await world.settle();
    expect(acts()).toEqual(['08-03 11:00 suspend-service', '08-04 12:00 resume-service']);
  });
  it('a return that was refused is told, and can be asked for again', async () => {
    const { desk, siteId } = await open();
    world.act = (body) =>
      body['act'] === 'resume-service' ? { kind: 'refused', message: 'busy' } : { kind: 'done', receipt: 'r' };
    report(desk, siteId, 'e1');
    await world.until('2026-08-04 12:00');
    expect(
      world.ledger
        .openAlerts()
        .map(({ message }) => message)
        .join(),
    ).toContain('patrol violations resume e1');
    world.act = () => ({ kind: 'done', receipt: 'r' });
    desk.resume('e1', 'ops', world.now());
    await world.settle();
    expect(acts().at(-1)).toBe('08-04 12:00 resume-service');
    expect(() => desk.resume('e1', 'ops', world.now())).toThrow(/nothing to resume/);
  });
  it('is not taken of a site that left, nor without an id or words', async () => {
    const { desk, siteId } = await open();
    const told = { eventId: 'e1', siteId, description: '违规', reportedAt: world.now(), by: 'police' };
    expect(() => desk.report({ ...told, eventId: 'e 1' }, world.now())).toThrow(/no id/);
    expect(() => desk.report({ ...told, description: ' ' }, world.now())).toThrow(/says nothing/);
    expect(() => desk.report({ ...told, reportedAt: world.now() + 600_000 }, world.now())).toThrow(/future/);
    world.ledger.filings.leave(siteId, 'revoked', world.now());
    expect(() => desk.report(told, world.now())).toThrow(/the site is revoked/);
    expect(world.ledger.outbox.notices(null, 10)).toEqual([]);
  });
  it('a site that was closed takes its other violations with it', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    report(desk, siteId, 'e2');
    desk.falseContacts('e2', 'ops', world.now());
    desk.decide('e2', 'approve', 'admin', world.now());
    await world.until('2026-08-03 12:30');
    expect([desk.find('e1').state, desk.find('e2').state]).toEqual(['waived', 'closed']);
    expect(world.ledger.openAlerts()).toEqual([]);
  });
  it('a site that left is not acted against', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    world.ledger.filings.leave(siteId, 'revoked', world.now());
    await world.until('2026-08-05 00:00');
    expect([acts(), desk.find('e1').state]).toEqual([[], 'waived']);
  });
  it('acts count in the daily cap of enforcement of cases too', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 12:00');
    expect(actsToday(world.ledger, world.now())).toBe(1);
  });
  it('while it is suspended, what its page shows neither accuses nor acquits (it is our own doing)', async () => {
    const { desk, siteId } = await open();
    report(desk, siteId, 'e1');
    await world.until('2026-08-03 12:00');
    world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
    expect(world.cases()).toEqual([]);
    await world.until('2026-08-04 12:00');
    world.look(siteId);
    expect(world.cases()).toHaveLength(1);
  });
  it('keeps no personal data of the description', async () => {
    const { desk, siteId } = await open();
    desk.report(
      { eventId: 'e1', siteId, description: '联系 13812345678', reportedAt: at('2026-08-03 10:00'), by: 'police' },
      world.now(),
    );
    expect(desk.find('e1').description).not.toContain('13812345678');
  });
});
