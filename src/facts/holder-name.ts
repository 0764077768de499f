import { foldText } from '../filing/site-number.ts';

/** How two names of holders compare (R3.2). `unknown`: one of them hides who it is, or they are in different scripts. */
export type NameComparison = 'same' | 'different' | 'unknown';

/** What registries write instead of a name. */
const HIDDEN =
  /\*|[?？\ufffd]|redacted|privacy|data protected|proxy|whoisguard|withheld|not disclosed|masked|未公开|不公开|非公开|已隐藏|信息(?:保密|保护)|隐私(?:保护)?$|^(?:n\/?a|none|null|-+|无|个人|自然人|保密|未提供)$/i;
/** Characters of the simplified standard (GB 2312, 1980): what is not among them is traditional writing, or very rare. */
const SIMPLIFIED: ReadonlySet<string> = (() => {
  const decoder = new TextDecoder('gbk');
  const bytes = Uint8Array.from({ length: 72 * 94 * 2 }, (_, at) =>
    at % 2 === 0 ? 0xb0 + Math.floor(at / 188) : 0xa1 + (Math.floor(at / 2) % 94),
  );
  return new Set(decoder.decode(bytes));
})();
const unusual = (text: string): string =>
  [...new Set(text)]
    .filter((character) => /[\u3400-\u9fff]/.test(character) && !SIMPLIFIED.has(character))
    .sort()
    .join('');

/**
 * A name with everything taken away that registries and filings write differently: width, case, blanks, former names, the brackets
 * (not what stands in them), punctuation, 有限责任公司 for 有限公司, a trade behind the name of one who has it.
 */
export function normaliseName(name: string): string {
  return foldText(name)
    .toLowerCase()
    .replace(/[(（](?:曾用名|原名|原(?=[:：]|[^)）]{2,}(?:公司|厂|店|社|院|所|中心)))[^)）]*[)）]/g, '')
    .replace(/[(（]?个体工商户[)）]?$/, '')
    .replace(/[\s()[\]{}（）【】「」《》"'“”‘’.,·・•‧，。、_-]/g, '')
    .replace(/有限责任公司/g, '有限公司');
}

/** Compare a holder with a name of the filing. */
export function compareNames(holder: string, name: string): NameComparison {
  const [a, b] = [normaliseName(holder), normaliseName(name)];
  if (a !== '' && a === b && !/\*/.test(holder)) return 'same';
  if (a === '' || b === '' || HIDDEN.test(holder.trim()) || HIDDEN.test(name.trim())) return 'unknown';
  // A holder in Latin letters says nothing against a subject in Chinese: nobody translated it.
  if (isChinese(a) !== isChinese(b)) return 'unknown';
  // 藍海 and 蓝海 may be one name written by two hands.
  return unusual(a) === unusual(b) ? 'different' : 'unknown';
}

const isChinese = (text: string): boolean => /[\u3400-\u9fff]/.test(text);
