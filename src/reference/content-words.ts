import { z } from 'zod';
import { foldCharacter } from '../filing/site-number.ts';
import { dataHead } from './data-file.ts';

const word = z.union([z.string().min(2), z.tuple([z.string().min(2), z.number().min(0.5).max(10)])]);
const list = z.strictObject({
  threshold: z.number().min(1),
  titleFactor: z.number().min(1).max(5).default(1),
  maxCharacters: z.int().min(1).nullable().default(null),
  longThreshold: z.number().min(1).nullable().default(null),
  words: z.array(word).min(1),
});

/** `config/data/content-words.yaml` (R4.2, R9): a word alone weighs 1, `[word, 3]` weighs 3. */
export const contentWordsShape = z.strictObject({
  ...dataHead,
  lists: z.record(z.string().regex(/^[a-z-]+$/), list),
  priorApproval: z.record(
    z.string().regex(/^[a-z-]+$/),
    list.extend({
      zh: z.string().min(1),
      /** Null where the documents name none. */
      document: z.string().min(1).nullable(),
      /** Null: everywhere. */
      provinces: z.array(z.string()).nullable(),
      /** Words of names that touch the field (R9: content or names). */
      nameWords: z.array(z.string().min(2)).default([]),
      /** What stands before the approval's number on a page that has one. */
      shownAs: z.array(z.string().min(2)),
      /** Papers that are not the approval: cut out like it, but they prove nothing. */
      weakShownAs: z.array(z.string().min(2)).default([]),
    }),
  ),
});

/** Which field needs which approval. */
export interface ApprovalField {
  id: string;
  zh: string;
  document: string | null;
  provinces: string[] | null;
  nameWords: string[];
}

/** When a list speaks. */
export interface ListRule {
  threshold: number;
  titleFactor: number;
  maxCharacters: number | null;
  longThreshold: number | null;
}

interface Word {
  text: string;
  list: string;
  weight: number;
}

/** Word lists ready to be searched for in one pass. */
export interface ContentWords {
  version: string;
  /** Words by their first two characters (folded, lower case). */
  byHead: ReadonlyMap<string, Word[]>;
  rules: Readonly<Record<string, ListRule>>;
  approvals: ApprovalField[];
}

/** Fold as the page reader does, and ignore case. */
export const foldWord = (text: string): string => [...text].map(foldCharacter).join('').toLowerCase();

/** Lists of titles of licences begin so: what they cover is no word of any other list. */
export const SHOWN = 'shown-';

/** Make lists searchable; a prior-approval field is the list `approval-<field>`, its shown titles `shown-<field>`. */
export function compileContentWords(file: z.infer<typeof contentWordsShape>, version: string): ContentWords {
  const byHead = new Map<string, Word[]>();
  const rules: Record<string, ListRule> = {};
  const put = (name: string, given: z.infer<typeof word>): void => {
    const [text, weight] = typeof given === 'string' ? [given, 1] : given;
    const folded = foldWord(text);
    const head = folded.slice(0, 2);
    byHead.set(head, [...(byHead.get(head) ?? []), { text: folded, list: name, weight }]);
  };
  for (const [name, { words, ...rule }] of Object.entries(file.lists)) {
    rules[name] = rule;
    for (const one of words) put(name, one);
  }
  const approvals = Object.entries(file.priorApproval).map(([id, field]) => {
    const { zh, document, provinces, nameWords, words, shownAs, weakShownAs, ...rule } = field;
    rules[`approval-${id}`] = rule;
    for (const one of words) put(`approval-${id}`, one);
    for (const title of shownAs) put(`${SHOWN}${id}`, title);
    for (const title of weakShownAs) put(`${SHOWN}weak`, title);
    return { id, zh, document, provinces, nameWords };
  });
  return { version, byHead, rules, approvals };
}
