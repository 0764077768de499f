import { setTimeout } from 'node:timers/promises';
import { html } from 'ghtml';
import { beijingTable } from '../../calendar/beijing-time.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import { STATES } from '../../cases/moves.ts';
import { policyAt } from '../../cases/programme-policy.ts';
import type { CaseState } from '../../cases/types.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Sweep } from '../../ledger/types.ts';
import { caseSummary } from '../../view/case-summary.ts';
import { barsSvg, type Series, trendSvg } from './charts.ts';
import { listHtml, tableHtml, timeHtml, verdictText } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { needsHand } from './needs-hand.ts';
import { checkTitle } from './words.ts';

/** Sweeps the trend shows, and deadlines the list shows. */
const TREND_SWEEPS = 24;
const NEXT_DEADLINES = 10;
/** Appeals looked through for the one that is due first: humans judge them, so they are few. */
const MOST_APPEALS = 500;
const MOST_WAITING = 10_000;
const MAX_OLD_LISTS = 5;
const VERDICTS = ['fail', 'warn', 'inconclusive', 'pass'] as const;
const DAY_MS = 86_400_000;

/** `/`: what stands, what is due next, what goes on, and what needs a hand. */
export function addOverview(kit: ConsoleKit): void {
  const { parts } = kit;
  const counted = new CaseTotals(parts.ledger);
  // Read once at the start: the first page must not wait for a cold disk.
  counted.get();
  kit.page(
    '/',
    ({ say }) => say('概览', 'Overview'),
    async (visit) => {
      const totals = counted.get();
      const jobs = await Promise.race([
        parts.worker.queues().catch(() => null),
        setTimeout(parts.queueWaitMs, null, { ref: false }),
      ]);
      return html`<div data-live="overview" data-mark="${overviewMark(parts)}" data-mark-from="/overview/mark">
!${needsHand(parts, visit, totals)}<div class="columns">!${sitesCard(parts, visit)}!${sweepCard(parts, visit)}!${casesCard(parts, visit, totals)}!${deadlinesCard(parts, visit)}!${trendCard(parts, visit)}!${healthCard(parts, visit, jobs)}</div></div>`;
    },
  );
  kit.data('/overview/mark', () => ({ mark: overviewMark(parts) }));
}

type Totals = ReturnType<Ledger['cases']['totals']>;

