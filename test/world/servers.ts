import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import dns2 from 'dns2';
import { generate } from 'selfsigned';
import type { Dialer } from '../../src/gather/dialer.ts';
import { CLOSED_PORT, listen, listenOnBoth, stop } from '../support/listen.ts';
import type { NameRecord, RegistryRecord, WebRecord, WorldData } from './types.ts';

const { Packet } = dns2;

/** The little internet, running on loopback. */
export interface RunningWorld {
  /** Resolvers as configuration wants them. */
  resolvers: string[];
  dialer: Dialer;
  /** What `dialer` goes by, for processes of their own: public port → loopback port, and addresses that refuse. */
  ports: Record<number, number>;
  /** What the whole internet is made to look like; nothing is bent unless set. */
  twist: Twist;
  /** Requests answered so far, by service: for progress and for tests that count. */
  requests: { dns: number; http: number; rdap: number; whois: number };
  close: () => Promise<void>;
}

/** One disaster for all: each of these, when set, goes before the world's own data. */
export interface Twist {
  /** What resolvers say of every name. */
  dns?: (name: string) => NameRecord | null;
  /** What every host serves. */
  web?: (host: string) => WebRecord | null;
  /** What servers say the time is (epoch ms); they say nothing of it unless set. */
  clock?: () => number;
}

/** Start DNS (UDP and TCP, several resolvers), HTTP, HTTPS, RDAP and WHOIS over a world's data, all on loopback. */
export async function startWorld(world: WorldData, options: { resolvers?: number } = {}): Promise<RunningWorld> {
  const requests = { dns: 0, http: 0, rdap: 0, whois: 0 };
  const twist: Twist = {};
  const closers: (() => Promise<void>)[] = [];
  const resolvers: string[] = [];
  for (let index = 0; index < (options.resolvers ?? 3); index++) {
    const { port, close } = await startResolver(world, index, requests, twist);
    resolvers.push(`127.0.0.1:${port}`);
    closers.push(close);
  }
  const handler = (request: IncomingMessage, response: ServerResponse): void =>
    answerWeb(world, request, response, requests, twist);
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'little-internet.invalid' }], {
    keySize: 2048,
  });
  const http = createHttp(handler);
  const https = createHttps({ key, cert }, handler);
  const whois = createTcp((socket) => answerWhois(world, socket, requests));
  const [httpPort, httpsPort, whoisPort] = await Promise.all([http, https, whois].map((server) => listen(server)));
  for (const server of [http, https]) {
    server.on('clientError', (_error, socket) => socket.destroy());
    server.keepAliveTimeout = 1;
  }
  closers.push(...[http, https, whois].map((server) => () => stop(server)));
  return {
    resolvers,
    ports: { 80: httpPort as number, 443: httpsPort as number, 43: whoisPort as number },
    twist,
    requests,
    dialer: {
      target: (address, port) => {
        if (world.addresses.get(address) === 'refused') return { host: '127.0.0.1', port: CLOSED_PORT };
        const mapped = port === 80 ? httpPort : port === 443 ? httpsPort : whoisPort;
        return { host: '127.0.0.1', port: mapped as number };
      },
    },
    close: async () => {
      await Promise.all(closers.map((close) => close()));
    },
  };
}

async function startResolver(
  world: WorldData,
  index: number,
  requests: { dns: number },
  twist: Twist,
): Promise<{ port: number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const tcp = createTcp((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.on('data', (data) => {
      const reply = answerDns(world, index, data.subarray(2), true, twist)?.[0];
      if (reply === undefined) return;
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(reply.length);
      socket.end(Buffer.concat([prefix, reply]));
    });
  });
  const { port, udp } = await listenOnBoth(tcp);
  udp.on('message', (message, from) => {
    requests.dns++;
    for (const reply of answerDns(world, index, message, false, twist) ?? []) udp.send(reply, from.port, from.address);
  });
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([stop(tcp), new Promise<void>((resolve) => udp.close(() => resolve()))]);
    },
  };
}

