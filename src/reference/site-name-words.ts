import { z } from 'zod';
import { foldText } from '../filing/site-number.ts';
import type { SubjectKind } from '../filing/types.ts';
import { dataHead } from './data-file.ts';

const words = z.array(z.string().min(1));

/** `config/data/site-name-words.yaml`. */
export const siteNameWordsShape = z.strictObject({
  ...dataHead,
  /** Beginnings only national bodies may use. */
  nationalPrefixes: words,
  sensitive: words,
  individuals: z.strictObject({ everywhere: words, provinces: z.record(z.string(), words) }),
});

/** A word of a list found in a name. */
export interface BannedWord {
  word: string;
  list: 'national-prefix' | 'sensitive' | 'individual' | 'individual-province';
}

/** Words a site's name may not hold (R6). */
export class SiteNameWords {
  readonly #lists: z.infer<typeof siteNameWordsShape>;

  constructor(lists: z.infer<typeof siteNameWordsShape>) {
    this.#lists = lists;
  }

  /** Every banned word in a name, for a subject of this kind and province. */
  find(name: string, kind: SubjectKind, province: string): BannedWord[] {
    const text = foldText(name).replace(/\s/g, '');
    const { nationalPrefixes, sensitive, individuals } = this.#lists;
    const found: BannedWord[] = [];
    const prefix = nationalPrefixes.find((word) => text.startsWith(word));
    if (prefix !== undefined && kind !== 'government') found.push({ word: prefix, list: 'national-prefix' });
    const add = (list: string[], as: BannedWord['list']): void => {
      for (const word of new Set(list)) if (text.includes(word)) found.push({ word, list: as });
    };
    add(sensitive, 'sensitive');
    if (kind === 'individual') {
      add(individuals.everywhere, 'individual');
      add(
        (individuals.provinces[province] ?? []).filter((word) => !individuals.everywhere.includes(word)),
        'individual-province',
      );
    }
    return found;
  }
}
