import { foldText } from './site-number.ts';

/** How a phone number of a filing is written. `unreadable`: masked or mangled by a spreadsheet; nothing is known then. */
export type PhoneForm = 'mobile' | 'landline' | 'foreign' | 'missing' | 'unreadable' | 'invalid';

const MOBILE = /(?<![\d.])(?:\+?0*86[\s-]*|0)?(1[3-9]\d(?:[\s-]?\d){8})(?!\d)/g;
const NOTHING = /^(?:[-—/\\.·*\s]*|暂?无(?:电话|号码|联系电话)?|没有|未填写?|空|n\/?a|none|null|nil)$/i;
const MASKED = /\d[*xX#•]{2,}|\*{3,}/;
/** What a spreadsheet makes of a long number. */
const SCIENTIFIC = /^\d(?:\.\d+)?e\+?\d+$/i;
const FOREIGN = /^(?:\+|00)(?!86)[1-9][\d\s()-]{6,}$/;
/** Area code (with or without its 0) and number; 400 and 800; a number without area code; 95 and 96 services. */
const LANDLINE =
  /(?<!\d)(?:0?(?:10|2\d)[2-9]\d{7}|0?[3-9]\d{2}[2-9]\d{6,7}|[48]00\d{7}|[2-8]\d{6,7}|9[56]\d{3,6})(?!\d)/;

/** The mainland mobile of a filing's phone column, whatever stands around it: `手机：138 0013 8000（微信同号）`; null: none. */
export function filedMobile(text: string | null): string | null {
  const [first] = foldText(text ?? '').matchAll(MOBILE);
  return first?.[1]?.replace(/\D/g, '') ?? null;
}

/** How a phone column is written (R4.1). Only what nobody could call is `invalid`. */
export function phoneForm(text: string | null): PhoneForm {
  const folded = foldText(text ?? '').trim();
  if (NOTHING.test(folded)) return 'missing';
  if (filedMobile(folded) !== null) return 'mobile';
  if (MASKED.test(folded) || SCIENTIFIC.test(folded)) return 'unreadable';
  if (FOREIGN.test(folded)) return 'foreign';
  const parts = folded.split(/[/;,、，；或]|转|ext\.?|分机/i);
  const isLandline = (part: string): boolean => {
    const digits = part.replace(/[\s()-]/g, '').replace(/(?:\+|(?<!\d)0*)86(?=0?[1-9]\d{8,10}(?!\d))/, '');
    // Without its separators an extension may make the number too long: then it is read with them.
    return LANDLINE.test(digits) || LANDLINE.test(part.replace(/[()]/g, '').replace(/(?<=\b0\d{2,3})[\s-]+/, ''));
  };
  return parts.some(isLandline) ? 'landline' : 'invalid';
}
