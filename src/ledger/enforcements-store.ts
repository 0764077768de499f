import type { Bilingual } from '../bilingual.ts';
import type { Act } from '../cases/types.ts';
import type { Statements } from './statements.ts';

/** States of an act; see `enforcements` in the schema. */
export type EnforcementState = 'waiting' | 'sending' | 'pending' | 'done' | 'failed' | 'cancelled' | 'dry-run';

/** One act asked of the access system for one site. */
export interface Enforcement {
  id: number;
  idempotencyKey: string;
  caseId: number;
  siteId: number;
  act: Act;
  round: number;
  state: EnforcementState;
  dryRun: boolean;
  irrevocable: boolean;
  payload: Record<string, unknown>;
  receipt: string | null;
  error: string | null;
  attempts: number;
  createdAt: number;
  submittedAt: number | null;
  settledAt: number | null;
  nextAt: number | null;
  lookAskedAt: number | null;
}

/** Something stopped until a person says otherwise. */
export interface Hold {
  /** `clock` and `ranges` are set by the guards of our own eyes. */
  key: 'notices' | 'enforcement' | 'clock' | 'ranges';
  reason: string;
  /** Null where a person gave it. */
  reasonZh: string | null;
  heldBy: string;
  since: number;
  releasedAt: number | null;
  countFrom: number;
}

/** The outbox to the access system, and the emergency stops. */
export class EnforcementsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Ask for an act, once a case, site, act and round. */
  insert(
    draft: Pick<
      Enforcement,
      'idempotencyKey' | 'caseId' | 'siteId' | 'act' | 'round' | 'dryRun' | 'irrevocable' | 'payload'
    >,
    now: number,
  ): void {
    const { idempotencyKey, caseId, siteId, act, round, dryRun, irrevocable, payload } = draft;
    const flags = [dryRun ? 1 : 0, irrevocable ? 1 : 0];
    const text = JSON.stringify(payload);
    this.#db.run('enforcementInsert', idempotencyKey, caseId, siteId, act, round, 'waiting', ...flags, text, now, now);
  }

  /** Acts something is due for. */
  due(now: number, limit: number): Enforcement[] {
    return this.#db.all<Row>('enforcementsDue', now, limit).map(enforcementOf);
  }

  /** When the next act falls due (epoch ms), or null. */
  nextDueAt(): number | null {
    return this.#db.get<{ at: number | null }>('enforcementsNextDue')?.at ?? null;
  }

  /** An act, or null. */
  get(id: number): Enforcement | null {
    const row = this.#db.get<Row>('enforcementById', id);
    return row === undefined ? null : enforcementOf(row);
  }

  /** A case's acts in the order they were asked. */
  ofCase(caseId: number): Enforcement[] {
    return this.#db.all<Row>('enforcementsOfCase', caseId).map(enforcementOf);
  }

  /** Change an act. */
  update(enforcement: Enforcement, change: Partial<Enforcement>): Enforcement {
    const next = { ...enforcement, ...change };
    const { state, receipt, error, attempts, submittedAt, settledAt, nextAt, lookAskedAt, id } = next;
    this.#db.run('enforcementUpdate', state, receipt, error, attempts, submittedAt, settledAt, nextAt, lookAskedAt, id);
    return next;
  }

  /** Acts of a case that wait for a look may go on now. */
  wake(caseId: number, now: number): void {
    this.#db.run('enforcementsWake', now, caseId, now);
  }

  /** Acts against sites put on the wire since an instant (giving access back does not count). */
  submittedSince(instant: number): number {
    return this.#db.get<{ count: number }>('enforcementsSince', instant)?.count ?? 0;
  }

  /** Stop something: for a reason of ours in two languages, or in somebody's words. Keeps the first reason while it is stopped. */
  hold(key: Hold['key'], reason: Bilingual | string, by: string, now: number): void {
    const { en, zh } = typeof reason === 'string' ? { en: reason, zh: null } : reason;
    this.#db.run('holdSet', key, en, zh, by, now);
  }

  /** Let it go on; what was counted before does not count again. True when it was held. */
  release(key: Hold['key'], now: number): boolean {
    return this.#db.run('holdRelease', now, now, key) === 1;
  }

  /** The hold in force, or null. */
  held(key: Hold['key']): Hold | null {
    const hold = this.#db.get<Hold>('holdGet', key);
    return hold === undefined || hold.releasedAt !== null ? null : hold;
  }

  /** From when on an automatic stop counts (epoch ms). */
  countFrom(key: Hold['key']): number {
    return this.#db.get<Hold>('holdGet', key)?.countFrom ?? 0;
  }

  /** Every hold there was. */
  holds(): Hold[] {
    return this.#db.all('holdsAll');
  }
}

type Row = Omit<Enforcement, 'dryRun' | 'irrevocable' | 'payload'> & {
  dryRun: number;
  irrevocable: number;
  payload: string;
};

const enforcementOf = (row: Row): Enforcement => ({
  ...row,
  dryRun: row.dryRun === 1,
  irrevocable: row.irrevocable === 1,
  payload: JSON.parse(row.payload) as Record<string, unknown>,
});
