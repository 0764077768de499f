/**
 * ICP filing numbers (备案号 / 许可证号): one module parses, normalises, validates and compares them.
 * Rules: R2.2 (which number counts as the actual one), R17.2–R17.4; forms: design notes §4.
 */

/** Province abbreviations that begin a number. Some provinces use two (川/蜀, 贵/黔, 云/滇, 甘/陇, 陕/秦). */
export const PROVINCE_ABBREVIATIONS = '京津沪渝冀豫云滇辽黑湘皖鲁新苏浙赣鄂桂甘陇晋蒙陕秦吉闽贵黔粤川蜀青藏琼宁';

const PROVINCE_SYNONYMS: Record<string, string> = { 川: '蜀', 贵: '黔', 云: '滇', 甘: '陇', 秦: '陕' };

const PROVINCE_OF_ABBREVIATION: Record<string, string> = {
  京: '北京',
  津: '天津',
  沪: '上海',
  渝: '重庆',
  冀: '河北',
  豫: '河南',
  云: '云南',
  滇: '云南',
  辽: '辽宁',
  黑: '黑龙江',
  湘: '湖南',
  皖: '安徽',
  鲁: '山东',
  新: '新疆',
  苏: '江苏',
  浙: '浙江',
  赣: '江西',
  鄂: '湖北',
  桂: '广西',
  甘: '甘肃',
  陇: '甘肃',
  晋: '山西',
  蒙: '内蒙古',
  陕: '陕西',
  秦: '陕西',
  吉: '吉林',
  闽: '福建',
  贵: '贵州',
  黔: '贵州',
  粤: '广东',
  川: '四川',
  蜀: '四川',
  青: '青海',
  藏: '西藏',
  琼: '海南',
  宁: '宁夏',
};

/** What a suffix stands for (R17.4): apps, mini-programs and quick apps share the sequence with sites. */
export type ServiceKind = 'site' | 'app' | 'mini-program' | 'quick-app';

const SERVICE_OF_LETTER: Record<string, ServiceKind> = { A: 'app', X: 'mini-program', K: 'quick-app' };

/** A parsed number. `备` is a filing, `证` an operating licence. */
export interface IcpNumber {
  province: string;
  kind: '备' | '证';
  serial: string;
  suffix: number | null;
  service: ServiceKind;
  /** `京ICP备12345678号-1`, as a careful reader would write it. */
  canonical: string;
  /** The subject number: the canonical form without suffix. */
  subject: string;
}

/** One number found in a text; `start` and `end` are offsets into the (normalised) text given. */
export interface IcpMatch {
  start: number;
  end: number;
  number: IcpNumber;
  placeholder: boolean;
}

const CHARACTER_MAP: Record<string, string> = {
  備: '备',
  俻: '备',
  證: '证',
  証: '证',
  號: '号',
  滬: '沪',
  粵: '粤',
  蘇: '苏',
  贛: '赣',
  遼: '辽',
  魯: '鲁',
  閩: '闽',
  貴: '贵',
  雲: '云',
  寧: '宁',
  晉: '晋',
  瓊: '琼',
  隴: '陇',
  陝: '陕',
  網: '网',
  '‐': '-',
  '‑': '-',
  '‒': '-',
  '–': '-',
  '—': '-',
  '―': '-',
  '−': '-',
  '﹣': '-',
  '─': '-',
  '：': ':',
  '︰': ':',
  丨: '|',
  '│': '|',
  '\u00a0': ' ',
  '\u2002': ' ',
  '\u2003': ' ',
  '\u2009': ' ',
  '\u3000': ' ',
  '\t': ' ',
  '\n': ' ',
  '\r': ' ',
};

/**
 * Fold one character: full width to half width, traditional to simplified (only the characters numbers use), all dashes
 * to `-`, all spaces to ` `. Always gives one character, or `''` for the invisible ones, so offsets can be kept.
 */
export function foldCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code > 0x20 && code < 0x7f) return character;
  const mapped = CHARACTER_MAP[character];
  if (mapped !== undefined) return mapped;
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
  if ((code >= 0x200b && code <= 0x200f) || code === 0xfeff || code === 0xad || code === 0x2060) return '';
  return character;
}

const FOLDED_TO_NOTHING = 0xffff;
let table: Uint16Array | null = null;

