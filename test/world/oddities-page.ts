import { blind, type Draft, fail, type Oddity, type Tools, warn } from './oddity.ts';
import { filler, footerLine } from './page-html.ts';

const footer = (
  id: string,
  about: string,
  line: (number: string, draft: Draft) => string,
  truth?: Oddity['truth'],
  more: Partial<Oddity> = {},
): Oddity => ({
  id,
  about,
  alter: (draft, tools) => {
    draft.web.body = tools.page(draft, line(draft.siteNumber, draft));
  },
  ...(truth === undefined ? {} : { truth }),
  ...more,
});

const web = (
  id: string,
  about: string,
  alter: (draft: Draft, tools: Tools) => void,
  truth?: Oddity['truth'],
  more: Partial<Oddity> = {},
): Oddity => ({
  id,
  about,
  alter,
  ...(truth === undefined ? {} : { truth }),
  ...more,
});

const LINK = footerLine;
const other = '沪ICP备19087654号-3';
const OF_ANOTHER = '沪ICP备19087655号-1';
const FOOTER = (verdict: NonNullable<Oddity['truth']>[string]): Oddity['truth'] => ({ 'icp-footer': verdict });
const UNSEEN = { 'police-footer': blind('not-observed'), 'site-content': blind('not-observed') };
const NO_POLICE = { 'police-footer': blind('not-observed') };
/** An answer is a visit, whatever it says (R1.3 D). */
const VISITED: Oddity['truth'] = { 'access-record': { verdict: 'pass', codes: [] } };
const UNVISITED = { 'access-record': warn('no-record-known') };
const GUANGDONG = { abbreviation: '粤', name: '广东' };
const SHANGHAI = { abbreviation: '沪', name: '上海' };
const TIANJIN = { abbreviation: '津', name: '天津' };

