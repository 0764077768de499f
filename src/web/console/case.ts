import { html } from 'ghtml';
import { CaseDesk } from '../../cases/desk.ts';
import { isTerminal, MOVES, type Move } from '../../cases/moves.ts';
import type { CaseEvent, CaseRecord, CaseState } from '../../cases/types.ts';
import { InputError } from '../../errors.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { maskText } from '../../log.ts';
import { portalPath } from '../../notify/compose.ts';
import { giveOutCode, isOpenable } from '../../notify/one-time-secret.ts';
import { openFinding, openName } from '../../privacy/open-names.ts';
import { caseSummary, eventWords, findingTitle, noticeSummary } from '../../view/case-summary.ts';
import { CASE_ACTS, type CaseAct, demandKnown, demandOffered } from '../case-acts.ts';
import { actForm } from './case-forms.ts';
import { stateText } from './cases.ts';
import { listHtml, tableHtml, timeHtml } from './frame.ts';
import { type ConsoleKit, type ConsoleParts, demandReason, type Visit } from './kit.ts';
import { actorOf, evidenceOf, saidOf, wordOf } from './words.ts';

/** States that move on by a person of the provider. */
const WAITS: Partial<Record<CaseState, { zh: string; en: string }>> = {
  'enforcement-asked': { zh: '等待批准限制访问', en: 'approval of the restriction' },
  'cancellation-asked': { zh: '等待批准取消接入', en: 'approval of the cancellation' },
  appealed: { zh: '等待审核申诉', en: 'judgement of the appeal' },
};

const codeOf = (params: unknown): string => (params as { code: string }).code;

/** `/cases/:code`: findings, timeline, notices, acts, and what may be done now. */
export function addCase(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/cases/:code',
    ({ say }, request) => say(`整改单 ${codeOf(request.params)}`, `Case ${codeOf(request.params)}`),
    (visit, request) => {
      const record = parts.ledger.cases.byCode(codeOf(request.params));
      return record === null ? null : casePage(parts, visit, record);
    },
  );
  kit.data('/cases/:code/mark', (_visit, request) => ({
    mark: markOf(parts, parts.ledger.cases.byCode(codeOf(request.params))),
  }));
  kit.deed(
    '/cases/:code/portal-code',
    'operator',
    'give out portal code',
    (request) => `/cases/${codeOf(request.params)}`,
    (visit, form, request) => {
      const { say } = visit;
      const record = new CaseDesk(parts.keeper).find(codeOf(request.params));
      const reason = demandReason(visit, form['reason']);
      if (!isOpenable(record, parts.now()))
        throw new InputError(
          'the case opens for nobody',
          'it is a dry-run, or ended long ago',
          '试运行或早已结束的整改单不能在整改页面打开',
        );
      const code = giveOutCode(parts.keeper, record, visit.actor, parts.now());
      const { portalUrl } = parts.config.settings.notices;
      return {
        to: `/cases/${record.code}`,
        page: {
          title: say('临时案件码', 'A code for the owner'),
          body: html`<p class="said" role="status">${say('请口头告知网站方，24 小时内有效，仅显示一次：', 'Read it out to the owner; good for 24 hours, shown this once:')} <strong class="code">${code}</strong></p>
<p>${portalUrl === null ? say('尚未配置整改页面地址（notices.portalUrl）。', 'notices.portalUrl is not set.') : html`${say('整改页面', 'Where it is typed')}：${portalPath(portalUrl, '')}`}</p><p><a href="/cases/${record.code}">${say('返回整改单', 'Back to the case')}</a></p>`,
        },
        object: `case ${record.code}`,
        detail: reason,
      };
    },
  );
  for (const [name, act] of Object.entries(CASE_ACTS))
    kit.deed(
      `/cases/:code/${name}`,
      act.role,
      `case ${name}`,
      (request) => `/cases/${codeOf(request.params)}`,
      (visit, form, request) => {
        const code = codeOf(request.params);
        const desk = new CaseDesk(parts.keeper);
        const record = desk.find(code);
        demandOffered(parts.keeper, record, act);
        demandKnown(name, record, form);
        parts.ledger.transaction(() => act.act(desk, code, form, visit.actor, parts.now()));
        const now = desk.find(code);
        return {
          to: `/cases/${code}`,
          said: visit.say(
            `已办理：${act.zh}。当前阶段：${stateText(visit, now.state)}。`,
            `Done: ${act.en}. The case is ${now.state}.`,
          ),
          object: `case ${code}`,
          detail: form['reason'] ?? '',
        };
      },
    );
}

