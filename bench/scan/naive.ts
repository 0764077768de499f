/** What one would write first: dns2, the global fetch, cheerio over the whole page, one job and one INSERT a site. */
import Database from 'better-sqlite3';
import { Queue, Worker } from 'bullmq';
import { load } from 'cheerio';
import dns2 from 'dns2';
import { Redis } from 'ioredis';
import { Agent, fetch, setGlobalDispatcher } from 'undici';
import { inParallel, measure, readTask } from './task.ts';
import { benchFiling } from './world.ts';

const { world, ports, redisUrl, folder, concurrency } = readTask();
const resolver = dns2.UDPClient({ dns: '127.0.0.1', port: ports.dns } as never) as unknown as (
  name: string,
  type: string,
) => Promise<{ answers: { address?: string }[] }>;
setGlobalDispatcher(
  new Agent({
    connect: {
      rejectUnauthorized: false,
      lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  }),
);
const sqlite = new Database(`${folder}/naive.db`);
sqlite.pragma('journal_mode = WAL');
sqlite.exec('CREATE TABLE verdicts (site TEXT, verdict TEXT, at INTEGER)');
const insert = sqlite.prepare('INSERT INTO verdicts VALUES (?, ?, ?)');
const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
const queue = new Queue('naive', { connection });
let passed = 0;

async function scan(index: number): Promise<void> {
  const filing = benchFiling(index, world);
  const answers = await Promise.all(
    filing.hosts.flatMap((host) => ['A', 'AAAA'].map((type) => resolver(host, type).catch(() => ({ answers: [] })))),
  );
  const here = answers.flatMap(({ answers: all }) => all).some(({ address }) => address === filing.address);
  let shown = false;
  try {
    // The one liberty: the world is not at ports 80 and 443, so the redirect is followed by hand.
    const init = { redirect: 'manual', signal: AbortSignal.timeout(10_000) } as const;
    let response = await fetch(`http://${filing.domain}:${ports.http}/`, init);
    if (response.status === 301) response = await fetch(`https://${filing.domain}:${ports.https}/`, init);
    const page = load(await response.text());
    page('a').each((_, link) => {
      shown ||=
        page(link).text().includes(filing.siteNumber) &&
        page(link).attr('href')?.includes('beian.miit.gov.cn') === true;
    });
  } catch {
    shown = false;
  }
  const pass = here && shown;
  if (pass) passed++;
  insert.run(filing.siteNumber, pass ? 'pass' : 'fail', Date.now());
}

await measure(world.filings, async () => {
  let done = 0;
  const finished = new Promise<void>((resolve) => {
    const worker = new Worker<{ index: number }>(
      'naive',
      async (job) => {
        await scan(job.data.index);
        if (++done === world.filings) resolve();
      },
      { connection, concurrency },
    );
    worker.on('error', () => {});
  });
  await inParallel(
    world.filings,
    16,
    async (index) => void (await queue.add('scan', { index }, { removeOnComplete: true })),
  );
  await finished;
  return { passed };
});
process.exit(0);
