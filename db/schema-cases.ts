/** Cases, notices, enforcement and contacts. Times are epoch milliseconds; JSON columns are text. */
import { sql } from 'drizzle-orm';
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Remediation cases 整改单. `site_id` is null for a subject's case (R4.7). */
export const cases = sqliteTable(
  'cases',
  {
    id: integer('id').primaryKey(),
    code: text('code').notNull().unique(),
    programme: text('programme').notNull(),
    scope: text('scope').notNull(),
    subjectId: integer('subject_id').notNull(),
    siteId: integer('site_id'),
    state: text('state').notNull(),
    openedAt: integer('opened_at').notNull(),
    closedAt: integer('closed_at'),
    deadlineAt: integer('deadline_at').notNull(),
    toldAt: integer('told_at'),
    dryRun: integer('dry_run', { mode: 'boolean' }).notNull(),
    policyVersion: text('policy_version').notNull(),
    /** The rest of the record (`CaseRecord`): read and written whole. */
    record: text('record').notNull(),
    seq: integer('seq').notNull(),
    headHash: text('head_hash').notNull(),
    /** Null once the case has ended: then nothing is due any more. */
    dueAt: integer('due_at'),
  },
  (table) => [
    // One open case a site (or subject) and programme.
    uniqueIndex('cases_one_open_site')
      .on(table.siteId, table.programme)
      .where(sql`closed_at IS NULL AND scope = 'site'`),
    uniqueIndex('cases_one_open_subject')
      .on(table.subjectId, table.programme)
      .where(sql`closed_at IS NULL AND scope = 'subject'`),
    index('cases_due').on(table.dueAt).where(sql`due_at IS NOT NULL`),
    index('cases_by_state').on(table.state, table.deadlineAt),
    index('cases_by_programme').on(table.programme, table.state, table.deadlineAt),
    index('cases_by_site').on(table.siteId),
    index('cases_by_subject').on(table.subjectId),
  ],
);

/** The findings a case holds. */
export const caseFindings = sqliteTable(
  'case_findings',
  {
    caseId: integer('case_id')
      .notNull()
      .references(() => cases.id),
    siteId: integer('site_id').notNull(),
    checkId: text('check_id').notNull(),
    code: text('code').notNull(),
    about: text('about').notNull(),
    params: text('params').notNull(),
    evidence: text('evidence').notNull(),
    verdictId: integer('verdict_id'),
    firstSeenAt: integer('first_seen_at').notNull(),
    lastSeenAt: integer('last_seen_at').notNull(),
    clearedAt: integer('cleared_at'),
  },
  (table) => [primaryKey({ columns: [table.caseId, table.siteId, table.checkId, table.code, table.about] })],
);

/** The history: append-only (triggers refuse update and delete) and hash-chained. */
export const caseEvents = sqliteTable(
  'case_events',
  {
    caseId: integer('case_id')
      .notNull()
      .references(() => cases.id),
    seq: integer('seq').notNull(),
    at: integer('at').notNull(),
    actorKind: text('actor_kind').notNull(),
    actorName: text('actor_name').notNull(),
    move: text('move').notNull(),
    fromState: text('from_state'),
    toState: text('to_state').notNull(),
    data: text('data').notNull(),
    prevHash: text('prev_hash').notNull(),
    hash: text('hash').notNull(),
  },
  (table) => [primaryKey({ columns: [table.caseId, table.seq] })],
);

/**
 * What is owed to whom: one row a topic (`case:7`, `alert:…`), stage, channel and recipient, written in the transaction of the
 * change it tells of. `state`: planned, enclosed (in a message), failed, cancelled.
 */
