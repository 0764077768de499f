/**
 * A gathering process of its own for the hostile suites: looks at hosts with all the real gatherers and says what it cost: time a
 * host, memory, and the lag of its event loop. Argument: a JSON file with `settings`, `ports` (address → ports of 80 and 443),
 * `hosts`, `warmUp`, `concurrency` and `rounds`.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { loadConfig } from '../../src/config.ts';
import { createGatherContext } from '../../src/gather/context.ts';
import { gatherSite } from '../../src/gather/gather-site.ts';
import type { Artifacts } from '../../src/gather/types.ts';
import { openBackend } from '../../src/jobs/backend.ts';
import { createLogger } from '../../src/log.ts';
import { CLOSED_PORT } from './listen.ts';

/** What the parent asks for. */
export interface HostileTask {
  /** The number that stands on the pages. */
  siteNumber: string;
  settings: object;
  ports: Record<string, { 80?: number; 443?: number }>;
  hosts: string[];
  warmUp: string[];
  concurrency: number;
  rounds: number;
  /** A Redis: the same looks as jobs, ten a job, with locks a twentieth as long as the worker's. */
  redisUrl?: string;
}

/** What the child says. */
export interface HostileReport {
  looks: { host: string; tookMs: number; artifacts: Artifacts }[];
  rssBeforeBytes: number;
  rssPeakBytes: number;
  lagP99Ms: number;
  lagMaxMs: number;
  sockets: number;
  jobs: { done: number; stalled: number; failed: number } | null;
}

const task = JSON.parse(readFileSync(process.argv[2] as string, 'utf8')) as HostileTask;
const config = loadConfig({ env: {}, overrides: task.settings });
const context = createGatherContext(config, {
  dialer: {
    target: (address, port) => ({
      host: '127.0.0.1',
      port: task.ports[address]?.[port as 80 | 443] ?? CLOSED_PORT,
    }),
  },
});
// Every other look tries the short way first, as screening does; over two rounds of an odd number of hosts each meets both.
let begun = 0;
const look = (host: string) =>
  gatherSite(
    {
      hosts: [host],
      pageHosts: [host],
      want: ['dns', 'page', 'tls'],
      ...(begun++ % 2 === 0 && { siteNumber: task.siteNumber }),
    },
    'screen',
    context,
  );

const run = async (queue: string[], each: (host: string) => Promise<void>): Promise<void> => {
  const lane = async (): Promise<void> => {
    for (let host = queue.shift(); host !== undefined; host = queue.shift()) await each(host);
  };
  await Promise.all(Array.from({ length: task.concurrency }, lane));
};
// What a busy process of this kind holds anyway: the same number of looks at once, at honest pages.
await run(Array.from({ length: 150 }, () => task.warmUp).flat(), async (host) => void (await look(host)));
const rssBeforeBytes = process.memoryUsage.rss();
let rssPeakBytes = rssBeforeBytes;
const sampler = setInterval(() => {
  rssPeakBytes = Math.max(rssPeakBytes, process.memoryUsage.rss());
}, 20);
const lag = monitorEventLoopDelay({ resolution: 5 });
lag.enable();
const queue = Array.from({ length: task.rounds }, () => task.hosts).flat();
const looks: HostileReport['looks'] = [];
await run(queue, async (host) => {
  const started = performance.now();
  const { artifacts } = await look(host);
  looks.push({ host, tookMs: performance.now() - started, artifacts });
});
lag.disable();
clearInterval(sampler);
const jobs = task.redisUrl === undefined ? null : await asJobs(task.redisUrl);
await context.close();
await new Promise((resolve) => setTimeout(resolve, 100));
const report: HostileReport = {
  looks,
  rssBeforeBytes,
  rssPeakBytes,
  lagP99Ms: lag.percentile(99) / 1e6,
  lagMaxMs: lag.max / 1e6,
  jobs,
  sockets: process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLSWrap/.test(name)).length,
};
process.stdout.write(JSON.stringify(report));

async function asJobs(url: string): Promise<NonNullable<HostileReport['jobs']>> {
  const counts = { done: 0, stalled: 0, failed: 0 };
  const backend = await openBackend({ url, dataDir: 'memory://', prefix: 'hostile', log: createLogger('silent') });
  const queue = backend.queue<{ hosts: string[] }>('hostile');
  const batches = Array.from({ length: Math.ceil(task.hosts.length / 10) }, (_, index) =>
    task.hosts.slice(index * 10, index * 10 + 10),
  );
  const settled = new Promise<void>((resolve) => {
    const worker = backend.worker<{ hosts: string[] }>(
      'hostile',
      async (job) => void (await Promise.all(job.data.hosts.map(look))),
      { concurrency: 4, lockDuration: 1500, stalledInterval: 500, maxStalledCount: 0 },
    );
    const note = (what: 'done' | 'failed') => (): void => {
      counts[what]++;
      if (counts.done + counts.failed === batches.length) resolve();
    };
    worker.on('completed', note('done')).on('failed', note('failed'));
    worker.on('stalled', () => counts.stalled++);
  });
  for (const hosts of batches) await queue.add('look', { hosts });
  await settled;
  await backend.close(1000);
  return counts;
}
