import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  createRedisBackend,
  type IQueueBackend,
  type Processor,
  Queue,
  type QueueOptions,
  runMigrations,
  Worker,
  type WorkerOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { codeOf, InputError, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { createPGlitePool } from './pglite-pool.ts';

// BullMQ's generics carry the backend's and the connection's type; one factory for three backends has to let them go.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Loose = any;
export type JobQueue<Data> = Queue<Data, unknown, string, Data, unknown, string, IQueueBackend, Loose>;
export type JobWorker = Worker<Loose, Loose, string, IQueueBackend, Loose, Loose>;

/** A running queue system: Redis, PostgreSQL, or PostgreSQL inside this process. */
export interface QueueBackend {
  kind: 'redis' | 'postgres' | 'embedded';
  queue: <Data>(name: string, options?: Omit<QueueOptions, 'connection'>) => JobQueue<Data>;
  worker: <Data>(
    name: string,
    work: Processor<Data, unknown>,
    options?: Omit<WorkerOptions, 'connection'>,
  ) => JobWorker;
  /** Stop fetching, let running jobs end within the time given, cancel the rest (they run again as stalled), disconnect. */
  close: (drainTimeoutMs: number) => Promise<void>;
}

/** Where the queue is. */
export interface BackendOptions {
  url: string | null;
  /** Folder of the embedded queue, or `memory://`. */
  dataDir: string;
  prefix: string;
  log: Logger;
  connectTimeoutMs?: number;
}

/** Connect, or start the embedded queue. Throws InputError within a few seconds when it cannot be reached or is unfit. */
export async function openBackend(options: BackendOptions): Promise<QueueBackend> {
  const timeoutMs = options.connectTimeoutMs ?? 3000;
  if (options.url === null) return openEmbedded(options);
  return /^rediss?:/.test(options.url)
    ? openRedis(options.url, timeoutMs, options)
    : openPostgres(options.url, timeoutMs, options);
}

async function openRedis(url: string, timeoutMs: number, { prefix, log }: BackendOptions): Promise<QueueBackend> {
  const report = await probeRedis(url, timeoutMs);
  for (const warning of report.warnings) log.warn({ warning }, 'redis is not set up for a queue');
  const connection = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(200 * attempt, 5000),
  });
  connection.on('error', (error) => log.error({ error: error.message || codeOf(error) }, 'redis connection failed'));
  return assemble('redis', createRedisBackend as Loose, connection, prefix, log, {
    healthy: () => connection.status === 'ready',
    disconnect: async () => {
      if (connection.status === 'ready') await connection.quit().catch(() => undefined);
      connection.disconnect();
    },
  });
}

async function openPostgres(url: string, timeoutMs: number, { log }: BackendOptions): Promise<QueueBackend> {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({
    connectionString: url,
    // Every worker keeps one client for LISTEN.
    max: 20,
    keepAlive: true,
    connectionTimeoutMillis: timeoutMs,
    options: '-c search_path=bullmq,public',
  });
  pool.setMaxListeners(0);
  pool.on('error', (error) => log.error({ error: error.message }, 'postgres connection failed'));
  try {
    const client = await pool.connect();
    try {
      await runMigrations(client as Loose);
    } finally {
      client.release();
    }
  } catch (error) {
    await pool.end();
    throw new InputError(
      `queue ${hidePassword(url)}: ${messageOf(error) || codeOf(error)}`,
      'start PostgreSQL, or correct QUEUE_URL',
    );
  }
  return assemble('postgres', createPostgresBackend as Loose, pool, undefined, log, {
    healthy: () => true,
    disconnect: () => pool.end(),
  });
}

async function openEmbedded({ dataDir, log }: BackendOptions): Promise<QueueBackend> {
  const { PGlite } = await import('@electric-sql/pglite');
  const release = dataDir.startsWith('memory://') ? () => {} : lockFolder(dataDir);
  try {
    const db = await PGlite.create(dataDir.startsWith('memory://') ? dataDir : join(dataDir, 'pglite'));
    const pool = await createPGlitePool(db);
    return assemble('embedded', createPostgresBackend as Loose, pool, undefined, log, {
      healthy: () => true,
      disconnect: async () => {
        await db.close();
        release();
      },
    });
  } catch (error) {
    release();
    throw new InputError(
      `embedded queue in ${dataDir}: ${messageOf(error)}`,
      'delete that folder and start again: the queue holds nothing the ledger cannot make anew',
    );
  }
}

/** PGlite itself lets two processes open one folder; a lock file with our process id does not. */
function lockFolder(folder: string): () => void {
  const file = join(folder, 'lock');
  try {
    mkdirSync(folder, { recursive: true });
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const handle = openSync(file, 'wx');
        writeSync(handle, String(process.pid));
        closeSync(handle);
        return () => rmSync(file, { force: true });
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
        const owner = Number(readFileSync(file, 'utf8'));
        if (owner > 0 && owner !== process.pid && isAlive(owner)) {
          throw new InputError(
            `embedded queue in ${folder}: process ${owner} is using it`,
            'stop that worker, give this one another queue.dataDir, or use Redis (QUEUE_URL) for several processes',
          );
        }
        rmSync(file, { force: true });
      }
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(
      `embedded queue in ${folder}: ${messageOf(error)}`,
      codeOf(error) === 'ENOSPC'
        ? 'free space on its disk; nothing is lost: the ledger makes the queue anew'
        : 'check that queue.dataDir is a writable folder',
    );
  }
  return () => {};
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

