import type { QueryName } from '../../db/queries.ts';
import type { Verdict } from '../checks/types.ts';
import { PROVINCE_ABBREVIATIONS } from '../filing/site-number.ts';
import type { SubjectKind } from '../filing/types.ts';
import type { Statements } from './statements.ts';
import type { CheckState } from './types.ts';

/** What a list of sites is narrowed to. */
export interface SiteQuery {
  /** A domain or address of a page (or its beginning), a filing number (or its beginning, or its digits), or a part of a subject's name. */
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
  subjectKind: SubjectKind;
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
  /** A search by text matches more than it looks through: it must be narrowed down. */
  truncated: boolean;
}

/** Rows looked at for one page: what keeps any filter quick over millions of sites. */
const BUDGET = 20_000;
/** Rows looked at before whoever works through all of them lets others work. */
const CHUNK = 1000;
/** Sites a search by text looks through: with their verdicts a fraction of a tenth of a second. */
const MATCHES = 2000;
/** Subjects it looks through, and sites of each. */
const SUBJECTS = 200;

type Found = Omit<SiteRow, 'host'> & { checkId?: string };

/** Lists of sites, a page at a time: every filter walks one index from where the last page ended. */
export class SiteListStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** A page of the sites that pass a query, `limit` at most, from a `next` of the page before. */
  page(query: SiteQuery, cursor: string | null, limit: number, budget = BUDGET): SitePage {
    const found: Found[] = [];
    let looked = 0;
    let last: Found | null = null;
    let ended = true;
    // Signs nobody types end a search's own language.
    const text = query.text?.replace(/\p{Cc}/gu, '').trim() ?? '';
    // Two signs stand in no index: rows are read for them, as for filters that find little.
    const part = isShort(text) ? text : null;
    const matched = text === '' || part !== null ? null : this.#matches(text);
    for (const row of matched === null ? this.#walk(query, cursor) : this.#rowsOf(matched.ids, cursor)) {
      // Never in the middle of a site's checks: the next page begins behind the site.
      if ((found.length >= limit || looked >= budget) && row.id !== last?.id) {
        ended = false;
        break;
      }
      looked++;
      last = row;
      // A site stands once however many of its checks match.
      const named = part === null || row.subjectName.includes(part) || row.name.includes(part);
      if (
        named &&
        found.at(-1)?.id !== row.id &&
        passes(row, query) &&
        (matched === null || this.#hasVerdict(row.id, query))
      )
        found.push(row);
    }
    const rows = found.map(({ checkId: _, ...row }) => ({ ...row, host: this.firstHost(row.id) }));
    const next = ended || last === null ? null : `${last.subjectId}.${last.id}`;
    return { rows, next, stopped: !ended && found.length < limit, truncated: matched?.truncated ?? false };
  }

  /**
   * Ids of the sites that pass a query, a few at a time (also none), for those who work through all of them and let others work in
   * between.
   */
  *ids(query: SiteQuery): Generator<number[]> {
    for (let cursor: string | null = null; ; ) {
      const { rows, next } = this.page(query, cursor, CHUNK, CHUNK);
      yield rows.map(({ id }) => id);
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

  /** Rows of the filter that tells most, by its index. */
  #walk(query: SiteQuery, cursor: string | null): Iterable<Found> {
    const [subjectId = 0, siteId = 0] = placeOf(cursor);
    const { verdict, province, provider, state } = query;
    const walk = (name: QueryName, ...parameters: (string | number)[]): Iterable<Found> =>
      this.#db.iterate<Found>(name, ...parameters);
    if (verdict !== undefined) return walk('sitesOfVerdictAfter', verdict, siteId);
    if (province !== undefined) return after(walk('sitesOfProvinceAfter', province, subjectId), subjectId, siteId);
    if (provider !== undefined) return walk('sitesOfProviderAfter', provider, siteId);
    if (state !== undefined && state !== 'active') return walk('sitesOfStateAfter', state, siteId);
    return walk('sitesAfter', siteId);
  }

  /** Rows of given sites, in the order of their ids, after a place. */
  *#rowsOf(ids: ReadonlySet<number>, cursor: string | null): Generator<Found> {
    const [, after = 0] = placeOf(cursor);
    for (const id of [...ids].filter((one) => one > after).sort((a, b) => a - b)) {
      const row = this.#db.get<Found>('siteRow', id);
      if (row !== undefined) yield row;
    }
  }

  /** Has a site a check with the verdict asked for? */
  #hasVerdict(siteId: number, { verdict, checkId }: SiteQuery): boolean {
    return (
      verdict === undefined ||
      this.#db
        .all<CheckState>('statesOfSite', siteId)
        .some(
          (state) =>
            state.verdict === verdict &&
            state.nextDueAt !== null &&
            (checkId === undefined || state.checkId === checkId),
        )
    );
  }

  #matches(text: string): { ids: Set<number>; truncated: boolean } {
    const ids = new Set<number>();
    let truncated = false;
    const add = (rows: { siteId: number }[], most: number): void => {
      truncated ||= rows.length >= most;
      for (const { siteId } of rows) {
        if (ids.size < MATCHES || ids.has(siteId)) ids.add(siteId);
        else truncated = true;
      }
    };
    const from = (name: QueryName, text_: string): void =>
      add(this.#db.all(name, text_, `${text_}\u{10ffff}`, MATCHES), MATCHES);
    // As it is pasted from a browser.
    const host = text
      .toLowerCase()
      .replace(/^https?:\/\//, '')
      .replace(/[/?#].*$/, '');
    const bare = host.replace(/^www\./, '');
    for (const one of new Set([host, bare])) {
      from('hostsFrom', one);
      from('registrablesFrom', one);
    }
    // 京ICP备12345678号 with the blanks and width people paste; or without its province.
    const number = text.normalize('NFKC').replace(/\s/g, '').replace(/icp/i, 'ICP');
    const serial = /^(?:ICP[备證证]?)?(\d{6,10}.*)$/.exec(number)?.[1];
    if (serial === undefined) from('siteNumbersFrom', number);
    else for (const province of PROVINCE_ABBREVIATIONS) from('siteNumbersFrom', `${province}ICP备${serial}`);
    const subjects = this.#subjects(text);
    truncated ||= subjects.length >= SUBJECTS;
    for (const { id } of subjects) add(this.#db.all('sitesOfSubjectId', id, SUBJECTS), SUBJECTS);
    return { ids, truncated };
  }

  /** Subjects by a part of their name. */
  #subjects(text: string): { id: number }[] {
    if ([...text].length < 3) return this.#db.all('subjectsFrom', text, `${text}\u{10ffff}`, SUBJECTS);
    return this.#db.all('subjectsNamed', `"${text.replaceAll('"', '""')}"`, SUBJECTS);
  }
}

/** One or two signs of a name: too short for the index of parts. */
const isShort = (text: string): boolean => [...text].length < 3 && /\p{Script=Han}/u.test(text);

const placeOf = (cursor: string | null): number[] => (cursor ?? '').split('.').map((part) => Number(part) || 0);

function passes(row: Found, { checkId, province, provider, state }: SiteQuery): boolean {
  // Rows of the list of verdicts name their check.
  if (checkId !== undefined && row.checkId !== undefined && row.checkId !== checkId) return false;
  if (province !== undefined && row.province !== province) return false;
  if (provider !== undefined && row.accessProvider !== provider) return false;
  return state === undefined || row.state === state;
}

function* after(rows: Iterable<Found>, subjectId: number, siteId: number): Generator<Found> {
  for (const row of rows) if (row.subjectId !== subjectId || row.id > siteId) yield row;
}
