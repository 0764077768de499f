const REVIEW = `id, site_id AS siteId, check_id AS checkId, code, about, key, params, evidence, state, asked_at AS askedAt,
      last_seen_at AS lastSeenAt, ruled_at AS ruledAt, ruled_by AS ruledBy, reason`;
const CAMPAIGN = `id, name, province, provider_code AS providerCode, report_to AS reportTo, opens_on AS opensOn, closes_on AS closesOn,
      letters_until AS lettersUntil, state, created_at AS createdAt, published_on AS publishedOn, revoked_on AS revokedOn,
      due_at AS dueAt`;
const ORDER = `id, order_number AS orderNumber, kind, subject_number AS subjectNumber, subject_name AS subjectName, domains, unseal(contact) AS contact,
      created_on AS createdOn, touched_on AS touchedOn, state, reason, state_since AS stateSince, told, due_at AS dueAt`;
const VIOLATION = `id, event_id AS eventId, site_id AS siteId, description, reported_at AS reportedAt, received_at AS receivedAt, state,
      reached_at AS reachedAt, removed_at AS removedAt, suspend_asked_at AS suspendAskedAt, suspended_at AS suspendedAt, dry_run AS dryRun, history, due_at AS dueAt`;
const VIOLATION_ACT = `id, idempotency_key AS idempotencyKey, violation_id AS violationId, site_id AS siteId, act, reason, state, approvals,
      receipt, error, attempts, created_at AS createdAt, submitted_at AS submittedAt, settled_at AS settledAt, next_at AS nextAt`;