function assemble(
  kind: QueueBackend['kind'],
  factory: BackendFactory<IQueueBackend, Loose>,
  connection: unknown,
  prefix: string | undefined,
  log: Logger,
  link: { healthy: () => boolean; disconnect: () => Promise<void> },
): QueueBackend {
  const queues: { close: () => Promise<void> }[] = [];
  const workers: JobWorker[] = [];
  const running = new Map<JobWorker, number>();
  const base = { connection: connection as ConnectionOptions, ...(prefix === undefined ? {} : { prefix }) };
  let closing = false;
  const watch = <T extends { on: (event: 'error', listener: (error: Error) => void) => unknown }>(
    what: string,
    one: T,
  ): T => {
    one.on('error', (error) => {
      if (!closing) log.error({ what, error: messageOf(error) || codeOf(error) }, 'queue error');
    });
    return one;
  };
  return {
    kind,
    queue: (name, options) => {
      const queue = watch(`queue ${name}`, new Queue(name, { ...options, ...base } as Loose, factory) as Loose);
      queues.push(queue);
      return queue;
    },
    worker: (name, work, options) => {
      // Three parameters: BullMQ passes the abort signal only to processors that declare it.
      const counted: Processor = async (job, token, signal) => {
        running.set(worker, (running.get(worker) ?? 0) + 1);
        try {
          return await work(job as Loose, token, signal);
        } finally {
          running.set(worker, (running.get(worker) ?? 1) - 1);
        }
      };
      const worker: JobWorker = watch(
        `worker ${name}`,
        new Worker(name, counted, { ...options, ...base } as Loose, factory) as Loose,
      );
      workers.push(worker);
      return worker;
    },
    close: async (drainTimeoutMs) => {
      closing = true;
      // A pending close() cannot be turned into close(true), and a hanging job keeps it pending for ever: so stop
      // fetching, wait for the running jobs ourselves, then decide.
      await bounded(Promise.all(workers.map((worker) => worker.pause(true))), 2000);
      const busy = (): JobWorker[] => workers.filter((worker) => (running.get(worker) ?? 0) > 0);
      const deadline = performance.now() + drainTimeoutMs;
      while (busy().length > 0 && performance.now() < deadline) await sleep(20);
      for (const worker of busy()) worker.cancelAllJobs('shutdown');
      if (busy().length > 0) await sleep(100);
      const hung = new Set(busy());
      if (hung.size > 0) log.warn({ workers: hung.size }, 'workers still busy at shutdown; their jobs will run again');
      for (const worker of hung) await worker.getBackend().disconnectBlocking(false);
      await bounded(Promise.all(workers.map((worker) => worker.close(hung.has(worker) || !link.healthy()))), 2000);
      await bounded(Promise.all(queues.map((queue) => queue.close())), 2000);
      await bounded(link.disconnect(), 5000);
    },
  };
}

async function bounded(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  const stop = new AbortController();
  const limit = sleep(timeoutMs, undefined, { signal: stop.signal }).catch(() => undefined);
  await Promise.race([work.catch(() => undefined), limit]);
  stop.abort();
}

/** What Redis said of itself; `errors` make it unfit, `warnings` risk losing queued work (never the ledger). */
export interface RedisReport {
  version: string;
  warnings: string[];
}

/** Look at a Redis before using it (design §2). Throws InputError when unreachable, too old, or evicting keys. */
export async function probeRedis(url: string, timeoutMs: number): Promise<RedisReport> {
  const probe = new Redis(url, {
    lazyConnect: true,
    connectTimeout: timeoutMs,
    commandTimeout: timeoutMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
  });
  let last: Error | undefined;
  probe.on('error', (error) => {
    last = error;
  });
  const done = new AbortController();
  try {
    const info = await Promise.race([
      probe.connect().then(() => probe.info()),
      sleep(timeoutMs, undefined, { signal: done.signal }).then(() => {
        throw new Error(`no answer within ${timeoutMs} ms`);
      }),
    ]);
    return judgeRedis(info, url);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const reason = messageOf(last ?? error) || codeOf(last ?? error);
    throw new InputError(
      `queue ${hidePassword(url)}: ${reason}`,
      'start Redis, correct QUEUE_URL, or unset it to use the embedded queue',
    );
  } finally {
    done.abort();
    probe.disconnect();
  }
}

function judgeRedis(info: string, url: string): RedisReport {
  const field = (name: string): string => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1] ?? '';
  const version = field('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 6 || (major === 6 && minor < 2)) {
    throw new InputError(`queue ${hidePassword(url)}: Redis ${version} is too old`, 'use Redis 6.2 or newer');
  }
  const policy = field('maxmemory_policy');
  if (policy !== '' && policy !== 'noeviction' && Number(field('maxmemory')) > 0) {
    throw new InputError(
      `queue ${hidePassword(url)}: maxmemory-policy is ${policy}: Redis may drop queued jobs`,
      'set maxmemory-policy noeviction',
    );
  }
  const warnings = policy !== '' && policy !== 'noeviction' ? [`maxmemory-policy is ${policy}; set noeviction`] : [];
  if (field('aof_enabled') === '0')
    warnings.push(
      'append-only file is off: a Redis crash loses queued jobs (they are made anew from the ledger); set appendonly yes',
    );
  return { version, warnings };
}

const hidePassword = (url: string): string => url.replace(/\/\/[^@/]*@/, '//***@');
