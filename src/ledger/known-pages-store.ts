import { MAX_PROOF_LENGTH, type ProvedPage } from '../gather/known-page.ts';
import { spread } from '../judge/spread.ts';
import type { Statements } from './statements.ts';

const DAY_MS = 86_400_000;
/** Whatever was read is read again after so long at most, and not of all sites on one day. */
const MAX_AGE_MS = 30 * DAY_MS;
const AGES_LIE_WITHIN_MS = 7 * DAY_MS;
/** A page that stood so long was worth keeping. */
const STOOD_MS = 3 * DAY_MS;
/** So often in a row it changed sooner: it is another one at every look, and nothing of it is kept … */
const MOST_CHANGES = 3;
/** … for so long. */
const REST_MS = 30 * DAY_MS;

/** What home pages proved when they were read last, by the digest of their bytes: the same bytes need not be read again. */
export class KnownPagesStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** The key a site's page is known by (`now` in epoch ms); null when it is not known, or was read too long ago. */
  keyOf(siteId: number, now: number): string | null {
    const oldest = now - MAX_AGE_MS + spread(siteId, AGES_LIE_WITHIN_MS);
    return this.#db.get<{ key: string }>('knownPageKey', siteId, oldest)?.key ?? null;
  }

  /** What is kept of a site's page; null when nothing is. */
  get(siteId: number): Pick<ProvedPage, 'key' | 'proof'> | null {
    return this.#db.get<{ key: string; proof: string }>('knownPage', siteId) ?? null;
  }

  /**
   * Keep what pages newly proved (epoch ms), in one transaction, and forget those that proved nothing. A page that is another one at every
   * look is not kept for a while; that another version read it is no change of the page.
   */
  keep(pages: readonly { siteId: number; proved: ProvedPage | null }[], now: number): void {
    if (pages.length === 0) return;
    this.#db.transaction(() => {
      for (const { siteId, proved } of pages) {
        if (proved === null || proved.proof.length > MAX_PROOF_LENGTH) this.#db.run('knownPageForget', siteId);
        else this.#keep(siteId, proved, now);
      }
    });
  }

  #keep(siteId: number, { key, reader, proof }: ProvedPage, now: number): void {
    const before = this.#db.get<{ key: string; reader: string; changes: number; keptAt: number }>(
      'knownPageAge',
      siteId,
    );
    const age = now - (before?.keptAt ?? now);
    if (before !== undefined && before.changes >= MOST_CHANGES && age < REST_MS) return;
    const changed = before !== undefined && before.key !== key && before.reader === reader;
    const changes = before === undefined || age >= STOOD_MS ? 0 : before.changes + (changed ? 1 : 0);
    const kept = changes < MOST_CHANGES ? [key, reader, proof] : ['', reader, ''];
    this.#db.run('knownPagePut', siteId, ...kept, changes, now);
  }
}
