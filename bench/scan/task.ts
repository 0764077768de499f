import { readdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import type { BenchWorld, Latency } from './world.ts';
import type { BenchPorts } from './world-server.ts';

/** What a way of scanning is given. */
export interface ScanTask {
  world: BenchWorld & { latency?: Latency };
  ports: BenchPorts;
  redisUrl: string;
  folder: string;
  concurrency: number;
  /** Every filing was looked at before, unmeasured: what a sweep costs day by day. */
  known?: boolean;
  /** … but its page, though it shows the same, is no longer the same to the byte. */
  otherPages?: boolean;
}

/** What it gives back. */
export interface ScanResult {
  filings: number;
  /** Processor time of the scanning process, all its threads, from the first filing to the last, in ms. */
  cpuMs: number;
  wallMs: number;
  rssMb: number;
  /** Filings found to pass: all of them must. */
  passed: number;
  /** Filings looked at a second over the middle of the run, when the way can tell: what waits for its confirmation does not count. */
  screenedPerSecond?: number;
  /** Descriptors open at once, at most: sockets are most of them. */
  mostDescriptors: number;
}

/** The task of this process. */
export const readTask = (): ScanTask => JSON.parse(process.argv[2] ?? '{}') as ScanTask;

/** Measure a run over all filings and print it for the parent. */
export async function measure(
  filings: number,
  work: () => Promise<{ passed: number } & Partial<ScanResult>>,
): Promise<void> {
  const profile = await profiler();
  const cpu = process.cpuUsage();
  const started = performance.now();
  let rss = 0;
  let mostDescriptors = 0;
  const timer = setInterval(() => {
    rss = Math.max(rss, process.memoryUsage.rss());
    mostDescriptors = Math.max(mostDescriptors, openDescriptors());
  }, 200);
  const found = await work();
  clearInterval(timer);
  const { user, system } = process.cpuUsage(cpu);
  await profile();
  const result: ScanResult = {
    filings,
    cpuMs: (user + system) / 1000,
    wallMs: performance.now() - started,
    mostDescriptors,
    rssMb: Math.round(Math.max(rss, process.memoryUsage.rss()) / 1e6),
    ...found,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** `BENCH_PROFILE=file`: a processor profile of what is measured, for the developer tools. */
async function profiler(): Promise<() => Promise<void>> {
  const file = process.env['BENCH_PROFILE'];
  if (file === undefined || file === '') return async () => {};
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  return async () => writeFileSync(file, JSON.stringify((await session.post('Profiler.stop')).profile));
}

/** 0 where the system does not tell. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

/** Run `work` over 0 … count-1, so many at once. */
export async function inParallel(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, one));
}
