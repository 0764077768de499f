const ADMIN = `id, name, password_hash AS passwordHash, role, language, unseal(totp_secret) AS totpSecret, totp_step AS totpStep,
      oidc_subject AS oidcSubject, failures, locked_until AS lockedUntil, created_at AS createdAt, disabled_at AS disabledAt`;
const AUDIT = 'id, at, actor, action, object, outcome, detail';
const KEY = `id, name, scopes, created_by AS createdBy, created_at AS createdAt, expires_at AS expiresAt, revoked_at AS revokedAt,
      last_used_at AS lastUsedAt`;
const WEBHOOK = `id, url, unseal(secret) AS secret, moves, cursor, attempts, last_error AS lastError, created_by AS createdBy, created_at AS createdAt,
      next_at AS nextAt, removed_at AS removedAt`;
const NOTICE_ROW = `id, topic, stage, kind, channel, unseal(recipient) AS recipient, unseal(person) AS person, unseal(name) AS name, case_id AS caseId, subject_id AS subjectId,
      site_id AS siteId, params, state, reason, dry_run AS dryRun, not_before AS notBefore, message_id AS messageId,
      created_at AS createdAt, look_asked_at AS lookAskedAt`;
/** What a row of the list of sites shows. */
const SITE_ROW = `s.id, s.site_number AS siteNumber, s.name, s.state, s.access_provider AS accessProvider, u.id AS subjectId,
      u.name AS subjectName, u.kind AS subjectKind, u.province`;

