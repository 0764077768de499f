/** The ledger (design §1: the database is the truth). Times are epoch milliseconds; JSON columns are text. */
import { sql } from 'drizzle-orm';
import { blob, index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core';

/** Who filed (备案主体). */
export const subjects = sqliteTable(
  'subjects',
  {
    id: integer('id').primaryKey(),
    subjectNumber: text('subject_number').notNull().unique(),
    name: text('name').notNull(),
    kind: text('kind').notNull(),
    province: text('province').notNull(),
    licenceNumber: text('licence_number'),
    updatedAt: integer('updated_at').notNull(),
    /** Who else may hold its domains (`SubjectDetails`, R3.6): read and written whole. */
    details: text('details').notNull().default('{}'),
    /** From when on a list surely knows the subject by this name; null in rows older than this column (`updated_at` then). */
    nameSince: integer('name_since'),
  },
  (table) => [index('subjects_by_province').on(table.province), index('subjects_by_name').on(table.name)],
);

/** Filed sites (备案网站). `state`: active, access-cancelled, revoked (R15). */
export const sites = sqliteTable(
  'sites',
  {
    id: integer('id').primaryKey(),
    subjectId: integer('subject_id')
      .notNull()
      .references(() => subjects.id),
    siteNumber: text('site_number').notNull().unique(),
    name: text('name').notNull(),
    service: text('service').notNull(),
    accessProvider: text('access_provider').notNull(),
    product: text('product'),
    filedAddresses: text('filed_addresses').notNull(),
    approvedAt: text('approved_at'),
    leaseEndsAt: text('lease_ends_at'),
    state: text('state').notNull(),
    rowDigest: text('row_digest').notNull(),
    updatedAt: integer('updated_at').notNull(),
    /** Dates, police number, contract addresses … (`SiteDetails`): read and written whole. */
    details: text('details').notNull().default('{}'),
    /** The server its filing code was issued for (R14). */
    serverId: text('server_id'),
    /** When an import last gave this row, changed or not; null in rows older than this column (`updated_at` then). */
    confirmedAt: integer('confirmed_at'),
  },
  (table) => [
    index('sites_by_subject').on(table.subjectId),
    index('sites_by_state').on(table.state),
    index('sites_by_provider').on(table.accessProvider),
    index('sites_by_server').on(table.serverId).where(sql`server_id IS NOT NULL`),
  ],
);

/** Hosts of a site: its filed domains, and further hosts to look at. */
export const siteHosts = sqliteTable(
  'site_hosts',
  {
    siteId: integer('site_id')
      .notNull()
      .references(() => sites.id, { onDelete: 'cascade' }),
    host: text('host').notNull(),
    kind: text('kind').notNull(),
    registrable: text('registrable').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.siteId, table.host] }),
    index('site_hosts_by_host').on(table.host),
    index('site_hosts_by_registrable').on(table.registrable),
  ],
);

/** Persons of a filing and extra notice contacts (R7). Personal data: never leaves the ledger machine. */
export const contacts = sqliteTable(
  'contacts',
  {
    id: integer('id').primaryKey(),
    subjectId: integer('subject_id')
      .notNull()
      .references(() => subjects.id, { onDelete: 'cascade' }),
    siteId: integer('site_id').references(() => sites.id, { onDelete: 'cascade' }),
    role: text('role').notNull(),
    name: text('name'),
    phone: text('phone'),
    email: text('email'),
    updatedAt: integer('updated_at').notNull(),
    /** `YYYY-MM-DD`, `long-term`, or null where the import does not say. */
    documentExpiresAt: text('document_expires_at'),
    /** The mobile number as gateways want it; null when the text is none. */
    mobile: text('mobile'),
  },
  (table) => [
    index('contacts_by_subject').on(table.subjectId),
    index('contacts_by_site').on(table.siteId),
    index('contacts_by_mobile').on(table.mobile).where(sql`mobile IS NOT NULL`),
  ],
);

