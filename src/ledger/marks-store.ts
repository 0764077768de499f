import type { Statements } from './statements.ts';

/** Small things to remember over restarts, a key each. */
export class MarksStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Remember a value (anything JSON holds). */
  put(key: string, value: unknown, now: number): void {
    this.#db.run('markPut', key, JSON.stringify(value), now);
  }

  /** What was remembered, and when (epoch ms); null when nothing was. */
  get<T>(key: string): { value: T; updatedAt: number } | null {
    const row = this.#db.get<{ value: string; updatedAt: number }>('markGet', key);
    return row === undefined ? null : { value: JSON.parse(row.value) as T, updatedAt: row.updatedAt };
  }

  /** Access providers of active sites. */
  providersInUse(): string[] {
    return this.#db.all<{ id: string }>('providersInUse').map(({ id }) => id);
  }

  /** When a slot of a schedule was last taken (epoch ms), or null. */
  lastSlotAt(schedule: string): number | null {
    return this.#db.get<{ at: number | null }>('lastSlot', schedule)?.at ?? null;
  }
}
