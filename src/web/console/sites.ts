import type { FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { checks } from '../../checks/index.ts';
import type { Verdict } from '../../checks/types.ts';
import { InputError } from '../../errors.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { SiteQuery, SiteRow } from '../../ledger/site-list-store.ts';
import { openName } from '../../privacy/open-names.ts';
import { Exports, FORMATS, siteTable } from '../exports.ts';
import { countedSites, countUpTo, demandWhole, requestAll, sitesASecond } from '../rescan-filter.ts';
import { type Form, formOf } from '../web-app.ts';
import { exportHtml, nextHtml, optionsHtml, queryOf, tableHtml, timeHtml, verdictHtml, verdictText } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { checkTitle } from './words.ts';

const PAGE_ROWS = 50;
const FILTERS = ['text', 'verdict', 'check', 'province', 'provider', 'state'] as const;
const VERDICTS: readonly Verdict[] = ['fail', 'warn', 'inconclusive', 'pass'];
const STATES = ['active', 'access-cancelled', 'revoked'] as const;
/** Sites a filter is counted up to before it is asked for. */
const COUNTED = 20_000;
/** How long a preview counts before it takes the whole ledger’s figures, or says “more” (ms). */
const COUNTING_MS = 40;
const MAX_SELECTED = 500;
const MAX_VIEWS = 50;
/** Characters of the ids of a page. */
const MAX_IDS = 1000;

/** Query string → query. Throws nothing: what is no filter is left out. */
export function siteQuery(given: Record<string, string>): SiteQuery {
  const { text, verdict, check, province, provider, state } = given;
  return {
    ...(text !== undefined && { text }),
    ...(VERDICTS.includes(verdict as Verdict) && { verdict: verdict as Verdict }),
    ...(verdict !== undefined && checks.some(({ id }) => id === check) && { checkId: check as string }),
    ...(province !== undefined && { province }),
    ...(provider !== undefined && { provider }),
    ...(STATES.includes(state as 'active') && { state: state as string }),
  };
}

/** `/sites`: search, filters, saved views, and rescans of a selection or of everything a filter finds. */
export function addSites(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/sites',
    ({ say }) => say('网站', 'Sites'),
    (visit, request) => sitesPage(parts, visit, request.query),
  );
  const exports = new Exports();
  kit.data('/sites/export.:format', async (visit, request, reply) => {
    const format = FORMATS.find((one) => one === (request.params as { format: string }).format);
    if (format === undefined) return reply.callNotFound();
    const query = queryOf(request.query, FILTERS);
    return kit.download(visit, reply, exports, format, () => {
      demandVerdict(visit, query);
      demandWhole(parts.ledger, siteQuery(query));
      return siteTable(parts.keeper, siteQuery(query), visit.admin.language, providerTitles(parts, visit));
    });
  });
  kit.data('/sites/mark', (_visit, request) => {
    const ids = (queryOf(request.query, ['ids'], MAX_IDS)['ids'] ?? '').split('.').map(Number);
    return { mark: marksOf(parts.ledger, ids.filter((id) => Number.isSafeInteger(id)).slice(0, PAGE_ROWS)) };
  });
  kit.deed(
    '/sites/views',
    'viewer',
    'save view',
    () => '/sites',
    (visit, form) => {
      const name = (form['name'] ?? '').trim().slice(0, 60);
      const query = new URLSearchParams(filterOf(form)).toString();
      if (name === '')
        throw new InputError(visit.say('视图没有名称', 'the view has no name'), visit.say('请填写名称', 'give one'));
      const known = parts.ledger.admins.views(visit.admin.id, 'sites');
      if (known.length >= MAX_VIEWS && !known.some((view) => view.name === name))
        throw new InputError(
          `${MAX_VIEWS} views are kept`,
          'delete one first',
          `最多保存 ${MAX_VIEWS} 个视图，请先删除一个`,
        );
      parts.ledger.admins.putView(visit.admin.id, 'sites', name, query);
      return { to: `/sites?${query}`, said: visit.say(`已保存视图“${name}”。`, `View “${name}” saved.`) };
    },
  );
  kit.deed(
    '/sites/views/:id/delete',
    'viewer',
    'delete view',
    () => '/sites',
    (visit, _form, request) => {
      const { id } = request.params as { id: string };
      if (!parts.ledger.admins.deleteView(Number(id), visit.admin.id))
        throw new InputError('no such view', 'open the page again', '没有该视图，请刷新页面');
      return { to: '/sites', said: visit.say('视图已删除。', 'View deleted.') };
    },
  );
  kit.deed('/sites/rescan', 'operator', 'rescan selection', backToList, (visit, form, request) => {
    const ids = selectedOf(visit, request.body).filter((id) => parts.ledger.sites.row(id)?.state === 'active');
    if (ids.length === 0)
      throw new InputError(
        visit.say('没有选择有效网站', 'no active site was chosen'),
        visit.say('请先勾选网站', 'tick some first'),
      );
    parts.ledger.sweeps.requestRescan(ids, visit.admin.name, parts.now());
    return {
      to: listAt(form),
      said: visit.say(
        `已请求复查 ${ids.length} 个网站，结果会陆续更新。`,
        `${ids.length} sites are looked at again ahead of the sweep.`,
      ),
      object: `${ids.length} sites`,
      detail: ids.slice(0, 100).join(' '),
    };
  });
  kit.deed('/sites/rescan/preview', 'operator', 'preview rescan', backToList, async (visit, form) => {
    const query = filterOf(form);
    return {
      to: '/sites',
      page: {
        title: visit.say('复查筛选结果', 'Rescan what the filter finds'),
        body: await previewBody(parts, visit, query),
      },
    };
  });
  kit.deed('/sites/rescan/filter', 'operator', 'rescan filter', backToList, (visit, form) => {
    const query = filterOf(form);
    demandMeant(visit, query);
    demandWhole(parts.ledger, siteQuery(query));
    void requestAll(parts.ledger, { ...siteQuery(query), state: 'active' }, visit.admin.name, parts.now()).catch(
      (error: unknown) => parts.log.error({ error }, 'a bulk rescan could not be requested'),
    );
    const words = new URLSearchParams(query).toString();
    return {
      to: `/sites?${words}`,
      said: visit.say(
        '已开始请求复查，排在单个复查之后、定时巡检之前。',
        'Being asked for: after single rescans, ahead of the sweep.',
      ),
      object: 'filter',
      detail: words === '' ? 'all sites' : words,
    };
  });
}

