import type { Statements } from './statements.ts';

/** The link of one mail, or a browser that opened cases. */
export interface PortalPass {
  caseIds: number[];
  via: 'code' | 'link';
  /** The address the link was sent to, masked; null for a code. */
  contact: string | null;
  expiresAt: number;
}

interface Row {
  caseIds: string;
  via?: 'code' | 'link';
  contact: string | null;
  expiresAt: number;
}

const passOf = ({ caseIds, via = 'link', contact, expiresAt }: Row): PortalPass => ({
  caseIds: JSON.parse(caseIds) as number[],
  via,
  contact,
  expiresAt,
});

/** Keys and sessions of the owners' portal, by hash. */
export class PortalStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  putKey(
    key: { hash: string; caseIds: number[]; contact: string; messageId: number; expiresAt: number },
    now: number,
  ): void {
    const { hash, caseIds, contact, messageId, expiresAt } = key;
    this.#db.run('portalKeyPut', hash, JSON.stringify(caseIds), contact, messageId, now, expiresAt);
  }

  key(hash: string): PortalPass | null {
    const row = this.#db.get<Row>('portalKeyGet', hash);
    return row === undefined ? null : passOf(row);
  }

  putSession(hash: string, { caseIds, via, contact, expiresAt }: PortalPass, now: number): void {
    this.#db.run('portalSessionPut', hash, JSON.stringify(caseIds), via, contact, now, expiresAt);
  }

  session(hash: string): PortalPass | null {
    const row = this.#db.get<Row>('portalSessionGet', hash);
    return row === undefined ? null : passOf(row);
  }

  endSession(hash: string): void {
    this.#db.run('portalSessionEnd', hash);
  }

  /** Forget what expired. Gives rows deleted. */
  prune(now: number): number {
    return this.#db.run('portalKeysPrune', now) + this.#db.run('portalSessionsPrune', now);
  }
}
