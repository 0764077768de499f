import type { Readable, Transform } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { GatherError } from './guarded-get.ts';

/** A body without its compression. */
export interface PlainBody {
  chunks: AsyncIterable<Buffer>;
  /** After the last chunk: bytes were missing, or more was wrong than the page shows. */
  broken: () => boolean;
  /** Stop reading, at once. */
  destroy: () => void;
}

/** Bytes taken ahead of the reader. */
const AHEAD_BYTES = 128 * 1024;
const AHEAD_CHUNKS = 256;
/** Windows a page may ask of us: 8 MB, as RFC 8878 §3.1.1.1.2 and RFC 9659 ask of decoders. */
const MAX_WINDOW_LOG = 23;
/** What servers write there without compressing anything. */
const PLAIN = new Set(['', 'identity', 'none', 'utf-8', 'utf8', 'gbk', 'gb2312', 'binary', '8bit', 'text']);

/**
 * Take the compression off a body as it streams. What was decompressed before an error is given all the same (`broken` tells);
 * one layer at most: stacked encodings are an attack, and no browser's habit. Throws GatherError `undecodable` for those. `onIdle` is
 * called whenever the next chunk has to be waited for.
 */
export function plainBody(body: Readable, encoding: string, onIdle: () => void = () => {}): PlainBody {
  const layers = encoding
    .split(',')
    .map((one) => one.trim())
    .filter((one) => !PLAIN.has(one));
  const [first, ...more] = layers;
  if (more.length > 0)
    throw new GatherError({ code: 'undecodable', message: `content-encoding ${encoding.slice(0, 60)}`, ours: false });
  const layer = first === undefined ? null : decompressor(first);
  const state = { broken: first !== undefined && layer === null, output: 0, tail: Buffer.alloc(0) };
  if (layer !== null) {
    // What came before the connection broke is flushed, not thrown away with it.
    body.on('error', () => {
      state.broken = true;
      layer.end();
    });
    if (first === 'gzip' || first === 'x-gzip')
      body.on('data', (chunk: Buffer) => {
        state.tail = Buffer.from(Buffer.concat([state.tail, chunk.subarray(-8)]).subarray(-8));
      });
    body.pipe(layer);
  }
  const source = layer ?? body;
  return {
    chunks: flow(source, state, onIdle),
    broken: () => state.broken || (state.tail.length === 8 && state.tail.readUInt32LE(4) > state.output),
    destroy: () => {
      source.destroy();
      body.destroy();
    },
  };
}

function decompressor(encoding: string): Transform | null {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      // Servers forget the trailer: everything is read, and the length in the trailer (of the last member, where there are several)
      // tells whether it was all; of a body cut short the last bytes are no length but chance, and nearly always more.
      return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress({ params: { [constants.BROTLI_DECODER_PARAM_LARGE_WINDOW]: 0 } });
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG } });
    default:
      return null;
  }
}

/** Chunks as they come; an error after some of them ends the flow, an error before any is thrown. */
async function* flow(
  source: Readable,
  state: { broken: boolean; output: number },
  onIdle: () => void,
): AsyncGenerator<Buffer> {
  const queue: Buffer[] = [];
  let queued = 0;
  let ended = false;
  let error: Error | null = null;
  let wake: () => void = () => {};
  source.on('data', (chunk: Buffer) => {
    queue.push(chunk);
    queued += chunk.length;
    if (queued > AHEAD_BYTES || queue.length > AHEAD_CHUNKS) source.pause();
    wake();
  });
  source.once('end', () => {
    ended = true;
    wake();
  });
  source.once('error', (reason: Error) => {
    error = reason;
    wake();
  });
  source.once('close', () => {
    ended = true;
    wake();
  });
  for (;;) {
    const chunk = queue.shift();
    if (chunk !== undefined) {
      queued -= chunk.length;
      state.output += chunk.length;
      if (queued <= AHEAD_BYTES / 2 && queue.length <= AHEAD_CHUNKS / 2) source.resume();
      yield chunk;
      continue;
    }
    if (error !== null) {
      if (state.output === 0) throw error as Error;
      state.broken = true;
      return;
    }
    if (ended) return;
    onIdle();
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
