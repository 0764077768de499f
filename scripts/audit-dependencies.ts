/**
 * `npm run -s audit`: are the packages the worker runs on known to be vulnerable? Asks the registry's advisory service; ends with 1 when
 * it names one of high or critical severity. A registry that has no such service (a mirror, a closed network) is said, not passed over
 * in silence, and ends with 0. Whatever the network, every package of the lock file must carry an integrity hash.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

interface Advice {
  vulnerabilities?: Record<string, { severity: string; via: unknown[]; fixAvailable: unknown }>;
  error?: { summary?: string };
  message?: string;
}

const root = resolve(import.meta.dirname, '..');
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, { integrity?: string; link?: boolean }>;
};
const unsigned = Object.entries(lock.packages).filter(
  ([name, entry]) => name !== '' && entry.link !== true && entry.integrity === undefined,
);
for (const [name] of unsigned)
  process.stdout.write(`audit: ${name} has no integrity hash in package-lock.json: run npm install again\n`);

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: root, encoding: 'utf8' });
let advice: Advice = {};
try {
  advice = JSON.parse(stdout) as Advice;
} catch {
  advice = { message: 'no answer' };
}
const grave = Object.entries(advice.vulnerabilities ?? {}).filter(
  ([, { severity }]) => severity === 'high' || severity === 'critical',
);
for (const [name, { severity, fixAvailable }] of grave)
  process.stdout.write(`audit: ${name}: ${severity}; ${fixAvailable === false ? 'no fix yet' : 'npm audit fix'}\n`);
if (advice.vulnerabilities === undefined)
  process.stdout.write(
    `audit: advisories could NOT be asked for here (${advice.message ?? advice.error?.summary ?? 'no answer'}); run npm run -s audit where the registry answers\n`,
  );
else
  process.stdout.write(
    `audit: ${Object.keys(lock.packages).length - 1} packages, ${grave.length} of high or critical severity\n`,
  );
process.exit(grave.length > 0 || unsigned.length > 0 ? 1 : 0);
