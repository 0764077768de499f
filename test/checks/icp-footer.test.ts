import { describe, expect, it } from 'vitest';
import { icpFooter } from '../../src/checks/icp-footer.ts';
import { checkInput, filingOf, noPage, pageArtifact, pageWith } from '../support/check-input.ts';

const OWN = '京ICP备05070218号-1';
const link = (number: string, href = 'https://beian.miit.gov.cn/'): string => `<a href="${href}">${number}</a>`;

const judge = (
  html: string,
  over: Parameters<typeof filingOf>[0] = {},
  options: { host?: string; status?: number; policy?: object } = {},
) => {
  const artifacts = { page: pageArtifact(html, options.host, options.status) };
  const { verdict, findings } = icpFooter.judge(
    checkInput({ filing: filingOf(over), artifacts, ...(options.policy && { policy: options.policy }) }),
  );
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('footer number: place and link (R2.1), the actual one (R2.2), the ministry’s addresses over time (R2.3, R17.1)', () => {
  it.each<[string, string, string[]]>([
    ['the site number, linked', link(OWN), ['pass']],
    ['the subject number passes too (R2.2)', link('京ICP备05070218号'), ['pass']],
    ['with www: a note', link(OWN, 'https://www.beian.miit.gov.cn'), ['pass', 'link-with-www']],
    ['among others', `${link('沪ICP备19087654号-3')} ${link(OWN)}`, ['pass']],
    ['no number', '联系我们', ['fail', 'number-missing']],
    ["somebody else's number", link('沪ICP备19087654号-3'), ['fail', 'wrong-number']],
    ['another suffix', link('京ICP备05070218号-2'), ['fail', 'wrong-suffix']],
    ["the app's number", link('京ICP备05070218号-2A'), ['fail', 'app-number-shown']],
    ['a placeholder', link('京ICP备12345678号'), ['fail', 'placeholder']],
    ['only a licence', link('京ICP证030173号'), ['warn', 'licence-shown']],
    ['a parody with the real link', link('萌ICP备20210618号'), ['fail', 'number-missing']],
    ['not linked', OWN, ['fail', 'not-linked']],
    ['linked nowhere', link(OWN, '#'), ['fail', 'wrong-link']],
    ['a retired host (R2.3)', link(OWN, 'http://www.miitbeian.gov.cn'), ['warn', 'outdated-link']],
    ['commented out', `<!-- ${link(OWN)} -->`, ['fail', 'hidden']],
    ['hidden', `<p style="display:none">${OWN}</p>`, ['fail', 'hidden']],
    ['in a script: not seen, not accused', `<script>w("${OWN}")</script>`, ['inconclusive', 'needs-rendering']],
    ['an external footer script', '<script src="/a/footer.js?v=2"></script>', ['inconclusive', 'needs-rendering']],
  ])('%s', (_name, footer, expected) => expect(judge(pageWith(footer))).toEqual(expected));

  it('accuses nobody of a page it did not really see', () => {
    expect(judge('<html><body><div id="app"></div><script src="/app.js"></script></body></html>')).toEqual([
      'inconclusive',
      'needs-rendering',
    ]);
    expect(judge('')).toEqual(['inconclusive', 'needs-rendering']);
    expect(judge('document.write("x")')).toEqual(['inconclusive', 'needs-rendering']);
    expect(judge(pageWith('联系我们'), {}, { status: 500 })).toEqual(['inconclusive', 'not-observed']);
    expect(judge(pageWith('联系我们'), {}, { status: 403 })).toEqual(['inconclusive', 'not-observed']);
    expect(judge(`<div id="wrapper" style="display:none">${pageWith(link(OWN))}</div><script>show()</script>`)).toEqual(
      ['inconclusive', 'needs-rendering'],
    );
    const failed = icpFooter.judge(
      checkInput({ artifacts: { page: noPage([{ failure: { code: 'timeout', message: 'timeout', ours: false } }]) } }),
    );
    expect(failed.verdict).toBe('inconclusive');
  });

  it.each([
    ['a server error', 502, OWN],
    ['a firewall', 403, OWN],
    ['an external footer script', 200, `${OWN}<script src="/js/foot.js"></script>`],
    ['a comment beside an external footer', 200, `<!-- ${OWN} --><script src="/js/foot.js"></script>`],
    ['a link that is a script', 200, `<a href="#" onclick="openB()">${OWN}</a>`],
    ['a handler that was not read', 200, `<span onclick="openBeian()">${OWN}</span>`],
    ['a plain redirector', 200, `<a href="/go?url=https://beian.miit.gov.cn/">${OWN}</a>`],
    ['a redirector', 200, `<a href="/go?url=https%3A%2F%2Fbeian.miit.gov.cn%2F">${OWN}</a>`],
    ['a frame of its own', 200, '<iframe src="/inc/b.html"></iframe>'],
    ['hidden, with scripts that may show it', 200, `<p style="display:none">${OWN}</p><script>show()</script>`],
    ['hidden by a style sheet', 200, `<style>.x{display:none}</style><p class="x">${OWN}</p>`],
    ['the number in a picture', 200, `<img src="b.png" alt="${OWN}">`],
  ])('says nothing of what it did not see whole: %s', (_name, status, footer) =>
    expect(judge(pageWith(footer), {}, { status })[0]).toBe('inconclusive'),
  );

  it('accuses of a missing number only when every home page was read', () => {
    const page = pageArtifact(pageWith('联系我们'));
    if (!page.ok) throw new Error('no page');
    const failure = { code: 'timeout' as const, message: 'timeout', ours: false };
    page.value.attempts.push({
      host: 'www.example.cn',
      hops: [{ url: 'http://www.example.cn/', address: null, status: null, location: null, failure }],
    });
    expect(icpFooter.judge(checkInput({ artifacts: { page } })).verdict).toBe('inconclusive');
  });

  it('takes an own number on an error page for what it is', () =>
    expect(judge(pageWith(link(OWN)), {}, { status: 404 })).toEqual(['pass']));

  it('leaves a site outside the filing to a human (R17.2)', () => {
    expect(judge(pageWith(link('沪ICP备19087654号-3')), {}, { host: 'other.example.com' })).toEqual([
      'inconclusive',
      'redirected-off-site',
    ]);
    expect(judge(pageWith(link(OWN)), {}, { host: 'other.example.com' })).toEqual(['pass']);
  });

  it("accepts the holder's licence (R17.2)", () => {
    expect(judge(pageWith(link('京ICP证030173号')), { licenceNumber: '京ICP证030173号' })).toEqual(['pass']);
  });

  it('weighs a retired link as policy says (R2.3)', () => {
    expect(
      judge(pageWith(link(OWN, 'http://www.miibeian.gov.cn')), {}, { policy: { outdatedLinkSeverity: 'fail' } }),
    ).toEqual(['fail', 'outdated-link']);
  });

  it('knows the other abbreviation of the province', () =>
    expect(judge(pageWith(link('川ICP备05070218号-1')), { siteNumber: '蜀ICP备05070218号-1' })).toEqual(['pass']));

  it('only warns of a number that stands elsewhere', () => {
    const body = `<p>${link(OWN)}</p>${'<p>很长的正文内容没有别的意思。</p>'.repeat(600)}`;
    expect(judge(`<html><body>${body}<div>联系我们</div></body></html>`)).toEqual(['warn', 'not-in-footer']);
  });

  it('tells the owner what to paste', () => {
    const [finding] = icpFooter.judge(checkInput({ artifacts: { page: pageArtifact(pageWith('联系我们')) } })).findings;
    expect(finding?.params['expected']).toBe(OWN);
    expect(icpFooter.codes['number-missing']?.remedy.zh).toContain('<a href="https://beian.miit.gov.cn/"');
  });
});

it('every failing code names number and ministry as the special verification does (R2.4)', () => {
  const failing = Object.values(icpFooter.codes).filter(({ severity }) => severity === 'fail');
  expect(failing.length).toBeGreaterThan(6);
  for (const { title, remedy } of failing) {
    expect(title.zh).toMatch(/备案(?:编)?号/);
    expect(remedy.zh).toMatch(/beian\.miit\.gov\.cn|可见/);
  }
});

describe('a number that is alive for somebody else (R15)', () => {
  const other = '<a href="https://beian.miit.gov.cn/">沪ICP备19087654号-3</a>';
  const judge = (state: 'alive' | 'revoked' | null, holder: string | null = '别家商贸有限公司') => {
    const bureauNumber = (number: string) =>
      number.startsWith('京')
        ? { state: 'alive' as const, holder: '蓝海科技有限公司', asOf: '2026-11-20' }
        : state === null
          ? null
          : { state, holder, asOf: '2026-11-20' };
    const input = checkInput({ artifacts: { page: pageArtifact(pageWith(other)) }, reference: { bureauNumber } });
    return icpFooter.judge(input).findings.map(({ code }) => code);
  };
  it('an older number of one’s own is only a wrong one', () => {
    expect(judge('alive', '蓝海科技有限责任公司')).toEqual(['wrong-number']);
    expect(judge('alive', null)).toEqual(['wrong-number']);
  });
  it('is told apart from any other wrong number', () => {
    expect(judge('alive')).toEqual(['number-of-another']);
    expect(judge('revoked')).toEqual(['wrong-number']);
    expect(judge(null)).toEqual(['wrong-number']);
  });
});
