import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { siteContent } from '../../src/checks/site-content.ts';
import type { SubjectKind } from '../../src/filing/types.ts';
import { checkInput, filedArtifact, filingOf, namesArtifact, noPage, pageArtifact } from '../support/check-input.ts';

const html = (title: string, body: string, copyright = ''): string =>
  `<html><head><title>${title}</title></head><body><div>${body}</div><p>Copyright © 2020-2026 ${copyright} 版权所有</p></body></html>`;
interface Case {
  title?: string;
  body?: string;
  copyright?: string;
  kind?: SubjectKind;
  province?: string;
  approvals?: { field: string; number: string }[];
  rulings?: Parameters<typeof checkInput>[0]['rulings'];
}
const OWN = '蓝海科技有限公司';
const run = ({
  title = '蓝海科技',
  body = '我们提供水泵与阀门。',
  copyright = OWN,
  kind = 'company',
  province = '北京',
  approvals,
  rulings = [],
}: Case) =>
  runCheck(
    siteContent,
    checkInput({
      filing: filingOf({ subjectKind: kind, province }),
      artifacts: {
        page: pageArtifact(html(title, body, copyright)),
        names: namesArtifact(kind === 'individual' ? { subjectName: '王小明', siteName: '小明的随笔' } : {}),
        filed: filedArtifact(approvals === undefined ? {} : { priorApprovals: approvals }),
      },
      rulings,
    }),
  );
const judge = (one: Case): string[] => {
  const { verdict, findings } = run(one);
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('nobody runs the site that was filed', () => {
  it.each([
    ['蓝海科技', '我们提供水泵与阀门。', []],
    ['域名出售', '该域名正在出售，有意购买此域名请联系', ['parked']],
    ['This domain is for sale', 'Buy this domain', ['parked']],
    ['Welcome to nginx!', 'If you see this page, the nginx web server is successfully installed', ['default-server']],
    ['网站正在建设中', '敬请期待', ['under-construction']],
    ['Hacked by x', 'hacked by x team', ['defaced']],
    ['蓝海科技', '澳门新葡京 百家乐 时时彩 六合彩开奖', ['gambling-injected']],
  ])('%s %s', (title, body, codes) =>
    expect(judge({ title, body })).toEqual([codes.length === 0 ? 'pass' : 'warn', ...codes]),
  );
  it('a long page that mentions such words is not one', () =>
    expect(judge({ body: `域名出售与停放的知识。${'我们提供水泵与阀门，欢迎选购。'.repeat(400)}` })).toEqual(['pass']));
});

describe('whose page it is (R4.2)', () => {
  it('a company’s own', () => expect(judge({})).toEqual(['pass']));
  it('another company’s', () =>
    expect(judge({ title: '锦程贸易有限公司', copyright: '锦程贸易有限公司' })).toEqual(['warn', 'another-company']));
  it('its own and a partner’s', () =>
    expect(judge({ title: '锦程贸易有限公司', copyright: `${OWN} 锦程贸易有限公司` })).toEqual(['pass']));
  it('a brand instead of a company: a note, and nothing to do', () =>
    expect(judge({ title: '小蓝', copyright: '小蓝' })).toEqual(['pass', 'names-not-shown']));
  it('a short name of the site stands in many others’ names: theirs are not its own', () => {
    const artifacts = {
      page: pageArtifact(html('锦程商城有限公司', '我们提供水泵与阀门。', '锦程商城有限公司')),
      names: namesArtifact({ siteName: '商城' }),
      filed: filedArtifact(),
    };
    expect(runCheck(siteContent, checkInput({ artifacts })).findings.map(({ code }) => code)).toEqual([
      'another-company',
    ]);
  });
  it.each(['government', 'institution', 'other'] as const)('another company’s on the site of kind %s', (kind) =>
    expect(judge({ kind, title: '锦程贸易有限公司', copyright: '锦程贸易有限公司' })).toEqual([
      'warn',
      'another-company',
    ]),
  );
  it('a name that leads to a market of names has no site of its own; elsewhere nothing is said', () => {
    const said = (title: string, body: string): string[] => {
      const artifacts = {
        page: pageArtifact(html(title, body), 'www.4.cn'),
        names: namesArtifact(),
        filed: filedArtifact(),
      };
      return runCheck(siteContent, checkInput({ artifacts })).findings.map(({ code }) => code);
    };
    expect(said('域名出售', '该域名正在出售，有意购买此域名请联系')).toEqual(['parked']);
    expect(said('锦程贸易有限公司', '网站正在建设中')).toEqual(['not-observed']);
  });
  it('an individual’s with a company on it', () =>
    expect(judge({ kind: 'individual', title: '随笔', copyright: '锦程贸易有限公司' })).toEqual([
      'warn',
      'company-content',
    ]));
  it('an individual’s that sells', () =>
    expect(
      judge({ kind: 'individual', title: '随笔', body: '加入购物车 立即购买 货到付款', copyright: '小明' }),
    ).toEqual(['warn', 'commercial']));
  it('an individual’s diary', () =>
    expect(judge({ kind: 'individual', title: '随笔', body: '今天爬山。', copyright: '小明' })).toEqual([
      'pass',
      'names-not-shown',
    ]));
});

describe('prior approval (R9)', () => {
  const news = '时政要闻 国际新闻 军事新闻 本网记者';
  it('without a number', () => expect(judge({ body: news })).toEqual(['warn', 'approval-missing']));
  it('with one on the filing', () =>
    expect(judge({ body: news, approvals: [{ field: 'news', number: '1' }] })).toEqual(['pass']));
  it('named on the page: to be entered', () =>
    expect(judge({ body: `${news} 互联网新闻信息服务许可证 10120170001` })).toEqual([
      'pass',
      'approval-not-on-filing',
    ]));
  it('religion is asked in Guangdong only', () => {
    const body = '佛教协会 弘法利生 皈依三宝 念佛 寺院 法会通知';
    expect(judge({ body })[0]).toBe('pass');
  });
});

it('never fails by itself: only a human’s ruling makes it fail', () => {
  const one: Case = { title: '域名出售', body: '该域名正在出售' };
  const rulings = (ruling: 'confirmed' | 'dismissed') => [
    {
      checkId: 'site-content',
      code: 'parked',
      about: null,
      key: 'parked',
      ruling,
      words: '该域名正在出售、域名出售',
      by: 'admin',
      at: 1,
      reason: 'seen',
    },
  ];
  expect(run(one).findings[0]).toMatchObject({
    awaitsHuman: true,
    evidence: expect.arrayContaining([expect.anything()]),
  });
  expect(run({ ...one, rulings: rulings('confirmed') }).verdict).toBe('fail');
  expect(run({ ...one, rulings: rulings('dismissed') }).verdict).toBe('pass');
});

it('what was not seen is not judged', () => {
  const artifacts = { names: namesArtifact(), filed: filedArtifact() };
  const pages = [
    noPage([{ status: null }]),
    pageArtifact('<html></html>'),
    pageArtifact(html('x', 'y'), 'other.com'),
    pageArtifact(html('x', 'y'), 'example.cn', 502),
  ];
  for (const page of pages)
    expect(runCheck(siteContent, checkInput({ artifacts: { ...artifacts, page } })).verdict).toBe('inconclusive');
});
