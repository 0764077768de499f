const NOTICE = `id, topic, stage, kind, channel, unseal(recipient) AS recipient, unseal(person) AS person, unseal(name) AS name, case_id AS caseId, subject_id AS subjectId,
      site_id AS siteId, params, state, reason, reason_zh AS reasonZh, dry_run AS dryRun, not_before AS notBefore, message_id AS messageId,
      created_at AS createdAt, look_asked_at AS lookAskedAt`;
const MESSAGE = `id, correlation_id AS correlationId, channel, unseal(recipient) AS recipient, kind, unseal(content) AS content, state, provider, provider_id AS providerId,
      code, error, attempts, lookups, absences, possible_duplicates AS possibleDuplicates, sent_day AS sentDay,
      created_at AS createdAt, sending_at AS sendingAt, accepted_at AS acceptedAt, settled_at AS settledAt, next_at AS nextAt`;
const EVENT = `case_id AS caseId, seq, at, actor_kind AS actorKind, actor_name AS actorName, move, from_state AS fromState,
      to_state AS toState, data, prev_hash AS prevHash, hash`;
const ENFORCEMENT = `id, idempotency_key AS idempotencyKey, case_id AS caseId, site_id AS siteId, act, round, state,
      dry_run AS dryRun, irrevocable, payload, receipt, error, attempts, created_at AS createdAt, submitted_at AS submittedAt,
      settled_at AS settledAt, next_at AS nextAt, look_asked_at AS lookAskedAt`;
const EXTRA = `id, subject_id AS subjectId, case_id AS caseId, unseal(name) AS name, unseal(email) AS email, unseal(phone) AS phone, email_verified_at AS emailVerifiedAt,
      phone_verified_at AS phoneVerifiedAt, created_at AS createdAt, removed_at AS removedAt`;

