import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { domainExpiry } from '../../src/checks/domain-expiry.ts';
import { registryState } from '../../src/checks/registry-state.ts';
import type { Verdict } from '../../src/checks/types.ts';
import { readRegistration } from '../../src/facts/registration.ts';
import { gatherDns } from '../../src/gather/dns.ts';
import { gatherRegistration } from '../../src/gather/registration.ts';
import { checkInput, filingOf } from '../support/check-input.ts';
import { addressReply, wireReply } from '../support/dns-server.ts';
import { FULL, figure } from '../support/figures.ts';
import { type HostileNet, hostileNet } from '../support/hostile-net.ts';
import { listen, stop } from '../support/listen.ts';
import { gbk } from '../world/oddities-page.ts';

const ALIVE = '2027-11-28';
const SOON = '2026-11-28';
const LAPSED = '2026-02-11';
const TIMEOUT_MS = 700;

const whoisText = (domain: string, expires: string): string =>
  `Domain Name: ${domain}\r\nROID: 20150302s10001s12345678-cn\r\nDomain Status: ok\r\nRegistrant: 示例科技有限公司\r\nRegistrant Contact Email: admin@${domain}\r\nSponsoring Registrar: 阿里云计算有限公司（万网）\r\nName Server: dns1.hichina.com\r\nRegistration Time: 2015-03-02 12:00:00\r\nExpiration Time: ${expires} 12:00:00\r\nDNSSEC: unsigned\r\n`;
const rdapObject = (domain: string, expires: string): object => ({
  objectClassName: 'domain',
  ldhName: domain,
  status: ['client transfer prohibited'],
  events: [
    { eventAction: 'registration', eventDate: '2015-03-02T04:00:00Z' },
    { eventAction: 'expiration', eventDate: `${expires}T04:00:00Z` },
    { eventAction: 'last update of RDAP database', eventDate: '2026-11-22T00:00:00Z' },
  ],
  entities: [],
});

type WhoisFault = (socket: Socket, domain: string, expires: string) => void;
type RdapFault = (response: ServerResponse, domain: string, expires: string) => void;

const drip = (write: (piece: string) => unknown, alive: () => boolean, piece = 'x'): void => {
  const timer = setInterval(() => (alive() ? write(piece) : clearInterval(timer)), 20);
};
const say =
  (text: string | Buffer): WhoisFault =>
  (socket) =>
    socket.end(text);

const WHOIS: Record<string, WhoisFault> = {
  silence: () => {},
  'closed at once': (socket) => socket.end(),
  'reset at once': (socket) => socket.resetAndDestroy(),
  'reset in the middle': (socket, domain, expires) =>
    socket.write(whoisText(domain, expires).slice(0, 120), () => socket.resetAndDestroy()),
  'a byte at a time': (socket) =>
    drip(
      (piece) => socket.write(piece),
      () => !socket.destroyed,
    ),
  'fifty megabytes': (socket) => {
    const piece = Buffer.alloc(1 << 20, 'Domain Name: other.cn\r\n');
    let sent = 0;
    const pump = (): void => {
      while (!socket.destroyed && sent++ < 50) if (!socket.write(piece)) return void socket.once('drain', pump);
      socket.end();
    };
    pump();
  },
  'throttled, in words': say('Your IP has exceeded the query limit. Try again later.\r\n'),
  'throttled, in Chinese': say('查询过于频繁，请稍后再试\r\n'),
  'refused by policy': say('% Access denied: this service is available to accredited registrars only.\r\n'),
  'a limit that speaks of expiry': say(
    'Query quota expired. Quota will be restored. No match allowed until 2026-11-30.\r\n',
  ),
  rubbish: say(Buffer.from(Array.from({ length: 4000 }, (_, i) => (i * 7919) % 256))),
  nulls: say(Buffer.alloc(5000)),
  'an HTML page': say('<!DOCTYPE html><html><body>503 Service Unavailable. Domain not found.</body></html>'),
  'an HTTP answer': say('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>No matching record.</html>'),
  'the record of another domain': (socket) => socket.end(whoisText('other.cn', LAPSED)),
  'a referral to another registry': say('refer: whois.other.example\r\ndomain: CN\r\nsource: IANA\r\n'),
  'a redirect in WHOIS': say('ReferralServer: whois://whois.other.example\r\n'),
  'in GBK': (socket, domain, expires) => socket.end(gbk(whoisText(domain, expires))),
  'in UTF-16': (socket, domain, expires) => socket.end(Buffer.from(whoisText(domain, expires), 'utf16le')),
  'no expiry date': (socket, domain, expires) => socket.end(whoisText(domain, expires).replace(/Expiration.*\r\n/, '')),
  'an expiry nobody can read': (socket, domain, expires) =>
    socket.end(whoisText(domain, expires).replace(expires, '28/11/27?')),
  'an expiry of zeros': (socket, domain, expires) =>
    socket.end(whoisText(domain, expires).replace(expires, '0000-00-00')),
  'an expiry before the registration': (socket, domain, expires) =>
    socket.end(whoisText(domain, expires).replace(expires, '1999-01-01')),
};

