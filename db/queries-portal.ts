/** Statements of the owners' portal. */
export const portalQueries = {
  portalKeyPut: `INSERT INTO portal_keys (hash, case_ids, contact, message_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
  portalKeyGet: 'SELECT case_ids AS caseIds, contact, expires_at AS expiresAt FROM portal_keys WHERE hash = ?',
  portalSessionPut: `INSERT INTO portal_sessions (hash, case_ids, via, contact, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
  portalSessionGet:
    'SELECT case_ids AS caseIds, via, contact, expires_at AS expiresAt FROM portal_sessions WHERE hash = ?',
  portalSessionEnd: 'DELETE FROM portal_sessions WHERE hash = ?',
  portalKeysPrune: 'DELETE FROM portal_keys WHERE expires_at < ?',
  portalSessionsPrune: 'DELETE FROM portal_sessions WHERE expires_at < ?',
};
