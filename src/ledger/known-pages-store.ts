import type { KnownPage } from '../gather/known-page.ts';
import type { Statements } from './statements.ts';

const DAY_MS = 86_400_000;
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

  /** What a site's page proved; null when nothing is known. */
  of(siteId: number): KnownPage | null {
    return this.#db.get<KnownPage>('knownPage', siteId) ?? null;
  }

  /** Keep what pages newly proved (epoch ms), in one transaction. A page that is another one at every look is not kept for a while. */
  keep(proved: readonly (KnownPage & { siteId: number })[], now: number): void {
    if (proved.length === 0) return;
    this.#db.transaction(() => {
      for (const { siteId, key, proof } of proved) {
        const before = this.#db.get<{ changes: number; keptAt: number }>('knownPageAge', siteId);
        const age = now - (before?.keptAt ?? now);
        if (before !== undefined && before.changes >= MOST_CHANGES && age < REST_MS) continue;
        const changes = before === undefined || age >= STOOD_MS ? 0 : before.changes + 1;
        const worth = changes < MOST_CHANGES;
        this.#db.run('knownPagePut', siteId, worth ? key : '', worth ? proof : '', changes, now);
      }
    });
  }
}
