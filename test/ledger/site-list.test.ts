import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SiteQuery } from '../../src/ledger/site-list-store.ts';
import { CaseWorld } from '../support/case-world.ts';

let world: CaseWorld;
beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00');
  for (let i = 1; i <= 30; i++) {
    const province = i % 3 === 0 ? '广东' : '北京';
    const prefix = i % 3 === 0 ? '粤' : '京';
    const siteId = world.addSite(i, {
      province,
      siteNumber: `${prefix}ICP备${2021000000 + i}号-1`,
      subjectName: i === 7 ? '上海海星网络有限公司' : `北京某某科技有限公司${i}`,
      ...(i % 5 === 0 && { accessProvider: 'tencent' }),
    });
    if (i % 2 === 0) world.set(siteId, 'icp-footer', 'fail');
    if (i % 4 === 0) world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
  }
});
afterAll(() => world.close());

/** All pages of a query, a few rows each. */
function all(query: SiteQuery, limit = 3): number[] {
  const ids: number[] = [];
  for (let cursor: string | null = null, pages = 0; pages < 100; pages++) {
    const page = world.ledger.sites.page(query, cursor, limit);
    ids.push(...page.rows.map(({ id }) => id));
    cursor = page.next;
    if (cursor === null) return ids;
  }
  throw new Error('pages without an end');
}
const idsWhere = (wanted: (i: number) => boolean): number[] =>
  Array.from({ length: 30 }, (_, index) => index + 1).filter(wanted);

describe('the list of sites', () => {
  it.each<[string, SiteQuery, (i: number) => boolean]>([
    ['everything', {}, () => true],
    ['a verdict, each site once', { verdict: 'fail' }, (i) => i % 2 === 0],
    ['a verdict of one check', { verdict: 'fail', checkId: 'empty-shell' }, (i) => i % 4 === 0],
    ['a province', { province: '广东' }, (i) => i % 3 === 0],
    ['a provider', { provider: 'tencent' }, (i) => i % 5 === 0],
    ['a state', { state: 'active' }, () => true],
    [
      'several at once',
      { verdict: 'fail', province: '北京', provider: 'tencent' },
      (i) => i % 2 === 0 && i % 3 !== 0 && i % 5 === 0,
    ],
    ['none', { province: '西藏' }, () => false],
  ])('%s: every match once, whatever the page’s size', (_name, query, wanted) => {
    for (const limit of [1, 3, 7, 100]) expect([...all(query, limit)].sort((a, b) => a - b)).toEqual(idsWhere(wanted));
  });

  it.each([
    ['a domain', 'site-7.cn', [7]],
    ['the beginning of a domain', 'site-2', [2, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]],
    ['a number', '京ICP备2021000007号-1', [7]],
    ['a number as people paste it', ' 京icp备 2021000007号 ', [7]],
    ['a part of a subject’s name', '海星网络', [7]],
    ['two characters at its beginning', '上海', [7]],
    ['signs that mean something in a search language', '"海星* OR', []],
    ['nothing that is there', '没有这个公司', []],
  ])('is searched by %s', (_name, text, ids) => {
    expect(all({ text })).toEqual(ids);
  });

  it('a search by name follows a name that changes', () => {
    world.addSite(7, { siteNumber: '京ICP备2021000007号-1', subjectName: '上海银河网络有限公司' });
    expect(all({ text: '海星网络' })).toEqual([]);
    expect(all({ text: '银河网络' })).toEqual([7]);
  });
});
