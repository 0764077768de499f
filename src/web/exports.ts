import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import writeExcelFile from 'write-excel-file/node';
import { beijingTable } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { STATES } from '../cases/moves.ts';
import type { CaseState } from '../cases/types.ts';
import { checks } from '../checks/index.ts';
import { InputError } from '../errors.ts';
import { quoteCell } from '../filing/import-filings.ts';
import type { SiteQuery } from '../ledger/site-list-store.ts';
import { openName } from '../privacy/open-names.ts';
import { caseSummary } from '../view/case-summary.ts';

/** How a table is written to a file. */
export const FORMATS = ['csv', 'ndjson', 'xlsx'] as const;
export type Format = (typeof FORMATS)[number];

export const FILE_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** Rows a spreadsheet file may have: it is made in memory, and people do not read more. */
const MAX_XLSX_ROWS = 20_000;
/** Rows made at a time: pages are served in between. */
const CHUNK = 50;
/** Files made at a time: each walks the register. */
const MAX_RUNNING = 4;

/** A time in a table (epoch ms): an ISO instant for machines, Beijing time for people. */
interface Instant {
  at: number | null;
}
type Cell = string | number | boolean | null | Instant;
type Row = Record<string, Cell>;

/** Who reads a file: machines, or people in their language. */
export type Reader = 'machine' | 'zh' | 'en';

/** What columns are called for people who read Chinese. */
const ZH: Record<string, string> = {
  site_number: '网站备案号',
  domain: '域名',
  site_name: '网站名称',
  subject_name: '主办单位名称',
  province: '省份',
  access_provider: '接入服务商',
  state: '状态',
  last_look_at: '最近核查',
  code: '案件码',
  programme: '项目',
  number: '备案号',
  opened_at: '立案时间',
  deadline_at: '整改期限',
  told_at: '告知时间',
  cancel_due_at: '取消接入期限',
  dry_run: '试运行',
  problems: '问题',
};
const headOf = (key: string, reader: Reader): string =>
  reader === 'zh' ? (ZH[key] ?? checks.find(({ id }) => id === key)?.title.zh ?? key) : key;

/** Sites with the verdict of every check. No personal data: private persons' own names are masked. */
export async function* siteRows({ ledger }: CaseKeeper, query: SiteQuery): AsyncGenerator<Row> {
  for (let cursor: string | null = null; ; ) {
    const { rows, next } = ledger.sites.page(query, cursor, CHUNK);
    for (const row of rows) {
      const states = ledger.verdicts.standing(row.id);
      const looked = states.flatMap(({ checkedAt }) => checkedAt ?? []);
      yield {
        site_number: row.siteNumber,
        domain: row.host,
        site_name: row.name,
        subject_name: openName(row.subjectName, row.subjectKind),
        province: row.province,
        access_provider: row.accessProvider,
        state: row.state,
        last_look_at: { at: looked.length === 0 ? null : Math.max(...looked) },
        ...Object.fromEntries(
          checks.map(({ id }) => [id, states.find(({ checkId }) => checkId === id)?.verdict ?? null]),
        ),
      };
    }
    if (next === null) return;
    cursor = next;
    await setImmediate();
  }
}

/** What cases are narrowed to; without states all of them. */
export interface CaseFilter {
  states?: readonly CaseState[];
  programme?: string;
}

