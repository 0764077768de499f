import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig, mergeSettings, ROOT } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { startWires, wireSettings } from '../support/delivery-world.ts';
import { faketimeLibrary } from '../support/faketime.ts';
import { FULL, figure } from '../support/figures.ts';
import { importStage, loopbackSettings, setStage } from '../world/harness.ts';
import { writeLists } from '../world/world-lists.ts';

const LIBRARY = faketimeLibrary();
const DAY_S = 86_400;
const STEPS_S = FULL
  ? [30, -30, 200, -200, 7200, -7200, DAY_S, -DAY_S, 7 * DAY_S, 40 * DAY_S, -40 * DAY_S, 400 * DAY_S]
  : [20, 40 * DAY_S, -40 * DAY_S];
/** `clock.maxStepMs`: smaller steps are the life of a clock. */
const SMALL_S = 300;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(50);
};

describe.runIf(LIBRARY !== null)('the system clock is set under a worker (faketime)', () => {
  // After a small step forward and back what was put off by it is due that much later: the time limit leaves room for it.
  it.each(STEPS_S)(
    'by %d s and back, the monotonic clock going on',
    async (stepS) => {
      const stage = await setStage({ seed: 43, sites: 12, withoutCatalogue: true, oddShare: 0 });
      open.push(stage.close);
      const wires = await startWires('aliyun', stage.folder);
      open.push(wires.close);
      // The servers' clocks are right all the time.
      stage.running.twist.clock = Date.now;
      const [shell] = stage.world.sites;
      for (const name of [shell?.domain ?? '', `www.${shell?.domain}`])
        stage.world.names.set(name, [{ a: ['45.33.32.156'] }]);
      const settings = [
        writeLists(stage.world, stage.folder),
        wireSettings(wires, 'aliyun'),
        {
          sweep: { tickMs: 200, leaseMs: 9000, slotMs: 1000 },
          notices: { sms: { provider: null } },
          enforcement: { approvals: { 'restrict-access': 0, 'cancel-access': 0 } },
          checks: {
            'empty-shell': { intervalMs: 2000 },
            'icp-footer': { intervalMs: 2000 },
            reachability: { intervalMs: 2000 },
          },
        },
        { queue: { dataDir: join(stage.folder, 'queue') } },
      ].reduce<object>(
        (all, one) => mergeSettings(all, one) as object,
        loopbackSettings(stage.folder, stage.running.resolvers),
      );
      const config = loadConfig({ env: {}, overrides: settings });
      await importStage(stage);
      const ledger = openConfiguredLedger(config);
      open.push(() => ledger.close());
      ledger.connection.sqlite.exec('UPDATE check_states SET next_due_at = 1 WHERE next_due_at IS NOT NULL');

      const clockFile = join(stage.folder, 'faketime');
      writeFileSync(clockFile, '+0\n');
      const task = JSON.stringify({ settings, ports: stage.running.ports, refused: [] });
      const child = spawn(process.execPath, [join(ROOT, 'test/support/soak-child.ts'), task], {
        cwd: ROOT,
        stdio: ['pipe', 'ignore', 'pipe'],
        env: {
          ...process.env,
          LD_PRELOAD: LIBRARY ?? '',
          FAKETIME_TIMESTAMP_FILE: clockFile,
          FAKETIME_NO_CACHE: '1',
          FAKETIME_DONT_FAKE_MONOTONIC: '1',
        },
      });
      let errors = '';
      child.stderr.on('data', (data: Buffer) => {
        errors += data.toString();
      });
      const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
      open.push(() => child.kill('SIGKILL'));
      const held = (): boolean => ledger.enforcements.held('clock') !== null;
      const mails = (): number => wires.mail.mails.length;
      const cases = (): unknown[] => ledger.cases.totals().map(({ state, count }) => [state, count]);
      const looks = (): number =>
        Number(ledger.connection.sqlite.prepare('SELECT sum(count) FROM sweep_counts').pluck().get() ?? 0);
      await until(() => cases().length > 0 && mails() >= 2);
      await sleep(500);
      const told = mails();
      expect(cases()).toEqual([['open', 1]]);

      writeFileSync(clockFile, `${stepS > 0 ? '+' : ''}${stepS}\n`);
      const small = Math.abs(stepS) < SMALL_S;
      if (!small) await until(held);
      await sleep(2000);
      expect([
        cases(),
        mails(),
        readFileSync(join(stage.folder, 'mail.log'), 'utf8').trim().split('\n').length,
      ]).toEqual([[['open', 1]], told, told]);
      expect(held()).toBe(!small);
      if (!small) expect(ledger.openAlerts().some(({ key }) => key === 'hold-clock')).toBe(true);

      writeFileSync(clockFile, '+0\n');
      const before = looks();
      await until(() => !held());
      // Goes on looking by the right clock, not where the wrong one left it.
      await until(() => looks() > before);
      await sleep(1000);
      expect([cases(), mails(), errors]).toEqual([[['open', 1]], told, '']);
      child.stdin.end();
      expect(await exit).toBe(0);
      const slots = ledger.connection.sqlite
        .prepare("SELECT count(*) AS n, count(DISTINCT slot) AS d FROM schedule_slots WHERE schedule = 'tick'")
        .get() as { n: number; d: number };
      expect(slots.n).toBe(slots.d);
      expect(ledger.connection.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
      figure({
        fault: `faketime: the system clock set by ${stepS} s and back under a worker, the monotonic clock going on`,
        count: 2,
        result: `no case moved, nothing told twice, every slot once, ${small ? 'taken as the life of a clock' : 'stopped, admins told, goes on by itself'}`,
      });
    },
    600_000,
  );
});
