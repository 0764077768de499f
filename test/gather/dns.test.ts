import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseResolver } from '../../src/config.ts';
import { gatherDns } from '../../src/gather/dns.ts';
import { DnsTransport } from '../../src/gather/dns-transport.ts';
import { type RunningWorld, startWorld } from '../world/servers.ts';
import { emptyWorld, type NameRecord, type WorldData } from '../world/types.ts';

const names = new Map<string, NameRecord[]>([
  ['plain.cn', [{ a: ['47.92.0.1'], aaaa: ['2400:3200::1'] }]],
  ['chain.cn', [{ cname: 'one.chain.cn' }]],
  ['one.chain.cn', [{ cname: 'two.chain.cn' }]],
  ['two.chain.cn', [{ a: ['47.92.0.2'] }]],
  ['loop.cn', [{ cname: 'back.loop.cn' }]],
  ['back.loop.cn', [{ cname: 'loop.cn' }]],
  ['big.cn', [{ a: ['47.92.0.3'], truncate: true }]],
  ['noisy.cn', [{ a: ['47.92.0.4'], noise: true }]],
  ['silent.cn', [{ silent: true }, { a: ['47.92.0.5'] }]],
  ['fail.cn', [{ rcode: 2 }]],
  ['refused.cn', [{ rcode: 5 }]],
  ['empty.cn', [{ rcode: 0 }]],
  ['split.cn', [{ a: ['47.92.0.6'] }, { a: ['1.2.3.4'] }]],
]);

let world: RunningWorld;
let transport: DnsTransport;
const ask = async (host: string) => {
  const resolvers = world.resolvers.map((text) => parseResolver(text) as { host: string; port: number });
  const artifact = await gatherDns([host], { transport, resolvers, timeoutMs: 200, tries: 2, now: Date.now });
  return artifact.ok ? (artifact.value.hosts[0]?.answers ?? []) : [];
};

beforeAll(async () => {
  const data: WorldData = { ...emptyWorld(), names };
  world = await startWorld(data, { resolvers: 2 });
  transport = new DnsTransport({ sockets: 2 });
});
afterAll(async () => {
  transport.close();
  await world.close();
});

describe('DNS over real packets', () => {
  it('keeps both families, and each resolver apart', async () => {
    expect(await ask('plain.cn')).toMatchObject([
      { outcome: 'answer', a: ['47.92.0.1'], aaaa: ['2400:3200::1'] },
      { outcome: 'answer' },
    ]);
    expect((await ask('split.cn')).map(({ a }) => a)).toEqual([['47.92.0.6'], ['1.2.3.4']]);
  });
  it('walks CNAMEs', async () =>
    expect((await ask('chain.cn'))[0]).toMatchObject({
      outcome: 'answer',
      a: ['47.92.0.2'],
      cnames: ['one.chain.cn', 'two.chain.cn'],
    }));
  it('ends loops', async () => expect((await ask('loop.cn'))[0]?.outcome).toBe('loop'));
  it('asks again over TCP when truncated', async () => expect((await ask('big.cn'))[0]?.a).toEqual(['47.92.0.3']));
  it('ignores forged packets', async () =>
    expect((await ask('noisy.cn')).map(({ a }) => a)).toEqual([['47.92.0.4'], ['47.92.0.4']]));
  it.each([
    ['fail.cn', 'servfail'],
    ['refused.cn', 'refused'],
    ['empty.cn', 'no-data'],
    ['nobody.cn', 'nxdomain'],
  ])('%s: %s', async (host, outcome) => expect((await ask(host))[0]?.outcome).toBe(outcome));
  it('tells silence from an answer', async () =>
    expect((await ask('silent.cn')).map(({ outcome }) => outcome)).toEqual(['timeout', 'answer']));
  it('answers a thousand questions at once', async () => {
    const resolver = parseResolver(world.resolvers[0] as string) as { host: string; port: number };
    const replies = await Promise.all(
      Array.from({ length: 1000 }, () => transport.query(resolver, 'plain.cn', 'A', { timeoutMs: 5000, tries: 2 })),
    );
    expect(replies.every((reply) => reply.ok && reply.records[0]?.data === '47.92.0.1')).toBe(true);
  });
  it.each(['', 'a..b', `${'x'.repeat(64)}.cn`, 'x'.repeat(300)])(
    'refuses the name %j without sending',
    async (name) => {
      expect(
        await transport.query({ host: '127.0.0.1', port: 1 }, name, 'A', { timeoutMs: 50, tries: 1 }),
      ).toMatchObject({ ok: false, reason: 'invalid' });
    },
  );
  it('calls a closed port a timeout', async () => {
    expect(
      await transport.query({ host: '127.0.0.1', port: 1 }, 'x.cn', 'A', { timeoutMs: 50, tries: 1 }),
    ).toMatchObject({
      ok: false,
    });
  });
});
