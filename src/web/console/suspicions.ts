import { html } from 'ghtml';
import type { Review } from '../../ledger/reviews-store.ts';
import { openFinding } from '../../privacy/open-names.ts';
import { SuspicionDesk } from '../../programmes/suspicions.ts';
import { describeFindings } from '../../view/verdict-view.ts';
import { listHtml, optionsHtml, queryOf, timeHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { checkTitle, evidenceOf } from './words.ts';

const SHOWN = 50;
const STATES = ['waiting', 'confirmed', 'dismissed', 'gone'] as const;

/** `/suspicions`: what word lists and heuristics suspect; nothing follows before a human rules (R4.2). */
export function addSuspicions(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/suspicions',
    ({ say }) => say('待人工研判', 'Suspicions'),
    (visit, request) => page(parts, visit, request.query),
  );
  for (const ruling of ['confirmed', 'dismissed'] as const)
    kit.deed(
      `/suspicions/:id/${ruling}`,
      'operator',
      `suspicion ${ruling}`,
      () => '/suspicions',
      (visit, form, request) => {
        const { id } = request.params as { id: string };
        new SuspicionDesk(parts.ledger).rule(Number(id), ruling, visit.admin.name, form['reason'] ?? '', parts.now());
        return {
          to: '/suspicions',
          said:
            ruling === 'confirmed'
              ? visit.say(
                  '已确认，网站会马上复查，再次看到才立案。',
                  'Confirmed: the site is looked at again; a case opens once it is seen again.',
                )
              : visit.say('已排除。', 'Dismissed.'),
          object: `suspicion ${id}`,
          detail: form['reason'] ?? '',
        };
      },
    );
}

function page({ ledger }: ConsoleParts, visit: Visit, given: unknown): string {
  const { say } = visit;
  const query = queryOf(given, ['state']);
  const state = STATES.find((one) => one === query['state']) ?? 'waiting';
  const words: Record<(typeof STATES)[number], string> = {
    waiting: say('等待研判', 'waiting'),
    confirmed: say('已确认', 'confirmed'),
    dismissed: say('已排除', 'dismissed'),
    gone: say('已消失', 'no longer seen'),
  };
  const reviews = ledger.reviews.inState(state, SHOWN);
  return html`<p>${say('词表和启发式规则怀疑的内容：确认前不产生任何后果。', 'What word lists and heuristics suspect: nothing follows before somebody rules.')}</p>
<form method="get" action="/suspicions" class="filters"><p><label for="f-state">${say('状态', 'State')}</label><select id="f-state" name="state">!${optionsHtml(
    STATES.map((one) => [one, words[one]]),
    state,
  )}</select></p><p><button>${say('查询', 'Show')}</button></p></form>
!${reviews.length === 0 ? html`<p class="soft">${say('没有。', 'None.')}</p>` : reviews.map((review) => reviewHtml(ledger.sites.firstHost(review.siteId), visit, review)).join('')}`;
}

function reviewHtml(host: string, visit: Visit, review: Review): string {
  const { say, admin } = visit;
  const [finding] = describeFindings(review.checkId, [openFinding({ ...review, severity: 'fail' as const })]);
  const ruling = (name: 'confirmed' | 'dismissed', label: string, grave: boolean): string => {
    const path = `/suspicions/${review.id}/${name}`;
    const id = `${name}-${review.id}`;
    return visit.form(
      path,
      html`<p><label for="${id}">${say('理由', 'Reason')}</label><input id="${id}" name="reason" required maxlength="300" value="${visit.typed(path, 'reason')}"></p><p><button class="!${grave ? 'grave' : 'plain'}">${label}</button></p>`,
    );
  };
  return html`<section class="card"><h2><a href="/sites/${review.siteId}">${host}</a> · ${finding?.title[admin.language] ?? review.code}</h2>
!${listHtml([
    [say('核查项目', 'Check'), html`${checkTitle(visit, review.checkId)}`],
    [say('首次', 'Asked'), timeHtml(review.askedAt)],
    [say('最近看到', 'Last seen'), timeHtml(review.lastSeenAt)],
    ...openFinding(review)
      .evidence.map((one) => evidenceOf(visit, one))
      .map(({ label, value }): [string, string] => [label, html`${value}`]),
    ...(review.ruledBy === null
      ? []
      : ([[say('研判', 'Ruled'), html`${review.ruledBy}: ${review.reason ?? ''}`]] as [string, string][])),
  ])}
!${visit.may('operator') && review.state !== 'gone' ? html`<div class="two">!${review.state === 'confirmed' ? '' : ruling('confirmed', say('确认违规', 'It is so'), true)}!${review.state === 'dismissed' ? '' : ruling('dismissed', say('排除', 'It is not so'), false)}</div>` : ''}</section>`;
}
