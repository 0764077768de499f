import { createServer as createHttps } from 'node:https';
import { createServer, type Server } from 'node:net';
import { generate, type SelfsignedOptions } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { icpFooter } from '../../src/checks/icp-footer.ts';
import { checkInput, filingOf } from '../support/check-input.ts';
import { addressReply, wireReply } from '../support/dns-server.ts';
import { FULL, figure } from '../support/figures.ts';
import type { HostileReport } from '../support/hostile-child.ts';
import { type HostileNet, hostileNet } from '../support/hostile-net.ts';
import { runHostileChild, type Servers, startCases } from '../support/hostile-servers.ts';
import { NUMBER, PAGE } from './http-cases.ts';

const DEADLINE_MS = 3000;
const SUFFIX = 'tls.cn';
const DAY_MS = 86_400_000;

interface TlsCase {
  name: string;
  /** Read in spite of its certificate; else: not observed, never an accusation. */
  read: boolean;
  /** What the artifact says of the certificate; null: trusted by nobody is all that matters. */
  problem?: RegExp;
  server: Server;
}

const serveHtml = (options: object): Server =>
  createHttps(options, (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(PAGE);
  });

async function certificate(name: string, more: SelfsignedOptions = {}): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], { keySize: 2048, ...more });
  return { key, cert };
}

const dns = (names: string[]): SelfsignedOptions => ({
  extensions: [{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }],
});

/** A TLS alert record. */
const alert = (code: number): Buffer => Buffer.from([21, 3, 3, 0, 2, 2, code]);

async function tlsCases(): Promise<TlsCase[]> {
  const now = Date.now();
  const span = (from: number, to: number): SelfsignedOptions => ({
    notBeforeDate: new Date(now + from * DAY_MS),
    notAfterDate: new Date(now + to * DAY_MS),
  });
  const good = await certificate('a.cn');
  const raw = (serve: (socket: import('node:net').Socket) => void): Server => createServer(serve);
  return [
    { name: 'signed by itself', read: true, problem: /SELF_SIGNED/, server: serveHtml(good) },
    { name: 'expired', read: true, server: serveHtml(await certificate('a.cn', span(-400, -30))) },
    { name: 'not valid yet', read: true, server: serveHtml(await certificate('a.cn', span(30, 400))) },
    { name: 'for another host', read: true, server: serveHtml(await certificate('b.cn', dns(['b.cn', '*.c.cn']))) },
    { name: 'no name at all', read: true, server: serveHtml(await certificate('')) },
    {
      name: 'a thousand names',
      read: true,
      server: serveHtml(await certificate('a.cn', dns(Array.from({ length: 1000 }, (_, i) => `host-${i}.example.cn`)))),
    },
    { name: 'a name of bytes no one can read', read: true, server: serveHtml(await certificate('备案\u202e<script>')) },
    {
      name: 'elliptic curve',
      read: true,
      server: serveHtml(await certificate('a.cn', { keyType: 'ec' } as SelfsignedOptions)),
    },
    { name: 'an RSA key of 4096 bits', read: true, server: serveHtml(await certificate('a.cn', { keySize: 4096 })) },
    { name: 'TLS 1.2 only', read: true, server: serveHtml({ ...good, maxVersion: 'TLSv1.2' }) },
    { name: 'TLS 1.3 only', read: true, server: serveHtml({ ...good, minVersion: 'TLSv1.3' }) },
    {
      name: 'wants a certificate of ours',
      read: false,
      server: serveHtml({ ...good, requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }),
    },
    {
      name: 'knows no such name (SNI)',
      read: false,
      server: serveHtml({
        ...good,
        SNICallback: (_name: string, done: (error: Error) => void) => done(new Error('unknown')),
      }),
    },
    {
      name: 'a cipher nobody speaks',
      read: false,
      server: serveHtml({ ...good, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }),
    },
    {
      name: 'plain HTTP on the TLS port',
      read: false,
      server: raw((socket) => socket.on('data', () => socket.end(`HTTP/1.1 400 Bad Request\r\n\r\n${PAGE}`))),
    },
    { name: 'silence', read: false, server: raw(() => {}) },
    {
      name: 'closed after the greeting',
      read: false,
      server: raw((socket) => socket.once('data', () => socket.end())),
    },
    {
      name: 'reset after the greeting',
      read: false,
      server: raw((socket) => socket.once('data', () => socket.resetAndDestroy())),
    },
    {
      name: 'rubbish after the greeting',
      read: false,
      server: raw((socket) => socket.once('data', () => socket.end(Buffer.alloc(4000, 0x16)))),
    },
    {
      name: 'half a record',
      read: false,
      server: raw((socket) => socket.once('data', () => socket.write(Buffer.from([22, 3, 3, 0x40, 0])))),
    },
    {
      name: 'a record of 64 KB',
      read: false,
      server: raw((socket) =>
        socket.once('data', () =>
          socket.write(Buffer.concat([Buffer.from([22, 3, 3, 0xff, 0xff]), Buffer.alloc(65_535)])),
        ),
      ),
    },
    {
      name: 'empty records without end',
      read: false,
      server: raw((socket) =>
        socket.once('data', () => {
          const timer = setInterval(
            () => (socket.destroyed ? clearInterval(timer) : socket.write(Buffer.from([22, 3, 3, 0, 0]))),
            5,
          );
          socket.on('close', () => clearInterval(timer));
        }),
      ),
    },
    {
      name: 'a handshake of one byte at a time',
      read: false,
      server: raw((socket) =>
        socket.once('data', () => {
          const timer = setInterval(
            () => (socket.destroyed ? clearInterval(timer) : socket.write(Buffer.from([22]))),
            50,
          );
          socket.on('close', () => clearInterval(timer));
        }),
      ),
    },
    ...[40, 42, 70, 80, 86, 112, 120].map((code) => ({
      name: `alert ${code}`,
      read: false,
      server: raw((socket) => socket.once('data', () => socket.end(alert(code)))),
    })),
  ];
}

