import { html } from 'ghtml';
import { beijingText, DAY_MS } from '../../calendar/beijing-time.ts';
import { STATES } from '../../cases/moves.ts';
import type { CaseView } from '../../notify/case-view.ts';
import { MAX_OF_CASE } from '../../notify/contact-desk.ts';
import type { CaseScreen, DeedName, NamedContact, Offer } from './case-screen.ts';

/** What every page of the portal shows of its provider. */
export interface PortalFrame {
  signature: string;
  askAt: string;
}

/** A whole page. `body` is markup; everything in it is escaped where it was made. */
export function pageHtml(title: string, body: string, { signature, askAt }: PortalFrame): string {
  return html`<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${signature}</title><link rel="stylesheet" href="/r/assets/portal.css"><script src="/r/assets/portal.js" defer></script></head>
<body><a class="skip" href="#main">跳到正文</a><header><p>${signature} · 备案核查</p></header>
<main id="main"><h1>${title}</h1>!${body}</main>
<footer><p>如有疑问请联系：${askAt}</p><p>时间均为北京时间。</p></footer></body></html>`;
}

/** A page that says one thing. */
export const messageBody = (text: string): string => html`<p class="said" role="status">${text}</p>`;

/** Where an owner types the code of an SMS. */
export function codeForm(said: string | null, typed = ''): string {
  return html`!${said === null ? '' : html`<p class="said bad" role="alert" id="code-said">${said}</p>`}
<form method="post" action="/r"><p><label for="code">案件码（短信中的 10 位字母和数字）</label>
<input id="code" name="code" value="${typed}" !${said === null ? '' : 'aria-invalid="true" aria-describedby="code-said"'} required minlength="10" maxlength="20" autocomplete="off" autocapitalize="characters" spellcheck="false" inputmode="text"></p>
<p><button>查看整改要求</button></p></form>
<p>没有案件码？请打开通知邮件中的链接，或联系我们。</p>
<p>收到联系人验证码？请在<a href="/r/verify">验证页面</a>输入。</p>`;
}

/** What the link of a mail shows: a button, since mail scanners open every link. */
export function keyForm(key: string, cases: number): string {
  return html`<p>${cases > 1 ? `共 ${cases} 个整改事项。` : '您有一个整改事项。'}</p>
<form method="post" action="/r/l"><input type="hidden" name="key" value="${key}"><p><button>查看整改要求</button></p></form>`;
}

/** States whose deadline an owner works towards. */
const RUNNING: ReadonlySet<string> = new Set(['open', 'extended', 'restored']);

/** The cases of a session that has several. */
export function listBody(cases: { view: CaseView; handle: string }[]): string {
  return html`<ul class="cases">!${cases
    .map(
      ({ view, handle }) =>
        html`<li><a href="/r/case/${handle}">${view.number} ${view.siteName ?? ''}</a><br>${view.programme} · ${STATES[view.state].zh}${RUNNING.has(view.state) ? ` · 期限 ${beijingText(view.deadlineAt)}` : ''}</li>`,
    )
    .join('')}</ul>`;
}

/** What a page of a case needs beside its screen. */
export interface CasePage {
  screen: CaseScreen;
  /** How the session calls it: no code stands in an address. */
  handle: string;
  /** For the button that leaves. */
  leaveToken: string;
  /** What was typed into a form that could not be taken. */
  typed: { deed: DeedName; text: string } | null;
  /** There are others. */
  several: boolean;
  formToken: string;
  extensionReasons: Record<string, string>;
  appealReasons: Record<string, string>;
  /** Who is told in any case, masked. */
  told: string[];
  /** What the last form did, in a sentence. */
  said: { text: string; bad: boolean } | null;
  now: number;
  /** How often the open page asks whether the case moved (ms). */
  pollMs: number;
}

/** The one screen of a case: what is wrong, until when, how to mend it, and what may be asked for (R4.8). */
export function caseBody(page: CasePage): string {
  const { screen, said, now } = page;
  return html`!${said === null ? '' : html`<p class="said !${said.bad ? 'bad' : ''}" role="!${said.bad ? 'alert' : 'status'}">${said.text}</p>`}
!${page.several ? html`<p><a href="/r/cases">全部整改事项</a></p>` : ''}
<div id="live" data-mark="${screen.mark}" data-every="${page.pollMs}" role="status"></div>
!${standing(screen, now)}!${facts(screen)}!${problems(page)}!${deeds(page)}!${after(screen)}!${contactsHtml(page)}!${history(screen)}
<form method="post" action="/r/leave" class="leave"><input type="hidden" name="form" value="${page.leaveToken}"><button class="plain">退出</button></form>`;
}