/** The standing of one check at one site: verdict in force, and when it is due again. */
export const checkStates = sqliteTable(
  'check_states',
  {
    siteId: integer('site_id')
      .notNull()
      .references(() => sites.id, { onDelete: 'cascade' }),
    checkId: text('check_id').notNull(),
    verdict: text('verdict'),
    codes: text('codes').notNull().default('[]'),
    since: integer('since'),
    checkedAt: integer('checked_at'),
    verdictId: integer('verdict_id'),
    shadow: integer('shadow', { mode: 'boolean' }).notNull().default(false),
    /** Null while the site is not active: then it is never due. */
    nextDueAt: integer('next_due_at'),
    /** The sweep that took it up last, and whether that sweep has judged it. */
    sweepId: integer('sweep_id'),
    claimedAt: integer('claimed_at'),
    judgedSweepId: integer('judged_sweep_id'),
    /** Looks in a row that did not pass, in the sweep under way. */
    suspectLooks: integer('suspect_looks').notNull().default(0),
    suspectFails: integer('suspect_fails').notNull().default(0),
    confirmDueAt: integer('confirm_due_at'),
    inconclusiveRuns: integer('inconclusive_runs').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.siteId, table.checkId] }),
    index('check_states_due').on(table.nextDueAt).where(sql`next_due_at IS NOT NULL`),
    index('check_states_confirm').on(table.confirmDueAt).where(sql`confirm_due_at IS NOT NULL`),
    // Only what a sweep still owes: a row leaves it when it is judged, and its due times lie beside each other.
    index('check_states_pending').on(table.sweepId, table.nextDueAt).where(sql`judged_sweep_id IS NOT sweep_id`),
    index('check_states_verdict').on(table.verdict, table.siteId, table.checkId),
  ],
);

/** What home pages proved when they were read last: the same bytes need not be read again. */
export const knownPages = sqliteTable('known_pages', {
  siteId: integer('site_id')
    .primaryKey()
    .references(() => sites.id, { onDelete: 'cascade' }),
  /** Digest over the bytes and all else that reading them depends on; empty: not kept, since it changes at every look. */
  key: text('key').notNull(),
  /** Which version of the reader read it. */
  reader: text('reader').notNull(),
  proof: text('proof').notNull(),
  /** How often in a row it changed soon after it was kept. */
  changes: integer('changes').notNull(),
  keptAt: integer('kept_at').notNull(),
});

/** Every verdict that changed something, with what it was judged from (R16.3). */
export const verdicts = sqliteTable(
  'verdicts',
  {
    id: integer('id').primaryKey(),
    siteId: integer('site_id')
      .notNull()
      .references(() => sites.id, { onDelete: 'cascade' }),
    checkId: text('check_id').notNull(),
    sweepId: integer('sweep_id'),
    stage: text('stage').notNull(),
    verdict: text('verdict').notNull(),
    findings: text('findings').notNull(),
    shadow: integer('shadow', { mode: 'boolean' }).notNull(),
    observedAt: integer('observed_at').notNull(),
    judgedAt: integer('judged_at').notNull(),
    algorithmVersion: text('algorithm_version').notNull(),
    rangesVersion: text('ranges_version').notNull(),
    policyVersion: text('policy_version').notNull(),
  },
  (table) => [
    index('verdicts_by_site').on(table.siteId, table.checkId, table.judgedAt),
    index('verdicts_by_age').on(table.judgedAt),
  ],
);

/** Content-addressed evidence: compressed bytes by their SHA-256. */
export const evidence = sqliteTable(
  'evidence',
  {
    hash: text('hash').primaryKey(),
    kind: text('kind').notNull(),
    size: integer('size').notNull(),
    body: blob('body', { mode: 'buffer' }).notNull(),
    createdAt: integer('created_at').notNull(),
  },
  (table) => [index('evidence_by_age').on(table.createdAt)],
);

/** Which evidence a verdict stands on. */
export const verdictEvidence = sqliteTable(
  'verdict_evidence',
  {
    verdictId: integer('verdict_id')
      .notNull()
      .references(() => verdicts.id, { onDelete: 'cascade' }),
    hash: text('hash')
      .notNull()
      .references(() => evidence.hash),
    name: text('name').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.verdictId, table.hash, table.name] }),
    index('verdict_evidence_by_hash').on(table.hash),
  ],
);

