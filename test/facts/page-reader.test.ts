import { describe, expect, it } from 'vitest';
import { PAGE_CAPS, PageReader, readPage } from '../../src/facts/page-reader.ts';

const N = '京ICP备05070218号-1';
const page = (footer: string, body = '<p>正文</p>'): string =>
  `<html><head><title>站</title></head><body>${body}<div>${footer}</div></body></html>`;
const first = (html: string) => readPage(html).icpNumbers[0];

describe('the link of a number', () => {
  it.each([
    [`<a href="https://beian.miit.gov.cn/">${N}</a>`, 'miit', 'anchor'],
    [`<a href="https://beian.miit.gov.cn/#/Integrated/index"><div><p>${N}</p></div></a>`, 'miit', 'anchor'],
    [`<a href=" http://WWW.BEIAN.MIIT.GOV.CN ">${N}</a>`, 'miit', 'anchor'],
    [`<a href="//beian.miit.gov.cn">ICP备案：${N}</a>`, 'miit', 'anchor'],
    [`京ICP备<a href="https://beian.miit.gov.cn/">05070218号-1</a>`, 'miit', 'anchor'],
    [`${N} <a href="https://beian.miit.gov.cn/">工信部</a>`, 'miit', 'adjacent'],
    [`<span onclick="window.open('https://beian.miit.gov.cn/')">${N}</span>`, 'miit', 'click-handler'],
    [`<a href="javascript:;" onclick="location.href='https://beian.miit.gov.cn'">${N}</a>`, 'miit', 'click-handler'],
    [`<a href="http://www.miitbeian.gov.cn/publish/query/indexFirst.action">${N}</a>`, 'retired', 'anchor'],
    [`<a href="http://www.miibeian.gov.cn">${N}</a>`, 'retired', 'anchor'],
    [`<a href="#">${N}</a>`, 'other', 'anchor'],
    [`<a href="https://beian.miit.gov.cn.evil.example/">${N}</a>`, 'other', 'anchor'],
    [`<a href="https://evil.example/?beian.miit.gov.cn">${N}</a>`, 'other', 'anchor'],
    [`<a href="beian.miit.gov.cn">${N}</a>`, 'other', 'anchor'],
    [N, 'none', null],
    [`${N}</div><div><a href="https://beian.miit.gov.cn/">友情链接</a>`, 'none', null],
  ])('%s', (footer, link, linkVia) => expect(first(page(footer))).toMatchObject({ number: N, link, linkVia }));

  it.each([['a picture that is the link', `<a href="https://beian.miit.gov.cn/"><img src="i.png"></a> ${N}`]])(
    'is found: %s',
    (_name, footer) => expect(first(page(footer))?.link).toBe('miit'),
  );

  it('an empty anchor beside the number is no link', () => {
    expect(first(page(`<a href="https://beian.miit.gov.cn/"></a>${N}`))?.link).toBe('none');
  });

  it('takes the best of two sightings', () => {
    const facts = readPage(page(`<a href="https://beian.miit.gov.cn/">${N}</a><div>${N}</div>`));
    expect(facts.icpNumbers).toHaveLength(1);
    expect(facts.icpNumbers[0]).toMatchObject({ link: 'miit', occurrences: 2 });
  });
});

describe('what a person does not see', () => {
  it.each([
    [`<!-- ${N} -->`, 'comment'],
    [`<script>var a = "${N}"</script>`, 'script'],
    [`<script>var a = "\\u4eacICP\\u590705070218\\u53f7-1"</script>`, 'script'],
    [`<template>${N}</template>`, 'template'],
    [`<noscript>${N}</noscript>`, 'noscript'],
    [`<p hidden>${N}</p>`, 'hidden'],
    [`<p style="color:red; display : none">${N}</p>`, 'hidden'],
    [`<dialog>${N}</dialog>`, 'hidden'],
    [`<img src="a.png" alt="${N}">`, 'attribute'],
    [`<textarea>${N}</textarea>`, 'form'],
  ])('%s', (footer, place) => {
    const facts = readPage(page(footer));
    expect(facts.icpNumbers).toEqual([]);
    expect(facts.unseenNumbers).toEqual([{ number: N, place }]);
  });

  it.each([
    ['split by a line break', `京ICP备<br>05070218号-1`],
    ['split over cells', `<table><tr><td>京ICP备</td><td>05070218号-1</td></tr></table>`],
    ['digits behind the anchor', `<a href="https://beian.miit.gov.cn">京ICP备05070218号-1</a><span>24小时热线</span>`],
    ['a closing cross behind', `<a href="https://beian.miit.gov.cn">${N}</a><span>×</span>`],
    ['children of a whitespace hack', `<div style="font-size:0"><span style="font-size:12px">${N}</span></div>`],
    ['No. before the digits', '京ICP备No.05070218号-1'],
    ['a reading above', `<ruby>${N}<rt>x</rt></ruby>`],
    ['a display that is set again', `<p style="display:none;display:block">${N}</p>`],
    ['a never closed select', `<select><option>a<div>${N}</div>`],
    ['blanks inside ICP', '京 I C P 备 05070218 号-1'],
    ['in parentheses', '京ICP备（05070218）号-1'],
    ['a print style sheet', `<style media=print>.x{display:none}</style><p class=x>${N}</p>`],
  ])('is seen all the same: %s', (_name, footer) =>
    expect(readPage(page(footer)).icpNumbers.map(({ number }) => number)).toEqual([N]),
  );

  it('reads simple style rules, and leaves media rules alone', () => {
    expect(readPage(page(`<style>.x,.y{display:none}</style><p class="a y">${N}</p>`)).icpNumbers).toEqual([]);
    expect(
      readPage(page(`<style>@media print{.x{display:none}}</style><p class="x">${N}</p>`)).icpNumbers,
    ).toHaveLength(1);
    expect(
      readPage(page(`<style>.x:hover{display:none} .z .x{display:none}</style><p class="x">${N}</p>`)).icpNumbers,
    ).toHaveLength(1);
  });
});

