import { Readable } from 'node:stream';
import { Client } from 'undici';
import { codeOf, messageOf } from '../errors.ts';
import type { ContentWords } from '../reference/content-words.ts';
import { type ReadBody, type ReadBodyOptions, readBody } from './body-reader.ts';
import { type Dialer, failureOf, type PinnedOptions, pinnedConnector } from './dialer.ts';
import type { DnsOptions } from './dns.ts';
import { GatherError } from './guarded-get.ts';
import { bodyKey, KEPT_BY_THE_LEDGER, MAX_PROOF_LENGTH, type ProvedPage, type SamePage } from './known-page.ts';
import type { KeyedLimiter } from './limiter.ts';
import type { PathTrust } from './path-trust.ts';
import { plainGet } from './plain-get.ts';
import type { PlainResponse } from './plain-response.ts';
import type { ReadingLane } from './reading-lane.ts';
import { resolveGuarded } from './resolve-guarded.ts';
import type { ServerClocks } from './server-clocks.ts';
import {
  type Artifact,
  type Failure,
  failed,
  type PageDocument,
  type PageHop,
  type PageValue,
  type RawEvidence,
  type TlsHandshake,
  type TlsValue,
} from './types.ts';
import { type Proof, proveByBody } from './whole-body.ts';

/** What the page gatherer needs. */
export interface PageOptions {
  dns: DnsOptions;
  dialer: Dialer;
  /** One budget for everything a site makes us do. */
  totalTimeoutMs: number;
  connectTimeoutMs: number;
  maxBodyBytes: number;
  maxRedirects: number;
  /** Raw bytes kept as evidence; 0 while screening. */
  keepBytes: number;
  userAgent: string;
  /** Lists looked for in what the page shows (R4.2); null: none. */
  contentWords: ContentWords | null;
  /** While screening, where nothing else is asked of the page: a page that plainly shows this number need not be read in full. */
  siteNumber: string | null;
  /** The key of the page as it was read last (see `bodyKey`): the same bytes need not be read again. */
  known: string | null;
  /** What reads pages; facts read by another version are not known. */
  readerVersion: string;
  perAddress: KeyedLimiter;
  /** Where long and dear pages wait for each other. */
  lane: ReadingLane;
  /** Told of every server's clock. */
  clocks: ServerClocks;
  /** Whether pages reach us as they are. */
  path: PathTrust;
  now: () => number;
}

/** What one look at a site's home page gives. */
export interface PageLook {
  page: Artifact<PageValue>;
  tls: Artifact<TlsValue>;
  raw: RawEvidence[];
  /** What the page newly proved, for the next look; null when a page was read and proved nothing that is to be kept. */
  proved?: ProvedPage | null;
  /** The page is the one that was read before: what was read then is with the ledger, and `page` is not observed without it. */
  same?: SamePage;
}

interface Look {
  options: PageOptions;
  signal: AbortSignal;
  handshakes: TlsHandshake[];
  raw: RawEvidence[];
  proved: ProvedPage | null;
}

/**
 * Read the home page of the first host that answers with one that shows a number, else of the first that answers: `http`
 * first (a redirect leads to `https`), then `https`.
 * Every redirect is walked by hand with the whole guard per hop. Never throws; a failure is data (design §3).
 */
