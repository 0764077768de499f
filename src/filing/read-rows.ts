import { createReadStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { CsvError, parse as parseCsv } from 'csv-parse';
import { codeOf, InputError, messageOf } from '../errors.ts';
import { COLUMN_NAMES, type Field, fieldOfColumn, REQUIRED_FIELDS } from './columns.ts';
import { readXlsxRows } from './read-xlsx.ts';

/** One row of a filings file: its cells by field, or why it could not be read at all. */
export type FileRow =
  | { line: number; cells: Partial<Record<Field, string>> }
  | { line: number; broken: { value: string; remedy: string } };

/** A filings file being read. `progress()` tells the share read, 0 to 1. */
export interface RowSource {
  rows: AsyncGenerator<FileRow>;
  format: 'csv' | 'xlsx' | 'ndjson';
  ignoredColumns: string[];
  progress: () => number;
}

/**
 * Open a filings file: CSV (comma, semicolon or tab; UTF-8, UTF-16 or GBK), XLSX or NDJSON, told from name and content.
 * Streams: memory does not grow with the file. Throws InputError when the file cannot be read or has no usable columns.
 */
export async function openRows(path: string): Promise<RowSource> {
  const head = await readHead(path);
  if (head[0] === 0x50 && head[1] === 0x4b) return openTable(path, 'xlsx', readXlsxRows(path));
  if (head[0] === 0xd0 && head[1] === 0xcf)
    throw new InputError(
      `${path}: old Excel format (.xls)`,
      'save it as .xlsx or CSV',
      `${path} 是旧版 Excel 格式（.xls），请另存为 .xlsx 或 CSV`,
    );
  const charset = charsetOf(head);
  const text = new TextDecoder(charset)
    .decode(head)
    .replace(/^\ufeff/, '')
    .trimStart();
  const json = /\.(?:ndjson|jsonl)$/i.test(extname(path)) || text.startsWith('{');
  return json ? openNdjson(path, charset) : openTable(path, 'csv', readCsvRows(path, charset, delimiterOf(text)), path);
}

async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    await file.close();
    if (bytesRead === 0)
      throw new InputError(
        `${path} is empty`,
        'give a table with a row of heads (filings: patrol import --template)',
        `${path} 是空文件，请上传带表头的表格（可下载模板）`,
      );
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const remedy = codeOf(error) === 'ENOENT' ? 'check the path' : 'check that it is a readable file';
    throw new InputError(`${path}: ${messageOf(error)}`, remedy, `无法读取 ${path}，请检查文件`);
  }
}

function charsetOf(head: Buffer): string {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return 'utf-8';
  } catch {
    return 'gb18030';
  }
}

function delimiterOf(text: string): string {
  const line = text.slice(0, text.indexOf('\n') === -1 ? undefined : text.indexOf('\n'));
  const counts = [',', ';', '\t'].map((delimiter) => [line.split(delimiter).length, delimiter] as const);
  return counts.sort((a, b) => b[0] - a[0])[0]?.[1] ?? ',';
}

async function* decodeFile(path: string, charset: string, count: (bytes: number) => void): AsyncGenerator<string> {
  const decoder = new TextDecoder(charset);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    count((chunk as Buffer).length);
    yield decoder.decode(chunk as Buffer, { stream: true });
  }
  yield decoder.decode();
}

/** A row of a table before its columns are known. */
export type RawRow = { line: number; values: string[] } | { line: number; broken: { value: string; remedy: string } };

interface RawTable {
  rows: AsyncGenerator<RawRow>;
  read: () => number;
}

function readCsvRows(path: string, charset: string, delimiter: string): RawTable {
  let bytes = 0;
  const text = decodeFile(path, charset, (count) => {
    bytes += count;
  });
  const rows = async function* (): AsyncGenerator<RawRow> {
    const parser = Readable.from(text).pipe(
      parseCsv({
        bom: true,
        delimiter,
        relax_column_count: true,
        skip_empty_lines: true,
        info: true,
        max_record_size: 1_000_000,
        relax_quotes: true,
      }),
    );
    let line = 1;
    try {
      for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
        line = info.lines;
        yield { line, values: record };
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const remedy = 'close the quotation mark that opens here; rows behind it were not read';
      yield { line: line + 1, broken: { value: error.message.slice(0, 120), remedy } };
    }
  };
  return { rows: rows(), read: () => bytes };
}

async function openTable(path: string, format: 'csv' | 'xlsx', table: RawTable, name = path): Promise<RowSource> {
  const first = await table.rows.next();
  if (first.done === true || 'broken' in first.value) {
    throw new InputError(
      `${name}: no heading row could be read`,
      'give a table with a row of heads (filings: patrol import --template)',
      `${name} 没有可读取的表头行，请上传带表头的表格（可下载模板）`,
    );
  }
  const heads = first.value.values;
  const fields = heads.map(fieldOfColumn);
  const missing = REQUIRED_FIELDS.filter((field) => !fields.includes(field));
  if (missing.length > 0) {
    throw new InputError(
      `${name}: no column for ${missing.map((field) => COLUMN_NAMES[field].slice(0, 2).join(' / ')).join(', ')} among: ${heads.slice(0, 30).join(' | ')}`,
      'name the columns as in the template (patrol import --template), English or Chinese',
      `${name} 缺少列：${missing.map((field) => COLUMN_NAMES[field][1]).join('、')}；文件中的列：${heads.slice(0, 30).join('、')}`,
    );
  }
  const size = statSync(path).size;
  return {
    format,
    ignoredColumns: heads.filter((head, index) => fields[index] === null && head.trim() !== ''),
    progress: () => (size === 0 ? 1 : Math.min(1, table.read() / size)),
    rows: mapRows(table.rows, fields),
  };
}

