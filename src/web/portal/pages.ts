import { html } from 'ghtml';
import { beijingShort, beijingText, DAY_MS } from '../../calendar/beijing-time.ts';
import { STATES } from '../../cases/moves.ts';
import type { CaseState } from '../../cases/types.ts';
import type { CaseView } from '../../notify/case-view.ts';
import { MAX_OF_CASE } from '../../notify/contact-desk.ts';
import { type DnsRecord, recordLine, recordValue } from '../../notify/dns-records.ts';
import { splitRemedy } from '../../notify/letter.ts';
import { partsByNumber, textOfSnippet } from '../../view/snippet.ts';
import type { CaseScreen, DeedName, NamedContact, Offer } from './case-screen.ts';

/** What every page of the portal shows of its provider. */
export interface PortalFrame {
  signature: string;
  askAt: string;
}

/** A way back to where a code is typed. */
export const HOME = '<p><a href="/r">输入案件码</a></p>';

/** Where owners ask: a telephone number can be called with one touch. */
function askHtml(askAt: string): string {
  const digits = askAt.replace(/[\s()-]/g, '');
  return /^\+?\d{5,15}$/.test(digits) ? html`<a href="tel:${digits}">${askAt}</a>` : html`${askAt}`;
}

/** A whole page. `body` is markup; everything in it is escaped where it was made. */
export function pageHtml(title: string, body: string, { signature, askAt }: PortalFrame): string {
  return html`<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · ${signature}</title><link rel="stylesheet" href="/r/assets/portal.css"><script src="/r/assets/portal.js" defer></script></head>
<body><a class="skip" href="#main">跳到正文</a><header><p>${signature} · 备案核查</p></header>
<main id="main"><h1>${title}</h1>!${body}</main>
<footer><p>如有疑问请联系：!${askHtml(askAt)}</p><p>时间均为北京时间。</p></footer></body></html>`;
}

/** A page that says one thing: `bad` where it is why not. */
export const messageBody = (text: string, bad: boolean): string =>
  html`<p class="said !${bad ? 'bad' : ''}" role="!${bad ? 'alert' : 'status'}">${text}</p>`;

/** Where an owner types the code of an SMS. */
export function codeForm(said: string | null, typed = ''): string {
  return html`!${said === null ? '' : html`<p class="said bad" role="alert" id="code-said">${said}</p>`}
<form method="post" action="/r"><p><label for="code">案件码（短信中的 10 位字母和数字，也可以粘贴整条短信）</label>
<input id="code" name="code" value="${typed}" !${said === null ? '' : 'aria-invalid="true" aria-describedby="code-said" autofocus'} required minlength="10" maxlength="600" autocomplete="off" autocapitalize="characters" spellcheck="false" inputmode="text"></p>
<p><button>查看整改要求</button></p></form>
<p>没有案件码？请打开通知邮件中的链接，或联系我们。</p>
<p>收到联系人验证码？请在<a href="/r/verify">验证页面</a>输入。</p>`;
}

/** The session is over: how to go on, and what was typed last. */
export function lostBody(typed: string): string {
  const kept =
    typed.trim() === ''
      ? ''
      : html`<p><label for="kept">您刚才填写的内容没有提交，可复制后重新填写：</label><textarea id="kept" readonly rows="4">${typed}</textarea></p>`;
  return html`!${messageBody('页面已超时（两小时），或浏览器禁用了 Cookie。请重新输入案件码，或从邮件中的链接打开。', true)}!${kept}!${codeForm(null)}`;
}

/** What the link of a mail shows: a button, since mail scanners open every link. */
export function keyForm(key: string, cases: number): string {
  return html`<p>${cases > 1 ? `共 ${cases} 个整改事项。` : '您有一个整改事项。'}</p>
<form method="post" action="/r/l"><input type="hidden" name="key" value="${key}"><p><button>查看整改要求</button></p></form>`;
}

/** States as owners read them. */
const STATES_FOR_OWNERS: Partial<Record<CaseState, string>> = {
  'enforcement-asked': '已逾期，等待处理',
  'enforcement-approved': '即将限制访问',
  'cancellation-asked': '已逾期，取消接入审批中',
  'cancellation-approved': '即将取消接入',
};
const stateOf = (state: CaseState): string => STATES_FOR_OWNERS[state] ?? STATES[state].zh;

/** States whose deadline an owner works towards. */
const RUNNING: ReadonlySet<string> = new Set(['open', 'extended', 'restored']);

