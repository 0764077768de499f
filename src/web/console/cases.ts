import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { html } from 'ghtml';
import { isCode } from '../../cases/case-code.ts';
import { CaseDesk } from '../../cases/desk.ts';
import { isTerminal, STATES } from '../../cases/moves.ts';
import type { CaseRecord, CaseState } from '../../cases/types.ts';
import { InputError } from '../../errors.ts';
import type { AdminRole } from '../../ledger/admins-store.ts';
import { caseOfCode } from '../../notify/one-time-secret.ts';
import { openName } from '../../privacy/open-names.ts';
import { caseSummary } from '../../view/case-summary.ts';
import { type ActResult, CASE_ACTS, type CaseAct, demandKnown, doAct, tryAct } from '../case-acts.ts';
import { caseTable, Exports, FORMATS } from '../exports.ts';
import { formOf } from '../web-app.ts';
import { exportHtml, optionsHtml, queryOf, tableHtml, timeHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { wordOf } from './words.ts';

const PAGE_ROWS = 50;
const BOARD_ROWS = 6;
const MAX_BULK = 200;
/** Results of bulk acts that can still be looked at. */
const MAX_DONE = 50;
/** Cases worked on before others may work. */
const BULK_AT_ONCE = 5;
/** Sites whose cases a search by text looks at. */
const MATCHING_SITES = 200;
const FILTERS = ['state', 'programme', 'text'] as const;
const ALL_STATES = Object.keys(STATES) as CaseState[];
const LIVE = ALL_STATES.filter((state) => !isTerminal(state));

/** `/cases` and `/cases/board`: what runs, by stage or by deadline; and acts on many at once, with their effect shown first. */
export function addCases(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/cases',
    ({ say }) => say('整改单', 'Cases'),
    (visit, request) => listPage(parts, visit, request.query),
  );
  kit.page(
    '/cases/board',
    ({ say }) => say('整改单看板', 'Cases by stage'),
    (visit, request) => boardPage(parts, visit, request.query),
  );
  const exports = new Exports();
  kit.data('/cases/export.:format', async (visit, request, reply) => {
    const format = FORMATS.find((one) => one === (request.params as { format: string }).format);
    if (format === undefined) return reply.callNotFound();
    const { state, programme } = queryOf(request.query, ['state', 'programme']);
    const filter = { states: statesOf(state), ...(programme !== undefined && { programme }) };
    return kit.download(visit, reply, exports, format, () => caseTable(parts.keeper, filter, visit.admin.language));
  });
  const isCase = (code: string): boolean => parts.ledger.cases.byCode(code) !== null;
  // Whose role an act wants is known once it is read: operators may only do what is theirs.
  const demandAct = (visit: Visit, name: string | undefined): [string, CaseAct] => {
    const act = Object.hasOwn(CASE_ACTS, name ?? '') ? CASE_ACTS[name ?? ''] : undefined;
    if (act === undefined || act.bulk !== true)
      throw new InputError(
        visit.say('没有选择操作', 'no act was chosen'),
        visit.say('请选择要执行的操作', 'choose one'),
      );
    if (!visit.may(act.role))
      throw new InputError(
        visit.say('您的角色不能执行此操作', 'your role may not do this'),
        roleNeeded(visit, act.role),
      );
    return [name ?? '', act];
  };
  const done = new Map<string, { adminId: number; act: CaseAct; results: ActResult[] }>();
  kit.page(
    '/cases/bulk/done/:id',
    ({ say }) => say('批量操作结果', 'Done'),
    (visit, request) => {
      const one = done.get((request.params as { id: string }).id);
      if (one === undefined || one.adminId !== visit.admin.id) return null;
      return html`<p><strong>${visit.say(one.act.zh, one.act.en)}</strong></p>!${resultsBody(parts, visit, one.results)}`;
    },
  );
  kit.deed(
    '/cases/bulk',
    'operator',
    'preview bulk act',
    () => '/cases',
    async (visit, form, request) => {
      const [name, act] = demandAct(visit, form['act']);
      const codes = codesOf(visit, request.body, isCase);
      if (codes.length === 0)
        throw new InputError(
          visit.say('没有选择整改单', 'no case was chosen'),
          visit.say('请先勾选', 'tick some first'),
        );
      const desk = new CaseDesk(parts.keeper);
      // Nothing is changed here: every act is done and taken back.
      const results = await inTurn(codes, (code) =>
        tryAct(parts.keeper, desk, { act, code, form, actor: visit.actor, now: parts.now() }),
      );
      return {
        to: '/cases',
        page: {
          title: visit.say(`批量操作预览：${act.zh}`, `Preview: ${act.en}`),
          body: previewBody(parts, visit, name, act, results, formOf(request.body)),
        },
      };
    },
  );
  kit.deed(
    '/cases/bulk/apply',
    'operator',
    'bulk act',
    () => '/cases',
    async (visit, form, request) => {
      const [name, act] = demandAct(visit, form['act']);
      const desk = new CaseDesk(parts.keeper);
      const codes = codesOf(visit, request.body, isCase);
      for (const code of codes) demandKnown(name, desk.find(code), form);
      const results = await inTurn(codes, (code) => {
        const result = doAct(parts.keeper, desk, { act, code, form, actor: visit.actor, now: parts.now() });
        // A line a case, with what was said of it: a thousand signs hold no two hundred codes.
        const { problem } = result;
        kit.access.audit(
          visit.admin.name,
          `case ${name}`,
          `case ${code}`,
          problem === null ? 'done' : 'refused',
          problem === null ? (form['reason'] ?? '') : problem.en,
          parts.now(),
        );
        return result;
      });
      // A page of its own: loading it anew does nothing again.
      const id = randomBytes(12).toString('hex');
      done.set(id, { adminId: visit.admin.id, act, results });
      for (const oldest of done.size > MAX_DONE ? done.keys() : []) {
        done.delete(oldest);
        break;
      }
      return { to: `/cases/bulk/done/${id}` };
    },
  );
}

