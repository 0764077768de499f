import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CaseKeeper } from '../cases/keeper.ts';
import { CASE_NOTICE_KINDS } from '../cases/notice-kinds.ts';
import { InputError } from '../errors.ts';
import type { Notice } from '../ledger/outbox-store.ts';
import { compose } from '../notify/compose.ts';
import { resend } from '../notify/resend.ts';
import { SMS_TEMPLATES, smsText } from '../notify/sms-templates.ts';
import { stuckNotices } from '../notify/stuck.ts';
import type { ChannelId, NoticeKind } from '../notify/types.ts';
import { noticeSummary } from '../view/case-summary.ts';
import { messageText, noticeTable } from './case-output.ts';
import { addHold, report, withCases } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, positiveInteger, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';

/** `patrol notices`. */
export function addNoticesCommand(program: Command, environment: CliEnvironment): void {
  const notices = program.command('notices').description('what was sent to whom, what would be, and what is stuck');
  addReading(notices, environment);
  addPreview(notices, environment);
  addResend(notices, environment);
  addHold(notices, environment, 'notices', 'sending to owners');
  notices.addHelpText(
    'after',
    `
  patrol notices list --stuck              failed, unknown, or waiting with a reason
  patrol notices show 17                   the text as it was sent (or, in dry-run, would have been)
  patrol notices preview CODE reminder --channel sms
  patrol notices templates                 the SMS texts to register with the gateway
How sending works, and why nothing is sent twice: docs/notices.md`,
  );
}

function addReading(notices: Command, environment: CliEnvironment): void {
  withCommon(notices.command('list'))
    .description('notices, newest first')
    .option('--state <state>', 'planned, enclosed, failed, cancelled')
    .option('--stuck', 'only what needs a look: failed, of unknown fate, or waiting for longer than a day')
    .option('--unmask', 'show addresses in clear')
    .option('--limit <n>', 'at most this many', positiveInteger, 50)
    .action((options: CommonOptions & { state?: string; stuck?: boolean; unmask?: boolean; limit: number }) =>
      withCases(options, environment, ({ keeper, now }) => {
        const rows = selectNotices(keeper, options, now).map((notice) => noticeSummary(keeper, notice, options.unmask));
        const held = keeper.ledger.enforcements.held('notices');
        if (options.json === true) return printJson({ held, notices: rows });
        if (held !== null) print(`sending is stopped since ${beijing(held.since)}: ${held.reason}`);
        print(rows.length === 0 ? 'no notices' : noticeTable(rows));
        const doubled = keeper.ledger.outbox.totals().reduce((sum, one) => sum + one.possibleDuplicates, 0);
        if (doubled > 0) print(`\nmails that may have arrived twice: ${doubled}`);
      }),
    );
  withCommon(notices.command('show <id>'))
    .description('one notice: its text, and every touch of the wire')
    .option('--html <file>', 'write the mail’s HTML to a file')
    .option('--unmask', 'show the address in clear')
    .action((id: string, options: CommonOptions & { html?: string; unmask?: boolean }) =>
      withCases(options, environment, ({ keeper }) => {
        const notice = keeper.ledger.outbox.notice(Number(id));
        if (notice === null) throw new InputError(`no notice ${id}`, 'patrol notices list shows the ids');
        const message = notice.messageId === null ? null : keeper.ledger.outbox.message(notice.messageId);
        const attempts = message === null ? [] : keeper.ledger.outbox.attempts(message.id);
        if (options.html !== undefined) writeHtml(options.html, message?.content.html ?? null);
        if (options.json === true)
          return printJson({
            ...noticeSummary(keeper, notice, options.unmask),
            content: message?.content ?? null,
            attempts,
          });
        if (message === null)
          return print(
            `${noticeTable([noticeSummary(keeper, notice, options.unmask)])}\nnot written yet: patrol notices preview ${noticeSummary(keeper, notice).about} ${notice.kind} --channel ${notice.channel} shows it as of now`,
          );
        print(messageText(message, options.unmask ?? false));
        const rows = attempts.map((one) => [beijing(one.at), one.what, one.outcome, one.detail]);
        if (rows.length > 0) print(`\n${table(['at', 'what', 'outcome', 'detail'], rows)}`);
      }),
    );
  withCommon(notices.command('inbox <subject>'))
    .description('in-site messages (站内信) of a subject, by its number')
    .action((subjectNumber: string, options: CommonOptions) =>
      withCases(options, environment, ({ keeper }) => {
        const subject = keeper.ledger.contacts.subjectByNumber(subjectNumber);
        if (subject === null)
          throw new InputError(`no subject ${subjectNumber}`, 'give a subject number, like 京ICP备12345678号');
        const inbox = keeper.ledger.outbox.inbox(subject.id);
        if (options.json === true) printJson(inbox);
        else
          print(
            inbox.length === 0
              ? 'no messages'
              : table(
                  ['id', 'at', 'read', 'title'],
                  inbox.map((one) => [String(one.id), beijing(one.createdAt), beijing(one.readAt), one.title]),
                ),
          );
      }),
    );
  withCommon(notices.command('templates'))
    .description('the SMS texts to register with the gateway; their codes go into notices.sms.templates')
    .action((options: CommonOptions) => {
      const { portalUrl } = commandConfig(options, environment).settings.notices;
      const rows = Object.entries(SMS_TEMPLATES).map(([key, { params }]) => ({
        key,
        text: smsText(key as keyof typeof SMS_TEMPLATES, portalUrl),
        params,
      }));
      if (options.json === true) printJson(rows);
      else
        print(
          rows
            .map(
              ({ key, text, params }) =>
                `${key}\n  ${text}\n  Tencent: ${params.reduce((filled, name, index) => filled.replace(`\${${name}}`, `{${index + 1}}`), text)}\n`,
            )
            .join('\n'),
        );
    });
}

