import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { listen, stop } from './listen.ts';
import { freePort, REDIS_OPTIONS } from './redis.ts';

/** A Redis that can die and come back at its port, behind a wire that can be cut. */
export interface MortalRedis {
  url: string;
  /** Past the wire. */
  admin: () => Promise<Redis>;
  kill: () => Promise<void>;
  revive: () => Promise<void>;
  cut: () => void;
  mend: () => void;
  close: () => Promise<void>;
}

/** Start one on free loopback ports. */
export async function mortalRedis(): Promise<MortalRedis> {
  const folder = mkdtempSync(join(tmpdir(), 'beian-mortal-'));
  const port = await freePort();
  let server: ChildProcess | null = null;
  const revive = async (): Promise<void> => {
    server = spawn('redis-server', ['--port', String(port), '--dir', folder, ...REDIS_OPTIONS], { stdio: 'ignore' });
    for (;;) {
      const up = await new Promise<boolean>((resolve) => {
        const probe = connect(port, '127.0.0.1', () => {
          probe.destroy();
          resolve(true);
        }).on('error', () => resolve(false));
      });
      if (up) return;
      await sleep(30);
    }
  };
  const kill = async (): Promise<void> => {
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    server?.kill('SIGKILL');
    await ended;
  };
  let severed = false;
  const pairs = new Set<[Socket, Socket]>();
  const wire = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('data', (data) => void (severed || other.write(data)));
      one.on('error', () => {});
      one.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });
  const wirePort = await listen(wire);
  await revive();
  const admins = new Set<Redis>();
  return {
    url: `redis://127.0.0.1:${wirePort}`,
    admin: async () => {
      const client = new Redis(port, '127.0.0.1', { retryStrategy: () => null });
      client.on('error', () => {});
      admins.add(client);
      return client;
    },
    kill,
    revive,
    cut: () => {
      severed = true;
    },
    mend: () => {
      severed = false;
      // What was lost in between is not resumed: the connections of a partition end.
      for (const pair of pairs) for (const one of pair) one.destroy();
    },
    close: async () => {
      for (const client of admins) client.disconnect();
      for (const pair of pairs) for (const one of pair) one.destroy();
      await stop(wire);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
