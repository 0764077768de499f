import { PROVINCE_ABBREVIATIONS } from '../filing/site-number.ts';

/** One police filing number in a folded text. */
export interface PoliceMatch {
  start: number;
  end: number;
  number: string;
}

const WORDS = ['公安联网备案', '公安机关备案', '公网安备', '公安网备', '公安备', '公网备', '网安备']
  .map((word) => [...word].join(' ?'))
  .join('|');
const POLICE = new RegExp(
  `(?:([${PROVINCE_ABBREVIATIONS}]) ?)?(?:${WORDS}) ?(案)?(?: ?编?号)?[ :]{0,3}(?:[(] ?[${PROVINCE_ABBREVIATIONS}] ?[)])?(?:第 ?)?[(]? ?(\\d(?:[ -]?\\d){7,17})(?: ?[)])?( ?号)?`,
  'g',
);

/** Find police filing numbers (公安联网备案号, R12); the number keeps its province and 号 when shown. */
export function findPoliceNumbers(folded: string): PoliceMatch[] {
  const matches: PoliceMatch[] = [];
  for (const hit of folded.matchAll(POLICE)) {
    const digits = (hit[3] as string).replace(/[ -]/g, '');
    const head = hit[0].slice(0, hit[0].indexOf(hit[3] as string)).replace(/[ :(]/g, '');
    matches.push({ start: hit.index, end: hit.index + hit[0].length, number: `${head}${digits}${hit[4] ? '号' : ''}` });
  }
  return matches;
}

const TELECOM = new RegExp(`(?:([${PROVINCE_ABBREVIATIONS}合]) ?(?:字 ?)?)?([AB][12]) ?[.-] ?(\\d{8})(?!\\d)`, 'g');

/** Find telecom licences (增值电信业务经营许可证), e.g. 京B2-20080224: shown beside filings, never a filing. */
export function findTelecomLicences(folded: string): string[] {
  return [...folded.matchAll(TELECOM)].map((hit) => `${hit[1] ?? ''}${hit[2]}-${hit[3]}`);
}

/** The number a link to the police's site names (R17.5), or null: a picture may be all that is shown of it. */
export function policeCodeOf(href: string): string | null {
  if (!/beian\.(?:mps\.)?gov\.cn/i.test(href)) return null;
  return /(?:recordcode|code)=(\d{8,18})/i.exec(href)?.[1] ?? null;
}
