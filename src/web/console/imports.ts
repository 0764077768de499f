import { rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { InputError, messageOf } from '../../errors.ts';
import { COLUMN_NAMES, columnHeads, importTemplate } from '../../filing/columns.ts';
import { type ImportSummary, importFilings, quoteCell } from '../../filing/import-filings.ts';
import { remedyZh } from '../../filing/remedy-words.ts';
import { providerNames } from '../../provider/provider-names.ts';
import { formOf } from '../web-app.ts';
import { nextHtml, queryOf, tableHtml, timeHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { type Upload, Uploads } from './uploads.ts';

const PAGE_ROWS = 50;
const REJECT_ROWS = 200;
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const TYPES = ['.csv', '.tsv', '.txt', '.xlsx', '.ndjson', '.jsonl'];

/** An import this process runs, or ran last. */
interface Running {
  file: string;
  startedAt: number;
  rows: number;
  rejected: number;
  share: number;
  ended: boolean;
  failed: { zh: string; en: string } | null;
  /** Nothing is written: what would be rejected is told. */
  dryRun: boolean;
  summary: ImportSummary | null;
}

/** `/imports`: what was imported, what was not taken and why, and a file to import now. */
export async function addImports(kit: ConsoleKit): Promise<void> {
  const { parts, app } = kit;
  let running: Running | null = null;
  kit.page(
    '/imports',
    ({ say }) => say('导入', 'Imports'),
    (visit, request) => listPage(parts, visit, request.query, running),
  );
  kit.data('/imports/mark', () => ({ mark: markOf(running) }));
  kit.data('/imports/template.csv', (visit, _request, reply) =>
    reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="filings-template.csv"')
      .send(importTemplate(visit.admin.language)),
  );
  kit.page(
    '/imports/:id',
    ({ say }) => say('导入结果', 'Import'),
    (visit, request) => importPage(parts, visit, request),
  );
  kit.data('/imports/:id/rejects.csv', ({ say }, request, reply) => {
    const id = Number((request.params as { id: string }).id);
    if (parts.ledger.imports.get(id) === null) return reply.callNotFound();
    const lines = parts.ledger.imports
      .rejects(id, 0, 10_000)
      .map(({ row, column, value, remedy }) =>
        [row, column, value, say(remedyZh(remedy), remedy)].map(quoteCell).join(','),
      );
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="rejects-${id}.csv"`)
      .send(`\ufeff${say('行,列,值,改法', 'row,column,value,remedy')}\n${lines.join('\n')}\n`);
  });
  // Uploads are read here alone, and only once it is known that the form is ours.
  await app.register(async (scope) => {
    const uploads = new Uploads(kit, '/imports');
    await scope.register(multipart, {
      throwFileSizeLimit: false,
      limits: { fileSize: MAX_FILE_BYTES, files: 1, fields: 5, fieldSize: 10_000 },
    });
    // However the request ends: answered, refused, or hung up on.
    scope.addHook('onRequest', async (request, reply) => {
      reply.raw.once('close', () => uploads.forget(request));
    });
    kit.deed(
      '/imports',
      'operator',
      'import',
      () => '/imports',
      (visit, _form, request) => {
        const taken = uploads.of(request);
        if (taken === null)
          throw new InputError(
            visit.say('没有选择文件', 'no file was chosen'),
            visit.say('请选择 CSV、XLSX 或 NDJSON 文件', 'choose a CSV, XLSX or NDJSON file'),
          );
        if (!TYPES.includes(extname(taken.name).toLowerCase()))
          throw new InputError(
            visit.say(`不支持 ${taken.name}`, `${taken.name} is of no known kind`),
            visit.say('请用 CSV、XLSX 或 NDJSON', 'CSV, XLSX or NDJSON'),
          );
        if (taken.cut)
          throw new InputError(
            visit.say('文件超过 512 MB', 'the file has more than 512 MB'),
            visit.say('请分成几个文件，或用命令行导入', 'split it, or use patrol import'),
          );
        if (running !== null && !running.ended)
          throw new InputError(
            visit.say('已有一个导入在进行', 'an import is under way'),
            visit.say('请等它结束', 'wait for its end'),
          );
        if (!uploads.claim(request))
          throw new InputError(
            visit.say('上传中断', 'the upload was broken off'),
            visit.say('请重新上传', 'send it again'),
          );
        const state: Running = {
          file: taken.name,
          startedAt: parts.now(),
          rows: 0,
          rejected: 0,
          share: 0,
          ended: false,
          failed: null,
          dryRun: request.body !== null && formOf(request.body)['dryRun'] === 'yes',
          summary: null,
        };
        running = state;
        void runImport(parts, taken, state).then(() =>
          kit.access.audit(
            visit.admin.name,
            state.dryRun ? 'try an import' : 'import',
            taken.name,
            state.failed === null ? 'done' : 'refused',
            state.failed?.en ?? `${state.rows} rows, ${state.rejected} rejected`,
            parts.now(),
          ),
        );
        return {
          to: '/imports',
          // The audit log tells of it once it has ended, and how.
          said: visit.say('导入已开始，进度见下。', 'The import runs; its progress stands below.'),
        };
      },
      { app: scope, preHandler: (request) => uploads.take(request), longBody: true },
    );
  });
}

async function runImport(
  { ledger, ranges, config, now, log }: ConsoleParts,
  taken: Upload,
  state: Running,
): Promise<void> {
  try {
    const summary = await importFilings(
      taken.path,
      {
        upsertFilings: (rows, at) => ledger.upsertFilings(rows, at),
        recordImport: (record, from, to) => ledger.recordImport({ ...record, file: taken.name }, from, to),
      },
      {
        dryRun: state.dryRun,
        batchRows: 200,
        rejectsFile: join(taken.folder, 'rejects.csv'),
        accessProvider: config.settings.accessProvider,
        providers: providerNames(ranges?.lists ?? []),
        now,
        onProgress: ({ rows, rejected, share }) => Object.assign(state, { rows, rejected, share }),
      },
    );
    Object.assign(state, { rows: summary.rows, rejected: summary.rejected, share: 1, summary });
  } catch (error) {
    // Called as it was sent, not as it lay here meanwhile.
    const named = (text: string): string => text.replaceAll(taken.path, taken.name);
    const en = named(error instanceof InputError ? `${error.message} → ${error.remedy}` : messageOf(error));
    state.failed = { en, zh: error instanceof InputError && error.zh !== null ? named(error.zh) : en };
    log.warn({ error: en }, 'an import failed');
  } finally {
    state.ended = true;
    rmSync(taken.folder, { recursive: true, force: true });
  }
}

/** A column as the file of an operator calls it. */
function columnName({ say }: Visit, column: string): string {
  if (column === '(row)') return say('（整行）', '(row)');
  const names = Object.values(COLUMN_NAMES).find(([english]) => english === column);
  return say(names?.[1] ?? column, column);
}

const markOf = (running: Running | null): string =>
  running === null ? '' : JSON.stringify([running.rows, running.ended]);

function runningHtml(visit: Visit, running: Running | null): string {
  const { say } = visit;
  if (running === null) return '';
  const { file, failed, ended, rows, rejected, dryRun, summary } = running;
  if (failed !== null)
    return html`<p class="said bad" role="alert">${file}：${say('未能导入', 'not imported')}：${say(failed.zh, failed.en)}</p>`;
  if (!ended)
    return html`<p role="status">${file}：${rows.toLocaleString('en')} ${say('行', 'rows')} <progress max="1" value="${running.share}" aria-label="${say('导入进度', 'Progress')}"></progress></p>`;
  const ignored = summary?.ignoredColumns ?? [];
  const passed =
    ignored.length === 0
      ? ''
      : html`<p class="said" role="status">${say(`未识别的列（已忽略）：${ignored.join('、')}`, `Columns that were not understood, and passed over: ${ignored.join(', ')}`)}</p>`;
  if (!dryRun)
    return html`<p class="said" role="status">${file}：${say(`已导入，${rows} 行，${rejected} 行被拒。新网站的首次核查在 24 小时内陆续进行；需要马上核查可在“网站”页复查。`, `imported, ${rows} rows, ${rejected} rejected. New sites get their first look within 24 hours; the page of sites can ask for it at once.`)}</p>!${passed}`;
  const problems = (summary?.problems ?? []).map((one) => [
    html`${one.row}`,
    html`${columnName(visit, one.column)}`,
    html`${say(remedyZh(one.remedy), one.remedy)}`,
  ]);
  return html`<p class="said" role="status">${file}：${say(`试导入，没有写入任何数据：${rows} 行，${rejected} 行会被拒。`, `tried, nothing was written: ${rows} rows, ${rejected} would be rejected.`)}</p>!${passed}!${problems.length === 0 ? '' : tableHtml([say('行', 'Row'), say('列', 'Column'), say('改法', 'Remedy')], problems, '', say('会被拒的行（前 10 处）', 'What would be rejected (the first 10)'))}`;
}

function listPage({ ledger }: ConsoleParts, visit: Visit, given: unknown, running: Running | null): string {
  const { say } = visit;
  const before = Number(queryOf(given, ['after'])['after'] ?? Number.NaN);
  const imports = ledger.imports.recent(Number.isSafeInteger(before) ? before : null, PAGE_ROWS);
  const rows = imports.map((one) => [
    html`<a href="/imports/${one.id}">${one.id}</a>`,
    html`${one.file.split(/[\\/]/).at(-1) ?? ''}`,
    timeHtml(one.startedAt),
    ...[one.rows, one.created, one.updated, one.unchanged].map((count) => html`${count.toLocaleString('en')}`),
    one.rejected === 0 ? '0' : html`<a href="/imports/${one.id}">${one.rejected.toLocaleString('en')}</a>`,
  ]);
  const upload = visit.may('operator')
    ? visit.form(
        '/imports',
        html`<p><label for="file">${say('备案数据文件（CSV、XLSX、NDJSON）', 'A file of filings (CSV, XLSX, NDJSON)')}</label><input id="file" name="file" type="file" accept="${TYPES.join(',')}" required></p><p><label class="check"><input type="checkbox" name="dryRun" value="yes"> ${say('只试导入：检查文件，不写入', 'Only try: check the file, write nothing')}</label></p><p><button>${say('导入', 'Import')}</button> <a href="/imports/template.csv">${say('下载模板', 'Template')}</a></p>`,
        'enctype="multipart/form-data" class="card"',
      )
    : '';
  return html`<div data-live="imports" data-mark="${markOf(running)}" data-mark-from="/imports/mark">!${runningHtml(visit, running)}</div>!${upload}
!${tableHtml(['#', say('文件', 'File'), say('时间', 'At'), say('行', 'Rows'), say('新增', 'New'), say('更新', 'Updated'), say('未变', 'Unchanged'), say('被拒', 'Rejected')], rows, say('还没有导入。', 'None yet.'), say('导入记录', 'Imports'))}
!${nextHtml(visit, '/imports', {}, imports.length < PAGE_ROWS ? null : String(imports.at(-1)?.id))}
<details><summary>${say('可识别的列', 'Columns that are understood')}</summary><p>${columnHeads(visit.admin.language).join(say('、', ', '))}</p></details>`;
}

function importPage({ ledger }: ConsoleParts, visit: Visit, request: FastifyRequest): string | null {
  const { say } = visit;
  const id = Number((request.params as { id: string }).id);
  const run = Number.isSafeInteger(id) ? ledger.imports.get(id) : null;
  if (run === null) return null;
  const after = Number(queryOf(request.query, ['after'])['after'] ?? 0);
  const rejects = ledger.imports.rejects(id, Number.isSafeInteger(after) ? after : 0, REJECT_ROWS);
  const rows = rejects.map((one) => [
    html`${one.row}`,
    html`${columnName(visit, one.column)}`,
    html`${one.value === '' ? say('（空）', '(empty)') : one.value}`,
    html`${say(remedyZh(one.remedy), one.remedy)}`,
  ]);
  return html`<p>${run.file} · !${timeHtml(run.startedAt)} · ${say(`${run.rows} 行，新增 ${run.created}，更新 ${run.updated}，未变 ${run.unchanged}，被拒 ${run.rejected}`, `${run.rows} rows: ${run.created} new, ${run.updated} updated, ${run.unchanged} unchanged, ${run.rejected} rejected`)}</p>
!${rejects.length === 0 ? '' : html`<p><a href="/imports/${id}/rejects.csv">${say('下载被拒的行', 'Download the rejects')}</a></p>`}
!${tableHtml([say('行', 'Row'), say('列', 'Column'), say('值', 'Value'), say('改法', 'Remedy')], rows, run.rejected > 0 ? say('此次导入早于本版本，没有保存明细。', 'The import is older than this version: only its counts were kept.') : say('没有被拒的行。', 'No row was rejected.'), say('被拒的行', 'Rejects'))}
!${nextHtml(visit, `/imports/${id}`, {}, rejects.length < REJECT_ROWS ? null : String(rejects.at(-1)?.id))}`;
}
