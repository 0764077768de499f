import { afterEach, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { createGatherContext } from '../../src/gather/context.ts';
import { openBackend, type QueueBackend } from '../../src/jobs/backend.ts';
import { startGatherWorkers } from '../../src/jobs/gather-worker.ts';
import { type GatherJob, type JudgeJob, PRIORITY, QUEUES } from '../../src/jobs/payloads.ts';
import { createLogger } from '../../src/log.ts';

let backend: QueueBackend | null = null;
afterEach(async () => {
  await backend?.close(1000);
  backend = null;
});

/** Gather a job of no sites with a judge of the same process; gives what the judge took, and what the queue carries. */
async function handOver(judge: (result: JudgeJob) => void, failed: (error: unknown) => void): Promise<JudgeJob[]> {
  const config = loadConfig({ env: {} });
  backend = await openBackend({
    url: null,
    dataDir: 'memory://',
    prefix: 'hand-over',
    log: createLogger('silent'),
  });
  const gather = backend.queue<GatherJob>(QUEUES.gather);
  const carried = backend.queue<JudgeJob>(QUEUES.judge);
  const done = new Promise<void>((resolve) => {
    startGatherWorkers({
      backend: backend as QueueBackend,
      context: createGatherContext(config),
      settings: config.settings,
      now: () => 1000,
      judgeHere: judge,
      onJudgeFailed: failed,
      onStep: (step) => {
        if (step === 'handed-over') resolve();
      },
    });
  });
  await gather.add('gather', { stage: 'screen', priority: PRIORITY.sweep, items: [] });
  await done;
  return (await carried.getJobs()).map(({ data }) => data);
}

const LOOKS = { kind: 'sites', stage: 'screen', observedAt: 1000, looks: [] };

it('hands over to the judge of its own process, without the queue', async () => {
  const taken: JudgeJob[] = [];
  const carried = await handOver(
    (result) => taken.push(result),
    () => {},
  );
  expect([taken, carried]).toEqual([[LOOKS], []]);
});

it('leaves to the queue what the ledger cannot take now: nothing seen is lost', async () => {
  const errors: unknown[] = [];
  const locked = new Error('database is locked');
  const carried = await handOver(
    () => {
      throw locked;
    },
    (error) => errors.push(error),
  );
  expect([errors, carried]).toEqual([[locked], [LOOKS]]);
});
