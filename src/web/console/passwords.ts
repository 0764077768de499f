import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { InputError } from '../../errors.ts';

/** 2^15 blocks of 8 in 3 rounds: 32 MiB and about a quarter of a second. */
const COST = { N: 32_768, r: 8, p: 3, maxmem: 64 * 1024 * 1024 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;
/** Shorter ones are guessed. */
export const MIN_PASSWORD = 12;
/** Longer ones only cost time. */
const MAX_PASSWORD = 200;

/** Throws InputError where a password is too short or too long, or is the name itself. */
export function demandPassword(password: string, name: string): void {
  const length = [...password].length;
  if (length < MIN_PASSWORD || length > MAX_PASSWORD)
    throw new InputError(
      `the password has ${length} characters`,
      `give ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
      `密码须为 ${MIN_PASSWORD} 至 ${MAX_PASSWORD} 个字符`,
    );
  if (new Set(password).size < 5 || password.toLowerCase().includes(name.toLowerCase()))
    throw new InputError(
      'the password is easily guessed: it repeats itself, or holds the name',
      'choose another one',
      '密码过于简单或包含用户名，请换一个',
    );
}

const derive = (password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  );

/** A password as it is kept: scrypt with its cost and salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  return `scrypt$${COST.N}$${COST.r}$${COST.p}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

/** Is it the password? `kept` null (no such admin) takes the same time and is never it. */
export async function isPassword(password: string, kept: string | null): Promise<boolean> {
  const [scheme, n, r, p, salt = '', key = ''] = (kept ?? NOBODY).split('$');
  if (scheme !== 'scrypt' || password.length > MAX_PASSWORD * 4) return false;
  const cost = { N: Number(n), r: Number(r), p: Number(p), maxmem: COST.maxmem };
  const derived = await derive(password, Buffer.from(salt, 'base64url'), cost);
  const wanted = Buffer.from(key, 'base64url');
  return wanted.length === derived.length && timingSafeEqual(wanted, derived) && kept !== null;
}

const NOBODY = `scrypt$${COST.N}$${COST.r}$${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;