/** Cases with what is wrong, by its codes. */
export async function* caseRows(
  keeper: CaseKeeper,
  { states, programme }: CaseFilter,
  reader: Reader,
): AsyncGenerator<Row> {
  const { ledger } = keeper;
  let count = 0;
  for (const id of ledger.cases.ids()) {
    if (++count % CHUNK === 0) await setImmediate();
    const record = ledger.cases.get(id);
    if (record === null || (states !== undefined && !states.includes(record.state))) continue;
    if (programme !== undefined && record.programme !== programme) continue;
    const { code, number, domain } = caseSummary(keeper, record);
    const title = keeper.rules.programmes.programmes[record.programme]?.title;
    yield {
      code,
      programme: reader === 'machine' ? record.programme : (title?.[reader] ?? record.programme),
      number,
      domain,
      state: reader === 'zh' ? STATES[record.state].zh : record.state,
      problems: ledger.cases
        .findings(id)
        .filter(({ clearedAt }) => clearedAt === null)
        .map(({ code: problem }) => problem)
        .join(' '),
      opened_at: { at: record.openedAt },
      deadline_at: { at: record.deadlineAt },
      told_at: { at: record.toldAt },
      cancel_due_at: { at: record.cancelDueAt },
      dry_run: record.dryRun,
    };
  }
}

/** Files of whole tables: CSV and NDJSON as a stream of any length, XLSX up to twenty thousand rows; a few at a time. */
export class Exports {
  #running = 0;

  /** Write rows. Throws InputError where too many files are being made, or an XLSX would be too long. */
  async file(rows: AsyncIterable<Row>, format: Format, sheet: string, reader: Reader): Promise<Readable | Buffer> {
    if (this.#running >= MAX_RUNNING)
      throw new InputError(
        `${MAX_RUNNING} exports are being made`,
        'wait until one of them has ended',
        `同时最多导出 ${MAX_RUNNING} 个文件，请等其中一个结束`,
      );
    this.#running++;
    let ended = false;
    const end = (): void => {
      if (!ended) this.#running--;
      ended = true;
    };
    if (format === 'xlsx')
      try {
        return await xlsxOf(rows, sheet, reader);
      } finally {
        end();
      }
    const stream = Readable.from(format === 'csv' ? csvOf(rows, reader) : ndjsonOf(rows), { objectMode: false });
    // However it ends: read to its end, or hung up on.
    stream.once('close', end);
    return stream;
  }
}

function textOf(cell: Cell, reader: Reader): string | number {
  if (cell === null) return '';
  if (typeof cell === 'boolean') return reader === 'zh' ? (cell ? '是' : '否') : String(cell);
  if (typeof cell !== 'object') return cell;
  if (cell.at === null) return '';
  return reader === 'machine' ? new Date(cell.at).toISOString() : beijingTable(cell.at);
}

async function* csvOf(rows: AsyncIterable<Row>, reader: Reader): AsyncGenerator<string> {
  let head = true;
  for await (const row of rows) {
    if (head)
      yield `\ufeff${Object.keys(row)
        .map((key) => headOf(key, reader))
        .join(',')}\n`;
    head = false;
    yield `${Object.values(row)
      .map((cell) => quoteCell(textOf(cell, reader)))
      .join(',')}\n`;
  }
}

async function* ndjsonOf(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) {
    const plain = Object.entries(row).map(([key, cell]) => [
      key,
      typeof cell === 'object' && cell !== null ? (cell.at === null ? null : new Date(cell.at).toISOString()) : cell,
    ]);
    yield `${JSON.stringify(Object.fromEntries(plain))}\n`;
  }
}

async function xlsxOf(rows: AsyncIterable<Row>, sheet: string, reader: Reader): Promise<Buffer> {
  const cells: (string | number)[][] = [];
  for await (const row of rows) {
    if (cells.length === 0) cells.push(Object.keys(row).map((key) => headOf(key, reader)));
    cells.push(Object.values(row).map((cell) => textOf(cell, reader)));
    if (cells.length > MAX_XLSX_ROWS)
      throw new InputError(
        `more than ${MAX_XLSX_ROWS} rows do not go into one XLSX file`,
        'take .csv or .ndjson, which have no such limit',
        `超过 ${MAX_XLSX_ROWS} 行不能导出为 XLSX，请导出 CSV，或缩小筛选范围`,
      );
  }
  return writeExcelFile(cells as never, { sheet } as never).toBuffer();
}
