import { expect, it } from 'vitest';
import { WindowCount } from '../../src/web/window-count.ts';

it('counts a key within its window, apart from others, and begins anew with the next', () => {
  const count = new WindowCount(60_000);
  expect([count.of('a', 0), count.add('a', 0), count.add('a', 59_999), count.add('b', 59_999)]).toEqual([0, 1, 2, 1]);
  expect([count.of('a', 59_999), count.of('a', 60_000), count.add('a', 60_000)]).toEqual([2, 0, 1]);
});

it('a crowd of keys pushes out what is over first', () => {
  const count = new WindowCount(1000);
  for (let i = 0; i < 9_999; i++) count.add(`old ${i}`, 0);
  count.add('new', 1000);
  count.add('newer', 1000);
  expect([count.of('new', 1000), count.of('newer', 1000)]).toEqual([1, 1]);
});
