/** Rulings of humans, the bureau's list, annual reviews, filing orders, violations. Times are epoch milliseconds; JSON is text. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';
import { sites } from './schema.ts';

/**
 * What a word list or a heuristic suspects, for a human to judge before anything follows (R4.2). `state`: waiting, confirmed,
 * dismissed, gone (no longer seen, or never ruled on and no longer seen).
 */
export const reviews = sqliteTable(
  'reviews',
  {
    id: integer('id').primaryKey(),
    siteId: integer('site_id')
      .notNull()
      .references(() => sites.id, { onDelete: 'cascade' }),
    checkId: text('check_id').notNull(),
    code: text('code').notNull(),
    about: text('about').notNull(),
    key: text('key').notNull(),
    params: text('params').notNull(),
    evidence: text('evidence').notNull(),
    state: text('state').notNull(),
    askedAt: integer('asked_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    ruledAt: integer('ruled_at'),
    ruledBy: text('ruled_by'),
    reason: text('reason'),
  },
  (table) => [
    uniqueIndex('reviews_once').on(table.siteId, table.checkId, table.code, table.about, table.key),
    index('reviews_by_state').on(table.state, table.askedAt),
  ],
);

/** The bureau's own list of numbers, as imported (R15). */
export const bureauNumbers = sqliteTable(
  'bureau_numbers',
  {
    number: text('number').primaryKey(),
    state: text('state').notNull(),
    holder: text('holder'),
    /** Beijing date the list is of. */
    asOf: text('as_of').notNull(),
    importedAt: integer('imported_at').notNull(),
  },
  (table) => [index('bureau_by_state').on(table.state, table.asOf)],
);

/** Annual reviews 年度核查 (R10): one campaign, one province, three dates. */
export const campaigns = sqliteTable('campaigns', {
  id: integer('id').primaryKey(),
  name: text('name').notNull().unique(),
  province: text('province').notNull(),
  providerCode: text('provider_code').notNull(),
  reportTo: text('report_to').notNull(),
  opensOn: text('opens_on').notNull(),
  closesOn: text('closes_on').notNull(),
  lettersUntil: text('letters_until').notNull(),
  state: text('state').notNull(),
  createdAt: integer('created_at').notNull(),
  /** Beijing date an admin published the list of those who did not report; a month later they are to be revoked. */
  publishedOn: text('published_on'),
  /** Beijing date an admin handed the list of those to be revoked over. */
  revokedOn: text('revoked_on'),
  /** Next thing to do by the clock; null when the campaign is over, or waits for an admin. */
  dueAt: integer('due_at'),
});

/** One site in a campaign. `state`: owed, reported, publicity, letter, revocation, done. */
export const campaignSites = sqliteTable(
  'campaign_sites',
  {
    campaignId: integer('campaign_id')
      .notNull()
      .references(() => campaigns.id, { onDelete: 'cascade' }),
    siteId: integer('site_id')
      .notNull()
      .references(() => sites.id, { onDelete: 'cascade' }),
    state: text('state').notNull(),
    reported: text('reported'),
    reportedAt: integer('reported_at'),
    changedAt: integer('changed_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.campaignId, table.siteId] }),
    index('campaign_sites_by_state').on(table.campaignId, table.state),
    index('campaign_sites_by_site').on(table.siteId),
  ],
);

/** Every SMS that came in, taken or not; append-only but for its outcome. */
export const inboundMessages = sqliteTable(
  'inbound_messages',
  {
    id: integer('id').primaryKey(),
    source: text('source').notNull(),
    /** The gateway's own number of the message, or a digest: the same message is taken once. */
    externalId: text('external_id').notNull(),
    mobile: text('mobile').notNull(),
    body: text('body').notNull(),
    receivedAt: integer('received_at').notNull(),
    outcome: text('outcome').notNull(),
    detail: text('detail').notNull(),
  },
  (table) => [
    uniqueIndex('inbound_once').on(table.source, table.externalId),
    index('inbound_by_time').on(table.receivedAt),
  ],
);

/** Filing orders 备案订单 (R11). `state`: open, invalid, deleted, done. */
export const orders = sqliteTable(
  'orders',
  {
    id: integer('id').primaryKey(),
    orderNumber: text('order_number').notNull().unique(),
    kind: text('kind').notNull(),
    subjectNumber: text('subject_number'),
    subjectName: text('subject_name').notNull(),
    domains: text('domains').notNull(),
    contact: text('contact').notNull(),
    createdOn: text('created_on').notNull(),
    touchedOn: text('touched_on').notNull(),
    state: text('state').notNull(),
    reason: text('reason'),
    stateSince: integer('state_since').notNull(),
    told: text('told').notNull(),
    dueAt: integer('due_at'),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [
    index('orders_due').on(table.dueAt).where(sql`due_at IS NOT NULL`),
    index('orders_by_state').on(table.state, table.id),
  ],
);

/** Content violations told by the network police (R13). `state`: see `src/programmes/violation-clock.ts`. */
export const violations = sqliteTable(
  'violations',
  {
    id: integer('id').primaryKey(),
    eventId: text('event_id').notNull().unique(),
    siteId: integer('site_id')
      .notNull()
      .references(() => sites.id, { onDelete: 'cascade' }),
    description: text('description').notNull(),
    reportedAt: integer('reported_at').notNull(),
    receivedAt: integer('received_at').notNull(),
    state: text('state').notNull(),
    reachedAt: integer('reached_at'),
    removedAt: integer('removed_at'),
    suspendAskedAt: integer('suspend_asked_at'),
    suspendedAt: integer('suspended_at'),
    dryRun: integer('dry_run', { mode: 'boolean' }).notNull(),
    history: text('history').notNull(),
    dueAt: integer('due_at'),
  },
  (table) => [
    index('violations_due').on(table.dueAt).where(sql`due_at IS NOT NULL`),
    index('violations_by_site').on(table.siteId, table.reportedAt),
  ],
);

/** What the access system is asked to do because of violations. `state`: asked, waiting, sending, done, failed, dropped, dry-run. */
export const violationActs = sqliteTable(
  'violation_acts',
  {
    id: integer('id').primaryKey(),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    violationId: integer('violation_id')
      .notNull()
      .references(() => violations.id),
    siteId: integer('site_id').notNull(),
    act: text('act').notNull(),
    reason: text('reason').notNull(),
    state: text('state').notNull(),
    approvals: text('approvals').notNull(),
    receipt: text('receipt'),
    error: text('error'),
    attempts: integer('attempts').notNull(),
    createdAt: integer('created_at').notNull(),
    submittedAt: integer('submitted_at'),
    settledAt: integer('settled_at'),
    nextAt: integer('next_at'),
  },
  (table) => [
    index('violation_acts_due').on(table.nextAt).where(sql`next_at IS NOT NULL`),
    index('violation_acts_by_site').on(table.siteId),
    index('violation_acts_by_violation').on(table.violationId),
    index('violation_acts_by_day').on(table.submittedAt),
  ],
);
