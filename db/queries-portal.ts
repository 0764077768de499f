/** Statements of the owners' portal. */
export const portalQueries = {
  portalKeyPut: `INSERT INTO portal_keys (hash, case_ids, message_id, issued_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
  portalKeyGet:
    'SELECT case_ids AS caseIds, message_id AS messageId, issued_by AS issuedBy, expires_at AS expiresAt FROM portal_keys WHERE hash = ?',
  portalSessionPut: `INSERT INTO portal_sessions (hash, case_ids, key_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
  portalSessionGet:
    'SELECT case_ids AS caseIds, key_hash AS keyHash, expires_at AS expiresAt FROM portal_sessions WHERE hash = ?',
  portalSessionEnd: 'DELETE FROM portal_sessions WHERE hash = ?',
  portalKeysPrune: 'DELETE FROM portal_keys WHERE expires_at < ?',
  portalSessionsPrune: 'DELETE FROM portal_sessions WHERE expires_at < ?',
};
