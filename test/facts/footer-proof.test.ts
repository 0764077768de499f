import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Parser } from 'htmlparser2';
import { describe, expect, it } from 'vitest';
import { benchFiling, benchPage } from '../../bench/scan/world.ts';
import { icpFooter } from '../../src/checks/icp-footer.ts';
import { proveFooter } from '../../src/facts/footer-proof.ts';
import { BLOCKS } from '../../src/facts/html-elements.ts';
import { walkOpenElements } from '../../src/facts/open-elements.ts';
import { readPage } from '../../src/facts/page-reader.ts';
import type { PageFacts } from '../../src/facts/types.ts';
import { checkInput, filingOf, pageArtifact, pageWith } from '../support/check-input.ts';
import { SeededRandom } from '../world/random.ts';

const OWN = '京ICP备05070218号-1';
const LINKED = `<a href="https://beian.miit.gov.cn/">${OWN}</a>`;
const CORPUS = resolve(import.meta.dirname, '../../../shared/corpus/footers');
const filler = (paragraphs: number): string =>
  '<div class="block"><p>产品中心解决方案新闻动态关于我们</p><ul><li>客户服务<li>支持下载</ul></div>'.repeat(
    paragraphs,
  );
const page = (footer: string, before = ''): string =>
  `<!DOCTYPE html><html><head><title>某某</title></head><body>${before}${filler(40)}<footer>${footer}</footer></body></html>`;

/** What the check says of a page whose facts are these. */
function verdictOf(facts: PageFacts): string[] {
  const artifact = pageArtifact('<html></html>');
  if (!artifact.ok || artifact.value.document === null) throw new Error('no page');
  artifact.value.document.facts = facts;
  const { verdict, findings } = icpFooter.judge(checkInput({ filing: filingOf({}), artifacts: { page: artifact } }));
  return [verdict, ...findings.map(({ code }) => code)];
}

/** Where the proof holds, the whole page says the same; gives whether it held. */
function agrees(html: string): boolean {
  const proven = proveFooter(Buffer.from(html), OWN);
  if (proven === null) return false;
  const whole = verdictOf(readPage(html));
  expect([verdictOf(proven), proven.icpNumbers.length > 0, html]).toEqual([whole, true, html]);
  expect(whole[0]).toBe('pass');
  return true;
}

