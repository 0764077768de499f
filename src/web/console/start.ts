import type { Queue } from 'bullmq';
import type { Patrol } from '../../jobs/patrol.ts';
import type { FiguresCounter } from '../../ledger/figures.ts';
import type { Logger } from '../../log.ts';
import { addApi } from '../api/api.ts';
import { type RunningConsole, startConsole } from './server.ts';

/** How often an open page asks whether it changed (ms). */
const POLL_MS = 3000;
/** A queue that is away keeps what it is asked: no page waits longer for it. */
const QUEUE_WAIT_MS = 500;

/** The console of a running patrol with the ledger role; null where it has none, or the console is switched off. */
export async function startConsoleOf(
  patrol: Patrol,
  { figures, log, now }: { figures: FiguresCounter; log: Logger; now: () => number },
): Promise<RunningConsole | null> {
  const { ledger, consequences, config, ranges } = patrol;
  const { console: settings } = config.settings;
  if (ledger === null || consequences === null || !settings.enabled) return null;
  const { keeper } = consequences;
  const queues = patrol.everyQueue;
  return startConsole({
    ...settings,
    keeper,
    ledger,
    config,
    ranges,
    figures,
    log,
    now,
    pollMs: POLL_MS,
    queueWaitMs: QUEUE_WAIT_MS,
    queues: queues as unknown as Queue[],
    worker: {
      kind: patrol.backend.kind,
      lastTickAt: () => patrol.lastTickAt,
      queues: async () =>
        Object.fromEntries(
          await Promise.all(
            queues.map(
              async (queue): Promise<[string, Record<string, number>]> => [
                queue.name,
                await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed'),
              ],
            ),
          ),
        ),
    },
    ...(config.settings.api.enabled && {
      extend: (app) => addApi(app, { keeper, ledger, config, ranges, log, now }),
    }),
  });
}
