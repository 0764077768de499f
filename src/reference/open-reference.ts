import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BureauRecord } from '../facts/filed.ts';
import { type ContentWords, compileContentWords, contentWordsShape } from './content-words.ts';
import { type DataFile, readDataFile } from './data-file.ts';
import type { Reference } from './reference.ts';
import { RegistrarTable, registrarsShape } from './registrars.ts';
import { serverKindsShape } from './server-kinds.ts';
import { SiteNameWords, siteNameWordsShape } from './site-name-words.ts';
import { AddressProvinces, MobileSegments } from './spans.ts';
import { TldTable, tldsShape } from './top-level-domains.ts';

/** Where data files stand. */
export interface DataSettings {
  folder: string;
  /** Own files of the same names win. */
  ownFolder: string;
  /** Lists an operator supplies; null: none. */
  addressProvinces: string | null;
  mobileSegments: string | null;
}

/** Everything read from data files. */
export interface ReferenceData {
  reference: Omit<Reference, 'bureauNumber'>;
  contentWords: ContentWords;
  mobileSegments: MobileSegments | null;
  addressProvinces: AddressProvinces | null;
  files: DataFile<unknown>[];
  /** Stands in every verdict's policy version. */
  version: string;
}

/** Read all data files. Throws InputError naming file, key (or line) and remedy. */
export function openReferenceData(settings: DataSettings): ReferenceData {
  const folders = { shipped: settings.folder, own: settings.ownFolder };
  const tlds = readDataFile('tlds.yaml', tldsShape, folders);
  const registrars = readDataFile('registrars.yaml', registrarsShape, folders);
  const names = readDataFile('site-name-words.yaml', siteNameWordsShape, folders);
  const content = readDataFile('content-words.yaml', contentWordsShape, folders);
  const kinds = readDataFile('server-kinds.yaml', serverKindsShape, folders);
  const files: DataFile<unknown>[] = [tlds, registrars, names, content, kinds];
  const tldTable = new TldTable(tlds.body);
  const registrarTable = new RegistrarTable(registrars.body);
  const nameWords = new SiteNameWords(names.body);
  const provinces = listAt(settings.addressProvinces, AddressProvinces.read);
  const segments = listAt(settings.mobileSegments, MobileSegments.read);
  const digest = createHash('sha1')
    .update(files.map(({ mark }) => mark).join())
    .digest('hex')
    .slice(0, 6);
  const newest =
    files
      .map(({ date }) => date)
      .sort()
      .at(-1) ?? '';
  return {
    reference: {
      tldStatus: (domain) => tldTable.status(domain),
      tldAcceptedIn: (province, domain) => tldTable.acceptedIn(province, domain),
      registrar: (name) => registrarTable.find(name),
      bannedInName: (name, kind, province) => nameWords.find(name, kind, province),
      addressProvince: (address) => provinces?.find(address) ?? null,
      serverKind: (product) => kinds.body.kinds[product] ?? null,
    },
    contentWords: compileContentWords(content.body, content.mark),
    mobileSegments: segments,
    addressProvinces: provinces,
    files,
    version: `${newest}#${digest}`,
  };
}

function listAt<T>(path: string | null, read: (path: string) => T): T | null {
  return path === null ? null : read(existsSync(path) ? path : resolve(path));
}

/** The reference a judge uses: data files and the ledger's list of the bureau. */
export function referenceWith(data: ReferenceData, bureauNumber: (number: string) => BureauRecord | null): Reference {
  return { ...data.reference, bureauNumber };
}
