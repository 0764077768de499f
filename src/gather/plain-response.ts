/** A response that is plainly written, read to its end. Names of headers in lower case, each there once. */
export interface PlainResponse {
  status: number;
  headers: ReadonlyMap<string, string>;
  /** As it came, still packed by its content-encoding; empty for a redirect, whose body nobody asked for. */
  body: Buffer;
}

/** Not enough bytes yet, or a response that is not plainly written. */
export type Unfinished = 'more' | 'odd';

const MAX_HEAD_BYTES = 32 * 1024;
const MAX_HEADERS = 100;
/** A chunk's size is seven digits at most. */
const MAX_SIZE_LINE = 8;
const [CR, LF] = [13, 10];
/** More on the wire than this is left to the HTTP client, which reads as it streams. */
export const MAX_WIRE_BYTES = 160 * 1024;
const STATUS_LINE = /^HTTP\/1\.[01] ([2-5]\d\d)(?: [\x20-\x7e\x80-\xff]*)?$/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): *([\x20-\x7e\x80-\xff]*)$/;
const SIZE = /^[0-9a-fA-F]{1,7}$/;
/** Said twice, each of these could mean two things. */
const ONCE = new Set([
  'content-length',
  'transfer-encoding',
  'content-encoding',
  'content-type',
  'location',
  'date',
  'age',
]);

/**
 * Reads one HTTP/1.x response the strict way: whatever is not plainly written (folded or doubled headers, both lengths, chunk
 * extensions, trailers, interim answers, bytes behind the end) is `odd`, and left to the HTTP client, so that nobody is judged by this
 * reader's idea of the protocol. Linear in what is received.
 */
export class PlainReader {
  #head: { status: number; headers: Map<string, string>; bodyAt: number; length: number | 'chunked' | 'close' } | null =
    null;
  #searched = 0;
  readonly #chunks: Buffer[] = [];
  #chunkAt = 0;

  /** Takes everything received so far, and whether the server closed. */
  read(received: Buffer, ended: boolean): PlainResponse | Unfinished {
    if (this.#head === null) {
      const end = received.indexOf('\r\n\r\n', this.#searched);
      this.#searched = Math.max(0, received.length - 3);
      if (end === -1) return ended || received.length > MAX_HEAD_BYTES ? 'odd' : 'more';
      if (end > MAX_HEAD_BYTES) return 'odd';
      const head = readHead(received.toString('latin1', 0, end));
      if (head === null) return 'odd';
      this.#head = { ...head, bodyAt: end + 4 };
      this.#chunkAt = end + 4;
    }
    const { status, headers, bodyAt, length } = this.#head;
    if (status >= 300 && status < 400 && headers.has('location')) return { status, headers, body: Buffer.alloc(0) };
    if (length === 'close') return ended ? { status, headers, body: received.subarray(bodyAt) } : 'more';
    if (length === 'chunked') {
      const body = this.#unchunk(received);
      return body === 'more' ? (ended ? 'odd' : 'more') : body === 'odd' ? 'odd' : { status, headers, body };
    }
    const missing = bodyAt + length - received.length;
    if (bodyAt + length > MAX_WIRE_BYTES) return 'odd';
    if (missing > 0) return ended ? 'odd' : 'more';
    return missing < 0 ? 'odd' : { status, headers, body: received.subarray(bodyAt) };
  }

  /** Goes on where the last chunk ended. */
  #unchunk(received: Buffer): Buffer | Unfinished {
    for (;;) {
      const at = this.#chunkAt;
      const end = received.indexOf('\r\n', at);
      if (end === -1) return received.length - at > MAX_SIZE_LINE ? 'odd' : 'more';
      const line = end - at > MAX_SIZE_LINE ? '' : received.toString('latin1', at, end);
      if (!SIZE.test(line)) return 'odd';
      const size = Number.parseInt(line, 16);
      const next = end + 2 + size;
      if (next + 2 > received.length) {
        // A trailer, where the end should be.
        const strange = size === 0 && received.length > next && received[next] !== CR;
        return strange || next > MAX_WIRE_BYTES ? 'odd' : 'more';
      }
      if (received[next] !== CR || received[next + 1] !== LF) return 'odd';
      if (size === 0) return next + 2 === received.length ? Buffer.concat(this.#chunks) : 'odd';
      this.#chunks.push(received.subarray(end + 2, next));
      this.#chunkAt = next + 2;
    }
  }
}

function readHead(
  text: string,
): { status: number; headers: Map<string, string>; length: number | 'chunked' | 'close' } | null {
  const [first = '', ...lines] = text.split('\r\n');
  const status = Number(STATUS_LINE.exec(first)?.[1] ?? 0);
  if (status === 0 || status === 204 || status === 205 || status === 304 || lines.length > MAX_HEADERS) return null;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const header = HEADER.exec(line);
    if (header === null) return null;
    const name = (header[1] as string).toLowerCase();
    if (!headers.has(name)) headers.set(name, withoutBlanks(header[2] as string));
    else if (ONCE.has(name)) return null;
  }
  const length = headers.get('content-length');
  const transfer = headers.get('transfer-encoding');
  if (transfer !== undefined)
    return transfer.toLowerCase() === 'chunked' && length === undefined && first.startsWith('HTTP/1.1')
      ? { status, headers, length: 'chunked' }
      : null;
  if (length === undefined) return { status, headers, length: 'close' };
  return /^\d{1,9}$/.test(length) ? { status, headers, length: Number(length) } : null;
}

/** Blanks at the end go; what is white to JavaScript may be half a character here (0xA0). */
function withoutBlanks(value: string): string {
  let end = value.length;
  while (end > 0 && value.charCodeAt(end - 1) === 32) end--;
  return value.slice(0, end);
}
