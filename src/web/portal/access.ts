import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CaseKeeper } from '../../cases/keeper.ts';
import type { Actor, CaseRecord } from '../../cases/types.ts';
import type { PortalPass } from '../../ledger/portal-store.ts';
import { hashOf } from '../../notify/one-time-secret.ts';

/** How long a browser that opened a case may act on it. */
export const SESSION_MS = 2 * 3_600_000;
/** Openings of one case by its code within an hour: an owner needs a few, somebody who shares it around many. */
const OPENINGS_AN_HOUR = 30;

/** 256 bits. */
const newSecret = (): string => randomBytes(32).toString('base64url');

/** A code as people type it: width, case, blanks and dashes do not matter. Null where it can be none. */
export function readCode(text: string): string | null {
  const code = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\-_]/g, '');
  return /^[2-9A-HJKMNP-TV-Z]{10}$/.test(code) ? code : null;
}

/** What opening a case gave. */
export type Opening = { ok: true; token: string; caseIds: number[] } | { ok: false; reason: 'unknown' | 'busy' };

/** Who may see and do what in the portal: cases by their codes or by the link of a mail, for a while, and nothing else. */
export class PortalAccess {
  readonly #keeper: CaseKeeper;
  readonly #openings = new Map<number, { hour: number; count: number }>();

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Open a case by the code of an SMS. */
  openByCode(text: string, now: number): Opening {
    const code = readCode(text);
    const record = code === null ? null : this.#keeper.ledger.cases.byCode(code);
    // Cases of a dry-run were told to nobody.
    if (record === null || record.dryRun) return { ok: false, reason: 'unknown' };
    if (!this.#admits(record.id, now)) return { ok: false, reason: 'busy' };
    return this.#open({ caseIds: [record.id], via: 'code', contact: null, expiresAt: now + SESSION_MS }, now);
  }

  /** The cases of a mail's link, without using it: opening a page changes nothing, mail scanners open every link. */
  peek(key: string, now: number): PortalPass | null {
    const pass = this.#keeper.ledger.portal.key(hashOf(key));
    return pass === null || pass.expiresAt <= now ? null : pass;
  }

  /** Open the cases of a mail's link. */
  openByKey(key: string, now: number): Opening {
    const pass = this.peek(key, now);
    if (pass === null) return { ok: false, reason: 'unknown' };
    return this.#open({ ...pass, expiresAt: now + SESSION_MS }, now);
  }

  /** The session of a cookie; null when there is none, or it is over. */
  session(token: string | undefined, now: number): PortalPass | null {
    if (token === undefined || token === '') return null;
    const pass = this.#keeper.ledger.portal.session(hashOf(token));
    return pass === null || pass.expiresAt <= now ? null : pass;
  }

  /** Leave. */
  end(token: string): void {
    this.#keeper.ledger.portal.endSession(hashOf(token));
  }

  /** A case of a session by its code; null for any other, existing or not. */
  caseOf(session: PortalPass, text: string): CaseRecord | null {
    const code = readCode(text);
    const record = code === null ? null : this.#keeper.ledger.cases.byCode(code);
    return record !== null && session.caseIds.includes(record.id) ? record : null;
  }

  /** What a form of a session carries, so that no other page can send it. */
  formToken(token: string): string {
    return createHmac('sha256', token).update('portal form').digest('base64url');
  }

  isFormToken(token: string, given: unknown): boolean {
    const [wanted, had] = [this.formToken(token), String(given ?? '')].map((text) => Buffer.from(hashOf(text))) as [
      Buffer,
      Buffer,
    ];
    return timingSafeEqual(wanted, had);
  }

  #open(pass: PortalPass, now: number): Opening {
    const { ledger } = this.#keeper;
    const token = newSecret();
    ledger.transaction(() => {
      ledger.portal.prune(now);
      ledger.portal.putSession(hashOf(token), pass, now);
      // The receipt that somebody read it.
      for (const caseId of pass.caseIds)
        this.#keeper.move(caseId, 'noted', { now, actor: ownerOf(pass), data: { portal: 'opened', via: pass.via } });
    });
    return { ok: true, token, caseIds: pass.caseIds };
  }

  #admits(caseId: number, now: number): boolean {
    const hour = Math.floor(now / 3_600_000);
    const before = this.#openings.get(caseId);
    const count = before?.hour === hour ? before.count + 1 : 1;
    if (this.#openings.size > 10_000) this.#openings.clear();
    this.#openings.set(caseId, { hour, count });
    return count <= OPENINGS_AN_HOUR;
  }
}

/** The owner as the history names them: by the masked address of their link, or by having the code. */
export const ownerOf = ({ contact, via }: PortalPass): Actor => ({
  kind: 'owner',
  name: contact ?? (via === 'code' ? 'case code' : 'link'),
});