/** The filter a form was sent with. */
const filterOf = (form: Form): Record<string, string> =>
  queryOf(Object.fromEntries(new URLSearchParams(form['query'] ?? '')), FILTERS);

/** The list as it was filtered when a form was sent. */
function listAt(form: Form): string {
  const words = new URLSearchParams(filterOf(form)).toString();
  return words === '' ? '/sites' : `/sites?${words}`;
}
const backToList = (request: FastifyRequest): string => listAt(formOf(request.body));

/** A filter in words. */
function filterWords(visit: Visit, query: Record<string, string>, titles: ProviderTitles): string {
  const { say } = visit;
  const { text, verdict, check, province, provider, state } = query;
  const parts = [
    ...(text === undefined ? [] : [say(`包含“${text}”`, `with “${text}”`)]),
    ...(verdict === undefined ? [] : [`${say('结果', 'verdict')}：${verdictText(visit, verdict as Verdict)}`]),
    ...(check === undefined ? [] : [`${say('核查项目', 'check')}：${checkTitle(visit, check)}`]),
    ...(province === undefined ? [] : [`${say('省份', 'province')}：${province}`]),
    ...(provider === undefined ? [] : [`${say('接入商', 'provider')}：${titles(provider)}`]),
    ...(state === undefined ? [] : [`${say('状态', 'state')}：${siteStateText(visit, state)}`]),
  ];
  return parts.length === 0 ? say('没有筛选条件：全部有效网站。', 'No filter: every active site.') : parts.join('；');
}

