import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { mergeSettings } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { BACKENDS } from '../support/backends.ts';
import { liveOnce } from '../support/child-life.ts';
import { FULL, figure } from '../support/figures.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { SweepTask } from '../support/sweep-child.ts';
import { compareWithTruth, importStage, loopbackSettings, type Stage, setStage } from '../world/harness.ts';
import { SeededRandom } from '../world/random.ts';
import { writeLists } from '../world/world-lists.ts';

const SITES = FULL ? 120 : 24;
const KILLS = FULL ? 150 : 10;
const STEPS = ['claimed', 'gathered', 'handed-over', 'judged', 'recorded'] as const;

const HASTY = {
  dns: { timeoutMs: 500, tries: 2 },
  page: { totalTimeoutMs: 2500, connectTimeoutMs: 1500, perAddressConcurrency: 16, wellKnownPages: [] },
  sweep: { tickMs: 300, leaseMs: 5000, slotMs: 3_600_000 },
  confirm: { pauseMs: 100, inconclusiveBackoffMs: 200 },
};

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
let redis: TestRedis | null = null;
afterAll(() => redis?.stop());

async function begin(
  kind: 'embedded' | 'redis',
  mounted: string | null = null,
): Promise<{ stage: Stage; task: SweepTask; queueDir: string }> {
  const stage = await setStage({ seed: 77, sites: SITES, withoutCatalogue: true, oddShare: 0.3, overrides: HASTY });
  open.push(stage.close);
  const queueDir = mounted ?? join(stage.folder, 'queue');
  if (kind === 'redis') redis ??= await startRedis();
  const queue =
    kind === 'redis' && redis !== null
      ? { url: redis.url, prefix: `s${Math.random().toString(36).slice(2, 8)}` }
      : { url: null, dataDir: queueDir };
  await importStage(stage);
  // First looks are spread over a day: here everything is due at once.
  const ledger = openConfiguredLedger(stage.config);
  ledger.connection.sqlite.exec('UPDATE check_states SET next_due_at = 1 WHERE next_due_at IS NOT NULL');
  ledger.close();
  const settings = [writeLists(stage.world, stage.folder), HASTY, { queue }].reduce<object>(
    (all, one) => mergeSettings(all, one) as object,
    loopbackSettings(stage.folder, stage.running.resolvers),
  );
  const refused = [...stage.world.addresses].flatMap(([address, how]) => (how === 'refused' ? [address] : []));
  return { stage, task: { settings, ports: stage.running.ports, refused }, queueDir };
}

const live = (task: SweepTask, killAt: string, nth: number, killAfterMs: number | null) =>
  liveOnce('sweep-child.ts', task, killAt, nth, killAfterMs);

/** Everything judged once, as the truth says, and the ledger whole. */
function settle(stage: Stage): { compared: number; slots: number } {
  const ledger = openConfiguredLedger(stage.config);
  const { sqlite } = ledger.connection;
  const { compared, mismatches } = compareWithTruth(stage, { ledger } as unknown as Patrol);
  expect(mismatches.map(({ site, ...rest }) => ({ ...rest, oddity: site.oddity }))).toEqual([]);
  const twice = sqlite
    .prepare('SELECT site_id, check_id, sweep_id, count(*) AS n FROM verdicts GROUP BY 1, 2, 3 HAVING n > 1')
    .all();
  expect(twice).toEqual([]);
  const slots = (sqlite
    .prepare("SELECT count(*) AS n, count(DISTINCT slot) AS d FROM schedule_slots WHERE schedule = 'tick'")
    .get() ?? {}) as { n: number; d: number };
  expect(slots.n).toBe(slots.d);
  expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  ledger.close();
  return { compared, slots: slots.n };
}

describe.each(BACKENDS)('kill -9 while sweeping and judging, queue: %s', (kind) => {
  it(
    'every check is judged once, as the truth says',
    async () => {
      const random = new SeededRandom(9);
      const kills = { named: 0, random: 0 };
      const totals = { compared: 0, slots: 0 };
      // A world is over long before it was killed often enough: as many worlds as that takes.
      for (let worlds = 0; worlds === 0 || (FULL && kills.named + kills.random < KILLS); worlds++) {
        const { stage, task } = await begin(kind);
        let over = false;
        while (!over && kills.named + kills.random < KILLS) {
          const named = random.next() < 0.6;
          const step = named ? (STEPS[random.int(STEPS.length)] as string) : '';
          const how = await live(task, step, 1 + random.int(4), named ? 6000 : 50 + random.int(1500));
          if (how === 'ended') over = true;
          else kills[how === 'at-step' ? 'named' : 'random']++;
        }
        while (!over) over = (await live(task, '', 1, null)) === 'ended';
        const { compared, slots } = settle(stage);
        totals.compared += compared;
        totals.slots += slots;
      }
      expect(kills.named + kills.random).toBeGreaterThanOrEqual(FULL ? KILLS : 3);
      figure({
        fault: `kill -9 while sweeping and judging, ${kind} queue (${kills.named} at named steps, ${kills.random} at random)`,
        count: kills.named + kills.random,
        result: `${totals.compared} verdicts, all as the truth says, none twice in a sweep; ${totals.slots} slots, each once; integrity ok`,
      });
    },
    FULL ? 3_600_000 : 120_000,
  );
});

