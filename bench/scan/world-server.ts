/**
 * The bench world in a process of its own: resolvers over UDP, web servers with and without TLS. Arguments: the world as JSON. Prints
 * its ports as JSON once it serves, ends when its standard input does. Delays and dead hosts stand for a real network's.
 */
import { createSocket } from 'node:dgram';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { type BenchWorld, benchFiling, benchPage, type Latency, wireOf } from './world.ts';

/** Where the world is. */
export interface BenchPorts {
  /** Its address, other than loopback. */
  host?: string;
  dns: number;
  secondDns: number;
  http: number;
  https: number;
}

const { latency, listenOn, ...world } = JSON.parse(process.argv[2] ?? '{}') as BenchWorld & {
  latency?: Latency;
  /** An address other than loopback, for gatherers in network namespaces. */
  listenOn?: string;
};
const host = listenOn ?? '127.0.0.1';
/** Made before anything is measured: packing a page costs this process more than looking at it costs the worker. */
const MADE_BEFORE = 40_000;
const pages = new Map<number, Buffer>();
const pageOf = (index: number): Buffer => {
  let page = pages.get(index);
  if (page === undefined) {
    page = gzipSync(benchPage(benchFiling(index, world)), { level: 6 });
    if (pages.size > MADE_BEFORE) pages.clear();
    pages.set(index, page);
  }
  return page;
};
for (let index = 0; index < Math.min(world.filings, MADE_BEFORE); index++) pageOf(index);

const indexOf = (name: string): number => Number(/bench-(\d+)\.cn$/.exec(name)?.[1] ?? Number.NaN);
const later = (ms: number, work: () => void): void => {
  if (ms <= 0) work();
  else setTimeout(work, ms);
};

/** Two resolvers that say the same: confirmations want more than one. */
const resolvers = [0, 1].map(() => createSocket({ type: 'udp4', recvBufferSize: 8 << 20, sendBufferSize: 8 << 20 }));
for (const udp of resolvers)
  udp.on('message', (message, from) => {
    const labels: string[] = [];
    let at = 12;
    for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += length + 1;
    }
    const end = at + 5;
    const name = labels.join('.').toLowerCase();
    const index = indexOf(name);
    const known = index < world.filings;
    const reply = Buffer.alloc(end + (known && message[at + 2] === 1 ? 16 : 0));
    message.copy(reply, 0, 0, end);
    reply.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
    reply.writeUInt32BE(0, 8);
    reply.writeUInt16BE(reply.length > end ? 1 : 0, 6);
    if (reply.length > end) {
      reply.writeUInt16BE(0xc00c, end);
      reply.writeUInt32BE(0x00010001, end + 2);
      reply.writeUInt32BE(600, end + 6);
      reply.writeUInt16BE(4, end + 10);
      Buffer.from(benchFiling(index, world).address.split('.').map(Number)).copy(reply, end + 12);
    }
    later(wireOf(index, latency).rttMs / 2, () => udp.send(reply, from.port, from.address));
  });

const answer =
  (secure: boolean) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const name = (request.headers.host ?? '').split(':')[0] ?? '';
    const index = indexOf(name);
    if (!(index < world.filings)) {
      response.writeHead(404).end();
      return;
    }
    // Accepted, then nothing: a dead host as the wire shows it here, where no packet is lost.
    const { dead, rttMs, slow } = wireOf(index, latency);
    if (dead) return;
    later(rttMs * (secure ? 3 : 1.5), () => {
      if (!secure && benchFiling(index, world).tls) {
        response.writeHead(301, { location: `https://${name}/`, 'content-length': 0, connection: 'close' }).end();
        return;
      }
      const page = pageOf(index);
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-encoding': 'gzip',
        'content-length': page.length,
        connection: 'close',
        server: 'nginx',
      });
      if (!slow) {
        response.end(page);
        return;
      }
      const step = Math.ceil(page.length / 10);
      let sent = 0;
      const timer = setInterval(() => {
        response.write(page.subarray(sent, sent + step));
        sent += step;
        if (sent < page.length) return;
        clearInterval(timer);
        response.end();
      }, 100);
      response.on('close', () => clearInterval(timer));
    });
  };
const { private: key, cert } = await generate([{ name: 'commonName', value: 'bench.invalid' }], { keyType: 'ec' });
const http = createHttp(answer(false));
const https = createHttps({ key, cert, ALPNProtocols: ['http/1.1'] }, answer(true));
await Promise.all([
  ...resolvers.map((udp) => new Promise<void>((resolve) => udp.bind(0, host, resolve))),
  ...[http, https].map((server) => new Promise<void>((resolve) => server.listen(0, host, 4096, resolve))),
]);
const ports: BenchPorts = {
  ...(listenOn !== undefined && { host: listenOn }),
  dns: resolvers[0]?.address().port ?? 0,
  secondDns: resolvers[1]?.address().port ?? 0,
  http: (http.address() as AddressInfo).port,
  https: (https.address() as AddressInfo).port,
};
process.stdout.write(`${JSON.stringify(ports)}\n`);
process.stdin.resume().once('end', () => process.exit(0));
