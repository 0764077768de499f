import { Client } from 'undici';
import { type Dialer, pinnedConnector } from './dialer.ts';
import type { DnsOptions } from './dns.ts';
import { resolveGuarded } from './resolve-guarded.ts';
import type { Failure } from './types.ts';

/** Settings of a guarded fetch of a small document. */
export interface GuardedGetOptions {
  dns: DnsOptions;
  dialer: Dialer;
  timeoutMs: number;
  connectTimeoutMs: number;
  maxBytes: number;
  userAgent: string;
  accept: string;
  maxRedirects: number;
}

/** An error whose failure is already coded. */
export class GatherError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Fetch a small text (RDAP) through the same guard as pages. Throws GatherError or the network's error. */
export async function guardedGet(
  start: string,
  options: GuardedGetOptions,
): Promise<{ status: number; body: Buffer; url: string }> {
  const signal = AbortSignal.timeout(options.timeoutMs);
  let url = new URL(start);
  for (let hop = 0; hop <= options.maxRedirects; hop++) {
    const result = await getOnce(url, options, signal);
    if ('body' in result) return { ...result, url: url.href };
    const next = URL.parse(result.location, url.href);
    if (next === null || !/^https?:$/.test(next.protocol) || !['', '80', '443'].includes(next.port)) {
      throw new GatherError({
        code: 'bad-redirect',
        message: `redirect to ${result.location.slice(0, 120)}`,
        ours: false,
      });
    }
    url = next;
  }
  throw new GatherError({
    code: 'too-many-redirects',
    message: `more than ${options.maxRedirects} redirects`,
    ours: false,
  });
}

async function getOnce(
  url: URL,
  options: GuardedGetOptions,
  signal: AbortSignal,
): Promise<{ status: number; body: Buffer } | { location: string }> {
  const resolved = await resolveGuarded(url.hostname.replace(/^\[|\]$/g, ''), options.dns);
  if (!resolved.ok) throw new GatherError(resolved.failure);
  const address = resolved.addresses[0];
  if (address === undefined) throw new GatherError({ code: 'no-address', message: url.hostname, ours: false });
  const client = new Client(url.origin, {
    connect: pinnedConnector({
      ...options,
      address,
      host: url.hostname,
      onHandshake: () => {},
      maxWireBytes: options.maxBytes + 512 * 1024,
    }),
    pipelining: 0,
    maxHeaderSize: 32 * 1024,
  });
  try {
    const headers = { 'user-agent': options.userAgent, accept: options.accept, connection: 'close' };
    const response = await client.request({ path: `${url.pathname}${url.search}`, method: 'GET', signal, headers });
    const location = response.headers['location'];
    if (response.statusCode >= 300 && response.statusCode < 400 && typeof location === 'string') {
      response.body.on('error', () => {}).destroy();
      return { location };
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > options.maxBytes)
        throw new GatherError({
          code: 'protocol-error',
          message: `answer over ${options.maxBytes} bytes`,
          ours: false,
        });
      chunks.push(chunk);
    }
    return { status: response.statusCode, body: Buffer.concat(chunks) };
  } finally {
    client.destroy().catch(() => {});
  }
}
