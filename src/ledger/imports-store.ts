import type { ImportRecord } from '../filing/import-filings.ts';
import { maskEmail, maskName, maskPhone, maskText } from '../log.ts';
import type { Statements } from './statements.ts';

/** An import that ran. */
export interface ImportRun {
  id: number;
  file: string;
  startedAt: number;
  finishedAt: number | null;
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
}

/** A cell an import did not take, its value masked. */
export interface ImportReject {
  id: number;
  row: number;
  column: string;
  value: string;
  remedy: string;
}

/** What is kept of a cell that was not taken: nothing that names or reaches a person. */
function maskCell(column: string, value: string): string {
  if (value === '' || column === '(row)') return '';
  if (/phone/.test(column)) return maskPhone(value);
  if (/email/.test(column)) return maskEmail(value);
  if (/head_name|representative|shareholders|holder/.test(column)) return maskName(value);
  return maskText(value);
}

/** Imports, and the first of what they did not take. */
export class ImportsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Remember an import. Gives its id. */
  record(summary: ImportRecord, startedAt: number, finishedAt: number): number {
    const { file, rows, created, updated, unchanged, rejected } = summary;
    return this.#db.transaction(() => {
      const values = [file, startedAt, finishedAt, rows, created, updated, unchanged, rejected] as const;
      const { id } = this.#db.get<{ id: number }>('importInsert', ...values) as { id: number };
      for (const { row, column, value, remedy } of summary.kept)
        this.#db.run('importRejectInsert', id, row, column, maskCell(column, value).slice(0, 200), remedy);
      return id;
    });
  }

  /** Imports, newest first, before an id. */
  recent(before: number | null, limit: number): ImportRun[] {
    return this.#db.all('importsRecent', before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  get(id: number): ImportRun | null {
    return this.#db.get<ImportRun>('importById', id) ?? null;
  }

  /** Rejects of an import, in their order, after one. */
  rejects(importId: number, after: number, limit: number): ImportReject[] {
    return this.#db.all('importRejects', importId, after, limit);
  }
}
