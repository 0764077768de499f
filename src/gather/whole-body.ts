import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { proveFooter } from '../facts/footer-proof.ts';
import type { PageFacts } from '../facts/types.ts';
import { sniffCharset } from './charset.ts';

/** More on the wire than this is read as it streams. */
const MAX_WIRE_BYTES = 128 * 1024;
const MAX_CHUNKS = 256;
const MAX_PLAIN_BYTES = 512 * 1024;
const SNIFF_BYTES = 64 * 1024;

/** What a body proved, or the body as if nobody had touched it. */
export type Proof = { facts: PageFacts; bytes: number; digest: string; rest: null } | { facts: null; rest: Readable };

/**
 * Take a small body whole and try to prove by it that the page shows a number (see {@link proveFooter}). Whatever comes in between (more
 * bytes, another encoding or charset, an error, no proof) is no failure: `rest` then gives the same bytes, and the same error, to whoever
 * reads pages in full.
 */
export async function proveByBody(
  body: Readable,
  options: { encoding: string; contentType: string | null; siteNumber: string },
): Promise<Proof> {
  let taken: Buffer[] = [];
  let bytes = 0;
  let failure: { error: unknown } | null = null;
  let ended = false;
  const source = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  while (bytes <= MAX_WIRE_BYTES && failure === null && !ended) {
    try {
      const next = await source.next();
      if (next.done === true) ended = true;
      else {
        taken.push(next.value);
        // Bytes that come one by one must not cost a hundred each.
        if (taken.length > MAX_CHUNKS) taken = [Buffer.concat(taken)];
        bytes += next.value.length;
      }
    } catch (error) {
      failure = { error };
    }
  }
  const page = ended ? plainOf(Buffer.concat(taken), options.encoding) : null;
  const charset =
    page === null ? null : sniffCharset(options.contentType, page.subarray(0, SNIFF_BYTES), page.length <= SNIFF_BYTES);
  const facts = page === null || charset !== 'utf-8' ? null : proveFooter(page, options.siteNumber);
  if (page !== null && facts !== null)
    return { facts, bytes: page.length, digest: createHash('sha256').update(page).digest('hex'), rest: null };
  return { facts: null, rest: Readable.from(replay(taken, failure, ended ? null : source)) };
}

/** Null: packed in another way, cut, or too large. */
function plainOf(body: Buffer, encoding: string): Buffer | null {
  if (encoding === '' || encoding === 'identity') return body;
  if (encoding !== 'gzip') return null;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_PLAIN_BYTES });
  } catch {
    return null;
  }
}

async function* replay(
  taken: readonly Buffer[],
  failure: { error: unknown } | null,
  source: AsyncIterator<Buffer> | null,
): AsyncGenerator<Buffer> {
  try {
    yield* taken;
    if (failure !== null) throw failure.error;
    for (let next = await source?.next(); next !== undefined && next.done !== true; next = await source?.next())
      yield next.value;
  } finally {
    await source?.return?.();
  }
}