/** What an owner must know of a state first, in one sentence; `until` is markup. */
function sentence(
  { view, held, muted, offers }: CaseScreen,
  now: number,
): { tone: 'good' | 'calm' | 'bad'; line: string } {
  const by = (instant: number | null): string => (instant === null ? '' : beijingText(instant));
  const left = view.deadlineAt - now;
  const days =
    left >= DAY_MS ? `还剩 ${Math.floor(left / DAY_MS)} 天` : `还剩 ${Math.max(1, Math.floor(left / 3_600_000))} 小时`;
  const until = html`请于 <strong>${by(view.deadlineAt)}</strong> 前整改（${days}）。`;
  const passed = html`整改期限 ${by(view.deadlineAt)} 已过`;
  const cancels =
    view.cancelDueAt !== null && view.cancelDueAt > now
      ? html`${by(view.cancelDueAt)}前仍未整改的，将取消接入，取消后不可撤回。`
      : '';
  const mended = offers.recheck.possible ? '如已整改，请立即复查' : '如已整改，请联系我们复核';
  const stillHeld = held ? '该网站因另一案件仍处于限制访问状态，请按该案件的通知处理。' : '';
  if (muted && RUNNING.has(view.state)) return { tone: 'calm', line: '该项核查目前暂停，暂时无需操作。' };
  switch (view.state) {
    case 'open':
    case 'extended':
      return left > 0
        ? { tone: left > 3 * DAY_MS ? 'calm' : 'bad', line: until }
        : { tone: 'bad', line: html`!${passed}，正在复核。${mended}。` };
    case 'restored':
      return {
        tone: 'bad',
        line:
          left > 0
            ? html`${held ? stillHeld : '网站已临时恢复访问。'}!${until}到期复查仍未通过的，将再次限制访问。`
            : html`临时恢复的期限已过，正在复核。${mended}。`,
      };
    case 'overdue':
    case 'enforcement-asked':
      return {
        tone: 'bad',
        line:
          view.acts.length === 0
            ? html`!${passed}，复查仍未通过，请尽快处理。`
            : html`!${passed}，复查仍未通过。${mended}，通过后不再处理。`,
      };
    case 'enforcement-approved':
      return { tone: 'bad', line: html`!${passed}，已批准限制访问，即将执行。${mended}。` };
    case 'restricted':
      return {
        tone: 'bad',
        line: html`网站已于 ${by(view.restrictedAt)}被限制访问。!${cancels}整改后请在下方办理，或联系我们。`,
      };
    case 'appealed':
      return {
        tone: 'calm',
        line: html`申诉审核中${view.reviewDueAt !== null && view.reviewDueAt > now ? `，预计 ${by(view.reviewDueAt)}前完成` : ''}。审核期间不会进一步处理。`,
      };
    case 'restoring':
      return { tone: 'calm', line: html`正在恢复访问，请稍候。` };
    case 'lifting':
      return { tone: 'good', line: html`正在解除访问限制，无需再操作。` };
    case 'cancellation-asked':
      return { tone: 'bad', line: html`整改期限已过，取消接入正在审批。${mended}。` };
    case 'cancellation-approved':
      return { tone: 'bad', line: html`取消接入已批准，随时可能执行，执行后不可撤回。如有异议请立即联系我们。` };
    case 'resolved':
      return held
        ? { tone: 'bad', line: `本案的问题已解决。${stillHeld}` }
        : { tone: 'good', line: '问题已解决，无需再操作。' };
    case 'cancelled':
      return { tone: 'bad', line: html`接入已取消，工信部备案号仍然保留；恢复使用请重新办理接入备案。` };
    case 'closed':
      return held
        ? { tone: 'bad', line: `本案已结束。${stillHeld}` }
        : { tone: 'calm', line: '本案已结束，无需操作。' };
  }
}

const LOOKING = {
  'under-way': '已提交复查，结果会自动显示在本页（通常几分钟内）。',
  late: '复查暂未取得结果，系统会继续尝试，结果会显示在本页。',
} as const;

