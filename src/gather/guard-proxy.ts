import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Client } from 'undici';
import { messageOf } from '../errors.ts';
import { isPublicAddress } from './address-guard.ts';
import { type Dialer, pinnedConnector } from './dialer.ts';
import type { DnsOptions } from './dns.ts';
import { resolveGuarded } from './resolve-guarded.ts';

/** What the proxy needs, and what one page may make it do. */
export interface GuardProxyOptions {
  dns: DnsOptions;
  dialer: Dialer;
  connectTimeoutMs: number;
  maxBytes: number;
  maxConnections: number;
}

/** Headers of one hop. */
const HOP = new Set([
  'connection',
  'proxy-connection',
  'proxy-authorization',
  'proxy-authenticate',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The only way out of the browser that draws pages: an HTTP proxy on loopback which resolves every name itself, lets only public
 * addresses through and dials exactly the address it checked, as the page gatherer does (design §3). One a page, so that its caps
 * are the page's.
 */
export class GuardProxy {
  readonly #options: GuardProxyOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket | Duplex>();
  #bytes = 0;
  #connections = 0;
  #closed = false;
  /** Why something was not let through, for the evidence. */
  readonly refusals: { target: string; reason: string }[] = [];

  private constructor(options: GuardProxyOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.#forward(request, response).catch((error: unknown) =>
        this.#refuse(response, request.url ?? '', messageOf(error)),
      );
    });
    this.#server.on('connect', (request, socket, head) => {
      this.#tunnel(request, socket, head).catch((error: unknown) =>
        this.#drop(socket, request.url ?? '', messageOf(error)),
      );
    });
    this.#server.on('connection', (socket) => this.#keep(socket));
  }

  /** Start one on a free port of loopback. */
  static async start(options: GuardProxyOptions): Promise<GuardProxy> {
    const proxy = new GuardProxy(options);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject);
      proxy.#server.listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** Where the browser finds it. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** End every connection. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #keep(socket: Socket | Duplex): void {
    if (this.#closed) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #note(target: string, reason: string): void {
    if (this.refusals.length < 50) this.refusals.push({ target: target.slice(0, 200), reason: reason.slice(0, 160) });
  }

  #refuse(response: ServerResponse, target: string, reason: string): void {
    this.#note(target, reason);
    if (!response.headersSent) response.writeHead(502, { 'content-type': 'text/plain' });
    response.end();
  }

  #drop(socket: Duplex, target: string, reason: string): void {
    this.#note(target, reason);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  }

  /** Counts what comes in; beyond the cap the page gets nothing more. */
  #count(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    return this.#bytes <= this.#options.maxBytes;
  }

  /** The one address that may be dialled for a name, or why none. */
  async #addressOf(host: string, port: number): Promise<{ address: string } | { reason: string }> {
    if (port !== 80 && port !== 443) return { reason: `port ${port}` };
    if (++this.#connections > this.#options.maxConnections) return { reason: 'too many connections' };
    const resolved = await resolveGuarded(host.replace(/^\[|\]$/g, ''), this.#options.dns);
    if (!resolved.ok) return { reason: resolved.failure.message };
    if (this.#closed) return { reason: 'the page is over' };
    const address = resolved.addresses[0];
    return address !== undefined && isPublicAddress(address) ? { address } : { reason: 'no public address' };
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.parse(request.url ?? '');
    if (url === null || url.protocol !== 'http:')
      return this.#refuse(response, request.url ?? '', 'not an http address');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return this.#refuse(response, url.href, `method ${request.method}`);
    const found = await this.#addressOf(url.hostname, Number(url.port || 80));
    if ('reason' in found) return this.#refuse(response, url.href, found.reason);
    const { dialer, connectTimeoutMs } = this.#options;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const client = new Client(url.origin, {
      connect: pinnedConnector({ address: found.address, host, dialer, connectTimeoutMs, onHandshake: () => {} }),
      pipelining: 0,
      maxHeaderSize: 32 * 1024,
      headersTimeout: 15_000,
      bodyTimeout: 15_000,
    });
    if (response.destroyed) {
      await client.destroy().catch(() => {});
      return;
    }
    response.on('close', () => void client.destroy().catch(() => {}));
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name, value]) => !HOP.has(name) && name !== 'host' && value !== undefined,
      ),
    ) as Record<string, string | string[]>;
    const answer = await client.request({ path: `${url.pathname}${url.search}`, method: request.method, headers });
    answer.body.on('error', () => response.destroy());
    const passed = Object.entries(answer.headers).filter(([name, value]) => !HOP.has(name) && value !== undefined);
    response.writeHead(answer.statusCode, Object.fromEntries(passed) as Record<string, string | string[]>);
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      if (!this.#count(chunk)) {
        this.#note(url.href, `more than ${this.#options.maxBytes} bytes in all`);
        response.destroy();
        break;
      }
      if (!response.write(chunk))
        await new Promise<void>((resolve) => response.once('drain', resolve).once('close', resolve));
    }
    response.end();
    await client.destroy().catch(() => {});
  }

  async #tunnel(request: IncomingMessage, browser: Duplex, head: Buffer): Promise<void> {
    this.#keep(browser);
    const target = request.url ?? '';
    const url = URL.parse(`https://${target}`);
    if (url === null) return this.#drop(browser, target, 'not an address');
    const port = Number(url.port || 443);
    const found = await this.#addressOf(url.hostname, port);
    if ('reason' in found) return this.#drop(browser, target, found.reason);
    const { host, port: dialled } = this.#options.dialer.target(found.address, port);
    const site = connect({ host, port: dialled, timeout: this.#options.connectTimeoutMs });
    this.#keep(site);
    await new Promise<void>((resolve, reject) => {
      site.once('connect', resolve);
      site.once('timeout', () => reject(new Error(`no connection in ${this.#options.connectTimeoutMs} ms`)));
      site.once('error', reject);
    });
    site.setTimeout(0);
    const bare = (text: string): string => text.replace(/^::ffff:/, '');
    if (bare(site.remoteAddress ?? '') !== bare(host)) {
      site.destroy();
      return this.#drop(browser, target, `connected to ${site.remoteAddress}, not to ${host}`);
    }
    browser.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (head.length > 0) site.write(head);
    site.on('data', (chunk) => {
      if (this.#count(chunk)) return;
      this.#note(target, `more than ${this.#options.maxBytes} bytes in all`);
      site.destroy();
    });
    site.on('close', () => browser.destroy());
    browser.on('close', () => site.destroy());
    site.pipe(browser);
    browser.pipe(site);
  }
}
