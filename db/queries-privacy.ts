/** What an erased address is replaced by: one of its own a row, so that what is owed once stays one row. */
export const ERASED = 'erased:';
/** What an erased message says. */
export const ERASED_CONTENT = '{"title":"（已删除）","text":"","html":null,"sms":null}';

/** Spellings of the person's addresses, as a JSON list. */
const HIS = '(SELECT lower(value) FROM json_each(?))';
/** A number without what people write between its digits, and without the country. */
const DIGITS = (column: string, sealed = true): string =>
  `ltrim(replace(replace(replace(replace(${sealed ? `unseal(${column})` : column}, '-', ''), ' ', ''), '+86', ''), '+', ''), '0')`;
/** Nothing open speaks of it, and nothing that ended lately. */
const OVER = (noticeOf: string): string =>
  `NOT EXISTS (SELECT 1 FROM notices n JOIN cases c ON c.id = n.case_id WHERE ${noticeOf} AND (c.closed_at IS NULL OR c.closed_at >= ?))`;

/** The name of who is asked to verify an address stands in what the notice is made from. */
const NO_NAME = "params = CASE kind WHEN 'contact-verification' THEN '{}' ELSE params END";

/** Statements over personal data: retention, hand-over, erasure; see `queries.ts`. */
export const privacyQueries = {
  // by age: each walks its table by id, a stretch a turn
  oldMessages: `SELECT m.id, m.next_at IS NULL AND m.recipient NOT LIKE '${ERASED}%' AND m.created_at < ?
      AND ${OVER('n.message_id = m.id')} AS over FROM messages m WHERE m.id > ? ORDER BY m.id LIMIT ?`,
  oldNotices: `SELECT n.id, n.message_id IS NULL AND n.state IN ('failed', 'cancelled') AND n.recipient NOT LIKE '${ERASED}%'
      AND n.created_at < ? AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.id = n.case_id AND (c.closed_at IS NULL OR c.closed_at >= ?)) AS over
    FROM notices n WHERE n.id > ? ORDER BY n.id LIMIT ?`,
  oldOrders: `SELECT id, state IN ('done', 'deleted') AND state_since < ? AND contact <> '{}' AS over FROM orders
    WHERE id > ? ORDER BY id LIMIT ?`,
  formerSites: `SELECT s.id, s.subject_id AS subjectId, s.updated_at < ? AND s.row_digest <> ''
      AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.site_id = s.id AND c.closed_at IS NULL)
      AND NOT EXISTS (SELECT 1 FROM cases c WHERE c.subject_id = s.subject_id AND c.scope = 'subject' AND c.closed_at IS NULL) AS over
    FROM sites s WHERE s.state IN ('access-cancelled', 'revoked') AND s.id > ? ORDER BY s.id LIMIT ?`,
  inboundPrune:
    'DELETE FROM inbound_messages WHERE id IN (SELECT id FROM inbound_messages WHERE received_at < ? ORDER BY received_at LIMIT ?)',
  extrasRemoved: `SELECT id FROM extra_contacts WHERE removed_at < ?
    UNION SELECT x.id FROM extra_contacts x INDEXED BY extra_contacts_by_case JOIN cases c ON c.id = x.case_id
      WHERE x.case_id IS NOT NULL AND c.closed_at < ? LIMIT ?`,
  tokensPrune:
    'DELETE FROM contact_tokens WHERE rowid IN (SELECT rowid FROM contact_tokens WHERE expires_at < ? ORDER BY expires_at LIMIT ?)',

  // one row at a time
  messageErase: `UPDATE messages SET recipient = '${ERASED}' || id, content = '${ERASED_CONTENT}', error = NULL WHERE id = ?`,
  noticesOfMessageErase: `UPDATE notices SET recipient = '${ERASED}' || id, person = 'erased', name = NULL, ${NO_NAME} WHERE message_id = ?`,
  noticeErase: `UPDATE notices SET recipient = '${ERASED}' || id, person = 'erased', name = NULL, ${NO_NAME} WHERE id = ?`,
  inSiteErase: "UPDATE in_site_messages SET title = '（已删除）', body = '' WHERE message_id = ?",
  orderContactErase: "UPDATE orders SET contact = '{}', subject_name = '（已删除）' WHERE id = ?",
  contactErase: 'DELETE FROM contacts WHERE id = ?',
  contactsOfSiteErase: 'DELETE FROM contacts WHERE site_id = ?',
  tokensOfExtraErase: 'DELETE FROM contact_tokens WHERE contact_id = ?',
  extraErase: 'DELETE FROM extra_contacts WHERE id = ?',
  inboundErase: 'DELETE FROM inbound_messages WHERE id = ?',
  evidenceOfSiteUnlink: 'DELETE FROM verdict_evidence WHERE verdict_id IN (SELECT id FROM verdicts WHERE site_id = ?)',
  siteErase: "UPDATE sites SET details = '{}', row_digest = '' WHERE id = ?",
  subjectInUse: `SELECT EXISTS (SELECT 1 FROM sites WHERE subject_id = ? AND (state NOT IN ('access-cancelled', 'revoked') OR row_digest <> ''))
      OR EXISTS (SELECT 1 FROM cases WHERE subject_id = ? AND closed_at IS NULL) AS used`,
  subjectErase: `UPDATE subjects SET name = CASE kind WHEN 'individual' THEN '（已删除）' ELSE name END, licence_number = NULL, details = '{}'
    WHERE id = ?`,
  contactsOfSubjectErase: 'DELETE FROM contacts WHERE subject_id = ?',
  extrasOfSubjectAll: 'SELECT id FROM extra_contacts WHERE subject_id = ?',

  // of one person: rare, so whole walks
  personFilings: `SELECT c.id, c.site_id AS siteId, c.role, unseal(c.name) AS name, unseal(c.phone) AS phone, unseal(c.email) AS email,
      c.document_expires_at AS documentExpiresAt, u.subject_number AS subjectNumber, u.name AS subjectName, s.site_number AS siteNumber,
      coalesce(s.state, 'active') AS state
    FROM contacts c JOIN subjects u ON u.id = c.subject_id LEFT JOIN sites s ON s.id = c.site_id
    WHERE c.mobile = seal(?) OR unseal(c.phone) = ? OR ${DIGITS('c.phone')} = ? OR lower(unseal(c.email)) = lower(?) ORDER BY c.id`,
  personExtras: `SELECT x.id, unseal(x.name) AS name, unseal(x.phone) AS phone, unseal(x.email) AS email, x.email_verified_at AS emailVerifiedAt,
      x.phone_verified_at AS phoneVerifiedAt, x.created_at AS createdAt, x.removed_at AS removedAt, u.subject_number AS subjectNumber
    FROM extra_contacts x JOIN subjects u ON u.id = x.subject_id WHERE ${DIGITS('x.phone')} = ? OR lower(unseal(x.email)) = lower(?) ORDER BY x.id`,
  personNotices: `SELECT n.id, n.topic, n.stage, n.kind, n.channel, unseal(n.recipient) AS recipient, unseal(n.name) AS name, n.state,
      n.created_at AS createdAt, n.message_id AS messageId, c.code AS caseCode,
      n.case_id IS NOT NULL AND c.closed_at IS NULL AS caseOpen FROM notices n LEFT JOIN cases c ON c.id = n.case_id
    WHERE lower(unseal(n.recipient)) IN ${HIS} ORDER BY n.id`,
  personMessages: `SELECT id, channel, unseal(recipient) AS recipient, kind, unseal(content) AS content, state, created_at AS createdAt,
      settled_at AS settledAt, next_at IS NOT NULL AS underWay FROM messages WHERE lower(unseal(recipient)) IN ${HIS} ORDER BY id`,
  personInbound: `SELECT id, unseal(mobile) AS mobile, unseal(body) AS body, received_at AS receivedAt, outcome FROM inbound_messages
    WHERE unseal(mobile) IN ${HIS} ORDER BY id`,
  personDead: `SELECT channel, unseal(address) AS address, code, since FROM dead_addresses WHERE lower(unseal(address)) IN ${HIS}`,
  personOrders: `SELECT id, order_number AS orderNumber, state, unseal(contact) AS contact FROM orders
    WHERE ${DIGITS("json_extract(unseal(contact), '$.phone')", false)} = ?
      OR lower(json_extract(unseal(contact), '$.email')) = lower(?) ORDER BY id`,
} as const;
