import { calendarYears } from '../calendar/coverage.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { type Move, moveOf, STATES } from '../cases/moves.ts';
import type { CaseEvent, CaseRecord } from '../cases/types.ts';
import type { Message } from '../ledger/outbox-store.ts';
import { maskText } from '../log.ts';
import { caseSummary, eventWords, findingTitle, noticeSummary } from '../view/case-summary.ts';
import { beijing, paint, table } from './output.ts';

/** One line of a timeline. */
export function eventLine(event: CaseEvent): string {
  const definition = moveOf(event.move as Move);
  const change = event.from === event.to ? '' : `  ${paint('bold', `→ ${event.to}`)}`;
  const who = event.actor.kind === 'system' ? '' : `  (${event.actor.kind} ${event.actor.name})`;
  const said = eventWords(event);
  return `${beijing(event.at)}  ${event.move.padEnd(22)} ${definition.zh}${change}${who}${said === '' ? '' : `  ${paint('gray', said)}`}`;
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
          `  ${finding.clearedAt === null ? paint('red', 'stands ') : paint('green', 'cleared')} ${finding.checkId} ${finding.code}: ${findingTitle(keeper, finding.checkId, finding)}${finding.evidence.map(({ label, value }) => `\n            ${paint('gray', `${label}: ${value}`)}`).join('')}`,
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
