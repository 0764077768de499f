import { createServer, type Socket } from 'node:net';
import { listenOnBoth, stop } from './listen.ts';

/** A question as it arrived. */
export interface DnsQuestion {
  id: number;
  /** Lower case, without the last dot. */
  name: string;
  type: number;
  overTcp: boolean;
  message: Buffer;
}

/** Packets to send back, in order; `hang` says nothing, `close` ends a TCP connection at once. */
export type DnsAnswer = Buffer[] | 'hang' | 'close';

export const TYPE = { A: 1, NS: 2, CNAME: 5, TXT: 16, AAAA: 28 } as const;

/** A DNS server of real packets over UDP and TCP on loopback whose every byte is the test's. */
export async function startDnsServer(
  answer: (question: DnsQuestion) => DnsAnswer,
): Promise<{ port: number; asked: () => number; close: () => Promise<void> }> {
  let asked = 0;
  const sockets = new Set<Socket>();
  const tcp = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.once('data', (data) => {
      const question = readQuestion(data.subarray(2), true);
      const reply = question === null ? 'close' : answer(question);
      if (reply === 'hang') return;
      if (reply === 'close') return void socket.destroy();
      for (const packet of reply) {
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(packet.length & 0xffff);
        socket.write(Buffer.concat([prefix, packet]));
      }
      socket.end();
    });
  });
  const { port, udp } = await listenOnBoth(tcp);
  udp.on('message', (message, from) => {
    asked++;
    const question = readQuestion(message, false);
    const reply = question === null ? 'hang' : answer(question);
    if (typeof reply === 'string') return;
    for (const packet of reply) udp.send(packet, from.port, from.address, () => {});
  });
  return {
    port,
    asked: () => asked,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all([stop(tcp), new Promise<void>((resolve) => udp.close(() => resolve()))]);
    },
  };
}

function readQuestion(message: Buffer, overTcp: boolean): DnsQuestion | null {
  if (message.length < 17) return null;
  const labels: string[] = [];
  let at = 12;
  while (at < message.length && message[at] !== 0) {
    const length = message[at] as number;
    labels.push(message.subarray(at + 1, at + 1 + length).toString('latin1'));
    at += length + 1;
  }
  if (at + 5 > message.length) return null;
  const name = labels.join('.').toLowerCase();
  return { id: message.readUInt16BE(0), name, type: message.readUInt16BE(at + 1), overTcp, message };
}

/** A name in wire form, uncompressed. */
export function wireName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.');
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
    Buffer.from([0]),
  ]);
}

/** A record in wire form. `data` is raw. */
export function wireRecord(name: string | Buffer, type: number, data: Buffer, cls = 1): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(cls, 2);
  fixed.writeUInt32BE(0, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([typeof name === 'string' ? wireName(name) : name, fixed, data]);
}

/** An address in wire form. */
export function wireAddress(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] =>
    text === ''
      ? []
      : text.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const all = [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
  const bytes = Buffer.alloc(16);
  all.forEach((group, index) => {
    bytes.writeUInt16BE(group, index * 2);
  });
  return bytes;
}

/** What of a reply may be bent. */
export interface ReplyShape {
  id?: number;
  /** All sixteen flag bits; QR, RD and RA set unless given. */
  flags?: number;
  rcode?: number;
  /** The question repeated; null: none. */
  question?: { name: string; type: number; cls?: number } | null;
  answers?: Buffer[];
  /** Count in the header, where it shall lie. */
  answerCount?: number;
}

/** A reply to a question; honest in everything that is not given. */
export function wireReply(asked: DnsQuestion, shape: ReplyShape = {}): Buffer {
  const question = shape.question === undefined ? { name: asked.name, type: asked.type } : shape.question;
  const answers = shape.answers ?? [];
  const head = Buffer.alloc(12);
  head.writeUInt16BE(shape.id ?? asked.id, 0);
  head.writeUInt16BE((shape.flags ?? 0x8180) | (shape.rcode ?? 0), 2);
  head.writeUInt16BE(question === null ? 0 : 1, 4);
  head.writeUInt16BE(shape.answerCount ?? answers.length, 6);
  const asks: Buffer[] = [];
  if (question !== null) {
    const tail = Buffer.alloc(4);
    tail.writeUInt16BE(question.type, 0);
    tail.writeUInt16BE(question.cls ?? 1, 2);
    asks.push(wireName(question.name), tail);
  }
  return Buffer.concat([head, ...asks, ...answers]);
}

/** The honest reply: these addresses of the family asked for. */
export function addressReply(asked: DnsQuestion, addresses: readonly string[]): Buffer {
  const family = asked.type === TYPE.A ? 4 : asked.type === TYPE.AAAA ? 6 : 0;
  const mine = addresses.filter((address) => (address.includes(':') ? 6 : 4) === family);
  return wireReply(asked, { answers: mine.map((address) => wireRecord(asked.name, asked.type, wireAddress(address))) });
}