/** Statements over what is filed, rulings, the bureau's list, annual reviews, orders and violations; see `queries.ts`. */
export const programmeQueries = {
  // what is filed
  filedSite: `SELECT s.name AS siteName, u.name AS subjectName, u.id AS subjectId, u.kind AS subjectKind, s.lease_ends_at AS leaseEndsAt,
      s.server_id AS serverId, coalesce(s.confirmed_at, s.updated_at) AS confirmedAt,
      coalesce(u.name_since, u.updated_at) AS subjectNameSince, s.details, u.details AS subjectDetails FROM sites s JOIN subjects u ON u.id = s.subject_id WHERE s.id = ?`,
  lastReached: `SELECT max(at) AS at FROM (
      SELECT checked_at AS at FROM check_states WHERE site_id = ? AND check_id = 'reachability' AND verdict = 'pass'
      UNION ALL SELECT c.since FROM check_states c WHERE c.site_id = ? AND c.check_id = 'reachability' AND c.verdict <> 'pass'
        AND EXISTS (SELECT 1 FROM verdicts v WHERE v.site_id = ? AND v.check_id = 'reachability' AND v.verdict = 'pass'))`,
  sitesOnServer: 'SELECT count(*) AS count FROM sites WHERE server_id = ?',
  filedPersons: `SELECT role, unseal(name) AS name, unseal(phone) AS phone, unseal(email) AS email, unseal(mobile) AS mobile, document_expires_at AS documentExpiresAt FROM contacts WHERE site_id = ?
    ORDER BY role DESC`,
  mobileOfOthers: `SELECT count(*) AS count FROM (SELECT DISTINCT c.subject_id FROM contacts c JOIN sites s ON s.id = c.site_id
    WHERE c.mobile = seal(?) AND c.subject_id <> ? AND s.state = 'active' LIMIT 20)`,
  headOfOthers: `SELECT count(*) AS count FROM (SELECT DISTINCT c.subject_id FROM contacts c JOIN sites s ON s.id = c.site_id
    WHERE c.mobile = seal(?) AND c.name = seal(?) AND c.role = ? AND c.subject_id <> ? AND s.state = 'active' LIMIT 20)`,
  siteLeave: "UPDATE sites SET state = ?, updated_at = ? WHERE id = ? AND state = 'active'",
  sitesOfMobile: `SELECT c.site_id AS siteId, c.role FROM contacts c JOIN sites s ON s.id = c.site_id
    WHERE c.mobile = seal(?) AND s.state = 'active'`,

  // rulings
  reviewAsk: `INSERT INTO reviews (site_id, check_id, code, about, key, params, evidence, state, asked_at, last_seen_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)
    ON CONFLICT (site_id, check_id, code, about, key) DO UPDATE SET params = excluded.params, evidence = excluded.evidence,
      last_seen_at = excluded.last_seen_at,
      asked_at = CASE WHEN state IN ('gone', 'dismissed') THEN excluded.asked_at ELSE asked_at END,
      state = CASE WHEN state IN ('gone', 'dismissed') THEN 'waiting' ELSE state END`,
  reviewSeen:
    'UPDATE reviews SET last_seen_at = ? WHERE site_id = ? AND check_id = ? AND code = ? AND about = ? AND key = ?',
  reviewsGone: `UPDATE reviews SET state = 'gone' WHERE site_id = ? AND check_id = ? AND state IN ('waiting', 'confirmed')
      AND last_seen_at < ?`,
  rulingsOfSite: `SELECT check_id AS checkId, code, about, key, state AS ruling, coalesce(json_extract(params, '$.words'), '') AS words, ruled_by AS "by", ruled_at AS at, reason FROM reviews
    WHERE site_id = ? AND state IN ('confirmed', 'dismissed')`,
  reviewsByState: `SELECT ${REVIEW} FROM reviews WHERE state = ? ORDER BY asked_at LIMIT ?`,
  reviewsWaiting: "SELECT count(*) AS count FROM reviews WHERE state = 'waiting'",
  reviewById: `SELECT ${REVIEW} FROM reviews WHERE id = ?`,
  reviewRule: 'UPDATE reviews SET state = ?, ruled_at = ?, ruled_by = ?, reason = ? WHERE id = ?',

  // the bureau's list
  bureauNumber: 'SELECT state, holder, as_of AS asOf FROM bureau_numbers WHERE number = ?',
  bureauPut: `INSERT INTO bureau_numbers (number, state, holder, as_of, imported_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (number) DO UPDATE SET state = excluded.state, holder = excluded.holder, as_of = excluded.as_of,
      imported_at = excluded.imported_at
    WHERE excluded.as_of >= as_of AND (excluded.state <> state OR excluded.holder IS NOT holder OR excluded.as_of > as_of)`,
  bureauRevokedSites: `SELECT siteId, siteNumber, max(asOf) AS asOf FROM (
    SELECT s.id AS siteId, s.site_number AS siteNumber, b.as_of AS asOf FROM bureau_numbers b
      JOIN sites s ON s.site_number = b.number AND s.state = 'active' WHERE b.state = 'revoked'
    UNION SELECT s.id, s.site_number, b.as_of FROM bureau_numbers b JOIN subjects u ON u.subject_number = b.number
      JOIN sites s ON s.subject_id = u.id AND s.state = 'active' WHERE b.state = 'revoked'
        AND NOT EXISTS (SELECT 1 FROM bureau_numbers o WHERE o.number = s.site_number AND o.state = 'alive' AND o.as_of >= b.as_of)
    ) GROUP BY siteId LIMIT ?`,
  emptySubjects: `SELECT u.subject_number AS subjectNumber, u.name, count(*) AS sites, max(s.updated_at) AS since FROM sites s
      JOIN subjects u ON u.id = s.subject_id
    WHERE s.state = 'revoked'
      AND NOT EXISTS (SELECT 1 FROM sites o WHERE o.subject_id = s.subject_id AND o.state <> 'revoked')
      AND NOT EXISTS (SELECT 1 FROM bureau_numbers b WHERE b.number = u.subject_number AND b.state = 'revoked')
      AND NOT EXISTS (SELECT 1 FROM sites o JOIN bureau_numbers b ON b.number = o.site_number AND b.state = 'alive'
        WHERE o.subject_id = s.subject_id)
    GROUP BY u.id ORDER BY since LIMIT ?`,
  bureauSize: `SELECT count(*) AS numbers, coalesce(sum(state = 'revoked'), 0) AS revoked, max(as_of) AS asOf FROM bureau_numbers`,

  // annual reviews
  campaignInsert: `INSERT INTO campaigns (name, province, provider_code, report_to, opens_on, closes_on, letters_until, state, created_at,
      due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  campaignById: `SELECT ${CAMPAIGN} FROM campaigns WHERE id = ?`,
  campaignByName: `SELECT ${CAMPAIGN} FROM campaigns WHERE name = ?`,
  campaignsAll: `SELECT ${CAMPAIGN} FROM campaigns ORDER BY opens_on DESC`,
  campaignState: 'UPDATE campaigns SET state = ?, due_at = ? WHERE id = ?',
  campaignRevoke: 'UPDATE campaigns SET revoked_on = ?, due_at = ? WHERE id = ?',
  campaignPublish: 'UPDATE campaigns SET published_on = ?, due_at = ? WHERE id = ?',
  campaignsNextDue: 'SELECT min(due_at) AS at FROM campaigns WHERE due_at IS NOT NULL',
  campaignEnrol: `INSERT OR IGNORE INTO campaign_sites (campaign_id, site_id, state, changed_at)
    SELECT ?, s.id, 'owed', ? FROM subjects u JOIN sites s ON s.subject_id = u.id
    WHERE u.province = ? AND s.state = 'active' AND s.service = 'site' AND u.licence_number IS NULL
      AND json_extract(s.details, '$.telecomLicence') IS NULL`,
  campaignSite: `SELECT campaign_id AS campaignId, site_id AS siteId, state, reported, reported_at AS reportedAt FROM campaign_sites
    WHERE campaign_id = ? AND site_id = ?`,
  campaignSitesInState: `SELECT c.site_id AS siteId, s.site_number AS siteNumber, s.name AS siteName, u.name AS subjectName, u.id AS subjectId,
      c.state, c.reported, c.reported_at AS reportedAt FROM campaign_sites c JOIN sites s ON s.id = c.site_id
      JOIN subjects u ON u.id = s.subject_id WHERE c.campaign_id = ? AND c.state = ? AND c.site_id > ? AND s.state = 'active' ORDER BY c.site_id LIMIT ?`,
  campaignSitesUntold: `SELECT c.site_id AS siteId, s.site_number AS siteNumber, s.name AS siteName, u.name AS subjectName,
      u.id AS subjectId, c.state, c.reported, c.reported_at AS reportedAt FROM campaign_sites c JOIN sites s ON s.id = c.site_id
      JOIN subjects u ON u.id = s.subject_id
    WHERE c.campaign_id = ? AND c.state = ? AND c.site_id > ? AND s.state = 'active'
      AND NOT EXISTS (SELECT 1 FROM notices n WHERE n.topic = 'review:' || c.campaign_id || ':' || c.site_id || ? AND n.stage = ?)
    ORDER BY c.site_id LIMIT ?`,
  campaignReport:
    'UPDATE campaign_sites SET state = ?, reported = ?, reported_at = ?, changed_at = ? WHERE campaign_id = ? AND site_id = ?',
  campaignMoveAll: `UPDATE campaign_sites SET state = ?, changed_at = ? WHERE campaign_id = ? AND state = ?
      AND site_id IN (SELECT id FROM sites WHERE state = 'active')`,
  campaignDropLeft: `UPDATE campaign_sites SET state = 'done', changed_at = ? WHERE campaign_id = ? AND state IN ('owed', 'publicity')
      AND site_id IN (SELECT id FROM sites WHERE state <> 'active')`,
  campaignTotals: 'SELECT state, count(*) AS count FROM campaign_sites WHERE campaign_id = ? GROUP BY state',
  inboundInsert: `INSERT OR IGNORE INTO inbound_messages (source, external_id, mobile, body, received_at, outcome, detail)
      VALUES (?, ?, seal(?), seal(?), ?, ?, ?)`,
  inboundKnown: 'SELECT outcome, detail FROM inbound_messages WHERE source = ? AND external_id = ?',
  inboundRecent: `SELECT id, source, unseal(mobile) AS mobile, unseal(body) AS body, received_at AS receivedAt, outcome, detail FROM inbound_messages
    ORDER BY received_at DESC LIMIT ?`,

  inboundRefused: `SELECT count(*) AS count FROM inbound_messages WHERE mobile = seal(?) AND received_at >= ?
      AND outcome NOT IN ('reported', 'duplicate')`,

  // orders
  orderUpsert: `INSERT INTO orders (order_number, kind, subject_number, subject_name, domains, contact, created_on, touched_on, state, reason,
      state_since, told, due_at, updated_at) VALUES (?, ?, ?, ?, ?, seal(?), ?, ?, ?, NULL, ?, '[]', ?, ?)
    ON CONFLICT (order_number) DO UPDATE SET kind = excluded.kind, subject_number = excluded.subject_number,
      subject_name = excluded.subject_name, domains = excluded.domains, contact = excluded.contact, created_on = excluded.created_on,
      touched_on = excluded.touched_on, state_since = CASE WHEN state IN ('deleted', excluded.state) OR (state = 'invalid' AND excluded.state = 'open') THEN state_since
        ELSE excluded.state_since END,
      state = CASE WHEN state = 'deleted' OR (state = 'invalid' AND excluded.state = 'open') THEN state ELSE excluded.state END,
      due_at = CASE WHEN state = 'deleted' THEN NULL WHEN state = 'invalid' AND excluded.state = 'open' THEN due_at
        ELSE excluded.due_at END, updated_at = excluded.updated_at
    RETURNING id, state`,
  orderByNumber: `SELECT ${ORDER} FROM orders WHERE order_number = ?`,
  ordersDue: `SELECT ${ORDER} FROM orders WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
  ordersNextDue: 'SELECT min(due_at) AS at FROM orders WHERE due_at IS NOT NULL',
  ordersByState: `SELECT ${ORDER} FROM orders WHERE state = ? AND id > ? ORDER BY id LIMIT ?`,
  ordersEndedSince: "SELECT count(*) AS count FROM orders WHERE state IN ('deleted', 'invalid') AND state_since > ?",
  orderMove: 'UPDATE orders SET state = ?, reason = ?, state_since = ?, told = ?, due_at = ? WHERE id = ?',
  orderTotals: 'SELECT state, count(*) AS count FROM orders GROUP BY state',

  // violations
  violationInsert: `INSERT OR IGNORE INTO violations (event_id, site_id, description, reported_at, received_at, state, dry_run,
      history, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  violationByEvent: `SELECT ${VIOLATION} FROM violations WHERE event_id = ?`,
  violationById: `SELECT ${VIOLATION} FROM violations WHERE id = ?`,
  violationsOfSite: `SELECT ${VIOLATION} FROM violations WHERE site_id = ? ORDER BY reported_at DESC LIMIT 100`,
  violationsRecent: `SELECT ${VIOLATION} FROM violations WHERE id < ? ORDER BY id DESC LIMIT ?`,
  violationsDue: `SELECT ${VIOLATION} FROM violations WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
  violationsNextDue: 'SELECT min(due_at) AS at FROM violations WHERE due_at IS NOT NULL',
  violationSave: `UPDATE violations SET state = ?, reached_at = ?, removed_at = ?, suspend_asked_at = ?, suspended_at = ?, history = ?,
      due_at = ? WHERE id = ?`,
  violationActInsert: `INSERT OR IGNORE INTO violation_acts (idempotency_key, violation_id, site_id, act, reason, state, approvals, attempts,
      created_at, next_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
  violationActById: `SELECT ${VIOLATION_ACT} FROM violation_acts WHERE id = ?`,
  violationActsDue: `SELECT ${VIOLATION_ACT} FROM violation_acts WHERE next_at <= ? ORDER BY next_at LIMIT ?`,
  violationActsNextDue: 'SELECT min(next_at) AS at FROM violation_acts WHERE next_at IS NOT NULL',
  violationActsOf: `SELECT ${VIOLATION_ACT} FROM violation_acts WHERE violation_id = ? ORDER BY id`,
  violationActsOfSite: `SELECT ${VIOLATION_ACT} FROM violation_acts WHERE site_id = ? ORDER BY id`,
  violationActSave: `UPDATE violation_acts SET state = ?, approvals = ?, receipt = ?, error = ?, attempts = ?, submitted_at = ?,
      settled_at = ?, next_at = ? WHERE id = ?`,
  violationActsSince: `SELECT count(*) AS count FROM violation_acts WHERE submitted_at > ? AND act <> 'resume-service'`,
} as const;