/** Cases by programme and stage, counted again once a case moved. */
class CaseTotals {
  readonly #ledger: Ledger;
  #head = -1;
  #totals: Totals = [];

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  get(): Totals {
    const head = this.#ledger.api.feedHead();
    if (head !== this.#head) this.#totals = this.#ledger.cases.totals();
    this.#head = head;
    return this.#totals;
  }
}

/** Changes whenever something the overview shows does. */
function overviewMark({ ledger, figures }: ConsoleParts): string {
  const open = ledger.sweeps.underWay().map(({ id, state, judged, total }) => [id, state, judged, total]);
  return JSON.stringify([
    open,
    ledger.sweeps.recentOfKind('scheduled', 1)[0]?.finishedAt ?? 0,
    figures.latest()?.at ?? 0,
    ledger.api.feedHead(),
    ledger.openAlerts().length,
    ledger.sweeps.rescansWaiting(),
  ]);
}

const card = (title: string, body: string): string => html`<section class="card"><h2>${title}</h2>!${body}</section>`;

/** The programme a check opens cases of, at an instant. */
function programmeOf(keeper: CaseKeeper, { admin }: Visit, checkId: string, now: number): string {
  const { programmes } = keeper.rules.programmes;
  const found = Object.entries(programmes).find(
    ([id]) => policyAt(keeper.rules.programmes, id, now)?.checks.includes(checkId) === true,
  );
  return found?.[1].title[admin.language] ?? '—';
}

function sitesCard({ figures, keeper, now }: ConsoleParts, visit: Visit): string {
  const { say } = visit;
  const title = say('网站与核查结果', 'Sites by verdict');
  const latest = figures.latest();
  if (latest === null) return card(title, html`<p class="soft">${say('正在统计……', 'Counting…')}</p>`);
  const active = latest.sites.filter(({ state }) => state === 'active').reduce((sum, { count }) => sum + count, 0);
  const worst = (rank: number): number => latest.worst.find((one) => one.worst === rank)?.count ?? 0;
  const judged = [4, 3, 2, 1].reduce((sum, rank) => sum + worst(rank), 0);
  const checkIds = [...new Set(latest.verdicts.map(({ checkId }) => checkId))].sort(
    (a, b) =>
      programmeOf(keeper, visit, a, now()).localeCompare(programmeOf(keeper, visit, b, now())) || a.localeCompare(b),
  );
  const of = (checkId: string, verdict: string): number =>
    latest.verdicts.find((one) => one.checkId === checkId && one.verdict === verdict)?.count ?? 0;
  const number = (count: number): string => count.toLocaleString('en');
  const rows = checkIds.map((checkId) => [
    html`${programmeOf(keeper, visit, checkId, now())}`,
    html`${checkTitle(visit, checkId)}`,
    ...VERDICTS.map((verdict) =>
      of(checkId, verdict) === 0
        ? '0'
        : html`<a href="/sites?verdict=${verdict}&amp;check=${checkId}">${number(of(checkId, verdict))}</a>`,
    ),
  ]);
  const bars: Series[] = VERDICTS.map((verdict, index) => ({
    name: verdictText(visit, verdict),
    tone: verdict,
    values: [worst(4 - index)],
  }));
  return card(
    title,
    html`!${listHtml([
      [say('有效网站', 'Active sites'), html`${number(active)}`],
      [say('尚未核查完', 'Not judged yet, or not all'), html`${number(Math.max(0, active - judged))}`],
    ])}
!${barsSvg(bars, say('按最差结果', 'By worst verdict'))}
!${tableHtml([say('专项', 'Programme'), say('核查项目', 'Check'), ...VERDICTS.map((verdict) => html`${verdictText(visit, verdict)}`)], rows, say('还没有核查结果。', 'No verdicts yet.'), say('按核查项目', 'By check'))}
<p class="soft">${say('统计于', 'Counted at')} !${timeHtml(latest.at)}</p>`,
  );
}

function sweepCard({ ledger, now }: ConsoleParts, visit: Visit): string {
  const { say } = visit;
  const running = ledger.sweeps.underWay();
  const waiting = ledger.sweeps.rescansWaiting(MOST_WAITING);
  const rows = running.slice(0, 6).map((sweep) => {
    const share = sweep.total === 0 ? 1 : sweep.judged / sweep.total;
    return html`<li><p>${kindText(visit, sweep)} ${sweep.id} · !${timeHtml(sweep.startedAt)}</p>
<progress max="1" value="${share}" aria-label="${say('进度', 'Progress')} ${sweep.id}"></progress> ${sweep.judged.toLocaleString('en')} / ${sweep.total.toLocaleString('en')} ${say('项（网站 × 核查，边取边增）', 'checks of sites, growing as sites are taken up')}</li>`;
  });
  const oldest = ledger.oldestDueAt();
  const lag = oldest === null ? 0 : Math.max(0, now() - oldest);
  return card(
    say('巡检进度', 'Sweep progress'),
    html`!${rows.length === 0 ? html`<p>${say('目前没有进行中的巡检。', 'No sweep is under way.')}</p>` : html`<ul class="plain-list">!${rows.join('')}</ul>`}
!${listHtml([
      [
        say('待复查请求', 'Rescans waiting'),
        html`${waiting.single + waiting.bulk}${waiting.bulk === MOST_WAITING ? '+' : ''}`,
      ],
      [
        say('核查最多落后', 'Looks are late by at most'),
        html`${lag < 60_000 ? say('没有落后', 'none is late') : spanText(visit, lag)}`,
      ],
    ])}`,
  );
}

/** A span of time, in the unit people would say it in. */
function spanText({ say }: Visit, spanMs: number): string {
  const minutes = Math.round(spanMs / 60_000);
  if (minutes < 120) return say(`${minutes} 分钟`, `${minutes} min`);
  const hours = Math.round(minutes / 60);
  if (hours < 48) return say(`${hours} 小时`, `${hours} h`);
  const days = Math.round(hours / 24);
  return say(`${days} 天`, `${days} days`);
}

const kindText = ({ say }: Visit, { kind }: Sweep): string =>
  ({ scheduled: say('定时巡检', 'Sweep'), scan: say('扫描', 'Scan'), rescan: say('复查', 'Rescan') })[kind];

function casesCard({ keeper }: ConsoleParts, { say, admin }: Visit, totals: Totals): string {
  const live = totals.filter(({ state }) => STATES[state].terminal !== true);
  const programmes = [...new Set(live.map(({ programme }) => programme))].sort();
  const states = (Object.keys(STATES) as CaseState[]).filter((state) => live.some((one) => one.state === state));
  const titleOf = (programme: string): string =>
    keeper.rules.programmes.programmes[programme]?.title[admin.language] ?? programme;
  const count = (programme: string, state: CaseState): number =>
    live.find((one) => one.programme === programme && one.state === state)?.count ?? 0;
  const rows = states.map((state) => [
    html`${say(STATES[state].zh, state)}`,
    ...programmes.map((programme) =>
      count(programme, state) === 0
        ? '0'
        : html`<a href="/cases?state=${state}&amp;programme=${programme}">${count(programme, state).toLocaleString('en')}</a>`,
    ),
  ]);
  return card(
    say('整改单', 'Cases by stage'),
    tableHtml(
      [say('阶段', 'Stage'), ...programmes.map((one) => html`${titleOf(one)}`)],
      rows,
      say('没有未结的整改单。', 'No open cases.'),
      say('未结的整改单', 'Open cases'),
    ),
  );
}

/** What ends next: a remediation period, the time before access is cancelled (R6.6), the time an appeal is judged in. */
function deadlinesCard({ keeper, ledger, now }: ConsoleParts, { say }: Visit): string {
  const running = ledger.cases.page(['open', 'extended', 'restored'], null, null, NEXT_DEADLINES).records;
  // Apart: those restricted long ago stand before an appeal of today in the order of their deadlines.
  const later = [
    ...ledger.cases.page(['appealed'], null, null, MOST_APPEALS).records,
    ...ledger.cases.page(['restricted'], null, null, NEXT_DEADLINES * 5).records,
  ];
  const soon = [
    ...running.map((record) => ({ record, dueAt: record.deadlineAt, what: say('整改期限', 'remediation') })),
    ...later.flatMap((record) => {
      const dueAt = record.state === 'appealed' ? record.reviewDueAt : record.cancelDueAt;
      const what = record.state === 'appealed' ? say('申诉审核', 'appeal') : say('取消接入', 'cancelling');
      return dueAt === null ? [] : [{ record, dueAt, what }];
    }),
  ]
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, NEXT_DEADLINES);
  const rows = soon.map(({ record, dueAt, what }) => {
    const { domain, number } = caseSummary(keeper, record);
    const days = Math.floor((dueAt - now()) / DAY_MS);
    return [
      html`<a href="/cases/${record.code}">${record.code}</a>`,
      html`${domain ?? number}`,
      html`${what}`,
      timeHtml(dueAt),
      html`${days < 0 ? say('已过', 'passed') : say(`${days} 天`, `${days} d`)}`,
    ];
  });
  return card(
    say('最近的期限', 'Next deadlines'),
    tableHtml(
      [say('整改单', 'Case'), say('网站', 'Site'), say('事项', 'What'), say('期限', 'Deadline'), say('还剩', 'Left')],
      rows,
      say('没有临近的期限。', 'None.'),
      say('最近的期限', 'Next deadlines'),
    ),
  );
}