export async function gatherPage(hosts: string[], options: PageOptions): Promise<PageLook> {
  const startedAt = options.now();
  const blocked = await options.path.whyBlocked();
  if (blocked !== null) {
    const artifact = failed('captive-network', blocked, startedAt, options.now() - startedAt, true);
    return { page: artifact, tls: artifact, raw: [] };
  }
  const look: Look = {
    options,
    signal: AbortSignal.timeout(options.totalTimeoutMs),
    handshakes: [],
    raw: [],
    proved: null,
  };
  const value: PageValue = { attempts: [], document: null };
  let fallback: PageDocument | null = null;
  for (const host of hosts) {
    for (const scheme of ['http', 'https'] as const) {
      if (look.signal.aborted) {
        // Said, so that nobody takes a host that was never tried for one without a number.
        value.attempts.push({ host, hops: [untried(`${scheme}://${bracket(host)}/`, options.totalTimeoutMs)] });
        break;
      }
      const attempt = await walkRedirects(`${scheme}://${bracket(host)}/`, look);
      value.attempts.push({ host, hops: attempt.hops });
      const { document } = attempt;
      if (document !== null && document.status < 400 && showsNumber(document)) {
        value.document = document;
        return finish(value, look, startedAt);
      }
      if (document !== null && (fallback === null || (fallback.status >= 400 && document.status < 400)))
        fallback = document;
      // Another host may be the one that shows the number: all are read before a page without any is judged.
      if (document !== null && document.status < 400) break;
      // The name itself does not lead anywhere: the other scheme would fare no better.
      if (attempt.hops[0]?.failure?.code === 'no-address' || attempt.hops[0]?.failure?.code === 'dns-unobserved') break;
    }
  }
  value.document = fallback;
  return finish(value, look, startedAt);
}

/** Why a client ends: given, since the client would make an error with its stack for each. */
const DONE = new Error('the page was read');

const ACCEPT = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.5';
const ACCEPT_LANGUAGE = 'zh-CN,zh;q=0.9,en;q=0.5';
const plainHeaders = (userAgent: string): string =>
  `user-agent: ${userAgent.replace(/[^\x20-\x7e]/g, '')}\r\naccept: ${ACCEPT}\r\naccept-language: ${ACCEPT_LANGUAGE}\r\naccept-encoding: gzip\r\nconnection: close\r\n`;

/** How long what is answered plainly may take from its first byte on. */
const PLAIN_PATIENCE_MS = 5000;

/** Headers, chunk sizes, TLS records around a body of the largest size. */
const WIRE_MARGIN_BYTES = 512 * 1024;

function untried(url: string, totalTimeoutMs: number): PageHop {
  const message = `timeout: not tried within ${totalTimeoutMs} ms`;
  return { url, address: null, status: null, location: null, failure: { code: 'timeout', message, ours: false } };
}

const showsNumber = ({ facts }: PageDocument): boolean => facts === KEPT_BY_THE_LEDGER || facts.icpNumbers.length > 0;

function finish(value: PageValue, look: Look, startedAt: number): PageLook {
  const { known, siteNumber, now } = look.options;
  const tookMs = now() - startedAt;
  const seen = { ok: true as const, observedAt: startedAt, tookMs };
  const tls = { ...seen, value: { handshakes: look.handshakes.slice(0, 8) } };
  const { attempts, document } = value;
  if (document?.facts === KEPT_BY_THE_LEDGER && known !== null) {
    const { facts: _facts, bytes: _bytes, bodyDigest: _digest, ...shown } = document;
    const page = failed(
      'internal',
      'known by its bytes; what was read of it is with the ledger',
      startedAt,
      tookMs,
      true,
    );
    return { page, tls, raw: [], same: { key: known, observedAt: startedAt, tookMs, attempts, document: shown } };
  }
  const asked = siteNumber !== null && document !== null;
  return { page: { ...seen, value }, tls, raw: look.raw, ...(asked && { proved: look.proved }) };
}

const bracket = (host: string): string => (host.includes(':') ? `[${host}]` : host);

async function walkRedirects(start: string, look: Look): Promise<{ hops: PageHop[]; document: PageDocument | null }> {
  const hops: PageHop[] = [];
  const visited = new Set<string>();
  let url: URL | null = new URL(start);
  while (url !== null) {
    const hop: PageHop = { url: url.href.slice(0, 500), address: null, status: null, location: null, failure: null };
    hops.push(hop);
    const refusal = refuseUrl(url, visited, hops.length, look.options.maxRedirects);
    if (refusal !== null) {
      hop.failure = refusal;
      return { hops, document: null };
    }
    visited.add(url.href);
    const result = await fetchHop(url, hop, look);
    if (result === null) return { hops, document: null };
    if ('next' in result) url = result.next;
    else return { hops, document: result.document };
  }
  return { hops, document: null };
}