/** Statements over cases, notices, enforcement and contacts; see `queries.ts`. */
export const caseQueries = {
  // cases
  caseInsert: `INSERT INTO cases (code, programme, scope, subject_id, site_id, state, opened_at, closed_at, deadline_at, told_at,
      dry_run, policy_version, record, seq, head_hash, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  caseUpdate: `UPDATE cases SET state = ?, closed_at = ?, deadline_at = ?, told_at = ?, dry_run = ?, record = ?, seq = ?,
      head_hash = ?, due_at = ? WHERE id = ?`,
  caseById: 'SELECT record FROM cases WHERE id = ?',
  caseByCode: 'SELECT record FROM cases WHERE code = ?',
  openCaseOfSite: `SELECT record FROM cases WHERE site_id = ? AND programme = ? AND closed_at IS NULL AND scope = 'site'`,
  openCaseOfSubject: `SELECT record FROM cases WHERE subject_id = ? AND programme = ? AND closed_at IS NULL AND scope = 'subject'`,
  openCasesOfSite: 'SELECT record FROM cases WHERE site_id = ? AND closed_at IS NULL',
  openCasesOfSubject: `SELECT record FROM cases WHERE subject_id = ? AND closed_at IS NULL AND scope = 'subject'`,
  anyOpenCase: `SELECT EXISTS (SELECT 1 FROM cases WHERE site_id = ? AND closed_at IS NULL)
      OR EXISTS (SELECT 1 FROM sites s JOIN cases c ON c.subject_id = s.subject_id AND c.closed_at IS NULL AND c.scope = 'subject'
        WHERE s.id = ?) AS open`,
  casesOfSite: 'SELECT record FROM cases WHERE site_id = ? ORDER BY opened_at DESC LIMIT ?',
  casesDue: 'SELECT id FROM cases WHERE due_at <= ? ORDER BY due_at LIMIT ?',
  casesNextDue: 'SELECT min(due_at) AS at FROM cases WHERE due_at IS NOT NULL',
  caseDueAt: 'UPDATE cases SET due_at = ? WHERE id = ? AND due_at IS NOT NULL AND due_at > ?',
  casePutOff: 'UPDATE cases SET due_at = ? WHERE id = ? AND due_at IS NOT NULL',
  casesByState: 'SELECT record FROM cases WHERE state = ? ORDER BY deadline_at LIMIT ?',
  caseTotals: 'SELECT programme, state, count(*) AS count FROM cases GROUP BY programme, state',
  caseEventInsert: `INSERT INTO case_events (case_id, seq, at, actor_kind, actor_name, move, from_state, to_state, data,
      prev_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  caseEvents: `SELECT ${EVENT} FROM case_events WHERE case_id = ? ORDER BY seq`,
  caseIdsAfter: 'SELECT id FROM cases WHERE id > ? ORDER BY id LIMIT ?',
  caseFindingUpsert: `INSERT INTO case_findings (case_id, site_id, check_id, code, about, params, evidence, verdict_id,
      first_seen_at, last_seen_at, cleared_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
    ON CONFLICT (case_id, site_id, check_id, code, about) DO UPDATE SET params = excluded.params, evidence = excluded.evidence,
      verdict_id = excluded.verdict_id, last_seen_at = excluded.last_seen_at, cleared_at = NULL`,
  caseFindings: `SELECT site_id AS siteId, check_id AS checkId, code, about, params, evidence, verdict_id AS verdictId,
      first_seen_at AS firstSeenAt, last_seen_at AS lastSeenAt, cleared_at AS clearedAt FROM case_findings WHERE case_id = ?
    ORDER BY first_seen_at, site_id, check_id, code`,
  caseFindingsClear: `UPDATE case_findings SET cleared_at = ? WHERE case_id = ? AND site_id = ? AND check_id = ?
      AND cleared_at IS NULL`,
  caseFindingClear: `UPDATE case_findings SET cleared_at = ? WHERE case_id = ? AND site_id = ? AND check_id = ? AND code = ?
      AND about = ?`,
  failingStates: `SELECT site_id AS siteId, check_id AS checkId FROM check_states WHERE verdict = 'fail' AND check_id = ?
      AND shadow = 0 AND next_due_at IS NOT NULL`,
  siteSubject: 'SELECT subject_id AS subjectId, state, lease_ends_at AS leaseEndsAt FROM sites WHERE id = ?',
  activeSitesOfSubject: "SELECT id AS siteId FROM sites WHERE subject_id = ? AND state = 'active'",
  subjectById: 'SELECT subject_number AS subjectNumber, name, kind, province FROM subjects WHERE id = ?',
  subjectByNumber:
    'SELECT id, subject_number AS subjectNumber, name, kind, province FROM subjects WHERE subject_number = ?',

  // notices
  noticeInsert: `INSERT OR IGNORE INTO notices (topic, stage, kind, channel, recipient, person, name, case_id, subject_id, site_id,
      params, state, reason, reason_zh, dry_run, not_before, created_at)
    VALUES (?, ?, ?, ?, seal(?), seal(?), seal(?), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  noticesDue: `SELECT ${NOTICE} FROM notices WHERE state = 'planned' AND not_before <= ? ORDER BY not_before LIMIT ?`,
  noticesNextDue: "SELECT min(not_before) AS at FROM notices WHERE state = 'planned'",
  noticeById: `SELECT ${NOTICE} FROM notices WHERE id = ?`,
  noticesOfCase: `SELECT ${NOTICE} FROM notices WHERE case_id = ? ORDER BY id`,
  noticesOfTopic: `SELECT ${NOTICE} FROM notices WHERE topic = ? ORDER BY id`,
  noticesOfMessage: `SELECT ${NOTICE} FROM notices WHERE message_id = ?`,
  noticesByState: `SELECT ${NOTICE} FROM notices WHERE state = ? ORDER BY created_at DESC LIMIT ?`,
  noticesRecent: `SELECT ${NOTICE} FROM notices WHERE id > 0 ORDER BY id DESC LIMIT ?`,
  noticeState: 'UPDATE notices SET state = ?, reason = ?, reason_zh = ?, message_id = ? WHERE id = ?',
  noticePostpone: "UPDATE notices SET not_before = ?, reason = ?, reason_zh = ? WHERE id = ? AND state = 'planned'",
  noticeLookAsked:
    'UPDATE notices SET look_asked_at = coalesce(look_asked_at, ?), not_before = ?, reason = ?, reason_zh = ? WHERE id = ?',
  noticesWake:
    "UPDATE notices SET not_before = ? WHERE case_id = ? AND state = 'planned' AND look_asked_at IS NOT NULL AND not_before > ?",
  noticesUnstop: "UPDATE notices SET not_before = ? WHERE state = 'planned' AND reason = ?",
  noticesCancelTopic:
    "UPDATE notices SET state = 'cancelled', reason = ?, reason_zh = ? WHERE topic = ? AND channel = ? AND state = 'planned'",
  noticeTotals: 'SELECT kind, state, count(*) AS count FROM notices GROUP BY kind, state',

  // messages
  messageInsert: `INSERT INTO messages (correlation_id, channel, recipient, kind, content, state, provider, attempts, sent_day,
      created_at, sending_at, next_at) VALUES (?, ?, seal(?), ?, seal(?), ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  messageById: `SELECT ${MESSAGE} FROM messages WHERE id = ?`,
  messagesDue: `SELECT ${MESSAGE} FROM messages WHERE next_at <= ? ORDER BY next_at LIMIT ?`,
  messagesNextDue: 'SELECT min(next_at) AS at FROM messages WHERE next_at IS NOT NULL',
  messageUpdate: `UPDATE messages SET state = ?, provider = ?, content = seal(?), provider_id = ?, code = ?, error = ?, attempts = ?, lookups = ?, absences = ?,
      possible_duplicates = ?, sending_at = ?, accepted_at = ?, settled_at = ?, next_at = ? WHERE id = ?`,
  messagesToday: `SELECT count(*) AS count FROM messages WHERE channel = ? AND recipient = seal(?) AND sent_day = ?
      AND state <> 'dry-run' AND (kind = 'contact-verification') = ?`,
  messagesSince:
    "SELECT count(*) AS count FROM messages WHERE created_at > ? AND state <> 'dry-run' AND channel IN ('email', 'sms')",
  messagesProviderIds: `SELECT provider_id AS providerId FROM messages WHERE channel = ? AND recipient = seal(?) AND sent_day >= ?
      AND provider_id IS NOT NULL AND id <> ?`,
  messagesUnsettled: `SELECT count(*) AS count FROM messages WHERE channel = ? AND recipient = seal(?) AND sent_day >= ? AND id <> ?
      AND provider_id IS NULL AND state IN ('sending', 'unknown')`,
  messagesByState: `SELECT ${MESSAGE} FROM messages WHERE state = ? ORDER BY created_at DESC LIMIT ?`,
  messagesRecent: `SELECT ${MESSAGE} FROM messages WHERE id > 0 ORDER BY id DESC LIMIT ?`,
  messageTotals:
    'SELECT channel, state, count(*) AS count, sum(possible_duplicates) AS possibleDuplicates FROM messages GROUP BY channel, state',
  attemptInsert: 'INSERT INTO message_attempts (message_id, what, at, outcome, detail) VALUES (?, ?, ?, ?, ?)',
  attemptsOfMessage: 'SELECT what, at, outcome, detail FROM message_attempts WHERE message_id = ? ORDER BY id',
  inSiteInsert: `INSERT OR IGNORE INTO in_site_messages (subject_id, message_id, title, body, created_at) VALUES (?, ?, seal(?), seal(?), ?)`,
  inSiteOfSubject: `SELECT id, unseal(title) AS title, unseal(body) AS body, created_at AS createdAt, read_at AS readAt FROM in_site_messages WHERE subject_id = ?
    AND id < ? ORDER BY created_at DESC, id DESC LIMIT ?`,
  inSiteRead: 'UPDATE in_site_messages SET read_at = ? WHERE id = ? AND subject_id = ? AND read_at IS NULL',

  // contacts
  contactsOfSite:
    'SELECT role, unseal(name) AS name, unseal(phone) AS phone, unseal(email) AS email FROM contacts WHERE site_id = ?',
  contactsOfSubject:
    'SELECT role, unseal(name) AS name, unseal(phone) AS phone, unseal(email) AS email, site_id AS siteId FROM contacts WHERE subject_id = ? ORDER BY site_id, role LIMIT 200',
  extraInsert: `INSERT INTO extra_contacts (subject_id, case_id, name, email, phone, created_at) VALUES (?, ?, seal(?), seal(?), seal(?), ?) RETURNING id`,
  extraById: `SELECT ${EXTRA} FROM extra_contacts WHERE id = ?`,
  extrasOfSubject: `SELECT ${EXTRA} FROM extra_contacts WHERE subject_id = ? AND removed_at IS NULL ORDER BY id`,
  extrasByPhone: `SELECT ${EXTRA} FROM extra_contacts WHERE phone = seal(?) AND removed_at IS NULL`,
  extraUpdate: `UPDATE extra_contacts SET name = seal(?), email = seal(?), phone = seal(?), email_verified_at = ?, phone_verified_at = ?,
      removed_at = ? WHERE id = ?`,
  tokenInsert: `INSERT INTO contact_tokens (hash, contact_id, channel, address, created_at, expires_at) VALUES (?, ?, ?, seal(?), ?, ?)`,
  tokenByHash: `SELECT hash, contact_id AS contactId, channel, unseal(address) AS address, expires_at AS expiresAt, used_at AS usedAt, misses
    FROM contact_tokens WHERE hash = ?`,
  tokensOfContact: `SELECT hash, contact_id AS contactId, channel, unseal(address) AS address, expires_at AS expiresAt, used_at AS usedAt, misses
    FROM contact_tokens WHERE contact_id = ? AND channel = ? AND used_at IS NULL`,
  tokenLast: `SELECT hash, contact_id AS contactId, channel, unseal(address) AS address, expires_at AS expiresAt, used_at AS usedAt, misses
    FROM contact_tokens WHERE contact_id = ? AND channel = ? ORDER BY created_at DESC LIMIT 1`,
  tokenUse: 'UPDATE contact_tokens SET used_at = ? WHERE hash = ? AND used_at IS NULL',
  tokensVoid: 'UPDATE contact_tokens SET used_at = ? WHERE contact_id = ? AND channel = ? AND used_at IS NULL',
  tokenMiss: 'UPDATE contact_tokens SET misses = misses + 1 WHERE contact_id = ? AND channel = ? AND used_at IS NULL',
  deadInsert: `INSERT OR REPLACE INTO dead_addresses (channel, address, code, reason, since, message_id) VALUES (?, seal(?), ?, ?, ?, ?)`,
  deadGet:
    'SELECT channel, unseal(address) AS address, code, reason, since FROM dead_addresses WHERE channel = ? AND address = seal(?)',
  deadRemove: 'DELETE FROM dead_addresses WHERE channel = ? AND address = seal(?)',
  deadAll:
    'SELECT channel, unseal(address) AS address, code, reason, since FROM dead_addresses ORDER BY since DESC LIMIT ?',

  // enforcement
  enforcementInsert: `INSERT OR IGNORE INTO enforcements (idempotency_key, case_id, site_id, act, round, state, dry_run, irrevocable,
      payload, created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  enforcementsDue: `SELECT ${ENFORCEMENT} FROM enforcements WHERE next_at <= ? ORDER BY next_at LIMIT ?`,
  enforcementsNextDue: 'SELECT min(next_at) AS at FROM enforcements WHERE next_at IS NOT NULL',
  enforcementById: `SELECT ${ENFORCEMENT} FROM enforcements WHERE id = ?`,
  enforcementsOfCase: `SELECT ${ENFORCEMENT} FROM enforcements WHERE case_id = ? ORDER BY id`,
  enforcementUpdate: `UPDATE enforcements SET state = ?, receipt = ?, error = ?, attempts = ?, submitted_at = ?, settled_at = ?,
      next_at = ?, look_asked_at = ? WHERE id = ?`,
  enforcementsWake: `UPDATE enforcements SET next_at = ? WHERE case_id = ? AND state IN ('waiting', 'sending')
      AND look_asked_at IS NOT NULL AND next_at > ?`,
  enforcementsUnstop: "UPDATE enforcements SET next_at = ? WHERE next_at IS NOT NULL AND state = 'waiting'",
  enforcementsSince: `SELECT count(*) AS count FROM enforcements WHERE submitted_at > ? AND act <> 'restore-access' AND dry_run = 0`,

  noticesPullIn: "UPDATE notices SET not_before = ? WHERE state = 'planned' AND not_before > ?",
  messagesPullIn: 'UPDATE messages SET next_at = ? WHERE next_at > ?',
  enforcementsPullIn: 'UPDATE enforcements SET next_at = ? WHERE next_at > ?',
  casesPullIn: 'UPDATE cases SET due_at = ? WHERE due_at > ?',

  // holds
  holdSet: `INSERT INTO holds (key, reason, reason_zh, held_by, since) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET reason = excluded.reason, reason_zh = excluded.reason_zh, held_by = excluded.held_by, since = excluded.since, released_at = NULL
    WHERE released_at IS NOT NULL`,
  holdRelease: 'UPDATE holds SET released_at = ?, count_from = ? WHERE key = ? AND released_at IS NULL',
  holdGet:
    'SELECT key, reason, reason_zh AS reasonZh, held_by AS heldBy, since, released_at AS releasedAt, count_from AS countFrom FROM holds WHERE key = ?',
  holdsAll:
    'SELECT key, reason, reason_zh AS reasonZh, held_by AS heldBy, since, released_at AS releasedAt, count_from AS countFrom FROM holds',
} as const;
