import { EventEmitter } from 'node:events';
import { setImmediate as macrotask } from 'node:timers/promises';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import { type PgPool, type PgPoolClient, type PgQueryResult, runMigrations } from 'bullmq';

type Params = readonly unknown[];
interface OpenTransaction {
  tx: Transaction;
  finish: () => void;
  done: Promise<unknown>;
}

/** How long queries may follow one another before timers and sockets of the process get their turn. */
const BREAK_AFTER_MS = 5;

/** Without parameters: the simple protocol, since a migration holds many statements. */
async function run(on: PGlite | Transaction, text: string, params?: Params): Promise<PgQueryResult<never>> {
  const result = params?.length ? await on.query<never>(text, [...params]) : (await on.exec(text)).at(-1);
  return { rows: (result?.rows ?? []) as never[], rowCount: result?.affectedRows || result?.rows.length || 0 };
}

/**
 * Gives BullMQ's PostgreSQL backend the `pg.Pool` it wants over one in-process PGlite. One query runs at a time; PGlite
 * answers in microtasks only, so without a macrotask in between a busy queue would starve every timer of the process.
 */
class PGlitePool extends EventEmitter implements PgPool {
  /** In-process: a LISTEN cannot drop silently. */
  readonly options = { keepAlive: true };
  readonly db: PGlite;
  #tail: Promise<unknown> = Promise.resolve();
  #lastBreakMs = 0;

  constructor(db: PGlite) {
    super();
    this.db = db;
    this.setMaxListeners(0);
  }

  query(text: string, params?: Params): Promise<PgQueryResult<never>> {
    const result = this.#tail.then(async () => {
      if (performance.now() - this.#lastBreakMs > BREAK_AFTER_MS) {
        await macrotask();
        this.#lastBreakMs = performance.now();
      }
      return run(this.db, text, params);
    });
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async connect(): Promise<PgPoolClient> {
    return new PGliteClient(this);
  }

  /** Whoever made the database closes it. */
  async end(): Promise<void> {}
}

/** One checked-out client: notifications, and transactions that keep everybody else's queries out until they end. */
class PGliteClient extends EventEmitter implements PgPoolClient {
  readonly #pool: PGlitePool;
  readonly #unsubscribe: () => void;
  #open: OpenTransaction | undefined;

  constructor(pool: PGlitePool) {
    super();
    this.setMaxListeners(0);
    this.#pool = pool;
    this.#unsubscribe = pool.db.onNotification((channel, payload) => this.emit('notification', { channel, payload }));
  }

  async query(text: string, params?: Params): Promise<PgQueryResult<never>> {
    const word = /^\s*(BEGIN|COMMIT|ROLLBACK)\s*;?\s*$/i.exec(text)?.[1]?.toUpperCase();
    if (word === undefined) return this.#open ? run(this.#open.tx, text, params) : this.#pool.query(text, params);
    if (word === 'BEGIN') await this.#begin();
    else await this.#finish(word === 'ROLLBACK');
    return { rows: [], rowCount: 0 };
  }

  #begin(): Promise<void> {
    return new Promise((started, failed) => {
      const done: Promise<void> = this.#pool.db.transaction(
        (tx) =>
          new Promise<void>((finish) => {
            queueMicrotask(() => {
              this.#open = { tx, finish, done };
              started();
            });
          }),
      );
      done.catch(failed);
    });
  }

  async #finish(rollback: boolean): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    if (rollback) await open.tx.rollback();
    open.finish();
    await open.done;
  }

  release(): void {
    this.#unsubscribe();
    this.removeAllListeners();
    void this.#finish(true).catch(() => undefined);
  }
}

/** Migrate BullMQ's schema into a PGlite and give the pool over it. */
export async function createPGlitePool(db: PGlite): Promise<PgPool> {
  const pool = new PGlitePool(db);
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
  // The search path is a session's, and there is only one session.
  await db.exec('SET search_path TO bullmq, public');
  return pool;
}