/** The code each UTF-16 code folds to, made once: looking up beats asking for every character of every page. */
function foldTable(): Uint16Array {
  if (table !== null) return table;
  table = new Uint16Array(65_536);
  for (let code = 0; code < 65_536; code++) {
    const folded = foldCharacter(String.fromCharCode(code));
    table[code] = folded === '' ? FOLDED_TO_NOTHING : folded.charCodeAt(0);
  }
  return table;
}

/** Fold a text with {@link foldCharacter} and let no two spaces follow one another; `spaced`: a space came before. Counts what is no space. */
export function foldLine(text: string, spaced: boolean): { folded: string; spaced: boolean; visible: number } {
  const codes = foldTable();
  let folded = '';
  let visible = 0;
  // What stands as it is is taken over whole.
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const to = codes[code] as number;
    if (to === code && code !== 0x20) {
      visible++;
      spaced = false;
      continue;
    }
    if (code === 0x20 && !spaced) {
      spaced = true;
      continue;
    }
    folded += text.slice(from, i);
    from = i + 1;
    if (to === FOLDED_TO_NOTHING) continue;
    if (to !== 0x20) {
      folded += String.fromCharCode(to);
      visible++;
      spaced = false;
    } else if (!spaced) {
      folded += ' ';
      spaced = true;
    }
  }
  return { folded: folded + text.slice(from), spaced, visible };
}

/** Fold a whole text with {@link foldCharacter}. */
export function foldText(text: string): string {
  let folded = '';
  for (const character of text) folded += character.length === 1 ? foldCharacter(character) : character;
  return folded;
}

const DIGITS = String.raw`\d(?: ?\d){4,13}(?= {0,2}(?:- {0,2}\d{1,3} {0,2}[AXKaxk]? {0,2})?号)|\d{5,12}`;
const MASKED = String.raw`[\dxX×*＊#?某○●□]{4,14}`;
const HEAD = String.raw`([${PROVINCE_ABBREVIATIONS}]) {0,3}[)\]】]? {0,3}[iI] ?[cC] ?[pP] {0,3}(备|证) {0,3}案? {0,3}字? {0,3}第?(?:编?号)? {0,3}[:|.]? {0,3}(?:[nN][oO][.:]? ?)?[(]? ?`;
const TAIL = String.raw`( ?[)]?(?: {0,3}号)?)?(?:( {0,2})[-_]( {0,2})(\d{1,4})(?!\d)([AXKaxk](?![A-Za-z]))?( {0,3}号)?)?`;
const NUMBER_PATTERN = new RegExp(`${HEAD}(${DIGITS}|${MASKED})${TAIL}`, 'g');

