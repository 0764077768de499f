import type { Statements } from './statements.ts';

/** What opens cases: the key of one message, or a code that staff gave out. */
export interface PortalKey {
  caseIds: number[];
  /** The message that carried it; null where staff gave it out. */
  messageId: number | null;
  issuedBy: string | null;
  expiresAt: number;
}

/** A browser that opened cases. */
export interface PortalSession {
  /** What cases and forms are named by in it. */
  salt: string;
  /** The keys it was opened by, and until when each counts in it (epoch ms). */
  keys: { hash: string; until: number }[];
  expiresAt: number;
}

/** Keys and sessions of the owners' portal, by hash. */
export class PortalStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  putKey(hash: string, { caseIds, messageId, issuedBy, expiresAt }: PortalKey, now: number): void {
    this.#db.run('portalKeyPut', hash, JSON.stringify(caseIds), messageId, issuedBy, now, expiresAt);
  }

  key(hash: string): PortalKey | null {
    const row = this.#db.get<Omit<PortalKey, 'caseIds'> & { caseIds: string }>('portalKeyGet', hash);
    return row === undefined ? null : { ...row, caseIds: JSON.parse(row.caseIds) as number[] };
  }

  putSession(hash: string, { salt, keys, expiresAt }: PortalSession, now: number): void {
    this.#db.run('portalVisitPut', hash, salt, JSON.stringify(keys), now, expiresAt);
  }

  session(hash: string): PortalSession | null {
    const row = this.#db.get<Omit<PortalSession, 'keys'> & { keys: string }>('portalVisitGet', hash);
    return row === undefined ? null : { ...row, keys: JSON.parse(row.keys) as PortalSession['keys'] };
  }

  endSession(hash: string): void {
    this.#db.run('portalVisitEnd', hash);
  }

  /** A code that staff gave out opens a case no more. */
  voidGivenOut(caseId: number): void {
    this.#db.run('portalKeysVoidGiven', JSON.stringify([caseId]));
  }

  /** Forget what expired. Gives rows deleted. */
  prune(now: number): number {
    return this.#db.run('portalKeysPrune', now) + this.#db.run('portalVisitsPrune', now);
  }
}
