/** The owners' portal. Times are epoch milliseconds; JSON columns are text. */
import { sql } from 'drizzle-orm';
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** What opens cases: the link of one mail, the code of one SMS or in-site message, or a code staff gave out. Only hashes are kept. */
export const portalKeys = sqliteTable(
  'portal_keys',
  {
    hash: text('hash').primaryKey(),
    /** The cases its message told of. */
    caseIds: text('case_ids').notNull(),
    /** Its message: the address must still be told of the case. Null: staff gave it out. */
    messageId: integer('message_id'),
    /** Who gave it out; null where a message carried it. */
    issuedBy: text('issued_by'),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [
    index('portal_keys_by_expiry').on(table.expiresAt),
    index('portal_keys_given_out').on(table.caseIds).where(sql`issued_by IS NOT NULL`),
  ],
);

/** A browser that opened cases by keys, for a while. Only hashes are kept. */
export const portalVisits = sqliteTable(
  'portal_visits',
  {
    hash: text('hash').primaryKey(),
    /** What cases and forms are named by in it: stays where the token is changed. */
    salt: text('salt').notNull(),
    /** The keys it was opened by, each with its own end (JSON). */
    keyHashes: text('key_hashes').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
  },
  (table) => [index('portal_visits_by_expiry').on(table.expiresAt)],
);
