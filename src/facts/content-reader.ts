import { type ContentWords, SHOWN } from '../reference/content-words.ts';
import type { PageFacts, ShownOrganisation, WordHit } from './types.ts';

/** Caps: a page may not make the facts grow. */
const MAX_HITS_A_LIST = 12;
const MAX_ORGANISATIONS = 20;
const CONTEXT = 30;

/** Ends of organisations' names; the longest match wins. */
const ORGANISATION =
  /[\u4e00-\u9fffA-Za-z0-9()·]{2,30}?(?:有限责任公司|股份有限公司|集团有限公司|有限公司|有限合伙|事务所|研究院|协会|商会|基金会)(?![\u4e00-\u9fff]{0,2}公司)/g;

/** Words before a name that are not part of it. */
const BEFORE_NAME =
  /^(?:.*(?:版权所有|所有权|主办单位|主办|承办|技术支持|运营|隶属于|由|归|为|是|与|和|及|关于|欢迎来到|欢迎访问|copyright|rights reserved by)[:\s]*|(?:\d{4}(?:-\d{4})?)+|[()·\s]+)/i;

/** Who built or hosts a page does not own it. */
const SUPPLIER_BEFORE =
  /(?:技术支持|技术服务|网站建设|网站制作|设计制作|建站|制作|设计|托管|提供|powered by|由)[:：\s]*$/i;
const SUPPLIER_AFTER = /^\s*(?:提供|技术支持|承建|制作|设计|建站)/;

const COPYRIGHT = /©|\(c\)|copyright|版权所有|all rights reserved|主办单位|主体信息/i;

const LATIN = /[a-z0-9]/;

/** A word that begins or ends with a Latin letter stands at a word's boundary there. */
function standsAlone(line: string, at: number, word: string): boolean {
  const end = at + word.length;
  const joins = (inner: string, outer: string | undefined): boolean =>
    LATIN.test(inner) && outer !== undefined && LATIN.test(outer);
  return !joins(word[0] ?? '', line[at - 1]) && !joins(word.at(-1) ?? '', line[end]);
}

/** Collects what a page is about, line by line as the page reader gives them: words of lists, organisations named. */
export class ContentReader {
  readonly #words: ContentWords;
  readonly #hits = new Map<string, WordHit>();
  readonly #counts = new Map<string, number>();
  readonly #organisations = new Map<string, ShownOrganisation>();

  constructor(words: ContentWords) {
    this.#words = words;
  }

  /** Give one line of text (folded) a person sees. */
  line(text: string, place: 'title' | 'body'): void {
    const lower = text.toLowerCase();
    const { byHead } = this.#words;
    // Of two words of a list at one place the longer wins; the title of a licence hides every word inside it.
    const busyUntil = new Map<string, number>();
    let hiddenUntil = 0;
    for (let i = 0; i + 1 < lower.length; i++) {
      const candidates = byHead.get(lower.slice(i, i + 2));
      if (candidates === undefined) continue;
      const found = candidates.filter(({ text: word }) => lower.startsWith(word, i) && standsAlone(lower, i, word));
      for (const word of found.toSorted((a, b) => b.text.length - a.text.length)) {
        const end = i + word.text.length;
        const licence = word.list.startsWith(SHOWN);
        if (i < (busyUntil.get(word.list) ?? 0) || (!licence && i < hiddenUntil)) continue;
        busyUntil.set(word.list, end);
        if (licence) hiddenUntil = Math.max(hiddenUntil, end);
        this.#hit(word, text, i, place === 'title');
      }
    }
    if (/公司|合伙|事务所|研究院|协会|商会|基金会/.test(text)) this.#name(text, place);
  }

  #hit(word: { text: string; list: string; weight: number }, line: string, at: number, inTitle: boolean): void {
    const key = `${word.list} ${word.text}`;
    const known = this.#hits.get(key);
    if (known !== undefined) {
      known.count++;
      known.inTitle ||= inTitle;
    } else if (inTitle || this.#room(word.list)) {
      const context = line.slice(Math.max(0, at - CONTEXT), at + word.text.length + CONTEXT).trim();
      this.#hits.set(key, { list: word.list, word: word.text, weight: word.weight, count: 1, inTitle, context });
    }
  }

  /** Each list has places of its own: harmless words of one must not hide another's. */
  #room(list: string): boolean {
    const count = this.#counts.get(list) ?? 0;
    this.#counts.set(list, count + 1);
    return count < MAX_HITS_A_LIST;
  }

  #name(line: string, place: 'title' | 'body'): void {
    const copyright = COPYRIGHT.test(line);
    for (const match of line.slice(0, 2000).matchAll(ORGANISATION)) {
      const [whole] = match;
      const name = whole
        .replace(BEFORE_NAME, '')
        .replace(BEFORE_NAME, '')
        .replace(/^[)·]+/, '');
      if (name.length < 5 || /^(?:本|我|贵|该|某)/.test(name)) continue;
      const known = this.#organisations.get(name);
      const before =
        line.slice(Math.max(0, match.index - 14), match.index) + whole.slice(0, whole.length - name.length);
      const after = line.slice(match.index + whole.length, match.index + whole.length + 12);
      const supplies = SUPPLIER_BEFORE.test(before) || SUPPLIER_AFTER.test(after);
      const where = supplies ? 'body' : place === 'title' ? 'title' : copyright ? 'copyright' : 'body';
      if (known !== undefined) {
        known.count++;
        if (known.place === 'body') known.place = where;
        continue;
      }
      // Partners named on the page give way to whoever claims it.
      if (this.#organisations.size >= MAX_ORGANISATIONS && where !== 'body') this.#dropPartner();
      if (this.#organisations.size < MAX_ORGANISATIONS) this.#organisations.set(name, { name, place: where, count: 1 });
    }
  }

  #dropPartner(): void {
    const partner = [...this.#organisations.values()].findLast(({ place }) => place === 'body');
    if (partner !== undefined) this.#organisations.delete(partner.name);
  }

  /** What was collected. */
  end(): NonNullable<PageFacts['content']> {
    return {
      words: [...this.#hits.values()],
      organisations: [...this.#organisations.values()],
      listsVersion: this.#words.version,
    };
  }
}