/** Work on each, letting others work in between. */
async function inTurn<Item, Result>(items: readonly Item[], work: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    results.push(work(item));
    if (index % BULK_AT_ONCE === BULK_AT_ONCE - 1) await setImmediate();
  }
  return results;
}

const roleNeeded = ({ say }: Visit, role: AdminRole): string =>
  role === 'approver' ? say('需要审批人', 'it needs an approver') : say('需要操作员', 'it needs an operator');

/** Codes of cases there are: a page may be older than the ledger. */
function codesOf({ say }: Visit, body: unknown, isCase: (code: string) => boolean): string[] {
  const given = (body as { case?: unknown } | null)?.case;
  const codes = new Set([given].flat().filter((one): one is string => typeof one === 'string' && isCode(one)));
  if (codes.size > MAX_BULK)
    throw new InputError(
      say(`一次最多 ${MAX_BULK} 个`, `at most ${MAX_BULK} at once`),
      say('请分几次办理', 'do it in several goes'),
    );
  return [...codes].filter((code) => isCase(code));
}

/** The stages of a filter: one, all, or (none given) those that have not ended. */
function statesOf(state: string | undefined): readonly CaseState[] {
  if (state === 'all') return ALL_STATES;
  const known = ALL_STATES.find((one) => one === state);
  return known === undefined ? LIVE : [known];
}

/** Cases by deadline, of the stages asked for. */
function pageOf(
  { ledger }: ConsoleParts,
  { state, programme }: Record<string, string>,
  after: string | null,
): { records: CaseRecord[]; next: string | null } {
  return ledger.cases.page([...statesOf(state)], programme ?? null, after, PAGE_ROWS);
}

