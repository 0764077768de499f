/**
 * `npm run bench [-- --quick] [-- --no-write]`: measures screening beside what one would write first and beside a floor without any
 * safety, at several shares of TLS and over a slow network, each side by side in one run; prints the tables and writes them, with their
 * graphs, into docs/performance.md. What counts is processor time a filing, as ratios: seconds are this machine's own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lineChartSvg } from './line-chart.ts';
import { compareWays, cpuPerFiling, WAYS, type Way } from './scan/run.ts';
import type { ScanResult } from './scan/task.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    'no-write': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`usage: npm run bench [-- --quick] [-- --no-write]
  --quick     a seventh of the filings, one round: minutes become seconds, figures become rough
  --no-write  print only; docs/performance.md stays as it is\n`);
  process.exit(0);
}
const FILINGS = values.quick ? 300 : 2000;
const ROUNDS = values.quick ? 1 : 3;
const root = resolve(import.meta.dirname, '..');
const note = (text: string): void => void process.stderr.write(`${text}\n`);
const told =
  (what: string) =>
  (way: Way, { cpuMs, filings }: ScanResult) =>
    note(`${what}: ${way} ${(cpuMs / filings).toFixed(2)} ms of processor time a filing`);

const names: Record<Way, string> = {
  naive: 'what one would write first (dns2, fetch, cheerio over the page, one job and one INSERT a site)',
  patrol: '**beian-patrol**, every safety on, three checks: first look, everything is new and its evidence kept',
  steady: '**beian-patrol**, the same again: nothing changed, as on most days',
  floor: 'floor: raw sockets, a search for the number’s bytes, no safety, no evidence',
};
const perSecond = (results: readonly ScanResult[]): number => Math.round(1000 / cpuPerFiling(results));
const worstRss = (results: readonly ScanResult[]): number => Math.max(...results.map(({ rssMb }) => rssMb));

const compared = await compareWays({
  world: { filings: FILINGS, tlsShare: 0.3 },
  ways: WAYS,
  rounds: ROUNDS,
  concurrency: 64,
  onResult: told('30 % TLS'),
});
const base = cpuPerFiling(compared.naive);
const floor = cpuPerFiling(compared.floor);
const ways = [
  '| way | CPU a filing | filings/s of one core | × as fast as the first | × the floor’s CPU | memory | passed |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...WAYS.map((way) => {
    const cpu = cpuPerFiling(compared[way]);
    const [first] = compared[way];
    return `| ${names[way]} | ${cpu.toFixed(2)} ms | ${perSecond(compared[way])} | ${(base / cpu).toFixed(1)} | ${(cpu / floor).toFixed(1)} | ${worstRss(compared[way])} MB | ${first?.passed} of ${first?.filings} |`;
  }),
];

const shares = [0, 0.3, 1];
const byShare: Record<'patrol' | 'floor', { x: number; y: number }[]> = { patrol: [], floor: [] };
for (const tlsShare of shares) {
  const results =
    tlsShare === 0.3
      ? compared
      : await compareWays({
          world: { filings: Math.ceil(FILINGS / 2), tlsShare },
          ways: ['patrol', 'floor'],
          rounds: values.quick ? 1 : 2,
          concurrency: 64,
          onResult: told(`${tlsShare * 100} % TLS`),
        });
  for (const way of ['patrol', 'floor'] as const)
    byShare[way].push({ x: tlsShare * 100, y: cpuPerFiling(results[way]) });
}
const tls = [
  `| share of TLS | ${shares.map((share) => `${share * 100} %`).join(' | ')} |`,
  `| --- |${' ---: |'.repeat(shares.length)}`,
  ...(['patrol', 'floor'] as const).map(
    (way) => `| ${way}, CPU a filing | ${byShare[way].map(({ y }) => `${y.toFixed(2)} ms`).join(' | ')} |`,
  ),
];

const latency = { rttMs: [50, 300] as [number, number], deadShare: 0.05, slowShare: 0.05 };
const slow: { concurrency: number; result: ScanResult }[] = [];
for (const concurrency of values.quick ? [256] : [64, 256, 1024]) {
  const filings = values.quick ? 300 : Math.min(2048, concurrency * 8);
  const { patrol } = await compareWays({
    world: { filings, tlsShare: 0.3, latency },
    ways: ['patrol'],
    rounds: 1,
    concurrency,
    onResult: told(`slow network, ${concurrency} at once`),
  });
  const [result] = patrol;
  if (result !== undefined) slow.push({ concurrency, result });
}
const slowTable = [
  '| sites looked at at once | filings/s (wall clock) | CPU a filing | memory | passed |',
  '| ---: | ---: | ---: | ---: | ---: |',
  ...slow.map(
    ({ concurrency, result }) =>
      `| ${concurrency} | ${Math.round((result.filings / result.wallMs) * 1000)} | ${(result.cpuMs / result.filings).toFixed(2)} ms | ${result.rssMb} MB | ${result.passed} of ${result.filings} |`,
  ),
];

const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`;
const parts: Record<string, string> = {
  machine: `${machine}. ${FILINGS.toLocaleString('en')} filings a round, medians of ${ROUNDS} round${ROUNDS === 1 ? '' : 's'}, ways in turn.`,
  ways: ways.join('\n'),
  tls: tls.join('\n'),
  slow: slowTable.join('\n'),
};
for (const [name, text] of Object.entries(parts)) process.stdout.write(`\n${name}\n\n${text}\n`);
if (!values['no-write']) {
  const target = join(root, 'docs/performance.md');
  let page = readFileSync(target, 'utf8');
  for (const [name, text] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [from, to] = [page.indexOf(begin), page.indexOf(end)];
    if (from === -1 || to === -1) throw new Error(`${target} has no place for ${name}`);
    page = `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
  }
  writeFileSync(target, page);
  const chart = lineChartSvg({
    title: 'Processor time a filing',
    xLabel: '% of pages behind TLS',
    yLabel: 'ms',
    lines: (['patrol', 'floor'] as const).map((name) => ({ name, points: byShare[name] })),
  });
  writeFileSync(join(root, 'docs/images/bench-tls.svg'), chart);
}
process.exit(0);
