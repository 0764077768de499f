import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../src/gather/address-guard.ts';
import type { Dialer } from '../../src/gather/dialer.ts';
import { GuardProxy } from '../../src/gather/guard-proxy.ts';
import { guardedGet } from '../../src/gather/guarded-get.ts';
import { gatherPage } from '../../src/gather/page.ts';
import {
  addressReply,
  type DnsAnswer,
  type DnsQuestion,
  TYPE,
  wireName,
  wireRecord,
  wireReply,
} from '../support/dns-server.ts';
import { FULL, figure } from '../support/figures.ts';
import { type Canaries, type HostileNet, hostileNet, startCanaries } from '../support/hostile-net.ts';
import { listen, stop } from '../support/listen.ts';
import { FORBIDDEN_URLS, insideV4, insideV6, OUTSIDE, spellingsOf, trickUrls } from './address-vectors.ts';

const V4 = insideV4(FULL ? 12 : 2);
const V6 = insideV6(V4);
const FRONT = '47.92.0.10';
const FLIPS = FULL ? 5000 : 1000;

/** Host → what its DNS says, and where its page sends on to. */
const addresses = new Map<string, string[]>();
const cnames = new Map<string, string>();
const sendsTo = new Map<string, string>();
const flipping = new Map<string, { inside: string; asked: number }>();

let canaries: Canaries;
let net: HostileNet;
let front: ReturnType<typeof createServer>;
let frontPort = 0;
let served = 0;

/** The front is the only place that may be reached; everything else is a canary, exactly as the address was dialled. */
const dialer: Dialer = {
  target: (address) => ({ host: '127.0.0.1', port: address === FRONT ? frontPort : canaries.port }),
};

function answer(question: DnsQuestion): DnsAnswer {
  const flip = flipping.get(question.name);
  if (flip !== undefined) {
    if (question.type !== TYPE.A) return [addressReply(question, [])];
    // Public when asked the first time, inside ever after: a guard that asks twice connects to the second answer.
    flip.asked++;
    return [addressReply(question, [flip.asked % 2 === 1 ? FRONT : flip.inside])];
  }
  const cname = cnames.get(question.name);
  if (cname !== undefined)
    return [wireReply(question, { answers: [wireRecord(question.name, TYPE.CNAME, wireName(cname))] })];
  const found = addresses.get(question.name);
  return [found === undefined ? wireReply(question, { rcode: 3 }) : addressReply(question, found)];
}

