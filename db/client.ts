import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3';
import { migrate } from 'drizzle-orm/better-sqlite3/migrator';
import { codeOf, InputError, messageOf } from '../src/errors.ts';
import * as schema from './schema.ts';
import { createSealer, type Sealer, teachSealing } from './seal.ts';

/** An open ledger: drizzle for the everyday, `sqlite` for the hot paths. */
export interface LedgerConnection {
  sqlite: Database.Database;
  orm: BetterSQLite3Database<typeof schema>;
  path: string;
  close: () => void;
}

const MIGRATIONS = join(import.meta.dirname, 'migrations');

/**
 * Open (and migrate) the ledger at a path. WAL, foreign keys on, five seconds of patience with another writer.
 * Throws InputError naming the path and the remedy when it cannot be opened, is locked, full, or no database.
 */
export function openLedger(
  path: string,
  options: { busyTimeoutMs?: number; dataKey?: Buffer | null } = {},
): LedgerConnection {
  let sqlite: Database.Database | null = null;
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    sqlite = new Database(path, { timeout: options.busyTimeoutMs ?? 5000 });
    sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = NORMAL');
    sqlite.pragma('foreign_keys = ON');
    sqlite.pragma('temp_store = MEMORY');
    sqlite.pragma('cache_size = -65536');
    const sealer = createSealer(options.dataKey ?? null);
    teachSealing(sqlite, sealer);
    const orm = drizzle(sqlite, { schema });
    migrate(orm, { migrationsFolder: MIGRATIONS });
    const connection = sqlite;
    checkKey(connection, sealer);
    return { sqlite: connection, orm, path, close: () => connection.close() };
  } catch (error) {
    sqlite?.close();
    throw ledgerError(error, path);
  }
}

/** The key fits what it sealed the first time: a wrong one is told at the start, not at the first notice. Throws InputError. */
function checkKey(sqlite: Database.Database, sealer: Sealer): void {
  const proof = sqlite.prepare("SELECT value FROM marks WHERE key = 'data-key-proof'").pluck().get() as
    | string
    | undefined;
  if (proof !== undefined) sealer.unseal(proof);
  else if (sealer.sealing)
    sqlite
      .transaction(() => {
        // What was written before there was a key: looked up by its seal from now on, so nothing may be left open.
        for (const [table, columns] of Object.entries(SEALED))
          sqlite.exec(`UPDATE ${table} SET ${columns.map((column) => `${column} = seal(${column})`).join(', ')}`);
        const proof = sealer.seal('it fits');
        sqlite.prepare("INSERT INTO marks (key, value, updated_at) VALUES ('data-key-proof', ?, 0)").run(proof);
      })
      .immediate();
}

/** Columns that hold contact data: every statement that touches them seals and unseals (db/queries*.ts). */
export const SEALED: Readonly<Record<string, readonly string[]>> = {
  contacts: ['name', 'phone', 'email', 'mobile'],
  extra_contacts: ['name', 'email', 'phone'],
  contact_tokens: ['address'],
  dead_addresses: ['address'],
  notices: ['recipient', 'person', 'name'],
  messages: ['recipient', 'content'],
  inbound_messages: ['mobile', 'body'],
};

/** Turn SQLite's error into one line with a remedy; other errors pass through. */
export function ledgerError(error: unknown, path: string): unknown {
  const root = error instanceof Error && error.cause instanceof Error && codeOf(error) !== '' ? error.cause : error;
  const code = codeOf(error);
  const remedies: [RegExp, string][] = [
    [/SQLITE_(?:BUSY|LOCKED)/, 'another process holds the ledger: stop it, or wait and try again'],
    [/SQLITE_FULL|ENOSPC/, 'the disk is full: free space; nothing that was confirmed is lost'],
    [/SQLITE_NOTADB|SQLITE_CORRUPT/, 'the file is no ledger or is damaged: set ledger.path, or restore a backup'],
    [
      /SQLITE_CANTOPEN|EACCES|EPERM|ENOTDIR|EISDIR|EROFS|SQLITE_READONLY|SQLITE_IOERR/,
      'check that the folder exists and is writable',
    ],
  ];
  for (const [pattern, remedy] of remedies) {
    if (pattern.test(code)) return new InputError(`ledger ${path}: ${messageOf(root)} (${code})`, remedy);
  }
  return error;
}