/** `还剩 14 天`; hours on the last day; empty once it passed. */
function daysLeft(deadlineAt: number, now: number): string {
  const left = deadlineAt - now;
  if (left <= 0) return '';
  return left >= DAY_MS
    ? `还剩 ${Math.floor(left / DAY_MS)} 天`
    : `还剩 ${Math.max(1, Math.floor(left / 3_600_000))} 小时`;
}

/** What is wrong, in a line. */
function problemOf({ findings, programme }: CaseView): string {
  const open = findings.filter(({ standing: stands }) => stands);
  const [first] = open.length > 0 ? open : findings;
  if (first === undefined) return programme;
  return open.length > 1 ? `${first.title} 等 ${open.length} 个问题` : first.title;
}

/** What a case is called at the top of its page. */
export function titleOf({ view, ended }: CaseScreen): string {
  const name = view.siteName ?? view.number;
  const [domain] = view.domains;
  return `${name}${domain === undefined ? '' : `（${domain}）`}${ended ? '' : '需要整改'}`;
}

/** The cases of a session that has several, soonest deadline first. */
export function listBody(cases: { view: CaseView; handle: string }[], now: number): string {
  return html`<ul class="cases">!${cases
    .map(({ view, handle }) => {
      const running = RUNNING.has(view.state);
      return html`<li><a href="/r/case/${handle}">${view.siteName ?? ''} ${view.number}</a><br>${problemOf(view)}<br><span class="soft">${stateOf(view.state)}${running ? ` · ${beijingText(view.deadlineAt)}前 · ${daysLeft(view.deadlineAt, now) || '已到期'}` : ''}</span></li>`;
    })
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
  typed: { deed: DeedName; values: Partial<Record<string, string>> } | null;
  /** There are others. */
  several: boolean;
  formToken: string;
  extensionReasons: Record<string, string>;
  appealReasons: Record<string, string>;
  /** Who is told in any case, masked. */
  told: string[];
  /** Where owners ask. */
  askAt: string;
  /** What the last form did, in a sentence. */
  said: { text: string; bad: boolean } | null;
  now: number;
  /** How often the open page asks whether the case moved (ms). */
  pollMs: number;
}

/** The one screen of a case: what is wrong, until when, how to mend it, and what may be asked for (R4.8). */
export function caseBody(page: CasePage): string {
  const { screen, said } = page;
  return html`!${said === null ? '' : html`<p class="said !${said.bad ? 'bad' : ''}" role="!${said.bad ? 'alert' : 'status'}" id="said" tabindex="-1">${said.text}</p>`}
!${page.several ? html`<p><a href="/r/cases">全部整改事项</a></p>` : ''}
<div id="live" data-mark="${screen.mark}" data-every="${page.pollMs}" data-at="/r/case/${page.handle}" role="status"></div>
!${standing(page)}!${problems(page)}!${deeds(page)}!${after(screen)}!${facts(screen)}!${contactsHtml(page)}!${history(screen)}
<form method="post" action="/r/leave" class="leave"><input type="hidden" name="form" value="${page.leaveToken}"><button class="plain">退出</button></form>`;
}

/** What an owner must know of a state first, in one sentence; `until` is markup. */
function sentence(
  { view, held, muted, offers }: CaseScreen,
  now: number,
): { tone: 'good' | 'calm' | 'bad'; line: string } {
  const by = (instant: number | null): string => (instant === null ? '' : beijingText(instant));
  const left = view.deadlineAt - now;
  const until = html`请于 <strong>${by(view.deadlineAt)}</strong> 前整改。`;
  const passed = html`整改期限 ${by(view.deadlineAt)} 已过`;
  const cancels =
    view.cancelDueAt !== null && view.cancelDueAt > now
      ? html`${by(view.cancelDueAt)}前仍未整改的，将取消接入，取消后不可撤回。`
      : '';
  const mended = offers.recheck.possible ? '如已整改，请在下方立即复查' : '如已整改，请联系我们复核';
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
        line: html`网站已于 ${by(view.restrictedAt)}被限制访问。!${cancels}${
          offers.recheck.possible
            ? '整改后请在下方立即复查。'
            : offers.appeal.possible
              ? '整改后请在下方提交申诉（原因选“我已整改，请人工复核”）。'
              : '网上已没有可办理的事项，整改后请联系我们人工复核。'
        }`,
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
  'under-way': '正在复查，结果会自动显示在本页（通常几分钟内）。',
  late: '复查暂未取得结果，系统会继续尝试，结果会显示在本页。',
} as const;

function standing({ screen, now, askAt }: CasePage): string {
  const { view, looking, answered, appealRefused, offers, ended, muted } = screen;
  const { tone, line } = sentence(screen, now);
  const left = RUNNING.has(view.state) && !muted ? daysLeft(view.deadlineAt, now) : '';
  const stuck = !ended && !offers.recheck.possible && !offers.extension.possible && !offers.appeal.possible;
  return html`<section class="standing !${tone}"><p class="state">${stateOf(view.state)}!${left === '' ? '' : html`<span class="left">${left}</span>`}</p>
!${ended || view.findings.length === 0 ? '' : html`<p><strong>${problemOf(view)}</strong></p>`}<p>!${line}</p>
!${view.provisional && (view.state === 'open' || view.state === 'extended') ? html`<p>期限跨入尚未公布放假安排的年份，为暂定日期，如有变化只会顺延。</p>` : ''}
!${looking !== null ? html`<p role="status">${LOOKING[looking]}</p>` : answered === null ? '' : html`<p role="status"><strong>最近一次复查（${beijingShort(answered.at)}）：${answered.result}。</strong>${answered.result === '仍未通过' ? '请对照下面的办法再改一次，改好后可再次复查。' : '系统会继续尝试，您也可以稍后再次复查。'}</p>`}
!${appealRefused === null ? '' : html`<p><strong>申诉未通过：</strong>${appealRefused}</p>`}
!${stuck ? html`<p>联系我们：!${askHtml(askAt)}</p>` : ended ? '' : html`<p><a href="#deeds">去复查、延期或申诉</a></p>`}</section>`;
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
  const over = screen.ended || view.state === 'lifting';
  const shown = view.findings.map((finding, at) => ({ ...finding, snippet: snippets[at] ?? null }));
  const open = shown.filter(({ standing: stands }) => stands);
  if (shown.length === 0) return '';
  const told = open.length > 0 ? open : shown;
  if (over)
    return html`<section><h2>当时的问题</h2><ul class="problems">!${told.map(({ title }) => html`<li>${title}</li>`).join('')}</ul></section>`;
  return html`<section><h2>问题与整改办法</h2><ol class="problems">!${told.map(problemHtml).join('')}</ol>!${pictures.map((hash) => pictureHtml(`/r/case/${handle}/picture/${hash}`)).join('')}
<details class="pass-on"><summary>发给帮您维护网站的人</summary><p>复制下面的说明，用微信或邮件发给对方即可：</p><pre class="paste">${passOn(view, told)}</pre></details></section>`;
}

type ShownFinding = CaseView['findings'][number] & { snippet: string | null };

function problemHtml({ title, remedy, records, evidence, lastSeenAt, snippet, numbers }: ShownFinding): string {
  return html`<li><h3>${title}</h3>
<p class="remedy"><strong>如何整改：</strong>!${remedyHtml(remedy)}</p>!${recordsHtml(records)}
!${snippet === null ? '' : snippetHtml(snippet, numbers, lastSeenAt)}
<details><summary>核查依据</summary><dl><div><dt>最近确认时间</dt><dd>${beijingText(lastSeenAt)}</dd></div>!${evidence.map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`).join('')}</dl></details></li>`;
}

/** What stood on the page, as people see it, and its source beside. */
function snippetHtml(snippet: string, numbers: readonly string[], lastSeenAt: number): string {
  const marked = (text: string): string =>
    partsByNumber(text, numbers)
      .map(({ text: part, isNumber }) => (isNumber ? html`<mark>${part}</mark>` : html`${part}`))
      .join('');
  const text = textOfSnippet(snippet);
  return html`<p>${beijingShort(lastSeenAt)}核查时，您的首页上是：</p>!${text === '' ? '' : html`<blockquote>!${marked(text)}</blockquote>`}<details><summary>查看这一段的网页代码</summary><pre><code>!${marked(snippet)}</code></pre></details>`;
}

const pictureHtml = (src: string): string =>
  html`<figure><a class="picture" href="${src}"><img src="${src}" alt="核查时首页底部的截图，点按查看整页" loading="lazy"></a><figcaption>核查时首页最底部的截图（点按查看整页）</figcaption></figure>`;

/** The records to set, each value to be copied. */
function recordsHtml(records: readonly DnsRecord[]): string {
  if (records.length === 0) return '';
  return html`<p>要设置的解析记录：</p><ul class="records">!${records
    .map(
      (record) =>
        html`<li><dl><div><dt>主机记录</dt><dd>${record.name}（即 ${record.host}）</dd></div><div><dt>记录类型</dt><dd>${record.type}</dd></div><div><dt>记录值</dt><dd>!${record.value === null ? html`${recordValue(record)}` : html`<code class="paste">${record.value}</code>（备案登记的服务器；已更换的请填新服务器的公网 IP）`}</dd></div>!${record.now === null ? '' : html`<div><dt>现在</dt><dd>${record.now}</dd></div>`}</dl></li>`,
    )
    .join('')}</ul>`;
}

/** Everything somebody else needs to mend it, as plain text. */
function passOn(view: CaseView, findings: readonly ShownFinding[]): string {
  const lines = [
    `网站 ${view.siteName ?? view.number}（${view.domains.join('、') || view.number}）备案核查未通过，请在 ${beijingText(view.deadlineAt)} 前改好。`,
    ...findings.flatMap(({ title, remedy, records }, index) => [
      '',
      `${index + 1}. ${title}`,
      `办法：${remedy}`,
      ...(records.length > 0 ? ['解析记录：', ...records.map(recordLine)] : []),
    ]),
  ];
  return lines.join('\n');
}

/** A remedy with the HTML to paste set apart, so that it can be copied whole. */
function remedyHtml(remedy: string): string {
  const { before, code, after: rest } = splitRemedy(remedy);
  return code === null ? html`${before}` : html`${before}</p><pre class="paste"><code>${code}</code></pre><p>${rest}`;
}

function deeds({ screen, handle, typed, formToken, extensionReasons, appealReasons }: CasePage): string {
  const { offers, view, ended, extensionDays } = screen;
  if (ended) return '';
  const was = (deed: DeedName, field: string): string => (typed?.deed === deed ? (typed.values[field] ?? '') : '');
  const hidden = html`<input type="hidden" name="form" value="${formToken}">`;
  const at = (deed: string): string => `/r/case/${handle}/${deed}`;
  const options = (list: readonly (readonly [string, string])[], chosen: string): string =>
    list
      .map(([value, text]) => html`<option value="${value}" !${value === chosen ? 'selected' : ''}>${text}</option>`)
      .join('');
  const reasons = (deed: DeedName, list: Record<string, string>): string =>
    html`<option value="">请选择</option>!${options(Object.entries(list), was(deed, 'reason'))}`;
  const text = (deed: DeedName, id: string, rows: number, most: number): string =>
    html`<p><label for="${id}">说明（选“其他”时必填）</label><textarea id="${id}" name="text" maxlength="${most}" rows="${rows}" !${typed?.deed === deed ? 'aria-describedby="said" aria-invalid="true"' : ''}>${was(deed, 'text')}</textarea></p>`;
  const days = extensionDays
    .toReversed()
    .map(({ days: count, until }) => [String(count), `${count} 个工作日（到 ${beijingShort(until)}）`] as const);
  return html`<section id="deeds"><h2>办理</h2>
!${deed('recheck', offers.recheck, html`<form method="post" action="${at('recheck')}">!${hidden}<button>我已整改，立即复查</button></form>`)}
!${deed(
    'extension',
    offers.extension,
    html`<details !${typed?.deed === 'extension' ? 'open' : ''}><summary>申请延期</summary><form method="post" action="${at('extension')}">!${hidden}
<p><label for="ext-reason">延期原因</label><select id="ext-reason" name="reason" required>!${reasons('extension', extensionReasons)}</select></p>
<p><label for="ext-days">延期时间</label><select id="ext-days" name="days">!${options(days, was('extension', 'days'))}</select></p>
!${text('extension', 'ext-text', 3, 500)}
<p>本期还可延期 ${view.extensionsLeft} 次，请一次选够天数；当场得到结果。</p><p><button>提交延期申请</button></p></form></details>`,
  )}
!${deed(
    'appeal',
    offers.appeal,
    html`<details !${typed?.deed === 'appeal' ? 'open' : ''}><summary>申诉</summary><form method="post" action="${at('appeal')}">!${hidden}
<p><label for="app-reason">申诉原因</label><select id="app-reason" name="reason" required>!${reasons('appeal', appealReasons)}</select></p>
!${text('appeal', 'app-text', 4, 1000)}
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
<p><label for="contact">邮箱或手机号（例如网站维护人员）</label><input id="contact" name="text" maxlength="100" autocomplete="off" required value="${typed?.deed === 'contacts' ? (typed.values['text'] ?? '') : ''}"></p>
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
