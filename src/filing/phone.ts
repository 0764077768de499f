import { foldText } from './site-number.ts';

/** How a phone number of a filing is written. `unreadable`: masked, mangled or described in words; nothing is known then. */
export type PhoneForm = 'mobile' | 'landline' | 'foreign' | 'missing' | 'unreadable' | 'invalid';

const NOTHING = /^(?:[-—/\\.·*\s]*|暂?无(?:电话|手机|号码|联系电话)?|没有|未填写?|空|n\/?a|none|null|nil)$/i;
const MASKED = /\d[\s\-.()]*[*xX#•]{2,}|[*xX#•]{2,}[\s\-.()]*\d|\*{3,}/;
/** What a spreadsheet makes of a long number. */
const SCIENTIFIC = /^\d(?:\.\d+)?e\+?\d+$/i;
/** Between two numbers in one column. */
const BETWEEN = /[/;,、，；|\n]|或/;
/** One number with what people put between its digits; `+` or `00` in front names a country. */
const RUN = /(\+|(?<!\d)00(?=[1-9]))?\s*([\d(][\d\s()\-.·_]*)/g;
/** `1-408-555-1234`, `886-2-12345678`: a country code without its plus. */
const ABROAD = /^1[\s\-(.]+\(?\d{3}\)?[\s\-.]|^\(?(?:852|853|886)\)?[\s\-.]/;
/** A mobile beside another number in the same run. */
const MOBILE_IN_RUN = /(?<!\d)(?:86[\s-]*|0)?(1[3-9]\d(?:[\s\-.·_]?\d){8})(?!\d)/;
/** Area code (with or without its 0) and number; 400 and 800; a number without area code; 95 and 96 services. */
const LANDLINE =
  /(?<!\d)(?:0?(?:10|2\d)[2-9]\d{7}|0?[3-9]\d{2}[2-9]\d{6,7}|[48]00\d{7}|[2-8]\d{6,7}|9[56]\d{3,6})(?!\d)/;
/** With fewer digits it is no attempt at a number, but words (同上, 保密). */
const FEWEST_DIGITS = 5;

type Found = { kind: 'mobile'; mobile: string } | { kind: 'foreign' } | null;

function readRun(country: string | undefined, run: string): Found {
  const digits = run.replace(/\D/g, '');
  if (country !== undefined && !digits.startsWith('86')) return digits.length >= 7 ? { kind: 'foreign' } : null;
  if (country === undefined && ABROAD.test(run)) return { kind: 'foreign' };
  const bare = digits.replace(/^0*86(?=1[3-9]\d{9}$)/, '').replace(/^0(?=1[3-9]\d{9}$)/, '');
  const mobile = /^1[3-9]\d{9}$/.test(bare) ? bare : MOBILE_IN_RUN.exec(run)?.[1]?.replace(/\D/g, '');
  return mobile === undefined ? null : { kind: 'mobile', mobile };
}

/** What stands in a phone column, number by number. */
function found(text: string): Exclude<Found, null>[] {
  const whole = text.replace(/\D/g, '');
  // 138/0013/8000 and 13,800,138,000: one number and nothing else.
  if (/^1[3-9]\d{9}$/.test(whole) && /^[\d\s()\-.·_/,]+$/.test(text) && !ABROAD.test(text))
    return [{ kind: 'mobile', mobile: whole }];
  return text
    .split(BETWEEN)
    .flatMap((part) => [...part.matchAll(RUN)].flatMap(([, country, run = '']) => readRun(country, run) ?? []));
}

/** The mainland mobile of a filing's phone column, whatever stands around it: `手机：138 0013 8000（微信同号）`; null: none. */
export function filedMobile(text: string | null): string | null {
  const first = found(foldText(text ?? '')).find((one) => one.kind === 'mobile');
  return first?.kind === 'mobile' ? first.mobile : null;
}

/** How a phone column is written (R4.1). Only what nobody could call is `invalid`. */
export function phoneForm(text: string | null): PhoneForm {
  const folded = foldText(text ?? '').trim();
  if (NOTHING.test(folded)) return 'missing';
  const numbers = found(folded);
  if (numbers.some(({ kind }) => kind === 'mobile')) return 'mobile';
  if (MASKED.test(folded) || SCIENTIFIC.test(folded)) return 'unreadable';
  if (folded.split(/[/;,、，；|\n]|或|转|ext\.?|分机/i).some(isLandline)) return 'landline';
  if (numbers.some(({ kind }) => kind === 'foreign')) return 'foreign';
  return folded.replace(/\D/g, '').length < FEWEST_DIGITS ? 'unreadable' : 'invalid';
}

function isLandline(part: string): boolean {
  if (/^\s*(?:\+|00)(?!86)[1-9]/.test(part)) return false;
  const plain = part.replace(/(?<=\d{7,8}\s?)\(\d{1,6}\)\s*$/, '');
  const digits = plain.replace(/[\s()\-.·_]/g, '').replace(/(?:\+|(?<!\d)0*)86(?=0?[1-9]\d{8,10}(?!\d))/, '');
  // Without its separators an extension may make the number too long: then it is read with them.
  return LANDLINE.test(digits) || LANDLINE.test(plain.replace(/[()]/g, '').replace(/(?<=\b0\d{2,3})[\s-]+/, ''));
}