function standing(screen: CaseScreen, now: number): string {
  const { view, looking } = screen;
  const { tone, line } = sentence(screen, now);
  return html`<section class="standing !${tone}"><p class="state">${STATES[view.state].zh}</p><p>!${line}</p>
!${view.provisional && (view.state === 'open' || view.state === 'extended') ? html`<p>期限跨入尚未公布放假安排的年份，为暂定日期，如有变化只会顺延。</p>` : ''}
!${looking === null ? '' : html`<p role="status">${LOOKING[looking]}</p>`}</section>`;
}

function facts({ view }: CaseScreen): string {
  const rows: [string, string][] = [
    ['网站', view.siteName === null ? `主体下全部网站：${view.sites.join('、')}` : view.siteName],
    ...(view.domains.length > 0 ? ([['域名', view.domains.join('、')]] as [string, string][]) : []),
    ['备案号', view.number],
    ['备案主体', view.subjectName],
    ['核查项目', view.programme],
  ];
  return html`<dl>!${rows.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`).join('')}</dl>`;
}

function problems({ screen, handle }: CasePage): string {
  const { view, snippets, pictures } = screen;
  const ended = screen.ended || view.state === 'lifting';
  const shown = view.findings.map((finding, at) => ({ ...finding, snippet: snippets[at] ?? null }));
  const open = shown.filter(({ standing: stands }) => stands);
  if (shown.length === 0) return '';
  return html`<section><h2>${ended ? '当时的问题' : '问题与整改办法'}</h2><ol class="problems">!${(open.length > 0
    ? open
    : shown
  )
    .map(
      ({ title, remedy, evidence, lastSeenAt, snippet }) => html`<li><h3>${title}</h3>
<p class="remedy"><strong>如何整改：</strong>!${remedyHtml(remedy)}</p>
!${snippet === null ? '' : html`<p>核查时（${beijingText(lastSeenAt)}）您的页面是：</p><pre><code>${snippet}</code></pre>`}
<details><summary>核查依据</summary><dl><div><dt>最近确认时间</dt><dd>${beijingText(lastSeenAt)}</dd></div>!${evidence.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`).join('')}</dl></details></li>`,
    )
    .join(
      '',
    )}</ol>!${pictures.map((hash) => html`<figure><a href="/r/case/${handle}/picture/${hash}"><img src="/r/case/${handle}/picture/${hash}" alt="核查时首页底部的截图" loading="lazy"></a><figcaption>核查时首页底部的截图</figcaption></figure>`).join('')}</section>`;
}

/** A remedy with the HTML to paste set apart, so that it can be copied whole. */
function remedyHtml(remedy: string): string {
  const match = /<(\w+)[\s\S]*<\/\1>/.exec(remedy);
  if (match === null) return html`${remedy}`;
  return html`${remedy.slice(0, match.index)}</p><pre class="paste"><code>${match[0]}</code></pre><p>${remedy.slice(match.index + match[0].length)}`;
}

function deeds({ screen, handle, typed, formToken, extensionReasons, appealReasons }: CasePage): string {
  const { offers, view, ended } = screen;
  if (ended) return '';
  const was = (deed: string): string => (typed?.deed === deed ? typed.text : '');
  const hidden = html`<input type="hidden" name="form" value="${formToken}">`;
  const at = (deed: string): string => `/r/case/${handle}/${deed}`;
  const reasons = (list: Record<string, string>): string =>
    Object.entries(list)
      .map(([id, text]) => html`<option value="${id}">${text}</option>`)
      .join('');
  const days = Array.from({ length: view.maxExtensionDays }, (_, index) => index + 1)
    .toReversed()
    .map((count) => html`<option value="${count}">${count} 个工作日</option>`)
    .join('');
  return html`<section><h2>办理</h2>
!${deed('recheck', offers.recheck, html`<form method="post" action="${at('recheck')}">!${hidden}<button>我已整改，立即复查</button></form>`)}
!${deed(
    'extension',
    offers.extension,
    html`<details !${typed?.deed === 'extension' ? 'open' : ''}><summary>申请延期</summary><form method="post" action="${at('extension')}">!${hidden}
<p><label for="ext-reason">延期原因</label><select id="ext-reason" name="reason" required>!${reasons(extensionReasons)}</select></p>
<p><label for="ext-days">延期时间</label><select id="ext-days" name="days">!${days}</select></p>
<p><label for="ext-text">说明（选“其他”时必填）</label><textarea id="ext-text" name="text" maxlength="500" rows="3">${was('extension')}</textarea></p>
<p>本期还可延期 ${view.extensionsLeft} 次，当场得到结果。</p><p><button>提交延期申请</button></p></form></details>`,
  )}
!${deed(
    'appeal',
    offers.appeal,
    html`<details !${typed?.deed === 'appeal' ? 'open' : ''}><summary>申诉</summary><form method="post" action="${at('appeal')}">!${hidden}
<p><label for="app-reason">申诉原因</label><select id="app-reason" name="reason" required>!${reasons(appealReasons)}</select></p>
<p><label for="app-text">说明（选“其他”时必填）</label><textarea id="app-text" name="text" maxlength="1000" rows="4">${was('appeal')}</textarea></p>
<p>本期还可申诉 ${view.appealsLeft} 次；审核期间不会进一步处理。</p><p><button>提交申诉</button></p></form></details>`,
  )}</section>`;
}

