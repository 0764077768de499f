/** The thread of {@link FiguresCounter}: opens the ledger read-only, counts, tells, ends. */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { queries } from '../../db/queries.ts';

const startedAt = performance.now();
const sqlite = new Database(workerData as string, { readonly: true, timeout: 5000 });
try {
  const count = (name: 'siteTotals' | 'verdictTotals' | 'worstTotals'): unknown[] =>
    sqlite.prepare(queries[name]).all();
  const figures = { sites: count('siteTotals'), verdicts: count('verdictTotals'), worst: count('worstTotals') };
  parentPort?.postMessage({ ...figures, tookMs: performance.now() - startedAt });
} finally {
  sqlite.close();
}