beforeAll(async () => {
  canaries = await startCanaries();
  front = createServer((request: IncomingMessage, response: ServerResponse) => {
    served++;
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const to = sendsTo.get(host);
    if (to === undefined) return void response.end('<html><body>front</body></html>');
    const refresh = /^refresh-/.test(host);
    if (refresh) return void response.end(`<meta http-equiv="refresh" content="0;url=${to}">`);
    // As bytes: a hostile server writes what it likes.
    const location = Buffer.from(to.replace(/[\r\n]/g, ''), 'utf8').toString('latin1');
    response.socket?.end(
      `HTTP/1.1 302 Found\r\nlocation: ${location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    );
  });
  frontPort = await listen(front);
  // Several resolvers change nothing here: each look asks one.
  net = await hostileNet({ answer, addressReply, dialer });
});
afterAll(async () => {
  await net.close();
  await stop(front);
  await canaries.close();
});

let hosts = 0;
/** A host of its own for every vector. */
const host = (kind: string): string => `${kind}-${hosts++}.example.cn`;

/** Look at hosts; gives the codes of what stopped each, by host. */
async function look(names: string[]): Promise<{ reached: number; codes: Record<string, number> }> {
  const codes: Record<string, number> = {};
  const before = canaries.touched();
  const lanes = [...names];
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      for (let name = lanes.pop(); name !== undefined; name = lanes.pop()) {
        const { page } = await gatherPage([name], net.context.page('screen'));
        const failure = page.ok ? page.value.attempts[0]?.hops.at(-1)?.failure : null;
        const code = failure?.code ?? 'read';
        codes[code] = (codes[code] ?? 0) + 1;
      }
    }),
  );
  return { reached: canaries.touched() - before, codes };
}

describe('the address guard: no vector reaches a canary', () => {
  it('the canary works: an address that is public and not the front is reached', async () => {
    const name = host('control');
    addresses.set(name, ['47.92.0.99']);
    expect((await look([name])).reached).toBeGreaterThan(0);
  });
  it('every public neighbour of a forbidden block is let through', () =>
    expect(OUTSIDE.filter((address) => !isPublicAddress(address))).toEqual([]));
  it('addresses of the inside as A and AAAA', async () => {
    const names = [...V4, ...V6].map((address) => {
      const name = host('answer');
      addresses.set(name, [address]);
      return name;
    });
    const { reached, codes } = await look(names);
    expect({ reached, codes }).toEqual({ reached: 0, codes: { 'address-forbidden': names.length } });
    figure({
      fault: 'DNS answers that lead inside (A, AAAA: IANA blocks, mapped, NAT64, 6to4, Teredo, metadata)',
      count: names.length,
      result: '0 connections at canaries',
    });
  });
  it('an inside address beside public ones, either family', async () => {
    const names = [...V4.slice(0, 60), ...V6.slice(0, 60)].flatMap((address) => {
      const mixed = [host('mixed'), host('mixed')] as const;
      addresses.set(mixed[0], [FRONT, address]);
      addresses.set(mixed[1], [address, FRONT]);
      return mixed;
    });
    const { reached, codes } = await look(names);
    expect({ reached, codes }).toEqual({ reached: 0, codes: { 'address-forbidden': names.length } });
    figure({
      fault: 'public and inside addresses in one answer',
      count: names.length,
      result: '0 connections at canaries',
    });
  });
  it('CNAME to inside, in one step and in four', async () => {
    const names = [...V4.slice(0, 40), ...V6.slice(0, 40)].flatMap((address) => {
      const chain = [host('cname'), host('cname'), host('cname'), host('cname')];
      chain.forEach((name, index) => {
        const next = chain[index + 1];
        if (next !== undefined) cnames.set(name, next);
        else addresses.set(name, [address]);
      });
      return [chain[0] as string, chain[2] as string];
    });
    const { reached, codes } = await look(names);
    expect({ reached, codes }).toEqual({ reached: 0, codes: { 'address-forbidden': names.length } });
    figure({ fault: 'CNAME chains that end inside', count: names.length, result: '0 connections at canaries' });
  });
  it.each(['redirect', 'refresh'])('%s to every spelling and trick', async (kind) => {
    const targets = V4.filter((_, index) => FULL || index % 4 === 0).flatMap((address) => [
      ...spellingsOf(address).map((spelling) => `http://${spelling}/`),
      ...trickUrls(address),
    ]);
    const all = [...targets, ...V6.slice(0, 80).map((address) => `http://[${address}]/`), ...FORBIDDEN_URLS];
    const names = all.map((url) => {
      const name = host(kind);
      addresses.set(name, [FRONT]);
      sendsTo.set(name, url);
      return name;
    });
    const before = served;
    const { reached, codes } = await look(names);
    expect(reached).toBe(0);
    // The front itself was reached every time: what was tried was tried.
    expect(served - before).toBeGreaterThanOrEqual(names.length);
    expect(codes['internal'] ?? 0).toBe(0);
    figure({
      fault: `${kind === 'redirect' ? 'redirects (302)' : 'meta refreshes'} to spellings, URL tricks, other schemes and ports`,
      count: names.length,
      result: '0 connections at canaries',
    });
  });
  it('literal addresses as hosts', async () => {
    const literals = V4.flatMap((address) => spellingsOf(address).slice(0, 12));
    const { reached } = await look(literals.filter((text) => URL.canParse(`http://${text}/`)));
    expect(reached).toBe(0);
    figure({
      fault: 'literal inside addresses filed as hosts',
      count: literals.length,
      result: '0 connections at canaries',
    });
  });
  it('registries (RDAP) and their redirects', async () => {
    const options = { ...net.context.registration('screen'), accept: 'application/rdap+json', maxRedirects: 2 };
    const urls = [...V4.slice(0, 60), ...V6.slice(0, 60)].map((address) => {
      const name = host('rdap');
      addresses.set(name, [FRONT]);
      sendsTo.set(name, address.includes(':') ? `http://[${address}]/` : `http://${address}/`);
      return `http://${name}/domain/x.cn`;
    });
    const before = canaries.touched();
    const results = await Promise.allSettled(urls.map((url) => guardedGet(url, options)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toEqual([]);
    expect(canaries.touched() - before).toBe(0);
    figure({ fault: 'registry (RDAP) redirects to inside', count: urls.length, result: '0 connections at canaries' });
  });
  it('the browser proxy: CONNECT and plain requests', async () => {
    const proxy = await GuardProxy.start({
      dns: net.context.dns('confirm'),
      dialer,
      connectTimeoutMs: 1000,
      maxBytes: 100_000,
      maxConnections: 100_000,
    });
    const before = canaries.touched();
    const targets = [
      ...V4.filter((_, index) => FULL || index % 2 === 0).flatMap((address) => spellingsOf(address).slice(0, 14)),
      ...V6.slice(0, 120).map((address) => `[${address}]`),
    ];
    const { connect } = await import('node:net');
    const port = Number(new URL(proxy.url).port);
    const ask = (text: string): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port });
        let got = '';
        socket.on('data', (data) => {
          got += data.toString('latin1');
          socket.end();
        });
        socket.on('close', () => resolve(got)).on('error', () => {});
        socket.write(text);
      });
    const answers: string[] = [];
    const queue = targets.flatMap((target) => {
      const ascii = Buffer.from(target, 'utf8').toString('latin1');
      return [
        `CONNECT ${ascii}:443 HTTP/1.1\r\nhost: ${ascii}\r\n\r\n`,
        `GET http://${ascii}/ HTTP/1.1\r\nhost: ${ascii}\r\nconnection: close\r\n\r\n`,
      ];
    });
    const count = queue.length;
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let text = queue.pop(); text !== undefined; text = queue.pop()) answers.push(await ask(text));
      }),
    );
    await proxy.close();
    expect(answers.filter((text) => / 200 /.test(text.split('\r\n')[0] ?? ''))).toEqual([]);
    expect(canaries.touched() - before).toBe(0);
    figure({
      fault: 'the drawing browser’s proxy: CONNECT and GET to inside',
      count,
      result: '0 connections at canaries',
    });
  });
  it('rebinding: the name answers public and inside in turns', async () => {
    const inside = [...V4];
    const names = Array.from({ length: FLIPS }, (_, index) => {
      const name = host('flip');
      flipping.set(name, { inside: inside[index % inside.length] as string, asked: index % 2 });
      return name;
    });
    const before = served;
    const { reached, codes } = await look(names);
    expect(reached).toBe(0);
    // Those that answered public first were read at the public address; the others were refused.
    expect(served - before).toBeGreaterThanOrEqual(FLIPS / 2);
    expect(codes['read']).toBeGreaterThanOrEqual(FLIPS / 2);
    figure({
      fault: 'rebinding: public and inside in turns between check and connect',
      count: FLIPS,
      result: '0 connections at canaries',
    });
  });
});

describe('the peer is checked after the connect', () => {
  it('a connection that ends elsewhere than dialled carries no request', async () => {
    // The kernel takes 0.0.0.0 for this machine: the peer is 127.0.0.1, which is not what was dialled.
    const astray: Dialer = { target: () => ({ host: '0.0.0.0', port: frontPort }) };
    const other = await hostileNet({ answer, addressReply, dialer: astray });
    const name = host('astray');
    addresses.set(name, [FRONT]);
    const before = served;
    const { page } = await gatherPage([name], other.context.page('screen'));
    expect(page.ok && page.value.attempts.map(({ hops }) => hops[0]?.failure?.code)).toEqual([
      'address-forbidden',
      'address-forbidden',
    ]);
    expect(served - before).toBe(0);
    await other.close();
  });
});
