import { html } from 'ghtml';
import { isCode } from '../../cases/case-code.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import { InputError } from '../../errors.ts';
import { loadConfiguredRanges } from '../../jobs/open-configured.ts';
import { acceptRanges } from '../../jobs/own-eyes.ts';
import type { MessageContent, Notice } from '../../ledger/outbox-store.ts';
import { maskName, maskText } from '../../log.ts';
import { compose, SECRET_MARK } from '../../notify/compose.ts';
import { caseOfCode } from '../../notify/one-time-secret.ts';
import { resend } from '../../notify/resend.ts';
import { isStuck, stuckNotices } from '../../notify/stuck.ts';
import { privateNames } from '../../privacy/open-names.ts';
import { noticeSummary } from '../../view/case-summary.ts';
import { listHtml, nextHtml, optionsHtml, queryOf, tableHtml, timeHtml, unmaskHtml } from './frame.ts';
import { type ConsoleKit, type ConsoleParts, demandReason, type Visit } from './kit.ts';
import { saidOf, wordOf } from './words.ts';

const PAGE_ROWS = 50;
const STATES = ['planned', 'enclosed', 'failed', 'cancelled'] as const;
const MOST_ABOUT = 200;

/** `/notices`: what was sent to whom, what would be, and what is stuck. */
export function addNotices(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/notices',
    ({ say }) => say('通知', 'Notices'),
    (visit, request) => listPage(parts, visit, request.query),
  );
  kit.page(
    '/notices/:id',
    ({ say }) => say('通知内容', 'Notice'),
    (visit, request) => {
      const notice = parts.ledger.outbox.notice(Number((request.params as { id: string }).id));
      return notice === null ? null : noticePage(parts, visit, notice, false);
    },
  );
  const back = (request: { params: unknown }): string => `/notices/${(request.params as { id: string }).id}`;
  kit.deed('/notices/:id/resend', 'operator', 'resend notice', back, (visit, _form, request) => {
    const id = Number((request.params as { id: string }).id);
    const { state } = parts.ledger.transaction(() => resend(parts.keeper, id, parts.now()));
    return {
      to: `/notices/${id}`,
      said:
        state === 'unknown'
          ? visit.say('将再次查询发送结果，不会重复发送。', 'Its fate is asked after again; it is not sent twice.')
          : visit.say('将重新发送。', 'It is sent again.'),
      object: `notice ${id}`,
      detail: state,
    };
  });
  kit.deed('/notices/:id/unmask', 'operator', 'unmask', back, (visit, form, request) => {
    const id = Number((request.params as { id: string }).id);
    const reason = demandReason(visit, form['reason']);
    const notice = parts.ledger.outbox.notice(id);
    return {
      to: '/notices',
      page: {
        title: visit.say('通知内容', 'Notice'),
        body: notice === null ? '' : noticePage(parts, visit, notice, true),
      },
      object: `notice ${id}`,
      detail: reason,
    };
  });
  // Stopping is for everybody who works here; letting go on again is a judgement.
  for (const key of ['notices', 'enforcement', 'clock', 'ranges'] as const) {
    // The guards of our own eyes stop by themselves only.
    if (key === 'notices' || key === 'enforcement')
      kit.deed(
        `/stops/${key}/hold`,
        'operator',
        `hold ${key}`,
        () => '/notices',
        (visit, form) => {
          const reason = demandReason(visit, form['reason']);
          parts.ledger.enforcements.hold(key, maskText(reason), visit.admin.name, parts.now());
          return { to: '/notices', said: visit.say('已停止。', 'Stopped.'), object: key, detail: reason };
        },
      );
    kit.deed(
      `/stops/${key}/release`,
      'approver',
      `release ${key}`,
      () => '/notices',
      (visit) => {
        const released =
          key === 'ranges'
            ? acceptRanges(parts.ledger, loadConfiguredRanges(parts.config), parts.config, parts.now())
            : parts.ledger.release(key, parts.now());
        return {
          to: '/notices',
          said: released ? visit.say('已恢复。', 'It goes on.') : visit.say('本来没有停止。', 'It was not stopped.'),
          object: key,
        };
      },
    );
  }
}

function selected(
  { keeper, ledger, now }: ConsoleParts,
  query: Record<string, string>,
  before: number | null,
): { notices: Notice[]; next: string | null } {
  const { outbox } = ledger;
  const { text } = query;
  const stuck = query['state'] === 'stuck';
  const state = STATES.find((one) => one === query['state']) ?? null;
  if (text !== undefined) {
    const wanted = (one: Notice): boolean =>
      stuck ? isStuck(outbox, one, now()) : state === null || one.state === state;
    return { notices: noticesAbout(keeper, text).filter(wanted), next: null };
  }
  if (stuck) return { notices: stuckNotices(outbox, now(), PAGE_ROWS), next: null };
  const notices = outbox.noticesBefore(state, before, PAGE_ROWS + 1);
  const shown = notices.slice(0, PAGE_ROWS);
  return { notices: shown, next: notices.length > PAGE_ROWS ? String(shown.at(-1)?.id) : null };
}

