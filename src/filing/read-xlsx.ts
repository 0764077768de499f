import { SaxesParser } from 'saxes';
import { type Entry, open as openZip, type ZipFile } from 'yauzl';
import { InputError, messageOf } from '../errors.ts';
import type { RawRow } from './read-rows.ts';

/** The shared string table is the one thing of a workbook that must be held; beyond this it would not be flat any more. */
const MAX_SHARED_BYTES = 256 * 1024 * 1024;

/** Rows of the first sheet of a workbook, as they stream out of the archive. Only values are read: no formulas, no styles. */
export function readXlsxRows(path: string): { rows: AsyncGenerator<RawRow>; read: () => number } {
  let read = 0;
  const rows = async function* (): AsyncGenerator<RawRow> {
    const zip = await openArchive(path);
    try {
      const entries = await listEntries(zip);
      const sheet = firstSheet(entries);
      if (sheet === undefined)
        throw new InputError(
          `${path}: no sheet in the workbook`,
          'save the table as the first sheet',
          `${path} 中没有工作表`,
        );
      const strings = await readSharedStrings(zip, entries.get('xl/sharedStrings.xml'), path);
      const total = sheet.uncompressedSize || 1;
      for await (const { row, bytes } of readSheet(zip, sheet, strings)) {
        read = (bytes / total) * sheet.compressedSize;
        if (row !== null) yield row;
      }
    } finally {
      zip.close();
    }
  };
  return { rows: rows(), read: () => read };
}

function openArchive(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    openZip(path, { lazyEntries: true, autoClose: false }, (error, zip) => {
      if (error)
        reject(
          new InputError(
            `${path}: not a readable workbook: ${messageOf(error)}`,
            'save it as .xlsx again, or as CSV',
            `${path} 不是可读取的工作簿，请重新另存为 .xlsx 或 CSV`,
          ),
        );
      else resolve(zip);
    });
  });
}

function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.once('end', () => resolve(entries));
    zip.once('error', reject);
    zip.readEntry();
  });
}

function firstSheet(entries: Map<string, Entry>): Entry | undefined {
  const names = [...entries.keys()].filter((name) => /^xl\/worksheets\/[^/]+\.xml$/.test(name));
  const order = (name: string): number => Number(/(\d+)\.xml$/.exec(name)?.[1] ?? 0);
  return entries.get(names.sort((a, b) => order(a) - order(b))[0] ?? '');
}

async function* xmlChunks(zip: ZipFile, entry: Entry): AsyncGenerator<string> {
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
    zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
  });
  const decoder = new TextDecoder('utf-8');
  for await (const chunk of stream as AsyncIterable<Buffer>) yield decoder.decode(chunk, { stream: true });
}

async function readSharedStrings(zip: ZipFile, entry: Entry | undefined, path: string): Promise<string[]> {
  const strings: string[] = [];
  if (entry === undefined) return strings;
  if (entry.uncompressedSize > MAX_SHARED_BYTES) {
    throw new InputError(
      `${path}: the shared strings take ${Math.round(entry.uncompressedSize / 1e6)} MB`,
      'save it as CSV, which is read row by row',
      `${path} 过大，请另存为 CSV 后导入`,
    );
  }
  const parser = new SaxesParser();
  let current = '';
  let inText = false;
  let phonetic = 0;
  parser.on('opentag', ({ name }) => {
    if (name === 'si') current = '';
    else if (name === 'rPh') phonetic++;
    else if (name === 't') inText = phonetic === 0;
  });
  parser.on('text', (text) => {
    if (inText) current += text;
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'si') strings.push(current);
    else if (name === 'rPh') phonetic--;
    else if (name === 't') inText = false;
  });
  for await (const chunk of xmlChunks(zip, entry)) parser.write(chunk);
  return strings;
}

async function* readSheet(
  zip: ZipFile,
  entry: Entry,
  strings: string[],
): AsyncGenerator<{ row: RawRow | null; bytes: number }> {
  const parser = new SaxesParser();
  let ready: RawRow[] = [];
  let values: string[] = [];
  let line = 0;
  let column = 0;
  let kind = '';
  let text = '';
  let inValue = false;
  parser.on('opentag', ({ name, attributes }) => {
    const attribute = attributes as Record<string, string>;
    if (name === 'row') {
      values = [];
      column = 0;
      line = Number(attribute['r'] ?? line + 1);
    } else if (name === 'c') {
      column = columnOf(attribute['r']) ?? column;
      kind = attribute['t'] ?? '';
      text = '';
    } else if (name === 'v' || name === 't') inValue = true;
  });
  parser.on('text', (piece) => {
    if (inValue) text += piece;
  });
  parser.on('closetag', ({ name }) => {
    if (name === 'v' || name === 't') inValue = false;
    else if (name === 'c') {
      while (values.length < column && values.length < 500) values.push('');
      values[column] = kind === 's' ? (strings[Number(text)] ?? '') : text;
      column++;
    } else if (name === 'row') ready.push({ line, values });
  });
  let bytes = 0;
  for await (const chunk of xmlChunks(zip, entry)) {
    bytes += chunk.length;
    parser.write(chunk);
    const rows = ready;
    ready = [];
    for (const row of rows) yield { row, bytes };
    if (rows.length === 0) yield { row: null, bytes };
  }
}

function columnOf(reference: string | undefined): number | null {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? '')?.[0];
  if (letters === undefined) return null;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}
