/** `npm test`: says in one line what this machine lacks, runs vitest, and ends with `N passed, N failed, N skipped`. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { findBrowser } from '../src/gather/find-browser.ts';
import { faketimeLibrary } from './support/faketime.ts';
import { hasRedis } from './support/redis.ts';

const root = resolve(import.meta.dirname, '..');
const lacking = [
  ...(hasRedis() ? [] : ['redis-server is not installed: the queue tests run on the embedded queue only']),
  ...(faketimeLibrary() !== null ? [] : ['faketime is not installed: the system clock is not set under a worker']),
  ...(findBrowser(null) !== null ? [] : ['no Chromium on this machine: the tests of drawn pages do not run']),
  ...(existsSync(join(root, '../shared/corpus'))
    ? []
    : ['../shared/corpus is not here: the scores on third-party material are not measured']),
];
if (lacking.length > 0) process.stdout.write(`skipping: ${lacking.join('; ')}\n`);
if (process.env['CI'] === 'true' && (!hasRedis() || findBrowser(null) === null || faketimeLibrary() === null)) {
  process.stdout.write(
    'CI must not skip the tests of Redis, drawn pages and the system clock: install redis-server, chromium and faketime\n0 passed, 1 failed\n',
  );
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'beian-tests-'));
const report = join(folder, 'report.json');
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
const run = spawnSync(
  process.execPath,
  [vitest, 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
);
let line = '0 passed, 1 failed';
let failed = 1;
if (existsSync(report)) {
  const totals = JSON.parse(readFileSync(report, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numFailedTestSuites: number;
  };
  failed = totals.numFailedTests + (totals.numFailedTests === 0 ? totals.numFailedTestSuites : 0);
  line = `${totals.numPassedTests} passed, ${failed} failed${totals.numPendingTests > 0 ? `, ${totals.numPendingTests} skipped` : ''}`;
}
rmSync(folder, { recursive: true, force: true });
process.stdout.write(`${line}\n`);
process.exit(run.status === 0 && failed === 0 ? 0 : 1);
