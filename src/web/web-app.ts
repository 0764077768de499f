import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { codeOf, InputError, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { isLoopbackHost } from '../provider/address.ts';
import { clientOf } from './client-of.ts';

/** How a site of ours is served. */
export interface WebAppOptions {
  /** Addresses of proxies whose X-Forwarded-For is believed; empty: none. */
  trustedProxies: readonly string[];
  maxFormBytes: number;
  /** Requests one address may make in a minute. */
  requestsAMinute: number;
  /** What the browser is told where the address itself cannot be read. */
  unreadable: string;
  /** Which setting names the proxies, for the log. */
  proxySetting: string;
  /** How long a whole request may take (ms); its head always has ten seconds. */
  requestTimeoutMs?: number;
  /** Other origins our forms may lead to (an identity provider). */
  formTargets?: readonly string[];
  log: Logger;
}

const HEADERS_MS = 10_000;
/** Until the body of an ordinary form must have come. */
const BODY_MS = 15_000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its bodies are long: only the server's own limit counts. */
    longBody?: boolean;
  }
}

/** Whoever lets a body drip is hung up on, unless the route takes files. */
function demandBodiesInTime(app: FastifyInstance): void {
  const timers = new WeakMap<FastifyRequest, NodeJS.Timeout>();
  const done = (request: FastifyRequest): void => clearTimeout(timers.get(request));
  app.addHook('onRequest', async (request) => {
    if (request.method === 'GET' || request.method === 'HEAD' || request.routeOptions.config.longBody === true) return;
    timers.set(request, setTimeout(() => request.raw.destroy(), BODY_MS).unref());
  });
  app.addHook('preValidation', async (request) => done(request));
  app.addHook('onResponse', async (request) => done(request));
  app.addHook('onRequestAbort', async (request) => done(request));
}

/** What pages of ours may load and send: themselves, and nothing else. */
const strictPolicy = (formTargets: readonly string[]) => ({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    styleSrc: ["'self'"],
    scriptSrc: ["'self'"],
    imgSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'self'", ...formTargets],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
});

/** A Fastify with what every site of ours wants: forms, cookies, a strict policy, limits by address. */
export async function createWebApp(options: WebAppOptions): Promise<FastifyInstance> {
  const { trustedProxies, maxFormBytes, requestsAMinute, unreadable, proxySetting, log } = options;
  const app = fastify({
    bodyLimit: maxFormBytes,
    requestTimeout: options.requestTimeoutMs ?? HEADERS_MS,
    http: { headersTimeout: HEADERS_MS },
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    // Addresses may hold keys: our own log names routes only.
    logger: false,
    // People type the address from an SMS.
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: false },
    frameworkErrors: (_error, _request, reply) => {
      // Fastify's own words repeat the address, which may hold a key.
      (reply as FastifyReply).code(400).type('text/plain; charset=utf-8').send(unreadable);
    },
  });
  // Forms and nothing else, unless a part of the site asks for more.
  app.removeContentTypeParser(['application/json', 'text/plain']);
  await app.register(cookie);
  await app.register(formbody, { bodyLimit: maxFormBytes });
  await app.register(helmet, {
    contentSecurityPolicy: strictPolicy(options.formTargets ?? []),
    // The site alone: no address of a page goes anywhere, and forms still say where they came from.
    referrerPolicy: { policy: 'strict-origin' },
    strictTransportSecurity: false,
  });
  await app.register(rateLimit, {
    max: requestsAMinute,
    timeWindow: 60_000,
    keyGenerator: ({ ip }) => clientOf(ip),
  });
  demandBodiesInTime(app);
  // Browsers ask for it whatever a page says.
  app.get('/favicon.ico', { config: { rateLimit: false } }, (_request, reply) =>
    reply.code(204).header('cache-control', 'public, max-age=86400').send(),
  );
  let warned = false;
  app.addHook('onRequest', async (request) => {
    if (warned || request.headers['x-forwarded-for'] === undefined || request.ip !== request.socket.remoteAddress)
      return;
    warned = true;
    log.warn(
      { proxy: request.socket.remoteAddress, setting: proxySetting },
      'a proxy that is not trusted forwards requests, so all its clients count as one',
    );
  });
  return app;
}

/** Listen. Gives the address; throws InputError naming the setting `name` when the port cannot be had. */
export async function listenAt(app: FastifyInstance, host: string, port: number, name: string): Promise<string> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const remedy =
      codeOf(error) === 'EADDRINUSE'
        ? `another process has the port: set ${name}.port`
        : `correct ${name}.host and ${name}.port`;
    throw new InputError(`${name} ${host}:${port}: ${messageOf(error)}`, remedy);
  }
  return `http://${host}:${(app.server.address() as AddressInfo).port}`;
}

/** Another site's form is not ours: a browser says where it came from. */
export function isOurs({ headers }: FastifyRequest, publicOrigin: string | null): boolean {
  // Some proxies strip the Origin; what the browser itself says of the request stays.
  if (headers.origin === undefined) return headers['sec-fetch-site'] === 'same-origin';
  if (headers.origin === publicOrigin) return true;
  // Without a public address, or on this machine itself: the host that was asked.
  const from = URL.parse(headers.origin);
  const local = publicOrigin === null || isLoopbackHost(from?.hostname ?? '');
  return local && from !== null && from.host !== '' && from.host === headers.host;
}

/** What a form may hold: texts, each once. */
export type Form = Partial<Record<string, string>>;

/** The texts of a form's body. */
export const formOf = (body: unknown): Form =>
  Object.fromEntries(Object.entries((body ?? {}) as object).filter(([, value]) => typeof value === 'string')) as Form;

/** Send a page; none is kept by the browser. */
export const sendHtml = (reply: FastifyReply, status: number, markup: string): FastifyReply =>
  reply.code(status).type('text/html; charset=utf-8').header('cache-control', 'no-store').send(markup);

/** A text, or undefined. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const TYPES: Record<string, string> = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' };

/** Serve files of `assets/` by name below a path; `others`: files from elsewhere (libraries), by the name they get. */
export function serveAssets(
  app: FastifyInstance,
  path: string,
  names: readonly string[],
  others: Readonly<Record<string, string>> = {},
): void {
  const files = {
    ...Object.fromEntries(names.map((name) => [name, join(import.meta.dirname, 'assets', name)])),
    ...others,
  };
  const assets = new Map(
    Object.entries(files).map(([name, file]) => [
      name,
      { type: TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream', bytes: readFileSync(file) },
    ]),
  );
  app.get<{ Params: { name: string } }>(`${path}/:name`, { config: { rateLimit: false } }, (request, reply) => {
    const asset = assets.get(request.params.name);
    if (asset === undefined) return reply.callNotFound();
    return reply.type(asset.type).header('cache-control', 'public, max-age=3600').send(asset.bytes);
  });
}

/** A place of this very site; everything else is the overview. */
export const placeOf = (text: unknown): string =>
  typeof text === 'string' && /^\/(?![/\\\s])[\x21-\x7e]{0,500}$/.test(text) ? text : '/';
