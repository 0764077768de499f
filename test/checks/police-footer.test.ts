import { describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { policeFooter } from '../../src/checks/police-footer.ts';
import { checkInput, filedArtifact, filingOf, noPage, pageArtifact, pageWith } from '../support/check-input.ts';

const NUMBER = '京公网安备11010502030143号';
const OTHER = '沪公网安备31010602000299号';
const CURRENT = 'https://beian.mps.gov.cn/#/query/webSearch?code=11010502030143';
const ICON = '<img src="/static/ghs.png">';
const shown = (number = NUMBER, href: string | null = CURRENT, icon = ICON): string =>
  href === null ? `${icon}${number}` : `<a href="${href}">${icon}${number}</a>`;
const judge = (
  footer: string,
  filed: Parameters<typeof filedArtifact>[0] = { policeNumber: NUMBER, policeApprovedAt: '2024-01-01' },
  over: Partial<Parameters<typeof checkInput>[0]> = {},
): string[] => {
  const artifacts = { filed: filedArtifact(filed), page: pageArtifact(pageWith(footer)), ...over.artifacts };
  const { verdict, findings } = runCheck(policeFooter, checkInput({ ...over, artifacts }));
  return [verdict, ...findings.map(({ code }) => code)];
};

describe('a number the filing knows (R12)', () => {
  it('shown with emblem and link', () => expect(judge(shown())).toEqual(['pass']));
  it.each([
    '京公网安备 11010502030143号',
    '京公网安备：11010502030143 号',
    '（京）公网安备 11010502030143号',
    '京公网安备１１０１０５０２０３０１４３号',
  ])('written as %s', (text) => expect(judge(shown(text))).toEqual(['pass']));
  it('the older link warns (R17.5)', () =>
    expect(judge(shown(NUMBER, 'http://www.beian.gov.cn/portal/registerSystemInfo?recordcode=11010502030143'))).toEqual(
      ['warn', 'outdated-link'],
    ));
  it('no link warns', () => expect(judge(shown(NUMBER, null))).toEqual(['warn', 'not-linked']));
  it('another link warns', () =>
    expect(judge(shown(NUMBER, 'https://beian.miit.gov.cn/'))).toEqual(['warn', 'wrong-link']));
  it('no emblem warns', () => expect(judge(shown(NUMBER, CURRENT, ''))).toEqual(['warn', 'no-icon']));
  it('another number fails', () =>
    expect(judge(shown(OTHER, CURRENT.replace('11010502030143', '31010602000299')))).toEqual(['fail', 'wrong-number']));
  it('a picture that links to the own entry may be the number', () =>
    expect(judge(`<a href="${CURRENT}"><img src="police.png"></a>`)).toEqual(['inconclusive', 'not-observed']));
  it('a link to somebody else’s entry is wrong', () =>
    expect(judge(shown(NUMBER, CURRENT.replace('11010502030143', '31010602000299')))).toEqual(['warn', 'wrong-link']));
  it.each(['公安联网备案号：11010502030143', '京公网安备（11010502030143）号', '京公网安备110105-02030143号'])(
    'understands %s',
    (text) => expect(judge(shown(text))).toEqual(['pass']),
  );
  it('missing fails once the 30 days are over, and warns before', () => {
    expect(judge('x')).toEqual(['fail', 'number-missing']);
    // Without its date nobody knows whether the 30 days are over.
    expect(judge('x', { policeNumber: NUMBER })).toEqual(['warn', 'approval-unknown']);
    expect(judge(shown(OTHER, null), { policeNumber: NUMBER })).toEqual(['warn', 'wrong-number']);
    // 30 days from 23 October end with 22 November, the test's day.
    expect(judge('x', { policeNumber: NUMBER, policeApprovedAt: '2026-10-23' })).toEqual(['warn', 'footer-due']);
    expect(judge('x', { policeNumber: NUMBER, policeApprovedAt: '2026-10-22' })).toEqual(['fail', 'number-missing']);
  });
  it.each([
    ['an empty page', '<html><body></body></html>'],
    ['a script shell', '<html><body><div id="app"></div><script src="/a.js"></script></body></html>'],
    ['a frame of the site', pageWith('<iframe src="/footer.html"></iframe>')],
    ['an external footer', pageWith('<script src="/footer.js"></script>')],
  ])('%s accuses nobody', (_what, html) =>
    expect(judge('', undefined, { artifacts: { page: pageArtifact(html) } })).toEqual(['inconclusive', 'not-observed']),
  );
  it('no page, an error page, a page elsewhere: not judged', () => {
    const filed = filedArtifact({ policeNumber: NUMBER, policeApprovedAt: '2024-01-01' });
    for (const page of [
      noPage([{ status: null }]),
      pageArtifact(pageWith('x'), 'example.cn', 500),
      pageArtifact(pageWith('x'), 'other.com'),
    ])
      expect(runCheck(policeFooter, checkInput({ artifacts: { filed, page } })).verdict).toBe('inconclusive');
  });
});

describe('no number known (R12)', () => {
  it('time until the 30th day, with a reminder', () => {
    expect(judge('x', { openedAt: '2026-10-23' })).toEqual(['warn', 'filing-due']);
    expect(judge('x', { openedAt: '2026-10-22' })).toEqual(['warn', 'not-filed']);
  });
  it('no reminder of a page nobody saw; of one partly seen it asks to be ignored if done', () => {
    const unseen = { artifacts: { page: noPage([{ status: null }]) } };
    expect(judge('', { openedAt: '2026-10-23' }, unseen)).toEqual(['pass']);
    expect(judge('', { policeNumber: NUMBER, policeApprovedAt: '2026-10-23' }, unseen)).toEqual(['pass']);
    expect(judge('<iframe src="/footer.html"></iframe>', { openedAt: '2026-10-23' })).toEqual(['warn', 'filing-due']);
    for (const code of ['filing-due', 'footer-due']) expect(policeFooter.codes[code]?.brief).toContain('请忽略');
  });
  it('the approval date stands in for the opening', () =>
    expect(judge('x', {}, { filing: filingOf({ approvedAt: '2026-11-10' }) as never })).toEqual([
      'warn',
      'filing-due',
    ]));
  it('a number on the page says that it was filed', () => expect(judge(shown(), {})).toEqual(['pass']));
  it('may be a failure by policy', () =>
    expect(judge('x', {}, { policy: { policeNotFiledSeverity: 'fail' } as never })).toEqual(['fail', 'not-filed']));
});