/** The packets to send for a question; null for silence. */
function answerDns(world: WorldData, index: number, message: Buffer, overTcp: boolean, twist: Twist): Buffer[] | null {
  const request = Packet.parse(message);
  const question = request.questions[0];
  if (question === undefined) return null;
  const records = world.names.get(question.name.toLowerCase());
  const record: NameRecord = twist.dns?.(question.name.toLowerCase()) ??
    records?.[index] ??
    records?.[0] ?? { rcode: 3 };
  if (record.silent) return null;
  const truncated = record.truncate === true && !overTcp;
  const reply = encodeReply(request, world, index, question, truncated ? { rcode: 0 } : record);
  if (truncated) reply.writeUInt16BE(reply.readUInt16BE(2) | 0x0200, 2);
  return record.noise && !overTcp ? [...forgeries(request, question), reply] : [reply];
}

interface Question {
  name: string;
  type: number;
}

function encodeReply(
  request: InstanceType<typeof Packet>,
  world: WorldData,
  index: number,
  question: Question,
  record: NameRecord,
): Buffer {
  const reply = Packet.createResponseFromRequest(request);
  const header = reply.header as unknown as Record<string, number>;
  header['ra'] = 1;
  header['rcode'] = record.rcode ?? 0;
  let name = question.name;
  let current: NameRecord | undefined = record;
  for (let steps = 0; current?.cname !== undefined && steps < 12; steps++) {
    reply.answers.push({
      name,
      type: Packet.TYPE.CNAME,
      class: Packet.CLASS.IN,
      ttl: 60,
      domain: current.cname,
    } as never);
    name = current.cname;
    const next: NameRecord[] | undefined = world.names.get(name);
    current = next?.[index] ?? next?.[0];
    // A resolver answers with the chain as far as it goes; loops are left for the client to notice.
    if (name === question.name) break;
  }
  const addresses =
    question.type === Packet.TYPE.A ? current?.a : question.type === Packet.TYPE.AAAA ? current?.aaaa : undefined;
  for (const address of addresses ?? []) {
    reply.answers.push({ name, type: question.type, class: Packet.CLASS.IN, ttl: 60, address } as never);
  }
  return reply.toBuffer();
}

/** Packets a forger would send: each must be ignored. */
function forgeries(request: InstanceType<typeof Packet>, question: Question): Buffer[] {
  const forge = (alter: (reply: InstanceType<typeof Packet>) => void): Buffer => {
    const reply = Packet.createResponseFromRequest(request);
    reply.answers.push({
      name: question.name,
      type: Packet.TYPE.A,
      class: Packet.CLASS.IN,
      ttl: 60,
      address: '8.7.198.45',
    } as never);
    alter(reply);
    return reply.toBuffer();
  };
  const wrongId = forge(() => {});
  wrongId.writeUInt16BE((wrongId.readUInt16BE(0) + 1) & 0xffff, 0);
  const otherQuestion = forge((reply) => {
    reply.questions = [{ ...(reply.questions[0] as object), name: 'other.example' }] as never;
  });
  const noAnswer = forge(() => {});
  noAnswer.writeUInt16BE(noAnswer.readUInt16BE(2) & 0x7fff, 2);
  return [wrongId, otherQuestion, noAnswer, Buffer.from([1, 2, 3])];
}

function answerWeb(
  world: WorldData,
  request: IncomingMessage,
  response: ServerResponse,
  requests: RunningWorld['requests'],
  twist: Twist,
): void {
  // Only the twist says what time it is: most tests live at an hour of their own.
  response.sendDate = false;
  if (twist.clock !== undefined) response.setHeader('date', new Date(twist.clock()).toUTCString());
  const host = (request.headers.host ?? '').toLowerCase().replace(/:\d+$/, '');
  const domain = /\/domain\/([^/?]+)$/.exec(request.url ?? '')?.[1];
  if (domain !== undefined && /^rdap\.|\.rdap\.|-rdap\.|^pubapi\./.test(host)) {
    requests.rdap++;
    answerRdap(world.registry.get(domain), domain, response);
    return;
  }
  requests.http++;
  const secure = 'encrypted' in request.socket;
  const record: WebRecord = twist.web?.(host) ??
    world.web.get(`${secure ? 'https' : 'http'}://${host}${request.url}`) ??
    world.web.get(host) ?? { status: 404, body: 'not found' };
  if (record.silent) return;
  if (record.reset || (record.only === 'http' && secure) || (record.only === 'https' && !secure)) {
    if (secure) request.socket.destroy();
    else request.socket.resetAndDestroy();
    return;
  }
  const body = encode(Buffer.from(record.body ?? ''), record.encoding);
  const headers: Record<string, string> = { 'content-type': 'text/html; charset=utf-8', ...record.headers };
  if (record.encoding !== undefined) headers['content-encoding'] = record.encoding;
  headers['content-length'] = String(body.length);
  response.writeHead(record.status ?? 200, headers);
  if (record.cutAt === undefined) response.end(body);
  else response.write(body.subarray(0, Math.floor(body.length * record.cutAt)), () => request.socket.destroy());
}

