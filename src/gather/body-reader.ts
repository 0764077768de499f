import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { PageReader } from '../facts/page-reader.ts';
import type { PageFacts } from '../facts/types.ts';
import type { ContentWords } from '../reference/content-words.ts';
import { sniffCharset } from './charset.ts';

/** A page body as read. */
export interface ReadBody {
  facts: PageFacts;
  charset: string;
  bytes: number;
  digest: string;
  /** The bytes, up to `keepBytes`; null when not asked for. */
  raw: Buffer | null;
}

/** Bytes looked at before the charset is decided; smaller pages are decided on all of their bytes. */
const SNIFF_BYTES = 64 * 1024;

/**
 * Read a page body as it streams: decompress under a cap, decode, and hand the text to the page reader; never more than the
 * sniffing window is held. `maxBytes` counts decompressed bytes; beyond it the page is truncated, not failed.
 */
export async function readBody(
  body: Readable,
  options: {
    encoding: string;
    contentType: string | null;
    maxBytes: number;
    keepBytes: number;
    contentWords: ContentWords | null;
  },
): Promise<ReadBody> {
  const reader = new PageReader(options.contentWords);
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  let cut = false;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let decoder: TextDecoder | null = null;
  let charset = 'utf-8';
  const begin = (complete: boolean): void => {
    const head = Buffer.concat(held);
    charset = sniffCharset(options.contentType, head, complete);
    decoder = new TextDecoder(charset);
    held = [];
    reader.write(decoder.decode(head, { stream: true }));
  };
  const take = (chunk: Buffer): void => {
    hash.update(chunk);
    if (keptBytes < options.keepBytes) {
      kept.push(chunk.subarray(0, options.keepBytes - keptBytes));
      keptBytes += chunk.length;
    }
    if (decoder !== null) {
      reader.write(decoder.decode(chunk, { stream: true }));
      return;
    }
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= SNIFF_BYTES) begin(false);
  };
  const source = decompressor(body, options.encoding);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const room = options.maxBytes - bytes;
      bytes += chunk.length;
      take(chunk.length > room ? chunk.subarray(0, Math.max(0, room)) : chunk);
      if (bytes > options.maxBytes) {
        cut = true;
        break;
      }
    }
  } catch (error) {
    // A body cut short is still a page: what came is read, and the facts say that it was cut.
    if (bytes === 0) throw error;
    cut = true;
  } finally {
    source.destroy();
    body.destroy();
  }
  if (decoder === null) begin(true);
  reader.write((decoder as unknown as TextDecoder).decode());
  const raw = options.keepBytes > 0 ? Buffer.concat(kept) : null;
  return { facts: reader.end(cut), charset, bytes: Math.min(bytes, options.maxBytes), digest: hash.digest('hex'), raw };
}

/** One layer of compression at most: stacked encodings are an attack, and no browser's habit. */
function decompressor(body: Readable, encoding: string): Readable {
  const flush = { finishFlush: constants.Z_SYNC_FLUSH };
  const layer =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip(flush)
      : encoding === 'deflate'
        ? createInflate(flush)
        : encoding === 'br'
          ? createBrotliDecompress()
          : encoding === 'zstd'
            ? createZstdDecompress()
            : null;
  if (layer === null) return body;
  body.on('error', (error) => layer.destroy(error));
  return body.pipe(layer);
}
