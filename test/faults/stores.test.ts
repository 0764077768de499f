import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { mergeSettings, ROOT } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { FULL, figure } from '../support/figures.ts';
import { holdLedger } from '../support/hold-ledger.ts';
import { mortalRedis } from '../support/mortal-redis.ts';
import { hasRedis } from '../support/redis.ts';
import { compareWithTruth, importStage, type Stage, setStage, startPatrol } from '../world/harness.ts';
import { SeededRandom } from '../world/random.ts';

const SITES = FULL ? 150 : 24;
const HASTY = {
  dns: { timeoutMs: 500, tries: 2 },
  page: { totalTimeoutMs: 2500, connectTimeoutMs: 1500, perAddressConcurrency: 16, wellKnownPages: [] },
  sweep: { tickMs: 300, leaseMs: 5000, slotMs: 3_600_000 },
  confirm: { pauseMs: 100, inconclusiveBackoffMs: 200 },
};

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function begin(queue: object, more: object = {}): Promise<{ stage: Stage; patrol: Patrol }> {
  const overrides = mergeSettings(mergeSettings(HASTY, { queue }), more) as object;
  const stage = await setStage({ seed: 78, sites: SITES, withoutCatalogue: true, oddShare: 0.3, overrides });
  open.push(stage.close);
  await importStage(stage);
  const ledger = openConfiguredLedger(stage.config);
  ledger.connection.sqlite.exec('UPDATE check_states SET next_due_at = 1 WHERE next_due_at IS NOT NULL');
  ledger.close();
  const patrol = await startPatrol(stage, { schedule: true });
  open.push(() => patrol.stop(500));
  return { stage, patrol };
}

const countOf = (patrol: Patrol, where: string): number => {
  const row = patrol.ledger?.connection.sqlite.prepare(`SELECT count(*) AS n FROM check_states WHERE ${where}`).get();
  return (row as { n: number }).n;
};
const judged = (patrol: Patrol): number => countOf(patrol, 'verdict IS NOT NULL');
const unjudged = (patrol: Patrol): number => countOf(patrol, 'verdict IS NULL AND next_due_at IS NOT NULL');
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(50);
};

