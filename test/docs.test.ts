import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { casesPart, codesTable, odditiesPage, smsPart } from '../scripts/write-docs.ts';
import { checks } from '../src/checks/index.ts';
import { ROOT } from '../src/config.ts';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const pages = [
  'README.md',
  'README.zh-CN.md',
  'CONTRIBUTING.md',
  ...(readdirSync(join(ROOT, 'docs'), { recursive: true }) as string[])
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

describe('the docs follow the code', () => {
  it('codes of every check', () => {
    for (const check of checks)
      expect.soft(read(`docs/checks/${check.id}.md`), 'run node scripts/write-docs.ts').toContain(codesTable(check));
  });
  it('oddities', () => expect(read('docs/oddities.md'), 'run node scripts/write-docs.ts').toBe(odditiesPage()));
  it('states and moves of a case, SMS texts', () => {
    expect(read('docs/cases.md'), 'run node scripts/write-docs.ts').toContain(casesPart());
    expect(read('docs/notices.md'), 'run node scripts/write-docs.ts').toContain(smsPart());
  });
  it('links between pages lead somewhere', () => {
    for (const page of pages) {
      for (const [, target] of read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)) {
        expect.soft(() => readFileSync(join(ROOT, page, '..', target as string)), `${page} → ${target}`).not.toThrow();
      }
    }
  });
  it('commands named in the README exist in package.json', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const page of ['README.md', 'README.zh-CN.md']) {
      for (const [, name] of read(page).matchAll(/npm run (?:-s )?([a-z:]+)/g))
        expect.soft(Object.keys(scripts), `${page}: ${name}`).toContain(name);
    }
  });
});
