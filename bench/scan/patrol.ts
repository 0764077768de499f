/** beian-patrol itself, one process with both roles on Redis: resolution, footer and reachability of every filing, each with its evidence. */
import { loadConfig } from '../../src/config.ts';
import type { FilingRow } from '../../src/filing/validate-row.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { measure, readTask } from './task.ts';
import { type BenchFiling, benchFiling } from './world.ts';

const { world, ports, redisUrl, folder, concurrency, known = false } = readTask();
const SCREENED = ['empty-shell', 'icp-footer', 'reachability'];
const base = loadConfig({ env: {} });
const config = loadConfig({
  env: {},
  overrides: {
    ledger: { path: `${folder}/patrol.db` },
    queue: { url: redisUrl, prefix: 'bench' },
    resolvers: [`127.0.0.1:${ports.dns}`, `127.0.0.1:${ports.secondDns}`],
    dns: { wellKnownNames: ['bench-1.cn', 'bench-2.cn'], timeoutMs: 2000 },
    page: { wellKnownPages: [], totalTimeoutMs: 10_000, connectTimeoutMs: 5000 },
    gather: { concurrency },
    sweep: { tickMs: 1000 },
    breaker: { minJudged: 1_000_000_000 },
    checks: Object.fromEntries(Object.keys(base.settings.checks).map((id) => [id, { enabled: SCREENED.includes(id) }])),
    ops: { port: 0 },
    portal: { port: 0 },
    render: { enabled: false },
    log: { level: 'silent' },
  },
});

const row = ({ domain, siteNumber, subjectNumber, index }: BenchFiling): FilingRow => ({
  siteNumber,
  subjectNumber,
  subjectName: `基准测试有限公司${index}`,
  subjectKind: 'company',
  province: '北京',
  licenceNumber: null,
  siteName: `基准网站${index}`,
  service: 'site',
  hosts: [{ host: domain, kind: 'domain', registrable: domain }],
  accessProvider: 'aliyun',
  product: 'ecs',
  addresses: [],
  approvedAt: null,
  leaseEndsAt: null,
  state: 'active',
  persons: [],
});
const ledger = openConfiguredLedger(config);
for (let from = 0; from < world.filings; from += 1000)
  ledger.upsertFilings(
    Array.from({ length: Math.min(1000, world.filings - from) }, (_, nth) => row(benchFiling(from + nth, world))),
    Date.now(),
  );
const { sqlite } = ledger.connection;
const dueAt = (at: number): void => void sqlite.prepare('UPDATE check_states SET next_due_at = ?').run(at);
dueAt(Date.now() + 86_400_000);

let judged = 0;
let tell: () => void = () => {};
const patrol = await Patrol.start({
  config,
  log: createLogger('silent'),
  roles: ['gather', 'ledger'],
  schedule: true,
  dialer: { target: (_address, port) => ({ host: '127.0.0.1', port: port === 443 ? ports.https : ports.http }) },
  onRecorded: (recorded) => {
    judged += recorded.length;
    if (judged >= world.filings * SCREENED.length) tell();
  },
});
/** One sweep over every filing. */
async function sweep(): Promise<void> {
  const finished = new Promise<void>((resolve) => {
    tell = resolve;
  });
  judged = 0;
  dueAt(1);
  await patrol.tick();
  await finished;
}
if (known) {
  await sweep();
  // Another slot of the schedule: nothing is judged twice in one.
  sqlite.prepare("UPDATE sweeps SET state = 'done', started_at = started_at - ?").run(2 * config.settings.sweep.slotMs);
}
await measure(world.filings, async () => {
  await sweep();
  void patrol.stop(1000);
  return Number(
    ledger.connection.sqlite
      .prepare(
        "SELECT count(*) FROM (SELECT site_id FROM check_states WHERE verdict = 'pass' GROUP BY site_id HAVING count(*) = ?)",
      )
      .pluck()
      .get(SCREENED.length),
  );
});
process.exit(0);
