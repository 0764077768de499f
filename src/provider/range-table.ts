import { maskOf, parseAddress, parseCidr } from './address.ts';
import type { Ownership, ProviderList } from './types.ts';

interface Span {
  start: number[];
  end: number[];
  prefix: number;
  owner: number;
}

/** Disjoint sorted spans of one family, in flat typed arrays: a lookup is one binary search without allocation. */
class SpanIndex {
  readonly #words: number;
  readonly #starts: Uint32Array;
  readonly #owners: Int32Array;

  constructor(spans: Span[], words: number) {
    this.#words = words;
    const flat = flatten(spans, words);
    this.#starts = new Uint32Array(flat.length * words);
    this.#owners = new Int32Array(flat.length);
    flat.forEach((piece, i) => {
      piece.start.forEach((word, w) => {
        this.#starts[i * words + w] = word;
      });
      this.#owners[i] = piece.owner;
    });
  }

  /** Owner index of an address, or -1. */
  find(a: number, b: number, c: number, d: number): number {
    const starts = this.#starts;
    const words = this.#words;
    let low = 0;
    let high = this.#owners.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const at = middle * words;
      let order = (starts[at] as number) - a;
      if (order === 0 && words === 4) {
        order = (starts[at + 1] as number) - b || (starts[at + 2] as number) - c || (starts[at + 3] as number) - d;
      }
      if (order <= 0) low = middle + 1;
      else high = middle - 1;
    }
    return high < 0 ? -1 : (this.#owners[high] as number);
  }
}

/** Turn nested spans into disjoint ones: the most specific prefix wins, gaps belong to nobody (-1). */
function flatten(spans: Span[], words: number): { start: number[]; owner: number }[] {
  spans.sort((x, y) => compareWords(x.start, y.start) || x.prefix - y.prefix);
  const pieces: { start: number[]; owner: number }[] = [];
  const open: Span[] = [];
  const put = (start: number[], owner: number): void => {
    const last = pieces[pieces.length - 1];
    if (last !== undefined && compareWords(last.start, start) === 0) last.owner = owner;
    else if (last?.owner !== owner || last === undefined) pieces.push({ start, owner });
  };
  const closeBefore = (start: number[] | null): void => {
    while (open.length > 0) {
      const top = open[open.length - 1] as Span;
      if (start !== null && compareWords(top.end, start) >= 0) return;
      open.pop();
      const after = increment(top.end, words);
      if (after !== null) put(after, open[open.length - 1]?.owner ?? -1);
    }
  };
  for (const span of spans) {
    closeBefore(span.start);
    put(span.start, span.owner);
    open.push(span);
  }
  closeBefore(null);
  return pieces;
}

function compareWords(a: number[], b: number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return 0;
}

function increment(words: number[], count: number): number[] | null {
  const next = [...words];
  for (let i = count - 1; i >= 0; i--) {
    if (next[i] !== 0xffffffff) {
      next[i] = (next[i] as number) + 1;
      return next;
    }
    next[i] = 0;
  }
  return null;
}

/** Id of the list that tells mainland from not where no provider is known. */
export const UNKNOWN_PROVIDER = 'unknown';

/** Provider ranges and CNAME suffixes, ready for lookup. Immutable: a new list is a new table (R1.1, R1.7). */
export class RangeTable {
  readonly #owners: Ownership[] = [];
  readonly #v4: SpanIndex;
  readonly #v6: SpanIndex;
  readonly #suffixes = new Map<string, Ownership>();
  readonly #providers = new Set<string>();
  /** One short version over all lists: stored on every verdict. */
  readonly version: string;
  readonly size: number;

  /** Build from lists; `version` names this very combination. Malformed CIDRs must have been refused before. */
  constructor(lists: ProviderList[], version: string) {
    this.version = version;
    const v4: Span[] = [];
    const v6: Span[] = [];
    // Of two lists naming the same block the later wins, so the nameless fallback comes first.
    for (const list of lists.toSorted(
      (a, b) => Number(b.id === UNKNOWN_PROVIDER) - Number(a.id === UNKNOWN_PROVIDER),
    )) {
      if (list.id !== UNKNOWN_PROVIDER && list.ranges.some((range) => range.mainland)) this.#providers.add(list.id);
      for (const range of list.ranges) {
        const parsed = parseCidr(range.cidr);
        if (parsed === null) continue;
        const owner = this.#owners.push({
          provider: list.id,
          product: range.product,
          region: range.region,
          mainland: range.mainland,
          range: range.cidr,
          listVersion: list.version,
        });
        const words = parsed.address.family === 4 ? [parsed.address.word] : [...parsed.address.words];
        const start = words.map((word, i) => (word & maskOf(parsed.prefix - i * 32)) >>> 0);
        const end = words.map((word, i) => (word | ~maskOf(parsed.prefix - i * 32)) >>> 0);
        (parsed.address.family === 4 ? v4 : v6).push({ start, end, prefix: parsed.prefix, owner: owner - 1 });
      }
      for (const { suffix, product, region, mainland } of list.cnames) {
        const range = suffix.toLowerCase();
        this.#suffixes.set(range, { provider: list.id, product, region, mainland, range, listVersion: list.version });
      }
    }
    this.size = v4.length + v6.length;
    this.#v4 = new SpanIndex(v4, 1);
    this.#v6 = new SpanIndex(v6, 4);
  }

  /** Who owns an address; null when no list does or the text is no address. */
  whoseAddress(address: string): Ownership | null {
    const parsed = parseAddress(address);
    if (parsed === null) return null;
    const index =
      parsed.family === 4
        ? this.#v4.find(parsed.word, 0, 0, 0)
        : this.#v6.find(parsed.words[0], parsed.words[1], parsed.words[2], parsed.words[3]);
    return index === -1 ? null : (this.#owners[index] as Ownership);
  }

  /** Who owns a name: the longest suffix on a label boundary. */
  whoseName(name: string): Ownership | null {
    let rest = name.toLowerCase().replace(/\.$/, '');
    while (rest !== '') {
      const owner = this.#suffixes.get(rest);
      if (owner !== undefined) return owner;
      const dot = rest.indexOf('.');
      if (dot === -1) return null;
      rest = rest.slice(dot + 1);
    }
    return null;
  }

  /** True when some list gives this provider mainland ranges. */
  knowsProvider(provider: string): boolean {
    return this.#providers.has(provider);
  }
}
