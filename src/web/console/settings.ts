import { html } from 'ghtml';
import { originOf } from '../../config.ts';
import { parseAddress } from '../../provider/address.ts';
import { nextHtml, queryOf, tableHtml, timeHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';

const PAGE_ROWS = 100;
/** Settings whose value is nobody's business. */
const SECRET = /secret|password|keyId|key$/i;

/** `/ranges`, `/configuration` and `/audit`: what judgements rest on, what is set and from where, and who did what. */
export function addSettings(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/ranges',
    ({ say }) => say('服务商网段', 'Provider ranges'),
    (visit, request) => rangesPage(parts, visit, request.query),
  );
  kit.page(
    '/configuration',
    ({ say }) => say('配置（只读）', 'Configuration (read-only)'),
    (visit) => configurationPage(parts, visit),
  );
  kit.page(
    '/audit',
    ({ say }) => say('审计记录', 'Audit log'),
    (visit, request) => auditPage(parts, visit, request.query),
    'operator',
  );
}

function rangesPage({ ranges, config, now }: ConsoleParts, visit: Visit, given: unknown): string {
  const { say, admin } = visit;
  const { address } = queryOf(given, ['address']);
  const lists = ranges?.lists ?? [];
  const { maxAgeMs } = config.settings.ranges;
  const rows = lists.map((list) => {
    const old = now() - Date.parse(list.date) > maxAgeMs;
    return [
      html`${list.id}`,
      html`${list.name[admin.language]}`,
      html`${list.date} !${old ? html`<span class="badge warn">${say('过期', 'old')}</span>` : ''}`,
      html`${list.ranges.length.toLocaleString('en')}`,
      html`${list.cnames.length.toLocaleString('en')}`,
      html`${list.source}`,
    ];
  });
  const problems = (ranges?.problems ?? [])
    .slice(0, 50)
    .map((one) => [html`${one.file}`, html`${one.line}`, html`${one.value}`, html`${one.remedy}`]);
  return html`<form method="get" action="/ranges" class="filters" role="search"><p class="grow"><label for="f-address">${say('这个地址或 CNAME 属于谁？', 'Whose is this address or CNAME?')}</label><input id="f-address" name="address" value="${address ?? ''}" required></p><p><button>${say('查询', 'Look up')}</button></p></form>
!${address === undefined ? '' : whoseHtml({ ranges }, visit, address)}
<p class="soft">${say('版本', 'Version')} ${ranges?.table.version ?? '—'}</p>
!${tableHtml(['ID', say('服务商', 'Provider'), say('数据日期', 'Date'), say('网段', 'Ranges'), 'CNAME', say('来源', 'Source')], rows, say('没有网段表。', 'No lists.'), say('网段表', 'Lists'))}
!${problems.length === 0 ? '' : html`<h2>${say('不能使用的行', 'Lines that cannot be used')}</h2>!${tableHtml([say('文件', 'File'), say('行', 'Line'), say('值', 'Value'), say('改法', 'Remedy')], problems, '', say('问题', 'Problems'))}`}`;
}

function whoseHtml({ ranges }: Pick<ConsoleParts, 'ranges'>, { say }: Visit, text: string): string {
  const table = ranges?.table;
  if (table === undefined) return '';
  const parsed = parseAddress(text);
  const owner = parsed === null ? table.whoseName(text.toLowerCase()) : table.whoseAddress(text);
  if (owner === null) return html`<p class="said">${text}：${say('不在任何网段表中。', 'in no list.')}</p>`;
  const side =
    owner.mainland === null
      ? say('未知', 'unknown')
      : owner.mainland
        ? say('境内', 'mainland')
        : say('境外', 'overseas');
  return html`<p class="said">${text}：<strong>${owner.provider}</strong> ${owner.product ?? ''} ${owner.region ?? ''} · ${side} · ${owner.range}</p>`;
}

function configurationPage({ config }: ConsoleParts, { say }: Visit): string {
  const rows = flatten(config.settings).map(([key, value]) => [
    html`<code>${key}</code>`,
    SECRET.test(key.split('.').at(-1) ?? '') && value !== 'null'
      ? html`<span class="soft">${say('已设置（不显示）', 'set (not shown)')}</span>`
      : html`<code>${value}</code>`,
    html`${originOf(config, key)}`,
  ]);
  return html`<p>${say('配置来自文件和环境变量，修改后重启生效。', 'Settings come from files and the environment; a restart takes changes up.')} <span class="soft">${config.origin.join(' < ')}</span></p>
!${tableHtml([say('键', 'Key'), say('值', 'Value'), say('来源', 'From')], rows, '', say('配置', 'Settings'))}`;
}

/** An address by its host alone: paths and queries of robots are keys, and users and passwords stand in those of queues. */
function openUrl(value: unknown): unknown {
  const url = typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  return url === null || url.href === `${url.origin}/` ? value : `${url.protocol}//${url.host}/…`;
}

/** Settings as dotted keys; short lists stay one value. */
function flatten(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, one]) => flatten(one, path === '' ? key : `${path}.${key}`));
  const text =
    JSON.stringify(value, (key, one: unknown) => (SECRET.test(key) && one !== null ? '***' : openUrl(one))) ?? 'null';
  return [[path, text.length > 300 ? `${text.slice(0, 300)}…` : text]];
}

function auditPage({ ledger }: ConsoleParts, visit: Visit, given: unknown): string {
  const { say } = visit;
  const query = queryOf(given, ['actor', 'object', 'action']);
  const before = Number(queryOf(given, ['after'])['after'] ?? Number.NaN);
  const entries = ledger.admins.auditLog(query, Number.isSafeInteger(before) ? before : null, PAGE_ROWS);
  const rows = entries.map((one) => [
    timeHtml(one.at),
    html`<a href="/audit?actor=${encodeURIComponent(one.actor)}">${one.actor}</a>`,
    html`<a href="/audit?action=${encodeURIComponent(one.action)}">${one.action}</a>`,
    one.object === '' ? '' : html`<a href="/audit?object=${encodeURIComponent(one.object)}">${one.object}</a>`,
    html`<span class="badge ${one.outcome === 'done' ? 'pass' : 'fail'}">${one.outcome === 'done' ? say('完成', 'done') : say('拒绝', 'refused')}</span>`,
    html`${one.detail}`,
  ]);
  const field = (name: string, label: string): string =>
    html`<p><label for="f-${name}">${label}</label><input id="f-${name}" name="${name}" value="${query[name] ?? ''}"></p>`;
  return html`<form method="get" action="/audit" class="filters" role="search">!${field('actor', say('操作人', 'Who'))}!${field('action', say('动作', 'Action'))}!${field('object', say('对象', 'Object'))}<p><button>${say('查询', 'Search')}</button> <a href="/audit">${say('清除', 'Clear')}</a></p></form>
!${tableHtml([say('时间', 'At'), say('操作人', 'Who'), say('动作', 'Action'), say('对象', 'Object'), say('结果', 'Outcome'), say('说明', 'Detail')], rows, say('没有。', 'None.'), say('审计记录', 'Audit log'))}
!${nextHtml(visit, '/audit', query, entries.length < PAGE_ROWS ? null : String(entries.at(-1)?.id))}`;
}
