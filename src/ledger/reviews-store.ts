import type { Evidence, Finding, Ruling } from '../checks/types.ts';
import type { Statements } from './statements.ts';

/** A suspicion on its way to a human's ruling. */
export interface Review {
  id: number;
  siteId: number;
  checkId: string;
  code: string;
  about: string | null;
  key: string;
  params: Finding['params'];
  evidence: Evidence[];
  state: 'waiting' | 'confirmed' | 'dismissed' | 'gone';
  askedAt: number;
  lastSeenAt: number;
  ruledAt: number | null;
  ruledBy: string | null;
  reason: string | null;
}

type ReviewRow = Omit<Review, 'params' | 'evidence' | 'about'> & { params: string; evidence: string; about: string };

const reviewOf = (row: ReviewRow): Review => ({
  ...row,
  about: row.about === '' ? null : row.about,
  params: JSON.parse(row.params) as Review['params'],
  evidence: JSON.parse(row.evidence) as Evidence[],
});

/** Suspicions that wait for a human, and what humans said (R4.2). */
export class ReviewsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /**
   * Note what a check suspects at a site now: new questions are asked (also where more is seen than a human dismissed), known ones
   * seen again; what is no longer seen is gone, a confirmed one too, so that another page is another question. Runs inside the transaction that publishes the verdict.
   */
  note(siteId: number, checkId: string, findings: readonly Finding[], now: number): void {
    for (const { code, about, params, evidence, reviewKey } of findings.filter(
      ({ awaitsHuman }) => awaitsHuman === true,
    )) {
      const given = [JSON.stringify(params), JSON.stringify(evidence), now, now] as const;
      this.#db.run('reviewAsk', siteId, checkId, code, about ?? '', reviewKey ?? '', ...given);
    }
    for (const { code, about, reviewKey } of findings.filter(({ awaitsHuman }) => awaitsHuman !== true))
      this.#db.run('reviewSeen', now, siteId, checkId, code, about ?? '', reviewKey ?? '');
    this.#db.run('reviewsGone', siteId, checkId, now);
  }

  /** Rulings on a site's suspicions. */
  rulings(siteId: number): Ruling[] {
    return this.#db
      .all<Omit<Ruling, 'about'> & { about: string }>('rulingsOfSite', siteId)
      .map((row) => ({ ...row, about: row.about === '' ? null : row.about }));
  }

  /** Reviews in a state, oldest first. */
  inState(state: Review['state'], limit: number): Review[] {
    return this.#db.all<ReviewRow>('reviewsByState', state, limit).map(reviewOf);
  }

  /** How many wait. */
  waiting(): number {
    return this.#db.get<{ count: number }>('reviewsWaiting')?.count ?? 0;
  }

  /** A review, or null. */
  get(id: number): Review | null {
    const row = this.#db.get<ReviewRow>('reviewById', id);
    return row === undefined ? null : reviewOf(row);
  }

  /** Write a ruling down. */
  rule(id: number, ruling: 'confirmed' | 'dismissed', by: string, reason: string, now: number): void {
    this.#db.run('reviewRule', ruling, now, by, reason, id);
  }
}
