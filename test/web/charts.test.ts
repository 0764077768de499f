import { load } from 'cheerio';
import { describe, expect, it } from 'vitest';
import { barsSvg, trendSvg } from '../../src/web/console/charts.ts';

describe('bars', () => {
  const page = load(
    barsSvg(
      [
        { name: '不通过', tone: 'fail', values: [25] },
        { name: '通过', tone: 'pass', values: [75] },
      ],
      '按最差结果',
    ),
  );

  it('are as wide as their shares, one after the other', () => {
    const bars = page('rect')
      .toArray()
      .map((bar) => [page(bar).attr('class'), Number(page(bar).attr('x')), Number(page(bar).attr('width'))]);
    expect(bars).toEqual([
      ['tone-fail', 0, 140],
      ['tone-pass', 140, 420],
    ]);
  });

  it('tell their figures without colours, also to who does not see them', () => {
    expect(page('svg').attr('aria-label')).toBe('按最差结果：不通过 25，通过 75');
    expect(page('figcaption').text()).toContain('不通过 25');
  });

  it('of nothing are nothing', () => expect(barsSvg([{ name: 'x', tone: 'fail', values: [0] }], 'x')).toBe(''));
});

describe('a trend', () => {
  const values = [0, 5, 10];
  const page = load(trendSvg([{ name: '不通过', tone: 'fail', values }], ['11-01', '11-02', '11-03'], '走势'));

  it('runs from zero at the ground to the largest at the top, evenly spaced', () => {
    const points = (page('polyline').attr('points') ?? '').split(' ').map((point) => point.split(',').map(Number));
    expect(points).toEqual([
      [44, 156],
      [298, 82],
      [552, 8],
    ]);
  });

  it('names its ends and its last figure', () => {
    const texts = page('svg text').text();
    for (const text of ['11-01', '11-03', '10']) expect(texts).toContain(text);
    expect(page('svg').attr('aria-label')).toBe('走势：不通过 10.0');
  });

  it('what strangers wrote is text', () => {
    const drawn = load(trendSvg([{ name: '<b>x</b>', tone: 'fail', values: [1, 2] }], ['a', 'b'], '"><script>'));
    expect(drawn('b, script')).toHaveLength(0);
  });
});
