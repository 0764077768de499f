import type { Statements } from './statements.ts';

/** What an admin may do; each role holds those before it. */
export const ROLES = ['viewer', 'operator', 'approver'] as const;
export type AdminRole = (typeof ROLES)[number];

/** Does a role reach what is demanded? */
export const reachesRole = (role: AdminRole, demanded: AdminRole): boolean =>
  ROLES.indexOf(role) >= ROLES.indexOf(demanded);

/** A person of the provider who uses the console. */
export interface Admin {
  id: number;
  name: string;
  /** Null for those who only sign in over OpenID Connect. */
  passwordHash: string | null;
  role: AdminRole;
  language: 'zh' | 'en';
  totpSecret: string | null;
  totpStep: number | null;
  oidcSubject: string | null;
  failures: number;
  lockedUntil: number | null;
  createdAt: number;
  disabledAt: number | null;
}

/** A signed-in browser. */
export interface AdminSession {
  adminId: number;
  createdAt: number;
  seenAt: number;
  expiresAt: number;
}

/** One line of the audit log. `detail` is masked by whoever writes it. */
export interface AuditEntry {
  id: number;
  at: number;
  actor: string;
  action: string;
  object: string;
  outcome: 'done' | 'refused';
  detail: string;
}

/** A filter kept by name. */
export interface SavedView {
  id: number;
  name: string;
  query: string;
}

/** Admins, their sessions and views, and the log of what they did. */
export class AdminsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Add an admin. Gives the id. */
  insert(admin: Pick<Admin, 'name' | 'passwordHash' | 'role' | 'language' | 'oidcSubject'>, now: number): number {
    const { name, passwordHash, role, language, oidcSubject } = admin;
    const row = this.#db.get<{ id: number }>('adminInsert', name, passwordHash, role, language, oidcSubject, now);
    return (row as { id: number }).id;
  }

  get(id: number): Admin | null {
    return this.#db.get<Admin>('adminById', id) ?? null;
  }

  byName(name: string): Admin | null {
    return this.#db.get<Admin>('adminByName', name) ?? null;
  }

  /** By issuer and subject of an identity provider. */
  byOidc(subject: string): Admin | null {
    return this.#db.get<Admin>('adminByOidc', subject) ?? null;
  }

  all(): Admin[] {
    return this.#db.all<Admin>('adminsAll');
  }

  /** Write an admin back. */
  save(admin: Admin): void {
    const { passwordHash, role, language, totpSecret, totpStep, oidcSubject, failures, lockedUntil, disabledAt, id } =
      admin;
    this.#db.run(
      'adminUpdate',
      passwordHash,
      role,
      language,
      totpSecret,
      totpStep,
      oidcSubject,
      failures,
      lockedUntil,
      disabledAt,
      id,
    );
  }

  putSession(hash: string, adminId: number, now: number, expiresAt: number): void {
    this.#db.run('adminSessionPut', hash, adminId, now, now, expiresAt);
  }

  session(hash: string): AdminSession | null {
    return this.#db.get<AdminSession>('adminSessionGet', hash) ?? null;
  }

  sessionSeen(hash: string, now: number): void {
    this.#db.run('adminSessionSeen', now, hash);
  }

  endSession(hash: string): void {
    this.#db.run('adminSessionEnd', hash);
  }

  /** End an admin's sessions but one (`''`: all). */
  endSessions(adminId: number, except: string): void {
    this.#db.run('adminSessionsEnd', adminId, except);
  }

  /** Forget sessions that expired. */
  prune(now: number): number {
    return this.#db.run('adminSessionsPrune', now);
  }

  /** Write a line of the audit log: append-only. */
  audit(entry: Omit<AuditEntry, 'id'>): void {
    const { at, actor, action, object, outcome, detail } = entry;
    this.#db.run('auditInsert', at, actor, action, object, outcome, detail);
  }

  /** The audit log, newest first, before an id; of one actor, object or action where given. */
  auditLog(
    { actor, object, action }: { actor?: string; object?: string; action?: string },
    before: number | null,
    limit: number,
  ): AuditEntry[] {
    const from = before ?? Number.MAX_SAFE_INTEGER;
    if (object !== undefined) {
      const who = actor ?? null;
      const what = action ?? null;
      return this.#db.all('auditByObject', object, from, who, who, what, what, limit);
    }
    if (actor !== undefined && action !== undefined)
      return this.#db.all('auditByActorAction', actor, action, from, limit);
    if (actor !== undefined) return this.#db.all('auditByActor', actor, from, limit);
    if (action !== undefined) return this.#db.all('auditByAction', action, from, limit);
    return this.#db.all('auditRecent', from, limit);
  }

  putView(adminId: number, page: string, name: string, query: string): void {
    this.#db.run('viewPut', adminId, page, name, query);
  }

  views(adminId: number, page: string): SavedView[] {
    return this.#db.all('viewsOf', adminId, page);
  }

  deleteView(id: number, adminId: number): boolean {
    return this.#db.run('viewDelete', id, adminId) === 1;
  }
}
