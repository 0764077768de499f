import { beijingDate, isDate } from '../calendar/beijing-time.ts';
import { InputError } from '../errors.ts';
import { readDateText } from '../filing/read-date.ts';
import { readRawRows } from '../filing/read-rows.ts';
import { parseIcpNumber } from '../filing/site-number.ts';
import type { BureauRow } from '../ledger/bureau-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { missingColumns, type RowFault } from './read-orders.ts';

/** What a list of the bureau's is called in its columns. */
const COLUMNS: Record<'number' | 'state' | 'holder' | 'asOf', readonly string[]> = {
  // A site's number goes before its subject's: the state is that of the narrower one.
  number: ['number', '网站备案号', '备案号', '备案编号', '备案/许可证号', '主体备案号'],
  state: ['state', '状态', '备案状态'],
  holder: ['holder', '主办单位名称', '主办单位', '主体名称', '单位名称'],
  asOf: ['as_of', '日期', '数据日期', '更新日期'],
};

const ALIVE = /^(?:alive|active|正常|有效|已备案)$/i;
const REVOKED = /^(?:revoked|注销|已注销|吊销|撤销|空壳注销)$/i;
const PAGE = 1000;

/** What an import of the bureau's list did. */
export interface BureauImport {
  rows: number;
  changed: number;
  rejected: RowFault[];
}

/**
 * Import the bureau's list of numbers (R15): number, alive or revoked, holder. Good rows are kept; bad ones are named with row,
 * field and remedy. Nothing follows from it by itself but what the checks read; `applyRevocations` ends re-checks.
 */
export async function importBureauList(
  file: string,
  ledger: Ledger,
  options: { asOf: string; now: number },
): Promise<BureauImport> {
  const summary: BureauImport = { rows: 0, changed: 0, rejected: [] };
  let page: BureauRow[] = [];
  const flush = (): void => {
    summary.changed += ledger.bureau.put(page, options.now);
    page = [];
  };
  for await (const row of readRawRows(file)) {
    if (summary.rows === 0 && 'cells' in row) {
      const missing = missingColumns(Object.keys(row.cells), { number: COLUMNS.number, state: COLUMNS.state });
      if (missing !== null)
        throw new InputError(`${file}: ${missing}`, 'name the columns 备案号 and 状态 (正常 / 注销)');
    }
    summary.rows++;
    if ('broken' in row) {
      summary.rejected.push({ row: row.line, field: '(row)', remedy: row.broken.remedy });
      continue;
    }
    const { line, cells } = row;
    const cell = (name: keyof typeof COLUMNS): string => {
      const heads = Object.keys(cells);
      const values = COLUMNS[name].map((known) => cells[heads.find((one) => one.trim() === known) ?? '']?.trim() ?? '');
      return values.find((value) => value !== '') ?? '';
    };
    const parsed = parseIcpNumber(cell('number'));
    const state = REVOKED.test(cell('state')) ? 'revoked' : ALIVE.test(cell('state')) ? 'alive' : null;
    const asOf = cell('asOf') === '' ? options.asOf : (readDateText(cell('asOf')) ?? cell('asOf'));
    if (!parsed.ok)
      summary.rejected.push({ row: line, field: 'number', value: cell('number'), remedy: parsed.problem.remedy });
    else if (state === null)
      summary.rejected.push({
        row: line,
        field: 'state',
        value: cell('state'),
        remedy: 'say whether the number is alive or revoked (正常 / 注销)',
      });
    else if (!isDate(asOf) || asOf > beijingDate(options.now))
      summary.rejected.push({
        row: line,
        field: 'as_of',
        value: asOf,
        remedy: 'write a date that is not in the future, YYYY-MM-DD',
      });
    else page.push({ number: parsed.number.canonical, state, holder: cell('holder') || null, asOf });
    if (page.length >= PAGE) flush();
  }
  flush();
  return summary;
}

/** Most sites one run may end unless told otherwise: a broken list must not end the register. */
export const MAX_REVOCATIONS = 100;

/**
 * End the re-checks of active sites whose number the bureau revoked (R15): they leave, with their cases. Gives them, or what would
 * leave in a dry run. More than `max` at once leave nothing: somebody should look at the list first.
 */
export function applyRevocations(
  ledger: Ledger,
  options: { dryRun: boolean; max: number; now: number },
): { sites: { siteNumber: string; asOf: string }[]; stopped: boolean } {
  const revoked = ledger.bureau.revokedSites(options.max + 1);
  const stopped = revoked.length > options.max;
  if (!options.dryRun && !stopped)
    ledger.transaction(() => {
      for (const { siteId } of revoked) ledger.filings.leave(siteId, 'revoked', options.now);
    });
  return { sites: revoked.map(({ siteNumber, asOf }) => ({ siteNumber, asOf })), stopped };
}
