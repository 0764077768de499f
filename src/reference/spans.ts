import { readFileSync } from 'node:fs';
import { InputError, messageOf } from '../errors.ts';
import { parseAddress, parseCidr } from '../provider/address.ts';
import { RangeTable } from '../provider/range-table.ts';

/** Province of an address, from a list an operator supplies (`CIDR province` a line; R8). */
export class AddressProvinces {
  readonly #table: RangeTable;
  readonly size: number;

  private constructor(rows: { cidr: string; province: string }[], version: string) {
    this.size = rows.length;
    const ranges = rows.map(({ cidr, province }) => ({ cidr, region: province, mainland: true, product: null }));
    const named = { id: 'provinces', name: { en: '', zh: '' }, version, date: version, source: 'operator' };
    this.#table = new RangeTable([{ ...named, ranges, cnames: [] }], version);
  }

  /** Read a list. Throws InputError naming the line. */
  static read(path: string): AddressProvinces {
    const rows = readRows(path).map(({ line, fields: [cidr = '', province = ''] }) => {
      if (parseCidr(cidr) === null || province === '')
        throw new InputError(`${path}, line ${line}: ${cidr} ${province}`, 'write a line as: 47.92.0.0/14 河北');
      return { cidr, province: bareProvince(province) };
    });
    return new AddressProvinces(rows, path);
  }

  /** The province of an address; null when the list does not say. */
  find(address: string): string | null {
    return parseAddress(address) === null ? null : (this.#table.whoseAddress(address)?.region ?? null);
  }
}

/** Province of a mobile number by its first seven digits, from a list (`1380013 北京` a line). */
export class MobileSegments {
  readonly #byPrefix: ReadonlyMap<string, string>;

  private constructor(byPrefix: ReadonlyMap<string, string>) {
    this.#byPrefix = byPrefix;
  }

  /** Read a list. Throws InputError naming the line. */
  static read(path: string): MobileSegments {
    const byPrefix = new Map<string, string>();
    for (const { line, fields } of readRows(path)) {
      const [prefix = '', province = ''] = fields;
      if (!/^1[3-9]\d{5}$/.test(prefix) || province === '')
        throw new InputError(`${path}, line ${line}: ${fields.join(' ')}`, 'write a line as: 1380013 北京');
      byPrefix.set(prefix, bareProvince(province));
    }
    return new MobileSegments(byPrefix);
  }

  get size(): number {
    return this.#byPrefix.size;
  }

  /** The province of a mobile number; null when the list does not know its segment. */
  find(mobile: string): string | null {
    return this.#byPrefix.get(mobile.slice(0, 7)) ?? null;
  }
}

/** 湖北 for 湖北省. */
export const bareProvince = (text: string): string =>
  text.replace(/(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)$/, '');

function readRows(path: string): { line: number; fields: string[] }[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(
      `${path}: ${messageOf(error)}`,
      'correct the path in data.addressProvinces or data.mobileSegments',
    );
  }
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .map((row, index) => ({ line: index + 1, row: row.replace(/#.*$/, '').trim() }))
    .filter(({ row }) => row !== '')
    .map(({ line, row }) => ({ line, fields: row.split(/[\s,]+/) }));
}