function refuseUrl(url: URL, visited: Set<string>, hop: number, maxRedirects: number): Failure | null {
  const fail = (code: Failure['code'], message: string): Failure => ({ code, message, ours: false });
  if (hop > maxRedirects + 1) return fail('too-many-redirects', `more than ${maxRedirects} redirects`);
  if (visited.has(url.href)) return fail('too-many-redirects', 'redirects to itself');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return fail('bad-redirect', `scheme ${url.protocol}`);
  if (url.port !== '' && url.port !== '80' && url.port !== '443') return fail('bad-redirect', `port ${url.port}`);
  if (url.username !== '' || url.password !== '') return fail('bad-redirect', 'credentials in the address');
  return null;
}

async function fetchHop(
  url: URL,
  hop: PageHop,
  look: Look,
): Promise<{ next: URL | null } | { document: PageDocument } | null> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const resolved = await resolveGuarded(host, look.options.dns);
  if (!resolved.ok) {
    hop.failure = resolved.failure;
    return null;
  }
  for (const address of resolved.addresses) {
    hop.address = address;
    hop.failure = null;
    try {
      return await look.options.perAddress.run(address, () => request(url, host, address, hop, look));
    } catch (error) {
      hop.failure = look.signal.aborted
        ? { code: 'timeout', message: `timeout: no answer within ${look.options.totalTimeoutMs} ms`, ours: false }
        : error instanceof GatherError
          ? error.failure
          : failureOf(error);
      if (look.signal.aborted || hop.status !== null) return null;
    }
  }
  return null;
}

async function request(
  url: URL,
  host: string,
  address: string,
  hop: PageHop,
  look: Look,
): Promise<{ next: URL | null } | { document: PageDocument }> {
  const { options, signal } = look;
  const pinned: PinnedOptions = {
    address,
    host,
    dialer: options.dialer,
    connectTimeoutMs: options.connectTimeoutMs,
    onHandshake: (handshake) => look.handshakes.push(handshake),
  };
  let answered = false;
  if (options.siteNumber !== null) {
    const shown = look.handshakes.length;
    const response = await plainGet(url, {
      ...pinned,
      headers: plainHeaders(options.userAgent),
      signal,
      patienceMs: Math.min(PLAIN_PATIENCE_MS, options.totalTimeoutMs / 3),
    });
    if (response !== null) return readPlain(response, options.siteNumber, url, host, address, hop, look);
    // Asked again by the HTTP client, whose handshake is the one that is told of.
    look.handshakes.length = shown;
    answered = true;
  }
  const client = new Client(url.origin, {
    connect: pinnedConnector({ ...pinned, maxWireBytes: options.maxBodyBytes + WIRE_MARGIN_BYTES }),
    pipelining: 0,
    maxHeaderSize: 32 * 1024,
    headersTimeout: options.totalTimeoutMs,
    bodyTimeout: options.totalTimeoutMs,
  });
  try {
    const response = await client.request({
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      signal,
      headers: {
        'user-agent': options.userAgent,
        accept: ACCEPT,
        'accept-language': ACCEPT_LANGUAGE,
        'accept-encoding': 'gzip, deflate, br, zstd',
        connection: 'close',
      },
    });
    response.body.on('error', () => {});
    const redirect = takeHead(response.statusCode, (name) => single(response.headers[name]), url, address, hop, look);
    if (redirect !== null) {
      response.body.destroy();
      return redirect;
    }
    const contentType = single(response.headers['content-type']);
    const encoding = (single(response.headers['content-encoding']) ?? '').trim().toLowerCase();
    const body = await readBody(response.body, bodyOptions(encoding, contentType, look));
    return followRefresh(url, host, response.statusCode, contentType, body, hop, look);
  } catch (error) {
    // It had just answered: that it takes no second connection is no statement of the site's.
    if (answered && hop.status === null && /^(?:ECONNREFUSED|ECONNRESET|UND_ERR_SOCKET)$/.test(codeOf(error)))
      throw new GatherError({ code: 'timeout', message: `asked again: ${messageOf(error)}`, ours: false });
    throw error;
  } finally {
    client.destroy(DONE).catch(() => {});
  }
}