function selectNotices(
  keeper: CaseKeeper,
  options: { state?: string; stuck?: boolean; limit: number },
  now: number,
): Notice[] {
  const { outbox } = keeper.ledger;
  const STATES: Notice['state'][] = ['planned', 'enclosed', 'failed', 'cancelled'];
  if (options.state !== undefined && !STATES.includes(options.state as Notice['state']))
    throw new InputError(`--state ${options.state}: no such state`, `give one of: ${STATES.join(', ')}`);
  if (options.stuck !== true)
    return outbox.notices((options.state as Notice['state'] | undefined) ?? null, options.limit);
  return stuckNotices(outbox, now, options.limit).slice(0, options.limit);
}

function writeHtml(file: string, html: string | null): void {
  if (html === null) throw new InputError('the notice has no HTML', 'only notices that were written have one');
  writeFileSync(file, html);
}

const KINDS: readonly NoticeKind[] = CASE_NOTICE_KINDS;

function addPreview(notices: Command, environment: CliEnvironment): void {
  withCommon(notices.command('preview <code> <kind>'))
    .description(`write a case’s notice as of now, without sending: ${KINDS.join(', ')}`)
    .option('--channel <channel>', 'email, sms or in-site', 'email')
    .option('--html <file>', 'write the HTML to a file')
    .action((code: string, kind: string, options: CommonOptions & { channel: string; html?: string }) =>
      withCases(options, environment, ({ keeper, desk, now }) => {
        if (!KINDS.includes(kind as NoticeKind))
          throw new InputError(`no kind ${kind}`, `give one of: ${KINDS.join(', ')}`);
        if (!['email', 'sms', 'in-site'].includes(options.channel))
          throw new InputError(`--channel ${options.channel}`, 'give email, sms or in-site');
        const record = desk.find(code);
        const notice: Notice = {
          id: 0,
          topic: `case:${record.id}`,
          stage: 'preview',
          kind: kind as NoticeKind,
          channel: options.channel as ChannelId,
          recipient: '',
          person: '',
          name: null,
          caseId: record.id,
          subjectId: record.subjectId,
          siteId: record.siteId,
          params: { reason: '（原因）', move: kind === 'extended' ? 'extension-granted' : '' },
          state: 'planned',
          reason: null,
          reasonZh: null,
          dryRun: true,
          notBefore: now,
          messageId: null,
          createdAt: now,
          lookAskedAt: null,
        };
        const content = compose(keeper, [notice], now);
        if (options.html !== undefined) writeHtml(options.html, content.html);
        if (options.channel === 'sms' && content.sms === null)
          throw new InputError(`${kind} is not told by SMS`, 'patrol notices templates lists the kinds that are');
        report(options, content, content.sms === null ? `${content.title}\n\n${content.text}` : content.sms.text);
      }),
    );
}

/** What may be sent again by hand: what surely did not arrive. An unknown SMS is looked up instead, never doubled. */
function addResend(notices: Command, environment: CliEnvironment): void {
  withCommon(notices.command('resend <id>'))
    .description(
      'send a failed notice again, after what was wrong is mended; an SMS of unknown fate is only looked up again',
    )
    .action((id: string, options: CommonOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        const said = keeper.ledger.transaction(() => resend(keeper, Number(id), now));
        report(options, { notice: Number(id), state: said.state }, said.line);
      }),
    );
}
