import { setImmediate } from 'node:timers/promises';
import { InputError } from '../errors.ts';
import type { LedgerFigures } from '../ledger/figures.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { SiteQuery } from '../ledger/site-list-store.ts';

/** Parts of the register a count looks at, of a thousand rows each, before it says "more". */
const MOST_PARTS = 200;

/** Ask for all sites of a query, a chunk at a time, so that nothing else waits for it. Gives how many. */
export async function requestAll(ledger: Ledger, query: SiteQuery, by: string, now: number): Promise<number> {
  demandWhole(ledger, query);
  let asked = 0;
  for (const ids of ledger.sites.ids(query)) {
    if (ids.length > 0) ledger.sweeps.requestRescan(ids, by, now, true);
    asked += ids.length;
    await setImmediate();
  }
  return asked;
}

/** How many sites a query finds, counted up to a limit, for at most `budgetMs` of this process's own work. */
export async function countUpTo(
  ledger: Ledger,
  query: SiteQuery,
  most: number,
  budgetMs = Number.POSITIVE_INFINITY,
): Promise<{ count: number; more: boolean }> {
  let count = 0;
  let parts = 0;
  let spentMs = 0;
  let begun = performance.now();
  for (const ids of ledger.sites.ids(query)) {
    count += ids.length;
    spentMs += performance.now() - begun;
    if (count >= most || ++parts >= MOST_PARTS || spentMs >= budgetMs)
      return { count: Math.min(count, most), more: true };
    await setImmediate();
    begun = performance.now();
  }
  return { count, more: false };
}

/** About how many active sites a filter finds, where the whole ledger's figures know it; null where they do not. */
export function countedSites(
  figures: LedgerFigures | null,
  { state: _active, verdict, checkId, ...others }: SiteQuery,
): number | null {
  if (figures === null || Object.values(others).some((one) => one !== undefined)) return null;
  if (checkId !== undefined)
    return figures.verdicts.find((one) => one.checkId === checkId && one.verdict === verdict)?.count ?? 0;
  // Other verdicts of a site may stand beside its worst: only the worst of all is counted by site.
  if (verdict === 'fail') return figures.worst.find(({ worst }) => worst === 4)?.count ?? 0;
  if (verdict !== undefined) return null;
  return figures.sites.filter(({ state }) => state === 'active').reduce((sum, { count }) => sum + count, 0);
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

/**
 * Throws InputError where a filter cannot be worked through: a text that matches more than is looked through, a text of nothing, a
 * check without a verdict.
 */
export function demandWhole(ledger: Ledger, query: SiteQuery): void {
  if (query.text !== undefined && query.text.replace(/[\p{Cc}\s]/gu, '') === '')
    throw new InputError('the text is empty', 'leave it out, or give one', '检索内容为空');
  if (query.text !== undefined && ledger.sites.page(query, null, 1).truncated)
    throw new InputError(
      'too many sites match the text: only some of them could be looked through',
      'give more of the domain, number or name, or use the other filters',
      '匹配的网站过多，请输入更完整的内容，或改用其他筛选条件',
    );
}