const bodyOptions = (encoding: string, contentType: string | null, { options, signal }: Look): ReadBodyOptions => ({
  encoding,
  contentType,
  maxBytes: options.maxBodyBytes,
  keepBytes: options.keepBytes,
  contentWords: options.contentWords,
  signal,
  lane: options.lane,
});

/** Note what the head of an answer says, by whichever client; gives where it redirects to, if it does. */
function takeHead(
  status: number,
  header: (name: string) => string | null,
  url: URL,
  address: string,
  hop: PageHop,
  { options }: Look,
): { next: URL | null } | null {
  hop.status = status;
  // What a cache kept carries the time it was made.
  if (header('age') === null) options.clocks.heard(address, header('date'));
  const location = header('location');
  if (status < 300 || status >= 400 || location === null) return null;
  hop.location = location.slice(0, 500);
  return { next: resolveLocation(location, url, hop) };
}

/** What was answered plainly and whole: read for a proof alone if that will do, in full otherwise. */
async function readPlain(
  { status, headers, body }: PlainResponse,
  siteNumber: string,
  url: URL,
  host: string,
  address: string,
  hop: PageHop,
  look: Look,
): Promise<{ next: URL | null } | { document: PageDocument }> {
  const redirect = takeHead(status, (name) => headers.get(name) ?? null, url, address, hop, look);
  if (redirect !== null) return redirect;
  const contentType = headers.get('content-type') ?? null;
  const encoding = (headers.get('content-encoding') ?? '').toLowerCase();
  const proof = status >= 300 ? null : proveOrKnow(body, { encoding, contentType, siteNumber }, look);
  const read =
    proof === null
      ? await readBody(Readable.from([body], { objectMode: false }), bodyOptions(encoding, contentType, look))
      : { ...proof, charset: 'utf-8', raw: null };
  return followRefresh(url, host, status, contentType, read, hop, look);
}

/** What a body proves, by reading it; left to the ledger where it is the very same as when it was read last. */
function proveOrKnow(
  body: Buffer,
  source: { encoding: string; contentType: string | null; siteNumber: string },
  look: Look,
): Proof | null {
  const { known, readerVersion } = look.options;
  const key = bodyKey(body, { ...source, readerVersion });
  if (key === known) return { facts: KEPT_BY_THE_LEDGER, bytes: 0, digest: '' };
  const made = proveByBody(body, source);
  const proof = made === null ? '' : JSON.stringify(made);
  if (proof !== '' && proof.length <= MAX_PROOF_LENGTH) look.proved = { key, reader: readerVersion, proof };
  return made;
}

/** Old headers carry raw UTF-8 bytes read as Latin-1. */
function resolveLocation(location: string, base: URL, hop: PageHop): URL | null {
  const bytes = Buffer.from(location, 'latin1');
  const decoded = bytes.toString('utf8').includes('\ufffd') ? location : bytes.toString('utf8');
  try {
    return new URL(decoded, base);
  } catch {
    hop.failure = { code: 'bad-redirect', message: 'the Location header is no address', ours: false };
    return null;
  }
}

function followRefresh(
  url: URL,
  host: string,
  status: number,
  contentType: string | null,
  body: ReadBody,
  hop: PageHop,
  look: Look,
): { next: URL | null } | { document: PageDocument } {
  const { facts, charset, bytes, digest, raw } = body;
  if (facts.metaRefresh !== null && facts.visibleCharacters < 400 && facts.icpNumbers.length === 0) {
    const next = URL.parse(facts.metaRefresh, url.href);
    if (next !== null && next.href !== url.href) {
      hop.location = facts.metaRefresh;
      return { next };
    }
  }
  if (raw !== null)
    look.raw.push({ kind: 'page', name: `page ${url.href.slice(0, 200)}`, base64: raw.toString('base64') });
  const document: PageDocument = {
    url: url.href.slice(0, 500),
    host,
    status,
    contentType,
    charset,
    bytes,
    bodyDigest: digest,
    facts,
  };
  return { document };
}

function single(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  return Array.isArray(header) ? (header[0] ?? null) : header;
}
