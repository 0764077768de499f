/**
 * Stands for any number of gather machines: takes gather jobs from the queue and hands over what a look at a filing of the bench world
 * gives, without any network, so that what is measured is the ledger's side. Ends when its standard input does.
 */
import type { SiteLook } from '../../src/gather/gather-site.ts';
import { failed } from '../../src/gather/types.ts';
import { openBackend } from '../../src/jobs/backend.ts';
import { type GatherItem, type GatherJob, type JudgeJob, QUEUES } from '../../src/jobs/payloads.ts';
import { createLogger } from '../../src/log.ts';

const { redisUrl } = JSON.parse(process.argv[2] ?? '{}') as { redisUrl: string };
const backend = await openBackend({
  url: redisUrl,
  dataDir: '',
  prefix: 'bench',
  log: createLogger('silent'),
});
const judge = backend.queue<JudgeJob>(QUEUES.judge);

/** Its page is the one the ledger knows, as on most days. */
function seen({ hosts, pageHosts, known = '' }: GatherItem, observedAt: number): Pick<SiteLook, 'artifacts' | 'same'> {
  const host = pageHosts[0] ?? '';
  const url = `http://${host}/`;
  const address = '47.92.0.1';
  const answers = [{ resolver: '127.0.0.1', outcome: 'answer' as const, a: [address], aaaa: [], cnames: [] }];
  const attempts = [{ host, hops: [{ url, address, status: 200, location: null, failure: null }] }];
  const document = { url, host, status: 200, contentType: 'text/html; charset=utf-8', charset: 'utf-8' };
  return {
    artifacts: {
      dns: { ok: true, observedAt, tookMs: 1, value: { hosts: hosts.map((name) => ({ host: name, answers })) } },
      page: failed('internal', 'known by its bytes', observedAt, 1, true),
      tls: { ok: true, observedAt, tookMs: 1, value: { handshakes: [] } },
    },
    same: { key: known, observedAt, tookMs: 1, attempts, document },
  };
}

backend.worker<GatherJob>(
  QUEUES.gather,
  async (job) => {
    const { stage, priority, items } = job.data;
    const observedAt = Date.now();
    const looks = items.map((item) => {
      const { siteId, sweepId, look, checkIds } = item;
      return { siteId, sweepId, look, checkIds, ...seen(item, observedAt), raw: [] };
    });
    const options = { priority, removeOnComplete: true, removeOnFail: 1000, attempts: 10 };
    await judge.add('sites', { kind: 'sites', stage, observedAt, looks }, options);
  },
  { concurrency: 8 },
);
process.stdout.write('{}\n');
process.stdin.resume().once('end', () => process.exit(0));