/** A run over due sites. `state`: running, done, held (circuit breaker), discarded. */
export const sweeps = sqliteTable(
  'sweeps',
  {
    id: integer('id').primaryKey(),
    kind: text('kind').notNull(),
    state: text('state').notNull(),
    startedAt: integer('started_at').notNull(),
    finishedAt: integer('finished_at'),
    heldReason: text('held_reason'),
    heldReasonZh: text('held_reason_zh'),
    total: integer('total').notNull().default(0),
    judged: integer('judged').notNull().default(0),
  },
  (table) => [
    index('sweeps_by_start').on(table.startedAt),
    index('sweeps_by_state').on(table.state, table.kind),
    index('sweeps_by_kind').on(table.kind, table.startedAt),
  ],
);

/** Verdicts of a sweep, counted by check and stage: summary and circuit breaker. */
export const sweepCounts = sqliteTable(
  'sweep_counts',
  {
    sweepId: integer('sweep_id')
      .notNull()
      .references(() => sweeps.id, { onDelete: 'cascade' }),
    checkId: text('check_id').notNull(),
    stage: text('stage').notNull(),
    verdict: text('verdict').notNull(),
    count: integer('count').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sweepId, table.checkId, table.stage, table.verdict] })],
);

/** One row a slot that ran: however many schedulers, a slot runs once (design §1). */
export const scheduleSlots = sqliteTable(
  'schedule_slots',
  {
    schedule: text('schedule').notNull(),
    slot: integer('slot').notNull(),
    startedAt: integer('started_at').notNull(),
  },
  (table) => [uniqueIndex('schedule_slots_once').on(table.schedule, table.slot)],
);

/** Sites somebody asked to see again at once; they run ahead of sweeps. */
export const rescanRequests = sqliteTable(
  'rescan_requests',
  {
    siteId: integer('site_id')
      .primaryKey()
      .references(() => sites.id, { onDelete: 'cascade' }),
    requestedAt: integer('requested_at').notNull(),
    requestedBy: text('requested_by').notNull(),
    /** One of many asked for at once: single ones go first. */
    bulk: integer('bulk', { mode: 'boolean' }).notNull().default(false),
  },
  (table) => [index('rescan_requests_in_turn').on(table.bulk, table.requestedAt)],
);

/** What registries said last, a domain a row. */
export const registrations = sqliteTable('registrations', {
  domain: text('domain').primaryKey(),
  registry: text('registry').notNull(),
  artifact: text('artifact').notNull(),
  dns: text('dns'),
  observedAt: integer('observed_at').notNull(),
});

/** One rate budget a registry, shared by all workers because only the ledger hands out starts. */
export const registryBudgets = sqliteTable('registry_budgets', {
  registry: text('registry').primaryKey(),
  nextFreeAt: integer('next_free_at').notNull(),
  refusals: integer('refusals').notNull(),
});

/** Import runs. */
export const imports = sqliteTable('imports', {
  id: integer('id').primaryKey(),
  file: text('file').notNull(),
  startedAt: integer('started_at').notNull(),
  finishedAt: integer('finished_at'),
  rows: integer('rows').notNull(),
  created: integer('created').notNull(),
  updated: integer('updated').notNull(),
  unchanged: integer('unchanged').notNull(),
  rejected: integer('rejected').notNull(),
});

/** Things admins must look at; raised once a key until resolved. */
export const alerts = sqliteTable('alerts', {
  key: text('key').primaryKey(),
  message: text('message').notNull(),
  messageZh: text('message_zh'),
  raisedAt: integer('raised_at').notNull(),
  lastSeenAt: integer('last_seen_at').notNull(),
  resolvedAt: integer('resolved_at'),
});

/** Small things to remember over restarts: what the range lists held when somebody last trusted them. */
export const marks = sqliteTable('marks', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
  updatedAt: integer('updated_at').notNull(),
});

export * from './schema-cases.ts';
export * from './schema-console.ts';
export * from './schema-portal.ts';
export * from './schema-programmes.ts';