export const notices = sqliteTable(
  'notices',
  {
    id: integer('id').primaryKey(),
    topic: text('topic').notNull(),
    stage: text('stage').notNull(),
    kind: text('kind').notNull(),
    channel: text('channel').notNull(),
    recipient: text('recipient').notNull(),
    person: text('person').notNull(),
    name: text('name'),
    caseId: integer('case_id'),
    subjectId: integer('subject_id'),
    siteId: integer('site_id'),
    params: text('params').notNull(),
    state: text('state').notNull(),
    reason: text('reason'),
    /** The same in Chinese; null where it is somebody else's words. */
    reasonZh: text('reason_zh'),
    /** Dry-run is decided when the notice is planned: switching on later sends nothing old. */
    dryRun: integer('dry_run', { mode: 'boolean' }).notNull(),
    notBefore: integer('not_before').notNull(),
    messageId: integer('message_id'),
    createdAt: integer('created_at').notNull(),
    /** When a fresh look was first asked for this notice. */
    lookAskedAt: integer('look_asked_at'),
  },
  (table) => [
    uniqueIndex('notices_once').on(table.topic, table.stage, table.channel, table.recipient),
    index('notices_due').on(table.notBefore).where(sql`state = 'planned'`),
    index('notices_by_case').on(table.caseId),
    index('notices_by_message').on(table.messageId),
    index('notices_by_state').on(table.state, table.createdAt),
  ],
);

/**
 * Envelopes on the wire: one digest to one recipient, holding one or more notices. `state`: sending, retry, unknown, accepted,
 * delivered, failed, dry-run. Committed as `sending` with its correlation id before the wire is touched (design §5).
 */
export const messages = sqliteTable(
  'messages',
  {
    id: integer('id').primaryKey(),
    correlationId: text('correlation_id').notNull().unique(),
    channel: text('channel').notNull(),
    recipient: text('recipient').notNull(),
    kind: text('kind').notNull(),
    content: text('content').notNull(),
    state: text('state').notNull(),
    provider: text('provider'),
    providerId: text('provider_id'),
    code: text('code'),
    error: text('error'),
    attempts: integer('attempts').notNull(),
    lookups: integer('lookups').notNull().default(0),
    absences: integer('absences').notNull().default(0),
    possibleDuplicates: integer('possible_duplicates').notNull().default(0),
    /** Beijing date it was first put on the wire: caps are counted by it. */
    sentDay: text('sent_day').notNull(),
    createdAt: integer('created_at').notNull(),
    sendingAt: integer('sending_at').notNull(),
    acceptedAt: integer('accepted_at'),
    settledAt: integer('settled_at'),
    /** When to act on it next (retry, look-up, receipt); null: nothing more to do. */
    nextAt: integer('next_at'),
  },
  (table) => [
    index('messages_due').on(table.nextAt).where(sql`next_at IS NOT NULL`),
    index('messages_caps').on(table.channel, table.recipient, table.sentDay),
    index('messages_recent').on(table.createdAt),
    index('messages_by_state').on(table.state, table.createdAt),
  ],
);

/** Every touch of the wire, append-only. */
export const messageAttempts = sqliteTable(
  'message_attempts',
  {
    id: integer('id').primaryKey(),
    messageId: integer('message_id')
      .notNull()
      .references(() => messages.id),
    what: text('what').notNull(),
    at: integer('at').notNull(),
    outcome: text('outcome').notNull(),
    detail: text('detail').notNull(),
  },
  (table) => [index('message_attempts_by_message').on(table.messageId)],
);

/** In-site messages 站内信. */
export const inSiteMessages = sqliteTable(
  'in_site_messages',
  {
    id: integer('id').primaryKey(),
    subjectId: integer('subject_id').notNull(),
    messageId: integer('message_id').notNull().unique(),
    title: text('title').notNull(),
    body: text('body').notNull(),
    createdAt: integer('created_at').notNull(),
    readAt: integer('read_at'),
  },
  (table) => [index('in_site_by_subject').on(table.subjectId, table.createdAt)],
);

