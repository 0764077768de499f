import { html } from 'ghtml';
import { beijingTable } from '../../calendar/beijing-time.ts';
import type { AdminRole } from '../../ledger/admins-store.ts';
import type { Told, Visit } from './kit.ts';

const PAGES: [path: string, zh: string, en: string, role?: AdminRole][] = [
  ['/', '概览', 'Overview'],
  ['/sites', '网站', 'Sites'],
  ['/cases', '整改单', 'Cases'],
  ['/suspicions', '待研判', 'Suspicions'],
  ['/notices', '通知', 'Notices'],
  ['/contacts', '联系人', 'Contacts'],
  ['/imports', '导入', 'Imports'],
  ['/sweeps', '巡检', 'Sweeps'],
  ['/ranges', '网段', 'Ranges'],
  ['/configuration', '配置', 'Configuration'],
  ['/audit', '审计', 'Audit log', 'operator'],
  ['/queues', '队列', 'Queues', 'operator'],
  ['/access', '接口', 'API'],
];

/** A whole page. `body` is markup; everything in it was escaped where it was made. `visit` null: nobody is signed in. */
export function framed(
  visit: Visit | null,
  title: string,
  body: string,
  { told, path, pollMs }: { told: Told | null; path: string; pollMs: number },
): string {
  const lang = visit === null || visit.admin.language === 'zh' ? 'zh-CN' : 'en';
  const here = path.split(/[?#]/)[0] ?? '';
  const isHere = (page: string): boolean =>
    page === '/' ? here === '/' : here === page || here.startsWith(`${page}/`);
  return html`<!DOCTYPE html>
<html lang="${lang}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · 备案巡检</title><link rel="stylesheet" href="/assets/console.css"><script src="/assets/idiomorph.js" defer></script><script src="/assets/console.js" defer></script></head>
<body data-every="${pollMs}"><a class="skip" href="#main">${visit?.say('跳到正文', 'Skip to content') ?? '跳到正文'}</a>
<header><p class="brand">备案巡检 <span>beian-patrol</span></p>!${
    visit === null
      ? ''
      : html`<nav aria-label="${visit.say('主导航', 'Main')}"><ul>!${PAGES.filter(([, , , role = 'viewer']) =>
          visit.may(role),
        )
          .map(
            ([page, zh, en]) =>
              html`<li><a href="${page}" !${isHere(page) ? 'aria-current="page"' : ''}>${visit.say(zh, en)}</a></li>`,
          )
          .join('')}</ul></nav>
<div class="who"><a href="/account">${visit.admin.name}</a> <span class="soft">${roleText(visit, visit.admin.role)}</span>
!${visit.form('/language', html`<input type="hidden" name="back" value="${path === '' ? '/' : path}"><button class="plain small" lang="${visit.admin.language === 'zh' ? 'en' : 'zh-CN'}">${visit.admin.language === 'zh' ? 'English' : '中文'}</button>`)}
!${visit.form('/logout', html`<button class="plain small">${visit.say('退出', 'Sign out')}</button>`)}</div>`
  }</header>
<main id="main"><h1>${title}</h1>!${told === null ? '' : html`<p id="told" class="said !${told.bad ? 'bad' : ''}" role="!${told.bad ? 'alert' : 'status'}">${told.text}</p>`}
<p class="sr" id="news" role="status"></p>!${body}</main><footer><p>${visit?.say('时间均为北京时间。', 'All times are Beijing time.') ?? '时间均为北京时间。'}</p></footer></body></html>`;
}

/** A role in words. */
export const roleText = ({ say }: Visit, role: string): string =>
  ({ viewer: say('只读', 'viewer'), operator: say('操作员', 'operator'), approver: say('审批人', 'approver') })[role] ??
  role;

/** A table; cells are markup. What is empty says so. */
export function tableHtml(heads: string[], rows: string[][], empty: string, caption = ''): string {
  if (rows.length === 0) return html`<p class="soft">${empty}</p>`;
  // What a cell is, for phones that show a row as a card; heads may be markup.
  const labels = heads.map((head) => html`${head.replace(/<[^>]*>/g, '')}`);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption === '' ? (heads[0] ?? '') : caption}"><table>!${caption === '' ? '' : html`<caption>${caption}</caption>`}<thead><tr>!${heads.map((head) => html`<th scope="col">!${head}</th>`).join('')}</tr></thead>
<tbody>!${rows.map((cells) => `<tr>${cells.map((cell, index) => `<td data-label="${labels[index] ?? ''}">${cell}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`;
}

/** Labels with their values; values are markup. */
export const listHtml = (rows: [label: string, value: string][]): string =>
  html`<dl>!${rows.map(([label, value]) => html`<div><dt>${label}</dt><dd>!${value}</dd></div>`).join('')}</dl>`;

/** An instant, or a dash. */
export const timeHtml = (instant: number | null): string =>
  instant === null ? '—' : html`<time datetime="${new Date(instant).toISOString()}">${beijingTable(instant)}</time>`;

const VERDICTS: Record<string, [zh: string, en: string]> = {
  pass: ['通过', 'pass'],
  warn: ['警告', 'warn'],
  fail: ['不通过', 'fail'],
  inconclusive: ['未能核实', 'inconclusive'],
};

/** A verdict in words. */
export const verdictText = ({ say }: Visit, verdict: string | null): string => {
  const [zh, en] = VERDICTS[verdict ?? ''] ?? ['未核查', 'not judged'];
  return say(zh, en);
};

/** A verdict as a badge: a word and a sign, never a colour alone. */
export const verdictHtml = (visit: Visit, verdict: string | null): string =>
  html`<span class="badge ${verdict ?? 'none'}">${verdictText(visit, verdict)}</span>`;

/** Options of a select; `chosen` is marked. */
export const optionsHtml = (options: [value: string, text: string][], chosen: string): string =>
  options
    .map(([value, text]) => html`<option value="${value}" !${value === chosen ? 'selected' : ''}>${text}</option>`)
    .join('');

/** A link to the next page of a list, with its filters. */
export function nextHtml({ say }: Visit, path: string, query: Record<string, string>, next: string | null): string {
  return next === null
    ? ''
    : html`<p class="pages"><a href="${path}?${new URLSearchParams({ ...query, after: next }).toString()}">${say('下一页', 'Next page')}</a></p>`;
}

/** Links to what a list shows as files; `words` is its filter as a query string. */
export function exportHtml({ say }: Visit, path: string, words: string): string {
  const query = words === '' ? '' : `?${words}`;
  return html`${say('导出：', 'Export: ')}<a href="${path}.csv${query}" download>CSV</a> · <a href="${path}.xlsx${query}" download>XLSX</a>`;
}

/** The texts of a query string that were given and are not empty, each cut at `most` characters. */
export function queryOf(query: unknown, names: readonly string[], most = 200): Record<string, string> {
  const given = (query ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = given[name];
      return typeof value === 'string' && value.trim() !== '' ? [[name, value.trim().slice(0, most)]] : [];
    }),
  );
}

/** The folded form that shows personal data in clear, once, for a reason; nothing for those who may not ask. */
export function unmaskHtml(visit: Visit, path: string): string {
  if (!visit.may('operator')) return '';
  const { say } = visit;
  const label = say('理由（记入审计）', 'Why (stands in the audit log)');
  const field = html`<p><label for="unmask-reason">${label}</label><input id="unmask-reason" name="reason" value="${visit.typed(path, 'reason')}" required minlength="2" maxlength="300"></p>`;
  return html`<details><summary>${say('显示完整信息', 'Show in clear')}</summary>!${visit.form(path, html`!${field}<p><button class="plain">${say('显示', 'Show')}</button></p>`)}</details>`;
}
