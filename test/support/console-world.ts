import type { Queue } from 'bullmq';
import { openBackend, type QueueBackend } from '../../src/jobs/backend.ts';
import { loadConfiguredRanges } from '../../src/jobs/open-configured.ts';
import type { AdminRole } from '../../src/ledger/admins-store.ts';
import { FiguresCounter } from '../../src/ledger/figures.ts';
import { createLogger, type Logger } from '../../src/log.ts';
import { addApi } from '../../src/web/api/api.ts';
import { hashPassword } from '../../src/web/console/passwords.ts';
import { type RunningConsole, startConsole } from '../../src/web/console/server.ts';
import type { CaseWorld } from './case-world.ts';

/** Passwords of the admins that {@link openConsole} makes: their names with this. */
export const PASSWORD = 'correct horse 电池';

/** A console over a world of cases, with a queue of its own. */
export interface ConsoleWorld {
  console: RunningConsole;
  figures: FiguresCounter;
  backend: QueueBackend;
  close: () => Promise<void>;
}

/** Serve a world's console on loopback, with an admin of each role (`vera`, `omar`, `anna`). */
export async function openConsole(
  world: CaseWorld,
  options: {
    log?: Logger;
    pollMs?: number;
    port?: number;
    queues?: () => Promise<Record<string, Record<string, number>>>;
  } = {},
): Promise<ConsoleWorld> {
  const { ledger, keeper, config, now } = world;
  const log = options.log ?? createLogger('silent');
  const ranges = loadConfiguredRanges(config);
  const figures = new FiguresCounter(ledger.connection.path, now, (error) => {
    throw error;
  });
  const backend = await openBackend({ url: null, dataDir: 'memory://', prefix: 'console', log });
  const queue = backend.queue<unknown>('gather');
  const passwordHash = await hashPassword(PASSWORD);
  const people: [string, AdminRole][] = [
    ['vera', 'viewer'],
    ['omar', 'operator'],
    ['anna', 'approver'],
  ];
  for (const [name, role] of people)
    if (ledger.admins.byName(name) === null)
      ledger.admins.insert({ name, role, language: 'zh', passwordHash, oidcSubject: null }, now());
  const console = await startConsole({
    ...config.settings.console,
    port: options.port ?? 0,
    keeper,
    ledger,
    config,
    ranges,
    figures,
    log,
    now,
    pollMs: options.pollMs ?? 200,
    queueWaitMs: 500,
    queues: [queue as unknown as Queue],
    worker: {
      kind: 'embedded',
      lastTickAt: now,
      queues: options.queues ?? (async () => ({ gather: await queue.getJobCounts('waiting', 'active') })),
    },
    extend: (app) => addApi(app, { keeper, ledger, config, ranges, log, now }),
  });
  return {
    console,
    figures,
    backend,
    close: async () => {
      await console.close();
      await figures.close();
      await backend.close(500);
    },
  };
}