/** What footers look like (R2, design §4). */
export const footerOddities: Oddity[] = [
  footer('subject-number', 'the subject number is shown (R2.2)', (_n, d) => LINK(d.subjectNumber)),
  footer(
    'with-label',
    'label and number in the anchor',
    (n) => `<a href="https://beian.miit.gov.cn/">ICP备案号：${n}</a>`,
  ),
  footer('full-width', 'full-width letters, digits and dash', (n) => LINK(fullWidth(n))),
  footer('traditional', '備 and 號', (n) => LINK(n.replace('备', '備').replace('号', '號'))),
  footer('spaced', 'blanks between all tokens', (n) =>
    LINK(n.replace('ICP', ' ICP ').replace('号', ' 号 ').replace('-', ' - ')),
  ),
  footer(
    'split-spans',
    'digits split over spans',
    (n) =>
      `<a href="https://beian.miit.gov.cn/"><span>${n.slice(0, 5)}</span><span>${n.slice(5, 9)}</span><span>${n.slice(9)}</span></a>`,
  ),
  footer('entities', 'numeric character references', (n) => LINK([...n].map((c) => `&#${c.codePointAt(0)};`).join(''))),
  footer(
    'prefix-outside',
    'the prefix stands before the anchor',
    (n) => `${n.slice(0, 5)}<a href="https://beian.miit.gov.cn/">${n.slice(5)}</a>`,
  ),
  footer(
    'adjacent-link',
    'the link stands beside the number',
    (n) => `${n} <a href="https://beian.miit.gov.cn/">工信部备案</a>`,
  ),
  footer(
    'click-handler',
    'the link is a click handler',
    (n) => `<span onclick="window.open('https://beian.miit.gov.cn/')">${n}</span>`,
  ),
  footer(
    'wrapping-anchor',
    'the anchor wraps a block',
    (n) => `<a href="https://beian.miit.gov.cn/"><div><p>${n}</p></div></a>`,
  ),
  footer('hash-route', 'the link has a hash route', (n) => LINK(n, 'https://beian.miit.gov.cn/#/Integrated/index')),
  footer('protocol-relative', 'the link has no scheme', (n) => LINK(n, '//beian.miit.gov.cn')),
  footer('with-www', 'the link uses www. (a note only)', (n) => LINK(n, 'https://www.beian.miit.gov.cn/')),
  footer('number-before-suffix', 'suffix written before 号', (n) => LINK(n.replace(/号-(\d+)$/, '-$1号'))),
  footer('missing-hao', '号 is missing', (n) => LINK(n.replace('号', ''))),
  footer('police-glued', 'a police number glued on by a hyphen', (_n, d) => `${LINK(d.subjectNumber)}-11010802020134`),
  footer('two-in-anchor', 'licence and filing in one anchor', (n) => LINK(`京ICP证030173号 ${n}`)),
  footer('desktop-and-mobile', 'shown twice, one of them linked', (n) => `${LINK(n)}<div class="m-foot">${n}</div>`),
  footer(
    'strangers-in-article',
    "other sites' numbers in an article, its own in the footer",
    (n) => LINK(n),
    undefined,
    {
      alter: (d, t) => {
        d.web.body = t.page(d, LINK(d.siteNumber), {
          body: `<article>某站备案号为${other}，另一站为粤ICP备17012345号。${filler(t.random, 900)}</article>`,
        });
      },
    },
  ),
  footer('number-missing', 'no number at all', () => '联系我们', FOOTER(fail('number-missing'))),
  footer(
    'parody',
    'a parody number linked to the real ministry',
    () => LINK('萌ICP备20210618号'),
    FOOTER(fail('number-missing')),
  ),
  footer('wrong-number', 'the number of somebody else', () => LINK(other), FOOTER(fail('wrong-number'))),
  {
    id: 'number-of-another',
    about: "the number of somebody else, alive for them by the bureau's list",
    alter: (d, t) => {
      d.web.body = t.page(d, LINK(OF_ANOTHER));
      d.lists.bureau.push(
        { number: OF_ANOTHER, state: 'alive', holder: '别家商贸有限公司' },
        { number: d.subjectNumber, state: 'alive', holder: d.subjectName },
      );
    },
    truth: { 'icp-footer': fail('number-of-another') },
  },
  footer(
    'wrong-suffix',
    'right subject, wrong suffix',
    (n) => LINK(n.replace(/-\d+$/, '-97')),
    FOOTER(fail('wrong-suffix')),
  ),
  footer(
    'app-number',
    "the subject's app number",
    (_n, d) => LINK(`${d.subjectNumber}-98A`),
    FOOTER(fail('app-number-shown')),
  ),
  footer('placeholder-x', 'a masked placeholder', () => LINK('京ICP备XXXXXXXX号'), FOOTER(fail('placeholder'))),
  footer('placeholder-digits', 'a digit placeholder', () => LINK('京ICP备12345678号-1'), FOOTER(fail('placeholder'))),
  footer(
    'licence-only',
    'only an operating licence is shown',
    () => LINK('京ICP证030173号'),
    FOOTER(warn('licence-shown')),
  ),
  footer('not-linked', 'the number is plain text', (n) => n, FOOTER(fail('not-linked'))),
  footer('link-nowhere', 'the link is #', (n) => LINK(n, '#'), FOOTER(fail('wrong-link'))),
  footer(
    'link-elsewhere',
    'the link leads to a look-up site',
    (n) => LINK(n, 'https://icp.chinaz.com/'),
    FOOTER(fail('wrong-link')),
  ),
  footer(
    'link-lookalike',
    'a look-alike host',
    (n) => LINK(n, 'https://beian.miit.gov.cn.example.com/'),
    FOOTER(fail('wrong-link')),
  ),
  footer(
    'retired-miitbeian',
    'the link leads to www.miitbeian.gov.cn',
    (n) => LINK(n, 'http://www.miitbeian.gov.cn/'),
    FOOTER(warn('outdated-link')),
  ),
  footer(
    'retired-miibeian',
    'the link leads to www.miibeian.gov.cn',
    (n) => LINK(n, 'http://www.miibeian.gov.cn/'),
    FOOTER(warn('outdated-link')),
  ),
  footer('hidden-style', 'display:none', (n) => `<span style="display:none">${LINK(n)}</span>`, FOOTER(fail('hidden'))),
  footer('hidden-attribute', 'the hidden attribute', (n) => `<span hidden>${LINK(n)}</span>`, FOOTER(fail('hidden'))),
  footer('commented-out', 'inside a comment', (n) => `<!-- ${LINK(n)} -->`, FOOTER(fail('hidden'))),
  footer(
    'in-script',
    'only in a script',
    (n) => `<script>document.write('${LINK(n)}')</script>`,
    FOOTER(blind('needs-rendering')),
    { slow: true },
  ),
  footer(
    'in-template',
    'only in a template',
    (n) => `<template>${LINK(n)}</template>`,
    FOOTER(blind('needs-rendering')),
    { slow: true },
  ),
  footer(
    'external-footer',
    'the footer is an external script',
    () => '<script src="/js/footer.js"></script>',
    FOOTER(blind('needs-rendering')),
    { slow: true },
  ),
  web(
    'number-on-top',
    'the number stands in the head of a long page',
    (d, t) => {
      d.web.body = t.page(d, '联系我们', {
        body: `<p class="slogan">${LINK(d.siteNumber)}</p>${filler(t.random, 9000)}`,
      });
    },
    FOOTER(warn('not-in-footer')),
  ),
  web(
    'hidden-by-sheet',
    'a style sheet hides the class',
    (d, t) => {
      d.web.body = t.page(d, `<span class="nope">${LINK(d.siteNumber)}</span>`, {
        head: '<style>.nope{display:none}</style>',
      });
    },
    FOOTER(blind('needs-rendering')),
    { slow: true },
  ),
  web('media-rule-only', 'hidden only on small screens: not hidden', (d, t) => {
    d.web.body = t.page(d, `<span class="nope">${LINK(d.siteNumber)}</span>`, {
      head: '<style>@media (max-width:600px){.nope{display:none}}</style>',
    });
  }),
  web(
    'js-shell',
    'an empty shell drawn by scripts',
    (d) => {
      d.web.body = `<!DOCTYPE html><html><head><title>${d.title}</title></head><body><div id="app"></div><script src="/app.js"></script></body></html>`;
    },
    { ...FOOTER(blind('needs-rendering')), ...UNSEEN },
    { slow: true },
  ),
  web(
    'frameset',
    'a frameset',
    (d) => {
      d.web.body = '<html><frameset rows="*,80"><frame src="/main.html"><frame src="/foot.html"></frameset></html>';
    },
    { ...FOOTER(blind('needs-rendering')), ...UNSEEN },
    { slow: true },
  ),
  web(
    'empty-page',
    'an empty answer',
    (d) => {
      d.web.body = '';
    },
    { ...FOOTER(blind('needs-rendering')), ...UNSEEN },
    { slow: true },
  ),
  web(
    'script-file',
    'the home page is a script file',
    (d) => {
      d.web.body = `document.writeln("${d.siteNumber}");`;
    },
    { ...FOOTER(blind('needs-rendering')), ...UNSEEN },
    { slow: true },
  ),
];