function trendCard({ ledger }: ConsoleParts, visit: Visit): string {
  const { say } = visit;
  const sweeps = ledger.sweeps.recentOfKind('scheduled', TREND_SWEEPS).toReversed();
  const counts = sweeps.map(({ id }) => {
    const final = ledger.sweeps.counts(id).filter(({ stage }) => stage === 'final');
    return (verdict: string): number =>
      final.filter((one) => one.verdict === verdict).reduce((sum, { count }) => sum + count, 0);
  });
  const share = (of: (verdict: string) => number, verdict: string): number => {
    const all = VERDICTS.reduce((sum, one) => sum + of(one), 0);
    return all === 0 ? 0 : (of(verdict) / all) * 100;
  };
  const series: Series[] = (['fail', 'warn', 'inconclusive'] as const).map((verdict) => ({
    name: verdictText(visit, verdict),
    tone: verdict,
    values: counts.map((of) => share(of, verdict)),
  }));
  const title = say('最近巡检的走势（占比 %）', 'Trend of the last sweeps (share, %)');
  if (sweeps.length < 2)
    return card(title, html`<p class="soft">${say('至少两次巡检后显示。', 'Shown after two sweeps.')}</p>`);
  const labels = sweeps.map(({ startedAt }) => beijingTable(startedAt));
  return card(title, trendSvg(series, labels, title));
}

