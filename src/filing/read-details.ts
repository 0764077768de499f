import { isIP } from 'node:net';
import type { SiteDetails, SubjectDetails } from '../facts/filed.ts';
import { foldText } from './site-number.ts';
import { type Cell, type DateField, type Reject, splitList } from './validate-row.ts';

/** What fields of prior approval are called in exports (R9); the ids are those of `config/data/content-words.yaml`. */
const APPROVAL_FIELDS: [RegExp, string][] = [
  [/^(?:news|新闻)/i, 'news'],
  [/^(?:publishing|出版)/i, 'publishing'],
  [/^(?:drugs|药品|医疗器械)/i, 'drugs'],
  [/^(?:culture|文化)/i, 'culture'],
  [/^(?:broadcasting|广播|影视)/i, 'broadcasting'],
  [/^(?:ride-hailing|网络预约|网约车)/i, 'ride-hailing'],
  [/^(?:finance|金融)/i, 'finance'],
  [/^(?:games|游戏)/i, 'games'],
  [/^(?:religion|宗教)/i, 'religion'],
];

/**
 * Read the columns only some checks need. Gives null when the row has none of them; what is wrong goes to `reject`. `dateOf` reads
 * a date column, `providers` are the ids known.
 */
export function readSiteDetails(
  cell: Cell,
  reject: Reject,
  dateOf: (field: DateField) => string | null,
  providers: ReadonlyMap<string, string>,
): SiteDetails | null {
  const details: SiteDetails = {};
  for (const field of ['openedAt', 'leaseStartsAt', 'lastVisitAt', 'policeApprovedAt', 'realNameChangedAt'] as const) {
    const date = dateOf(field);
    if (date !== null) details[field] = date;
  }
  for (const field of ['contractAddresses', 'reportedAddresses'] as const) {
    const list = splitList(cell(field));
    const wrong = list.find((address) => isIP(address) === 0);
    if (wrong !== undefined) reject(field, `${wrong} is no IP address: write 47.93.0.1;2408::1`);
    else if (list.length > 0) details[field] = list;
  }
  const police = foldText(cell('policeNumber')).trim();
  // Exports put remarks and dates behind the number.
  const digits = /\d[\d ]{6,}\d/.exec(police)?.[0].replaceAll(' ', '') ?? '';
  if (police !== '' && digits === '')
    reject('policeNumber', 'write the number with its digits, like 京公网安备11010502030143号, or leave it empty');
  else if (police !== '')
    details.policeNumber =
      police.slice(0, police.indexOf(digits[0] as string)).trim() + digits + (/号/.test(police) ? '号' : '');
  if (cell('city') !== '') details.city = cell('city');
  if (cell('domainHolder') !== '') details.domainHolder = cell('domainHolder').slice(0, 200);
  const approvals = readApprovals(cell, reject);
  if (approvals.length > 0) details.priorApprovals = approvals;
  const others = splitList(cell('otherProviders')).map((text) => ({ text, id: providers.get(text.toLowerCase()) }));
  // A provider we have no list of is still another provider.
  if (others.length > 0) details.otherProviders = others.map(({ text, id }) => id ?? text.slice(0, 60));
  return Object.keys(details).length === 0 ? null : details;
}

/** `新闻:编号;药品:编号` → fields with numbers. */
function readApprovals(cell: Cell, reject: Reject): { field: string; number: string }[] {
  return foldText(cell('priorApprovals'))
    .split(/[;；]/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [name = '', ...rest] = part.split(':');
      const field = APPROVAL_FIELDS.find(([pattern]) => pattern.test(name.trim()))?.[1];
      const number = rest.join(':').trim();
      if (field !== undefined && number !== '') return [{ field, number: number.slice(0, 100) }];
      reject(
        'priorApprovals',
        `${part.slice(0, 60)}: write field and number, like 新闻:10120170001;药品:(京)-非经营性-2020-0001`,
      );
      return [];
    });
}

/** Who stands behind the subject. Null when the row names nobody. */
export function readSubjectDetails(cell: Cell): SubjectDetails | null {
  const details: SubjectDetails = {};
  if (cell('legalRepresentative') !== '') details.legalRepresentative = cell('legalRepresentative').slice(0, 100);
  const insiders = cell('shareholders')
    .split(/[;；、,，|]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (insiders.length > 0) details.insiders = insiders.slice(0, 50);
  return Object.keys(details).length === 0 ? null : details;
}
