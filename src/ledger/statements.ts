import type Database from 'better-sqlite3';
import { type QueryName, queries } from '../../db/queries.ts';

type Parameter = string | number | bigint | Buffer | null;

/** Prepared statements by name, made on first use. Row types are the caller's claim: the SQL stands in `db/queries.ts`. */
export class Statements {
  readonly #sqlite: Database.Database;
  #turn = 0;
  readonly #prepared = new Map<QueryName, Database.Statement<unknown[]>>();

  constructor(sqlite: Database.Database) {
    this.#sqlite = sqlite;
  }

  #statement(name: QueryName): Database.Statement<unknown[]> {
    let statement = this.#prepared.get(name);
    if (statement === undefined) {
      statement = this.#sqlite.prepare(queries[name]);
      this.#prepared.set(name, statement);
    }
    return statement;
  }

  /** The first row, or undefined. */
  get<Row>(name: QueryName, ...parameters: Parameter[]): Row | undefined {
    return this.#statement(name).get(...parameters) as Row | undefined;
  }

  /** All rows. */
  all<Row>(name: QueryName, ...parameters: Parameter[]): Row[] {
    return this.#statement(name).all(...parameters) as Row[];
  }

  /** Rows one by one: nothing else may be asked of the connection by the same statement meanwhile. */
  iterate<Row>(name: QueryName, ...parameters: Parameter[]): IterableIterator<Row> {
    // A statement of its own: a prepared one can be walked once at a time.
    return this.#sqlite.prepare(queries[name]).iterate(...parameters) as IterableIterator<Row>;
  }

  /** Rows changed. */
  run(name: QueryName, ...parameters: Parameter[]): number {
    return this.#statement(name).run(...parameters).changes;
  }

  /** Run in one write transaction, taken at once so that two writers queue up instead of failing half-way. */
  transaction<T>(work: () => T): T {
    this.#turn++;
    try {
      return this.#sqlite.transaction(work).immediate();
    } finally {
      this.#turn++;
    }
  }

  /** Changes whenever a transaction begins or ends, nested ones too; null outside any. Within one turn nobody else writes. */
  get turn(): number | null {
    return this.#sqlite.inTransaction ? this.#turn : null;
  }
}
