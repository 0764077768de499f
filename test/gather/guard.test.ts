import { describe, expect, it } from 'vitest';
import { registrableDomain } from '../../src/filing/registrable-domain.ts';
import { isPublicAddress } from '../../src/gather/address-guard.ts';
import { sniffCharset } from '../../src/gather/charset.ts';
import { hostsToCheck } from '../../src/gather/gather-site.ts';
import { KeyedLimiter } from '../../src/gather/limiter.ts';
import { gbk } from '../world/oddities-page.ts';

describe('the address guard', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '169.254.0.23',
    '100.100.100.200',
    '100.64.0.1',
    '168.63.129.16',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'fe80::1%eth0',
    'localhost',
    '',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '127.1',
  ])('refuses %s', (address) => expect(isPublicAddress(address)).toBe(false));
  it.each(['47.92.0.1', '8.8.8.8', '2400:3200::1', '::ffff:47.92.0.1'])('lets %s through', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );
  it('refuses our own addresses', () => expect(isPublicAddress('47.92.0.1', new Set(['47.92.0.1']))).toBe(false));
});

describe('charset', () => {
  const chinese = '<p>备案号：京ICP备05070218号</p>';
  it.each<[string, string | null, Uint8Array, string]>([
    ['UTF-8 by its bytes', null, Buffer.from(chinese), 'utf-8'],
    ['a byte order mark', null, Buffer.from(`\ufeff${chinese}`), 'utf-8'],
    ['GBK declared', 'text/html; charset=GBK', gbk(chinese), 'gb18030'],
    ['GBK in a meta element', null, gbk(`<meta charset="gb2312">${chinese}`), 'gb18030'],
    ['GBK declared nowhere', null, gbk(chinese), 'gb18030'],
    ['GBK under a UTF-8 header', 'text/html; charset=utf-8', gbk(chinese), 'gb18030'],
    ['UTF-8 under a Latin-1 header', 'text/html; charset=iso-8859-1', Buffer.from(chinese), 'utf-8'],
    ['Latin-1 over Chinese bytes', 'text/html; charset=iso-8859-1', gbk(chinese), 'gb18030'],
    ['Big5 declared', 'text/html; charset=big5', Buffer.from([0xb3, 0xc6, 0xae, 0xd7]), 'big5'],
    ['UTF-16', null, Buffer.from([0xff, 0xfe, 0x3c, 0x00]), 'utf-16le'],
    ['an unknown label', 'text/html; charset=klingon', Buffer.from('abc'), 'utf-8'],
    ['nothing at all', null, new Uint8Array(), 'utf-8'],
  ])('%s', (_name, header, bytes, charset) => expect(sniffCharset(header, bytes, true)).toBe(charset));
  it('forgives a cut character at the end of the first window', () =>
    expect(sniffCharset(null, Buffer.from(chinese).subarray(0, 7), false)).toBe('utf-8'));
});

describe('small things', () => {
  it('checks the filed names, their www and listed hosts (R1.8)', () => {
    expect(hostsToCheck({ domains: ['a.cn', 'm.b.cn'], hosts: ['shop.a.cn', 'a.cn'] }, ['a.cn', 'b.cn'])).toEqual([
      'a.cn',
      'm.b.cn',
      'www.a.cn',
      'b.cn',
      'www.b.cn',
      'shop.a.cn',
    ]);
  });
  it.each([
    ['www.example.com.cn', 'example.com.cn'],
    ['a.b.example.cn', 'example.cn'],
    ['user.github.io', 'github.io'],
    ['com.cn', null],
  ])('the registrable domain of %s is %s', (host, domain) => expect(registrableDomain(host)).toBe(domain));
  it('holds a lane to its limit and forgets it when empty', async () => {
    const limiter = new KeyedLimiter(2);
    let running = 0;
    let most = 0;
    const task = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
    };
    await Promise.all([...Array.from({ length: 20 }, () => limiter.run('a', task)), limiter.run('b', async () => {})]);
    expect([most, limiter.size]).toEqual([2, 0]);
  });
  it('lets go first what somebody waits for', async () => {
    const limiter = new KeyedLimiter(1);
    const order: string[] = [];
    const task = (name: string) => async (): Promise<void> => void order.push(name);
    const all = ['a', 'b', 'c'].map((name) => limiter.run('x', task(name)));
    const urgent = ['one', 'two'].map((name) => limiter.run('x', task(name), { first: true }));
    await Promise.all([...all, ...urgent]);
    expect(order).toEqual(['a', 'one', 'two', 'b', 'c']);
  });
  it('keeps to another limit from the next task on', async () => {
    const limiter = new KeyedLimiter(4);
    let running = 0;
    const seen: number[] = [];
    const task = async (): Promise<void> => {
      running++;
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(running--);
    };
    const all = Array.from({ length: 12 }, () => limiter.run('a', task));
    limiter.allow(4 / 3);
    await Promise.all(all);
    expect(seen.slice(0, 4)).toEqual([4, 3, 2, 1]);
    expect(Math.max(...seen.slice(4))).toBe(1);
    limiter.allow(0.2);
    expect(await limiter.run('a', async () => 1)).toBe(1);
  });
  it('gives the lane back when a task fails', async () => {
    const limiter = new KeyedLimiter(1);
    await expect(limiter.run('a', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await limiter.run('a', async () => 1)).toBe(1);
  });
});
