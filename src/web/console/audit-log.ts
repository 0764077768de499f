import { html } from 'ghtml';
import { nextHtml, queryOf, tableHtml, timeHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { AUDITED, auditText } from './words.ts';

const PAGE_ROWS = 100;

/** `/audit`: who did, or was refused, what. */
export function addAuditLog(kit: ConsoleKit): void {
  kit.page(
    '/audit',
    ({ say }) => say('审计记录', 'Audit log'),
    (visit, request) => auditPage(kit.parts, visit, request.query),
    'operator',
  );
}

function auditPage({ ledger }: ConsoleParts, visit: Visit, given: unknown): string {
  const { say } = visit;
  const query = queryOf(given, ['actor', 'object', 'action']);
  const before = Number(queryOf(given, ['after'])['after'] ?? Number.NaN);
  const entries = ledger.admins.auditLog(query, Number.isSafeInteger(before) ? before : null, PAGE_ROWS);
  const rows = entries.map((one) => [
    timeHtml(one.at),
    html`<a href="/audit?actor=${encodeURIComponent(one.actor)}">${one.actor}</a>`,
    html`<a href="/audit?action=${encodeURIComponent(one.action)}">${auditText(visit, one.action)}</a>`,
    one.object === '' ? '' : html`<a href="/audit?object=${encodeURIComponent(one.object)}">${one.object}</a>`,
    html`<span class="badge ${one.outcome === 'done' ? 'pass' : 'fail'}">${one.outcome === 'done' ? say('完成', 'done') : say('拒绝', 'refused')}</span>`,
    html`${one.detail}`,
  ]);
  const field = (name: string, label: string): string =>
    html`<p><label for="f-${name}">${label}</label><input id="f-${name}" name="${name}" value="${query[name] ?? ''}"></p>`;
  // Refused requests and calls of the API are called by their addresses: those are typed, or clicked on in the list.
  const action = html`<p><label for="f-action">${say('动作', 'Action')}</label><input id="f-action" name="action" list="actions" value="${query['action'] ?? ''}"><datalist id="actions">!${AUDITED.map((one) => html`<option value="${one}">${auditText(visit, one)}</option>`).join('')}</datalist></p>`;
  return html`<form method="get" action="/audit" class="filters" role="search">!${field('actor', say('操作人', 'Who'))}!${action}!${field('object', say('对象', 'Object'))}<p><button>${say('查询', 'Search')}</button> <a href="/audit">${say('清除', 'Clear')}</a></p></form>
!${tableHtml([say('时间', 'At'), say('操作人', 'Who'), say('动作', 'Action'), say('对象', 'Object'), say('结果', 'Outcome'), say('说明', 'Detail')], rows, say('没有。', 'None.'), say('审计记录', 'Audit log'))}
!${nextHtml(visit, '/audit', query, entries.length < PAGE_ROWS ? null : String(entries.at(-1)?.id))}`;
}
