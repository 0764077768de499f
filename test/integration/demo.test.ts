import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../src/config.ts';

/** Rows of a printed table: check → pass, warn, fail, inconclusive. */
function rowsOf(text: string): Map<string, number[]> {
  const rows = [...text.matchAll(/^([a-z]+(?:-[a-z]+)*) +(\d+) +(\d+) +(\d+) +(\d+)/gm)];
  return new Map(rows.map(([, check = '', ...counts]) => [check, counts.map(Number)]));
}

describe('the one line of the README', () => {
  let folder: string;
  let told: { status: number | null; stdout: string; stderr: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'beian-demo-'));
    told = spawnSync(process.execPath, [join(ROOT, 'test/world/demo.ts')], {
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1' },
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('shows the table that the README shows', () => {
    expect(told.status, told.stderr).toBe(0);
    const shown = rowsOf(told.stdout);
    const promised = rowsOf(readFileSync(join(ROOT, 'README.md'), 'utf8'));
    expect(promised.size).toBeGreaterThan(5);
    for (const [check, [pass = 0, warn = 0, fail = 0, unseen = 0]] of promised) {
      const found = shown.get(check) ?? [];
      expect([check, found.reduce((sum, count) => sum + count, 0)]).toEqual([check, pass + warn + fail + unseen]);
      // On a busy machine some answers come too late and are not observed; nobody is accused by that.
      expect.soft(found[0], `${check}: pass`).toBeGreaterThanOrEqual(pass * 0.95);
      expect.soft(found[2], `${check}: fail`).toBeLessThanOrEqual(fail);
      expect.soft(found[2], `${check}: fail`).toBeGreaterThanOrEqual(Math.floor(fail * 0.7));
    }
  });

  it('names commands that work', () => {
    const commands = [...told.stdout.matchAll(/^ {2}npm run -s patrol -- (explain|cases|suspicions) (.+)$/gm)].map(
      ([, name = '', rest = '']) => [name, ...rest.split(' ').filter((part) => part !== '')],
    );
    expect(commands.length).toBeGreaterThanOrEqual(5);
    for (const command of commands) {
      const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'src/cli.ts'), ...command], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect([command.join(' '), status]).toEqual([command.join(' '), 0]);
      expect(stdout.length).toBeGreaterThan(100);
    }
    expect(told.stdout).toContain('explain site-70.cn');
  }, 120_000);
});
