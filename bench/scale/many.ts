/**
 * A sweep with the ledger in this process and gatherers in others: how many there are decides how fast it goes. Prints what came of it.
 * `killAt`: one gatherer dies (SIGKILL, by the parent, told by a line) when so many sites were judged.
 */
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { benchConfig, benchRow, SCREENED } from '../scan/settings.ts';
import { readTask, type ScanTask } from '../scan/task.ts';
import { benchFiling } from '../scan/world.ts';

/** What a sweep by several gatherers gave. */
export interface ManyResult {
  filings: number;
  tookMs: number;
  ledgerCpuMs: number;
  /** Between the tenth and the last tenth of it, so that neither the start nor stragglers count. */
  sitesPerSecond: number;
  passed: number;
  /** Verdicts written twice in the sweep. */
  twice: number;
}

const task = readTask() as ScanTask & { killAt?: number };
const { filings } = task.world;
const config = benchConfig(task);
const ledger = openConfiguredLedger(config);
ledger.upsertFilings(
  Array.from({ length: filings }, (_, index) => benchRow(benchFiling(index, task.world))),
  Date.now(),
);
const { sqlite } = ledger.connection;
sqlite.prepare('UPDATE check_states SET next_due_at = 1').run();
let judged = 0;
let told = false;
const marks: number[] = [];
const published = new Map<string, number>();
let tell: () => void = () => {};
const finished = new Promise<void>((resolve) => {
  tell = resolve;
});
const cpu = process.cpuUsage();
const begun = performance.now();
await Patrol.start({
  config,
  log: createLogger('silent'),
  roles: ['ledger'],
  schedule: true,
  onRecorded: (recorded) => {
    for (const { siteId, checkId, step } of recorded) {
      if (step !== 'publish') continue;
      published.set(`${siteId} ${checkId}`, (published.get(`${siteId} ${checkId}`) ?? 0) + 1);
      judged++;
      if (judged % SCREENED.length === 0) marks.push(performance.now());
    }
    if (!told && task.killAt !== undefined && marks.length >= task.killAt) {
      told = true;
      process.stderr.write('kill one now\n');
    }
    if (published.size >= filings * SCREENED.length) tell();
  },
});
await finished;
const { user, system } = process.cpuUsage(cpu);
const [from, to] = [Math.floor(marks.length * 0.1), Math.floor(marks.length * 0.9)];
const result: ManyResult = {
  filings,
  tookMs: performance.now() - begun,
  ledgerCpuMs: (user + system) / 1000,
  sitesPerSecond: ((to - from) / ((marks[to] ?? 0) - (marks[from] ?? 0))) * 1000,
  passed: Number(
    sqlite
      .prepare(
        "SELECT count(*) FROM (SELECT site_id FROM check_states WHERE verdict = 'pass' GROUP BY site_id HAVING count(*) = ?)",
      )
      .pluck()
      .get(SCREENED.length),
  ),
  twice: [...published.values()].filter((count) => count > 1).length,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
