import { createHash } from 'node:crypto';
import { createWriteStream, type WriteStream, writeFileSync } from 'node:fs';
import { InputError, messageOf } from '../errors.ts';
import { COLUMN_NAMES, type Field } from './columns.ts';
import { openRows, type RowSource } from './read-rows.ts';
import { type FilingRow, type RowProblem, validateRow } from './validate-row.ts';

/** What an import did. */
export interface ImportSummary {
  file: string;
  format: RowSource['format'];
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  rejected: number;
  /** Where the rejected rows are, or null when there are none. */
  rejectsFile: string | null;
  ignoredColumns: string[];
  dryRun: boolean;
  /** The first of what is wrong; all of it stands in the file of rejects. */
  problems: { row: number; column: string; value: string; remedy: string }[];
  problemCount: number;
}

/** What an import hands to the ledger: the summary, and as many rejects as are kept there. */
export type ImportRecord = ImportSummary & { kept: ImportSummary['problems'] };

/** Where filings go: the ledger, as far as an import knows it. */
export interface FilingSink {
  upsertFilings: (
    rows: FilingRow[],
    startedAt: number,
  ) => { index: number; result: 'created' | 'updated' | 'unchanged'; siteId: number }[];
  recordImport: (summary: ImportRecord, startedAt: number, finishedAt: number) => void;
}

/** How an import is to be done. */
export interface ImportOptions {
  dryRun: boolean;
  rejectsFile: string;
  accessProvider: string;
  /** Provider ids and names (lower case) → id. */
  providers: ReadonlyMap<string, string>;
  now: () => number;
  /** Rows of one transaction (1000): others that use the same ledger wait for it. */
  batchRows?: number;
  onProgress?: (progress: { rows: number; rejected: number; share: number }) => void;
  /** Called for every site taken, with its ledger id (none in a dry run). */
  onSite?: (siteId: number) => void;
}

const BATCH_ROWS = 1000;
const SHOWN_PROBLEMS = 10;
/** Rejects an import keeps in the ledger, for the console; the file of rejects has all. */
const KEPT_PROBLEMS = 10_000;

/**
 * Import a filings file: stream, validate, upsert (idempotent: the same file twice changes nothing). Good rows are kept
 * whatever the others are; every rejected row is written to `rejectsFile` with row, column, value and remedy.
 * Throws InputError when the file itself cannot be used.
 */
export async function importFilings(file: string, ledger: FilingSink, options: ImportOptions): Promise<ImportSummary> {
  const source = await openRows(file);
  const rejects = new RejectsFile(options.rejectsFile);
  const startedAt = options.now();
  const summary: ImportSummary = {
    file,
    format: source.format,
    rows: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    rejected: 0,
    rejectsFile: null,
    ignoredColumns: source.ignoredColumns,
    dryRun: options.dryRun,
    problems: [],
    problemCount: 0,
  };
  const kept: ImportSummary['problems'] = [];
  // Numbers of this file: 48 bits of a digest each keep a million of them small.
  const seen = new Set<number>();
  let batch: { line: number; row: FilingRow }[] = [];
  const flush = (): void => {
    if (batch.length === 0) return;
    if (!options.dryRun) {
      for (const outcome of ledger.upsertFilings(
        batch.map(({ row }) => row),
        startedAt,
      )) {
        summary[outcome.result]++;
        options.onSite?.(outcome.siteId);
      }
    }
    batch = [];
    options.onProgress?.({ rows: summary.rows, rejected: summary.rejected, share: source.progress() });
  };
  const note = (row: number, column: string, value: string, remedy: string): void => {
    rejects.write(row, column, value, remedy);
    summary.problemCount++;
    if (kept.length < KEPT_PROBLEMS) kept.push({ row, column, value, remedy });
    if (summary.problems.length < SHOWN_PROBLEMS) summary.problems.push({ row, column, value, remedy });
  };
  const reject = (line: number, problems: RowProblem[]): void => {
    summary.rejected++;
    for (const problem of problems) note(line, COLUMN_NAMES[problem.field][0] as string, problem.value, problem.remedy);
  };
  for await (const row of source.rows) {
    summary.rows++;
    if ('broken' in row) {
      summary.rejected++;
      note(row.line, '(row)', row.broken.value, row.broken.remedy);
      continue;
    }
    const result = validateRow(row.cells, options);
    if (!result.ok) reject(row.line, result.problems);
    else if (seen.has(shortDigest(result.row.siteNumber))) reject(row.line, [duplicate(result.row)]);
    else {
      seen.add(shortDigest(result.row.siteNumber));
      batch.push({ line: row.line, row: result.row });
    }
    if (batch.length >= (options.batchRows ?? BATCH_ROWS)) {
      flush();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  flush();
  await rejects.close();
  if (summary.rejected > 0) summary.rejectsFile = options.rejectsFile;
  if (!options.dryRun) ledger.recordImport({ ...summary, kept }, startedAt, options.now());
  return summary;
}

function shortDigest(text: string): number {
  return createHash('sha1').update(text).digest().readUIntBE(0, 6);
}

function duplicate(row: FilingRow): RowProblem {
  const field: Field = 'siteNumber';
  return {
    field,
    value: row.siteNumber,
    remedy: 'the same number stands in an earlier row with other data: keep one of them',
  };
}

/** A CSV of what was rejected; the file is only made when there is something to say. */
class RejectsFile {
  readonly #path: string;
  #stream: WriteStream | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  write(line: number, column: string, value: string, remedy: string): void {
    if (this.#stream === null) {
      try {
        writeFileSync(this.#path, '');
      } catch (error) {
        throw new InputError(
          `rejected rows cannot be written: ${messageOf(error)}`,
          'give --rejects a file in a writable folder',
        );
      }
      this.#stream = createWriteStream(this.#path);
      this.#stream.write('\ufeffrow,column,value,remedy\n');
    }
    this.#stream.write(`${[line, column, value, remedy].map(quoteCell).join(',')}\n`);
  }

  close(): Promise<void> {
    const stream = this.#stream;
    return stream === null ? Promise.resolve() : new Promise((resolve) => stream.end(resolve));
  }
}

/** Quote a CSV cell; a leading formula sign is defused for spreadsheet programs. */
export function quoteCell(value: string | number): string {
  const text = String(value);
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
