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
    // What is erased is overwritten in the file, not only forgotten.
    sqlite.pragma('secure_delete = ON');
    sqlite.pragma('cache_size = -65536');
    // 16 MB of log before pages are written back: what a sweep touches again and again is written once.
    sqlite.pragma('wal_autocheckpoint = 4096');
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
  const mark = (key: string): string | undefined =>
    sqlite.prepare('SELECT value FROM marks WHERE key = ?').pluck().get(key) as string | undefined;
  const proof = mark('data-key-proof');
  if (proof !== undefined && !sealer.sealing)
    throw new InputError(
      'contact data in this ledger is sealed, and there is no key',
      'set PATROL_DATA_KEY (or PATROL_DATA_KEY_FILE) to the key it was sealed with',
    );
  if (proof !== undefined) sealer.unseal(proof);
  const columns = JSON.stringify(SEALED);
  if (sealer.sealing && (proof === undefined || mark('data-key-columns') !== columns))
    sqlite
      .transaction(() => {
        // What was written before there was a key, or by a version that sealed less: looked up by its seal from now on.
        for (const [table, columns] of Object.entries(SEALED))
          sqlite.exec(`UPDATE ${table} SET ${columns.map((column) => `${column} = seal(${column})`).join(', ')}`);
        rememberKey(sqlite, sealer);
      })
      .immediate();
}

function rememberKey(sqlite: Database.Database, sealer: Sealer): void {
  const put = sqlite.prepare(
    'INSERT INTO marks (key, value, updated_at) VALUES (?, ?, 0) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  put.run('data-key-proof', sealer.seal('it fits'));
  put.run('data-key-columns', JSON.stringify(SEALED));
}

/**
 * Give the ledger another key (or none: everything stands open then), in one transaction: all of it, or nothing. Gives columns of rows
 * written anew; `record` writes what else belongs to it in the same transaction. Nothing else may have the ledger open: whoever has,
 * holds the old key. Throws InputError when somebody has.
 */
export function exchangeKey(
  { sqlite }: LedgerConnection,
  { from, to }: { from: Buffer | null; to: Buffer | null },
  record: () => void = () => {},
): { changed: number; compacted: boolean } {
  const [old, next] = [createSealer(from), createSealer(to)];
  try {
    // Leaving the write-ahead log takes being alone, and alone it stays: a worker would go on to write by the old key.
    sqlite.pragma('locking_mode = EXCLUSIVE');
    sqlite.pragma('journal_mode = DELETE');
  } catch (error) {
    sqlite.pragma('locking_mode = NORMAL');
    throw new InputError(
      `the ledger is in use (${codeOf(error)}): its key cannot be exchanged`,
      'stop every worker and command that has it open, then try again',
    );
  }
  sqlite.function('reseal', { deterministic: true }, (text) => next.seal(old.unseal(text as string | null)));
  const changed = sqlite
    .transaction(() => {
      let changed = 0;
      for (const [table, columns] of Object.entries(SEALED))
        for (const column of columns)
          changed += sqlite
            .prepare(`UPDATE ${table} SET ${column} = reseal(${column}) WHERE ${column} IS NOT NULL`)
            .run().changes;
      if (next.sealing) rememberKey(sqlite, next);
      else sqlite.prepare("DELETE FROM marks WHERE key IN ('data-key-proof', 'data-key-columns')").run();
      record();
      return changed;
    })
    .exclusive();
  let compacted = true;
  try {
    // What stood in freed pages stood there under the old key. The copy is as large as the ledger: on the disk, not in memory.
    sqlite.pragma('temp_store = FILE');
    sqlite.exec('VACUUM');
  } catch {
    // The exchange is done all the same, and must not be told as failed.
    compacted = false;
  }
  sqlite.pragma('temp_store = MEMORY');
  sqlite.pragma('locking_mode = NORMAL');
  sqlite.pragma('journal_mode = WAL');
  return { changed, compacted };
}

/** Columns that hold contact data and secrets: every statement that touches them seals and unseals (db/queries*.ts). */
export const SEALED: Readonly<Record<string, readonly string[]>> = {
  contacts: ['name', 'phone', 'email', 'mobile'],
  extra_contacts: ['name', 'email', 'phone'],
  contact_tokens: ['address'],
  dead_addresses: ['address'],
  notices: ['recipient', 'person', 'name'],
  messages: ['recipient', 'content'],
  inbound_messages: ['mobile', 'body'],
  in_site_messages: ['title', 'body'],
  orders: ['contact'],
  admins: ['totp_secret'],
  webhooks: ['secret'],
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