/** What a provider is called, by its id. */
type ProviderTitles = (id: string) => string;
const providerTitles =
  ({ ranges }: ConsoleParts, { admin }: Visit): ProviderTitles =>
  (id) =>
    ranges?.lists.find((list) => list.id === id)?.name[admin.language] ?? id;

/** Changes whenever a verdict of the sites, or what waits for one, does. */
function marksOf(ledger: Ledger, ids: readonly number[]): string {
  return JSON.stringify(
    ids.map((id) => [
      ledger.verdicts
        .standing(id)
        .reduce((sum, { checkedAt, verdict }) => sum + (checkedAt ?? 0) + (verdict?.length ?? 0), 0),
      ledger.sweeps.rescanOf(id) === null ? 0 : 1,
    ]),
  );
}

function selectedOf({ say }: Visit, body: unknown): number[] {
  const given = (body as { site?: unknown } | null)?.site;
  const ids = new Set(
    [given]
      .flat()
      .map(Number)
      .filter((id) => Number.isSafeInteger(id) && id > 0),
  );
  if (ids.size > MAX_SELECTED)
    throw new InputError(
      say(`一次最多选择 ${MAX_SELECTED} 个`, `at most ${MAX_SELECTED} at once`),
      say('请改用“复查全部筛选结果”', 'use the filter instead'),
    );
  return [...ids];
}

/** Throws InputError where a filter is not what would be looked at: only active sites are. */
function demandMeant(visit: Visit, query: Record<string, string>): void {
  const { say } = visit;
  const { state } = query;
  if (state !== undefined && state !== 'active')
    throw new InputError(
      say('只有有效的备案才会复查', 'only active filings are looked at again (R15)'),
      say('请把“状态”改为不限或有效', 'choose another state'),
    );
  demandVerdict(visit, query);
}

/** Throws InputError where a check stands without a verdict: it would be every site. */
function demandVerdict({ say }: Visit, { check, verdict }: Record<string, string>): void {
  if (check !== undefined && verdict === undefined)
    throw new InputError(
      say('选了核查项目而没有选结果', 'a check was chosen without a verdict'),
      say('请同时选择“结果”，否则就是全部网站', 'choose a verdict too: else it would be every site'),
    );
}

async function previewBody(parts: ConsoleParts, visit: Visit, query: Record<string, string>): Promise<string> {
  const { say } = visit;
  const { ledger, config } = parts;
  demandMeant(visit, query);
  demandWhole(ledger, siteQuery(query));
  const meant: SiteQuery = { ...siteQuery(query), state: 'active' };
  const counted = await countUpTo(ledger, meant, COUNTED, COUNTING_MS);
  const known = counted.more ? countedSites(parts.figures.latest(), meant) : null;
  const about = known !== null && known > counted.count;
  const count = about ? known : counted.count;
  const more = counted.more && !about;
  const enabled = Object.values(config.settings.checks).filter((check) => check.enabled).length;
  const rate = sitesASecond(ledger, enabled);
  const words = new URLSearchParams(query).toString();
  const minutes = rate === null ? null : Math.max(1, Math.round(count / rate / 60));
  const time =
    minutes === null
      ? say('暂无近期速度可供估算。', 'No recent pace to estimate from.')
      : say(
          `按近期速度约需 ${minutes} 分钟${more ? '以上' : ''}。`,
          `At the recent pace about ${minutes} min${more ? ' or more' : ''}.`,
        );
  return html`<p>${say(`将复查${about ? '约' : ''} ${count.toLocaleString('en')}${more ? ' 个以上（未数完）' : ' 个'}有效网站。`, `${about ? 'About ' : ''}${count.toLocaleString('en')}${more ? ' or more' : ''} active sites would be looked at again.`)} ${time}</p>
<p class="soft">${filterWords(visit, query, providerTitles(parts, visit))}</p>
!${count === 0 && !more ? '' : visit.form('/sites/rescan/filter', html`<input type="hidden" name="query" value="${words}"><button>${say('确认复查', 'Look again')}</button>`)}
<p><a href="/sites?${words}">${say('返回', 'Back')}</a></p>`;
}