function encode(body: Buffer, encoding: WebRecord['encoding']): Buffer {
  switch (encoding) {
    case 'gzip':
      return gzipSync(body);
    case 'br':
      return brotliCompressSync(body);
    case 'deflate':
      return deflateSync(body);
    case 'zstd':
      return zstdCompressSync(body);
    default:
      return body;
  }
}

const asked = new WeakMap<RegistryRecord, number>();

function answerRdap(record: RegistryRecord | undefined, domain: string, response: ServerResponse): void {
  const send = (status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/rdap+json' });
    response.end(JSON.stringify(body));
  };
  if (record?.fault === 'rdap-silent' || record?.fault === 'all-silent') return;
  if (
    record?.fault === 'rdap-429' ||
    record?.fault === 'throttled' ||
    (record?.fault === 'throttled-once' && firstTime(record))
  ) {
    send(429, { errorCode: 429, title: 'Too Many Requests' });
  } else if (record?.fault === 'rdap-garbage') {
    response.end('<html><body>temporarily moved</body></html>');
  } else if (record === undefined || !record.found)
    send(404, { errorCode: 404, title: 'Not Found', description: ['no such domain'] });
  else {
    send(200, {
      objectClassName: 'domain',
      ldhName: domain,
      status: record.statuses ?? ['active'],
      events: [
        { eventAction: 'registration', eventDate: '2015-03-02T04:00:00Z' },
        ...(record.expires === undefined
          ? []
          : [{ eventAction: 'expiration', eventDate: `${record.expires}T04:00:00Z` }]),
        ...(record.updated === undefined
          ? []
          : [{ eventAction: 'last changed', eventDate: `${record.updated}T04:00:00Z` }]),
        { eventAction: 'last update of RDAP database', eventDate: '2026-01-01T00:00:00Z' },
      ],
      entities: [
        {
          objectClassName: 'entity',
          roles: ['registrar'],
          vcardArray: [
            'vcard',
            [
              ['version', {}, 'text', '4.0'],
              ['fn', {}, 'text', record.registrar ?? 'Alibaba Cloud Computing (Beijing) Co., Ltd.'],
            ],
          ],
        },
        {
          objectClassName: 'entity',
          roles: ['registrant'],
          vcardArray: [
            'vcard',
            [
              ['version', {}, 'text', '4.0'],
              ['fn', {}, 'text', ''],
              ['org', {}, 'text', record.registrant ?? 'REDACTED FOR PRIVACY'],
            ],
          ],
        },
      ],
    });
  }
}

function firstTime(record: RegistryRecord): boolean {
  const times = asked.get(record) ?? 0;
  asked.set(record, times + 1);
  return times === 0;
}

function answerWhois(world: WorldData, socket: Socket, requests: { whois: number }): void {
  socket.on('error', () => {});
  socket.once('data', (data) => {
    requests.whois++;
    const domain = data.toString().trim().toLowerCase();
    const record = world.registry.get(domain);
    if (record?.fault === 'all-silent') return;
    socket.end(whoisText(record, domain));
  });
}

function whoisText(record: RegistryRecord | undefined, domain: string): string {
  if (record?.fault === 'throttled' || (record?.fault === 'throttled-once' && firstTime(record))) {
    return 'Queried interval is too short.\n';
  }
  if (record === undefined || !record.found) return 'No matching record.\n';
  return [
    `Domain Name: ${domain}`,
    'ROID: 20150302s10001s00000001-cn',
    ...(record.statuses ?? ['ok']).map((status) => `Domain Status: ${status}`),
    `Registrant: ${record.registrant ?? '（已隐藏）'}`,
    `Sponsoring Registrar: ${record.registrar ?? '阿里云计算有限公司（万网）'}`,
    'Name Server: ns1.little-internet.invalid',
    'Registration Time: 2015-03-02 12:00:00',
    ...(record.expires === undefined ? [] : [`Expiration Time: ${record.expires} 12:00:00`]),
    'DNSSEC: unsigned',
    '',
  ].join('\n');
}
