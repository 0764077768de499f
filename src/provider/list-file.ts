import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';
import { parseCidr } from './address.ts';
import { RangeTable } from './range-table.ts';
import type { ProviderList } from './types.ts';

const fileShape = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  name: z.strictObject({ en: z.string(), zh: z.string() }),
  version: z.string().min(1),
  date: z.iso.date(),
  source: z.string().min(1),
  ranges: z.string().optional(),
  cnames: z.string().optional(),
});

/** A line of a list that cannot be used. */
export interface ListProblem {
  line: number;
  value: string;
  remedy: string;
}

/**
 * Parse one provider file. `ranges` and `cnames` are text tables, a row a line: `CIDR region mainland|overseas product` and
 * `suffix product region mainland|overseas|-`; `-` is unknown. Bad rows are reported, good rows kept.
 * Throws InputError when the file's head is wrong.
 */
export function parseProviderList(text: string, name: string): { list: ProviderList; problems: ListProblem[] } {
  let data: unknown;
  try {
    data = parse(text);
  } catch (error) {
    throw new InputError(
      `${name}: not YAML: ${messageOf(error).split('\n')[0]}`,
      'mend the file, or restore the shipped one',
    );
  }
  const shape = fileShape.safeParse(data);
  if (!shape.success) {
    const issue = shape.error.issues[0];
    throw new InputError(
      `${name}: ${issue?.path.join('.')}: ${issue?.message}`,
      'see docs/provider-ranges.md for the form',
    );
  }
  const { id, name: names, version, date, source, ranges = '', cnames = '' } = shape.data;
  const list: ProviderList = { id, name: names, version, date, source, ranges: [], cnames: [] };
  const problems: ListProblem[] = [];
  const unknown = (field: string | undefined): string | null => (field === undefined || field === '-' ? null : field);
  eachRow(ranges, (fields, line) => {
    const [cidr = '', region, side, product] = fields;
    const parsed = parseCidr(cidr);
    if (parsed === null || parsed.hostBits) {
      problems.push({
        line,
        value: cidr,
        remedy: parsed === null ? 'write a CIDR such as 47.92.0.0/14' : 'clear the host bits',
      });
    } else if (side !== 'mainland' && side !== 'overseas') {
      problems.push({ line, value: fields.join(' '), remedy: 'the third column is mainland or overseas' });
    } else {
      list.ranges.push({ cidr, region: unknown(region), mainland: side === 'mainland', product: unknown(product) });
    }
  });
  eachRow(cnames, (fields, line) => {
    const [suffix = '', product, region, side = '-'] = fields;
    if (!/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/.test(suffix)) {
      problems.push({ line, value: suffix, remedy: 'write a lower-case name without a leading dot' });
    } else if (!['mainland', 'overseas', '-'].includes(side)) {
      problems.push({ line, value: fields.join(' '), remedy: 'the fourth column is mainland, overseas or -' });
    } else {
      const mainland = side === '-' ? null : side === 'mainland';
      list.cnames.push({ suffix, product: unknown(product), region: unknown(region), mainland });
    }
  });
  return { list, problems };
}

function eachRow(table: string, use: (fields: string[], line: number) => void): void {
  table.split('\n').forEach((row, index) => {
    const text = row.replace(/#.*$/, '').trim();
    if (text !== '') use(text.split(/\s+/), index + 1);
  });
}

/** All lists of a folder, and the table over them. */
export interface LoadedRanges {
  table: RangeTable;
  lists: ProviderList[];
  problems: (ListProblem & { file: string })[];
}

/**
 * Read every `*.yaml` of the folders given; a later folder replaces lists of the same id (the operator's over the shipped
 * ones). The version of the table is a digest over ids and versions and contents.
 */
export function loadRanges(folders: string[]): LoadedRanges {
  const byId = new Map<string, ProviderList>();
  const problems: LoadedRanges['problems'] = [];
  const digests = new Map<string, string>();
  for (const folder of folders) {
    for (const file of yamlFiles(folder)) {
      const text = readFileSync(join(folder, file), 'utf8');
      const parsed = parseProviderList(text, file);
      byId.set(parsed.list.id, parsed.list);
      digests.set(parsed.list.id, createHash('sha256').update(text).digest('hex'));
      problems.push(...parsed.problems.map((problem) => ({ ...problem, file })));
    }
  }
  const lists = [...byId.values()].sort((a, b) => a.id.localeCompare(b.id));
  const digest = createHash('sha256');
  for (const list of lists) digest.update(`${list.id}:${digests.get(list.id)}\n`);
  const newest =
    lists
      .map((list) => list.date)
      .sort()
      .at(-1) ?? 'none';
  return { table: new RangeTable(lists, `${newest}-${digest.digest('hex').slice(0, 8)}`), lists, problems };
}

function yamlFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .sort();
  } catch (error) {
    throw new InputError(`provider folder ${folder}: ${messageOf(error)}`, 'set ranges.folders to folders that exist');
  }
}

/** The text of a provider file. */
export function formatProviderList(list: ProviderList): string {
  const quote = (value: string): string => JSON.stringify(value);
  const side = (mainland: boolean | null): string => (mainland === null ? '-' : mainland ? 'mainland' : 'overseas');
  const lines = [
    `# ${list.name.en} ${list.name.zh}: written by patrol ranges update.`,
    `id: ${list.id}`,
    `name: { en: ${quote(list.name.en)}, zh: ${quote(list.name.zh)} }`,
    `version: ${quote(list.version)}`,
    `date: ${quote(list.date)}`,
    `source: ${quote(list.source)}`,
    '# cidr region mainland|overseas product',
  ];
  if (list.ranges.length > 0) lines.push('ranges: |');
  for (const range of list.ranges) {
    lines.push(`  ${range.cidr} ${range.region ?? '-'} ${side(range.mainland)} ${range.product ?? '-'}`);
  }
  lines.push('# suffix product region mainland|overseas|-');
  if (list.cnames.length > 0) lines.push('cnames: |');
  for (const name of list.cnames) {
    lines.push(`  ${name.suffix} ${name.product ?? '-'} ${name.region ?? '-'} ${side(name.mainland)}`);
  }
  return `${lines.join('\n')}\n`;
}
