import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { remedyZh } from '../../src/filing/remedy-words.ts';

const folder = join(import.meta.dirname, '../../src/filing');
/** Every remedy that an import can give, as it stands in the sources; what is filled in is a 7. */
const remedies = readdirSync(folder)
  .filter((name) => !/remedy-words|columns/.test(name))
  .flatMap((name) => {
    const source = readFileSync(join(folder, name), 'utf8');
    const given =
      /(?:reject\(\s*(?:'\w+'|\w+),\s*|remedy:\s*|remedy =\s*|STATES, |KINDS,\s*|PRODUCTS,\s*)(['`])((?:(?!\1)[^\\])+)\1/g;
    return [...source.matchAll(given)].map(([, , text]) => text ?? '');
  })
  .map((text) => text.replace(/\$\{[^}]*\}/g, '7'))
  // A remedy of a part, with the part before it.
  .filter((text) => text !== '7: 7');

describe('remedies of an import in Chinese', () => {
  it('are found in the sources', () => expect(new Set(remedies).size).toBeGreaterThan(25));
  it.each([...new Set(remedies)])('%s', (remedy) => {
    const zh = remedyZh(remedy);
    expect(zh).not.toBe(remedy);
    expect(zh).toMatch(/[\u4e00-\u9fff]{2}/);
    expect(zh).not.toContain('$');
  });
  it('of one value among several keep which', () =>
    expect(remedyZh('a@b.cn: this is an e-mail address: write the domain')).toBe('a@b.cn：这是邮箱地址，请填写域名'));
});