/** The case of a code, or cases by a domain, a number or a subject, of the stages and programme asked for; `cut`: there may be more. */
function matching(
  { keeper, ledger }: ConsoleParts,
  { text = '', state, programme }: Record<string, string>,
): { records: CaseRecord[]; cut: boolean } {
  const own = caseOfCode(keeper, text);
  // Named by its code it is meant, whatever its stage.
  if (own !== null) return { records: [own], cut: false };
  const page = ledger.sites.page({ text }, null, MATCHING_SITES);
  const states = statesOf(state);
  const found = new Map<number, CaseRecord>();
  for (const { id, subjectId } of page.rows) {
    for (const record of ledger.cases.ofSite(id)) found.set(record.id, record);
    for (const record of ledger.cases.ofSubject(subjectId))
      if (record.scope === 'subject') found.set(record.id, record);
  }
  const records = [...found.values()]
    .filter((one) => states.includes(one.state) && (programme === undefined || one.programme === programme))
    .sort((a, b) => b.openedAt - a.openedAt);
  return {
    records: records.slice(0, PAGE_ROWS),
    cut: records.length > PAGE_ROWS || page.next !== null || page.truncated,
  };
}

function listPage(parts: ConsoleParts, visit: Visit, given: unknown): string {
  const { say } = visit;
  const query = queryOf(given, FILTERS);
  const { text } = query;
  const after = queryOf(given, ['after'])['after'] ?? null;
  const { records, next, cut } =
    text === undefined ? { ...pageOf(parts, query, after), cut: false } : { ...matching(parts, query), next: null };
  const operator = visit.may('operator');
  const rows = records.map((record) => caseCells(parts, visit, record, operator));
  const heads = [
    ...(operator ? [html`<span class="sr">${say('选择', 'Choose')}</span>`] : []),
    say('案件码', 'Code'),
    say('网站', 'Site'),
    say('项目', 'Programme'),
    say('阶段', 'Stage'),
    say('期限', 'Deadline'),
    say('下一步', 'Next'),
  ];
  const more = cut
    ? html`<p class="said" role="status">${say('结果过多，只列出一部分，请缩小范围。', 'Too many: only some are listed; narrow it down.')}</p>`
    : '';
  const list = tableHtml(heads, rows, say('没有符合条件的整改单。', 'No case matches.'), say('整改单列表', 'Cases'));
  return html`<p><a href="/cases/board">${say('看板', 'Board')}</a></p>!${filterForm(parts, visit, query)}!${more}
!${operator && rows.length > 0 ? visit.form('/cases/bulk', html`!${list}!${bulkFields(visit)}`) : list}
<p>!${text === undefined ? exportHtml(visit, '/cases/export', new URLSearchParams(query).toString()) : ''}</p>!${next === null ? '' : html`<p class="pages"><a href="/cases?${new URLSearchParams({ ...query, after: next }).toString()}">${say('下一页', 'Next page')}</a></p>`}`;
}

function caseCells({ keeper }: ConsoleParts, visit: Visit, record: CaseRecord, operator: boolean): string[] {
  const { say, admin } = visit;
  const summary = caseSummary(keeper, record);
  return [
    ...(operator ? [html`<input type="checkbox" name="case" value="${record.code}" aria-label="${record.code}">`] : []),
    html`<a href="/cases/${record.code}">${record.code}</a>!${record.dryRun ? html` <span class="badge none">${say('试运行', 'dry-run')}</span>` : ''}`,
    html`${summary.domain ?? ''} <span class="soft">${summary.number}</span>`,
    html`${keeper.rules.programmes.programmes[record.programme]?.title[admin.language] ?? record.programme}`,
    html`${stateText(visit, record.state)}`,
    html`!${timeHtml(record.deadlineAt)}${record.deadlineProvisional ? say('（暂定）', ' (provisional)') : ''}!${record.cancelDueAt === null || isTerminal(record.state) ? '' : html`<br><span class="soft">${say('取消接入', 'cancelled after')} !${timeHtml(record.cancelDueAt)}</span>`}`,
    summary.next === null
      ? '—'
      : html`${wordOf(visit, 'next', summary.next.what)} !${timeHtml(Date.parse(summary.next.at))}`,
  ];
}

/** A case's stage in words. */
export const stateText = ({ say }: Visit, state: CaseState): string => say(STATES[state].zh, state);

