/**
 * Screening side by side in one run: what one would write first, beian-patrol, and a floor without any safety. Each way runs in a process
 * of its own over the same bench world (in another), in turn, so many rounds; what counts is processor time a filing, as ratios.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startRedis } from '../../test/support/redis.ts';
import type { ScanResult, ScanTask } from './task.ts';
import type { BenchPorts } from './world-server.ts';

/** Ways of scanning, slowest first. */
export const WAYS = ['naive', 'patrol', 'changed', 'steady', 'floor'] as const;
export type Way = (typeof WAYS)[number];

/** Start a script of this folder; gives the first line it prints, parsed, and how to end it. */
export async function startScript<T>(
  script: string,
  task: object,
): Promise<{ value: T; end: () => void; ended: Promise<void> }> {
  // As `npm start` runs it.
  const flags = script.endsWith('patrol.ts') || script.startsWith('../scale/') ? ['--max-semi-space-size=16'] : [];
  const child = spawn(process.execPath, [...flags, join(import.meta.dirname, script), JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  return { value: JSON.parse(line) as T, end: () => child.stdin.end(), ended };
}

/** Run the ways in turn. Gives every round's result of each. */
export async function compareWays(options: {
  world: ScanTask['world'];
  ways: readonly Way[];
  rounds: number;
  concurrency: number;
  onResult?: (way: Way, result: ScanResult) => void;
}): Promise<Record<Way, ScanResult[]>> {
  const { world, ways, rounds, concurrency } = options;
  const results: Record<Way, ScanResult[]> = { naive: [], patrol: [], changed: [], steady: [], floor: [] };
  const server = await startScript<BenchPorts>('world-server.ts', world);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) {
        const redis = await startRedis();
        const folder = mkdtempSync(join(tmpdir(), 'beian-bench-'));
        const known = way === 'steady' || way === 'changed';
        const otherPages = way === 'changed';
        const task: ScanTask = {
          world,
          ports: server.value,
          redisUrl: redis.url,
          folder,
          concurrency,
          known,
          otherPages,
        };
        try {
          const { value, ended } = await startScript<ScanResult>(known ? 'patrol.ts' : `${way}.ts`, task);
          await ended;
          results[way].push(value);
          options.onResult?.(way, value);
        } finally {
          await redis.stop();
          rmSync(folder, { recursive: true, force: true });
        }
      }
    }
  } finally {
    server.end();
  }
  return results;
}

/** The median of a round's processor time a filing, in ms. */
export function cpuPerFiling(results: readonly ScanResult[]): number {
  const sorted = results.map(({ cpuMs, filings }) => cpuMs / filings).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
