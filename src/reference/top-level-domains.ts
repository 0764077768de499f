import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { dataHead } from './data-file.ts';

const tlds = z.array(z.string().regex(/^[^.\s]+$/, 'is a top-level domain without its dot'));

/** `config/data/tlds.yaml`. */
export const tldsShape = z.strictObject({
  ...dataHead,
  approved: tlds,
  refused: tlds,
  /** Closed lists of provinces: nothing else is accepted there (R3.8). */
  closed: z.record(z.string(), tlds),
});

/** `unknown`: in neither list, which says nothing against it. */
export type TldStatus = 'approved' | 'refused' | 'foreign-country' | 'unknown';

/** Top-level domains by what MIIT said of them (R3.4, R3.8). */
export class TldTable {
  readonly #approved: ReadonlySet<string>;
  readonly #refused: ReadonlySet<string>;
  readonly #closed: ReadonlyMap<string, ReadonlySet<string>>;

  constructor({ approved, refused, closed }: z.infer<typeof tldsShape>) {
    const set = (list: string[]): ReadonlySet<string> => new Set(list.map((tld) => domainToASCII(tld.toLowerCase())));
    this.#approved = set(approved);
    this.#refused = set(refused);
    this.#closed = new Map(Object.entries(closed).map(([province, list]) => [province, set(list)]));
  }

  /** What MIIT said of a domain's top level. */
  status(domain: string): TldStatus {
    const tld = topLevelOf(domain);
    if (this.#approved.has(tld)) return 'approved';
    if (this.#refused.has(tld)) return 'refused';
    // Two letters are a country's: foreign ones cannot be filed unless approved by name.
    return /^[a-z]{2}$/.test(tld) ? 'foreign-country' : 'unknown';
  }

  /** Is the domain's top level in a province's closed list? True where the province has none. */
  acceptedIn(province: string, domain: string): boolean {
    return this.#closed.get(province)?.has(topLevelOf(domain)) ?? true;
  }
}

const topLevelOf = (domain: string): string => domain.slice(domain.lastIndexOf('.') + 1).toLowerCase();