function filterForm({ keeper }: ConsoleParts, visit: Visit, query: Record<string, string>): string {
  const { say, admin } = visit;
  const programmes = Object.entries(keeper.rules.programmes.programmes).map(([id, { title }]): [string, string] => [
    id,
    title[admin.language],
  ]);
  return html`<form method="get" action="/cases" class="filters" role="search">
<p class="grow"><label for="f-text">${say('案件码、域名、备案号或主体', 'Code, domain, number or subject')}</label><input id="f-text" name="text" type="search" value="${query['text'] ?? ''}"></p>
<p><label for="f-state">${say('阶段', 'Stage')}</label><select id="f-state" name="state">!${optionsHtml([['', say('未结', 'open ones')], ['all', say('全部', 'all')], ...ALL_STATES.map((state): [string, string] => [state, stateText(visit, state)])], query['state'] ?? '')}</select></p>
<p><label for="f-programme">${say('项目', 'Programme')}</label><select id="f-programme" name="programme">!${optionsHtml([['', say('不限', 'any')], ...programmes], query['programme'] ?? '')}</select></p>
<p><button>${say('查询', 'Search')}</button> <a href="/cases">${say('清除', 'Clear')}</a></p></form>`;
}

function bulkFields(visit: Visit): string {
  const { say } = visit;
  const acts = Object.entries(CASE_ACTS).filter(([, { bulk, role }]) => bulk === true && visit.may(role));
  return html`<fieldset class="bulk"><legend>${say('对所选整改单', 'With the chosen')}</legend>
<p><label for="bulk-act">${say('操作', 'Act')}</label><select id="bulk-act" name="act">!${optionsHtml(
    acts.map(([name, act]) => [name, say(act.zh, act.en)]),
    '',
  )}</select></p>
<p><label for="bulk-date">${say('日期（仅“调整期限”）', 'Date (to move a deadline)')}</label><input id="bulk-date" name="date" type="date" value="${visit.typed('/cases/bulk', 'date')}"></p>
<p class="grow"><label for="bulk-reason">${say('理由', 'Reason')}</label><input id="bulk-reason" name="reason" maxlength="500" value="${visit.typed('/cases/bulk', 'reason')}"></p>
<p><button>${say('预览效果……', 'Preview the effect…')}</button></p></fieldset>`;
}

function previewBody(
  parts: ConsoleParts,
  visit: Visit,
  name: string,
  act: CaseAct,
  results: ActResult[],
  form: Partial<Record<string, string>>,
): string {
  const { say } = visit;
  const possible = results.filter(({ problem }) => problem === null);
  const carried = ['date', 'reason']
    .map((field) => html`<input type="hidden" name="${field}" value="${form[field] ?? ''}">`)
    .join('');
  const cancels = name === 'approve' && possible.some(({ from }) => from === 'cancellation-asked');
  const known = cancels
    ? html`<p><label class="check"><input type="checkbox" name="irrevocable" value="yes" required> ${say('其中有取消接入，我知道不可撤回', 'Some of it is cancelling access: I know that it cannot be taken back')}</label></p>`
    : '';
  const confirm = html`!${known}<input type="hidden" name="act" value="${name}">!${carried}!${possible.map(({ code }) => html`<input type="hidden" name="case" value="${code}">`).join('')}<button class="!${act.grave === true ? 'grave' : ''}">${say(`确认：${act.zh}（${possible.length}）`, `${act.en} (${possible.length})`)}</button>`;
  return html`<p>${say(act.effect.zh, act.effect.en)}</p><p>${say(`${possible.length} 个可以执行，${results.length - possible.length} 个不能。尚未改变任何内容。`, `${possible.length} can be done, ${results.length - possible.length} cannot. Nothing has changed yet.`)}</p>
!${resultsTable(parts, visit, results)}!${possible.length === 0 ? '' : visit.form('/cases/bulk/apply', confirm)}<p><a href="/cases">${say('返回', 'Back')}</a></p>`;
}

