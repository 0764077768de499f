/** Admins, what they did, and what other systems hear of us. Times are epoch milliseconds; JSON columns are text. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** People of the provider who use the console. */
export const admins = sqliteTable('admins', {
  id: integer('id').primaryKey(),
  name: text('name').notNull().unique(),
  /** Null for those who only sign in over OpenID Connect. */
  passwordHash: text('password_hash'),
  role: text('role').notNull(),
  language: text('language').notNull(),
  totpSecret: text('totp_secret'),
  /** The last time step whose code was used: none is taken twice. */
  totpStep: integer('totp_step'),
  /** Issuer and subject of the identity provider. */
  oidcSubject: text('oidc_subject').unique(),
  failures: integer('failures').notNull().default(0),
  lockedUntil: integer('locked_until'),
  createdAt: integer('created_at').notNull(),
  disabledAt: integer('disabled_at'),
});

/** Signed-in browsers, by the hash of their cookie. */
export const adminSessions = sqliteTable(
  'admin_sessions',
  {
    hash: text('hash').primaryKey(),
    adminId: integer('admin_id')
      .notNull()
      .references(() => admins.id),
    createdAt: integer('created_at').notNull(),
    seenAt: integer('seen_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('admin_sessions_by_expiry').on(table.expiresAt),
    index('admin_sessions_by_admin').on(table.adminId),
  ],
);

/** Who did, or was refused, what: append-only (triggers refuse update and delete). */
export const auditLog = sqliteTable(
  'audit_log',
  {
    id: integer('id').primaryKey(),
    at: integer('at').notNull(),
    /** An admin's name, `key:` and an API key's name, or `-`: nobody known. */
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    object: text('object').notNull(),
    outcome: text('outcome').notNull(),
    detail: text('detail').notNull(),
  },
  (table) => [
    index('audit_by_actor').on(table.actor, table.id),
    index('audit_by_actor_action').on(table.actor, table.action, table.id),
    index('audit_by_object').on(table.object, table.id),
    index('audit_by_action').on(table.action, table.id),
  ],
);

/** Filters an admin keeps by name. */
export const savedViews = sqliteTable(
  'saved_views',
  {
    id: integer('id').primaryKey(),
    adminId: integer('admin_id')
      .notNull()
      .references(() => admins.id),
    page: text('page').notNull(),
    name: text('name').notNull(),
    query: text('query').notNull(),
  },
  (table) => [uniqueIndex('saved_views_once').on(table.adminId, table.page, table.name)],
);

/** Keys of other systems, by hash. */
export const apiKeys = sqliteTable('api_keys', {
  id: integer('id').primaryKey(),
  name: text('name').notNull().unique(),
  hash: text('hash').notNull().unique(),
  scopes: text('scopes').notNull(),
  createdBy: text('created_by').notNull(),
  createdAt: integer('created_at').notNull(),
  expiresAt: integer('expires_at'),
  revokedAt: integer('revoked_at'),
  lastUsedAt: integer('last_used_at'),
});

/** Answers of calls that change something, so that a repeated call is answered and not done again. */
export const idempotentAnswers = sqliteTable(
  'idempotent_answers',
  {
    keyId: integer('key_id').notNull(),
    idempotencyKey: text('idempotency_key').notNull(),
    digest: text('digest').notNull(),
    /** Null while the first call is under way. */
    status: integer('status'),
    body: text('body').notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.keyId, table.idempotencyKey] }),
    index('idempotent_by_age').on(table.createdAt),
  ],
);

/** The order of all case events, for those who follow them: a row number never changes, unlike a row id. */
export const caseFeed = sqliteTable(
  'case_feed',
  {
    id: integer('id').primaryKey(),
    caseId: integer('case_id').notNull(),
    seq: integer('seq').notNull(),
    /** The deadline as the event left it. */
    deadlineAt: integer('deadline_at'),
  },
  (table) => [uniqueIndex('case_feed_once').on(table.caseId, table.seq)],
);

/** Other systems that are told of case events. */
export const webhooks = sqliteTable(
  'webhooks',
  {
    id: integer('id').primaryKey(),
    url: text('url').notNull(),
    secret: text('secret').notNull(),
    /** Moves told of; empty: all. */
    moves: text('moves').notNull(),
    /** The last event of the feed that was taken, or passed over. */
    cursor: integer('cursor').notNull(),
    attempts: integer('attempts').notNull().default(0),
    lastError: text('last_error'),
    createdBy: text('created_by').notNull(),
    createdAt: integer('created_at').notNull(),
    /** When to try next; null once it is removed. */
    nextAt: integer('next_at'),
    removedAt: integer('removed_at'),
  },
  (table) => [index('webhooks_due').on(table.nextAt).where(sql`next_at IS NOT NULL`)],
);

/** Rows an import did not take, as far as people need to see them. */
export const importRejects = sqliteTable(
  'import_rejects',
  {
    id: integer('id').primaryKey(),
    importId: integer('import_id').notNull(),
    row: integer('row').notNull(),
    column: text('column').notNull(),
    /** Masked. */
    value: text('value').notNull(),
    remedy: text('remedy').notNull(),
  },
  (table) => [index('import_rejects_by_import').on(table.importId, table.id)],
);
