import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../test/support/redis.ts';
import { lineChartSvg } from './line-chart.ts';
import { costCurve } from './scale/curve.ts';
import { dropSpaces, makeSpaces, sweepByMany } from './scale/out.ts';
import type { RescanResult } from './scale/rescan.ts';
import { compareWays, cpuPerFiling, startScript, WAYS, type Way } from './scan/run.ts';
import type { ScanResult } from './scan/task.ts';
import type { BenchPorts } from './scan/world-server.ts';

/** How a section is run. */
interface SectionOptions {
  quick: boolean;
  note: (text: string) => void;
}
/** What it gives: tables by their place in docs/performance.md, graphs by file name. */
interface Section {
  tables: Record<string, string>;
  charts?: Record<string, string>;
}

const NAMES: Record<Way, string> = {
  naive: 'what one would write first (dns2, fetch, cheerio over the page, one job and one INSERT a site)',
  patrol: '**beian-patrol**, every safety on, three checks: the first look, everything is new and its evidence kept',
  changed: '**beian-patrol**, the same sites again, every page another by some byte: the proof is made anew',
  steady: '**beian-patrol**, the same again: nothing changed, as on most days',
  floor: 'floor: raw sockets, a search for the number’s bytes, no safety, no evidence',
};
const SLOW = { rttMs: [50, 300] as [number, number], deadShare: 0.05, slowShare: 0.05 };
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[], left = 1): string =>
  [
    `| ${head.join(' | ')} |`,
    `|${head.map((_, index) => (index < left ? ' --- |' : ' ---: |')).join('')}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
const count = (value: number): string => Math.round(value).toLocaleString('en');
const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;

/** The ways of screening, and shares of TLS. */
async function ways({ quick, note }: SectionOptions): Promise<Section> {
  const filings = quick ? 300 : 2000;
  const rounds = quick ? 1 : 3;
  const told =
    (what: string) =>
    (way: Way, { cpuMs, filings: many }: ScanResult): void =>
      note(`${what}: ${way} ${(cpuMs / many).toFixed(2)} ms of processor time a filing`);
  const compared = await compareWays({
    world: { filings, tlsShare: 0.3 },
    ways: WAYS,
    rounds,
    concurrency: 64,
    onResult: told('30 % TLS'),
  });
  const first = cpuPerFiling(compared.naive);
  const floor = cpuPerFiling(compared.floor);
  const rows = WAYS.map((way) => {
    const cpu = cpuPerFiling(compared[way]);
    const results = compared[way];
    return [
      NAMES[way],
      `${cpu.toFixed(2)} ms`,
      count(1000 / cpu),
      (first / cpu).toFixed(1),
      (cpu / floor).toFixed(2),
      `${Math.max(...results.map(({ rssMb }) => rssMb))} MB`,
      `${Math.min(...results.map(({ passed }) => passed))} of ${filings}`,
    ];
  });
  const shares = [0, 0.3, 1];
  const shown = ['patrol', 'changed', 'steady', 'floor'] as const;
  const byShare: Record<(typeof shown)[number], { x: number; y: number }[]> = {
    patrol: [],
    changed: [],
    steady: [],
    floor: [],
  };
  for (const tlsShare of shares) {
    const results =
      tlsShare === 0.3
        ? compared
        : await compareWays({
            world: { filings: Math.ceil(filings / 2), tlsShare },
            ways: shown,
            rounds: quick ? 1 : 2,
            concurrency: 64,
            onResult: told(`${tlsShare * 100} % TLS`),
          });
    for (const way of shown) byShare[way].push({ x: tlsShare * 100, y: cpuPerFiling(results[way]) });
  }
  const rounded = `${filings.toLocaleString('en')} filings a round, medians of ${rounds} round${rounds === 1 ? '' : 's'}, ways in turn.`;
  return {
    tables: {
      ways: `${table(['way', 'CPU a filing', 'filings/s of one core', '× as fast as the first', '× the floor’s CPU', 'memory', 'passed'], rows)}\n\n${rounded}`,
      tls: table(
        ['share of TLS', ...shares.map((share) => `${share * 100} %`)],
        shown.map((way) => [
          { patrol: 'first look', changed: 'pages changed', steady: 'nothing changed', floor: 'floor' }[way],
          ...byShare[way].map(({ y }) => `${y.toFixed(2)} ms`),
        ]),
      ),
    },
    charts: {
      'bench-tls.svg': lineChartSvg({
        title: 'Processor time a filing',
        xLabel: '% of pages behind TLS',
        yLabel: 'ms',
        lines: shown.map((name) => ({ name, points: byShare[name] })),
      }),
    },
  };
}

/** One process over a slow network, by how many sites it looks at at once. */
async function slow({ quick, note }: SectionOptions): Promise<Section> {
  const rows: string[][] = [];
  const runs: readonly (readonly [concurrency: number, way: 'patrol' | 'steady'])[] = quick
    ? [[256, 'steady']]
    : [...[48, 256, 600, 1000].map((atOnce) => [atOnce, 'steady'] as const), [256, 'patrol'], [1000, 'patrol']];
  for (const [concurrency, way] of runs) {
    const compared = await compareWays({
      world: { filings: quick ? 600 : concurrency * 24, tlsShare: 0.3, latency: SLOW },
      ways: [way],
      rounds: 1,
      concurrency,
    });
    const [result] = compared[way];
    if (result === undefined) continue;
    note(`${concurrency} at once, ${way}: ${count(result.screenedPerSecond ?? 0)} a second`);
    rows.push([
      String(concurrency),
      way === 'patrol' ? 'first look' : 'as yesterday',
      count(result.filings),
      count(result.screenedPerSecond ?? 0),
      `${(result.cpuMs / result.filings).toFixed(2)} ms`,
      count(result.mostDescriptors),
      `${result.rssMb} MB`,
      `${result.passed}`,
    ]);
  }
  const head = [
    'sites looked at at once',
    'pages',
    'filings',
    'filings/s',
    'CPU a filing',
    'descriptors, most',
    'memory',
    'passed',
  ];
  return { tables: { slow: table(head, rows, 0) } };
}

/** The ledger's side over registers of growing size. */
async function curve({ quick, note }: SectionOptions): Promise<Section> {
  const points = await costCurve(quick ? [1000, 10_000] : [1000, 10_000, 100_000, 1_000_000], (point) =>
    note(`${count(point.sites)} sites: ${point.cpuMsPerSite.toFixed(3)} ms a site`),
  );
  const head = [
    'sites',
    'CPU of the ledger’s process a site',
    'judged sites/s',
    'ledger',
    'a site',
    'write-ahead log, most',
    'Redis, most',
    'jobs queued, most',
    'memory early → late',
    'finding 500 due sites',
    'judged',
  ];
  const rows = points.map((point) => [
    count(point.sites),
    `${point.cpuMsPerSite.toFixed(2)} ms`,
    count(point.sitesPerSecond),
    mb(point.ledgerBytes),
    `${count(point.ledgerBytes / point.sites)} B`,
    mb(point.walBytes),
    mb(point.redisBytes),
    point.mostQueuedJobs,
    `${point.rssMb.early} → ${point.rssMb.late} MB`,
    `${point.dueMs.toFixed(1)} ms`,
    `${count(point.passed)} of ${count(point.sites * 3)}`,
  ]);
  return { tables: { curve: table(head, rows, 0) } };
}

/** Several gather machines. */
async function scale({ quick, note }: SectionOptions): Promise<Section> {
  const machines = quick ? [1, 2] : [1, 2, 4];
  const most = Math.max(...machines);
  const inSpaces = makeSpaces(most);
  const world = (gatherers: number) => ({
    filings: (quick ? 400 : 1500) * gatherers,
    tlsShare: 0.3,
    latency: { ...SLOW, deadShare: 0 },
  });
  const rows: (string | number)[][] = [];
  const points: { x: number; y: number }[] = [];
  let one = 0;
  try {
    for (const gatherers of machines) {
      const result = await sweepByMany(gatherers, { world: world(gatherers), concurrency: 48, inSpaces });
      one ||= result.sitesPerSecond;
      note(`${gatherers} gather machines: ${count(result.sitesPerSecond)} sites a second`);
      points.push({ x: gatherers, y: result.sitesPerSecond });
      rows.push([
        gatherers,
        count(result.sitesPerSecond),
        (result.sitesPerSecond / one).toFixed(2),
        `${(result.ledgerCpuMs / result.filings).toFixed(2)} ms`,
        `${result.passed} of ${result.filings}`,
        result.twice,
      ]);
    }
    const killed = await sweepByMany(2, { world: world(2), concurrency: 48, inSpaces, killShare: 0.3 });
    rows.push([
      '2, one vanishes (SIGKILL) at 30 %',
      `all done after ${Math.round(killed.tookMs / 1000)} s`,
      '',
      `${(killed.ledgerCpuMs / killed.filings).toFixed(2)} ms`,
      `${killed.passed} of ${killed.filings}`,
      killed.twice,
    ]);
  } finally {
    if (inSpaces) dropSpaces(most);
  }
  const where = inSpaces
    ? 'Each in a network namespace of its own.'
    : 'This machine gives no network namespaces: processes only.';
  const head = ['gather machines', 'sites/s', '× one', 'CPU of the ledger a site', 'passed', 'recorded twice'];
  return {
    tables: { scale: `${table(head, rows)}\n\n${where}` },
    charts: {
      'bench-scale.svg': lineChartSvg({
        title: 'Sites a second by gather machines',
        xLabel: 'gather machines',
        yLabel: 'sites/s',
        lines: [
          { name: 'measured', points },
          { name: 'straight', points: machines.map((many) => ({ x: many, y: one * many })) },
        ],
      }),
    },
  };
}

/** Rescans while a sweep runs. */
async function rescan({ quick, note }: SectionOptions): Promise<Section> {
  const rescans = quick ? 20 : 200;
  const world = { filings: quick ? 3000 : 12_000, tlsShare: 0.3, latency: SLOW };
  const server = await startScript<BenchPorts>('world-server.ts', world);
  const redis = await startRedis();
  const folder = mkdtempSync(join(tmpdir(), 'beian-bench-'));
  try {
    const { value, ended } = await startScript<RescanResult>('../scale/rescan.ts', {
      ...{ world, ports: server.value, redisUrl: redis.url, folder, concurrency: 48, rescans, everyMs: 250 },
    });
    await ended;
    const at = (share: number): string =>
      `${((value.waitsMs[Math.min(value.waitsMs.length - 1, Math.floor(value.waitsMs.length * share))] ?? Number.NaN) / 1000).toFixed(2)} s`;
    note(`p95 ${at(0.95)}`);
    const head = ['asked', 'answered', 'p50', 'p95', 'longest', 'sweep meanwhile', 'sweep still under way'];
    const rows = [
      [
        value.asked,
        value.waitsMs.length,
        at(0.5),
        at(0.95),
        at(1),
        `${count(value.sweepSitesPerSecond)} sites/s`,
        value.sweepWent ? 'yes' : 'no',
      ],
    ];
    return { tables: { rescan: table(head, rows, 0) } };
  } finally {
    server.end();
    await server.ended;
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const SECTIONS = { ways, slow, curve, scale, rescan } satisfies Record<
  string,
  (options: SectionOptions) => Promise<Section>
>;
export type SectionName = keyof typeof SECTIONS;