const json =
  (status: number, body: object | string, headers: Record<string, string> = {}): RdapFault =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/rdap+json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
const honestRdap = (domain: string, expires: string): string => JSON.stringify(rdapObject(domain, expires));

const RDAP: Record<string, RdapFault> = {
  silence: () => {},
  'reset at once': (response) => response.socket?.destroy(),
  'cut in the middle': (response, domain, expires) => {
    const text = honestRdap(domain, expires);
    response.writeHead(200, { 'content-length': text.length });
    response.write(text.slice(0, text.length / 2), () => response.socket?.destroy());
  },
  'cut, and closed politely': (response, domain, expires) => response.end(honestRdap(domain, expires).slice(0, -30)),
  'a byte at a time': (response) =>
    drip(
      (piece) => response.write(piece),
      () => !response.destroyed,
      ' ',
    ),
  'fifty megabytes': (response) => {
    const piece = Buffer.alloc(1 << 20, ' ');
    let sent = 0;
    const pump = (): void => {
      while (!response.destroyed && sent++ < 50) if (!response.write(piece)) return void response.once('drain', pump);
      response.end('{}');
    };
    pump();
  },
  'a million nested lists': json(200, '['.repeat(400_000)),
  'a deep object': json(200, `${'{"a":'.repeat(80_000)}1${'}'.repeat(80_000)}`),
  '429': json(429, { errorCode: 429, title: 'Too Many Requests' }, { 'retry-after': '3600' }),
  '429 without a body': json(429, ''),
  '403': json(403, { errorCode: 403, title: 'Forbidden' }),
  '500': json(500, 'Internal Server Error'),
  '503 with HTML': json(503, '<html>domain not found</html>', { 'content-type': 'text/html' }),
  'a bare 404': json(404, ''),
  'a 404 of the web server': json(404, '<html><title>404 Not Found</title></html>', { 'content-type': 'text/html' }),
  '404: this server does not do RDAP': json(404, {
    errorCode: 404,
    title: 'Not Found',
    description: ['RDAP is not supported here'],
  }),
  '404: try again': json(404, { errorCode: 404, title: 'rate limit exceeded, try again later' }),
  '200 with an error object': json(200, { errorCode: 500, title: 'backend failed' }),
  '200 with HTML': json(200, '<html>maintenance</html>', { 'content-type': 'text/html' }),
  '200 with nothing': json(200, ''),
  '200 with null': json(200, 'null'),
  '200 with a list': json(200, '[]'),
  'the object of another domain': (response) => response.end(JSON.stringify(rdapObject('other.com', LAPSED))),
  'an entity': json(200, { objectClassName: 'entity', handle: 'X' }),
  'events that are no list': (response, domain) =>
    response.end(JSON.stringify({ ...rdapObject(domain, ALIVE), events: 'expired' })),
  'dates that are numbers': (response, domain) =>
    response.end(
      JSON.stringify({ ...rdapObject(domain, ALIVE), events: [{ eventAction: 'expiration', eventDate: 0 }] }),
    ),
  'an expiry before the registration': (response, domain) =>
    response.end(JSON.stringify(rdapObject(domain, '1999-01-01'))),
  'a redirect to another registry': json(302, '', { location: 'http://rdap.other.example/domain/x' }),
  'a redirect in circles': (response, domain) => json(302, '', { location: `/domain/${domain}` })(response, domain, ''),
  'a redirect to inside': json(302, '', { location: 'http://169.254.169.254/latest' }),
  'a redirect to a file': json(302, '', { location: 'file:///etc/passwd' }),
  'gzip nobody asked for': (response, domain, expires) => {
    response.writeHead(200, { 'content-encoding': 'gzip' });
    response.end(gzipSync(honestRdap(domain, expires)));
  },
  'in GBK': (response, domain, expires) => response.end(gbk(honestRdap(domain, expires))),
  'in UTF-16': (response, domain, expires) => response.end(Buffer.from(honestRdap(domain, expires), 'utf16le')),
  'with a byte order mark': (response, domain, expires) => response.end(`\ufeff${honestRdap(domain, expires)}`),
};

