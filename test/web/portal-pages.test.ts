import { describe, expect, it } from 'vitest';
import { STATES } from '../../src/cases/moves.ts';
import type { CaseState } from '../../src/cases/types.ts';
import type { CaseView } from '../../src/notify/case-view.ts';
import type { CaseScreen } from '../../src/web/portal/case-screen.ts';
import { caseBody, codeForm, keyForm, listBody, lostBody, pageHtml } from '../../src/web/portal/pages.ts';
import { at } from '../support/case-world.ts';

const NOW = at('2026-11-23 10:00');
const EVIL = '"><script>alert(1)</script>';

const viewOf = (over: Partial<CaseView> = {}): CaseView => ({
  code: 'ABCDEFGHJK',
  programme: '空壳网站核查',
  subjectName: '某某公司',
  number: '京ICP备2021000001号-1',
  siteName: '某某官网',
  domains: ['example.cn'],
  sites: [],
  state: 'open',
  openedAt: NOW,
  deadlineAt: at('2026-12-08 24:00'),
  provisional: false,
  reviewDueAt: at('2026-11-24 18:00'),
  cancelDueAt: at('2026-12-22 24:00'),
  restrictedAt: at('2026-11-20 10:00'),
  extensionsLeft: 1,
  maxExtensionDays: 5,
  appealsLeft: 1,
  consequence: '逾期未整改的，将限制并取消接入。',
  acts: ['restrict-access', 'cancel-access'],
  findings: [],
  freshlyConfirmed: true,
  ...over,
});
const screenOf = (view: CaseView, over: Partial<CaseScreen> = {}): CaseScreen => ({
  view,
  mark: 'm',
  ended: STATES[view.state].terminal === true,
  held: false,
  muted: false,
  offers: {
    recheck: { possible: false, why: '不可。' },
    extension: { possible: false, why: '不可。' },
    appeal: { possible: false, why: '不可。' },
    contacts: { possible: false, why: '不可。' },
  },
  named: [],
  looking: null,
  answered: null,
  appealRefused: null,
  extensionDays: [],
  history: [],
  snippets: [],
  pictures: [],
  ...over,
});
const bodyOf = (screen: CaseScreen, now = NOW): string =>
  caseBody({
    screen,
    handle: 'h',
    leaveToken: 'l',
    typed: null,
    several: false,
    formToken: 'f',
    extensionReasons: {},
    appealReasons: {},
    told: [],
    askAt: '400-000-0000',
    said: null,
    now,
    pollMs: 5000,
  });
const textOf = (markup: string): string => markup.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

