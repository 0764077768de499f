import { randomBytes } from 'node:crypto';

/** Crockford's base32: no I, L, O or U, so that a code survives being read out over a telephone. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
export const CODE_LENGTH = 10;

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
