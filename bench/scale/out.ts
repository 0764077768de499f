/** Scaling out: gather processes in network namespaces of their own stand for machines; one may vanish in the middle of a sweep. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startRedis } from '../../test/support/redis.ts';
import { startScript } from '../scan/run.ts';
import type { ScanTask } from '../scan/task.ts';
import type { BenchPorts } from '../scan/world-server.ts';
import type { ManyResult } from './many.ts';

const HOST = '10.77.0.1';
const BRIDGE = 'patrol-bench';
const spaceOf = (nth: number): string => `patrol-bench-${nth}`;
const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0;

/** Namespaces with an address each, joined by a bridge; false where this machine does not let us. */
export function makeSpaces(count: number): boolean {
  dropSpaces(count);
  let done =
    ip('link', 'add', BRIDGE, 'type', 'bridge') &&
    ip('addr', 'add', `${HOST}/24`, 'dev', BRIDGE) &&
    ip('link', 'set', BRIDGE, 'up');
  for (let nth = 0; nth < count && done; nth++) {
    const [space, ours, theirs] = [spaceOf(nth), `pb${nth}a`, `pb${nth}b`];
    done =
      ip('netns', 'add', space) &&
      ip('link', 'add', ours, 'type', 'veth', 'peer', 'name', theirs, 'netns', space) &&
      ip('link', 'set', ours, 'master', BRIDGE) &&
      ip('link', 'set', ours, 'up') &&
      ip('-n', space, 'addr', 'add', `10.77.0.${10 + nth}/24`, 'dev', theirs) &&
      ip('-n', space, 'link', 'set', theirs, 'up') &&
      ip('-n', space, 'link', 'set', 'lo', 'up');
  }
  if (!done) dropSpaces(count);
  return done;
}

/** Take them away again. */
export function dropSpaces(count: number): void {
  for (let nth = 0; nth < count; nth++) {
    ip('link', 'del', `pb${nth}a`);
    ip('netns', 'del', spaceOf(nth));
  }
  ip('link', 'del', BRIDGE);
}

/** One sweep by so many gather machines. `killShare`: one of them dies when that share was judged. */
export async function sweepByMany(
  gatherers: number,
  options: { world: ScanTask['world']; concurrency: number; inSpaces: boolean; killShare?: number },
): Promise<ManyResult> {
  const { world, concurrency, inSpaces, killShare } = options;
  const redis = await startRedis(inSpaces ? ['--bind', '127.0.0.1', HOST, '--protected-mode', 'no'] : []);
  const folder = mkdtempSync(join(tmpdir(), 'beian-bench-'));
  const server = await startScript<BenchPorts>('world-server.ts', inSpaces ? { ...world, listenOn: HOST } : world);
  const task = { world, ports: server.value, redisUrl: redis.url, folder, concurrency };
  const remote = inSpaces ? { ...task, redisUrl: redis.url.replace('127.0.0.1', HOST) } : task;
  const children: ChildProcess[] = [];
  const start = (script: string, given: object, space: string | null, stderr: 'inherit' | 'pipe'): ChildProcess => {
    const command = [process.execPath, join(import.meta.dirname, script), JSON.stringify(given)];
    const [file = '', ...args] = space === null ? command : ['ip', 'netns', 'exec', space, ...command];
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', stderr] });
    children.push(child);
    return child;
  };
  const line = (child: ChildProcess): Promise<string> =>
    new Promise((resolve, reject) => {
      if (child.stdout === null) return reject(new Error('no output'));
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`${child.spawnargs.join(' ')} ended with ${code}`)));
    });
  try {
    const started = Array.from({ length: gatherers }, (_, nth) =>
      start('gather.ts', remote, inSpaces ? spaceOf(nth) : null, 'inherit'),
    );
    await Promise.all(started.map(line));
    const ledger = start(
      'many.ts',
      killShare === undefined ? task : { ...task, killAt: Math.floor(world.filings * killShare) },
      null,
      'pipe',
    );
    ledger.stderr?.on('data', (data: Buffer) => {
      if (data.includes('kill one now')) started[0]?.kill('SIGKILL');
      else process.stderr.write(data);
    });
    return JSON.parse(await line(ledger)) as ManyResult;
  } finally {
    for (const child of children) child.kill('SIGKILL');
    server.end();
    await server.ended;
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