let cases: TlsCase[];
let servers: Servers;
let net: HostileNet;
let report: HostileReport;

const indexOf = (host: string): number => Number(/^c(\d+)/.exec(host)?.[1]);
const run = (indexes: number[], rounds: number): Promise<HostileReport> =>
  runHostileChild({
    siteNumber: '京ICP备05070218号-1',
    settings: net.settings,
    ports: servers.ports,
    hosts: indexes.map((index) => `c${index}.${SUFFIX}`),
    warmUp: [],
    concurrency: 8,
    rounds,
  });

beforeAll(async () => {
  cases = await tlsCases();
  servers = await startCases(
    SUFFIX,
    cases.map(({ server }) => ({ secure: server })),
  );
  net = await hostileNet({
    answer: (question) => {
      const address = servers.addresses.get(question.name);
      return [address === undefined ? wireReply(question, { rcode: 3 }) : addressReply(question, [address])];
    },
    addressReply,
    dialer: { target: () => ({ host: '127.0.0.1', port: 1 }) },
    overrides: { page: { totalTimeoutMs: DEADLINE_MS, connectTimeoutMs: 1500 } },
  });
  report = await run(
    cases.map((_, index) => index),
    FULL ? 20 : 2,
  );
}, 300_000);
afterAll(async () => {
  await net.close();
  await servers.close();
});

describe('certificates and handshakes of every kind', () => {
  it('each ends within its deadline and a tenth', async () => {
    let late = report.looks.filter(({ tookMs }) => tookMs > DEADLINE_MS * 1.1);
    // Once more: what is late because this machine was busy is not late twice.
    if (late.length > 0)
      late = (await run([...new Set(late.map(({ host }) => indexOf(host)))], 1)).looks.filter(
        ({ tookMs }) => tookMs > DEADLINE_MS * 1.1,
      );
    expect(late.map(({ host, tookMs }) => [cases[indexOf(host)]?.name, tookMs])).toEqual([]);
  });
  it('a bad certificate does not hide the page, and is told; a broken handshake is not an accusation', () => {
    const wrong = report.looks.flatMap(({ host, artifacts }) => {
      const one = cases[indexOf(host)] as TlsCase;
      const page = artifacts.page?.ok === true ? artifacts.page.value : null;
      const read = page?.document?.facts.icpNumbers.some(({ number }) => number === NUMBER) === true;
      const hops = page?.attempts.flatMap((attempt) => attempt.hops) ?? [];
      const ours = hops.some(({ failure }) => failure?.ours === true);
      const shake = artifacts.tls?.ok === true ? artifacts.tls.value.handshakes[0] : undefined;
      const told = !one.read || (shake?.trusted === false && (one.problem?.test(shake.problem ?? '') ?? true));
      const filing = filingOf({ siteNumber: NUMBER, domains: [host] });
      const { verdict } = runCheck(icpFooter, checkInput({ filing, artifacts }));
      const right = one.read ? verdict === 'pass' : verdict === 'inconclusive';
      return read === one.read && !ours && told && right
        ? []
        : [[one.name, { read, ours, told, verdict }, hops.map(({ failure }) => failure?.message)]];
    });
    expect(wrong).toEqual([]);
    figure({
      fault: `TLS: ${cases.length} kinds of certificates and handshakes`,
      count: report.looks.length,
      result: 'all within the deadline, read or not observed, 0 accusations',
    });
  });
});
