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
  caseIds: number[];
  /** The key it was opened by. */
  keyHash: string | null;
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

  putSession(hash: string, { caseIds, keyHash, expiresAt }: PortalSession, now: number): void {
    this.#db.run('portalSessionPut', hash, JSON.stringify(caseIds), keyHash, now, expiresAt);
  }

  session(hash: string): PortalSession | null {
    const row = this.#db.get<Omit<PortalSession, 'caseIds'> & { caseIds: string }>('portalSessionGet', hash);
    return row === undefined ? null : { ...row, caseIds: JSON.parse(row.caseIds) as number[] };
  }

  endSession(hash: string): void {
    this.#db.run('portalSessionEnd', hash);
  }

  /** Forget what expired. Gives rows deleted. */
  prune(now: number): number {
    return this.#db.run('portalKeysPrune', now) + this.#db.run('portalSessionsPrune', now);
  }
}