/** Changes with every line of the case's history, every notice, every act. */
function markOf({ ledger }: ConsoleParts, record: CaseRecord | null): string {
  if (record === null) return '';
  const notices = ledger.outbox.noticesOfCase(record.id).map(({ id, state, messageId }) => [id, state, messageId]);
  const acts = ledger.enforcements.ofCase(record.id).map(({ id, state }) => [id, state]);
  return JSON.stringify([record.seq, notices, acts]);
}

function casePage(parts: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { keeper, ledger } = parts;
  const { say, admin } = visit;
  const summary = caseSummary(keeper, record);
  const subject = ledger.contacts.subject(record.subjectId);
  const title = keeper.rules.programmes.programmes[record.programme]?.title[admin.language] ?? record.programme;
  return html`<div data-live="case" data-news="${say('整改单有更新', 'The case was renewed')}" data-mark="${markOf(parts, record)}" data-mark-from="/cases/${record.code}/mark">
<p class="lead"><strong>${summary.domain ?? summary.number}</strong> · ${title} · <span class="badge none">${stateText(visit, record.state)}</span>!${record.dryRun ? html` <span class="badge none">${say('试运行：未通知任何人', 'dry-run: nobody was told')}</span>` : ''}</p>
<div class="grid"><section class="card"><h2>${say('概况', 'Standing')}</h2>!${listHtml([
    [say('案件码', 'Code'), html`${record.code}`],
    [
      say('网站', 'Site'),
      record.siteId === null
        ? html`${say('主体下全部网站', 'all sites of the subject')}`
        : html`<a href="/sites/${record.siteId}">${summary.number}</a>`,
    ],
    [
      say('主体', 'Subject'),
      html`${openName(subject?.name ?? '', subject?.kind ?? '')} <a href="/contacts/${encodeURIComponent(subject?.subjectNumber ?? '')}">${subject?.subjectNumber ?? ''}</a>`,
    ],
    [say('立案', 'Opened'), timeHtml(record.openedAt)],
    [
      say('期限', 'Deadline'),
      html`!${timeHtml(record.deadlineAt)}${record.deadlineProvisional ? say('（暂定，只会顺延）', ' (provisional: only moves later)') : ''}`,
    ],
    ...(record.cancelDueAt === null || isTerminal(record.state)
      ? []
      : ([[say('仍未整改则取消接入', 'Access is cancelled after'), timeHtml(record.cancelDueAt)]] as [
          string,
          string,
        ][])),
    ...(record.state !== 'appealed'
      ? []
      : ([[say('申诉审核期限', 'The appeal is to be judged by'), timeHtml(record.reviewDueAt)]] as [string, string][])),
    [
      say('已告知', 'Told'),
      record.toldAt === null
        ? html`${say('尚未告知任何人，期限不生效', 'nobody yet: no deadline counts')}`
        : timeHtml(record.toldAt),
    ],
    [
      say('下一步', 'Next'),
      WAITS[record.state] !== undefined
        ? html`${say(WAITS[record.state]?.zh ?? '', WAITS[record.state]?.en ?? '')}`
        : summary.next === null
          ? '—'
          : html`${wordOf(visit, 'next', summary.next.what)} !${timeHtml(Date.parse(summary.next.at))}`,
    ],
    [say('延期 / 申诉', 'Extensions / appeals'), html`${record.extensions} / ${record.appeals}`],
    [say('批准人', 'Approved by'), html`${approversOf(ledger, record).join(', ') || '—'}`],
    [say('规则版本', 'Policy'), html`${record.policy.version}`],
  ])}</section>!${actsCard(parts, visit, record)}</div>
<h2>${say('问题', 'Findings')}</h2>!${findingsHtml(parts, visit, record)}
<h2>${say('处理记录', 'Timeline')}</h2>!${timelineHtml(parts, visit, record)}
<h2>${say('通知', 'Notices')}</h2>!${noticesHtml(parts, visit, record)}
!${enforcementHtml(parts, visit, record)}</div>`;
}

/** Who approves what is being asked, or approved what was asked last. */
function approversOf({ cases }: Ledger, { id, approvals }: CaseRecord): string[] {
  if (approvals.length > 0) return approvals;
  const last = cases.events(id).findLast(({ move }) => move.endsWith('-approved'))?.data['approvals'];
  return Array.isArray(last) ? last.map(String) : [];
}