describe('what an owner is told first, in every state of a case (R4.8)', () => {
  const SAID: Record<CaseState, RegExp> = {
    open: /还剩 15 天.*请于 2026年12月8日 24:00.*前整改/,
    extended: /请于 2026年12月8日 24:00.*前整改/,
    overdue: /已过，复查仍未通过。如已整改，请联系我们复核/,
    'enforcement-asked': /已过，复查仍未通过/,
    'enforcement-approved': /已批准限制访问，即将执行/,
    restricted: /已于 2026年11月20日.*被限制访问。2026年12月22日.*前仍未整改的，将取消接入/,
    appealed: /申诉审核中，预计 2026年11月24日.*前完成。审核期间不会进一步处理/,
    restoring: /正在恢复访问/,
    restored: /已临时恢复访问。请于/,
    'cancellation-asked': /取消接入正在审批/,
    'cancellation-approved': /取消接入已批准，随时可能执行/,
    lifting: /正在解除访问限制，无需再操作/,
    resolved: /问题已解决，无需再操作/,
    cancelled: /接入已取消/,
    closed: /本案已结束，无需操作/,
  };
  it.each(Object.entries(SAID) as [CaseState, RegExp][])('%s', (state, said) =>
    expect(textOf(bodyOf(screenOf(viewOf({ state }))))).toMatch(said),
  );
  it.each(['appealed', 'restoring', 'lifting', 'resolved', 'closed'] as const)('%s threatens nothing', (state) => {
    const text = textOf(bodyOf(screenOf(viewOf({ state }))));
    expect(text).not.toMatch(/将取消接入|逾期的后果|仍未整改/);
  });
  it('a date to cancel that passed is not told as one to come', () =>
    expect(textOf(bodyOf(screenOf(viewOf({ state: 'restricted' })), at('2026-12-24 10:00')))).not.toContain(
      '将取消接入，',
    ));
  it('a programme without acts threatens nothing (R12)', () => {
    const view = viewOf({ state: 'overdue', acts: [], consequence: '可能被公安机关责令改正。' });
    expect(textOf(bodyOf(screenOf(view)))).not.toMatch(/限制|取消接入|不再处理/);
  });
  it('mended, but another case restricts the site: told so', () =>
    expect(textOf(bodyOf(screenOf(viewOf({ state: 'resolved' }), { held: true })))).toContain(
      '因另一案件仍处于限制访问状态',
    ));
  it('a re-check is spoken of only where it is offered', () => {
    const offers = screenOf(viewOf()).offers;
    for (const state of ['overdue', 'enforcement-asked', 'enforcement-approved', 'cancellation-asked'] as const) {
      const text = (recheck: CaseScreen['offers']['recheck']): string =>
        textOf(bodyOf(screenOf(viewOf({ state }), { offers: { ...offers, recheck } })));
      expect(text({ possible: true })).toContain('请在下方立即复查');
      expect(text({ possible: false, why: '不可。' })).not.toContain('请在下方立即复查');
    }
  });
  it('a check that is paused asks nothing and threatens nothing', () => {
    const text = textOf(bodyOf(screenOf(viewOf(), { muted: true })));
    expect(text).toContain('暂时无需操作');
    expect(text).not.toMatch(/前整改|逾期的后果/);
  });
  it('no code of a case stands on a page: it is a key', () =>
    expect(bodyOf(screenOf(viewOf()))).not.toContain('ABCDEFGHJK'));
  it('a look without an answer is not promised for ever', () =>
    expect(textOf(bodyOf(screenOf(viewOf(), { looking: 'late' })))).toContain('暂未取得结果'));
});

it('markup in any value stays text', () => {
  const finding = {
    title: EVIL,
    remedy: `改 <b>${EVIL}</b>`,
    evidence: [{ label: EVIL, value: EVIL }],
    records: [{ host: EVIL, name: EVIL, type: 'A' as const, value: EVIL, now: EVIL }],
    lastSeenAt: NOW,
    standing: true,
    verdictId: null,
    numbers: [EVIL],
  };
  const view = viewOf({
    code: EVIL,
    programme: EVIL,
    subjectName: EVIL,
    number: EVIL,
    siteName: EVIL,
    domains: [EVIL],
    consequence: EVIL,
    findings: [finding],
  });
  const evil = { possible: false, why: EVIL } as const;
  const screen = screenOf(view, {
    mark: EVIL,
    held: true,
    offers: { recheck: { possible: true }, extension: { possible: true }, appeal: evil, contacts: { possible: true } },
    named: [{ id: 1, channel: 'email', address: EVIL, state: 'waiting' }],
    history: [{ at: NOW, what: EVIL }],
    snippets: [EVIL],
    pictures: [EVIL],
  });
  const body = caseBody({
    screen,
    handle: EVIL,
    leaveToken: EVIL,
    typed: { deed: 'extension', values: { text: EVIL, reason: EVIL } },
    several: true,
    formToken: EVIL,
    extensionReasons: { [EVIL]: EVIL },
    appealReasons: { [EVIL]: EVIL },
    told: [EVIL],
    askAt: EVIL,
    said: { text: EVIL, bad: true },
    now: NOW,
    pollMs: 5000,
  });
  const frame = { signature: EVIL, askAt: EVIL };
  for (const page of [
    body,
    pageHtml(EVIL, '', frame),
    codeForm(EVIL, EVIL),
    keyForm(EVIL, 1),
    listBody([{ view, handle: EVIL }], NOW),
    lostBody(EVIL),
  ])
    expect(page).not.toContain('<script>alert');
});
