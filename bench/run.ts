/**
 * `npm run bench [-- --quick] [-- --only ways,curve] [-- --no-write]`: measures screening beside what one would write first and beside a
 * floor without any safety, at several shares of TLS and over a slow network; a sweep's cost over registers of growing size; several
 * gather machines; rescans under a sweep. Prints the tables and writes them, with their graphs, into docs/performance.md. What counts is
 * processor time a filing, as ratios within one run: seconds are this machine's own.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { SECTIONS, type SectionName } from './sections.ts';

const names = Object.keys(SECTIONS) as SectionName[];
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    'no-write': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`usage: npm run bench [-- --quick] [-- --only ${names.join(',')}] [-- --no-write]
  --quick     small counts, one round: half an hour becomes minutes, figures become rough
  --only      some of the sections
  --no-write  print only; docs/performance.md stays as it is\n`);
  process.exit(0);
}
const wanted = values.only === undefined ? names : (values.only.split(',') as SectionName[]);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no section ${unknown.join(', ')}: there are ${names.join(', ')}\n`);
  process.exit(2);
}
const root = resolve(import.meta.dirname, '..');
const target = join(root, 'docs/performance.md');
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}${values.quick ? ', `--quick`' : ''}`;

function write(name: string, text: string): void {
  const page = readFileSync(target, 'utf8');
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${target} has no place for ${name}`);
  writeFileSync(target, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}

for (const name of wanted) {
  process.stderr.write(`${name} …\n`);
  const { tables, charts = {} } = await SECTIONS[name]({
    quick: values.quick,
    note: (text) => void process.stderr.write(`  ${text}\n`),
  });
  for (const [part, text] of Object.entries(tables)) {
    const dated = `${text}\n\n${machine}.`;
    process.stdout.write(`\n${part}\n\n${dated}\n`);
    if (!values['no-write']) write(part, dated);
  }
  if (!values['no-write'])
    for (const [file, svg] of Object.entries(charts)) writeFileSync(join(root, 'docs/images', file), svg);
}
process.exit(0);
