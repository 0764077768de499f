import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { CaseKeeper } from '../cases/keeper.ts';
import { codeOf, InputError, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import { clientOf } from './client-of.ts';
import {
  asList,
  genericSms,
  listOrders,
  problem,
  type Reply,
  receive,
  sentAt,
  takeOrders,
  takeViolations,
} from './pushed.ts';
import { WindowCount } from './window-count.ts';

/**
 * What the endpoint needs. The secret comes as `Authorization: Bearer …`. SMS gateways can set no headers: their own secret comes as
 * `?key=…`, stands in logs and consoles, and opens nothing that takes a site down.
 */
export interface InboundOptions {
  host: string;
  port: number;
  secret: string;
  /** Opens the SMS paths and nothing else, also as `?key=`; null: those take `secret` only. */
  smsSecret: string | null;
  keeper: CaseKeeper;
  log: Logger;
  now: () => number;
}

const MAX_BODY_BYTES = 1_000_000;
/** Wrong secrets from one address within a minute that are answered and logged one by one. */
const MAX_MISSES = 20;

const PATHS: ReadonlySet<string> = new Set([
  '/inbound/sms',
  '/inbound/sms/aliyun',
  '/inbound/sms/tencent',
  '/inbound/orders',
  '/inbound/violations',
]);

/**
 * The endpoint machines push to: SMS gateways (owners' reports, R10), the order system (R11), the police's relay (R13). Everything
 * sent twice is taken once. Throws InputError when the port is taken.
 */
export async function startInbound(options: InboundOptions): Promise<{ address: string; close: () => Promise<void> }> {
  const misses = new WindowCount(60_000);
  const server = createServer((request, response) => {
    handle(request, options, misses)
      .then(([status, body]) => send(response, status, body))
      .catch((error: unknown) => {
        options.log.error({ error: messageOf(error) }, 'inbound request failed');
        send(response, 500, { error: 'internal' });
      });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = codeOf(error) === 'EADDRINUSE';
      const remedy = taken
        ? 'another process has the port: set inbound.port (PATROL_INBOUND_PORT)'
        : 'correct inbound.host and inbound.port';
      reject(new InputError(`inbound endpoint ${options.host}:${options.port}: ${messageOf(error)}`, remedy));
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

async function handle(request: IncomingMessage, options: InboundOptions, misses: WindowCount): Promise<Reply> {
  const url = URL.parse(request.url ?? '/', 'http://inbound.invalid');
  if (url === null) return [400, { error: 'no address' }];
  const { now, secret, smsSecret, log } = options;
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  const key = url.searchParams.get('key');
  const isSms = url.pathname === '/inbound/sms' || url.pathname.startsWith('/inbound/sms/');
  const equal = (given: string | null | undefined, wanted: string): boolean =>
    timingSafeEqual(digestOf(given ?? ''), digestOf(wanted));
  const opensSms = isSms && smsSecret !== null && equal(bearer ?? key, smsSecret);
  // Whoever has the secret is served, however many others behind the same proxy guess.
  if (!opensSms && !equal(bearer, secret)) {
    const count = misses.add(clientOf(request.socket.remoteAddress ?? ''), now());
    if (count <= MAX_MISSES + 1)
      log.warn({ path: url.pathname.slice(0, 100), count }, 'inbound request with a wrong secret');
    if (count > MAX_MISSES) return [429, { error: 'too many wrong secrets' }];
    return [401, { error: 'give the secret as Authorization: Bearer, or, for SMS, its own one as ?key=' }];
  }
  // Aliyun asks with a GET whether the address answers.
  if (request.method === 'GET' && url.pathname === '/inbound/sms/aliyun') return [200, { code: 0, msg: '成功' }];
  if (request.method === 'GET' && url.pathname === '/inbound/orders')
    return listOrders({ state: url.searchParams.get('state'), after: url.searchParams.get('after') }, options);
  if (!PATHS.has(url.pathname)) return [404, { error: `no such path: try one of ${[...PATHS].join(', ')}` }];
  if (request.method !== 'POST') return [405, { error: `${request.method} is not understood here: POST` }];
  const text = await readText(request);
  if (text === null) return [413, { error: `at most ${MAX_BODY_BYTES} bytes` }];
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return [400, { error: 'the body is no JSON' }];
  }
  switch (url.pathname) {
    case '/inbound/sms/aliyun':
      return aliyunSms(body, options);
    case '/inbound/sms/tencent':
      return tencentSms(body, options);
    case '/inbound/sms':
      return genericSms(body, options);
    case '/inbound/orders':
      return takeOrders(body, options);
    case '/inbound/violations':
      return takeViolations(body, options);
    default:
      return [404, { error: 'no such path' }];
  }
}

async function readText(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const aliyunShape = z.object({
  phone_number: z.string('is the sender’s number, a text'),
  content: z.string('is what the SMS says, a text'),
  send_time: z.string().optional(),
  sequence_id: z.union([z.string(), z.number()]).transform(String).optional(),
});

/** Aliyun's SmsUp: a JSON array; answered with code 0, tried again otherwise. */
function aliyunSms(body: unknown, options: InboundOptions): Reply {
  const reads = asList(body).map((one) => aliyunShape.safeParse(one));
  for (const { success, data } of reads)
    if (success)
      receive(
        {
          source: 'aliyun',
          externalId: data.sequence_id ?? null,
          mobile: data.phone_number,
          text: data.content,
          receivedAt: sentAt(data.send_time, options.now()),
        },
        options,
      );
  // One that cannot be read must not bring the others back for ever; a batch of nothing else is in another form than we know.
  const unread = reads.filter(({ success }) => !success);
  if (unread.length > 0)
    options.log.warn({ unread: unread.length, taken: reads.length }, 'inbound SMS in an unknown form');
  const [first] = unread;
  if (first?.error !== undefined && unread.length === reads.length)
    return [400, { code: 1, msg: `${problem(first.error, 0).field}: ${problem(first.error, 0).remedy}` }];
  return [200, { code: 0, msg: '成功' }];
}

const tencentShape = z.object({
  mobile: z.string('is the sender’s number, a text'),
  nationcode: z.union([z.string(), z.number()]).transform(String).optional(),
  text: z.string('is what the SMS says, a text'),
  time: z.number('is a number of seconds since 1970').optional(),
});

/** Tencent's reply callback: one JSON object without an id; answered with result 0. */
function tencentSms(body: unknown, options: InboundOptions): Reply {
  const read = tencentShape.safeParse(body);
  if (!read.success) {
    const { field, remedy } = problem(read.error, 0);
    return [400, { result: 1, errmsg: `${field} ${remedy}` }];
  }
  const { mobile, text, time } = read.data;
  // Without the gateway's time the very same text again must count as another message: it is stamped with ours.
  receive(
    { source: 'tencent', externalId: null, mobile, text, receivedAt: time === undefined ? options.now() : time * 1000 },
    options,
  );
  return [200, { result: 0, errmsg: 'OK' }];
}
