import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../src/config.ts';

interface Lock {
  packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>;
}

// npm ci refuses a lock file that lacks another platform's packages, and then nothing works on a new machine.
it('the lock file holds every optional package of every platform, and no registry address', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const names = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''));
  for (const [path, { optionalDependencies, resolved }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies ?? {})) expect.soft(names, `${path} → ${name}`).toContain(name);
    expect.soft(resolved, path).toBeUndefined();
  }
});
