import { randomBytes } from 'node:crypto';

/** Crockford's base32: no I, L, O or U, so that a code survives being read out over a telephone. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LENGTH = 10;

/** A fresh code: ten base32 letters, 50 bits. Names a case, or opens it (each its own). */
export const newCode = (): string => [...randomBytes(CODE_LENGTH)].map((byte) => LETTERS[byte & 31]).join('');

/** Is a text a code as codes are written? */
export const isCode = (text: string): boolean => /^[0-9A-HJKMNP-TV-Z]{10}$/.test(text);

/** A code as people type it: width, case, blanks and dashes do not matter, nor O for 0, I or L for 1. Null where it can be none. */
export function readCode(text: string): string | null {
  const code = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\-_]/g, '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  return isCode(code) ? code : null;
}

/** What pastes leave behind: blanks of no width, and marks of direction. */
const UNSEEN = /[\u200b-\u200f\u202a-\u202e\u2060\ufeff]/g;

/**
 * The code in what somebody typed or pasted: the code itself, with marks around it, or the whole SMS it stands in. Null where there is
 * none, or it cannot be told which.
 */
export function findCode(text: string): string | null {
  const plain = text.replace(UNSEEN, '').normalize('NFKC');
  const whole = readCode(plain.replace(/[。，、；：,.;:"'“”‘’【】《》()<>]/g, ''));
  if (whole !== null) return whole;
  const named = /案件码[^0-9A-Za-z]{0,3}([0-9A-Za-z]{10})(?![0-9A-Za-z])/.exec(plain);
  if (named !== null) return readCode(named[1] ?? '');
  // A run of digits alone is a number of a filing or a telephone.
  const runs = [...plain.matchAll(/(?<![0-9A-Za-z])(?=[0-9]*[A-Za-z])[0-9A-Za-z]{10}(?![0-9A-Za-z])/g)];
  const codes = new Set(runs.flatMap(([run]) => readCode(run) ?? []));
  return codes.size === 1 ? ([...codes][0] ?? null) : null;
}
