import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { ClockGuard } from '../../src/judge/clock-guard.ts';
import { createLogger } from '../../src/log.ts';
import { RecordingChannel } from '../support/case-world.ts';
import { FULL, figure } from '../support/figures.ts';
import { importStage, setStage } from '../world/harness.ts';

const DAY_MS = 86_400_000;
const realNow = Date.now;
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  Date.now = realNow;
  for (const close of open.splice(0).reverse()) await close();
});
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(30);
};

describe('the clock is set while the worker runs', () => {
  it.each(FULL ? [40, 1, 0.05, -0.05, -1, -40] : [40, -1])(
    'by %d days and back: nobody is accused meanwhile, nothing is told twice, all goes on by itself',
    async (days) => {
      // The whole process lives by the clock that is set: the queue's scheduler too.
      let offsetMs = 0;
      Date.now = () => realNow() + offsetMs;
      const now = (): number => Date.now();
      const stage = await setStage({
        seed: 41,
        sites: 12,
        withoutCatalogue: true,
        oddShare: 0,
        overrides: {
          sweep: { tickMs: 200, leaseMs: 9000, slotMs: 1000 },
          notices: {
            live: true,
            digestMs: 0,
            quietHours: { from: 0, to: 0 },
            maxPerHour: 10_000,
            email: { host: 'mail.invalid' },
          },
          enforcement: {
            live: true,
            url: 'http://127.0.0.1:1/',
            secret: 's',
            approvals: { 'restrict-access': 0, 'cancel-access': 0 },
          },
          checks: {
            'empty-shell': { intervalMs: 2000 },
            'icp-footer': { intervalMs: 2000 },
            reachability: { intervalMs: 2000 },
          },
        },
      });
      open.push(stage.close);
      // The servers' clocks are right all the time.
      stage.running.twist.clock = realNow;
      const [shell] = stage.world.sites;
      for (const name of [shell?.domain ?? '', `www.${shell?.domain}`])
        stage.world.names.set(name, [{ a: ['45.33.32.156'] }]);
      await importStage(stage);
      const first = openConfiguredLedger(stage.config);
      first.connection.sqlite.exec('UPDATE check_states SET next_due_at = 1 WHERE next_due_at IS NOT NULL');
      first.close();
      const mail = new RecordingChannel('resend', now);
      const acts: unknown[] = [];
      const patrol = await Patrol.start({
        config: stage.config,
        log: createLogger('silent'),
        roles: ['gather', 'ledger'],
        schedule: true,
        dialer: stage.running.dialer,
        now,
        monotonic: () => performance.now(),
        consequences: {
          channels: { email: mail },
          accessSystem: {
            submit: async (_key, body) => {
              acts.push(body);
              return { kind: 'done', receipt: 'r' };
            },
            poll: async () => ({ kind: 'done', receipt: 'r' }),
          },
        },
      });
      open.push(() => patrol.stop(1000));
      const { ledger } = patrol;
      if (ledger === null) throw new Error('no ledger');
      const held = (): boolean => ledger.enforcements.held('clock') !== null;
      const owners = (): number => mail.sent.filter(({ message }) => !message.kind.startsWith('admin')).length;
      await until(
        () => ledger.cases.totals().some(({ state, count }) => state === 'open' && count === 1) && owners() > 0,
      );
      await sleep(500);
      const told = owners();

      offsetMs = days * DAY_MS;
      await until(held);
      await sleep(2000);
      expect(ledger.cases.totals().map(({ state, count }) => [state, count])).toEqual([['open', 1]]);
      expect([owners(), acts.length]).toEqual([told, 0]);
      expect(ledger.openAlerts().some(({ key }) => key === 'hold-clock')).toBe(true);

      offsetMs = 0;
      const backAt = realNow();
      // Setting it back is a step as well: it is believed once the servers agree.
      await until(() => !held());
      await sleep(1000);
      // The schedule goes on by the right clock, not where the wrong one left it.
      const since = ledger.connection.sqlite
        .prepare("SELECT count(*) FROM schedule_slots WHERE schedule = 'tick' AND started_at BETWEEN ? AND ?")
        .pluck()
        .get(backAt, realNow());
      expect(since).toBeGreaterThanOrEqual(2);
      expect(ledger.cases.totals().map(({ state, count }) => [state, count])).toEqual([['open', 1]]);
      expect([owners(), acts.length]).toEqual([told, 0]);
      const slots = ledger.connection.sqlite
        .prepare("SELECT count(*) AS n, count(DISTINCT slot) AS d FROM schedule_slots WHERE schedule = 'tick'")
        .get() as { n: number; d: number };
      expect(slots.n).toBe(slots.d);
      figure({
        fault: `the clock set by ${days} days and back while the worker runs`,
        count: 2,
        result: 'no case moved, nothing told twice, every slot once, goes on by itself',
      });
    },
  );
});

describe('the clock guard', () => {
  const policy = { maxSkewMs: 3_600_000, maxStepMs: 300_000, maxAwayMs: 7 * DAY_MS };
  const NOW = Date.parse('2026-11-22T04:00:00Z');
  const guard = (): ClockGuard => new ClockGuard(policy);
  it('takes small steps, and a process that slept', () => {
    const one = guard();
    one.beat(NOW, 0);
    one.beat(NOW + 61_000, 1000);
    one.beat(NOW - 100_000, 2000);
    expect(one.doubt).toBeNull();
  });
  it('doubts a step, and is told better by five servers', () => {
    const one = guard();
    one.beat(NOW, 0);
    one.beat(NOW + DAY_MS, 1000);
    expect(one.doubt?.en).toMatch(/stepped forward by 24.0 hours/);
    expect(one.doubt?.zh).toMatch(/24.0 小时/);
    one.refer({ at: NOW + DAY_MS, referenceAt: NOW + DAY_MS, servers: 4 });
    expect(one.doubt).not.toBeNull();
    one.refer({ at: NOW + DAY_MS, referenceAt: NOW + DAY_MS, servers: 5 });
    expect(one.doubt).toBeNull();
  });
  it('is not fooled by results that waited in a queue', () => {
    const one = guard();
    one.refer({ at: NOW, referenceAt: NOW - 60_000, servers: 9 });
    one.refer({ at: NOW, referenceAt: NOW - 3 * 3_600_000, servers: 9 });
    expect(one.doubt).toBeNull();
  });
  it.each([
    [NOW - 60_000, null],
    [NOW + DAY_MS, /before the last tick/],
    [NOW - 8 * DAY_MS, /8 days ago|192/],
  ])('at the start, the last tick at %d', (lastTickAt, doubt) => {
    const one = guard();
    one.started(NOW, lastTickAt, null);
    if (doubt === null) expect(one.doubt).toBeNull();
    else expect(one.doubt?.en).toMatch(doubt);
  });
  it('keeps an earlier run’s doubt over a restart, until servers or a person say otherwise', () => {
    const one = guard();
    one.started(NOW, NOW, { en: 'it was wrong', zh: '时钟有误' });
    expect(one.doubt?.en).toBe('it was wrong');
    expect(one.forgiven()).toBe(true);
    expect(one.doubt).toBeNull();
  });
});
