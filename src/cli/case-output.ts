import { beijingText } from '../calendar/beijing-time.ts';
import { calendarYears } from '../calendar/coverage.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { type Move, moveOf, STATES } from '../cases/moves.ts';
import { timersOf } from '../cases/timers.ts';
import type { CaseEvent, CaseRecord } from '../cases/types.ts';
import { fillText } from '../checks/conclude.ts';
import type { Message, Notice } from '../ledger/outbox-store.ts';
import { maskText } from '../log.ts';
import { beijing, paint, table } from './output.ts';

/** A case as JSON and as tables want it. */
export function caseSummary(keeper: CaseKeeper, record: CaseRecord) {
  const site = record.siteId === null ? null : keeper.ledger.filings.load(record.siteId);
  const subject = keeper.ledger.contacts.subject(record.subjectId);
  const [next] = timersOf(record);
  return {
    code: record.code,
    programme: record.programme,
    number: site?.filing.siteNumber ?? subject?.subjectNumber ?? '',
    domain: site?.filing.domains[0] ?? null,
    state: record.state,
    stateZh: STATES[record.state].zh,
    openedAt: new Date(record.openedAt).toISOString(),
    deadlineAt: new Date(record.deadlineAt).toISOString(),
    deadlineBeijing: beijingText(record.deadlineAt),
    deadlineProvisional: record.deadlineProvisional,
    toldAt: record.toldAt === null ? null : new Date(record.toldAt).toISOString(),
    dryRun: record.dryRun,
    policyVersion: record.policy.version,
    algorithms: record.algorithms,
    next: next === undefined ? null : { what: next.kind, at: new Date(next.at).toISOString() },
  };
}

/** Everything about one case: what `cases show --json` gives. */
export function caseDetail(keeper: CaseKeeper, record: CaseRecord) {
  const { cases, outbox, enforcements } = keeper.ledger;
  return {
    ...caseSummary(keeper, record),
    findings: cases
      .findings(record.id)
      .map((finding) => ({ ...finding, title: titleOf(keeper, finding.checkId, finding) })),
    history: cases.events(record.id).map(({ caseId: _, ...event }) => event),
    notices: outbox.noticesOfCase(record.id).map((notice) => noticeSummary(keeper, notice)),
    enforcement: enforcements.ofCase(record.id).map(({ payload: _, ...act }) => act),
  };
}

/** A notice with the fate of its message; addresses masked unless asked for. */
export function noticeSummary(keeper: CaseKeeper, notice: Notice, unmask = false) {
  const message = notice.messageId === null ? null : keeper.ledger.outbox.message(notice.messageId);
  const { id, topic, stage, kind, channel, state, reason, messageId } = notice;
  return {
    id,
    topic,
    about: aboutOf(keeper, notice),
    stage,
    kind,
    channel,
    recipient: recipientOf(keeper, notice, unmask),
    state: message === null ? state : message.state,
    reason: reason ?? message?.error ?? null,
    code: message?.code ?? null,
    possibleDuplicates: message?.possibleDuplicates ?? 0,
    messageId,
    sentAt: message === null || message.state === 'dry-run' ? null : new Date(message.createdAt).toISOString(),
    notBefore: new Date(notice.notBefore).toISOString(),
  };
}

/** Which case, domain or contact a notice is about. */
function aboutOf(keeper: CaseKeeper, { caseId, topic }: Notice): string {
  return caseId === null ? topic.replace(/@.*/, '') : (keeper.ledger.cases.get(caseId)?.code ?? topic);
}

function recipientOf(keeper: CaseKeeper, { channel, recipient, subjectId }: Notice, unmask: boolean): string {
  if (channel === 'in-site' && subjectId !== null)
    return keeper.ledger.contacts.subject(subjectId)?.subjectNumber ?? recipient;
  return unmask ? recipient : maskText(recipient);
}

function titleOf(
  keeper: CaseKeeper,
  checkId: string,
  finding: { code: string; params: Record<string, string | number>; about: string | null },
): string {
  const check = keeper.rules.checks.find(({ id }) => id === checkId);
  return fillText(check?.codes[finding.code]?.title.zh ?? finding.code, finding);
}

/** One line of a timeline. */
export function eventLine(event: CaseEvent): string {
  const definition = moveOf(event.move as Move);
  const change = event.from === event.to ? '' : `  ${paint('bold', `→ ${event.to}`)}`;
  const who = event.actor.kind === 'system' ? '' : `  (${event.actor.kind} ${event.actor.name})`;
  return `${beijing(event.at)}  ${event.move.padEnd(22)} ${definition.zh}${change}${who}${detailOf(event)}`;
}