/** Notices of the case of a code, or of the cases of the sites that match a text, newest first. */
function noticesAbout(keeper: CaseKeeper, text: string): Notice[] {
  const { ledger } = keeper;
  const own = caseOfCode(keeper, text);
  const cases =
    own !== null ? [own] : ledger.sites.page({ text }, null, 20).rows.flatMap(({ id }) => ledger.cases.ofSite(id));
  return cases
    .flatMap(({ id }) => ledger.outbox.noticesOfCase(id))
    .sort((a, b) => b.id - a.id)
    .slice(0, MOST_ABOUT);
}

function listPage(parts: ConsoleParts, visit: Visit, given: unknown): string {
  const { say } = visit;
  const query = queryOf(given, ['state', 'text']);
  const after = Number(queryOf(given, ['after'])['after'] ?? Number.NaN);
  const { notices, next } = selected(parts, query, Number.isSafeInteger(after) ? after : null);
  const rows = notices
    .map((notice) => noticeSummary(parts.keeper, notice))
    .map((one) => [
      html`<a href="/notices/${one.id}">${one.id}</a>`,
      isCode(one.about) ? html`<a href="/cases/${one.about}">${one.about}</a>` : html`${one.about}`,
      html`${wordOf(visit, 'notice', one.kind)}`,
      html`${wordOf(visit, 'channel', one.channel)}`,
      html`${one.recipient}`,
      html`${wordOf(visit, 'delivery', one.state)}${one.possibleDuplicates > 0 ? say(`（可能 ${one.possibleDuplicates + 1} 次）`, ` (maybe ${one.possibleDuplicates + 1}×)`) : ''}`,
      one.sentAt === null ? '—' : timeHtml(Date.parse(one.sentAt)),
      html`${[one.code ?? '', saidOf(visit, one.reason, one.reasonZh)].join(' ').trim().slice(0, 120)}`,
    ]);
  const states: [string, string][] = [
    ['', say('全部', 'all')],
    ['stuck', say('需要处理', 'stuck')],
    ['planned', say('待发', 'planned')],
    ['enclosed', say('已写入消息', 'in a message')],
    ['failed', say('失败', 'failed')],
    ['cancelled', say('已取消', 'cancelled')],
  ];
  return html`!${stopsHtml(parts, visit)}<form method="get" action="/notices" class="filters" role="search"><p class="grow"><label for="f-text">${say('案件码、域名、备案号或主体', 'Case code, domain, number or subject')}</label><input id="f-text" name="text" type="search" value="${query['text'] ?? ''}"></p><p><label for="f-state">${say('状态', 'State')}</label><select id="f-state" name="state">!${optionsHtml(states, query['state'] ?? '')}</select></p><p><button>${say('查询', 'Show')}</button></p></form>
!${tableHtml(['#', say('事项', 'About'), say('类型', 'Kind'), say('渠道', 'Channel'), say('收件人', 'To'), say('状态', 'State'), say('发送', 'Sent'), say('说明', 'Why')], rows, say('没有通知。', 'None.'), say('通知列表', 'Notices'))}!${nextHtml(visit, '/notices', query, next)}`;
}

function stopsHtml({ ledger, config }: ConsoleParts, visit: Visit): string {
  const { say } = visit;
  const one = (key: 'notices' | 'enforcement', name: string, live: boolean): string => {
    const held = ledger.enforcements.held(key);
    const path = `/stops/${key}/hold`;
    const id = `hold-${key}`;
    const state =
      held === null
        ? html`<span class="badge ${live ? 'pass' : 'none'}">${live ? say('已启用', 'live') : say('试运行', 'dry-run')}</span>`
        : html`<span class="badge fail">${say('已停止', 'stopped')}</span> ${saidOf(visit, held.reason, held.reasonZh)} !${timeHtml(held.since)}`;
    const act =
      held === null
        ? visit.may('operator')
          ? html`<details><summary>${say('紧急停止', 'Stop it')}</summary>!${visit.form(path, html`<p><label for="${id}">${say('理由', 'Reason')}</label><input id="${id}" name="reason" required minlength="2" maxlength="300" value="${visit.typed(path, 'reason')}"></p><p><button class="grave">${say('停止', 'Stop')}</button></p>`)}</details>`
          : ''
        : visit.may('approver')
          ? visit.form(`/stops/${key}/release`, html`<button>${say('恢复', 'Let it go on')}</button>`)
          : '';
    return html`<div><p><strong>${name}</strong> !${state}</p>!${act}</div>`;
  };
  const eyes = (['clock', 'ranges'] as const).flatMap((key) => {
    const held = ledger.enforcements.held(key);
    if (held === null) return [];
    const name =
      key === 'clock'
        ? say('时钟不可信：暂停一切认定', 'The clock is not believed')
        : say('IP 段清单异常缩小：暂停一切认定', 'A range list shrank');
    const what =
      key === 'clock'
        ? say('时钟无误，恢复', 'The clock is right: go on')
        : say('清单无误，按现状接受', 'The lists are right: accept them');
    const act = visit.may('approver') ? visit.form(`/stops/${key}/release`, html`<button>${what}</button>`) : '';
    return [
      html`<div><p><strong>${name}</strong> <span class="badge fail">${say('已停止', 'stopped')}</span> ${saidOf(visit, held.reason, held.reasonZh)} !${timeHtml(held.since)}</p>!${act}</div>`,
    ];
  });
  const { notices, enforcement } = config.settings;
  return html`!${eyes.length === 0 ? '' : html`<div class="two card">!${eyes.join('')}</div>`}<div class="two card">!${one('notices', say('向网站方发送', 'Sending to owners'), notices.live)}!${one('enforcement', say('处置', 'Enforcement'), enforcement.live)}</div>`;
}

