import { Worker } from 'node:worker_threads';
import type { Verdict } from '../checks/types.ts';

/** Figures of the whole ledger: counting them walks whole indexes. */
export interface LedgerFigures {
  /** When they were counted (epoch ms). */
  at: number;
  tookMs: number;
  /** Sites by province and state. */
  sites: { province: string; state: string; count: number }[];
  /** Standing verdicts by check. */
  verdicts: { verdict: Verdict; checkId: string; count: number }[];
  /** Active sites by their worst verdict: 4 fail, 3 warn, 2 inconclusive, 1 pass, 0 not judged. */
  worst: { worst: number; count: number }[];
}

/** Younger figures are shown as they are; and counting takes at most this share of a core. */
const FRESH_MS = 60_000;
const SHARE = 0.05;

/**
 * Counts figures in a thread that only reads, so that neither the worker nor a page waits for them. Older ones are given at once
 * while new ones are counted.
 */
export class FiguresCounter {
  readonly #path: string;
  readonly #now: () => number;
  readonly #onFault: (error: unknown) => void;
  #latest: LedgerFigures | null = null;
  #counting: Promise<void> | null = null;
  #worker: Worker | null = null;
  #closed = false;

  /** `path`: the ledger's file. `onFault` hears when counting failed: the figures before stay. */
  constructor(path: string, now: () => number, onFault: (error: unknown) => void) {
    this.#path = path;
    this.#now = now;
    this.#onFault = onFault;
  }

  /** The figures last counted; null before the first count. Starts a new count where they are old. */
  latest(): LedgerFigures | null {
    const known = this.#latest;
    if (known === null || this.#now() - known.at > Math.max(FRESH_MS, known.tookMs / SHARE)) void this.refresh();
    return this.#latest;
  }

  /** Count now; resolves once it is done, or failed. */
  refresh(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#counting ??= this.#count()
      .then((figures) => {
        this.#latest = { ...figures, at: this.#now() };
      })
      .catch((error: unknown) => {
        if (!this.#closed) this.#onFault(error);
      })
      .finally(() => {
        this.#counting = null;
      });
    return this.#counting;
  }

  #count(): Promise<Omit<LedgerFigures, 'at'>> {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./figures-thread.ts', import.meta.url), { workerData: this.#path });
      this.#worker = worker;
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => {
        this.#worker = null;
        reject(new Error('the counting thread ended without figures'));
      });
    });
  }

  /** End a count that is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
    await this.#counting;
  }
}
