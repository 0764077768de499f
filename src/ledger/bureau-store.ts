import type { Statements } from './statements.ts';

/** One row of the bureau's list. */
export interface BureauRow {
  number: string;
  state: 'alive' | 'revoked';
  holder: string | null;
  asOf: string;
}

/** The bureau's own list of numbers (R15). */
export class BureauStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Take rows over; an older list never undoes what a newer one said. Gives how many were new or changed. */
  put(rows: readonly BureauRow[], now: number): number {
    return this.#db.transaction(() =>
      rows.reduce(
        (sum, { number, state, holder, asOf }) => sum + this.#db.run('bureauPut', number, state, holder, asOf, now),
        0,
      ),
    );
  }

  /** Active sites of ours whose number (or whose subject's) the list calls revoked. A living subject does not bring a site's number back (R15). */
  revokedSites(limit: number): { siteId: number; siteNumber: string; asOf: string }[] {
    return this.#db.all('bureauRevokedSites', limit);
  }

  /** Empty subjects 空壳主体 (R15): all their sites are revoked, they themselves are not by the bureau's list; longest first. */
  emptySubjects(limit: number): { subjectNumber: string; name: string; sites: number; since: number }[] {
    return this.#db.all('emptySubjects', limit);
  }

  /** How many numbers the list holds, and of which date the newest row is. */
  size(): { numbers: number; revoked: number; asOf: string | null } {
    return this.#db.get('bureauSize') ?? { numbers: 0, revoked: 0, asOf: null };
  }
}
