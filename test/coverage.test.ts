import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policyAt, programmeOfCheck } from '../src/cases/programme-policy.ts';
import { checks } from '../src/checks/index.ts';
import { loadConfig, ROOT } from '../src/config.ts';

/** Paragraphs of the rulebook; a section without numbered paragraphs counts as one rule. */
const SECTIONS: Record<string, number> = {
  R1: 9,
  R2: 5,
  R3: 11,
  R4: 8,
  R5: 0,
  R6: 0,
  R7: 0,
  R8: 0,
  R9: 0,
  R10: 0,
  R11: 0,
  R12: 0,
  R13: 0,
  R14: 0,
  R15: 0,
  R16: 5,
  R17: 9,
};
const RULES = Object.entries(SECTIONS).flatMap(([section, count]) =>
  count === 0 ? [section] : Array.from({ length: count }, (_, index) => `${section}.${index + 1}`),
);
const ROW =
  /^\| (R[\d.]+) \| [^|]+ \| \[[^\]]+\]\(\.\.\/(src\/[^)]+)\) \| \[[^\]]+\]\(\.\.\/(test\/[^)]+)\) \| \[[^\]]+\]\(([^)]+)\) \|$/;
const rows = readFileSync(join(ROOT, 'docs/coverage.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, rule, code, test, page] = ROW.exec(line) ?? [];
    return rule === undefined ? [] : [{ rule, files: [code, test, `docs/${page}`] as string[] }];
  });
/** `R3.1` is not named by `R3.10`, nor `R1` by `R12`. */
const names = (text: string, rule: string): boolean => new RegExp(`${rule.replaceAll('.', '\\.')}(?![\\d])`).test(text);
/** Titles of a file's tests and groups: where a test says what it holds. A comment is none. */
const titlesOf = (source: string): string =>
  [
    ...source
      .replace(/^\s*\/\/.*$/gm, '')
      .matchAll(/(?:\b(?:it|test|describe)(?:\.\w+)*\(|\)\()\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g),
  ]
    .map(([, , title]) => title)
    .join('\n');

describe('the coverage table', () => {
  it('a title is where a test says what it holds', () =>
    expect(titlesOf(`// R9\nit('one (R1.2)', () => {});\nit.each([['R3']])("two R4", f)`)).toBe('one (R1.2)\ntwo R4'));
  it('lists every rule once, in order', () => expect(rows.map(({ rule }) => rule)).toEqual(RULES));
  it.each(rows.map(({ rule, files }) => [rule, files] as const))(
    '%s: code, test and page exist and name it',
    (rule, files) => {
      for (const file of files) {
        expect.soft(existsSync(join(ROOT, file)), file).toBe(true);
        if (!existsSync(join(ROOT, file))) continue;
        const text = readFileSync(join(ROOT, file), 'utf8');
        expect.soft(names(file.startsWith('test/') ? titlesOf(text) : text, rule), `${file} names ${rule}`).toBe(true);
      }
    },
  );
  it.skipIf(!existsSync(join(ROOT, '../shared/rules.md')))('knows every paragraph of the rulebook', () => {
    const text = readFileSync(join(ROOT, '../shared/rules.md'), 'utf8');
    for (const [section, count] of Object.entries(SECTIONS)) {
      if (count === 0) continue;
      const body =
        text.slice(text.indexOf(`## ${section} `)).split('\n## ')[1] === undefined
          ? ''
          : text.slice(text.indexOf(`## ${section} `) + 4).split('\n## ')[0];
      const numbers = [...(body ?? '').matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));
      expect.soft(Math.max(0, ...numbers), section).toBeLessThanOrEqual(count);
    }
  });
});

describe('every check belongs somewhere', () => {
  const { programmes } = loadConfig({ env: {} });
  const now = Date.parse('2026-11-23T00:00:00+08:00');
  it.each(checks.map(({ id }) => id))('%s has a programme', (id) =>
    expect(programmeOfCheck(programmes, id, now)).not.toBeNull(),
  );
  it('a lapsed domain ends in stopped access (R3.10)', () => {
    const programme = programmeOfCheck(programmes, 'domain-expiry', now) as string;
    expect(policyAt(programmes, programme, now)?.acts).toContain('restrict-access');
  });
});