function noticePage(parts: ConsoleParts, visit: Visit, notice: Notice, clear: boolean): string {
  const { keeper, ledger } = parts;
  const { say } = visit;
  const summary = noticeSummary(keeper, notice, clear);
  const message = notice.messageId === null ? null : ledger.outbox.message(notice.messageId);
  const attempts = message === null ? [] : ledger.outbox.attempts(message.id);
  // Not written yet: as it would be written now.
  const content = message?.content ?? previewOf(parts, notice);
  const text = content === null ? null : (content.sms?.text ?? `${content.title}\n\n${content.text}`);
  const path = `/notices/${notice.id}/unmask`;
  const resendable = summary.state === 'failed' || summary.state === 'retry' || summary.state === 'unknown';
  return html`!${listHtml([
    [
      say('事项', 'About'),
      isCode(summary.about) ? html`<a href="/cases/${summary.about}">${summary.about}</a>` : html`${summary.about}`,
    ],
    [
      say('类型', 'Kind'),
      html`${wordOf(visit, 'notice', summary.kind)} · ${wordOf(visit, 'channel', summary.channel)}`,
    ],
    [say('收件人', 'To'), html`${summary.recipient}`],
    [
      say('状态', 'State'),
      html`${wordOf(visit, 'delivery', summary.state)} ${summary.code ?? ''} ${saidOf(visit, summary.reason, summary.reasonZh)}`,
    ],
    [say('最早发送', 'Not before'), timeHtml(notice.notBefore)],
    [say('发送', 'Sent'), summary.sentAt === null ? '—' : timeHtml(Date.parse(summary.sentAt))],
  ])}
!${visit.may('operator') && resendable ? visit.form(`/notices/${notice.id}/resend`, html`<button>${say('重新发送', 'Send again')}</button>`) : ''}
!${clear ? '' : unmaskHtml(visit, path)}
<h2>${message === null ? say('内容（按现在的情况预览，尚未写成）', 'Text (as of now; not written yet)') : say('内容', 'Text')}</h2>!${text === null ? html`<p class="soft">${say('没有内容。', 'No text.')}</p>` : html`<pre>${clear ? openSecret(text) : maskNotice(parts, openSecret(text), notice)}</pre>`}
<h2>${say('发送记录', 'Every touch of the wire')}</h2>!${tableHtml(
    [say('时间', 'At'), say('动作', 'What'), say('结果', 'Outcome'), say('说明', 'Detail')],
    attempts.map((one) => [
      timeHtml(one.at),
      html`${wordOf(visit, 'attempt', one.what)}`,
      html`${wordOf(visit, 'attempt', one.outcome)}`,
      html`${maskText(one.detail)}`,
    ]),
    say('没有。', 'None.'),
    say('发送记录', 'Attempts'),
  )}`;
}

/** What a planned notice would say now; null where it has no text of its own. */
function previewOf({ keeper, now }: ConsoleParts, notice: Notice): MessageContent | null {
  if (notice.state !== 'planned') return null;
  try {
    return compose(keeper, [notice], now());
  } catch (error) {
    if (error instanceof InputError) return null;
    throw error;
  }
}

/** Where a key goes that only the recipient was told. */
const openSecret = (text: string): string => text.replaceAll(SECRET_MARK, '••••••••••');

/** A text without numbers, addresses, the name it is written to, and those of other private persons. */
function maskNotice({ ledger }: ConsoleParts, text: string, { name, subjectId, caseId, messageId }: Notice): string {
  const beside = messageId === null ? [] : ledger.outbox.noticesOfMessage(messageId);
  const caseIds = [caseId, ...beside.map((one) => one.caseId)].flatMap((id) => id ?? []);
  const names = [name, ...beside.map((one) => one.name), ...privateNames(ledger, subjectId, [...new Set(caseIds)])];
  return [...new Set(names)]
    .filter((one): one is string => one !== null && one.trim() !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((said, one) => said.replaceAll(one, maskName(one)), maskText(text));
}