interface Domain {
  expires: string;
  whois: WhoisFault | null;
  rdap: RdapFault | null;
  name: string;
}
const domains = new Map<string, Domain>();
let net: HostileNet;
const closers: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const answerRdap = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => {});
    const domain = /\/domain\/([^/?]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const known = domains.get(domain);
    if (known?.rdap !== null && known !== undefined) known.rdap(response, domain, known.expires);
    else if (known === undefined)
      json(404, { errorCode: 404, title: 'Not Found', description: ['no such domain'] })(response, '', '');
    else response.end(honestRdap(domain, known.expires));
  };
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'rdap' }], { keySize: 2048 });
  const sockets = new Set<Socket>();
  const servers = [
    createHttps({ key, cert }, answerRdap),
    createHttp(answerRdap),
    createTcp((socket) => {
      socket.on('error', () => {});
      socket.once('data', (data) => {
        const domain = data.toString('latin1').trim().toLowerCase();
        const known = domains.get(domain);
        if (known === undefined) socket.end('No matching record.\r\n');
        else if (known.whois === null) socket.end(whoisText(domain, known.expires));
        else known.whois(socket, domain, known.expires);
      });
    }),
  ];
  const ports: number[] = [];
  for (const server of servers) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    });
    ports.push(await listen(server));
    closers.push(async () => {
      for (const socket of sockets) socket.destroy();
      await stop(server);
    });
  }
  net = await hostileNet({
    answer: (question) => [
      question.name.endsWith('.invalid') ? wireReply(question, { rcode: 3 }) : addressReply(question, ['47.92.0.20']),
    ],
    addressReply,
    dialer: {
      target: (_address, port) => ({
        host: '127.0.0.1',
        port: (port === 443 ? ports[0] : port === 80 ? ports[1] : ports[2]) as number,
      }),
    },
    overrides: { registration: { timeoutMs: TIMEOUT_MS } },
  });
});
afterAll(async () => {
  await net.close();
  for (const close of closers) await close();
});

let made = 0;
const domain = (tld: string, one: Domain): string => {
  const name = `r${made++}.${tld}`;
  domains.set(name, one);
  return name;
};

/** Ask the registries about domains over real sockets and judge. */
async function judge(names: string[]): Promise<{ verdicts: Map<string, Verdict>; slowestMs: number }> {
  const verdicts = new Map<string, Verdict>();
  let slowestMs = 0;
  // The process keeps one connection a registry: here each look has lanes of its own.
  const queue = [...names];
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      const { KeyedLimiter } = await import('../../src/gather/limiter.ts');
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const options = { ...net.context.registration('confirm'), lanes: new KeyedLimiter(1) };
        const started = performance.now();
        const look = await gatherRegistration(name, options);
        slowestMs = Math.max(slowestMs, performance.now() - started);
        const dns = await gatherDns([name], net.context.dns('confirm'));
        const value = { domains: [{ domain: name, registry: look.registry, artifact: look.artifact }] };
        const registration = { ok: true as const, observedAt: Date.parse('2026-11-22T04:00:00Z'), tookMs: 1, value };
        const input = checkInput({ filing: filingOf({ domains: [name] }), artifacts: { registration, dns } });
        verdicts.set(name, runCheck(domainExpiry, input).verdict);
        expect(runCheck(registryState, input).verdict).not.toBe('fail');
      }
    }),
  );
  return { verdicts, slowestMs };
}

const wrong = (names: string[], verdicts: Map<string, Verdict>, verdict: Verdict): unknown[] =>
  names.filter((name) => verdicts.get(name) === verdict).map((name) => domains.get(name)?.name);