/** Moves that tell of one message: many of them bury what was decided, so they stand together. */
const OF_MESSAGES: ReadonlySet<string> = new Set(['notice-sent', 'notice-failed']);

/** The history, newest first; messages that follow one another are folded. */
function timelineHtml({ keeper, ledger }: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { say, admin } = visit;
  const { extensionReasons, appealReasons } = keeper.rules.programmes;
  const wordFor = (kind: string, word: string): string =>
    kind === 'reason' ? (extensionReasons[word] ?? appealReasons[word] ?? word) : wordOf(visit, kind, word);
  const line = (event: CaseEvent): string => {
    const change = event.from === event.to ? '' : ` → ${stateText(visit, event.to)}`;
    const what = MOVES[event.move as Move];
    const who = actorOf(visit, event.actor);
    const name = what === undefined ? event.move : say(what.zh, what.en);
    return html`!${timeHtml(event.at)} <strong>${name}</strong>${change} <span class="soft">${maskText(eventWords(event, wordFor, admin.language))}${who === '' ? '' : ` · ${who}`}</span>`;
  };
  const groups: CaseEvent[][] = [];
  for (const event of ledger.cases.events(record.id).toReversed()) {
    const last = groups.at(-1);
    const joins = OF_MESSAGES.has(event.move) && last?.[0]?.move === event.move;
    if (joins) last?.push(event);
    else groups.push([event]);
  }
  const items = groups.map((events) => {
    const [first] = events;
    if (first === undefined) return '';
    if (events.length === 1) return html`<li>!${line(first)}</li>`;
    const what = MOVES[first.move as Move];
    return html`<li><details><summary>!${timeHtml(first.at)} <strong>${say(what.zh, what.en)}</strong> ×${events.length}</summary><ul class="plain-list">!${events.map((event) => html`<li>!${line(event)}</li>`).join('')}</ul></details></li>`;
  });
  return html`<ol class="timeline">!${items.join('')}</ol>`;
}

/** A warning where an act is asked for though its owner may not have heard: no mail or SMS that told of it arrived. */
function untoldHtml({ ledger }: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { say } = visit;
  if (record.state !== 'enforcement-asked' && record.state !== 'cancellation-asked') return '';
  const told = ledger.outbox
    .noticesOfCase(record.id)
    .filter(({ kind, channel }) => (kind === 'overdue' || kind === 'reminder') && channel !== 'in-site');
  const arrived = told.some(({ messageId }) =>
    ['accepted', 'delivered'].includes(messageId === null ? '' : (ledger.outbox.message(messageId)?.state ?? '')),
  );
  if (arrived || told.length === 0) return '';
  const last = told.at(-1);
  const why = last === undefined ? '' : saidOf(visit, last.reason, last.reasonZh);
  return html`<p class="said bad" role="alert">${say('注意：到期提醒和逾期通知没有一条通过邮件或短信送达', 'Mind: no reminder and no overdue notice of it arrived by mail or SMS')}${why === '' ? '' : `（${why}）`}${say('。请先查明原因，或电话告知网站负责人。', '. Find out why, or call the owner, before you approve.')}</p>`;
}

/** What the owner said, where an appeal waits for its judgement. */
function appealHtml({ keeper, ledger }: ConsoleParts, { say }: Visit, record: CaseRecord): string {
  const appeal = ledger.cases.events(record.id).findLast(({ move }) => move === 'appeal-received');
  if (record.state !== 'appealed' || appeal === undefined) return '';
  const reason = String(appeal.data['reason'] ?? '');
  return html`<p class="said"><strong>${say('申诉理由', 'The appeal')}：</strong>${keeper.rules.programmes.appealReasons[reason] ?? reason} ${String(appeal.data['description'] ?? '')} <span class="soft">!${timeHtml(appeal.at)}</span></p>`;
}