async function settled(stage: Stage, patrol: Patrol): Promise<number> {
  await until(() => unjudged(patrol) === 0);
  const { compared, mismatches } = compareWithTruth(stage, patrol);
  expect(mismatches.map(({ site, ...rest }) => ({ ...rest, oddity: site.oddity }))).toEqual([]);
  expect(patrol.ledger?.connection.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  return compared;
}

describe.runIf(hasRedis())('Redis', () => {
  it.each([
    'killed and started again',
    'killed and its data lost',
    'flushed',
    'out of memory',
    'cut off from us',
  ] as const)('%s in the middle of a sweep: all is judged, by itself', async (how) => {
    const redis = await mortalRedis();
    open.push(redis.close);
    const { stage, patrol } = await begin({ url: redis.url, prefix: 'mortal' });
    const rounds = FULL ? 8 : 2;
    for (let round = 0; round < rounds; round++) {
      const before = judged(patrol);
      await until(() => judged(patrol) > before || unjudged(patrol) === 0);
      if (how === 'flushed') await (await redis.admin()).flushall();
      else if (how === 'cut off from us') {
        redis.cut();
        await sleep(1500);
        redis.mend();
      } else if (how === 'out of memory') {
        const admin = await redis.admin();
        await admin.config('SET', 'maxmemory', '1mb');
        await sleep(1500);
        await admin.config('SET', 'maxmemory', '0');
      } else {
        if (how === 'killed and its data lost') await (await redis.admin()).flushall();
        await redis.kill();
        await sleep(400);
        await redis.revive();
      }
    }
    const compared = await settled(stage, patrol);
    figure({
      fault: `Redis ${how} in the middle of a sweep`,
      count: rounds,
      result: `${compared} verdicts, all as the truth says, without a hand`,
    });
  });
});

describe('the ledger', () => {
  it('locked by another writer for longer than its patience', async () => {
    // Waiting for the lock holds up the whole process: pages get the time back, or they would rightly count as not observed.
    const patient = { page: { totalTimeoutMs: 20_000 }, dns: { timeoutMs: 8000 }, sweep: { leaseMs: 45_000 } };
    const { stage, patrol } = await begin({ url: null, dataDir: 'memory://' }, patient);
    await until(() => judged(patrol) > 0);
    for (let round = 0; round < (FULL ? 5 : 1); round++) await holdLedger(stage.config.settings.ledger.path, 7000);
    const compared = await settled(stage, patrol);
    figure({
      fault: 'the ledger locked by another writer for 7 s',
      count: FULL ? 5 : 1,
      result: `${compared} verdicts, all as the truth says`,
    });
  });

  it('on a disk that is full again and again', async () => {
    const { stage, patrol } = await begin({ url: null, dataDir: 'memory://' });
    const sqlite = patrol.ledger?.connection.sqlite;
    const random = new SeededRandom(3);
    const rounds = FULL ? 60 : 8;
    for (let round = 0; round < rounds && unjudged(patrol) > 0; round++) {
      const pages = Number(sqlite?.pragma('page_count', { simple: true }));
      // No page more than a few: the next transactions end in SQLITE_FULL at an offset of chance.
      sqlite?.pragma(`max_page_count = ${pages + random.int(12)}`);
      await sleep(150 + random.int(200));
      sqlite?.pragma('max_page_count = 1073741823');
      await sleep(150);
    }
    const compared = await settled(stage, patrol);
    figure({
      fault: 'disk full (SQLITE_FULL) at random offsets',
      count: rounds,
      result: `${compared} verdicts, all as the truth says, integrity ok`,
    });
  });

  it('killed, and the tail of its write-ahead log damaged', async () => {
    const random = new SeededRandom(4);
    const rounds = FULL ? 200 : 20;
    const folder = mkdtempSync(join(tmpdir(), 'beian-wal-'));
    open.push(() => rmSync(folder, { recursive: true, force: true }));
    const script = (path: string): string =>
      `const D=require('better-sqlite3');const d=new D(${JSON.stringify(path)});d.pragma('journal_mode=WAL');d.exec('CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b TEXT)');for(let i=0;i<200;i++){d.exec('BEGIN');d.prepare('INSERT INTO t(b) VALUES(?)').run('x'.repeat(300));d.prepare('INSERT INTO t(b) VALUES(?)').run('y'.repeat(300));d.exec('COMMIT')}process.kill(process.pid,'SIGKILL')`;
    for (let round = 0; round < rounds; round++) {
      const path = join(folder, `${round}.db`);
      const child = spawn(process.execPath, ['-e', script(path)], { cwd: ROOT, stdio: 'ignore' });
      await new Promise((resolve) => child.once('exit', resolve));
      const size = statSync(`${path}-wal`).size;
      if (round % 2 === 0) truncateSync(`${path}-wal`, size - 1 - random.int(20_000));
      else {
        const handle = openSync(`${path}-wal`, 'r+');
        writeSync(handle, Buffer.alloc(500, 0xa5), 0, 500, size - 600 - random.int(20_000));
        closeSync(handle);
      }
      const { default: Database } = await import('better-sqlite3');
      const again = new Database(path);
      expect(again.pragma('integrity_check', { simple: true })).toBe('ok');
      // Whole transactions or none of them: both rows of each.
      const { x, y } = again.prepare("SELECT sum(b LIKE 'x%') AS x, sum(b LIKE 'y%') AS y FROM t").get() as {
        x: number;
        y: number;
      };
      expect(x).toBe(y);
      expect(x).toBeGreaterThan(0);
      again.close();
    }
    figure({
      fault: 'kill -9, then the tail of the write-ahead log cut or overwritten (SQLite in WAL mode)',
      count: rounds,
      result: 'opens, integrity ok, no half transaction; what stood in the damaged tail is gone',
    });
  });
});