function sitesPage(parts: ConsoleParts, visit: Visit, given: unknown): string {
  const { ledger, ranges, figures, config } = parts;
  const { say } = visit;
  const query = queryOf(given, FILTERS);
  const after = queryOf(given, ['after'])['after'] ?? null;
  const page = ledger.sites.page(siteQuery(query), after, PAGE_ROWS);
  const words = new URLSearchParams(query).toString();
  const operator = visit.may('operator');
  const rows = page.rows.map((row) => siteCells(ledger, visit, row, operator));
  const heads = [
    ...(operator ? [html`<span class="sr">${say('选择', 'Choose')}</span>`] : []),
    say('域名', 'Domain'),
    say('核查结果', 'Verdicts'),
    say('网站', 'Site'),
    say('主体', 'Subject'),
    say('省份', 'Province'),
    say('状态', 'State'),
    say('最近核查', 'Last look'),
  ];
  const ids = page.rows.map(({ id }) => id);
  const table = tableHtml(heads, rows, say('没有符合条件的网站。', 'No site matches.'), say('网站列表', 'Sites'));
  const list =
    ids.length === 0
      ? table
      : html`<div data-live="sites" data-mark="${marksOf(ledger, ids)}" data-mark-from="/sites/mark?ids=${ids.join('.')}">!${table}</div>`;
  const hidden = html`<input type="hidden" name="query" value="${words}">`;
  const body =
    operator && rows.length > 0
      ? visit.form(
          '/sites/rescan',
          html`!${hidden}!${list}<p><button>${say('复查所选', 'Look at the chosen again')}</button></p>`,
        )
      : list;
  const provinces = [...new Set((figures.latest()?.sites ?? []).map(({ province }) => province))].sort();
  const providers = [...new Set([config.settings.accessProvider, ...(ranges?.lists ?? []).map(({ id }) => id)])];
  return html`!${filterForm(visit, query, provinces, providers, providerTitles(parts, visit))}!${viewsHtml(ledger, visit, words)}
!${query['check'] !== undefined && query['verdict'] === undefined ? html`<p class="said bad" role="status">${say('请同时选择“结果”：只选核查项目不能筛选。', 'Choose a verdict too: a check alone filters nothing.')}</p>` : ''}
!${page.truncated ? html`<p class="said" role="status">${say('匹配过多，只在其中一部分里查找，请输入更完整的域名、备案号或名称。', 'Too many match: only some were looked through; type more of the domain, number or name.')}</p>` : ''}
!${page.stopped ? html`<p class="said" role="status">${say('已查找一部分，请用“下一页”继续。', 'Part of the register was searched: go on with the next page.')}</p>` : ''}
!${body}!${nextHtml(visit, '/sites', query, page.next)}
<p>!${exportHtml(visit, '/sites/export', words)}</p>
!${operator ? visit.form('/sites/rescan/preview', html`!${hidden}<button class="plain">${say('复查全部筛选结果……', 'Look at everything this filter finds…')}</button>`) : ''}`;
}

