import { expect, it } from 'vitest';
import { clientOf } from '../../src/web/client-of.ts';
import { WindowCount } from '../../src/web/window-count.ts';

it('counts a key within its window, apart from others, and begins anew with the next', () => {
  const count = new WindowCount(60_000);
  expect([count.of('a', 0), count.add('a', 0), count.add('a', 59_999), count.add('b', 59_999)]).toEqual([0, 1, 2, 1]);
  expect([count.of('a', 59_999), count.of('a', 60_000), count.add('a', 60_000)]).toEqual([2, 0, 1]);
});

it('a crowd of keys pushes out those counted longest ago, never all', () => {
  const count = new WindowCount(1000, 3);
  for (const key of ['a', 'b', 'a', 'c', 'd']) count.add(key, 0);
  expect(['a', 'b', 'c', 'd'].map((key) => count.of(key, 0))).toEqual([2, 0, 1, 1]);
});

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '20010db800010002/64'],
  ['2001:db8:1:2::1', '20010db800010002/64'],
  ['2001:db8:1:3::1', '20010db800010003/64'],
  ['unix', 'unix'],
])('%s counts as %s', (address, client) => {
  expect(clientOf(address)).toBe(client);
});
