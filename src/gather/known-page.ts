import { createHash } from 'node:crypto';
import type { Proof } from './whole-body.ts';

/** A body that was read before, and what it proved. */
export interface KnownPage {
  /** See {@link bodyKey}. */
  key: string;
  /** A {@link Proof} as JSON: parsed only when the body came again. */
  proof: string;
}

/** All that a proof depends on. */
export interface BodySource {
  encoding: string;
  contentType: string | null;
  siteNumber: string;
  readerVersion: string;
}

/** A digest over a body as it came over the wire and over all else that reading it depends on: the same key, the same facts. */
export function bodyKey(body: Buffer, { encoding, contentType, siteNumber, readerVersion }: BodySource): string {
  return createHash('sha256')
    .update(JSON.stringify([readerVersion, encoding, contentType, siteNumber]))
    .update(body)
    .digest('base64');
}

/** What a body proved when it was read last; null when it is another one, or what was kept cannot be read. */
export function provedBefore(known: KnownPage | null, key: string): Proof | null {
  if (known === null || known.key !== key) return null;
  try {
    return JSON.parse(known.proof) as Proof;
  } catch {
    return null;
  }
}