describe('registries that misbehave', () => {
  it('honest ones are believed, so both verdicts can be seen', async () => {
    const names = ['cn', 'com'].flatMap((tld) =>
      [ALIVE, LAPSED].map((expires) => domain(tld, { expires, whois: null, rdap: null, name: 'honest' })),
    );
    const { verdicts } = await judge(names);
    expect(names.map((name) => verdicts.get(name))).toEqual(['pass', 'fail', 'pass', 'fail']);
  });
  it('WHOIS: a domain that is alive is never called expired, a lapsed one never alive', async () => {
    const alive = Object.entries(WHOIS).map(([name, whois]) =>
      domain('cn', { expires: ALIVE, whois, rdap: null, name }),
    );
    const lapsed = Object.entries(WHOIS).map(([name, whois]) =>
      domain('cn', { expires: LAPSED, whois, rdap: null, name }),
    );
    const { verdicts, slowestMs } = await judge([...alive, ...lapsed]);
    expect([wrong(alive, verdicts, 'fail'), wrong(lapsed, verdicts, 'pass')]).toEqual([[], []]);
    figure({
      fault: `WHOIS: ${Object.keys(WHOIS).length} faults, domain alive and lapsed`,
      count: alive.length * 2,
      result: `0 false verdicts (slowest ${Math.round(slowestMs)} ms)`,
    });
  });
  it('RDAP: the same, with WHOIS behind it broken, silent or honest', async () => {
    const behind: [string, WhoisFault | null][] = [
      ['silence', WHOIS['silence'] as WhoisFault],
      ['throttled', WHOIS['throttled, in words'] as WhoisFault],
      ['honest', null],
    ];
    const pairs = Object.entries(RDAP).flatMap(([name, rdap]) =>
      behind.map(([second, whois]) => ({ rdap, whois, name: `${name}; WHOIS ${second}` })),
    );
    const alive = pairs.map((pair) => domain('com', { expires: ALIVE, ...pair }));
    const lapsed = pairs.map((pair) => domain('com', { expires: LAPSED, ...pair }));
    const { verdicts } = await judge([...alive, ...lapsed]);
    expect([wrong(alive, verdicts, 'fail'), wrong(lapsed, verdicts, 'pass')]).toEqual([[], []]);
    figure({
      fault: `RDAP: ${Object.keys(RDAP).length} faults × WHOIS silent, throttled, honest; alive and lapsed`,
      count: pairs.length * 2,
      result: '0 false verdicts',
    });
  });
  it('a record cut at every byte, over the wire', async () => {
    // Six days left: without its last digit the date is past.
    const text = whoisText('r.cn', SOON);
    const offsets = Array.from({ length: text.length }, (_, index) => index).filter(
      (index) => FULL || index % 5 === 0 || index > text.length - 60,
    );
    const names = offsets.map((offset) =>
      domain('cn', {
        expires: SOON,
        rdap: null,
        name: `cut at ${offset}`,
        whois: (socket, name, expires) => socket.end(whoisText(name, expires).slice(0, offset)),
      }),
    );
    const { verdicts } = await judge(names);
    expect(wrong(names, verdicts, 'fail')).toEqual([]);
    figure({ fault: 'WHOIS: a record cut at byte n', count: names.length, result: '0 called expired' });
  });
  it.each([
    ['keyless', (name: string) => `Domain Name: ${name}\r\nRegistrar: X\r\nRecord expires on 2026-11-28`],
    ['in brackets', (name: string) => `[Domain Name] ${name}\r\n[登録年月日] 2015/03/02\r\n[有効期限] 2026/11/28`],
    [
      'with leaders',
      (name: string) => `Domain Name.......... ${name}\r\nRegistrar............ X\r\nExpires.............. 2026-11-28`,
    ],
  ])('a last date without its last digit, %s', async (_, text) => {
    const name = domain('cn', {
      expires: SOON,
      rdap: null,
      name: 'cut',
      whois: (socket, asked) => socket.end(text(asked).slice(0, -1)),
    });
    expect((await judge([name])).verdicts.get(name)).not.toBe('fail');
  });
  it('an RDAP object cut at every byte is never read', () => {
    const text = honestRdap('r.com', ALIVE);
    for (let offset = 0; offset < text.length; offset++)
      expect(readRegistration(text.slice(0, offset), 'r.com').found).not.toBe(false);
    figure({ fault: 'RDAP: an object cut at byte n (parser)', count: text.length, result: '0 read as an answer' });
  });
});
