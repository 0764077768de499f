import dns2 from 'dns2';
import { describe, expect, it } from 'vitest';
import { encodeQuestion, readPlainAnswer } from '../../src/gather/dns-plain.ts';
import { SeededRandom } from '../world/random.ts';

const { Packet } = dns2;

/** The library's question and answer. */
function question(id: number, name: string, type: number): Buffer {
  const packet = new Packet();
  Object.assign(packet.header, { id, rd: 1 });
  packet.questions.push({ name, type, class: Packet.CLASS.IN } as never);
  return packet.toBuffer();
}
/** An answer by way of another name. */
function byWay(asked: Buffer): Buffer {
  const packet = Packet.parse(asked);
  Object.assign(packet.header, { qr: 1, ra: 1 });
  packet.answers.push(
    { name: 'example.cn', type: Packet.TYPE.CNAME, class: Packet.CLASS.IN, ttl: 60, domain: 'cdn.example' } as never,
    { name: 'cdn.example', type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 60, address: '47.92.0.1' } as never,
  );
  return packet.toBuffer();
}
/** As resolvers write it. */
function pointing(asked: Buffer, addresses: readonly string[], rcode = 0): Buffer {
  const head = Buffer.from(asked);
  head.writeUInt16BE(0x8180 | rcode, 2);
  head.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) =>
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)]),
  );
  return Buffer.concat([head, ...records]);
}

describe('a question', () => {
  it.each(['example.cn', 'www.example.com.cn', 'xn--fiqs8s.cn', 'a.b.c.d.e.f.g', `${'a'.repeat(63)}.cn`, '_x.a-b.cn'])(
    'for %s is written as the library writes it',
    (name) => {
      for (const type of [1, 28]) expect(encodeQuestion(4711, name, type)).toEqual(question(4711, name, type));
    },
  );
  it.each(['', 'a..b', '.a', 'a.', `${'a'.repeat(64)}.cn`, `${'a.'.repeat(127)}cn`, '中国.cn', 'a b.cn'])(
    'for "%s" is not written',
    (name) => expect(encodeQuestion(1, name, 1)).toBeNull(),
  );
});

describe('a plain answer', () => {
  const asked = question(9, 'example.cn', 1);
  it('is read', () => {
    expect(readPlainAnswer(pointing(asked, ['47.92.0.1', '47.92.0.2']), asked)).toEqual({
      rcode: 0,
      addresses: ['47.92.0.1', '47.92.0.2'],
    });
    expect(readPlainAnswer(pointing(asked, [], 3), asked)).toEqual({ rcode: 3, addresses: [] });
  });
  it('is read by the library where it is written otherwise, cut, or of another question', () => {
    expect(readPlainAnswer(byWay(asked), asked)).toBeNull();
    const answer = pointing(asked, ['47.92.0.1']);
    for (let cut = 0; cut < answer.length; cut++) expect(readPlainAnswer(answer.subarray(0, cut), asked)).toBeNull();
    expect(readPlainAnswer(Buffer.concat([answer, Buffer.from([0])]), asked)).toBeNull();
    expect(readPlainAnswer(pointing(question(9, 'example.com', 1), ['47.92.0.1']), asked)).toBeNull();
    expect(readPlainAnswer(pointing(question(9, 'example.cn', 28), ['47.92.0.1']), asked)).toBeNull();
    const truncated = pointing(asked, []);
    truncated.writeUInt16BE(0x8380, 2);
    expect(readPlainAnswer(truncated, asked)).toBeNull();
    // A question is no answer (QR).
    expect(readPlainAnswer(asked, asked)).toBeNull();
  });
  it('says what the library says, however its bits are turned (20,000 messages)', () => {
    const random = new SeededRandom(3);
    let read = 0;
    for (let round = 0; round < 20_000; round++) {
      const message = pointing(asked, ['47.92.0.1', '8.8.8.8'].slice(0, random.int(3)), random.int(2) * 3);
      for (let turned = 0; turned < 1 + random.int(2); turned++) {
        const at = 2 + random.int(message.length - 2);
        message[at] = (message[at] ?? 0) ^ (1 << random.int(8));
      }
      const plain = readPlainAnswer(message, asked);
      if (plain === null) continue;
      read++;
      const packet = Packet.parse(message);
      expect(packet.header).toMatchObject({ qr: 1, opcode: 0, tc: 0, rcode: plain.rcode });
      expect(packet.questions).toMatchObject([{ name: 'example.cn', type: 1, class: 1 }]);
      const answers = packet.answers as { name: string; type: number; class: number; address?: string }[];
      expect(answers.map(({ name, type, class: of, address }) => [name, type, of, address])).toEqual(
        plain.addresses.map((address) => ['example.cn', 1, 1, address]),
      );
    }
    expect(read).toBeGreaterThan(1000);
  });
});