function actsCard(parts: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { keeper } = parts;
  const { say } = visit;
  const offered = Object.entries(CASE_ACTS).filter(
    ([, act]: [string, CaseAct]) => visit.may(act.role) && act.offered(keeper, record),
  );
  const codeAt = `/cases/${record.code}/portal-code`;
  const codeForm = html`<details class="act"><summary>${say('出具临时案件码', 'Give out a portal code')}</summary>!${visit.form(codeAt, html`<p class="soft">${say('网站方手边没有短信或邮件时，核实身份后口头告知；24 小时内可打开整改页面，写入处理记录；此前出具的立即作废。', 'For an owner without SMS or mail at hand, once you know whom you speak to: opens the portal for 24 hours, and stands in the history; one given out before is void.')}</p><p><label for="portal-code-reason">${say('如何核实身份（记入审计）', 'How you know (stands in the audit log)')}</label><input id="portal-code-reason" name="reason" required minlength="2" maxlength="300" value="${visit.typed(codeAt, 'reason')}"></p><p><button>${say('出具', 'Give out')}</button></p>`)}</details>`;
  const others = visit.may('approver')
    ? ''
    : html`<p class="soft">${say('其他操作需要审批人。', 'Other acts need an approver.')}</p>`;
  return html`<section class="card"><h2>${say('办理', 'Act')}</h2>!${untoldHtml(parts, visit, record)}!${appealHtml(parts, visit, record)}!${offered.length === 0 ? html`<p class="soft">${isTerminal(record.state) ? say('已结束。', 'It has ended.') : say('当前没有可办理的操作。', 'Nothing can be done now.')}</p>` : offered.map(([name, act]) => actForm(keeper, visit, record, name, act)).join('')}!${visit.may('operator') && isOpenable(record, parts.now()) ? codeForm : ''}!${others}</section>`;
}

function findingsHtml({ keeper, ledger }: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { say, admin } = visit;
  const rows = ledger.cases
    .findings(record.id)
    .map(openFinding)
    .map((finding) => [
      finding.clearedAt === null
        ? html`<span class="badge fail">${say('未解决', 'stands')}</span>`
        : html`<span class="badge pass">${say('已解决', 'cleared')}</span>`,
      html`<a href="/sites/${finding.siteId}${finding.verdictId === null ? '' : `?verdict=${finding.verdictId}`}">${findingTitle(keeper, finding.checkId, finding, admin.language)}</a> <span class="soft">${finding.code}</span>`,
      finding.evidence
        .map((one) => evidenceOf(visit, one))
        .map(({ label, value }) => html`${label}: ${value}`)
        .join('<br>') || '—',
      timeHtml(finding.lastSeenAt),
    ]);
  return tableHtml(
    [say('状态', 'State'), say('问题', 'Finding'), say('依据', 'Evidence'), say('最近确认', 'Last seen')],
    rows,
    say('没有问题。', 'None.'),
    say('问题', 'Findings'),
  );
}

function noticesHtml({ keeper, ledger }: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { say } = visit;
  const rows = ledger.outbox
    .noticesOfCase(record.id)
    .map((notice) => noticeSummary(keeper, notice))
    .map((notice) => [
      html`<a href="/notices/${notice.id}">${notice.id}</a>`,
      html`${wordOf(visit, 'notice', notice.kind)}`,
      html`${wordOf(visit, 'channel', notice.channel)}`,
      html`${notice.recipient}`,
      html`${wordOf(visit, 'delivery', notice.state)}`,
      notice.sentAt === null ? '—' : timeHtml(Date.parse(notice.sentAt)),
      html`${saidOf(visit, notice.reason, notice.reasonZh)}`,
    ]);
  return tableHtml(
    [
      '#',
      say('类型', 'Kind'),
      say('渠道', 'Channel'),
      say('收件人', 'To'),
      say('状态', 'State'),
      say('发送', 'Sent'),
      say('说明', 'Why'),
    ],
    rows,
    say('没有通知。', 'None.'),
    say('通知', 'Notices'),
  );
}

function enforcementHtml({ ledger }: ConsoleParts, visit: Visit, record: CaseRecord): string {
  const { say } = visit;
  const acts = ledger.enforcements.ofCase(record.id);
  if (acts.length === 0) return '';
  const rows = acts.map((act) => [
    html`${wordOf(visit, 'act', act.act)}${act.irrevocable ? say('（不可撤回）', ' (irrevocable)') : ''}`,
    html`${wordOf(visit, 'enforcement', act.state)}`,
    timeHtml(act.createdAt),
    timeHtml(act.submittedAt),
    html`${act.receipt ?? ''} ${act.error ?? ''}`,
  ]);
  return html`<h2>${say('处置', 'Enforcement')}</h2>!${tableHtml([say('动作', 'Act'), say('状态', 'State'), say('请求', 'Asked'), say('提交', 'Submitted'), say('回执', 'Receipt')], rows, '—', say('处置', 'Enforcement'))}`;
}
