import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { runScan } from '../../src/jobs/scan.ts';
import { type AuditBundle, rejudgeBundle } from '../../src/judge/bundle.ts';
import { hasBrowser } from '../support/browser.ts';
import { importStage, type Stage, setStage, startPatrol } from '../world/harness.ts';
import { footerLine } from '../world/page-html.ts';

const TEXT = `<p>${'这是一家公司的介绍文字，讲产品与服务。'.repeat(30)}</p>`;
const shell = (script: string, body = TEXT): string =>
  `<!DOCTYPE html><html><head><meta charset="utf-8"><title>示例</title></head><body>${body}<div id="foot"></div>${script}</body></html>`;
const draws = (html: string): string =>
  `<script>document.getElementById('foot').innerHTML=${JSON.stringify(html)}</script>`;

// What a sweep with a browser must say of pages drawn by scripts; the number is the site's own.
const SITES: {
  what: string;
  body: (number: string) => string;
  scripts?: Record<string, string>;
  verdict: string;
  codes: string[];
}[] = [
  {
    what: 'an empty shell whose script draws the footer',
    body: (n) => shell(draws(`${TEXT}${footerLine(n)}`), ''),
    verdict: 'pass',
    codes: [],
  },
  {
    what: 'a full page whose external script adds the number',
    body: () => shell('<script src="/app.js"></script>'),
    scripts: { '/app.js': 'NUMBER' },
    verdict: 'pass',
    codes: [],
  },
  {
    what: 'a script that links a number the source does not',
    body: (n) => shell(draws(footerLine(n)), `${TEXT}<footer>${n}</footer>`),
    verdict: 'pass',
    codes: [],
  },
  {
    what: 'a shell that draws everything but the number',
    body: () => shell(draws(TEXT), ''),
    verdict: 'fail',
    codes: ['number-missing'],
  },
  { what: 'a full page without any number', body: () => shell(''), verdict: 'fail', codes: ['number-missing'] },
  {
    what: 'a number drawn without a link',
    body: (n) => shell(draws(`<p>${n}</p>`)),
    verdict: 'fail',
    codes: ['not-linked'],
  },
  {
    what: 'a number that only sits in a script',
    body: (n) => shell(`<script>var unused=${JSON.stringify(footerLine(n))}</script>`),
    verdict: 'fail',
    codes: ['number-missing'],
  },
  {
    what: 'a script that was lost and may have drawn it',
    body: () => shell('<script src="/gone.js"></script>'),
    verdict: 'inconclusive',
    codes: ['needs-rendering'],
  },
  {
    what: 'a number in a frame of the site',
    body: () => shell('<iframe src="/foot.html" width="600" height="90"></iframe>'),
    scripts: { '/foot.html': 'FRAME' },
    verdict: 'pass',
    codes: [],
  },
];

describe.skipIf(!hasBrowser())('a sweep that draws what it suspects', () => {
  let stage: Stage;
  let patrol: Patrol;
  beforeAll(async () => {
    stage = await setStage({
      seed: 11,
      sites: SITES.length,
      withoutCatalogue: true,
      oddShare: 0,
      overrides: { render: { enabled: true, quietMs: 200 } },
    });
    SITES.forEach(({ body, scripts = {} }, index) => {
      const site = stage.world.sites[index];
      if (site === undefined) throw new Error('no site');
      const link = footerLine(site.siteNumber);
      for (const host of [site.domain, `www.${site.domain}`]) {
        stage.world.web.set(host, { body: body(site.siteNumber) });
        for (const [path, kind] of Object.entries(scripts)) {
          const script = {
            headers: { 'content-type': 'text/javascript' },
            body: `document.getElementById('foot').innerHTML=${JSON.stringify(link)}`,
          };
          stage.world.web.set(
            `http://${host}${path}`,
            kind === 'FRAME' ? { body: `<meta charset="utf-8">${link}` } : script,
          );
        }
        stage.world.web.set(`http://${host}/gone.js`, { status: 404, body: '' });
      }
    });
    const siteIds = await importStage(stage);
    patrol = await startPatrol(stage);
    await runScan(patrol, siteIds, { now: Date.now, checkIds: new Set(['icp-footer']) });
  });
  afterAll(async () => {
    await patrol?.stop(2000);
    await stage?.close();
  });
  const stateOf = (index: number) => {
    const number = stage.world.sites[index]?.siteNumber ?? '';
    const [siteId] = patrol.ledger?.filings.find({ siteNumber: number }) ?? [];
    return patrol.ledger?.verdicts.standing(siteId as number).find(({ checkId }) => checkId === 'icp-footer');
  };

  it.each(SITES.map(({ what }, index) => [what, index] as const))('%s', (_what, index) => {
    const state = stateOf(index);
    expect([state?.verdict, JSON.parse(state?.codes ?? '[]')]).toEqual([SITES[index]?.verdict, SITES[index]?.codes]);
  });

  it('keeps the screenshot and the page as seen with every failure, and judges the same offline', () => {
    for (const [index, { verdict }] of SITES.entries()) {
      if (verdict !== 'fail') continue;
      const pieces = patrol.ledger?.evidence.ofVerdict(stateOf(index)?.verdictId ?? 0) ?? [];
      expect(pieces.map(({ kind }) => kind)).toEqual(
        expect.arrayContaining(['artifacts', 'screenshot', 'rendered-page', 'page']),
      );
      expect(
        pieces
          .find(({ kind }) => kind === 'screenshot')
          ?.bytes.subarray(0, 2)
          .toString('hex'),
      ).toBe('ffd8');
      const bundle = JSON.parse(String(pieces.find(({ kind }) => kind === 'artifacts')?.bytes)) as AuditBundle;
      expect(rejudgeBundle(bundle, checks).map(({ stored, verdict: again }) => again === stored)).toEqual([true]);
    }
  });
});
