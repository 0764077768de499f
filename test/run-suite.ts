/**
 * `npm run test:hostile` and `npm run test:faults`: runs the suite, then prints what was done to the worker, how often, and what came of
 * it. `-- --full`: the full counts; `-- --write`: the table goes into docs/reliability.md as well.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Figure } from './support/figures.ts';
import { soakCharts } from './support/soak-charts.ts';
import type { SoakSample } from './support/soak-child.ts';

const USAGE = `usage: npm run test:hostile|test:faults -- [--full] [--write] [part of a file's name …] [-t part of a test's name]
  --full   the counts of docs/reliability.md (minutes to an hour); without it the short versions that CI runs
  --write  put the table into docs/reliability.md\n`;

const [suite = '', ...given] = process.argv.slice(2);
const named = given.indexOf('-t');
/** `-t name`, for the test runner. */
const onlyNamed = named === -1 ? [] : given.slice(named, named + 2);
const args = given.filter((_, index) => named === -1 || index < named || index > named + 1);
if ((suite !== 'hostile' && suite !== 'faults') || args.includes('--help')) {
  process.stdout.write(USAGE);
  process.exit(args.includes('--help') ? 0 : 2);
}
const root = resolve(import.meta.dirname, '..');
const full = args.includes('--full');
const parts = args.filter((argument) => !argument.startsWith('--'));
const folder = mkdtempSync(join(tmpdir(), 'beian-suite-'));
const file = join(folder, 'figures.ndjson');
const samplesFile = join(folder, 'samples.json');
const started = performance.now();
const run = spawnSync(
  process.execPath,
  [
    join(root, 'test/run.ts'),
    ...(parts.length > 0 ? parts.map((part) => `test/${suite}/${part}`) : [`test/${suite}/`]),
    ...onlyNamed,
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATROL_FIGURES: file, PATROL_SAMPLES: samplesFile, ...(full && { PATROL_FULL: '1' }) },
  },
);
const figures = existsSync(file)
  ? readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Figure)
  : [];
const samples = existsSync(samplesFile) ? (JSON.parse(readFileSync(samplesFile, 'utf8')) as SoakSample[]) : [];
rmSync(folder, { recursive: true, force: true });
const command = `npm run test:${suite}${full ? ' -- --full' : ''}`;
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
const table = [
  `\`${command}\`: ${run.status === 0 ? 'all green' : 'FAILED'}, ${minutes} minutes, ${new Date().toISOString().slice(0, 10)}, Node ${process.version}.`,
  '',
  '| what was done to the worker | times | what came of it |',
  '| --- | ---: | --- |',
  ...figures.map(({ fault, count, result }) => `| ${fault} | ${count.toLocaleString('en')} | ${result} |`),
].join('\n');
process.stdout.write(`\n${table}\n`);
if (args.includes('--write') && run.status === 0) {
  const target = join(root, 'docs/reliability.md');
  const [before, after] = [`<!-- ${suite}: begin -->`, `<!-- ${suite}: end -->`];
  const text = readFileSync(target, 'utf8');
  const [start, end] = [text.indexOf(before), text.indexOf(after)];
  if (start === -1 || end === -1) throw new Error(`${target} has no place for ${suite}`);
  writeFileSync(target, `${text.slice(0, start + before.length)}\n\n${table}\n\n${text.slice(end)}`);
  if (full)
    for (const [name, svg] of Object.entries(soakCharts(samples))) writeFileSync(join(root, 'docs/images', name), svg);
}
process.exit(run.status ?? 1);
