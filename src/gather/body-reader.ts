import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { PageReader } from '../facts/page-reader.ts';
import type { PageFacts } from '../facts/types.ts';
import type { ContentWords } from '../reference/content-words.ts';
import { sniffCharset } from './charset.ts';
import { plainBody } from './decompress.ts';
import type { ReadingLane } from './reading-lane.ts';

/** A page body as read. */
export interface ReadBody {
  facts: PageFacts;
  charset: string;
  bytes: number;
  digest: string;
  /** The bytes, up to `keepBytes`; null when not asked for. */
  raw: Buffer | null;
}

/** How a body is read. */
export interface ReadBodyOptions {
  encoding: string;
  contentType: string | null;
  maxBytes: number;
  keepBytes: number;
  contentWords: ContentWords | null;
  /** Where long and dear pages wait for each other. */
  lane: ReadingLane;
  /** Its end ends the reading; what was read until then counts as cut. */
  signal: AbortSignal;
}

/** Bytes looked at before the charset is decided; smaller pages are decided on all of their bytes. */
const SNIFF_BYTES = 64 * 1024;
/** Bytes read in one go. */
const SLICE_BYTES = 4 * 1024;
/** Processor time after which the event loop gets its turn. */
const YIELD_MS = 4;
/** Share of illegible characters that makes a page one we could not read. */
const ILLEGIBLE_SHARE = 0.05;
/** Processor time a page has cost that makes it one of those that are read a few at a time. */
const DEAR_MS = 12;
/** How long a page that is read in the lane may wait for its next bytes there. */
const IDLE_MS = 50;
/** Processor time of the thread in which a page must have been read. */
const READ_BUDGET_MS = 800;
/** Processor time of its own after which a page is charged with its waiting too. */
const WAITING_COUNTS_MS = 8;

/**
 * Read a page body as it streams: decompress under a cap, decode, and hand the text to the page reader; never more than the
 * sniffing window is held. `maxBytes` counts decompressed bytes; beyond it, beyond 0.8 s of processor time and beyond the
 * signal the page is truncated, not failed. Throws GatherError `undecodable`, or the error of a body without a single byte.
 */
export async function readBody(body: Readable, options: ReadBodyOptions): Promise<ReadBody> {
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
    read(decoder.decode(head, { stream: true }));
  };
  const legible = new Legibility();
  const read = (text: string): void => {
    legible.count(text);
    reader.write(text);
  };
  const take = (chunk: Buffer): void => {
    hash.update(chunk);
    if (keptBytes < options.keepBytes) {
      kept.push(chunk.subarray(0, options.keepBytes - keptBytes));
      keptBytes += chunk.length;
    }
    if (decoder !== null) {
      read(decoder.decode(chunk, { stream: true }));
      return;
    }
    held.push(chunk);
    // Bytes that come one by one must not cost a hundred each.
    if (held.length > 256) held = [Buffer.concat(held)];
    heldBytes += chunk.length;
    if (heldBytes >= SNIFF_BYTES) begin(false);
  };
  // A body that breaks off before its first byte is no page: that failure is the caller's to tell.
  const pace = new Pace(options.lane);
  let inLane = false;
  const leave = (): void => {
    if (inLane) options.lane.leave();
    inLane = false;
  };
  // A page that keeps us waiting keeps no place; one whose next bytes are only on their way is finished first, for its memory.
  let patience: NodeJS.Timeout | undefined;
  const plain = plainBody(body, options.encoding, () => {
    if (inLane) patience = setTimeout(leave, IDLE_MS);
  });
  try {
    for await (const chunk of plain.chunks) {
      clearTimeout(patience);
      const room = options.maxBytes - bytes;
      bytes += chunk.length;
      const wanted = chunk.length > room ? chunk.subarray(0, Math.max(0, room)) : chunk;
      for (let offset = 0; offset < wanted.length && !cut; offset += SLICE_BYTES) {
        pace.begin();
        take(wanted.subarray(offset, offset + SLICE_BYTES));
        await pace.step();
        cut = pace.spentMs > READ_BUDGET_MS || options.signal.aborted;
        if (inLane || pace.spentMs <= DEAR_MS) continue;
        inLane = await options.lane.enter(options.signal);
        cut ||= !inLane;
      }
      if (bytes > options.maxBytes) cut = true;
      if (cut) break;
    }
  } finally {
    clearTimeout(patience);
    leave();
    plain.destroy();
  }
  cut ||= plain.broken();
  if (decoder === null) begin(true);
  read((decoder as unknown as TextDecoder).decode());
  cut ||= legible.doubtful;
  const raw = options.keepBytes > 0 ? Buffer.concat(kept) : null;
  return { facts: reader.end(cut), charset, bytes: Math.min(bytes, options.maxBytes), digest: hash.digest('hex'), raw };
}

/** Bytes that are no text in the charset taken for the page's: too many of them, and the page was not read. */
class Legibility {
  #characters = 0;
  #illegible = 0;

  count(text: string): void {
    this.#characters += text.length;
    this.#illegible += text.split(/[\ufffd\0]/).length - 1;
  }

  get doubtful(): boolean {
    return this.#illegible > 20 && this.#illegible > this.#characters * ILLEGIBLE_SHARE;
  }
}

/**
 * Gives the event loop its turn while a page is read, and counts what the page costs: its own time, and once that is more than any honest
 * page of usual size takes, what others cost while it waited as well, so that a process under attack cuts pages (seen in part, never
 * accused) before it runs out of memory.
 */
class Pace {
  /** What the page has cost so far. */
  spentMs = 0;
  #sinceYieldMs = 0;
  #beganAt = 0;
  /** From when on waiting counts; null while it does not. */
  #countedTo: number | null = null;
  readonly #lane: ReadingLane;

  constructor(lane: ReadingLane) {
    this.#lane = lane;
  }

  /** Before each slice. */
  begin(): void {
    this.#beganAt = cpuMs();
  }

  /** After each slice. */
  async step(): Promise<void> {
    const now = cpuMs();
    const ownMs = now - this.#beganAt;
    this.spentMs += now - (this.#countedTo ?? this.#beganAt);
    if (this.spentMs > WAITING_COUNTS_MS) this.#countedTo = now;
    this.#sinceYieldMs += ownMs;
    if (this.#sinceYieldMs <= YIELD_MS) return;
    this.#sinceYieldMs = 0;
    await this.#lane.turn();
  }
}

/** This thread's own processor time: a busy machine must not make an honest page look expensive. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
