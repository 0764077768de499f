import { html } from 'ghtml';
import { beijingTable } from '../../calendar/beijing-time.ts';
import type { CaseState } from '../../cases/types.ts';
import type { Hold } from '../../ledger/enforcements-store.ts';
import type { LedgerFigures } from '../../ledger/figures.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { stuckNotices } from '../../notify/stuck.ts';
import { timeHtml } from './frame.ts';
import type { ConsoleParts, Visit } from './kit.ts';
import { saidOf } from './words.ts';

const MAX_ALERTS = 20;
/** Alerts of one sort that are shown, and that are folded behind them. */
const SHOWN_OF_A_SORT = 2;
const MAX_OF_A_SORT = 100;
/** Stuck notices counted before it says “more”. */
const STUCK_COUNTED = 50;
/** A share of sites that could not be observed from which on it is more likely our own network; of a few sites it takes half. */
const BLIND_SHARE = 0.2;
const BLIND_SHARE_OF_FEW = 0.5;
const FEW_SITES = 20;
const FEWEST_SITES = 3;

/** What an emergency stop in force means. */
const STOPS: Record<Hold['key'], [zh: string, en: string]> = {
  notices: ['通知发送已停止', 'Sending is stopped'],
  enforcement: ['处置已停止', 'Enforcement is stopped'],
  clock: ['本机时钟不可信，暂停一切告知与处置', 'The clock is not believed: nobody is accused'],
  ranges: ['网段表异常缩小，暂停一切告知与处置', 'A range list shrank: nobody is accused'],
};

/** Alerts, emergency stops, held sweeps, what waits for an approval or a ruling: first, because nothing else moves them. */
export function needsHand(
  { ledger, figures, now }: ConsoleParts,
  visit: Visit,
  totals: ReturnType<Ledger['cases']['totals']>,
): string {
  const { say } = visit;
  const stuck = stuckNotices(ledger.outbox, now(), STUCK_COUNTED).length;
  const blind = blindShare(figures.latest());
  const held = ledger.sweeps.underWay().filter(({ state }) => state === 'held');
  const waiting = (state: CaseState): number =>
    totals.filter((one) => one.state === state).reduce((sum, { count }) => sum + count, 0);
  const suspicions = ledger.reviews.waiting();
  const items = [
    ...(ledger.sites.page({}, null, 1).rows.length === 0
      ? [
          html`<li>${say('还没有备案数据：请先', 'There are no filings yet: ')}<a href="/imports">${say('导入备案', 'import them')}</a></li>`,
        ]
      : []),
    ...(blind > 0
      ? [
          html`<li class="bad"><a href="/sites?verdict=inconclusive">${say(`${Math.round(blind * 100)}% 的网站未能核实`, `${Math.round(blind * 100)}% of the sites could not be observed`)}</a>：${say('请先检查巡检机自己的网络与解析器；未能核实的不会告知网站方。', 'look at this machine’s own network and resolvers first; nobody is told of what was not observed.')}</li>`,
        ]
      : []),
    ...held.map(
      ({ id, heldReason, heldReasonZh }) =>
        html`<li class="bad"><a href="/sweeps">${say(`熔断暂停巡检 ${id}`, `The circuit breaker holds sweep ${id}`)}</a>：${saidOf(visit, heldReason, heldReasonZh)}</li>`,
    ),
    ...ledger.enforcements
      .holds()
      .filter(({ releasedAt }) => releasedAt === null)
      .map(
        ({ key, reason, reasonZh, since }) =>
          html`<li class="bad"><a href="/notices">${say(...STOPS[key])}</a>：${saidOf(visit, reason, reasonZh)}（${beijingTable(since)}）</li>`,
      ),
    ...(
      [
        ['enforcement-asked', say('待批准的限制访问', 'restrictions to approve')],
        ['cancellation-asked', say('待批准的取消接入', 'cancellations to approve')],
        ['appealed', say('待审核的申诉', 'appeals to judge')],
      ] as const
    )
      .filter(([state]) => waiting(state) > 0)
      .map(([state, text]) => html`<li><a href="/cases?state=${state}">${text}：${waiting(state)}</a></li>`),
    ...(stuck > 0
      ? [
          html`<li><a href="/notices?state=stuck">${say('未送达或结果未知的通知', 'Notices that failed or whose fate is unknown')}：${stuck}${stuck >= STUCK_COUNTED ? '+' : ''}</a></li>`,
        ]
      : []),
    ...(suspicions > 0
      ? [html`<li><a href="/suspicions">${say('待人工研判', 'Suspicions to rule on')}：${suspicions}</a></li>`]
      : []),
    ...bySort(
      // Those counted above by what they are about.
      ledger.openAlerts().filter(({ key }) => !/^(?:approval|appeal|sweep-held|hold)-/.test(key)),
    )
      .slice(0, MAX_ALERTS)
      .map(({ shown, more, left }) => {
        const lines = shown.map(
          ({ message, messageZh, raisedAt }) =>
            html`<li>!${linkedHtml(ledger, saidOf(visit, message, messageZh))} <span class="soft">!${timeHtml(raisedAt)}</span></li>`,
        );
        const rest =
          more.length === 0
            ? ''
            : html`<li><details><summary>${say(`同类告警另有 ${left} 条`, `${left} more of this sort`)}</summary><ul>!${more.map(({ message, messageZh }) => html`<li>!${linkedHtml(ledger, saidOf(visit, message, messageZh))}</li>`).join('')}</ul></details></li>`;
        return `${lines.join('')}${rest}`;
      }),
  ];
  return items.length === 0
    ? html`<p class="said" role="status">${say('没有需要处理的事项。', 'Nothing needs a hand.')} <span class="soft">${beijingTable(now())}</span></p>`
    : html`<section class="card"><h2>${say('需要处理', 'Needs a hand')}</h2><ul class="alerts">!${items.join('')}</ul></section>`;
}