describe('other facts', () => {
  it('reads police numbers and telecom licences apart from filings', () => {
    const facts = readPage(
      page(
        `<a href="https://beian.mps.gov.cn/#/query/webSearch?code=11010802020134">京公网安备 11010802020134号</a> 京B2-20080224 ${N}`,
      ),
    );
    expect(facts.policeNumbers).toEqual([
      {
        text: '京公网安备 11010802020134号',
        number: '京公网安备11010802020134号',
        href: 'https://beian.mps.gov.cn/#/query/webSearch?code=11010802020134',
        icon: false,
      },
    ]);
    expect(facts.licences).toEqual(['京B2-20080224']);
    expect(facts.icpNumbers.map(({ number }) => number)).toEqual([N]);
  });

  it('tells the closing block from an article', () => {
    const filler = '<p>很长的正文内容没有别的意思。</p>'.repeat(400);
    expect(first(page('联系我们', `<article>据报道 ${N} 已通过。</article>${filler}`))?.inFooter).toBe(false);
    expect(first(page(N, filler))?.inFooter).toBe(true);
    expect(first(page('联系我们', `<div class="site-footer">${N}</div>${filler}`))?.inFooter).toBe(true);
  });

  it('takes the immediate meta refresh, not one inside noscript', () => {
    expect(readPage('<meta http-equiv="Refresh" content="0; URL=/home">').metaRefresh).toBe('/home');
    expect(readPage('<noscript><meta http-equiv="refresh" content="0;url=/nojs"></noscript>').metaRefresh).toBeNull();
    expect(readPage('<meta http-equiv="refresh" content="300">').metaRefresh).toBeNull();
  });

  it('knows a script file from a page', () =>
    expect(readPage(`document.writeln("<p>${N}</p>");`)).toMatchObject({ notHtml: true, icpNumbers: [] }));

  it('gives the same digest for the same words', () => {
    expect(readPage('<p>甲  乙</p>').textDigest).toBe(readPage('<div><p>甲\n乙</p></div>').textDigest);
    expect(readPage('<p>甲乙</p>').textDigest).not.toBe(readPage('<p>甲丙</p>').textDigest);
  });
});

describe('pages made to hurt', () => {
  it('finds the footer below nesting, unclosed anchors and huge scripts', () => {
    const footer = `<a href="https://beian.miit.gov.cn/">${N}</a>`;
    for (const body of [
      '<div>'.repeat(5000),
      '<a href="/x">'.repeat(20_000),
      `<script>${'x'.repeat(3_000_000)}</script>`,
      '<b><i>'.repeat(5000) + '</b></i>'.repeat(5000),
    ]) {
      expect(readPage(page(footer, body)).icpNumbers[0]).toMatchObject({ number: N, link: 'miit' });
    }
  });

  it('says when a cap ended the reading', () => {
    expect(readPage('<p>x</p>'.repeat(PAGE_CAPS.elements + 5)).truncated).toBe(true);
    const reader = new PageReader();
    reader.write('<p>半');
    expect(reader.end(true).truncated).toBe(true);
  });

  it('gives the same facts however the text is cut', () => {
    const html = page(
      `<a href="https://beian.miit.gov.cn/">${N}</a> 京公网安备11010802020134号`,
      '<p>文</p>'.repeat(50),
    );
    const whole = readPage(html);
    for (const size of [1, 7, 64]) {
      const reader = new PageReader();
      for (let i = 0; i < html.length; i += size) reader.write(html.slice(i, i + size));
      expect(reader.end()).toEqual(whole);
    }
  });
});