/** What servers do with a page (design §3). */
export const webOddities: Oddity[] = [
  web('gbk-declared', 'GBK, declared in the header', (d, t) => {
    d.web.headers = { 'content-type': 'text/html; charset=gbk' };
    d.web.body = gbk(t.page(d, LINK(d.siteNumber), { charset: 'gbk' }));
  }),
  web('gb2312-meta', 'GB2312, declared in the meta element only', (d, t) => {
    d.web.headers = { 'content-type': 'text/html' };
    d.web.body = gbk(t.page(d, LINK(d.siteNumber), { charset: 'gb2312' }));
  }),
  web('gbk-undeclared', 'GBK, declared nowhere', (d, t) => {
    d.web.headers = { 'content-type': 'text/html' };
    d.web.body = gbk(t.page(d, LINK(d.siteNumber)).replace('<meta charset="utf-8">', ''));
  }),
  web('gbk-lied', 'GBK bytes, the header claims UTF-8', (d, t) => {
    d.web.body = gbk(t.page(d, LINK(d.siteNumber)));
  }),
  web('latin1-lied', 'UTF-8 bytes, the header claims ISO-8859-1', (d) => {
    d.web.headers = { 'content-type': 'text/html; charset=iso-8859-1' };
  }),
  web('utf8-bom', 'UTF-8 with a byte order mark', (d) => {
    d.web.body = `\ufeff${String(d.web.body)}`;
  }),
  web('utf16', 'UTF-16', (d) => {
    d.web.headers = { 'content-type': 'text/html' };
    d.web.body = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(String(d.web.body), 'utf16le')]);
  }),
  web('gzip', 'gzip', (d) => {
    d.web.encoding = 'gzip';
  }),
  web('brotli', 'brotli', (d) => {
    d.web.encoding = 'br';
  }),
  web('deflate', 'deflate', (d) => {
    d.web.encoding = 'deflate';
  }),
  web('zstd', 'zstd', (d) => {
    d.web.encoding = 'zstd';
  }),
  web('no-content-type', 'no content type', (d) => {
    d.web.headers = { 'content-type': '' };
  }),
  web('to-https', 'redirect to https', (d) => {
    redirect(d, `http://${d.domain}/`, `https://${d.domain}/`);
  }),
  web('to-www', 'redirect to www', (d) => {
    redirect(d, `http://${d.domain}/`, `http://www.${d.domain}/`);
  }),
  web('three-redirects', 'three redirects, then the page', (d) => {
    redirect(d, `http://${d.domain}/`, '/a');
    redirect(d, `http://${d.domain}/a`, '/b');
    redirect(d, `http://${d.domain}/b`, '/c');
  }),
  web('meta-refresh', 'a meta refresh to the real home page', (d) => {
    d.extraWeb.set(`http://${d.domain}/`, {
      body: '<html><head><meta http-equiv="refresh" content="0;url=/home"></head></html>',
    });
    d.extraWeb.set(`http://${d.domain}/home`, d.web);
  }),
  web('https-only', 'only https answers, with an untrusted certificate', (d) => {
    d.web.only = 'https';
  }),
  web('http-only', 'only http answers', (d) => {
    d.web.only = 'http';
  }),
  web('huge-page', '3 MB, the footer ahead of huge scripts', (d, t) => {
    d.web.body = t.page(d, `${LINK(d.siteNumber)}<script>${'var a=1;'.repeat(375_000)}</script>`);
  }),
  web('deep-nesting', '2,000 elements deep', (d, t) => {
    d.web.body = t.page(d, LINK(d.siteNumber), { body: `${'<div>'.repeat(2000)}深${'</div>'.repeat(2000)}` });
  }),
  web('unclosed-anchors', '5,000 unclosed anchors', (d, t) => {
    d.web.body = t.page(d, LINK(d.siteNumber), { body: '<a href="/x">更多'.repeat(5000) });
  }),
  web('cut-after-footer', 'the body breaks off behind the footer', (d) => {
    d.web.body = `${String(d.web.body)}<!-- ${'x'.repeat(4000)} -->`;
    d.web.cutAt = 0.8;
  }),
  web(
    '404-with-footer',
    'HTTP 404, but the page shows its number',
    (d) => {
      d.web.status = 404;
    },
    { reachability: { verdict: 'pass', codes: [] }, ...NO_POLICE },
  ),
  web(
    'over-the-cap',
    '6 MB without a number in the first four',
    (d, t) => {
      d.web.body = t.page(d, '联系我们', {
        body: filler(t.random, 200) + `<script>${'var a=1;'.repeat(800_000)}</script>`,
      });
    },
    { ...FOOTER(blind('needs-rendering')), ...NO_POLICE },
    { slow: true },
  ),
  web(
    'off-site-redirect',
    'redirects to a site outside the filing (R17.2)',
    (d, t) => {
      redirect(d, `http://${d.domain}/`, 'http://elsewhere.example.com/');
      redirect(d, `http://www.${d.domain}/`, 'http://elsewhere.example.com/');
      d.extraNames.set('elsewhere.example.com', [{ a: [t.book.here()] }]);
      d.extraWeb.set('elsewhere.example.com', { body: '<html><body><p>另一个网站的首页内容</p></body></html>' });
    },
    { ...FOOTER(blind('redirected-off-site')), ...UNSEEN },
    { slow: true },
  ),
  web(
    'redirect-loop',
    'redirects to itself',
    (d) => {
      redirect(d, d.domain, `http://${d.domain}/`);
      redirect(d, `www.${d.domain}`, `http://${d.domain}/`);
      d.web.status = 302;
      d.web.headers = { location: '/' };
    },
    { ...VISITED, 'icp-footer': blind('not-observed'), reachability: blind('not-observed') },
    { slow: true },
  ),
  web(
    'redirect-inside',
    'redirects to a private address',
    (d) => {
      d.web.status = 302;
      d.web.headers = { location: 'http://192.168.1.1/' };
    },
    { ...VISITED, 'icp-footer': blind('not-observed'), reachability: blind('not-observed') },
    { slow: true },
  ),
  web(
    'redirect-metadata',
    'redirects to a metadata address in hexadecimal',
    (d) => {
      d.web.status = 302;
      d.web.headers = { location: 'http://0xA9FEA9FE/' };
    },
    { ...VISITED, 'icp-footer': blind('not-observed'), reachability: blind('not-observed') },
    { slow: true },
  ),
  web(
    'redirect-port',
    'redirects to another port',
    (d) => {
      d.web.status = 302;
      d.web.headers = { location: `http://${d.domain}:8080/` };
    },
    { ...VISITED, 'icp-footer': blind('not-observed'), reachability: blind('not-observed') },
    { slow: true },
  ),
  web(
    'http-500',
    'HTTP 500',
    (d) => {
      d.web.status = 500;
      d.web.body = 'Internal Server Error';
    },
    { ...VISITED, 'icp-footer': blind('not-observed'), reachability: warn('server-error') },
    { slow: true },
  ),
  web(
    'http-403',
    'HTTP 403: a firewall',
    (d) => {
      d.web.status = 403;
      d.web.body = '<html><body>访问被拒绝</body></html>';
    },
    { ...VISITED, 'icp-footer': blind('not-observed') },
    { slow: true },
  ),
  web(
    'http-521',
    'HTTP 521: a CDN without its origin',
    (d) => {
      d.web.status = 521;
      d.web.body = 'origin down';
    },
    { ...VISITED, 'icp-footer': blind('not-observed'), reachability: warn('server-error') },
    { slow: true },
  ),
  web(
    'port-closed',
    'both ports refuse',
    (d) => {
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []));
    },
    { ...UNVISITED, 'icp-footer': blind('not-observed'), reachability: warn('unreachable') },
    { slow: true },
  ),
  web(
    'reset',
    'the connection is reset',
    (d) => {
      d.web.reset = true;
    },
    { 'icp-footer': blind('not-observed'), reachability: blind('not-observed') },
    { slow: true },
  ),
  web(
    'silent-server',
    'accepts and says nothing',
    (d) => {
      d.web.silent = true;
    },
    { 'icp-footer': blind('not-observed'), reachability: blind('not-observed') },
    { slow: true },
  ),
  web(
    'guangdong-closed',
    'refused in a province that insists on reachability (R2.5)',
    (d) => {
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []));
    },
    { ...UNVISITED, 'icp-footer': blind('not-observed'), reachability: fail('unreachable') },
    { slow: true, province: GUANGDONG },
  ),
  web(
    'shanghai-closed',
    'refused in Shanghai',
    (d) => {
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []));
    },
    { ...UNVISITED, 'icp-footer': blind('not-observed'), reachability: fail('unreachable') },
    { slow: true, province: SHANGHAI },
  ),
  web(
    'tianjin-old-closed',
    'refused in Tianjin, number older than half a year',
    (d) => {
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []));
      d.approvedAt = '2020-01-01';
    },
    { ...UNVISITED, 'icp-footer': blind('not-observed'), reachability: fail('unreachable') },
    { slow: true, province: TIANJIN },
  ),
  web(
    'tianjin-young-closed',
    'refused in Tianjin, young number',
    (d, t) => {
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []));
      d.approvedAt = t.day(-30);
    },
    { ...UNVISITED, 'icp-footer': blind('not-observed'), reachability: warn('unreachable') },
    { slow: true, province: TIANJIN },
  ),
];

function redirect(draft: Draft, from: string, location: string): void {
  draft.extraWeb.set(from, { status: 302, headers: { location } });
}

function fullWidth(text: string): string {
  return text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));
}

let table: Map<string, number[]> | null = null;

/** Encode GBK with the decoder's own table: TextEncoder knows only UTF-8. */
export function gbk(text: string): Buffer {
  if (table === null) {
    table = new Map();
    const decoder = new TextDecoder('gb18030');
    for (let high = 0x81; high <= 0xfe; high++) {
      for (let low = 0x40; low <= 0xfe; low++) {
        if (low === 0x7f) continue;
        const character = decoder.decode(Uint8Array.of(high, low));
        if (character.length === 1 && !table.has(character)) table.set(character, [high, low]);
      }
    }
  }
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0x80) bytes.push(code);
    else bytes.push(...(table.get(character) ?? [0x3f]));
  }
  return Buffer.from(bytes);
}
