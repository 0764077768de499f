import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { Client } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import { type Dialer, pinnedConnector } from '../../src/gather/dialer.ts';
import { plainGet } from '../../src/gather/plain-get.ts';
import { PlainReader } from '../../src/gather/plain-response.ts';
import { HTTP_CASES } from '../hostile/http-cases.ts';
import { rawServer } from '../support/hostile-servers.ts';
import { listen, stop } from '../support/listen.ts';
import { SeededRandom } from '../world/random.ts';

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
/** What a reader says of a whole response, given piece by piece. */
function readIn(pieces: number[], response: Buffer, ended: boolean): string {
  const reader = new PlainReader();
  let read: ReturnType<PlainReader['read']> = 'more';
  for (const at of [...pieces, response.length]) {
    read = reader.read(response.subarray(0, at), false);
    if (read !== 'more') break;
  }
  if (read === 'more' && ended) read = reader.read(response, true);
  return typeof read === 'string' ? read : `${read.status} ${read.body.toString('latin1')}`;
}

const whole: [name: string, response: string, ended: boolean, read: string][] = [
  ['by its length', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabcde', false, '200 abcde'],
  ['without a reason', 'HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nab', false, '200 ab'],
  ['to the close', 'HTTP/1.0 200 OK\r\nserver: x\r\n\r\nabc', true, '200 abc'],
  [
    'in chunks',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n',
    false,
    '200 abc0123456789',
  ],
  [
    'in chunks that look like the end',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n',
    false,
    '200 0\r\n\r\n',
  ],
  [
    'a redirect, whatever its body',
    'HTTP/1.1 302 Found\r\nlocation: https://a.cn/\r\ncontent-length: 900\r\n\r\n',
    false,
    '302 ',
  ],
  ['an error page', 'HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno', false, '404 no'],
];
const odd: [name: string, response: string][] = [
  ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['no content', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['another protocol', 'ICY 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['HTTP/2 in words', 'HTTP/2 200 OK\r\ncontent-length: 0\r\n\r\n'],
  ['a folded header', 'HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n'],
  ['a blank before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 0\r\n\r\n'],
  ['a header without a colon', 'HTTP/1.1 200 OK\r\nserver\r\ncontent-length: 0\r\n\r\n'],
  ['a control character', 'HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n'],
  ['a bare line feed', 'HTTP/1.1 200 OK\r\nx: a\ny: b\r\ncontent-length: 0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na'],
  ['length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a length with a sign', 'HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na'],
  ['a length in a list', 'HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n\r\na'],
  ['more than its length', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab'],
  ['two encodings', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-encoding: br\r\ncontent-length: 0\r\n\r\n'],
  ['gzip as a transfer', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['an extension of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;a=b\r\na\r\n0\r\n\r\n'],
  ['a chunk without its end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n'],
  ['a negative chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\na\r\n0\r\n\r\n'],
  ['a hundred and one headers', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(101)}content-length: 0\r\n\r\n`],
  ['a head without end', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(40_000)}`],
];

describe('a response that is plainly written', () => {
  it.each(whole)('is read: %s', (_name, response, ended, read) => {
    const received = bytes(response);
    expect(readIn([], received, ended)).toBe(read);
    const everyByte = Array.from({ length: received.length }, (_, at) => at);
    expect(readIn(everyByte, received, ended)).toBe(read);
  });
  it('is read the same however it is cut into pieces', () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 2000; round++) {
      const [, response, ended, read] = whole[random.int(whole.length)] as (typeof whole)[number];
      const cuts = Array.from({ length: random.int(6) }, () => random.int(response.length)).sort((a, b) => a - b);
      expect(readIn(cuts, bytes(response), ended)).toBe(read);
    }
  });
  it('is not believed before it is whole', () => {
    for (const [, response] of whole.filter(([, , ended]) => !ended))
      for (let cut = 0; cut < response.length; cut++)
        expect([response, cut, readIn([], bytes(response.slice(0, cut)), false)]).toEqual([response, cut, 'more']);
  });
  it('that breaks off is left to the HTTP client', () => {
    expect(readIn([], bytes('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'), true)).toBe('odd');
    expect(readIn([], bytes('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n'), true)).toBe('odd');
    expect(readIn([], bytes('HTTP/1.1 200 OK\r\ncontent-'), true)).toBe('odd');
  });
  it.each(odd)('is not: %s', (_name, response) => expect(readIn([], bytes(response), true)).toBe('odd'));
  it.each([
    ['a trailer', '0\r\nx: y\r\n\r\n'],
    ['an extension', '0;ext\r\n\r\n'],
    ['blanks', '0  \r\n\r\n'],
    ['bytes behind the end', '0\r\n\r\nmore'],
    ['a size without end', '0'.repeat(20)],
  ])('chunks that end oddly (%s) are so at once, also where the server stays', (_name, end) => {
    const response = bytes(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n${end}`);
    expect(readIn([], response, false)).toBe('odd');
  });
  it('more than is taken is left to the client as soon as it is announced', () =>
    expect(readIn([], bytes('HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n'), false)).toBe('odd'));
  it('half a character at the end of a header is no blank', () => {
    const location = Buffer.from('/参加').toString('latin1');
    const read = new PlainReader().read(bytes(`HTTP/1.1 302 Found\r\nlocation: ${location}  \r\n\r\n`), false);
    expect(typeof read === 'string' ? read : read.headers.get('location')).toBe(location);
  });
});

const servers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of servers) await close();
});
const dialerTo = (port: number): Dialer => ({ target: () => ({ host: '127.0.0.1', port }) });
const pinned = (port: number) => ({
  address: '47.92.1.1',
  host: 'site.example',
  dialer: dialerTo(port),
  connectTimeoutMs: 1000,
  onHandshake: () => {},
  patienceMs: 1000,
});

/** The same request by the HTTP client: status and bytes, or why there are none. */
async function byClient(port: number, signal: AbortSignal): Promise<string> {
  const client = new Client('http://site.example', { connect: pinnedConnector(pinned(port)), pipelining: 0 });
  try {
    const response = await client.request({ path: '/', method: 'GET', signal, headers: { connection: 'close' } });
    response.body.on('error', () => {});
    const body = Buffer.from(await response.body.arrayBuffer());
    return `${response.statusCode} ${body.toString('latin1')}`;
  } catch (error) {
    return `failed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    client.destroy().catch(() => {});
  }
}

/** Cases that come to an end by themselves: what drips for ever proves nothing here, nor what answers otherwise each time. */
const ending = HTTP_CASES.filter(
  ({ group, name }) => group !== 'drips' && !/endless|never|silent|hang|in circles/.test(name),
);

describe('one request over a socket of our own', () => {
  it(`believes no answer the HTTP client reads otherwise (${ending.length} ways to misbehave)`, async () => {
    const differing: string[] = [];
    let plainly = 0;
    const work = [...ending];
    const one = async (): Promise<void> => {
      for (let next = work.pop(); next !== undefined; next = work.pop()) {
        const { server, sockets } = rawServer(next.serve);
        const port = await listen(server);
        const plain = await plainGet(new URL('http://site.example/'), {
          ...pinned(port),
          headers: 'connection: close\r\n',
          signal: AbortSignal.timeout(1000),
        }).catch(() => null);
        // A redirect's body is not waited for.
        if (plain !== null && !(plain.status < 400 && plain.headers.has('location'))) {
          plainly++;
          const read = `${plain.status} ${plain.body.toString('latin1')}`;
          const client = await byClient(port, AbortSignal.timeout(1000));
          if (client !== read) differing.push(`${next.group}: ${next.name}`);
        }
        for (const socket of sockets) socket.destroy();
        await stop(server);
      }
    };
    await Promise.all(Array.from({ length: 24 }, one));
    expect(differing).toEqual([]);
    expect(plainly).toBeGreaterThan(ending.length / 4);
  }, 120_000);

  const get = async (serve: (socket: Socket) => void, signal = AbortSignal.timeout(60_000), patienceMs = 60_000) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => serve(socket));
    });
    const port = await listen(server);
    servers.push(() => stop(server));
    return plainGet(new URL('http://site.example/a?b=c'), {
      ...pinned(port),
      headers: 'x-y: z\r\n',
      signal,
      patienceMs,
    });
  };
  it('gives up on what is too large, and leaves it to the client', async () => {
    const page = Buffer.alloc(400_000, 'a');
    const response = await get((socket) => socket.end(Buffer.concat([bytes('HTTP/1.1 200 OK\r\n\r\n'), page])));
    expect(response).toBeNull();
  });
  it('takes a body that comes in many pieces', async () => {
    const body = gzipSync(Buffer.from('页面'.repeat(20_000)));
    const response = await get((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n`);
      let at = 0;
      const more = (): void => {
        if (at >= body.length) return;
        at += 7;
        socket.write(body.subarray(at - 7, at), more);
      };
      more();
    });
    expect(response?.body.equals(body)).toBe(true);
  });
  it('leaves to the client, who keeps what it gets, what begins and does not end', async () => {
    const response = await get(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\n<p>half a page'),
      AbortSignal.timeout(60_000),
      1,
    );
    expect(response).toBeNull();
  });
  it('says why when nothing was answered', async () => {
    await expect(get((socket) => socket.resetAndDestroy())).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(get((socket) => socket.end())).rejects.toMatchObject({ code: 'ECONNRESET' });
    const ending = new AbortController();
    const waiting = get(() => ending.abort(new Error('the time is over')), ending.signal);
    await expect(waiting).rejects.toThrow('the time is over');
  });
  it('never connects to an address inside', async () => {
    await expect(
      plainGet(new URL('http://site.example/'), {
        ...pinned(9),
        address: '169.254.169.254',
        headers: '',
        signal: AbortSignal.timeout(1000),
      }),
    ).rejects.toMatchObject({ code: 'ADDRESS_FORBIDDEN' });
  });
});