/** What a move said, in a few words. */
function detailOf({ move, data }: CaseEvent): string {
  const said = [
    'codes',
    'kind',
    'channel',
    'to',
    'reason',
    'description',
    'workingDays',
    'until',
    'checkId',
    'result',
    'why',
    'how',
    'text',
    'code',
    'told',
    'skipped',
    'error',
    'act',
  ]
    .filter((key) => data[key] !== undefined && data[key] !== '')
    .map((key) => {
      const value = data[key];
      if (key === 'why' && typeof value === 'object' && value !== null)
        return String((value as { zh?: string }).zh ?? '');
      return Array.isArray(value) ? value.join(',') : String(value);
    });
  if (move === 'finding-joined') said.push((data['joined'] as { code: string }[]).map(({ code }) => code).join(','));
  return said.length === 0 ? '' : `  ${paint('gray', said.join(' '))}`;
}

/** A case for a person to read. */
export function caseText(keeper: CaseKeeper, record: CaseRecord): string {
  const { cases, outbox, enforcements } = keeper.ledger;
  const summary = caseSummary(keeper, record);
  const lines = [
    `${paint('bold', `case ${record.code}`)}  ${summary.programme}  ${summary.number}  ${summary.domain ?? ''}`,
    `state      ${paint('bold', record.state)} ${STATES[record.state].zh}: ${STATES[record.state].en}${record.dryRun ? '  [dry-run]' : ''}`,
    `deadline   ${summary.deadlineBeijing}${provisionalNote(record)}`,
    `told       ${record.toldAt === null ? (record.dryRun ? 'nobody: dry-run' : paint('yellow', 'nobody yet, so no deadline counts: patrol cases told after a call, or mend the contacts')) : `${beijing(record.toldAt)} (Beijing)`}`,
    `policy     ${record.policy.version}; judged by ${record.algorithms.join(', ')}`,
    ...(summary.next === null ? [] : [`next       ${summary.next.what} at ${beijing(Date.parse(summary.next.at))}`]),
    '',
    paint('bold', 'findings'),
    ...cases
      .findings(record.id)
      .map(
        (finding) =>
          `  ${finding.clearedAt === null ? paint('red', 'stands ') : paint('green', 'cleared')} ${finding.checkId} ${finding.code}: ${titleOf(keeper, finding.checkId, finding)}${finding.evidence.map(({ label, value }) => `\n            ${paint('gray', `${label}: ${value}`)}`).join('')}`,
      ),
    '',
    paint('bold', 'history'),
    ...cases.events(record.id).map((event) => `  ${eventLine(event)}`),
  ];
  const notices = outbox.noticesOfCase(record.id).map((notice) => noticeSummary(keeper, notice));
  if (notices.length > 0) lines.push('', paint('bold', 'notices (patrol notices show ID)'), noticeTable(notices));
  const acts = enforcements.ofCase(record.id);
  if (acts.length > 0)
    lines.push(
      '',
      paint('bold', 'enforcement'),
      table(
        ['act', 'site', 'state', 'asked', 'submitted', 'receipt', 'error'],
        acts.map((act) => [
          `${act.act}${act.irrevocable ? ' (irrevocable)' : ''}`,
          String(act.siteId),
          act.state,
          beijing(act.createdAt),
          beijing(act.submittedAt),
          act.receipt ?? '',
          act.error?.slice(0, 60) ?? '',
        ]),
      ),
    );
  return lines.join('\n');
}

/** Says which year is missing where a deadline is provisional (design §6). */
function provisionalNote(record: CaseRecord): string {
  if (!record.deadlineProvisional) return '';
  const last = Math.max(...calendarYears());
  return paint(
    'yellow',
    `  provisional: no working-day calendar beyond ${last}; it will only move later (config/calendar.yaml)`,
  );
}

/** Notices in a table. */
export function noticeTable(notices: ReturnType<typeof noticeSummary>[]): string {
  return table(
    ['id', 'about', 'kind', 'channel', 'to', 'state', 'sent', 'why'],
    notices.map((notice) => [
      String(notice.id),
      notice.about,
      notice.kind,
      notice.channel,
      notice.recipient,
      `${notice.state}${notice.possibleDuplicates > 0 ? ` (maybe ${notice.possibleDuplicates + 1}×)` : ''}`,
      notice.sentAt === null ? '-' : beijing(Date.parse(notice.sentAt)),
      [notice.code, notice.reason]
        .filter((part) => part !== null)
        .join(' ')
        .slice(0, 60),
    ]),
  );
}

/** A message as it was (or would be) sent. */
export function messageText(message: Message, unmask: boolean): string {
  const to = unmask ? message.recipient : maskText(message.recipient);
  const head = [
    `message ${message.id}  ${message.channel} to ${to}  ${paint('bold', message.state)}`,
    `id ${message.correlationId}  attempts ${message.attempts}  possible duplicates ${message.possibleDuplicates}`,
    ...(message.error === null ? [] : [`last answer: ${message.code ?? ''} ${message.error}`]),
    '',
  ];
  const { content } = message;
  const body =
    content.sms === null
      ? `${content.title}\n\n${content.text}`
      : `${content.sms.text}\n\n(template ${content.sms.template}, ${content.sms.text.length} characters)`;
  return [...head, body].join('\n');
}
