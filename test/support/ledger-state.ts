import type { Ledger } from '../../src/ledger/ledger.ts';

/**
 * Everything a refused call may not have touched: the whole ledger, but the log of who did or was refused what, and when a session or
 * a key was last used.
 */
export function ledgerState({ connection: { sqlite } }: Ledger): string {
  const tables = sqlite
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('audit_log', 'admin_sessions', 'api_keys')",
    )
    .pluck()
    .all() as string[];
  return JSON.stringify([
    ...tables.map((table) => [table, sqlite.prepare(`SELECT * FROM "${table}"`).all()]),
    sqlite.prepare('SELECT hash FROM admin_sessions ORDER BY 1').all(),
    sqlite.prepare('SELECT id, name, hash, scopes, expires_at, revoked_at FROM api_keys ORDER BY 1').all(),
  ]);
}