function siteCells(ledger: Ledger, visit: Visit, row: SiteRow, operator: boolean): string[] {
  const standing = ledger.verdicts
    .standing(row.id)
    .filter(({ verdict, nextDueAt }) => verdict !== null && nextDueAt !== null);
  const worst = VERDICTS.find((one) => standing.some(({ verdict, shadow }) => verdict === one && shadow === 0)) ?? null;
  const bad = standing.filter(({ verdict }) => verdict === worst && worst !== 'pass').map(({ checkId }) => checkId);
  return [
    ...(operator
      ? [html`<input type="checkbox" id="pick-${row.id}" name="site" value="${row.id}" aria-label="${row.host}">`]
      : []),
    html`<a href="/sites/${row.id}">${row.host}</a>`,
    html`!${verdictHtml(visit, worst)} <span class="soft">${bad.map((id) => checkTitle(visit, id)).join('、')}</span>`,
    html`${row.siteNumber}<br><span class="soft">${row.name}</span>`,
    html`${openName(row.subjectName, row.subjectKind)}`,
    html`${row.province}`,
    html`${siteStateText(visit, row.state)}!${ledger.sweeps.rescanOf(row.id) === null ? '' : html` <span class="badge none">${visit.say('等待复查', 'rescan asked')}</span>`}`,
    timeHtml(
      standing.reduce<number | null>(
        (last, { checkedAt }) => (checkedAt === null ? last : Math.max(last ?? 0, checkedAt)),
        null,
      ),
    ),
  ];
}

/** The state of a filing in words. */
export const siteStateText = ({ say }: Visit, state: string): string =>
  ({
    active: say('有效', 'active'),
    'access-cancelled': say('已取消接入', 'access cancelled'),
    revoked: say('已注销', 'revoked'),
  })[state] ?? state;

function filterForm(
  visit: Visit,
  query: Record<string, string>,
  provinces: string[],
  providers: string[],
  titles: ProviderTitles,
): string {
  const { say } = visit;
  const any: [string, string] = ['', say('不限', 'any')];
  const select = (name: string, label: string, options: [string, string][]): string =>
    html`<p><label for="f-${name}">${label}</label><select id="f-${name}" name="${name}">!${optionsHtml([any, ...options], query[name] ?? '')}</select></p>`;
  return html`<form method="get" action="/sites" class="filters" role="search">
<p class="grow"><label for="f-text">${say('域名、备案号或主体名称', 'Domain, number or subject')}</label><input id="f-text" name="text" type="search" value="${query['text'] ?? ''}"></p>
!${select(
    'verdict',
    say('结果', 'Verdict'),
    VERDICTS.map((verdict) => [verdict, verdictText(visit, verdict)]),
  )}
!${select(
    'check',
    say('核查项目', 'Check'),
    checks.map(({ id }) => [id, checkTitle(visit, id)]),
  )}
!${select(
    'province',
    say('省份', 'Province'),
    provinces.map((one) => [one, one]),
  )}
!${select(
    'provider',
    say('接入商', 'Provider'),
    providers.map((one) => [one, titles(one)]),
  )}
!${select(
    'state',
    say('状态', 'State'),
    STATES.map((state) => [state, siteStateText(visit, state)]),
  )}
<p><button>${say('查询', 'Search')}</button> <a href="/sites">${say('清除', 'Clear')}</a></p></form>`;
}

function viewsHtml(ledger: Ledger, visit: Visit, words: string): string {
  const { say } = visit;
  const views = ledger.admins.views(visit.admin.id, 'sites');
  const path = '/sites/views';
  return html`<details class="views"><summary>${say('保存的视图', 'Saved views')}（${views.length}）</summary>
!${views.length === 0 ? '' : html`<ul class="plain-list">!${views.map((view) => html`<li><a href="/sites?${view.query}">${view.name}</a> !${visit.form(`/sites/views/${view.id}/delete`, html`<button class="plain small">${say('删除', 'Delete')}<span class="sr"> ${view.name}</span></button>`, 'class="inline"')}</li>`).join('')}</ul>`}
!${visit.form(path, html`<input type="hidden" name="query" value="${words}"><p><label for="view-name">${say('把当前筛选存为', 'Keep this filter as')}</label><input id="view-name" name="name" maxlength="60" value="${visit.typed(path, 'name')}" required></p><p><button class="plain">${say('保存', 'Save')}</button></p>`)}</details>`;
}
