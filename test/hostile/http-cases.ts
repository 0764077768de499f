import type { Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

/** The number and link every page of this suite shows where it shows anything. */
export const NUMBER = '京ICP备05070218号-1';
export const LINK = `<a href="https://beian.miit.gov.cn/">${NUMBER}</a>`;
const TEXT = '<p>这是一家公司的介绍文字，介绍公司的产品与服务。</p>'.repeat(20);
export const PAGE = `<!DOCTYPE html><html><head><meta charset="utf-8"><title>示例</title></head><body>${TEXT}<footer>${LINK}</footer></body></html>`;

/**
 * One way a server misbehaves. `serve` is given the socket and the request's head. `shown`: the number must have been read; `null`:
 * not reading it is right as well. Whatever happens, a page that could not be read is never one without a number.
 */
export interface HttpCase {
  name: string;
  group: string;
  shown: true | null;
  serve: (socket: Socket, head: string) => void;
  /** What was delivered shows no number to a visitor's browser either: an accusation is true. */
  unseen?: true;
}

/** Names of cases where a browser shows no number either: said here, so that nobody counts them as false alarms. */
const UNSEEN = new Set([
  // The page ends where its length says: the footer is behind.
  'content-length shorter than the body',
  // No checksum: other bytes arrive, and they are well formed.
  'zstd, a byte turned in the middle',
  // A comment without end hides all behind it.
  'unclosed comments, the footer behind',
]);

const cases: HttpCase[] = [];
let group = '';
const add = (name: string, shown: true | null, serve: HttpCase['serve']): number =>
  cases.push({ name, group, shown, serve, ...(UNSEEN.has(name) && { unseen: true as const }) });

const CRLF = '\r\n';
const head = (lines: string[], status = '200 OK'): string =>
  `HTTP/1.1 ${status}${CRLF}${lines.join(CRLF)}${CRLF}${CRLF}`;
const html = 'content-type: text/html; charset=utf-8';
const bytes = Buffer.byteLength(PAGE);

/** Write a piece again and again, as fast as the other side reads, or every `everyMs`, until the socket ends. */
function forever(socket: Socket, piece: () => string | Buffer, everyMs = 0): void {
  let timer: NodeJS.Timeout | null = null;
  const stopped = (): boolean => socket.destroyed || socket.writableEnded;
  socket.on('close', () => timer !== null && clearInterval(timer));
  if (everyMs > 0) {
    timer = setInterval(() => (stopped() ? timer !== null && clearInterval(timer) : socket.write(piece())), everyMs);
    return;
  }
  const pump = (): void => {
    while (!stopped()) if (!socket.write(piece())) return void socket.once('drain', pump);
  };
  pump();
}

const DRIP_MS = 40;

group = 'drips';
add('status line, a byte at a time', null, (socket) => {
  const line = `HTTP/1.1 200 ${'O'.repeat(100_000)}`;
  let at = 0;
  forever(socket, () => line[at++] ?? 'K', DRIP_MS);
});
add('headers, a byte at a time', null, (socket) => {
  socket.write('HTTP/1.1 200 OK\r\nx: ');
  forever(socket, () => 'a', DRIP_MS);
});
add('headers, a line at a time', null, (socket) => {
  socket.write('HTTP/1.1 200 OK\r\n');
  let n = 0;
  forever(socket, () => `x-${n++}: y\r\n`, DRIP_MS);
});
add('body by length, a byte at a time', null, (socket) => {
  socket.write(head([html, 'content-length: 100000']));
  forever(socket, () => 'a', DRIP_MS);
});
add('body in chunks, a byte at a time', null, (socket) => {
  socket.write(head([html, 'transfer-encoding: chunked']));
  forever(socket, () => '1\r\na\r\n', DRIP_MS);
});
add('chunk extension, a byte at a time', null, (socket) => {
  socket.write(`${head([html, 'transfer-encoding: chunked'])}5;`);
  forever(socket, () => 'a', DRIP_MS);
});
add('trailers, a line at a time', null, (socket) => {
  socket.write(`${head([html, 'transfer-encoding: chunked'])}${bytes.toString(16)}\r\n${PAGE}\r\n0\r\n`);
  let n = 0;
  forever(socket, () => `t-${n++}: y\r\n`, DRIP_MS);
});
add('gzip, a byte at a time', null, (socket) => {
  const packed = gzipSync(PAGE);
  socket.write(head([html, 'content-encoding: gzip', `content-length: ${packed.length + 1000}`]));
  let at = 0;
  forever(socket, () => packed.subarray(at % packed.length, (at++ % packed.length) + 1), DRIP_MS);
});

group = 'silence and sockets that never close';
add('nothing after the connect', null, () => {});
add('nothing after the headers', null, (socket) => socket.write(head([html, 'content-length: 100'])));
add('nothing after half of the body', null, (socket) =>
  socket.write(head([html, `content-length: ${bytes}`]) + PAGE.slice(0, 300)),
);
add('whole page by length, socket kept open', true, (socket) =>
  socket.write(head([html, `content-length: ${bytes}`]) + PAGE),
);
add('whole page in chunks, socket kept open', true, (socket) =>
  socket.write(`${head([html, 'transfer-encoding: chunked'])}${bytes.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`),
);
add('whole page without a length, socket kept open', null, (socket) => socket.write(head([html]) + PAGE));
add('reset after the connect', null, (socket) => socket.resetAndDestroy());
add('reset after the headers', null, (socket) => {
  socket.write(head([html, 'content-length: 100']), () => socket.resetAndDestroy());
});
add('reset in the body', null, (socket) => {
  socket.write(head([html, `content-length: ${bytes}`]) + PAGE.slice(0, 300), () => socket.resetAndDestroy());
});
add('closed without a byte', null, (socket) => socket.end());

group = 'endless';
add('endless 100 Continue', null, (socket) => forever(socket, () => 'HTTP/1.1 100 Continue\r\n\r\n'));
add('endless 103 Early Hints', null, (socket) =>
  forever(socket, () => `HTTP/1.1 103 Early Hints\r\nlink: </${'a'.repeat(500)}>; rel=preload\r\n\r\n`),
);
add('100 Continue, slowly', null, (socket) => forever(socket, () => 'HTTP/1.1 100 Continue\r\n\r\n', DRIP_MS));
add('one chunk extension without end', null, (socket) => {
  socket.write(`${head([html, 'transfer-encoding: chunked'])}5;`);
  forever(socket, () => 'a'.repeat(16_384));
});
add('chunk size of zeros without end', null, (socket) => {
  socket.write(head([html, 'transfer-encoding: chunked']));
  forever(socket, () => '0'.repeat(16_384));
});
add('trailers without end', null, (socket) => {
  socket.write(`${head([html, 'transfer-encoding: chunked'])}0\r\n`);
  forever(socket, () => 't: y\r\n'.repeat(1000));
});
add('headers without end', null, (socket) => {
  socket.write('HTTP/1.1 200 OK\r\n');
  let n = 0;
  forever(socket, () => `x-${n++}: ${'y'.repeat(1000)}\r\n`);
});
add('blank lines without end', null, (socket) => forever(socket, () => '\r\n'.repeat(8000)));
add('body without end', null, (socket) => {
  socket.write(head([html]) + PAGE);
  forever(socket, () => '<p>x</p>'.repeat(2000));
});
add('chunks of one byte without end', null, (socket) => {
  socket.write(head([html, 'transfer-encoding: chunked']));
  forever(socket, () => '1\r\na\r\n'.repeat(2000));
});
add('200 answers one after the other', null, (socket) =>
  forever(socket, () => head([html, `content-length: ${bytes}`]) + PAGE),
);

group = 'redirects';
add('to a new address each time, for ever', null, (socket) => {
  socket.end(head([`location: /${Math.random()}`, 'content-length: 0'], '302 Found'));
});
add('to itself', null, (socket) => socket.end(head(['location: /', 'content-length: 0'], '301 Moved')));
add('a location of 30 KB', null, (socket) =>
  socket.end(head([`location: /${'a'.repeat(30_000)}`, 'content-length: 0'], '302 Found')),
);
add('a location of raw bytes', null, (socket) =>
  socket.end(
    Buffer.concat([
      Buffer.from('HTTP/1.1 302 Found\r\nlocation: http://'),
      Buffer.from([0xff, 0xfe, 0x80]),
      Buffer.from('/\r\ncontent-length: 0\r\n\r\n'),
    ]),
  ),
);
add('an empty location', null, (socket) => socket.end(head(['location: ', 'content-length: 0'], '302 Found')));
add('two locations', null, (socket) =>
  socket.end(head(['location: /a', 'location: /b', 'content-length: 0'], '302 Found')),
);
add('a redirect whose body never ends', null, (socket) => {
  socket.write(head(['location: /x'], '302 Found'));
  forever(socket, () => 'a'.repeat(10_000));
});
add('meta refresh in circles', null, (socket) =>
  socket.end(`${head([html])}<meta http-equiv="refresh" content="0;url=/${Math.random()}">`),
);

group = 'headers and lengths';
add('one header of a megabyte', null, (socket) =>
  socket.write(`HTTP/1.1 200 OK\r\nx: ${'a'.repeat(1_000_000)}\r\n\r\n`),
);
add('a header name of 100 KB', null, (socket) => socket.write(`HTTP/1.1 200 OK\r\n${'x'.repeat(100_000)}: a\r\n\r\n`));
add('ten thousand headers', null, (socket) =>
  socket.write(`HTTP/1.1 200 OK\r\n${Array.from({ length: 10_000 }, (_, i) => `h${i}: a\r\n`).join('')}\r\n`),
);
add('a thousand cookies', null, (socket) =>
  socket.write(`HTTP/1.1 200 OK\r\n${'set-cookie: a=b\r\n'.repeat(1000)}content-length: ${bytes}\r\n\r\n${PAGE}`),
);
for (const [name, length] of [
  ['longer than the body', String(bytes + 1000)],
  ['shorter than the body', String(bytes - 400)],
  ['negative', '-1'],
  ['no number', 'many'],
  ['hexadecimal', '0x100'],
  ['with a plus', `+${bytes}`],
  ['over 64 bits', '99999999999999999999999'],
  ['empty', ''],
  ['two in one', `${bytes}, ${bytes}`],
] as const)
  add(`content-length ${name}`, null, (socket) => socket.end(head([html, `content-length: ${length}`]) + PAGE));
add('two different lengths', null, (socket) =>
  socket.end(head([html, 'content-length: 10', `content-length: ${bytes}`]) + PAGE),
);
add('length and chunks together', null, (socket) =>
  socket.end(
    `${head([html, 'content-length: 5', 'transfer-encoding: chunked'])}${bytes.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`,
  ),
);
for (const size of ['FFFFFFFFFFFFFFFF', '-5', 'g', '0x10', '100000000000000000000'])
  add(`a chunk of size ${size}`, null, (socket) =>
    socket.end(`${head([html, 'transfer-encoding: chunked'])}${size}\r\n${PAGE}\r\n0\r\n\r\n`),
  );

group = 'responses a parser must judge (after llhttp’s list)';
const body = PAGE;
const length = `content-length: ${bytes}`;
const chunked = (extension = '', end = '0\r\n\r\n'): string => `${bytes.toString(16)}${extension}\r\n${body}\r\n${end}`;
const RESPONSES: [string, true | null, string][] = [
  ['another protocol, RTSP', null, `RTSP/1.1 200 OK\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['another protocol, ICE', null, `ICE/1.1 200 OK\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['a protocol that only begins like it', null, `HTTPER/1.1 200 OK\r\n${length}\r\n\r\n${body}`],
  ['a letter missing', null, `HTP/1.1 200 OK\r\n${length}\r\n\r\n${body}`],
  ['major version of two digits', null, `HTTP/01.1 200 OK\r\n${length}\r\n\r\n${body}`],
  ['version 11.1', null, `HTTP/11.1 200 OK\r\n${length}\r\n\r\n${body}`],
  ['minor version of two digits', null, `HTTP/1.01 200 OK\r\n${length}\r\n\r\n${body}`],
  ['version 5.6', null, `HTTP/5.6 200 OK\r\n${length}\r\n\r\n${body}`],
  ['version 0.9', null, `HTTP/0.9 200 OK\r\n${length}\r\n\r\n${body}`],
  ['a tab after the version', null, `HTTP/1.1\t200 OK\r\n${length}\r\n\r\n${body}`],
  ['a return before it, a tab after', null, `\rHTTP/1.1\t200 OK\r\n${length}\r\n\r\n${body}`],
  ['two spaces after the version', null, `HTTP/1.1  200 OK\r\n${length}\r\n\r\n${body}`],
  ['two spaces after the status', true, `HTTP/1.1 200  OK\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['a status of one digit', null, `HTTP/1.1 2 OK\r\n${length}\r\n\r\n${body}`],
  ['a status of four digits', null, `HTTP/1.1 2000 OK\r\n${length}\r\n\r\n${body}`],
  ['status 000', null, `HTTP/1.1 000 OK\r\n${length}\r\n\r\n${body}`],
  ['status 999', null, `HTTP/1.1 999 OK\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['no reason', true, `HTTP/1.1 200\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['an empty reason', true, `HTTP/1.1 200 \r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['a reason that is not ASCII', true, `HTTP/1.1 200 Größe\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['an empty line first', null, `\r\nHTTP/1.1 200 OK\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['line feeds only', null, `HTTP/1.1 200 OK\n${html}\n${length}\n\n${body}`],
  ['returns only', null, `HTTP/1.1 200 OK\r${html}\r${length}\r\r${body}`],
  ['two returns after the status line', null, `HTTP/1.1 200 OK\r\r${length}\r\n\r\n${body}`],
  ['headers parted by a return', null, `HTTP/1.1 200 OK\r\nfoo: 1\rbar: 2\r\n${length}\r\n\r\n${body}`],
  ['a space before the first header', null, `HTTP/1.1 200 OK\r\n host: x\r\n${length}\r\n\r\n${body}`],
  ['a space in a header’s name', null, `HTTP/1.1 200 OK\r\nen US: x\r\n${length}\r\n\r\n${body}`],
  [
    'odd characters in a header’s name',
    true,
    `HTTP/1.1 200 OK\r\n.et-Cookie_X: y\r\n${html}\r\n${length}\r\n\r\n${body}`,
  ],
  ['a header without a value', true, `HTTP/1.1 200 OK\r\npragma: \r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['a header without a colon', null, `HTTP/1.1 200 OK\r\nnothing\r\n${length}\r\n\r\n${body}`],
  ['a null byte in a header', null, `HTTP/1.1 200 OK\r\nx: a\0b\r\n${length}\r\n\r\n${body}`],
  ['tabs around the length', null, `HTTP/1.1 200 OK\r\n${html}\r\ncontent-length:\t${bytes}\t\r\n\r\n${body}`],
  [
    'a header that only looks like the length',
    true,
    `HTTP/1.1 200 OK\r\ncontent-length-x: 0\r\n${html}\r\n${length}\r\n\r\n${body}`,
  ],
  ['a folded header', null, `HTTP/1.1 200 OK\r\nx: a\r\n b\r\n${html}\r\n${length}\r\n\r\n${body}`],
  ['a folded transfer-encoding', null, `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n  abc\r\n\r\n${chunked()}`],
  ['chunk extensions', true, `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked(';a=b;c')}`],
  [
    'quoted chunk extensions',
    true,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked(';a="b; c"')}`,
  ],
  [
    'a chunk extension whose quote never ends',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked(';a="b')}`,
  ],
  [
    'a chunk extension without a semicolon',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked(' erf')}`,
  ],
  ['an empty chunk extension', null, `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked(';')}`],
  [
    'spaces after the chunk’s size',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked('  ')}`,
  ],
  [
    'a last chunk without its end',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked('', '0\r\n')}`,
  ],
  ['no last chunk', null, `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\n\r\n${chunked('', '')}`],
  [
    'chunked before another coding',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked, deflate\r\n\r\n${body}`,
  ],
  [
    'chunked, then identity',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n${body}`,
  ],
  ['chunkedchunked', null, `HTTP/1.1 200 OK\r\n${html}\r\ntransfer-encoding: chunkedchunked\r\n\r\n${body}`],
  ['no length at all', true, `HTTP/1.1 200 OK\r\n${html}\r\n\r\n${body}`],
  ['HTTP/1.0 until the end', true, `HTTP/1.0 200 OK\r\n${html}\r\nconnection: keep-alive\r\n\r\n${body}`],
  ['no headers and no body', null, 'HTTP/1.1 404 Not Found\r\n\r\n'],
  ['204 with a body', null, `HTTP/1.1 204 No Content\r\n${length}\r\n\r\n${body}`],
  ['304 with a length', null, `HTTP/1.1 304 Not Modified\r\n${length}\r\n\r\n${body}`],
  ['304 in chunks', null, `HTTP/1.1 304 Not Modified\r\ntransfer-encoding: chunked\r\n\r\n${chunked()}`],
  [
    '101 Switching Protocols',
    null,
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n${body}`,
  ],
  [
    '200 that offers an upgrade',
    true,
    `HTTP/1.1 200 OK\r\nconnection: upgrade\r\nupgrade: h2c\r\n${html}\r\n${length}\r\n\r\n${body}`,
  ],
  ['100, then 200', null, `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${html}\r\n${length}\r\n\r\n${body}`],
  [
    '103, then 200',
    true,
    `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\n${html}\r\n${length}\r\n\r\n${body}`,
  ],
  ['103, then 404', null, `HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\n${length}\r\n\r\n${body}`],
  [
    'data after the end of a closed connection',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\nconnection: close\r\n${length}\r\n\r\n${body}2ad731e3`,
  ],
  [
    'three answers at once',
    null,
    `HTTP/1.1 200 OK\r\n${html}\r\n${length}\r\n\r\n${body}HTTP/1.1 201 Created\r\ncontent-length: 4\r\n\r\nBBBBHTTP/1.1 202 Accepted\r\n\r\n`,
  ],
  ['HTTP/2 spoken at once', null, '\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff'],
  ['TLS spoken at once', null, '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
  ['an SSH banner', null, 'SSH-2.0-OpenSSH_9.2p1\r\n'],
  ['bare HTML', null, body],
  ['one null byte', null, '\0'],
];
for (const [name, shown, text] of RESPONSES)
  add(name, shown, (socket) => socket.end(/[\x80-\xff]{3}|^\0/.test(text) ? Buffer.from(text, 'latin1') : text));

group = 'compression';
const packedZeros = {
  gzip: gzipSync(Buffer.alloc(32 << 20)),
  br: brotliCompressSync(Buffer.alloc(32 << 20)),
  zstd: zstdCompressSync(Buffer.alloc(32 << 20)),
  deflate: deflateSync(Buffer.alloc(32 << 20)),
};
const packedPage = {
  gzip: gzipSync(PAGE),
  br: brotliCompressSync(PAGE),
  zstd: zstdCompressSync(PAGE),
  deflate: deflateSync(PAGE),
};
for (const [encoding, packed] of Object.entries(packedZeros)) {
  add(`${encoding} bomb, 32 MB`, null, (socket) =>
    socket.end(Buffer.concat([Buffer.from(head([html, `content-encoding: ${encoding}`])), packed])),
  );
  add(`${encoding} bombs without end`, null, (socket) => {
    socket.write(head([html, `content-encoding: ${encoding}`]));
    forever(socket, () => packed);
  });
}
for (const [encoding, packed] of Object.entries(packedPage)) {
  const start = Buffer.from(head([html, `content-encoding: ${encoding}`]));
  add(`${encoding}, honest`, true, (socket) => socket.end(Buffer.concat([start, packed])));
  add(`${encoding}, cut short`, null, (socket) =>
    socket.end(Buffer.concat([start, packed.subarray(0, packed.length - 40)])),
  );
  add(`${encoding}, cut in its head`, null, (socket) => socket.end(Buffer.concat([start, packed.subarray(0, 3)])));
  add(`${encoding} with rubbish behind`, null, (socket) =>
    socket.end(Buffer.concat([start, packed, Buffer.alloc(5000, 7)])),
  );
  add(`${encoding}, a byte turned in the middle`, null, (socket) => {
    const bent = Buffer.from(packed);
    bent[packed.length >> 1] = (bent[packed.length >> 1] as number) ^ 0x55;
    socket.end(Buffer.concat([start, bent]));
  });
  add(`said to be ${encoding}, and is not`, null, (socket) => socket.end(Buffer.concat([start, Buffer.from(PAGE)])));
  add(`${encoding}, nothing in it`, null, (socket) => socket.end(start));
}
add('raw deflate', null, (socket) =>
  socket.end(Buffer.concat([Buffer.from(head([html, 'content-encoding: deflate'])), deflateRawSync(PAGE)])),
);
add('gzip in gzip', null, (socket) =>
  socket.end(Buffer.concat([Buffer.from(head([html, 'content-encoding: gzip, gzip'])), gzipSync(packedPage.gzip)])),
);
add('ten layers of gzip', null, (socket) => {
  let packed: Buffer = packedZeros.gzip;
  for (let i = 0; i < 9; i++) packed = gzipSync(packed);
  socket.end(
    Buffer.concat([Buffer.from(head([html, `content-encoding: ${Array(10).fill('gzip').join(', ')}`])), packed]),
  );
});
add('an unknown encoding', null, (socket) => socket.end(head([html, 'content-encoding: klingon']) + PAGE));
add('a zip of nothing: empty gzip members without end', null, (socket) => {
  const empty = gzipSync('');
  const many = Buffer.concat(Array.from({ length: 800 }, () => empty));
  socket.write(head([html, 'content-encoding: gzip']));
  forever(socket, () => many);
});
add('empty zstd frames without end', null, (socket) => {
  const many = Buffer.concat(Array.from({ length: 800 }, () => zstdCompressSync('')));
  socket.write(head([html, 'content-encoding: zstd']));
  forever(socket, () => many);
});
add('a page after a thousand empty gzip members', null, (socket) =>
  socket.end(
    Buffer.concat([
      Buffer.from(head([html, 'content-encoding: gzip'])),
      ...Array.from({ length: 1000 }, () => gzipSync('')),
      packedPage.gzip,
    ]),
  ),
);

group = 'charsets';
for (const charset of [
  'klingon',
  'utf-7',
  'utf-16',
  'utf-32',
  'iso-2022-kr',
  'iso-2022-jp',
  'hz-gb-2312',
  'x-user-defined',
  'replacement',
  'a'.repeat(5000),
  '"',
  "';--",
])
  add(`a page in UTF-8 said to be ${charset.slice(0, 20)}`, null, (socket) =>
    socket.end(head([`content-type: text/html; charset=${charset}`]) + PAGE),
  );
add('four megabytes of 0xff', null, (socket) =>
  socket.end(Buffer.concat([Buffer.from(head([html])), Buffer.alloc(4 << 20, 0xff)])),
);
add('four megabytes of half GBK characters', null, (socket) =>
  socket.end(
    Buffer.concat([
      Buffer.from(head(['content-type: text/html; charset=gbk'])),
      Buffer.alloc(4 << 20, Buffer.from([0x81, 0x20])),
    ]),
  ),
);
add('four megabytes of nulls', null, (socket) =>
  socket.end(Buffer.concat([Buffer.from(head([html])), Buffer.alloc(4 << 20)])),
);
add('UTF-16 with a mark, cut in a character', null, (socket) =>
  socket.end(
    Buffer.concat([
      Buffer.from(head(['content-type: text/html'])),
      Buffer.from([0xff, 0xfe]),
      Buffer.from(PAGE, 'utf16le'),
      Buffer.from([0x3c]),
    ]),
  ),
);
add('contradicting meta charsets', null, (socket) =>
  socket.end(`${head(['content-type: text/html'])}<meta charset=gbk><meta charset=big5><meta charset=utf-16>${PAGE}`),
);

group = 'HTML';
const page = (inner: string): string =>
  `<!DOCTYPE html><html><body>${inner}${TEXT}<footer>${LINK}</footer></body></html>`;
const BOMBS: [string, string][] = [
  ['a million nested divisions', '<div>'.repeat(700_000)],
  ['nested tables', '<table><tr><td>'.repeat(100_000)],
  ['misnested formatting', '<a><b><i><u><p>'.repeat(60_000)],
  ['misnested ends', '</p></b></table></a></i>'.repeat(120_000)],
  ['nested lists and options', '<ul><li><select><option>'.repeat(80_000)],
  ['svg in math in svg', '<svg><math><mtext><foreignObject>'.repeat(60_000)],
  ['templates in templates', '<template>'.repeat(200_000)],
  [
    'an element of a hundred thousand attributes',
    `<div ${Array.from({ length: 100_000 }, (_, i) => `a${i}=b`).join(' ')}>x</div>`,
  ],
  ['an attribute of three megabytes', `<div title="${'x'.repeat(3_000_000)}">x</div>`],
  ['a style attribute of three megabytes', `<div style="${'color:red;'.repeat(300_000)}">x</div>`],
  ['an attribute name of three megabytes', `<div ${'x'.repeat(3_000_000)}>x</div>`],
  ['unclosed anchors', '<a href="x'.repeat(250_000)],
  ['anchors by the hundred thousand', '<a href="https://beian.miit.gov.cn/">x</a>'.repeat(80_000)],
  ['unclosed comments', '<!--'.repeat(700_000)],
  ['comments by the hundred thousand', '<!-- 京ICP备12345678号 -->'.repeat(100_000)],
  ['unclosed script', `<script>${'</scrip'.repeat(500_000)}`],
  ['unclosed style', `<style>${'.a{color:red}'.repeat(200_000)}`],
  [
    'style sheets that hide by the hundred thousand',
    `<style>${Array.from({ length: 100_000 }, (_, i) => `.c${i}{display:none}`).join('')}</style>`,
  ],
  ['entities without semicolons', '&amp'.repeat(800_000)],
  ['numeric entities of a million digits', `&#${'9'.repeat(3_000_000)};`],
  ['named entities that nearly match', '&CounterClockwiseContourIntegra'.repeat(100_000)],
  ['CDATA and processing instructions', '<![CDATA[<?x'.repeat(300_000)],
  ['tag names without end', `<${'x'.repeat(3_000_000)}`],
  ['a frame set of a hundred thousand frames', '<iframe src="/x"></iframe>'.repeat(100_000)],
  ['meta refresh by the hundred thousand', '<meta http-equiv="refresh" content="99999;url=/x">'.repeat(70_000)],
  ['one line of four million characters', '备'.repeat(1_200_000)],
  ['the beginnings of numbers', '京ICP备'.repeat(300_000)],
  ['numbers by the hundred thousand', '京ICP备12345678号-1 '.repeat(110_000)],
  ['digits without end', `京ICP备${'1'.repeat(3_000_000)}`],
  ['full-width digits without end', `京ＩＣＰ备${'１'.repeat(1_000_000)}`],
  ['spaces between all', `京 I C P 备 ${'1 '.repeat(1_500_000)}`],
  ['spaces without end', ' '.repeat(3_500_000)],
  ['line ends without end', '\n'.repeat(3_500_000)],
  ['zero-width characters', '\u200b'.repeat(1_200_000)],
  ['right-to-left marks', '\u202e京'.repeat(600_000)],
  ['combining marks', `备${'\u0301'.repeat(1_500_000)}`],
  ['surrogates', '𠮷'.repeat(800_000)],
  ['equals signs and quotes', `<a ${'="'.repeat(1_500_000)}`],
  ['less-than signs', '<'.repeat(3_500_000)],
  ['police numbers', '京公网安备11010502030143号'.repeat(90_000)],
  ['handlers', `<div onclick="${"window.open('https://beian.miit.gov.cn/');".repeat(60_000)}">x</div>`],
  ['base elements', '<base href="https://beian.miit.gov.cn/">'.repeat(80_000)],
];
for (const [name, inner] of BOMBS) {
  const text = page(inner);
  add(`${name}, the footer behind`, null, (socket) => socket.end(head([html]) + text));
  const before = `<!DOCTYPE html><html><body>${TEXT}<footer>${LINK}</footer>${inner}</body></html>`;
  add(`${name}, the footer before`, null, (socket) => socket.end(head([html]) + before));
}
add('a page of a hundred megabytes', null, (socket) => {
  socket.write(head([html]) + PAGE.replace('</body></html>', ''));
  const piece = '<p>文字文字文字文字</p>'.repeat(1000);
  let sent = 0;
  const pump = (): void => {
    while (!socket.destroyed && sent < 100_000_000) {
      sent += Buffer.byteLength(piece);
      if (!socket.write(piece)) return void socket.once('drain', pump);
    }
    socket.end('</body></html>');
  };
  pump();
});
add('a hundred megabytes gzipped to a few', null, (socket) => {
  const piece = gzipSync('<p>文字文字文字文字</p>'.repeat(40_000));
  socket.end(
    Buffer.concat([Buffer.from(head([html, 'content-encoding: gzip'])), ...Array.from({ length: 80 }, () => piece)]),
  );
});

/** Every way of misbehaving, by name. */
export const HTTP_CASES: readonly HttpCase[] = cases;

/** An honest page of 300 KB, gzipped, as a busy worker reads them all day. */
export function honest(socket: Socket): void {
  socket.end(Buffer.concat([Buffer.from(head([html, 'content-encoding: gzip'])), HONEST]));
}

const HONEST = gzipSync(
  page(`<script>${'var a=1;'.repeat(12_000)}</script>${'<div class="card"><p>这是一段文字。</p></div>'.repeat(3500)}`),
);
