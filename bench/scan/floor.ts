/**
 * The floor: a prototype without any safety, for measuring only. Pinned sockets, one TLS context, a search for the number's bytes from
 * the end, fifty filings a job, prepared inserts by the hundred. It believes whatever it gets.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { inParallel, measure, readTask } from './task.ts';
import { benchFiling } from './world.ts';

const { world, ports, redisUrl, folder, concurrency } = readTask();
const JOB = 50;
const udp = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 });
await new Promise<void>((resolve) => udp.bind(0, () => resolve()));
const waiting = new Map<number, (message: Buffer) => void>();
udp.on('message', (message) => {
  const id = message.readUInt16BE(0);
  waiting.get(id)?.(message);
  waiting.delete(id);
});
let lastId = 0;
function ask(name: string, type: number): Promise<Buffer> {
  return new Promise((resolve) => {
    lastId = (lastId + 1) & 0xffff;
    const id = lastId;
    const query = Buffer.alloc(name.length + 18);
    query.writeUInt16BE(id, 0);
    query.writeUInt16BE(0x0100, 2);
    query.writeUInt16BE(1, 4);
    let at = 12;
    for (const label of name.split('.')) {
      query[at++] = label.length;
      at += query.write(label, at, 'latin1');
    }
    query.writeUInt16BE(type, at + 1);
    query.writeUInt16BE(1, at + 3);
    waiting.set(id, resolve);
    const timer = setTimeout(() => resolve(Buffer.alloc(12)), 2000);
    waiting.set(id, (message) => {
      clearTimeout(timer);
      resolve(message);
    });
    udp.send(query, ports.dns, '127.0.0.1');
  });
}

const secureContext = createSecureContext({ ecdhCurve: 'X25519:prime256v1' });
function get(host: string, tls: boolean): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const plain = connect({ host: '127.0.0.1', port: tls ? ports.https : ports.http, noDelay: true });
    const socket = tls
      ? connectTls({ socket: plain, secureContext, servername: host, rejectUnauthorized: false })
      : plain;
    const timer = setTimeout(() => socket.destroy(), 10_000);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks));
    });
    socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n`);
  });
}

const MIIT = Buffer.from('beian.miit.gov.cn');
async function scan(index: number): Promise<boolean> {
  const filing = benchFiling(index, world);
  const answers = await Promise.all(filing.hosts.flatMap((host) => [ask(host, 1), ask(host, 28)]));
  const wanted = Buffer.from(filing.address.split('.').map(Number));
  const here = answers.some((answer) => answer.includes(wanted));
  let response = await get(filing.domain, false);
  if (response.includes(' 301 ')) response = await get(filing.domain, true);
  const head = response.indexOf('\r\n\r\n');
  if (head < 0) return false;
  const page = gunzipSync(response.subarray(head + 4));
  const at = page.lastIndexOf(Buffer.from(filing.siteNumber));
  return here && at > 0 && page.subarray(Math.max(0, at - 400), at).includes(MIIT);
}

const sqlite = new Database(`${folder}/floor.db`);
sqlite.pragma('journal_mode = WAL');
sqlite.exec('CREATE TABLE verdicts (site INTEGER PRIMARY KEY, verdict INTEGER, at INTEGER)');
const insert = sqlite.prepare('INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)');
const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
const queue = new Queue('floor', { connection });
let inFlight = 0;
const turns: (() => void)[] = [];
const enter = async (): Promise<void> => {
  if (inFlight < concurrency) inFlight++;
  else await new Promise<void>((resolve) => turns.push(resolve));
};
const leave = (): void => {
  const next = turns.shift();
  if (next === undefined) inFlight--;
  else next();
};
await measure(world.filings, async () => {
  let done = 0;
  let passed = 0;
  const finished = new Promise<void>((resolve) => {
    const worker = new Worker<{ from: number; to: number }>(
      'floor',
      async ({ data: { from, to } }) => {
        const verdicts = await Promise.all(
          Array.from({ length: to - from }, async (_, nth) => {
            await enter();
            try {
              return await scan(from + nth);
            } finally {
              leave();
            }
          }),
        );
        sqlite.transaction(() => {
          for (const [nth, pass] of verdicts.entries()) insert.run(from + nth, pass ? 1 : 0, Date.now());
        })();
        passed += verdicts.filter(Boolean).length;
        done += to - from;
        if (done >= world.filings) resolve();
      },
      { connection, concurrency: Math.ceil((concurrency / JOB) * 3) },
    );
    worker.on('error', () => {});
  });
  await inParallel(Math.ceil(world.filings / JOB), 4, async (nth) => {
    const range = { from: nth * JOB, to: Math.min(world.filings, (nth + 1) * JOB) };
    await queue.add('scan', range, { removeOnComplete: true });
  });
  await finished;
  return { passed };
});
process.exit(0);
