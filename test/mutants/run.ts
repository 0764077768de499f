/**
 * `npm run test:mutants`: breaks the worker in every way of the mutation list, one at a time and in a copy, and runs the suites that
 * must notice. Ends with 1 when one gets away. `-- NAME…`: only mutants whose name holds one of these; `-- --write`: the table goes into
 * docs/reliability.md.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { MUTANTS } from './mutants.ts';

/** A suite that never ends over a mutant has noticed it: those that hold end within a quarter of this. */
const PATIENCE_MS = 240_000;

const root = resolve(import.meta.dirname, '../..');
const args = process.argv.slice(2);
const wanted = args.filter((argument) => !argument.startsWith('--'));
const copy = join(mkdtempSync(join(tmpdir(), 'beian-mutants-')), 'main');
const left = new Set(['node_modules', '.git', 'data']);
cpSync(root, copy, {
  recursive: true,
  filter: (path) => !left.has(basename(path)) || path.startsWith(join(root, 'config')),
});
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
/** How a suite ends over the copy as it is now. */
function ending(suite: string): 'passed' | 'failed' | 'hung' {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const run = spawnSync(process.execPath, [vitest, 'run', '--bail=1', suite], {
    cwd: copy,
    stdio: 'ignore',
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  return run.status === 0 ? 'passed' : run.status === null ? 'hung' : 'failed';
}

const rows: string[] = [];
let escaped = 0;
const chosen = MUTANTS.filter((one) => wanted.length === 0 || wanted.some((part) => one.name.includes(part)));
// A suite that fails over the whole worker catches nothing.
const broken = [...new Set(chosen.flatMap(({ suites }) => suites))].filter((suite) => {
  const how = ending(suite);
  process.stdout.write(`${how === 'passed' ? 'sound   ' : 'UNSOUND '} ${suite} without a mutant: ${how}\n`);
  return how !== 'passed';
});
for (const { name, file, find, replace, suites } of chosen) {
  const path = join(copy, file);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    whole.replace(find, () => replace),
  );
  let caught: string | null = null;
  for (const suite of suites.filter((one) => !broken.includes(one))) {
    const how = ending(suite);
    if (how !== 'passed') {
      caught = `${suite}${how === 'hung' ? ' (never ended)' : ''}`;
      break;
    }
  }
  writeFileSync(path, whole);
  if (caught === null) escaped++;
  rows.push(`| ${name} | \`${file}\` | ${caught === null ? '**got away**' : `\`${caught}\``} |`);
  process.stdout.write(`${caught === null ? 'GOT AWAY' : 'caught  '} ${name} (${caught ?? suites.join(', ')})\n`);
}
rmSync(resolve(copy, '..'), { recursive: true, force: true });
const table = [
  `\`npm run test:mutants\`: ${rows.length - escaped} of ${rows.length} caught, ${new Date().toISOString().slice(0, 10)}.`,
  '',
  '| what was broken | where | caught by |',
  '| --- | --- | --- |',
  ...rows,
].join('\n');
const target = join(root, 'docs/reliability.md');
if (args.includes('--write') && existsSync(target)) {
  const text = readFileSync(target, 'utf8');
  const [before, after] = ['<!-- mutants: begin -->', '<!-- mutants: end -->'];
  const [start, end] = [text.indexOf(before), text.indexOf(after)];
  if (start !== -1 && end !== -1)
    writeFileSync(target, `${text.slice(0, start + before.length)}\n\n${table}\n\n${text.slice(end)}`);
}
process.stdout.write(`${rows.length - escaped} of ${rows.length} mutants caught\n`);
process.exit(escaped === 0 && broken.length === 0 ? 0 : 1);
