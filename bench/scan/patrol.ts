/** beian-patrol itself, one process with both roles on Redis: resolution, footer and reachability of every filing, each with its evidence. */
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { benchConfig, benchDialer, benchRow, SCREENED } from './settings.ts';
import { measure, readTask } from './task.ts';
import { benchFiling } from './world.ts';

const { world, ports, redisUrl, folder, concurrency, known = false, otherPages = false } = readTask();
const config = benchConfig({ ports, redisUrl, folder, concurrency });
const ledger = openConfiguredLedger(config);
for (let from = 0; from < world.filings; from += 1000)
  ledger.upsertFilings(
    Array.from({ length: Math.min(1000, world.filings - from) }, (_, nth) => benchRow(benchFiling(from + nth, world))),
    Date.now(),
  );
const { sqlite } = ledger.connection;
const dueAt = (at: number): void => void sqlite.prepare('UPDATE check_states SET next_due_at = ?').run(at);
dueAt(Date.now() + 86_400_000);

let judged = 0;
let times: number[] = [];
let tell: () => void = () => {};
const patrol = await Patrol.start({
  config,
  log: createLogger('silent'),
  roles: ['gather', 'ledger'],
  schedule: true,
  dialer: benchDialer({ ports }),
  onRecorded: (recorded) => {
    judged += recorded.length;
    const at = performance.now();
    for (let nth = 0; nth < recorded.length; nth += SCREENED.length) times.push(at);
    if (judged >= world.filings * SCREENED.length) tell();
  },
});
/** One sweep over every filing. */
async function sweep(): Promise<void> {
  const finished = new Promise<void>((resolve) => {
    tell = resolve;
  });
  judged = 0;
  times = [];
  dueAt(1);
  await patrol.tick();
  await finished;
}
if (known) {
  await sweep();
  if (otherPages) sqlite.prepare("UPDATE known_pages SET key = 'other ' || site_id").run();
  // Another slot of the schedule: nothing is judged twice in one.
  sqlite.prepare("UPDATE sweeps SET state = 'done', started_at = started_at - ?").run(2 * config.settings.sweep.slotMs);
}
await measure(world.filings, async () => {
  await sweep();
  void patrol.stop(1000);
  const passed = Number(
    ledger.connection.sqlite
      .prepare(
        "SELECT count(*) FROM (SELECT site_id FROM check_states WHERE verdict = 'pass' GROUP BY site_id HAVING count(*) = ?)",
      )
      .pluck()
      .get(SCREENED.length),
  );
  const [from, to] = [Math.floor(times.length * 0.2), Math.floor(times.length * 0.8)];
  return { passed, screenedPerSecond: ((to - from) / ((times[to] ?? 0) - (times[from] ?? 0))) * 1000 };
});
process.exit(0);