async function* mapRows(rows: AsyncGenerator<RawRow>, fields: (Field | null)[]): AsyncGenerator<FileRow> {
  for await (const row of rows) {
    if ('broken' in row) {
      yield row;
      continue;
    }
    if (row.values.every((value) => value.trim() === '')) continue;
    if (row.values.length > fields.length && row.values.slice(fields.length).some((value) => value.trim() !== '')) {
      const remedy = `the row has ${row.values.length} cells, the heading ${fields.length}: quote cells that hold the separator`;
      yield { line: row.line, broken: { value: row.values.slice(0, 3).join(' | ').slice(0, 120), remedy } };
      continue;
    }
    const cells: Partial<Record<Field, string>> = {};
    fields.forEach((field, index) => {
      if (field !== null) cells[field] ??= row.values[index] ?? '';
    });
    yield { line: row.line, cells };
  }
}

function openNdjson(path: string, charset: string): RowSource {
  let bytes = 0;
  const size = statSync(path).size;
  const ignored = new Set<string>();
  const rows = async function* (): AsyncGenerator<FileRow> {
    let rest = '';
    let line = 0;
    for await (const text of decodeFile(path, charset, (count) => {
      bytes += count;
    })) {
      rest += text;
      const lines = rest.split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) yield* readLine(one, ++line, ignored);
      if (rest.length > 1_000_000)
        throw new InputError(
          `${path}: line ${line + 1} is longer than a megabyte`,
          'write one JSON object a line',
          `第 ${line + 1} 行超过 1 MB，请每行写一个 JSON 对象`,
        );
    }
    yield* readLine(rest, ++line, ignored);
  };
  return { format: 'ndjson', rows: rows(), ignoredColumns: [], progress: () => (size === 0 ? 1 : bytes / size) };
}

function* readLine(text: string, line: number, ignored: Set<string>): Generator<FileRow> {
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (trimmed === '') return;
  let data: unknown;
  try {
    data = JSON.parse(trimmed);
  } catch {
    data = null;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) {
    yield { line, broken: { value: trimmed.slice(0, 120), remedy: 'write one JSON object on the line' } };
    return;
  }
  const cells: Partial<Record<Field, string>> = {};
  for (const [key, value] of Object.entries(data)) {
    const field = fieldOfColumn(key);
    if (field === null) ignored.add(key);
    else cells[field] = Array.isArray(value) ? value.join(';') : value === null ? '' : String(value);
  }
  yield { line, cells };
}

/** A row of any table: cells by the heading as it stands, or why it could not be read. */
export type RawCells =
  | { line: number; cells: Record<string, string> }
  | { line: number; broken: { value: string; remedy: string } };

/** Read any table (CSV, XLSX or NDJSON) row by row, with cells by heading. Throws InputError when the file cannot be read. */
export async function* readRawRows(path: string): AsyncGenerator<RawCells> {
  const head = await readHead(path);
  const charset = charsetOf(head);
  const text = new TextDecoder(charset)
    .decode(head)
    .replace(/^\ufeff/, '')
    .trimStart();
  if (/\.(?:ndjson|jsonl)$/i.test(extname(path)) || text.startsWith('{')) {
    let line = 0;
    let rest = '';
    for await (const part of decodeFile(path, charset, () => {})) {
      const lines = (rest + part).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) yield* readObject(one, ++line);
    }
    yield* readObject(rest, ++line);
    return;
  }
  const zipped = head[0] === 0x50 && head[1] === 0x4b;
  const { rows } = zipped ? readXlsxRows(path) : readCsvRows(path, charset, delimiterOf(text));
  let heads: string[] | null = null;
  for await (const row of rows) {
    if ('broken' in row) yield row;
    else if (heads === null) heads = row.values.map((value) => value.trim());
    else if (row.values.some((value) => value.trim() !== ''))
      yield { line: row.line, cells: Object.fromEntries(heads.map((name, index) => [name, row.values[index] ?? ''])) };
  }
}

function* readObject(text: string, line: number): Generator<RawCells> {
  const trimmed = text.replace(/^\ufeff/, '').trim();
  if (trimmed === '') return;
  const broken = { line, broken: { value: trimmed.slice(0, 120), remedy: 'write one JSON object on the line' } };
  try {
    const data: unknown = JSON.parse(trimmed);
    if (typeof data !== 'object' || data === null || Array.isArray(data)) yield broken;
    else
      yield {
        line,
        cells: Object.fromEntries(
          Object.entries(data).map(([key, value]) => [
            key,
            Array.isArray(value) ? value.join(';') : String(value ?? ''),
          ]),
        ),
      };
  } catch {
    yield broken;
  }
}
