import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { FastifyReply } from 'fastify';
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
import { describeFindings } from '../view/verdict-view.ts';

/** How a table is written to a file. */
export const FORMATS = ['csv', 'ndjson', 'xlsx'] as const;
export type Format = (typeof FORMATS)[number];

const FILE_TYPES: Record<Format, string> = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** Rows a spreadsheet file may have: it is made in memory, and people do not read more. */
const MAX_XLSX_ROWS = 20_000;
/** Rows made at a time: pages are served in between. */
const CHUNK = 50;
/** Files made at a time: each walks the register. One person, or key, has two of them. */
const MAX_RUNNING = 8;
const MAX_OF_ONE = 2;
/** A file that nobody reads on is given up after this (ms). */
const UNREAD_MS = 60_000;

/** A time in a table (epoch ms): an ISO instant for machines, Beijing time for people. */
interface Instant {
  at: number | null;
}
type Cell = string | number | boolean | null | Instant;
type Row = Record<string, Cell>;

/** Who reads a file: machines, or people in their language. */
type Reader = 'machine' | 'zh' | 'en';

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

/** Values of ours for people who read Chinese. */
const VALUES_ZH: Record<string, string> = {
  active: '有效',
  'access-cancelled': '已取消接入',
  revoked: '已注销',
  pass: '通过',
  warn: '警告',
  fail: '不通过',
  inconclusive: '未能核实',
};
const inWords = (text: string | null, reader: Reader): string | null =>
  text === null || reader !== 'zh' ? text : (VALUES_ZH[text] ?? text);

/** A table to be written to a file: its columns are known before its first row. */
export interface Table {
  name: 'sites' | 'cases';
  columns: readonly string[];
  rows: AsyncIterable<Row>;
  reader: Reader;
}

const SITE_COLUMNS = [
  ...['site_number', 'domain', 'site_name', 'subject_name', 'province', 'access_provider', 'state', 'last_look_at'],
  ...checks.map(({ id }) => id),
];

/**
 * Sites with the verdict of every check. No personal data: private persons' own names are masked. `titleOf`: what a provider is called
 * for people.
 */
export function siteTable(
  keeper: CaseKeeper,
  query: SiteQuery,
  reader: Reader,
  titleOf: (provider: string) => string = (provider) => provider,
): Table {
  return { name: 'sites', columns: SITE_COLUMNS, rows: siteRows(keeper, query, reader, titleOf), reader };
}

async function* siteRows(
  { ledger }: CaseKeeper,
  query: SiteQuery,
  reader: Reader,
  titleOf: (provider: string) => string,
): AsyncGenerator<Row> {
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
        access_provider: reader === 'machine' ? row.accessProvider : titleOf(row.accessProvider),
        state: inWords(row.state, reader),
        last_look_at: { at: looked.length === 0 ? null : Math.max(...looked) },
        ...Object.fromEntries(
          checks.map(({ id }) => [id, inWords(states.find(({ checkId }) => checkId === id)?.verdict ?? null, reader)]),
        ),
      };
    }
    if (next === null) return;
    cursor = next;
    await setImmediate();
  }
}

/** What cases are narrowed to; without states all of them. */
interface CaseFilter {
  states?: readonly CaseState[];
  programme?: string;
}

const CASE_COLUMNS = [
  ...['code', 'programme', 'number', 'domain', 'state', 'problems', 'opened_at', 'deadline_at', 'told_at'],
  ...['cancel_due_at', 'dry_run'],
];

/** Cases with what is wrong: by its codes for machines, in words for people. */
export function caseTable(keeper: CaseKeeper, filter: CaseFilter, reader: Reader): Table {
  return { name: 'cases', columns: CASE_COLUMNS, rows: caseRows(keeper, filter, reader), reader };
}

async function* caseRows(keeper: CaseKeeper, { states, programme }: CaseFilter, reader: Reader): AsyncGenerator<Row> {
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
        .map((finding) =>
          reader === 'machine'
            ? finding.code
            : (describeFindings(finding.checkId, [{ ...finding, severity: 'fail' }])[0]?.title[reader] ?? finding.code),
        )
        .join(reader === 'machine' ? ' ' : '；'),
      opened_at: { at: record.openedAt },
      deadline_at: { at: record.deadlineAt },
      told_at: { at: record.toldAt },
      cancel_due_at: { at: record.cancelDueAt },
      dry_run: record.dryRun,
    };
  }
}

/**
 * Files of whole tables: CSV and NDJSON as a stream of any length, XLSX up to twenty thousand rows, put together by a thread of its own;
 * a few at a time, two a person.
 */
