import { describe, expect, it } from 'vitest';
import { foldCharacter, foldLine } from '../../src/filing/site-number.ts';
import { SeededRandom } from '../world/random.ts';

/** As it was first written: one character after the other. */
function slowly(text: string, spacedBefore: boolean): { folded: string; spaced: boolean; visible: number } {
  let [folded, spaced, visible] = ['', spacedBefore, 0];
  for (let i = 0; i < text.length; i++) {
    const character = foldCharacter(text[i] as string);
    if (character === '') continue;
    if (character === ' ') {
      if (!spaced) folded += ' ';
      spaced = true;
      continue;
    }
    folded += character;
    spaced = false;
    visible++;
  }
  return { folded, spaced, visible };
}

describe('folding a line', () => {
  it('gives what folding character by character gives, for every code', () => {
    for (let code = 0; code < 65_536; code++) {
      const text = `a${String.fromCharCode(code)}b${String.fromCharCode(code)}${String.fromCharCode(code)}`;
      for (const spaced of [false, true]) expect(foldLine(text, spaced)).toEqual(slowly(text, spaced));
    }
  });

  it('and for texts of chance', () => {
    const random = new SeededRandom(5);
    const letters = ['京', 'Ｉ', 'C', ' ', '\t', '\u3000', '\u200b', '備', '—', '😀', '号', '\n', '１'];
    for (let round = 0; round < 3000; round++) {
      const text = Array.from({ length: random.int(20) }, () => random.pick(letters)).join('');
      expect([text, foldLine(text, round % 2 === 0)]).toEqual([text, slowly(text, round % 2 === 0)]);
    }
  });
});