/** Statements of the console and the API; see `queries.ts`. */
export const consoleQueries = {
  // admins
  adminInsert: `INSERT INTO admins (name, password_hash, role, language, oidc_subject, created_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id`,
  adminById: `SELECT ${ADMIN} FROM admins WHERE id = ?`,
  adminByName: `SELECT ${ADMIN} FROM admins WHERE name = ?`,
  adminByOidc: `SELECT ${ADMIN} FROM admins WHERE oidc_subject = ?`,
  adminsAll: `SELECT ${ADMIN} FROM admins ORDER BY name`,
  adminUpdate: `UPDATE admins SET password_hash = ?, role = ?, language = ?, totp_secret = seal(?), totp_step = ?, oidc_subject = ?,
      failures = ?, locked_until = ?, disabled_at = ? WHERE id = ?`,
  adminSessionPut:
    'INSERT INTO admin_sessions (hash, admin_id, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?)',
  adminSessionGet: `SELECT admin_id AS adminId, created_at AS createdAt, seen_at AS seenAt, expires_at AS expiresAt
    FROM admin_sessions WHERE hash = ?`,
  adminSessionSeen: 'UPDATE admin_sessions SET seen_at = ? WHERE hash = ?',
  adminSessionEnd: 'DELETE FROM admin_sessions WHERE hash = ?',
  adminSessionsEnd: 'DELETE FROM admin_sessions WHERE admin_id = ? AND hash <> ?',
  adminSessionsPrune: 'DELETE FROM admin_sessions WHERE expires_at < ?',

  // audit log
  auditInsert: 'INSERT INTO audit_log (at, actor, action, object, outcome, detail) VALUES (?, ?, ?, ?, ?, ?)',
  auditRecent: `SELECT ${AUDIT} FROM audit_log WHERE id < ? ORDER BY id DESC LIMIT ?`,
  auditByActor: `SELECT ${AUDIT} FROM audit_log WHERE actor = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  auditByObject: `SELECT ${AUDIT} FROM audit_log WHERE object = ? AND id < ? AND (? IS NULL OR actor = ?) AND (? IS NULL OR action = ?)
    ORDER BY id DESC LIMIT ?`,
  auditByActorAction: `SELECT ${AUDIT} FROM audit_log WHERE actor = ? AND action = ? AND id < ? ORDER BY id DESC LIMIT ?`,
  auditByAction: `SELECT ${AUDIT} FROM audit_log WHERE action = ? AND id < ? ORDER BY id DESC LIMIT ?`,

  // saved views
  viewPut: `INSERT INTO saved_views (admin_id, page, name, query) VALUES (?, ?, ?, ?)
    ON CONFLICT (admin_id, page, name) DO UPDATE SET query = excluded.query`,
  viewsOf: 'SELECT id, name, query FROM saved_views WHERE admin_id = ? AND page = ? ORDER BY name',
  viewDelete: 'DELETE FROM saved_views WHERE id = ? AND admin_id = ?',

  // API keys
  keyInsert:
    'INSERT INTO api_keys (name, hash, scopes, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING id',
  keyByHash: `SELECT ${KEY} FROM api_keys WHERE hash = ?`,
  keyByName: `SELECT ${KEY} FROM api_keys WHERE name = ?`,
  keysAll: `SELECT ${KEY} FROM api_keys ORDER BY id`,
  keyRevoke: 'UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL',
  keyUsed: 'UPDATE api_keys SET last_used_at = ? WHERE id = ?',
  answerTake: `INSERT OR IGNORE INTO idempotent_answers (key_id, idempotency_key, digest, status, body, created_at)
    VALUES (?, ?, ?, NULL, '', ?)`,
  answerGet:
    'SELECT digest, status, body, created_at AS createdAt FROM idempotent_answers WHERE key_id = ? AND idempotency_key = ?',
  answerPut: 'UPDATE idempotent_answers SET status = ?, body = ? WHERE key_id = ? AND idempotency_key = ?',
  answerDrop: 'DELETE FROM idempotent_answers WHERE key_id = ? AND idempotency_key = ?',
  answersFree: 'DELETE FROM idempotent_answers WHERE status IS NULL AND created_at > 0',
  answersPrune: 'DELETE FROM idempotent_answers WHERE created_at < ?',

  // webhooks out
  caseFeedInsert: 'INSERT INTO case_feed (case_id, seq, deadline_at) VALUES (?, ?, ?)',
  caseFeedHead: 'SELECT max(id) AS id FROM case_feed',
  caseFeedAfter: `SELECT f.id AS feedId, f.case_id AS caseId, f.seq, f.deadline_at AS deadlineAt, e.at, e.actor_kind AS actorKind, e.actor_name AS actorName, e.move,
      e.from_state AS fromState, e.to_state AS toState FROM case_feed f CROSS JOIN case_events e ON e.case_id = f.case_id AND e.seq = f.seq
    WHERE f.id > ? ORDER BY f.id LIMIT ?`,
  webhookInsert: `INSERT INTO webhooks (url, secret, moves, cursor, created_by, created_at, next_at) VALUES (?, seal(?), ?, ?, ?, ?, ?) RETURNING id`,
  webhooksAll: `SELECT ${WEBHOOK} FROM webhooks WHERE removed_at IS NULL ORDER BY id`,
  webhooksDue: `SELECT ${WEBHOOK} FROM webhooks WHERE next_at <= ? ORDER BY next_at`,
  webhookMove:
    'UPDATE webhooks SET cursor = ?, attempts = ?, last_error = ?, next_at = ? WHERE id = ? AND removed_at IS NULL',
  webhookRemove: 'UPDATE webhooks SET removed_at = ?, next_at = NULL WHERE id = ? AND removed_at IS NULL',

  // imports
  importRejectInsert: 'INSERT INTO import_rejects (import_id, row, column, value, remedy) VALUES (?, ?, ?, ?, ?)',
  importsRecent: `SELECT id, file, started_at AS startedAt, finished_at AS finishedAt, rows, created, updated, unchanged, rejected
    FROM imports WHERE id < ? ORDER BY id DESC LIMIT ?`,
  importById: `SELECT id, file, started_at AS startedAt, finished_at AS finishedAt, rows, created, updated, unchanged, rejected
    FROM imports WHERE id = ?`,
  importRejects:
    'SELECT id, row, column, value, remedy FROM import_rejects WHERE import_id = ? AND id > ? ORDER BY id LIMIT ?',

  // sites: each list walks one index from where the last page ended
  sitesAfter: `SELECT ${SITE_ROW} FROM sites s CROSS JOIN subjects u ON u.id = s.subject_id WHERE s.id > ? ORDER BY s.id`,
  sitesOfVerdictAfter: `SELECT c.check_id AS checkId, ${SITE_ROW} FROM check_states c CROSS JOIN sites s ON s.id = c.site_id
    CROSS JOIN subjects u ON u.id = s.subject_id WHERE c.verdict = ? AND c.site_id > ? AND c.next_due_at IS NOT NULL ORDER BY c.site_id`,
  sitesOfStateAfter: `SELECT ${SITE_ROW} FROM sites s CROSS JOIN subjects u ON u.id = s.subject_id WHERE s.state = ? AND s.id > ? ORDER BY s.id`,
  sitesOfProviderAfter: `SELECT ${SITE_ROW} FROM sites s CROSS JOIN subjects u ON u.id = s.subject_id
    WHERE s.access_provider = ? AND s.id > ? ORDER BY s.id`,
  sitesOfProvinceAfter: `SELECT ${SITE_ROW} FROM subjects u CROSS JOIN sites s ON s.subject_id = u.id
    WHERE u.province = ? AND u.id >= ? ORDER BY u.id`,
  siteRow: `SELECT ${SITE_ROW} FROM sites s JOIN subjects u ON u.id = s.subject_id WHERE s.id = ?`,
  hostsFrom: `SELECT site_id AS siteId FROM site_hosts WHERE host >= ? AND host < ? LIMIT ?`,
  registrablesFrom: `SELECT site_id AS siteId FROM site_hosts WHERE registrable >= ? AND registrable < ? LIMIT ?`,
  siteNumbersFrom: 'SELECT id AS siteId FROM sites WHERE site_number >= ? AND site_number < ? LIMIT ?',
  subjectsNamed: 'SELECT rowid AS id FROM subject_search WHERE subject_search MATCH ? LIMIT ?',
  subjectsFrom: 'SELECT id FROM subjects WHERE name >= ? AND name < ? LIMIT ?',
  sitesOfSubjectId: 'SELECT id AS siteId FROM sites WHERE subject_id = ? LIMIT ?',
  firstHost: 'SELECT host FROM site_hosts WHERE site_id = ? ORDER BY kind, rowid LIMIT 1',

  // sweeps and rescans
  sweepsOfKind: `SELECT id, kind, state, started_at AS startedAt, finished_at AS finishedAt, held_reason AS heldReason, held_reason_zh AS heldReasonZh, total, judged
    FROM sweeps WHERE kind = ? ORDER BY started_at DESC LIMIT ?`,
  // Counted up to a limit: it is asked for all the time, and most of all while a million wait.
  rescansWaiting: 'SELECT count(*) AS count FROM (SELECT 1 FROM rescan_requests WHERE bulk = ? LIMIT ?)',
  rescanOf: 'SELECT requested_at AS requestedAt, requested_by AS requestedBy FROM rescan_requests WHERE site_id = ?',

  // cases and notices, a page at a time
  casesOfStateAfter: `SELECT record FROM cases WHERE state = ? AND (deadline_at, id) > (?, ?) ORDER BY deadline_at, id LIMIT ?`,
  casesOfProgrammeAfter: `SELECT record FROM cases WHERE programme = ? AND state = ? AND (deadline_at, id) > (?, ?)
    ORDER BY deadline_at, id LIMIT ?`,
  casesOfSubject: 'SELECT record FROM cases WHERE subject_id = ? ORDER BY id DESC LIMIT ?',
  noticesBefore: `SELECT ${NOTICE_ROW} FROM notices WHERE id < ? ORDER BY id DESC LIMIT ?`,
  noticesOfStateBefore: `SELECT ${NOTICE_ROW} FROM notices WHERE state = ? AND id < ? ORDER BY created_at DESC LIMIT ?`,

  verdictSite: 'SELECT site_id AS siteId FROM verdicts WHERE id = ?',

  noticesPlannedBefore: `SELECT ${NOTICE_ROW} FROM notices WHERE state = 'planned' AND created_at < ? ORDER BY created_at LIMIT ?`,

  // whole-ledger figures, counted by a thread of its own
  siteTotals: `SELECT u.province, s.state, count(*) AS count FROM sites s JOIN subjects u ON u.id = s.subject_id GROUP BY u.province, s.state`,
  // A site whose checks are not all judged passes nothing yet.
  worstTotals: `SELECT CASE WHEN worst = 1 AND missing > 0 THEN 0 ELSE worst END AS worst, count(*) AS count
    FROM (SELECT max(CASE verdict WHEN 'fail' THEN 4 WHEN 'warn' THEN 3 WHEN 'inconclusive' THEN 2 WHEN 'pass' THEN 1 ELSE 0 END) AS worst,
        sum(verdict IS NULL) AS missing FROM check_states WHERE next_due_at IS NOT NULL AND shadow = 0 GROUP BY site_id) GROUP BY 1`,
} as const;
