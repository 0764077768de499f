import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import writeExcelFile from 'write-excel-file/node';
import { z } from 'zod';
import { quoteCell } from '../../filing/import-filings.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openName } from '../../privacy/open-names.ts';
import { caseSummary } from '../../view/case-summary.ts';
import { ApiFault, type ApiKit, type ApiParts } from './kit.ts';

const TYPES = {
  csv: 'text/csv; charset=utf-8',
  ndjson: 'application/x-ndjson; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
} as const;
/** Rows a spreadsheet file may have: it is made in memory, and people do not read more. */
const MAX_XLSX_ROWS = 20_000;
const CHUNK = 500;

type Row = Record<string, string | number | null>;

/** Whole tables: CSV and NDJSON as a stream of any length, XLSX up to twenty thousand rows. No personal data in any. */
export function addExportRoutes({ app, parts, needs, audit }: ApiKit): void {
  const tables = { sites: sitesOf, cases: casesOf };
  for (const [name, scope] of [
    ['sites', 'filings:read'],
    ['cases', 'cases:read'],
  ] as const) {
    const table = needs(scope, `All ${name}, as a file`, 'exports');
    app.get(
      `/exports/${name}.:format`,
      {
        config: table.config,
        schema: {
          summary: table.summary,
          tags: [table.tag],
          params: z.object({ format: z.enum(['csv', 'ndjson', 'xlsx']) }),
        },
      },
      async (request, reply) => {
        const { format } = request.params;
        audit(request, `export ${name}`, format);
        const rows = tables[name](parts);
        reply.type(TYPES[format]).header('content-disposition', `attachment; filename="${name}.${format}"`);
        if (format === 'xlsx') return reply.send(await xlsxOf(rows, name));
        return reply.send(Readable.from(format === 'csv' ? csvOf(rows) : ndjsonOf(rows), { objectMode: false }));
      },
    );
  }
}

async function* sitesOf({ ledger }: ApiParts): AsyncGenerator<Row> {
  for (let cursor: string | null = null; ; ) {
    const { rows, next } = ledger.sites.page({}, cursor, CHUNK);
    for (const row of rows) yield siteCells(ledger, row.id);
    if (next === null) return;
    cursor = next;
    await setImmediate();
  }
}

function siteCells(ledger: Ledger, siteId: number): Row {
  const row = ledger.sites.row(siteId);
  const verdicts = Object.fromEntries(
    ledger.verdicts.standing(siteId).map(({ checkId, verdict }): [string, string | null] => [checkId, verdict]),
  );
  return {
    site_number: row?.siteNumber ?? '',
    domain: row?.host ?? '',
    site_name: row?.name ?? '',
    subject_name: row === null ? '' : openName(row.subjectName, row.subjectKind),
    province: row?.province ?? '',
    access_provider: row?.accessProvider ?? '',
    state: row?.state ?? '',
    verdicts: Object.entries(verdicts)
      .map(([check, verdict]) => `${check}=${verdict ?? '-'}`)
      .join(' '),
  };
}

async function* casesOf({ keeper, ledger }: ApiParts): AsyncGenerator<Row> {
  let count = 0;
  for (const id of ledger.cases.ids()) {
    const record = ledger.cases.get(id);
    if (record === null) continue;
    const { code, programme, number, domain, state, openedAt, deadlineAt, toldAt, dryRun } = caseSummary(
      keeper,
      record,
    );
    yield {
      code,
      programme,
      number,
      domain,
      state,
      opened_at: openedAt,
      deadline_at: deadlineAt,
      told_at: toldAt,
      dry_run: String(dryRun),
    };
    if (++count % CHUNK === 0) await setImmediate();
  }
}

async function* csvOf(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  let head = true;
  for await (const row of rows) {
    if (head) yield `\ufeff${Object.keys(row).join(',')}\n`;
    head = false;
    yield `${Object.values(row)
      .map((cell) => quoteCell(cell ?? ''))
      .join(',')}\n`;
  }
}

async function* ndjsonOf(rows: AsyncIterable<Row>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`;
}

async function xlsxOf(rows: AsyncIterable<Row>, sheet: string): Promise<Buffer> {
  const cells: (string | number | null)[][] = [];
  for await (const row of rows) {
    if (cells.length === 0) cells.push(Object.keys(row));
    cells.push(Object.values(row));
    if (cells.length > MAX_XLSX_ROWS)
      throw new ApiFault(
        413,
        `more than ${MAX_XLSX_ROWS} rows do not go into one XLSX file`,
        'take .csv or .ndjson, which have no such limit',
      );
  }
  return writeExcelFile(cells as never, { sheet } as never).toBuffer();
}
