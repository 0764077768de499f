import { createSocket } from 'node:dgram';
import dns2 from 'dns2';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DnsTransport } from '../../src/gather/dns-transport.ts';

const { Packet } = dns2;
const server = createSocket('udp4');
const transport = new DnsTransport();
beforeAll(async () => {
  server.on('message', (message, from) => {
    const asked = Packet.parse(message);
    const [question] = asked.questions;
    const reply = (name: string, rcode: number, address: string | null): Buffer => {
      const packet = new Packet();
      Object.assign(packet.header, { id: asked.header.id, qr: 1, rd: 1, ra: 1, rcode });
      packet.questions.push({ ...question, name } as never);
      if (address !== null)
        packet.answers.push({ name, type: Packet.TYPE.A, class: Packet.CLASS.IN, ttl: 60, address } as never);
      return packet.toBuffer();
    };
    // Ahead of the true answer: the right id, another question, "no such name".
    server.send(reply('other.example', 3, null), from.port, from.address);
    server.send(reply(question?.name ?? '', 0, '93.184.216.34'), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
});
afterAll(() => {
  transport.close();
  server.close();
});

it('an answer to another question, with our id, is not listened to', async () => {
  const { port } = server.address();
  const reply = await transport.query({ host: '127.0.0.1', port }, 'site.example', 'A', { timeoutMs: 2000, tries: 1 });
  expect(reply).toMatchObject({ ok: true, rcode: 0, records: [{ data: '93.184.216.34' }] });
});
