import { setImmediate } from 'node:timers/promises';
import type { Ledger } from '../ledger/ledger.ts';
import type { SiteQuery } from '../ledger/site-list-store.ts';

/** Parts of the register a count looks at, of a thousand rows each, before it says "more". */
const MOST_PARTS = 200;

/** Ask for all sites of a query, a chunk at a time, so that nothing else waits for it. Gives how many. */
export async function requestAll(ledger: Ledger, query: SiteQuery, by: string, now: number): Promise<number> {
  let asked = 0;
  for (const ids of ledger.sites.ids(query)) {
    if (ids.length > 0) ledger.sweeps.requestRescan(ids, by, now, true);
    asked += ids.length;
    await setImmediate();
  }
  return asked;
}

/** How many sites a query finds, counted up to a limit. */
export async function countUpTo(
  ledger: Ledger,
  query: SiteQuery,
  most: number,
): Promise<{ count: number; more: boolean }> {
  let count = 0;
  let parts = 0;
  for (const ids of ledger.sites.ids(query)) {
    count += ids.length;
    if (count >= most || ++parts >= MOST_PARTS) return { count: Math.min(count, most), more: true };
    await setImmediate();
  }
  return { count, more: false };
}

/** Sites a second of the last rescans and sweeps; null where none ran lately. */
export function sitesASecond(ledger: Ledger, checksASite: number): number | null {
  const ended = ledger.sweeps
    .recent(20)
    .filter(({ finishedAt, judged, startedAt }) => finishedAt !== null && judged > 0 && finishedAt > startedAt);
  const rates = ended.map(
    ({ judged, startedAt, finishedAt }) => judged / (((finishedAt as number) - startedAt) / 1000),
  );
  return rates.length === 0 ? null : Math.max(...rates) / Math.max(1, checksASite);
}