/** Words that introduce an example rather than a number of one's own (CMS forms, help texts). */
const EXAMPLE_BEFORE = /(?:如|例如|比如|例|格式|示例|样例|参考|e\.g\.)\s*[:,]?\s*["'“]?\s*$/i;

/**
 * Find every ICP number in a text that went through {@link foldText} (or {@link foldCharacter}).
 * Linear in the length of the text: every repetition in the pattern is bounded.
 */
export function findIcpNumbers(folded: string): IcpMatch[] {
  const matches: IcpMatch[] = [];
  NUMBER_PATTERN.lastIndex = 0;
  for (let hit = NUMBER_PATTERN.exec(folded); hit !== null; hit = NUMBER_PATTERN.exec(folded)) {
    const [whole, province, kind, rawDigits] = hit as unknown as [string, string, '备' | '证', string];
    const digits = rawDigits.replaceAll(' ', '').toUpperCase();
    const masked = /\D/.test(digits);
    if (masked && (digits.match(/\D/g)?.length ?? 0) < 2) continue;
    const suffix = readSuffix(hit);
    let end = hit.index + whole.length;
    if (hit[7] !== undefined && suffix === null) end -= hit[0].length - lengthWithoutSuffix(hit);
    const number = buildNumber(province, kind, digits, suffix?.value ?? null, suffix?.letter);
    const example = EXAMPLE_BEFORE.test(folded.slice(Math.max(0, hit.index - 16), hit.index));
    matches.push({ start: hit.index, end, number, placeholder: masked || example || isPlaceholderSerial(digits) });
    NUMBER_PATTERN.lastIndex = end;
  }
  return matches;
}

function lengthWithoutSuffix(hit: RegExpExecArray): number {
  const digitsEnd = hit[0].indexOf(hit[3] as string) + (hit[3] as string).length;
  return digitsEnd + (hit[4]?.length ?? 0);
}

/** A suffix is at most three digits; a longer run behind a hyphen is a police number glued on (design §4). */
function readSuffix(hit: RegExpExecArray): { value: number; letter: string | undefined } | null {
  const digits = hit[7];
  if (digits === undefined) return null;
  const spaced = (hit[5]?.length ?? 0) + (hit[6]?.length ?? 0) > 0;
  if (digits.length > 3 || (spaced && digits.length > 2)) return null;
  const value = Number(digits);
  if (value === 0) return null;
  return { value, letter: hit[8]?.toUpperCase() };
}

function buildNumber(
  province: string,
  kind: '备' | '证',
  serial: string,
  suffix: number | null,
  letter: string | undefined,
): IcpNumber {
  const subject = `${province}ICP${kind}${serial}号`;
  const canonical = suffix === null ? subject : `${subject}-${suffix}${letter ?? ''}`;
  return { province, kind, serial, suffix, service: SERVICE_OF_LETTER[letter ?? ''] ?? 'site', canonical, subject };
}

/** Digits nobody was ever given: one digit repeated, a run up or down, with or without a year in front. */
export function isPlaceholderSerial(serial: string): boolean {
  if (/\D/.test(serial)) return true;
  if (isPattern(serial)) return true;
  const withoutYear = serial.length === 10 ? serial.slice(4) : serial.length === 8 ? serial.slice(2) : '';
  return withoutYear !== '' && /^(?:123456|(\d)\1{5})$/.test(withoutYear);
}

function isPattern(digits: string): boolean {
  if (digits.length < 5) return false;
  const steps = new Set<number>();
  for (let i = 1; i < digits.length; i++) steps.add((Number(digits[i]) - Number(digits[i - 1]) + 10) % 10);
  if (steps.size !== 1) return false;
  const [step] = steps;
  return step === 0 || step === 1 || step === 9;
}

/** Why a text is not a usable number, with the remedy for the person who wrote it. */
export interface NumberProblem {
  reason: 'empty' | 'not-a-number' | 'placeholder' | 'wrong-length' | 'trailing-text';
  remedy: string;
}

/**
 * Parse a field that should hold exactly one number. Gives the number, or the problem with its remedy.
 * Serials have 6 to 10 digits (licences from 6, filings 8 or 10; 7 and 9 are seen on old ones).
 */
export function parseIcpNumber(
  field: string,
): { ok: true; number: IcpNumber; warning?: string } | { ok: false; problem: NumberProblem } {
  const folded = foldText(field).trim();
  if (folded === '')
    return { ok: false, problem: { reason: 'empty', remedy: 'give the number, like 京ICP备12345678号-1' } };
  const [match] = findIcpNumbers(folded);
  if (match === undefined || match.start !== 0) {
    return {
      ok: false,
      problem: {
        reason: 'not-a-number',
        remedy: 'write province, ICP备 or ICP证, digits, 号 and the suffix: 京ICP备12345678号-1',
      },
    };
  }
  if (folded.slice(match.end).trim() !== '') {
    return {
      ok: false,
      problem: { reason: 'trailing-text', remedy: `keep only the number: ${match.number.canonical}` },
    };
  }
  const { serial } = match.number;
  if (/\D/.test(serial)) {
    return { ok: false, problem: { reason: 'placeholder', remedy: 'replace the masked digits by the real ones' } };
  }
  if (serial.length < 6 || serial.length > 10) {
    return {
      ok: false,
      problem: { reason: 'wrong-length', remedy: `a serial has 6 to 10 digits, this one has ${serial.length}` },
    };
  }
  return match.placeholder
    ? { ok: true, number: match.number, warning: 'the digits look like a placeholder' }
    : { ok: true, number: match.number };
}

/** The full province name of a number (R5 table key), e.g. `蜀` → `四川`. */
export function provinceOfNumber(number: IcpNumber): string {
  return PROVINCE_OF_ABBREVIATION[number.province] ?? number.province;
}

const fold = (abbreviation: string): string => PROVINCE_SYNONYMS[abbreviation] ?? abbreviation;

/** Same subject: province (川 = 蜀 …), kind and serial agree. */
export function sameSubject(a: IcpNumber, b: IcpNumber): boolean {
  return fold(a.province) === fold(b.province) && a.kind === b.kind && a.serial === b.serial;
}

/** Same site: same subject and the same suffix and service. */
export function sameSite(a: IcpNumber, b: IcpNumber): boolean {
  return sameSubject(a, b) && a.suffix === b.suffix && a.service === b.service;
}
