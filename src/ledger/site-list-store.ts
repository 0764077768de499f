import type { QueryName } from '../../db/queries.ts';
import type { Verdict } from '../checks/types.ts';
import type { Statements } from './statements.ts';

/** What a list of sites is narrowed to. */
export interface SiteQuery {
  /** A domain (or its beginning), a filing number (or its beginning), or a part of a subject's name. */
  text?: string;
  verdict?: Verdict;
  checkId?: string;
  province?: string;
  provider?: string;
  state?: string;
}

/** A row of the list of sites. */
export interface SiteRow {
  id: number;
  siteNumber: string;
  name: string;
  state: string;
  accessProvider: string;
  subjectId: number;
  subjectName: string;
  province: string;
  /** Its first filed domain. */
  host: string;
}

/** A page of sites. */
export interface SitePage {
  rows: SiteRow[];
  /** Where the next page begins; null: that was all. */
  next: string | null;
  /** The search stopped at its budget before the page was full: the rest is searched from `next` on. */
  stopped: boolean;
}

/** Rows looked at for one page: what keeps any filter quick over millions of sites. */
const BUDGET = 20_000;
/** Sites a search by text looks through. */
const MATCHES = 2000;

type Found = Omit<SiteRow, 'host'> & { checkId?: string };

/** Lists of sites, a page at a time: every filter walks one index from where the last page ended. */
export class SiteListStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** A page of the sites that pass a query, `limit` at most, from a `next` of the page before. */
  page(query: SiteQuery, cursor: string | null, limit: number): SitePage {
    const found: Found[] = [];
    let looked = 0;
    let last: Found | null = null;
    let ended = true;
    for (const row of this.#candidates(query, cursor)) {
      // Never in the middle of a site's checks: the next page begins behind the site.
      if ((found.length >= limit || looked >= BUDGET) && row.id !== last?.id) {
        ended = false;
        break;
      }
      looked++;
      last = row;
      // A site stands once however many of its checks match.
      if (found.at(-1)?.id !== row.id && passes(row, query)) found.push(row);
    }
    const rows = found.map(({ checkId: _, ...row }) => ({ ...row, host: this.firstHost(row.id) }));
    const next = ended || last === null ? null : `${last.subjectId}.${last.id}`;
    return { rows, next, stopped: !ended && found.length < limit };
  }

  /** Ids of the sites that pass a query, in pages, for those who work through all of them. */
  *ids(query: SiteQuery, page = 1000): Generator<number[]> {
    for (let cursor: string | null = null; ; ) {
      const { rows, next } = this.page(query, cursor, page);
      if (rows.length > 0) yield rows.map(({ id }) => id);
      if (next === null) return;
      cursor = next;
    }
  }

  /** The first filed domain of a site. */
  firstHost(siteId: number): string {
    return this.#db.get<{ host: string }>('firstHost', siteId)?.host ?? '';
  }

  row(siteId: number): SiteRow | null {
    const row = this.#db.get<Found>('siteRow', siteId);
    return row === undefined ? null : { ...row, host: this.firstHost(siteId) };
  }

  #candidates(query: SiteQuery, cursor: string | null): Iterable<Found> {
    const [subjectId = 0, siteId = 0] = (cursor ?? '').split('.').map((part) => Number(part) || 0);
    const { text, verdict, province, provider, state } = query;
    if (text !== undefined && text !== '') return this.#matching(text, siteId);
    const walk = (name: QueryName, ...parameters: (string | number)[]): Iterable<Found> =>
      this.#db.iterate<Found>(name, ...parameters);
    if (verdict !== undefined) return walk('sitesOfVerdictAfter', verdict, siteId);
    if (province !== undefined) return after(walk('sitesOfProvinceAfter', province, subjectId), subjectId, siteId);
    if (provider !== undefined) return walk('sitesOfProviderAfter', provider, siteId);
    if (state !== undefined && state !== 'active') return walk('sitesOfStateAfter', state, siteId);
    return walk('sitesAfter', siteId);
  }

  /** Sites by a text, in the order of their ids. */
  *#matching(text: string, after: number): Generator<Found> {
    const ids = [...this.#matches(text.trim())].filter((id) => id > after).sort((a, b) => a - b);
    for (const id of ids) {
      const row = this.#db.get<Found>('siteRow', id);
      if (row !== undefined) yield row;
    }
  }

  #matches(text: string): Set<number> {
    const ids = new Set<number>();
    const add = (name: QueryName, ...parameters: string[]): void => {
      for (const { siteId } of this.#db.all<{ siteId: number }>(name, ...parameters, MATCHES)) ids.add(siteId);
    };
    const range = (from: string): [string, string] => [from, `${from}\u{10ffff}`];
    const host = text.toLowerCase();
    add('hostsFrom', ...range(host));
    add('registrablesFrom', ...range(host));
    // 京ICP备12345678号 with the blanks and width people paste.
    add('siteNumbersFrom', ...range(text.normalize('NFKC').replace(/\s/g, '').replace(/icp/i, 'ICP')));
    for (const { id } of this.#subjects(text))
      for (const { siteId } of this.#db.all<{ siteId: number }>('sitesOfSubjectId', id, 200)) ids.add(siteId);
    return ids;
  }

  /** Subjects by a part of their name; parts of one or two characters are looked for at its beginning. */
  #subjects(text: string): { id: number }[] {
    if ([...text].length < 3) return this.#db.all('subjectsFrom', text, `${text}\u{10ffff}`, 200);
    return this.#db.all('subjectsNamed', `"${text.replaceAll('"', '""')}"`, 200);
  }
}

function passes(row: Found, { verdict, checkId, province, provider, state, text }: SiteQuery): boolean {
  if (checkId !== undefined && verdict !== undefined && text === undefined && row.checkId !== checkId) return false;
  if (province !== undefined && row.province !== province) return false;
  if (provider !== undefined && row.accessProvider !== provider) return false;
  return state === undefined || row.state === state;
}

function* after(rows: Iterable<Found>, subjectId: number, siteId: number): Generator<Found> {
  for (const row of rows) if (row.subjectId !== subjectId || row.id > siteId) yield row;
}
