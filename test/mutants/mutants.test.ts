import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../src/config.ts';
import { MUTANTS } from './mutants.ts';

describe('the mutation list', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))('%s: still breaks what it names', (_, mutant) => {
    const text = readFileSync(join(ROOT, mutant.file), 'utf8');
    expect(text.split(mutant.find).length - 1).toBe(1);
    expect(mutant.replace).not.toBe(mutant.find);
    for (const suite of mutant.suites) expect(existsSync(join(ROOT, suite))).toBe(true);
  });
});