describe('the embedded queue’s folder', () => {
  it.each(['deleted', 'emptied', 'filled with rubbish'])(
    '%s between two lives: the ledger makes everything anew',
    async (how) => {
      const { stage, task, queueDir } = await begin('embedded');
      expect(await live(task, 'gathered', 1, 6000)).toBe('at-step');
      if (how === 'deleted') rmSync(queueDir, { recursive: true });
      else if (how === 'emptied') {
        rmSync(queueDir, { recursive: true });
        mkdirSync(join(queueDir, 'pglite'), { recursive: true });
      } else {
        for (const file of readdirSync(join(queueDir, 'pglite/base/5')).slice(0, 40))
          writeFileSync(join(queueDir, 'pglite/base/5', file), Buffer.alloc(8192, 0x5a));
        // What cannot be opened says so, with its remedy, and ends; the operator deletes the folder.
        await expect(live(task, '', 1, null)).rejects.toThrow(/delete that folder and start again/);
        rmSync(queueDir, { recursive: true });
      }
      expect(await live(task, '', 1, null)).toBe('ended');
      settle(stage);
      figure({ fault: `embedded queue killed, its folder ${how}`, count: 1, result: 'all judged as the truth says' });
    },
  );
});

/** A disk of its own, so small that it can be filled. Null where this machine lets nobody mount one. */
function smallDisk(sizeMb: number): { folder: string; close: () => Promise<void> } | null {
  const folder = mkdtempSync(join(tmpdir(), 'beian-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', folder]).status === 0;
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  if (!mounted) remove();
  return mounted
    ? {
        folder,
        close: async () => {
          spawnSync('umount', [folder]);
          remove();
        },
      }
    : null;
}

describe('the embedded queue’s disk', () => {
  it('full at the start: says so with its remedy; full in the middle of a sweep: goes on once there is room, from the ledger', async (context) => {
    const disk = smallDisk(96);
    if (disk === null) return context.skip('nobody may mount a disk here');
    open.push(disk.close);
    const filler = join(disk.folder, 'filler');
    const fill = (): void => {
      try {
        for (let block = 0; block < 200; block++) appendFileSync(filler, Buffer.alloc(1 << 20));
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
      }
    };
    const free = (): void => rmSync(filler, { force: true });
    const { stage, task } = await begin('embedded', join(disk.folder, 'queue'));
    fill();
    await expect(live(task, '', 1, null)).rejects.toThrow(/no space left on device[\s\S]*free space/);
    free();

    const ledger = openConfiguredLedger(stage.config);
    const judged = (): number =>
      Number(
        ledger.connection.sqlite.prepare('SELECT count(*) FROM check_states WHERE verdict IS NOT NULL').pluck().get(),
      );
    const total = Number(
      ledger.connection.sqlite.prepare('SELECT count(*) FROM check_states WHERE next_due_at IS NOT NULL').pluck().get(),
    );
    let ended = false;
    const ending = live(task, '', 1, null).then(
      () => 'went on',
      (error: Error) => error.message,
    );
    void ending.then(() => {
      ended = true;
    });
    while (judged() === 0 && !ended) await sleep(10);
    const before = judged();
    fill();
    // The sweep was under way when its disk was full.
    expect(before).toBeLessThan(total);
    await sleep(2000);
    free();
    const how = await ending;
    if (how !== 'went on') {
      // PostgreSQL itself gives up when it cannot write its log: the process ends, whoever supervises it starts it again.
      expect(how).toMatch(/no space left|pglite|ENOSPC|ErrnoError/i);
      expect(await live(task, '', 1, null)).toBe('ended');
    }
    ledger.close();
    settle(stage);
    figure({
      fault: 'the disk of the embedded queue is full, at the start and in the middle of a sweep',
      count: 2,
      result: `refused at the start with the remedy; then it ${how === 'went on' ? 'went on' : 'ended and was started again'}: all judged as the truth says`,
    });
  });
});
