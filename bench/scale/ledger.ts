/**
 * The ledger's side of a sweep, alone in its process: takes up, judges and records a seeded register while `echo.ts` stands for the
 * gather machines. Prints what it cost.
 */
import { statSync } from 'node:fs';
import { Redis } from 'ioredis';
import { queries } from '../../db/queries.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { benchConfig, SCREENED } from '../scan/settings.ts';
import { seedKnown } from './seed.ts';

/** One point of the cost curve. */
export interface LedgerCost {
  sites: number;
  /** Processor time of the ledger's process, per site. */
  cpuMsPerSite: number;
  sitesPerSecond: number;
  ledgerBytes: number;
  walBytes: number;
  redisBytes: number;
  mostQueuedJobs: number;
  rssMb: { early: number; late: number; most: number };
  /** Finding 500 due sites among all of them, all due (ms, median of 20). */
  dueMs: number;
  passed: number;
}

const { sites, redisUrl, folder } = JSON.parse(process.argv[2] ?? '{}') as {
  sites: number;
  redisUrl: string;
  folder: string;
};
const config = benchConfig({ ports: { dns: 1, secondDns: 2, http: 1, https: 1 }, redisUrl, folder, concurrency: 48 });
const ledger = openConfiguredLedger(config);
ledger.reconcileChecks(Date.now());
seedKnown(ledger, sites, Date.now());
const { sqlite } = ledger.connection;
const due = sqlite.prepare(queries.dueSites);
const dueTimes = Array.from({ length: 20 }, () => {
  const begun = performance.now();
  const found = new Set<number>();
  for (const { siteId } of due.iterate(Date.now()) as IterableIterator<{ siteId: number }>) {
    found.add(siteId);
    if (found.size >= 500) break;
  }
  return performance.now() - begun;
}).sort((a, b) => a - b);

let judged = 0;
let tell: () => void = () => {};
const finished = new Promise<void>((resolve) => {
  tell = resolve;
});
const redis = new Redis(redisUrl);
const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
const rss: number[] = [];
const most = { wal: 0, redis: 0, jobs: 0 };
const patrol = await Patrol.start({
  config,
  log: createLogger('silent'),
  roles: ['ledger'],
  schedule: true,
  onRecorded: (recorded) => {
    judged += recorded.length;
    if (judged >= sites * SCREENED.length) tell();
  },
});
const cpu = process.cpuUsage();
const begun = performance.now();
const sample = async (): Promise<void> => {
  rss.push(process.memoryUsage.rss() / 1e6);
  most.wal = Math.max(most.wal, size(`${folder}/patrol.db-wal`));
  const used = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1];
  most.redis = Math.max(most.redis, Number(used));
  const counts = await patrol.queues.gather.getJobCounts('waiting', 'prioritized', 'active', 'delayed');
  const results = await patrol.queues.judge.getJobCounts('waiting', 'prioritized', 'active', 'delayed');
  const jobs = [...Object.values(counts), ...Object.values(results)].reduce((sum, count) => sum + count, 0);
  most.jobs = Math.max(most.jobs, jobs);
};
const timer = setInterval(() => void sample(), 500);
await finished;
await sample();
clearInterval(timer);
const { user, system } = process.cpuUsage(cpu);
const tookMs = performance.now() - begun;
const tenth = Math.max(1, Math.floor(rss.length / 10));
const mean = (values: number[]): number => Math.round(values.reduce((sum, one) => sum + one, 0) / values.length);
const cost: LedgerCost = {
  sites,
  cpuMsPerSite: (user + system) / 1000 / sites,
  sitesPerSecond: (sites / tookMs) * 1000,
  ledgerBytes: size(`${folder}/patrol.db`),
  walBytes: most.wal,
  redisBytes: most.redis,
  mostQueuedJobs: most.jobs,
  rssMb: {
    early: mean(rss.slice(0, tenth * 2).slice(-tenth)),
    late: mean(rss.slice(-tenth)),
    most: Math.round(Math.max(...rss)),
  },
  dueMs: dueTimes[10] ?? 0,
  passed: Number(
    sqlite
      .prepare("SELECT count(*) FROM check_states WHERE verdict = 'pass' AND judged_sweep_id IS NOT NULL")
      .pluck()
      .get(),
  ),
};
process.stdout.write(`${JSON.stringify(cost)}\n`);
process.exit(0);
