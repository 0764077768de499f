/** Statements of the owners' portal. */
export const portalQueries = {
  portalKeyPut: `INSERT INTO portal_keys (hash, case_ids, message_id, issued_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
  portalKeyGet:
    'SELECT case_ids AS caseIds, message_id AS messageId, issued_by AS issuedBy, expires_at AS expiresAt FROM portal_keys WHERE hash = ?',
  portalVisitPut: `INSERT INTO portal_visits (hash, salt, key_hashes, created_at, expires_at) VALUES (?, ?, ?, ?, ?)`,
  portalVisitGet: 'SELECT salt, key_hashes AS keys, expires_at AS expiresAt FROM portal_visits WHERE hash = ?',
  portalVisitEnd: 'DELETE FROM portal_visits WHERE hash = ?',
  portalKeysVoidGiven: 'DELETE FROM portal_keys WHERE issued_by IS NOT NULL AND case_ids = ?',
  portalKeysPrune: 'DELETE FROM portal_keys WHERE expires_at < ?',
  portalVisitsPrune: 'DELETE FROM portal_visits WHERE expires_at < ?',
};
