import { hash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { proveFooter } from '../facts/footer-proof.ts';
import type { PageFacts } from '../facts/types.ts';
import { sniffCharset } from './charset.ts';

const MAX_PLAIN_BYTES = 512 * 1024;
const SNIFF_BYTES = 64 * 1024;
const MIN_ROOM_BYTES = 16 * 1024;

/** What a whole body proved. */
export interface Proof {
  facts: PageFacts;
  bytes: number;
  digest: string;
}

/**
 * Try to prove by a small body, whole and as it came, that the page shows a number (see {@link proveFooter}). Null is no failure: another
 * encoding or charset, too large, no proof. The page must be read in full then.
 */
export function proveByBody(
  body: Buffer,
  options: { encoding: string; contentType: string | null; siteNumber: string },
): Proof | null {
  const page = plainOf(body, options.encoding);
  if (page === null) return null;
  if (sniffCharset(options.contentType, page.subarray(0, SNIFF_BYTES), page.length <= SNIFF_BYTES) !== 'utf-8')
    return null;
  const facts = proofOf(page, options.siteNumber);
  return facts === null ? null : { facts, bytes: page.length, digest: hash('sha256', page, 'hex') };
}

/** A way that can only prove a pass must not fail a page either: whatever goes wrong in it, the page is read in full. */
function proofOf(page: Buffer, siteNumber: string): PageFacts | null {
  try {
    return proveFooter(page, siteNumber);
  } catch {
    return null;
  }
}

/** Null: packed in another way, cut, or too large. */
function plainOf(body: Buffer, encoding: string): Buffer | null {
  if (encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip') return null;
  try {
    // Its last four bytes say how long it will be: room for all of it at once, if that is true.
    const said = body.length > 18 ? body.readUInt32LE(body.length - 4) : 0;
    const chunkSize = Math.min(MAX_PLAIN_BYTES, Math.max(MIN_ROOM_BYTES, said + 64));
    return gunzipSync(body, { maxOutputLength: MAX_PLAIN_BYTES, chunkSize });
  } catch {
    return null;
  }
}