describe('a pass proven without reading the whole page', () => {
  it.each<[string, string, boolean]>([
    ['a linked number in the footer', page(LINKED), true],
    ['under a paragraph and a list left open', page(LINKED, '<p>某<div><ul><li>一<li>二</ul>'), true],
    ['something hidden before, and closed', page(LINKED, '<div style="display:none">某</div>'), true],
    [
      'a style sheet that hides something else',
      page(LINKED, '<style>.x{display:none}</style><p class="x">某</p>'),
      true,
    ],
    ['a comment and a script before', page(LINKED, '<!-- <div hidden> --><script>var a="<div>"</script>'), true],
    [
      'tags named like what every object has',
      page(LINKED, '<constructor><p></constructor><valueof></valueof><tostring></p>'),
      true,
    ],
    ['not linked', page(OWN), false],
    ['linked elsewhere', page(`<a href="/">${OWN}</a><a href="https://beian.miit.gov.cn/">x</a>`), false],
    ['in a comment', page(`<!-- ${LINKED} -->`), false],
    ['in a comment that began long before', page(LINKED, '<!-- '), false],
    ['in a script', page(`<script>w('${LINKED}')</script>`), false],
    ['hidden', page(`<p style="display:none">${LINKED}</p>`), false],
    ['in an element hidden long before', page(LINKED, '<div hidden>'), false],
    ['in an element hidden by a style sheet', page(LINKED, '<style>.x{display:none}</style><div class="x">'), false],
    ['in a template begun long before', page(LINKED, '<template>'), false],
    ['in a textarea', page(LINKED, '<textarea>'), false],
    ['another suffix', page(LINKED.replace('-1', '-2')), false],
    ['another province', page(LINKED.replace('京', '沪')), false],
    ['with www, which is a note', page(LINKED.replace('//beian', '//www.beian')), false],
    ['not in the footer', page('', `<div>${LINKED}</div>`), false],
    ['no page but a script', `var a=1;${page(LINKED)}`, false],
  ])('%s', (_, html, proven) => expect(agrees(html)).toBe(proven));

  it('says nothing else than the whole page on pages that were bent at random', () => {
    const pieces = [
      ...[
        '<div style="display:none">',
        '<div hidden>',
        '</div>',
        '<!--',
        '-->',
        '<script>',
        '</script>',
        '<p>',
        '</p>',
      ],
      ...[
        '<style>.x{display:none}</style>',
        '<div class="x">',
        '<a href="#">',
        '</a>',
        '"',
        "'",
        '<',
        '>',
        '<template>',
      ],
      ...[
        '</template>',
        '<select>',
        '<option>',
        '</select>',
        '<svg>',
        '</svg>',
        '<textarea>',
        '</textarea>',
        '<noscript>',
      ],
      ...['<li hidden>', '<ul>', '</ul>', '<table>', '<tr>', '<td hidden>', '</table>', '<form>', '</form>', '<title>'],
      ...[
        '<div class="foot">',
        '<dialog>',
        '</dialog>',
        "<div id='a>b'>",
        '<button>',
        '</footer>',
        '<h2>',
        '<h3 hidden>',
      ],
      ...[
        '<iframe>',
        '<rt>',
        '<dd hidden>',
        '<dt>',
        '<![CDATA[',
        '<?x',
        '<math>',
        '</p hidden>',
        '<a href=x"y>',
        '<br/>',
      ],
    ];
    const random = new SeededRandom(11);
    let proven = 0;
    for (let round = 0; round < 6000; round++) {
      let html = page(`<p>版权所有</p>${LINKED}`, filler(2));
      for (let bends = 1 + random.int(4); bends > 0; bends--) {
        const at = random.next() < 0.5 ? random.int(600) + 60 : random.int(html.length);
        const piece = random.pick(pieces);
        html =
          random.next() < 0.8 ? html.slice(0, at) + piece + html.slice(at) : html.slice(0, at) + html.slice(at + 30);
      }
      if (agrees(html)) proven++;
    }
    // A proof that never holds proves nothing of itself.
    expect(proven).toBeGreaterThan(600);
  }, 120_000);

  it('knows what is open as the page reader’s parser does', () => {
    const corpus = existsSync(CORPUS)
      ? readdirSync(CORPUS)
          .filter((name) => name.endsWith('.html'))
          .map((name) => readFileSync(join(CORPUS, name)).toString('latin1'))
      : [];
    const made = Array.from({ length: 20 }, (_, index) =>
      Buffer.from(benchPage(benchFiling(index, { tlsShare: 0 }))).toString('latin1'),
    );
    let compared = 0;
    for (const source of [...corpus, ...made, Buffer.from(pageWith(LINKED)).toString('latin1')]) {
      for (let part = 1; part <= 8; part++) {
        const walked = walkOpenElements(source, Math.floor((source.length * part) / 8), BLOCKS);
        if (walked === null) continue;
        const open: string[] = [];
        const parser = new Parser({
          onopentag: (name) => void open.push(name),
          onclosetag: (name) => void open.splice(open.lastIndexOf(name), 1),
        });
        parser.write(source.slice(0, walked.at));
        expect(walked.open.map(({ name }) => name)).toEqual(open);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(100);
  });

  it('holds for the pages of the bench', () => {
    const filing = benchFiling(3, { tlsShare: 0 });
    expect(proveFooter(Buffer.from(benchPage(filing)), filing.siteNumber)).not.toBeNull();
  });
});
