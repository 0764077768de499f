/**
 * How long a person waits for a rescan while a full sweep runs over a slow network: from the request in the ledger to the verdict on it.
 * One process with both roles. Prints the waits.
 */
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { benchConfig, benchDialer, benchRow, SCREENED } from '../scan/settings.ts';
import { readTask, type ScanTask } from '../scan/task.ts';
import { benchFiling, wireOf } from '../scan/world.ts';

const PATIENCE_MS = 20_000;

/** What was waited. */
export interface RescanResult {
  asked: number;
  /** Sorted, in ms. */
  waitsMs: number[];
  sweepSitesPerSecond: number;
  /** The sweep was not over when the last answer came. */
  sweepWent: boolean;
}

const task = readTask() as ScanTask & { rescans: number; everyMs: number };
const { filings, latency } = task.world;
const config = benchConfig(task);
const ledger = openConfiguredLedger(config);
for (let from = 0; from < filings; from += 1000)
  ledger.upsertFilings(
    Array.from({ length: Math.min(1000, filings - from) }, (_, nth) => benchRow(benchFiling(from + nth, task.world))),
    Date.now(),
  );
const { sqlite } = ledger.connection;
sqlite.prepare('UPDATE check_states SET next_due_at = 1').run();
const done: number[] = [];
const open = new Map<number, { at: number; left: number }>();
const waitsMs: number[] = [];
let sites = 0;
let tell: () => void = () => {};
const answered = new Promise<void>((resolve) => {
  tell = resolve;
});
const begun = performance.now();
await Patrol.start({
  config,
  log: createLogger('silent'),
  roles: ['gather', 'ledger'],
  schedule: true,
  dialer: benchDialer(task),
  onRecorded: (recorded) => {
    for (const { siteId, step } of recorded) {
      if (step !== 'publish') continue;
      const waiting = open.get(siteId);
      if (waiting === undefined) {
        sites += 1 / SCREENED.length;
        const { dead, slow } = wireOf(siteId - 1, latency);
        if (!dead && !slow) done.push(siteId);
      } else if (--waiting.left === 0) {
        open.delete(siteId);
        waitsMs.push(performance.now() - waiting.at);
        if (waitsMs.length >= task.rescans) tell();
      }
    }
  },
});
let asked = 0;
const timer = setInterval(() => {
  // A site this sweep is through with, and not one asked for before.
  const siteId = done.splice(Math.floor((asked * 7919) % Math.max(1, done.length)), 1)[0];
  if (siteId === undefined || performance.now() - begun < 3000) return;
  open.set(siteId, { at: performance.now(), left: SCREENED.length });
  ledger.sweeps.requestRescan([siteId], 'bench', Date.now());
  if (++asked < task.rescans) return;
  clearInterval(timer);
  // What does not pass is looked at again after its pause: not waited for here, and told.
  setTimeout(tell, PATIENCE_MS);
}, task.everyMs);
await answered;
const result: RescanResult = {
  asked,
  waitsMs: waitsMs.sort((a, b) => a - b),
  sweepSitesPerSecond: (sites / (performance.now() - begun)) * 1000,
  sweepWent: Number(sqlite.prepare('SELECT count(*) FROM check_states WHERE verdict IS NULL').pluck().get()) > 0,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