/** Alerts of one sort (a case's code stands at the end of their keys) together: the first two, and the others folded. */
function bySort<Alert extends { key: string }>(
  alerts: readonly Alert[],
): { shown: Alert[]; more: Alert[]; left: number }[] {
  const sorts = new Map<string, Alert[]>();
  for (const alert of alerts) {
    const sort = alert.key.replace(/-(?:[0-9A-HJKMNP-TV-Z]{10}|\d+)$/, '');
    const known = sorts.get(sort);
    if (known === undefined) sorts.set(sort, [alert]);
    else known.push(alert);
  }
  return [...sorts.values()].map((all) => ({
    shown: all.slice(0, SHOWN_OF_A_SORT),
    more: all.slice(SHOWN_OF_A_SORT, MAX_OF_A_SORT),
    left: all.length - SHOWN_OF_A_SORT,
  }));
}

/** The share of the judged sites of which nothing worse is known than that they could not be observed; 0 where it is no cause for doubt. */
function blindShare(latest: LedgerFigures | null): number {
  const of = (rank: number): number => latest?.worst.find(({ worst }) => worst === rank)?.count ?? 0;
  const judged = [4, 3, 2, 1].reduce((sum, rank) => sum + of(rank), 0);
  const share = judged < FEWEST_SITES ? 0 : of(2) / judged;
  return share >= (judged < FEW_SITES ? BLIND_SHARE_OF_FEW : BLIND_SHARE) ? share : 0;
}

/** A text in which codes of cases lead to them. */
const linkedHtml = (ledger: Ledger, text: string): string =>
  text
    .split(/\b([0-9A-HJKMNP-TV-Z]{10})\b/)
    .map((part, index) =>
      index % 2 === 1 && ledger.cases.byCode(part) !== null
        ? html`<a href="/cases/${part}">${part}</a>`
        : html`${part}`,
    )
    .join('');
