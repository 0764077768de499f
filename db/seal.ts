import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import type Database from 'better-sqlite3';
import { InputError } from '../src/errors.ts';

/** What sealed text begins with. */
const MARK = 'sealed1:';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals and opens contact data by a key that never stands in the database. Null stays null. */
export interface Sealer {
  seal: (text: string | null) => string | null;
  unseal: (text: string | null) => string | null;
  sealing: boolean;
}

/**
 * AES-256-GCM with a nonce made from the text itself (as in SIV): the same text always gives the same seal, so that addresses can be
 * looked up and kept unique without being opened. What equality tells, the seal tells too, and nothing else. Without a key text passes
 * as it is, and sealed text is refused with InputError. Takes 32 bytes.
 */
export function createSealer(key: Buffer | null): Sealer {
  if (key === null)
    return {
      sealing: false,
      seal: (text) => text,
      // A ledger that was sealed is not opened without its key at all: what looks like a seal here is somebody's text.
      unseal: (text) => text,
    };
  const open = (text: string): string | null => {
    const bytes = Buffer.from(text.slice(MARK.length), 'base64url');
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
    try {
      const decipher = createDecipheriv('aes-256-gcm', textKey, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString(
        'utf8',
      );
    } catch {
      return null;
    }
  };
  const derive = (use: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', `beian-patrol ${use}`, 32));
  const [textKey, nonceKey] = [derive('contact text'), derive('contact nonce')];
  return {
    sealing: true,
    seal: (text) => {
      // Sealed already, by this key; anything else that begins so is somebody's text.
      if (text === null || (text.startsWith(MARK) && open(text) !== null)) return text;
      const nonce = createHmac('sha256', nonceKey).update(text).digest().subarray(0, NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', textKey, nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return `${MARK}${Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64url')}`;
    },
    unseal: (text) => {
      // Written before there was a key: read as it is, sealed by `patrol privacy seal`.
      if (text?.startsWith(MARK) !== true) return text;
      const opened = open(text);
      if (opened === null)
        throw new InputError(
          'contact data in this ledger was sealed with another key, or altered',
          'set PATROL_DATA_KEY (or PATROL_DATA_KEY_FILE) to the key it was sealed with',
        );
      return opened;
    },
  };
}

/** A key as configuration gives it: 32 bytes, in base64 or in hexadecimal digits. Null when it is none. */
export function parseDataKey(text: string): Buffer | null {
  const trimmed = text.trim();
  const bytes = /^[0-9a-f]{64}$/i.test(trimmed) ? Buffer.from(trimmed, 'hex') : Buffer.from(trimmed, 'base64');
  return bytes.length === 32 && /^[A-Za-z0-9+/_=-]+$/.test(trimmed) ? bytes : null;
}

/** Make `seal()` and `unseal()` known to a connection's SQL. */
export function teachSealing(sqlite: Database.Database, sealer: Sealer): void {
  sqlite.function('seal', { deterministic: true }, (text) => sealer.seal(text as string | null));
  sqlite.function('unseal', { deterministic: true }, (text) => sealer.unseal(text as string | null));
}