function resultsBody(parts: ConsoleParts, visit: Visit, results: ActResult[]): string {
  const { say } = visit;
  const done = results.filter(({ problem }) => problem === null).length;
  return html`<p class="said" role="status">${say(`${done} 个已完成，${results.length - done} 个未能完成。`, `${done} done, ${results.length - done} not.`)}</p>!${resultsTable(parts, visit, results)}<p><a href="/cases">${say('返回', 'Back')}</a></p>`;
}

function resultsTable({ keeper, ledger }: ConsoleParts, visit: Visit, results: ActResult[]): string {
  const { say } = visit;
  return tableHtml(
    [
      say('案件码', 'Code'),
      say('网站', 'Site'),
      say('主体', 'Subject'),
      say('现在', 'Now'),
      say('之后', 'After'),
      say('通知', 'Notices'),
      say('不能的原因', 'Why not'),
    ],
    results.map(({ code, from, to, deadline, notices, remark, problem }) => {
      const record = ledger.cases.byCode(code);
      const summary = record === null ? null : caseSummary(keeper, record);
      const subject = record === null ? null : ledger.contacts.subject(record.subjectId);
      return [
        html`<a href="/cases/${code}">${code}</a>`,
        html`${summary?.domain ?? summary?.number ?? ''}`,
        html`${openName(subject?.name ?? '', subject?.kind ?? '')}`,
        html`${stateText(visit, from)}`,
        html`${to === null ? '—' : remark !== null ? say(remark.zh, remark.en) : to === from ? say('不变', 'the same') : stateText(visit, to)}!${deadline === null ? '' : html`<br>!${timeHtml(deadline.from)} → !${timeHtml(deadline.to)}${deadline.to < deadline.from ? say('（提前）', ' (earlier)') : ''}`}`,
        html`${to === null ? '' : say(`${notices} 条`, String(notices))}`,
        html`${problem === null ? '' : say(problem.zh, problem.en)}`,
      ];
    }),
    '—',
    say('逐项效果', 'Effect by case'),
  );
}

function boardPage(parts: ConsoleParts, visit: Visit, given: unknown): string {
  const { keeper, ledger } = parts;
  const { say } = visit;
  const { programme = null } = queryOf(given, ['programme']);
  const totals = ledger.cases.totals();
  const count = (state: CaseState): number =>
    totals
      .filter((one) => one.state === state && (programme === null || one.programme === programme))
      .reduce((sum, one) => sum + one.count, 0);
  const columns = LIVE.filter((state) => count(state) > 0).map((state) => {
    const records = ledger.cases.pageInState(state, programme, { deadlineAt: 0, id: 0 }, BOARD_ROWS);
    const more = count(state) - records.length;
    return html`<section class="column"><h2>${stateText(visit, state)} <span class="soft">${count(state).toLocaleString('en')}</span></h2><ul class="plain-list">!${records
      .map((record) => {
        const { domain, number } = caseSummary(keeper, record);
        const subject = ledger.contacts.subject(record.subjectId);
        const late = record.deadlineAt <= parts.now() && ['open', 'extended', 'restored'].includes(record.state);
        return html`<li class="tile !${late ? 'late' : ''}"><a href="/cases/${record.code}">${domain ?? number}</a> <span class="soft">${record.code}</span>!${late ? html` <span class="badge fail">${say('已到期', 'due')}</span>` : ''}<br>${openName(subject?.name ?? '', subject?.kind ?? '')}<br><span class="soft">${keeper.rules.programmes.programmes[record.programme]?.title[visit.admin.language] ?? record.programme} · !${timeHtml(record.deadlineAt)}</span></li>`;
      })
      .join(
        '',
      )}</ul>!${more > 0 ? html`<p><a href="/cases?${new URLSearchParams({ state, ...(programme !== null && { programme }) }).toString()}">${say(`另有 ${more.toLocaleString('en')} 个`, `${more.toLocaleString('en')} more`)}</a></p>` : ''}</section>`;
  });
  return html`<p><a href="/cases">${say('列表', 'List')}</a></p>!${columns.length === 0 ? html`<p>${say('没有未结的整改单。', 'No open cases.')}</p>` : html`<div class="board">!${columns.join('')}</div>`}`;
}