function healthCard(
  { ranges, config, worker, ledger, now }: ConsoleParts,
  visit: Visit,
  jobs: Record<string, Record<string, number>> | null,
): string {
  const { say } = visit;
  const tick = worker.lastTickAt();
  const silent = tick === null || now() - tick > config.settings.sweep.tickMs * 10;
  const { maxAgeMs } = config.settings.ranges;
  const old = (ranges?.lists ?? []).filter(({ date }) => now() - Date.parse(date) > maxAgeMs);
  const queued = jobs === null ? null : Object.entries(jobs);
  const { notices, enforcement } = config.settings;
  const live = (on: boolean): string => (on ? say('已启用', 'live') : say('试运行', 'dry-run'));
  const messages = ledger.outbox.nextDueAt();
  return card(
    say('运行状况', 'Health'),
    listHtml([
      [
        say('调度', 'Scheduler'),
        html`<span class="badge ${silent ? 'fail' : 'pass'}">${silent ? say('没有响应', 'silent') : say('正常', 'running')}</span> !${timeHtml(tick)}`,
      ],
      [
        say('队列', 'Queues'),
        queued === null
          ? html`<span class="badge fail">${say('没有响应', 'no answer')}</span>`
          : queuesHtml(visit, queued, worker.kind),
      ],
      [say('网段列表', 'Provider lists'), rangesHtml(visit, ranges, ledger, old)],
      [say('通知', 'Notices'), html`${live(notices.live)}`],
      [say('处置', 'Enforcement'), html`${live(enforcement.live)}`],
      [say('最早待发通知', 'Next notice due'), timeHtml(messages)],
    ]),
  );
}

/** Jobs that wait or run, and apart from them those that failed. */
function queuesHtml(visit: Visit, queued: [string, Record<string, number>][], kind: string): string {
  const { say } = visit;
  const sum = (wanted: (state: string) => boolean): number =>
    queued
      .flatMap(([, counts]) => Object.entries(counts))
      .filter(([state]) => wanted(state))
      .reduce((all, [, count]) => all + count, 0);
  const failed = sum((state) => state === 'failed');
  const name = { redis: 'Redis', postgres: 'PostgreSQL', embedded: say('内嵌队列', 'embedded') }[kind] ?? kind;
  const words = `${say('待处理', 'waiting')} ${sum((state) => state !== 'failed')} · ${say('失败', 'failed')} ${failed}（${name}）`;
  const badge = failed > 0 ? html` <span class="badge warn">${say('有失败任务', 'jobs failed')}</span>` : '';
  return visit.may('operator') ? html`<a href="/queues">${words}</a>!${badge}` : html`${words}!${badge}`;
}

/** Are the lists there, whole, believed and fresh? */
function rangesHtml(
  { say, admin }: Visit,
  ranges: ConsoleParts['ranges'],
  ledger: Ledger,
  old: readonly { name: Record<'zh' | 'en', string> }[],
): string {
  const lists = ranges?.lists.length ?? 0;
  const broken = ranges?.problems.length ?? 0;
  const names = html`<a href="/ranges">${old
    .slice(0, MAX_OLD_LISTS)
    .map(({ name }) => name[admin.language])
    .join(say('、', ', '))}${old.length > MAX_OLD_LISTS ? ` … (${old.length})` : ''}</a>`;
  const badge = (tone: string, text: string): string => html`<span class="badge ${tone}">${text}</span>`;
  if (lists === 0) return html`!${badge('fail', say('没有', 'none'))} <a href="/ranges">0</a>`;
  if (ledger.enforcements.held('ranges') !== null)
    return html`!${badge('fail', say('异常缩小', 'shrank'))} <a href="/notices">${lists}</a>`;
  if (broken > 0)
    return html`!${badge('warn', say(`${broken} 行不能使用`, `${broken} lines unusable`))} <a href="/ranges">${lists}</a>`;
  return old.length === 0
    ? html`!${badge('pass', say('有效', 'fresh'))} ${lists}`
    : html`!${badge('warn', say(`${old.length} 份过期`, `${old.length} old`))} !${names}`;
}