export class Exports {
  readonly #running = new Map<string, number>();

  /**
   * Answer with a table as a file, for `who`. Throws InputError where too many files are being made, or an XLSX would be too long.
   * `date` stands in its name where given.
   */
  async send(reply: FastifyReply, table: Table, format: Format, who: string, date?: string): Promise<FastifyReply> {
    const end = this.#begin(who);
    const name = date === undefined ? table.name : `${table.name}-${date}`;
    let file: Readable | Buffer;
    try {
      file = format === 'xlsx' ? await xlsxOf(table) : Readable.from(textRows(table, format), { objectMode: false });
    } catch (error) {
      end();
      throw error;
    }
    if (file instanceof Readable) {
      // However it ends: read to its end, hung up on, or not read on for a minute.
      reply.raw.once('close', end);
      if (reply.raw.destroyed) end();
      reply.raw.setTimeout(UNREAD_MS, () => reply.raw.destroy());
    } else end();
    return reply
      .type(FILE_TYPES[format])
      .header('content-disposition', `attachment; filename="${name}.${format}"`)
      .send(file);
  }

  #begin(who: string): () => void {
    const all = [...this.#running.values()].reduce((sum, count) => sum + count, 0);
    const own = this.#running.get(who) ?? 0;
    if (own >= MAX_OF_ONE || all >= MAX_RUNNING)
      throw new InputError(
        `${own >= MAX_OF_ONE ? own : all} exports are being made`,
        'wait until one of them has ended',
        own >= MAX_OF_ONE
          ? `您同时最多导出 ${MAX_OF_ONE} 个文件，请等其中一个结束`
          : `同时最多导出 ${MAX_RUNNING} 个文件，请等其中一个结束`,
      );
    this.#running.set(who, own + 1);
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      const left = (this.#running.get(who) ?? 1) - 1;
      if (left === 0) this.#running.delete(who);
      else this.#running.set(who, left);
    };
  }
}

function textOf(cell: Cell, reader: Reader): string | number {
  if (cell === null) return '';
  if (typeof cell === 'boolean') return reader === 'zh' ? (cell ? '是' : '否') : String(cell);
  if (typeof cell !== 'object') return cell;
  if (cell.at === null) return '';
  return reader === 'machine' ? new Date(cell.at).toISOString() : beijingTable(cell.at);
}

const textRows = (table: Table, format: Format): AsyncGenerator<string> =>
  format === 'csv' ? csvOf(table) : ndjsonOf(table);

async function* csvOf({ columns, rows, reader }: Table): AsyncGenerator<string> {
  yield `\ufeff${columns.map((key) => headOf(key, reader)).join(',')}\n`;
  for await (const row of rows)
    yield `${columns.map((key) => quoteCell(textOf(row[key] ?? null, reader))).join(',')}\n`;
}

async function* ndjsonOf({ rows }: Table): AsyncGenerator<string> {
  for await (const row of rows) {
    const plain = Object.entries(row).map(([key, cell]) => [
      key,
      typeof cell === 'object' && cell !== null ? (cell.at === null ? null : new Date(cell.at).toISOString()) : cell,
    ]);
    yield `${JSON.stringify(Object.fromEntries(plain))}\n`;
  }
}

/** Rows go to the thread as they are read; it puts the file together, which takes a second or two of its own time. */
async function xlsxOf({ name, columns, rows, reader }: Table): Promise<Buffer> {
  const worker = new Worker(new URL('./xlsx-thread.ts', import.meta.url), { workerData: name });
  try {
    const made = new Promise<Uint8Array>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread ended without a file')));
    });
    // Heard of where it is waited for.
    made.catch(() => undefined);
    let chunk: (string | number)[][] = [columns.map((key) => headOf(key, reader))];
    let count = 0;
    for await (const row of rows) {
      if (++count > MAX_XLSX_ROWS)
        throw new InputError(
          `more than ${MAX_XLSX_ROWS} rows do not go into one XLSX file`,
          'take .csv or .ndjson, which have no such limit',
          `超过 ${MAX_XLSX_ROWS} 行不能导出为 XLSX，请导出 CSV，或缩小筛选范围`,
        );
      chunk.push(columns.map((key) => textOf(row[key] ?? null, reader)));
      if (chunk.length >= CHUNK) {
        worker.postMessage(chunk);
        chunk = [];
      }
    }
    worker.postMessage(chunk);
    worker.postMessage(null);
    const bytes = await made;
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } finally {
    await worker.terminate();
  }
}
