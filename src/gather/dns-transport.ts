import { randomInt } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { connect, isIP, isIPv6, type Socket as TcpSocket } from 'node:net';
import dns2 from 'dns2';
import { encodeQuestion, readPlainAnswer } from './dns-plain.ts';

const { Packet } = dns2;

/** Record types we ask for. */
export const RECORD_TYPES = { A: 1, CNAME: 5, AAAA: 28 } as const;
export type RecordType = keyof typeof RECORD_TYPES;

/** One answer record, reduced. */
export interface DnsRecord {
  name: string;
  type: number;
  data: string;
}

/** A validated answer, or why there is none. */
export type DnsReply =
  | { ok: true; rcode: number; records: DnsRecord[]; message: Buffer }
  | { ok: false; reason: 'timeout' | 'invalid' | 'unreachable'; detail: string };

/** A resolver's address. */
export interface ResolverAddress {
  host: string;
  port: number;
}

interface Pending {
  server: ResolverAddress;
  name: string;
  type: number;
  /** As it was sent. */
  message: Buffer;
  settle: (reply: DnsReply | 'truncated') => void;
}

/**
 * DNS over a few shared UDP sockets with dns2's Packet as codec (design §3). An answer counts only when it comes from the
 * server asked, with our id, QR set and our very question; a truncated one is asked again over TCP. Never throws.
 */
export class DnsTransport {
  readonly #sockets: Socket[] = [];
  readonly #pending = new Map<Socket, Map<number, Pending>>();
  readonly #socketCount: number;
  #opening: Promise<void> | null = null;

  constructor(options: { sockets?: number } = {}) {
    this.#socketCount = options.sockets ?? 4;
  }

  /** Ask one resolver one question. `timeoutMs` is a try's; `tries` counts all of them, TCP included. */
  async query(
    server: ResolverAddress,
    name: string,
    type: RecordType,
    options: { timeoutMs: number; tries: number },
  ): Promise<DnsReply> {
    await this.#open();
    let reply: DnsReply = { ok: false, reason: 'timeout', detail: `no answer in ${options.timeoutMs} ms` };
    for (let attempt = 0; attempt < options.tries; attempt++) {
      const udp = await this.#askUdp(server, name, RECORD_TYPES[type], options.timeoutMs);
      if (udp === 'truncated') return this.#askTcp(server, name, RECORD_TYPES[type], options.timeoutMs);
      reply = udp;
      if (reply.ok || reply.reason !== 'timeout') return reply;
    }
    return reply;
  }

  /** Close the sockets; what is pending ends as a timeout. */
  close(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
    for (const pending of this.#pending.values()) {
      for (const one of pending.values()) one.settle({ ok: false, reason: 'timeout', detail: 'closed' });
    }
    this.#pending.clear();
    this.#opening = null;
  }

  #open(): Promise<void> {
    this.#opening ??= this.#bindAll();
    return this.#opening;
  }

  async #bindAll(): Promise<void> {
    for (let i = 0; i < this.#socketCount; i++) this.#sockets.push(await this.#bind('udp4'));
  }

  #bind(family: 'udp4' | 'udp6'): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = createSocket({
        type: family,
        recvBufferSize: 4 * 1024 * 1024,
        // Resolvers are addresses: nothing to look up a packet.
        lookup: (address, _options, callback) => callback(null, address, family === 'udp4' ? 4 : 6),
      });
      this.#pending.set(socket, new Map());
      socket.once('error', reject);
      socket.bind(0, () => {
        socket.removeListener('error', reject);
        // A send to a closed port comes back as an error on the socket: the query's own timeout tells of it.
        socket.on('error', () => {});
        socket.on('message', (message, from) => this.#receive(socket, message, from));
        socket.unref();
        resolve(socket);
      });
    });
  }

  async #socketFor(server: ResolverAddress): Promise<Socket> {
    if (!isIPv6(server.host)) return this.#sockets[randomInt(this.#socketCount)] as Socket;
    const known = this.#sockets[this.#socketCount];
    if (known !== undefined) return known;
    const socket = await this.#bind('udp6');
    this.#sockets.push(socket);
    return socket;
  }

  async #askUdp(
    server: ResolverAddress,
    name: string,
    type: number,
    timeoutMs: number,
  ): Promise<DnsReply | 'truncated'> {
    const socket = await this.#socketFor(server);
    const pending = this.#pending.get(socket) as Map<number, Pending>;
    let id = randomInt(65_536);
    for (let i = 0; pending.has(id) && i < 64; i++) id = randomInt(65_536);
    if (pending.has(id)) return { ok: false, reason: 'timeout', detail: 'too many queries in flight' };
    return new Promise((resolve) => {
      const settle = (reply: DnsReply | 'truncated'): void => {
        clearTimeout(timer);
        pending.delete(id);
        resolve(reply);
      };
      const timer = setTimeout(
        () => settle({ ok: false, reason: 'timeout', detail: `no answer in ${timeoutMs} ms` }),
        timeoutMs,
      );
      const message = encodeQuery(id, name, type);
      if (message === null) return settle({ ok: false, reason: 'invalid', detail: 'name cannot be encoded' });
      pending.set(id, { server, name: name.toLowerCase(), type, message, settle });
      socket.send(message, server.port, server.host, (error) => {
        if (error) settle({ ok: false, reason: 'unreachable', detail: error.message });
      });
    });
  }

  #receive(socket: Socket, message: Buffer, from: { address: string; port: number }): void {
    if (message.length < 12) return;
    const pending = this.#pending.get(socket)?.get(message.readUInt16BE(0));
    if (pending === undefined) return;
    // Anything not from the very server asked, or not an answer to the very question, is somebody else's: ignored, so that
    // a forger cannot end the wait for the true answer.
    if (from.port !== pending.server.port || !sameHost(from.address, pending.server.host)) return;
    const reply = plainReply(message, pending) ?? decodeReply(message, pending.name, pending.type);
    if (reply !== null) pending.settle(reply);
  }

  #askTcp(server: ResolverAddress, name: string, type: number, timeoutMs: number): Promise<DnsReply> {
    return new Promise((resolve) => {
      const id = randomInt(65_536);
      const chunks: Buffer[] = [];
      let length = 0;
      const socket: TcpSocket = connect({ host: server.host, port: server.port });
      const settle = (reply: DnsReply): void => {
        clearTimeout(timer);
        socket.destroy();
        resolve(reply);
      };
      const timer = setTimeout(() => settle({ ok: false, reason: 'timeout', detail: 'no answer over TCP' }), timeoutMs);
      socket.on('error', (error) => settle({ ok: false, reason: 'unreachable', detail: error.message }));
      socket.on('close', () => settle({ ok: false, reason: 'invalid', detail: 'TCP closed early' }));
      socket.on('connect', () => {
        const message = encodeQuery(id, name, type);
        if (message === null) return settle({ ok: false, reason: 'invalid', detail: 'name cannot be encoded' });
        const prefix = Buffer.alloc(2);
        prefix.writeUInt16BE(message.length);
        socket.write(Buffer.concat([prefix, message]));
      });
      socket.on('data', (chunk) => {
        chunks.push(chunk);
        length += chunk.length;
        const all = chunks.length === 1 ? chunk : Buffer.concat(chunks);
        if (length < 2 || length < all.readUInt16BE(0) + 2) return;
        const message = all.subarray(2, all.readUInt16BE(0) + 2);
        const valid = message.length >= 12 && message.readUInt16BE(0) === id;
        const reply = valid ? decodeReply(message, name.toLowerCase(), type) : null;
        settle(
          reply === null || reply === 'truncated'
            ? { ok: false, reason: 'invalid', detail: 'bad answer over TCP' }
            : reply,
        );
      });
    });
  }
}