/** Addresses that cannot be reached: never tried again until somebody mends them (raises a contact finding). */
export const deadAddresses = sqliteTable(
  'dead_addresses',
  {
    channel: text('channel').notNull(),
    address: text('address').notNull(),
    code: text('code').notNull(),
    reason: text('reason').notNull(),
    since: integer('since').notNull(),
    messageId: integer('message_id'),
  },
  (table) => [primaryKey({ columns: [table.channel, table.address] })],
);

/** Extra notice contacts (R7): at most 15 a subject, each address verified before anything else is sent to it. */
export const extraContacts = sqliteTable(
  'extra_contacts',
  {
    id: integer('id').primaryKey(),
    subjectId: integer('subject_id').notNull(),
    /** Named by the owner for one case: told of that case alone. Null: named by staff, told of all of the subject's. */
    caseId: integer('case_id').references(() => cases.id),
    name: text('name').notNull(),
    email: text('email'),
    phone: text('phone'),
    emailVerifiedAt: integer('email_verified_at'),
    phoneVerifiedAt: integer('phone_verified_at'),
    createdAt: integer('created_at').notNull(),
    removedAt: integer('removed_at'),
  },
  (table) => [
    index('extra_contacts_by_subject').on(table.subjectId),
    index('extra_contacts_by_phone').on(table.phone),
    index('extra_contacts_by_case').on(table.caseId).where(sql`case_id IS NOT NULL`),
    index('extra_contacts_removed').on(table.removedAt).where(sql`removed_at IS NOT NULL`),
  ],
);

/** One-time proofs sent to an address; only their hashes are kept. */
export const contactTokens = sqliteTable(
  'contact_tokens',
  {
    hash: text('hash').primaryKey(),
    contactId: integer('contact_id')
      .notNull()
      .references(() => extraContacts.id),
    channel: text('channel').notNull(),
    address: text('address').notNull(),
    createdAt: integer('created_at').notNull(),
    expiresAt: integer('expires_at').notNull(),
    usedAt: integer('used_at'),
    /** Wrong codes typed for this contact since the token was made. */
    misses: integer('misses').notNull().default(0),
  },
  (table) => [
    index('contact_tokens_by_contact').on(table.contactId, table.channel),
    index('contact_tokens_by_expiry').on(table.expiresAt),
  ],
);

/**
 * What the access system is asked to do, one row an act and site. `state`: waiting, sending, pending (taken, not in force
 * yet), done, failed, cancelled, dry-run.
 */
export const enforcements = sqliteTable(
  'enforcements',
  {
    id: integer('id').primaryKey(),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    caseId: integer('case_id')
      .notNull()
      .references(() => cases.id),
    siteId: integer('site_id').notNull(),
    act: text('act').notNull(),
    /** Which asking of the case this belongs to (the event's number). */
    round: integer('round').notNull(),
    state: text('state').notNull(),
    dryRun: integer('dry_run', { mode: 'boolean' }).notNull(),
    irrevocable: integer('irrevocable', { mode: 'boolean' }).notNull(),
    payload: text('payload').notNull(),
    receipt: text('receipt'),
    error: text('error'),
    attempts: integer('attempts').notNull().default(0),
    createdAt: integer('created_at').notNull(),
    submittedAt: integer('submitted_at'),
    settledAt: integer('settled_at'),
    nextAt: integer('next_at'),
    lookAskedAt: integer('look_asked_at'),
  },
  (table) => [
    uniqueIndex('enforcements_once').on(table.caseId, table.siteId, table.act, table.round),
    index('enforcements_due').on(table.nextAt).where(sql`next_at IS NOT NULL`),
    index('enforcements_by_day').on(table.submittedAt),
  ],
);

/** What is stopped until a person says otherwise: `notices`, `enforcement`. */
export const holds = sqliteTable('holds', {
  key: text('key').primaryKey(),
  reason: text('reason').notNull(),
  reasonZh: text('reason_zh'),
  by: text('held_by').notNull(),
  since: integer('since').notNull(),
  releasedAt: integer('released_at'),
  /** Released on purpose: the automatic stop counts from here again. */
  countFrom: integer('count_from').notNull().default(0),
});