const NAMES: Record<DeedName, string> = {
  recheck: '立即复查',
  extension: '申请延期',
  appeal: '申诉',
  contacts: '添加通知联系人',
};

function deed(name: DeedName, offer: Offer, form: string): string {
  return offer.possible
    ? html`<div class="deed">!${form}</div>`
    : html`<p class="deed off"><strong>${NAMES[name]}：</strong>${offer.why}</p>`;
}

/** States in which it is of use to know what follows. */
const THREATENED: ReadonlySet<string> = new Set([
  'open',
  'extended',
  'restored',
  'overdue',
  'enforcement-asked',
  'enforcement-approved',
  'restricted',
]);

function after({ view, muted }: CaseScreen): string {
  return THREATENED.has(view.state) && !muted
    ? html`<section><h2>逾期的后果</h2><p>${view.consequence}</p></section>`
    : '';
}

const NAMED_STATES: Record<NamedContact['state'], Record<NamedContact['channel'], string>> = {
  verified: { email: '已验证', sms: '已验证' },
  waiting: {
    email: '待验证：请打开收到的邮件，点击其中的链接',
    sms: '待验证：请在本网站的“验证页面”输入收到的短信验证码',
  },
  expired: { email: '验证已过期，请删除后重新添加', sms: '验证已过期，请删除后重新添加' },
  dead: { email: '邮件无法送达，请更换', sms: '短信无法送达，请更换' },
};

function contactsHtml({ told, screen, handle, formToken, typed }: CasePage): string {
  const { named, offers, ended } = screen;
  const at = `/r/case/${handle}/contacts`;
  const hidden = html`<input type="hidden" name="form" value="${formToken}">`;
  const lines = named.map(({ id, channel, address, state }) => {
    const proof = state === 'waiting' && channel === 'sms' ? html`（<a href="/r/verify">验证页面</a>）` : '';
    const remove = html`<form method="post" action="${at}/${id}/remove" class="inline">!${hidden}<button class="plain copy">删除<span class="sr"> ${address}</span></button></form>`;
    return html`<li>${channel === 'email' ? '邮件' : '短信'}：${address}（${NAMED_STATES[state][channel]}）!${proof}!${ended ? '' : remove}</li>`;
  });
  const form = html`<details !${typed?.deed === 'contacts' ? 'open' : ''}><summary>添加通知联系人</summary><form method="post" action="${at}">!${hidden}
<p><label for="contact">邮箱或手机号（例如网站维护人员）</label><input id="contact" name="text" maxlength="100" autocomplete="off" required value="${typed?.deed === 'contacts' ? typed.text : ''}"></p>
<p>对方验证后，会收到本事项的后续通知；事项结束后自动失效。最多 ${MAX_OF_CASE} 个。</p><p><button>添加并发送验证</button></p></form></details>`;
  return html`<section><h2>谁会收到通知</h2><ul>!${told.map((one) => html`<li>${one}</li>`).join('')}!${lines.join('')}</ul>
!${ended ? '' : named.length >= MAX_OF_CASE ? html`<p>添加的联系人已满 ${MAX_OF_CASE} 个，更换请先删除。</p>` : deed('contacts', offers.contacts, form)}
<p>备案负责人的联系方式请在备案系统办理变更备案；需要有人长期接收全部备案通知，请联系我们。</p></section>`;
}

function history({ history: lines }: CaseScreen): string {
  return html`<section><h2>处理记录</h2><ul class="history">!${lines
    .map(
      ({ at, what }) => html`<li><time datetime="${new Date(at).toISOString()}">${beijingText(at)}</time> ${what}</li>`,
    )
    .join('')}</ul></section>`;
}