function sameHost(a: string, b: string): boolean {
  return a === b || a === `::ffff:${b}` || a.replace(/%.*$/, '') === b;
}

function encodeQuery(id: number, name: string, type: number): Buffer | null {
  if (name.length > 253 || name.split('.').some((label) => label === '' || label.length > 63)) return null;
  const plain = encodeQuestion(id, name, type);
  if (plain !== null) return plain;
  const packet = new Packet();
  Object.assign(packet.header, { id, rd: 1 });
  packet.questions.push({ name, type, class: Packet.CLASS.IN } as never);
  return packet.toBuffer();
}

function plainReply(message: Buffer, { message: question, name, type }: Pending): DnsReply | null {
  const plain = readPlainAnswer(message, question);
  if (plain === null || (plain.addresses.length > 0 && type !== RECORD_TYPES.A)) return null;
  const records = plain.addresses.map((data) => ({ name, type: RECORD_TYPES.A, data }));
  return { ok: true, rcode: plain.rcode, records, message };
}

/** Null: not an answer to our question at all (ignored). */
function decodeReply(message: Buffer, name: string, type: number): DnsReply | 'truncated' | null {
  const flags = message.readUInt16BE(2);
  if ((flags & 0x8000) === 0 || ((flags >> 11) & 0xf) !== 0) return null;
  let packet: InstanceType<typeof Packet>;
  try {
    packet = Packet.parse(message);
  } catch {
    return null;
  }
  const question = packet.questions[0];
  if (packet.questions.length !== 1 || question === undefined) return null;
  if (question.name.toLowerCase() !== name || question.type !== type || question.class !== Packet.CLASS.IN) return null;
  if ((flags & 0x0200) !== 0) return 'truncated';
  const rcode = flags & 0xf;
  const records: DnsRecord[] = [];
  const invalid: DnsReply = { ok: false, reason: 'invalid', detail: 'records could not be decoded' };
  // A record that was promised and cannot be read is not "no record": an empty answer must say itself that it is empty.
  if (packet.answers.length !== message.readUInt16BE(6)) return invalid;
  for (const answer of packet.answers as {
    name: string;
    type: number;
    class: number;
    address?: string;
    domain?: string;
  }[]) {
    if (answer.class !== Packet.CLASS.IN) return invalid;
    const family = answer.type === RECORD_TYPES.A ? 4 : answer.type === RECORD_TYPES.AAAA ? 6 : 0;
    const data = family === 0 ? answer.domain : answer.address;
    if (family === 0 && answer.type !== RECORD_TYPES.CNAME) continue;
    if (data === undefined || (family !== 0 && isIP(data) !== family)) return invalid;
    records.push({ name: answer.name.toLowerCase(), type: answer.type, data: data.toLowerCase() });
  }
  return { ok: true, rcode, records, message };
}
