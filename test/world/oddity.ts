import type { RangeTable } from '../../src/provider/range-table.ts';
import type { SeededRandom } from './random.ts';
import type { NameRecord, RegistryRecord, Truth, WebRecord, WorldData } from './types.ts';

/** Addresses of the little internet, taken from the real range lists. */
export interface AddressBook {
  /** Aliyun, mainland: "here" for every site. */
  here: () => string;
  here6: () => string;
  overseas: () => string;
  otherProvider: () => string;
  unlisted: () => string;
}

/** A site in the making: healthy until an oddity alters it. */
export interface Draft {
  siteNumber: string;
  subjectNumber: string;
  domain: string;
  tld: string;
  domains: string[];
  province: string;
  accessProvider: string;
  state: string;
  approvedAt: string;
  filedAddresses: string[];
  licenceNumber: string;
  subjectKind: string;
  subjectName: string;
  siteName: string;
  /** Further columns of the import, by their Chinese heads. */
  columns: Record<string, string>;
  /** Answers of the apex, one a resolver (or one for all). */
  apex: NameRecord[];
  www: NameRecord[];
  extraNames: Map<string, NameRecord[]>;
  web: WebRecord;
  extraWeb: Map<string, WebRecord>;
  registry: RegistryRecord;
  refusedAddresses: string[];
  /** What is known of it beside the filing. */
  lists: Pick<WorldData, 'bureau' | 'deadNumbers' | 'segments' | 'provinces'>;
  title: string;
  body: string;
  truth: Record<string, Truth>;
}

/** What an oddity may use. */
export interface Tools {
  random: SeededRandom;
  book: AddressBook;
  ranges: RangeTable;
  /** `YYYY-MM-DD`, so many days after the world's day. */
  day: (offset: number) => string;
  /** A page of this draft with the footer given. */
  page: (draft: Draft, footer: string, options?: { head?: string; body?: string; charset?: string }) => string;
}

/** One kind of strange site, with what every check must say of it (those not named: pass). */
export interface Oddity {
  id: string;
  /** Told in the docs. */
  about: string;
  /** Waits for timeouts or many looks: one of each in a world is enough. */
  slow?: true;
  tld?: string;
  province?: { abbreviation: string; name: string };
  alter: (draft: Draft, tools: Tools) => void;
  truth?: Record<string, Truth>;
}

const truth = (verdict: Truth['verdict'], ...codes: string[]): Truth => ({ verdict, codes });
export const fail = (...codes: string[]): Truth => truth('fail', ...codes);
export const warn = (...codes: string[]): Truth => truth('warn', ...codes);
export const blind = (...codes: string[]): Truth => truth('inconclusive', ...codes);

/** Make a draft an individual's site, with words of an individual on its page: filler talks of companies. */
export const individual = (draft: Draft): void => {
  draft.subjectKind = '个人';
  draft.subjectName = '王小明';
  draft.siteName = '小明的摄影随笔';
  draft.title = '小明的摄影随笔';
  draft.body = '<p>周末去河边拍了一组照片，光线很好，回来整理了很久，记下一些想法。</p>'.repeat(8);
  draft.registry.registrant = '王小明';
};
