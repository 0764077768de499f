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
/** What looks like the last chunk may be a piece of a body this often. */
const MAX_ENDS = 4;
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
  #unchunked = 0;

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
    }
    const { status, headers, bodyAt, length } = this.#head;
    if (status >= 300 && status < 400 && headers.has('location')) return { status, headers, body: Buffer.alloc(0) };
    if (length === 'close') return ended ? { status, headers, body: received.subarray(bodyAt) } : 'more';
    if (length === 'chunked') {
      const last = received.length >= bodyAt + 5 && received.toString('latin1', received.length - 5) === '0\r\n\r\n';
      // Whoever ends again and again is not read again and again.
      if (last && ++this.#unchunked > MAX_ENDS) return 'odd';
      const body = last ? unchunk(received, bodyAt) : 'more';
      return body === 'more' ? (ended ? 'odd' : 'more') : body === 'odd' ? 'odd' : { status, headers, body };
    }
    const missing = bodyAt + length - received.length;
    if (missing > 0) return ended ? 'odd' : 'more';
    return missing < 0 ? 'odd' : { status, headers, body: received.subarray(bodyAt) };
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
    if (!headers.has(name)) headers.set(name, (header[2] as string).trimEnd());
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

function unchunk(received: Buffer, from: number): Buffer | Unfinished {
  const pieces: Buffer[] = [];
  for (let at = from; ; ) {
    const end = received.indexOf('\r\n', at);
    if (end === -1 || end - at > 8) return end === -1 && received.length - at <= 8 ? 'more' : 'odd';
    const line = received.toString('latin1', at, end);
    if (!SIZE.test(line)) return 'odd';
    const size = Number.parseInt(line, 16);
    const next = end + 2 + size;
    if (next + 2 > received.length) return 'more';
    if (received[next] !== 13 || received[next + 1] !== 10) return 'odd';
    if (size === 0) return next + 2 === received.length ? Buffer.concat(pieces) : 'odd';
    pieces.push(received.subarray(end + 2, next));
    at = next + 2;
  }
}
