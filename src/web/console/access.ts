import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Admin } from '../../ledger/admins-store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { maskText } from '../../log.ts';
import { hashOf } from '../../notify/one-time-secret.ts';
import { clientOf } from '../client-of.ts';
import { WindowCount } from '../window-count.ts';
import { isPassword } from './passwords.ts';
import { totpStep } from './totp.ts';

/** Wrong passwords in a row before an account is locked, and for how long. */
const MAX_FAILURES = 5;
const LOCK_MS = 15 * 60_000;
/** Wrong passwords one address may try in a minute, whatever the names. */
const MISSES_A_MINUTE = 20;
/** A session's last use is written this often. */
const SEEN_EVERY_MS = 60_000;

/** How long a sign-in lasts (ms), from its start and from its last page. */
export interface SessionTimes {
  sessionMs: number;
  idleMs: number;
}

/** What signing in gave. A locked account answers like a wrong password: it must not tell which one was right. */
export type SignIn = { ok: true; token: string; admin: Admin } | { ok: false; reason: 'wrong' | 'busy' };

/** Who may use the console: admins by password (and a code of their telephone), sessions kept by the server. */
export class ConsoleAccess {
  readonly #ledger: Ledger;
  readonly #times: SessionTimes;
  readonly #misses = new WindowCount(60_000);

  constructor(ledger: Ledger, times: SessionTimes) {
    this.#ledger = ledger;
    this.#times = times;
  }

  /** Sign in by name and password, and a code where the account has an authenticator. Every outcome stands in the audit log. */
  async signIn(given: { name: string; password: string; code: string }, from: string, now: number): Promise<SignIn> {
    const { admins } = this.#ledger;
    const address = clientOf(from);
    if (this.#misses.of(address, now) >= MISSES_A_MINUTE) return { ok: false, reason: 'busy' };
    const known = admins.byName(given.name);
    const matches = await isPassword(given.password, known?.passwordHash ?? null);
    // Read again: others may have tried, or changed it, meanwhile.
    const admin = known === null ? null : admins.get(known.id);
    const right = matches && admin?.passwordHash === known?.passwordHash;
    const refused = (why: string): SignIn => {
      this.#misses.add(address, now);
      // A name nobody has may be a password in the wrong field.
      this.audit(admin?.name ?? '-', 'sign-in', admin === null ? '' : `admin ${admin.name}`, 'refused', why, now);
      return { ok: false, reason: 'wrong' };
    };
    if (admin === null) return refused('no such admin');
    if (isLocked(admin, now)) return refused('the account is locked');
    const step = admin.totpSecret === null ? null : totpStep(admin.totpSecret, given.code, admin.totpStep, now);
    if (!right || admin.disabledAt !== null || (admin.totpSecret !== null && step === null)) {
      const what = right ? (admin.disabledAt === null ? 'wrong code' : 'disabled') : 'wrong password';
      return refused(this.#countFailure(admin, now) ? `${what}; locked` : what);
    }
    const fresh: Admin = { ...admin, failures: 0, lockedUntil: null, totpStep: step ?? admin.totpStep };
    admins.save(fresh);
    return { ok: true, token: this.start(fresh, 'password', now), admin: fresh };
  }

  /**
   * Does somebody who is signed in know the password? Wrong ones count as at the door; the lock ends every session. Gives the
   * admin as he is now, or null.
   */
  async prove(adminId: number, password: string, now: number): Promise<Admin | null> {
    const { admins } = this.#ledger;
    const known = admins.get(adminId);
    if (known === null || isLocked(known, now)) return null;
    const right = await isPassword(password, known.passwordHash);
    // Read again: others may have changed it meanwhile.
    const admin = admins.get(adminId);
    if (admin === null || admin.passwordHash !== known.passwordHash || isLocked(admin, now)) return null;
    if (right) return admin;
    if (this.#countFailure(admin, now)) admins.endSessions(admin.id, '');
    return null;
  }

  /** Count a wrong password or code. True when it locked the account. */
  #countFailure(admin: Admin, now: number): boolean {
    const failures = admin.failures + 1;
    const locked = failures >= MAX_FAILURES;
    this.#ledger.admins.save({ ...admin, failures: locked ? 0 : failures, lockedUntil: locked ? now + LOCK_MS : null });
    return locked;
  }

  /** Start a session for somebody who proved who they are. Gives the cookie's token (256 bits, kept by its hash). */
  start(admin: Admin, how: string, now: number): string {
    const token = randomBytes(32).toString('base64url');
    this.#ledger.admins.putSession(hashOf(token), admin.id, now, now + this.#times.sessionMs);
    this.audit(admin.name, 'sign-in', `admin ${admin.name}`, 'done', how, now);
    return token;
  }

  /** Whose session a token is; null when it is none (any more). `byItself`: an open page asked, nobody did. */
  visit(token: string, now: number, byItself = false): Admin | null {
    if (token === '') return null;
    const { admins } = this.#ledger;
    const hash = hashOf(token);
    const session = admins.session(hash);
    if (session === null || session.expiresAt <= now || now - session.seenAt > this.#times.idleMs) return null;
    const admin = admins.get(session.adminId);
    if (admin === null || admin.disabledAt !== null) return null;
    if (!byItself && now - session.seenAt > SEEN_EVERY_MS) admins.sessionSeen(hash, now);
    return admin;
  }

  end(token: string): void {
    this.#ledger.admins.endSession(hashOf(token));
  }

  /** What a form of a session carries: good for its own address alone. */
  formToken(token: string, path: string): string {
    return createHmac('sha256', token).update(`form ${path}`).digest('base64url');
  }

  isFormToken(token: string, path: string, given: string | undefined): boolean {
    return timingSafeEqual(Buffer.from(hashOf(this.formToken(token, path))), Buffer.from(hashOf(given ?? '')));
  }

  /** A line of the audit log, masked. */
  audit(actor: string, action: string, object: string, outcome: 'done' | 'refused', detail: string, now: number): void {
    const entry = { at: now, actor, action, object: object.slice(0, 200), outcome };
    this.#ledger.admins.audit({ ...entry, detail: maskText(detail).slice(0, 1000) });
  }
}

const isLocked = ({ lockedUntil }: Admin, now: number): boolean => lockedUntil !== null && lockedUntil > now;
