import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** A real Redis of one test file. */
export interface TestRedis {
  url: string;
  client: Redis;
  /** Where its append-only file stands: every command it ever took. */
  folder: string;
  stop: () => Promise<void>;
}

/** Set up as production should be: append-only file on, nothing evicted. */
export const REDIS_OPTIONS: readonly string[] = [
  ...['--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes', '--appendfsync', 'no'],
  ...['--maxmemory-policy', 'noeviction'],
];

/** Is `redis-server` on this machine? */
export function hasRedis(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0;
}

/** Start `redis-server` on a free loopback port, set up as production should be (AOF on, noeviction). */
export async function startRedis(extra: string[] = []): Promise<TestRedis> {
  for (let attempt = 0; attempt < 10; attempt++) {
    // Between the choice and the bind another process may have taken the port: redis then ends, and another is tried.
    const started = await tryRedis(await freePort(), extra);
    if (started !== null) return started;
  }
  throw new Error('redis-server did not start');
}

async function tryRedis(port: number, extra: string[]): Promise<TestRedis | null> {
  const folder = mkdtempSync(join(tmpdir(), 'beian-redis-'));
  const options = ['--port', String(port), '--dir', folder, ...REDIS_OPTIONS, ...extra];
  const server: ChildProcess = spawn('redis-server', options, { stdio: 'ignore' });
  const client = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => {});
  for (let attempt = 0; client.status !== 'ready'; attempt++) {
    if (attempt > 100 || server.exitCode !== null) {
      client.disconnect();
      server.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      return null;
    }
    await client.connect().catch(() => sleep(50));
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    client,
    folder,
    stop: async () => {
      client.disconnect();
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A port for a process that binds it later: free now, and below the range the system gives away by itself in the meantime. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
