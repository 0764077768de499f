/** The owners' portal. Times are epoch milliseconds; JSON columns are text. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What opens cases without a code: the link of one mail. Only hashes are kept. */
export const portalKeys = sqliteTable(
  'portal_keys',
  {
    hash: text('hash').primaryKey(),
    /** The cases its mail told of. */
    caseIds: text('case_ids').notNull(),
    /** Its mail: the address must still be told of the case. */
    messageId: integer('message_id').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('portal_keys_by_expiry').on(table.expiresAt)],
);

/** A browser that opened cases, by code or by link, for a while. Only hashes are kept. */
export const portalSessions = sqliteTable(
  'portal_sessions',
  {
    hash: text('hash').primaryKey(),
    caseIds: text('case_ids').notNull(),
    /** The key it was opened by, with which it ends; null where a code did it. */
    keyHash: text('key_hash'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('portal_sessions_by_expiry').on(table.expiresAt)],
);
