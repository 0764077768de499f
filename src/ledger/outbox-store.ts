import type { Bilingual } from '../bilingual.ts';
import type { ChannelId, NoticeKind } from '../notify/types.ts';
import type { Statements } from './statements.ts';

/** Why a notice waits while sending is stopped: a release wakes those that wait for this. */
export const STOPPED: Bilingual = { en: 'sending is stopped', zh: '发送已停止' };

/** What is owed to one recipient over one channel. */
export interface Notice {
  id: number;
  topic: string;
  stage: string;
  kind: NoticeKind;
  channel: ChannelId;
  recipient: string;
  person: string;
  name: string | null;
  caseId: number | null;
  subjectId: number | null;
  siteId: number | null;
  params: Record<string, unknown>;
  state: 'planned' | 'enclosed' | 'failed' | 'cancelled';
  reason: string | null;
  /** Null where it is somebody else's words. */
  reasonZh: string | null;
  dryRun: boolean;
  notBefore: number;
  messageId: number | null;
  createdAt: number;
  lookAskedAt: number | null;
}

/** A notice as planned. */
export type NoticeDraft = Pick<
  Notice,
  | 'topic'
  | 'stage'
  | 'kind'
  | 'channel'
  | 'recipient'
  | 'person'
  | 'name'
  | 'caseId'
  | 'subjectId'
  | 'siteId'
  | 'params'
> & { dryRun: boolean; notBefore: number; failed?: Bilingual };

/** States of an envelope; see `messages` in the schema. */
export type MessageState = 'sending' | 'retry' | 'unknown' | 'accepted' | 'delivered' | 'failed' | 'dry-run';

/** What was written, as it was (and would be) sent. */
export interface MessageContent {
  title: string;
  text: string;
  html: string | null;
  sms: { template: string; params: Record<string, string>; text: string } | null;
}

/** One envelope on the wire. */
export interface Message {
  id: number;
  correlationId: string;
  channel: ChannelId;
  recipient: string;
  kind: NoticeKind;
  content: MessageContent;
  state: MessageState;
  provider: string | null;
  providerId: string | null;
  code: string | null;
  error: string | null;
  attempts: number;
  lookups: number;
  absences: number;
  possibleDuplicates: number;
  sentDay: string;
  createdAt: number;
  sendingAt: number;
  acceptedAt: number | null;
  settledAt: number | null;
  nextAt: number | null;
}

/** The outbox: notices owed, and the messages that carry them. */
export class OutboxStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Plan notices. A topic, stage, channel and recipient known already stays as it is. Gives how many were new. */
  plan(drafts: NoticeDraft[], now: number): number {
    return drafts.reduce(
      (sum, one) =>
        sum +
        this.#db.run(
          'noticeInsert',
          one.topic,
          one.stage,
          one.kind,
          one.channel,
          one.recipient,
          one.person,
          one.name,
          one.caseId,
          one.subjectId,
          one.siteId,
          JSON.stringify(one.params),
          one.failed === undefined ? 'planned' : 'failed',
          one.failed?.en ?? null,
          one.failed?.zh ?? null,
          one.dryRun ? 1 : 0,
          one.notBefore,
          now,
        ),
      0,
    );
  }

  /** Notices whose time has come, oldest first. */
  dueNotices(now: number, limit: number): Notice[] {
    return this.#db.all<NoticeRow>('noticesDue', now, limit).map(noticeOf);
  }

  /** Messages to act on: retries, look-ups, receipts. */
  dueMessages(now: number, limit: number): Message[] {
    return this.#db.all<MessageRow>('messagesDue', now, limit).map(messageOf);
  }

  /** When the next notice or message falls due (epoch ms), or null. */
  nextDueAt(): number | null {
    const ats = [this.#db.get<At>('noticesNextDue')?.at, this.#db.get<At>('messagesNextDue')?.at];
    const known = ats.filter((at): at is number => typeof at === 'number');
    return known.length === 0 ? null : Math.min(...known);
  }

  /** A notice, or null. */
  notice(id: number): Notice | null {
    const row = this.#db.get<NoticeRow>('noticeById', id);
    return row === undefined ? null : noticeOf(row);
  }

  /** A case's notices in the order they were planned. */
  noticesOfCase(caseId: number): Notice[] {
    return this.#db.all<NoticeRow>('noticesOfCase', caseId).map(noticeOf);
  }

  /** Notices of a topic. */
  noticesOfTopic(topic: string): Notice[] {
    return this.#db.all<NoticeRow>('noticesOfTopic', topic).map(noticeOf);
  }

  /** The notices a message carries. */
  noticesOfMessage(messageId: number): Notice[] {
    return this.#db.all<NoticeRow>('noticesOfMessage', messageId).map(noticeOf);
  }

  /** Notices in a state (or of all), newest first. */
  notices(state: Notice['state'] | null, limit: number): Notice[] {
    const rows =
      state === null
        ? this.#db.all<NoticeRow>('noticesRecent', limit)
        : this.#db.all<NoticeRow>('noticesByState', state, limit);
    return rows.map(noticeOf);
  }

  /** A page of notices in a state (or of all), newest first, before an id. */
  noticesBefore(state: Notice['state'] | null, before: number | null, limit: number): Notice[] {
    const from = before ?? Number.MAX_SAFE_INTEGER;
    const rows =
      state === null
        ? this.#db.all<NoticeRow>('noticesBefore', from, limit)
        : this.#db.all<NoticeRow>('noticesOfStateBefore', state, from, limit);
    return rows.map(noticeOf);
  }

  /** Planned notices made before an instant, oldest first. */
  plannedBefore(instant: number, limit: number): Notice[] {
    return this.#db.all<NoticeRow>('noticesPlannedBefore', instant, limit).map(noticeOf);
  }

  /** Move a notice on. */
  setNotice(id: number, state: Notice['state'], reason: Bilingual | null, messageId: number | null = null): void {
    this.#db.run('noticeState', state, reason?.en ?? null, reason?.zh ?? null, messageId, id);
  }

  /** Planned notices of a topic and channel are not sent any more. */
  cancelPlanned(topic: string, channel: ChannelId, { en, zh }: Bilingual): void {
    this.#db.run('noticesCancelTopic', en, zh, topic, channel);
  }

  /** Try a planned notice later. */
  postpone(id: number, until: number, { en, zh }: Bilingual): void {
    this.#db.run('noticePostpone', until, en, zh, id);
  }

  /** A fresh look was asked for a notice; it waits for it until `until`. */
  lookAsked(id: number, now: number, until: number, { en, zh }: Bilingual): void {
    this.#db.run('noticeLookAsked', now, until, en, zh, id);
  }

  /** Notices of a case that wait for a look may go on now. */
  wake(caseId: number, now: number): void {
    this.#db.run('noticesWake', now, caseId, now);
  }

  /** Insert a message as `sending` (or dry-run) with its correlation id. Gives its id. */
  insertMessage(draft: {
    correlationId: string;
    channel: ChannelId;
    recipient: string;
    kind: NoticeKind;
    content: MessageContent;
    state: MessageState;
    provider: string | null;
    sentDay: string;
    now: number;
    nextAt: number | null;
  }): number {
    const row = this.#db.get<{ id: number }>(
      'messageInsert',
      draft.correlationId,
      draft.channel,
      draft.recipient,
      draft.kind,
      JSON.stringify(draft.content),
      draft.state,
      draft.provider,
      draft.state === 'sending' ? 1 : 0,
      draft.sentDay,
      draft.now,
      draft.now,
      draft.nextAt,
    ) as { id: number };
    return row.id;
  }

  /** A message, or null. */
  message(id: number): Message | null {
    const row = this.#db.get<MessageRow>('messageById', id);
    return row === undefined ? null : messageOf(row);
  }

  /** Messages in a state (or of all), newest first. */
  messages(state: MessageState | null, limit: number): Message[] {
    const rows =
      state === null
        ? this.#db.all<MessageRow>('messagesRecent', limit)
        : this.#db.all<MessageRow>('messagesByState', state, limit);
    return rows.map(messageOf);
  }

  /** Change a message, with a line in its append-only log of wire touches. */
  updateMessage(
    message: Message,
    change: Partial<Message>,
    log: { what: string; outcome: string; detail: string; at: number },
  ): void {
    const next = { ...message, ...change };
    this.#db.run(
      'messageUpdate',
      next.state,
      next.provider,
      JSON.stringify(next.content),
      next.providerId,
      next.code,
      next.error,
      next.attempts,
      next.lookups,
      next.absences,
      next.possibleDuplicates,
      next.sendingAt,
      next.acceptedAt,
      next.settledAt,
      next.nextAt,
      next.id,
    );
    this.#db.run('attemptInsert', message.id, log.what, log.at, log.outcome, log.detail);
  }

  /** Log a touch of the wire that changed nothing yet (the start of one). */
  log(messageId: number, what: string, at: number, outcome: string, detail: string): void {
    this.#db.run('attemptInsert', messageId, what, at, outcome, detail);
  }

  /** Every touch of the wire for a message. */
  attempts(messageId: number): { what: string; at: number; outcome: string; detail: string }[] {
    return this.#db.all('attemptsOfMessage', messageId);
  }

  /** Messages a recipient was sent on a Beijing day. */
  sentOn(channel: ChannelId, recipient: string, day: string, verifications: boolean): number {
    return this.#db.get<{ count: number }>('messagesToday', channel, recipient, day, verifications ? 1 : 0)?.count ?? 0;
  }

  /** E-mail and SMS messages made since an instant. */
  madeSince(instant: number): number {
    return this.#db.get<{ count: number }>('messagesSince', instant)?.count ?? 0;
  }

  /** Provider ids of other messages to a recipient since a day: a record with one of these is not the message looked for. */
  otherProviderIds(message: Message): Set<string> {
    const rows = this.#db.all<{ providerId: string }>(
      'messagesProviderIds',
      message.channel,
      message.recipient,
      message.sentDay,
      message.id,
    );
    return new Set(rows.map(({ providerId }) => providerId));
  }

  /** Other messages to the same number since its day that may or may not have gone. */
  unsettledOthers(message: Message): number {
    const { channel, recipient, sentDay, id } = message;
    return this.#db.get<{ count: number }>('messagesUnsettled', channel, recipient, sentDay, id)?.count ?? 0;
  }

  /** Messages by channel and state, with how many mails may have been sent twice. */
  totals(): { channel: ChannelId; state: MessageState; count: number; possibleDuplicates: number }[] {
    return this.#db.all('messageTotals');
  }

  /** Notices by kind and state. */
  noticeTotals(): { kind: NoticeKind; state: Notice['state']; count: number }[] {
    return this.#db.all('noticeTotals');
  }

  /** Put a message into a subject's in-site inbox; once a message. */
  putInSite(subjectId: number, messageId: number, title: string, body: string, now: number): void {
    this.#db.run('inSiteInsert', subjectId, messageId, title, body, now);
  }

  /** A subject's in-site messages, newest first, before an id. */
  inbox(
    subjectId: number,
    limit = 50,
    before: number | null = null,
  ): { id: number; title: string; body: string; createdAt: number; readAt: number | null }[] {
    return this.#db.all('inSiteOfSubject', subjectId, before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  /** The subject read a message. True when it had not before. */
  markRead(id: number, subjectId: number, now: number): boolean {
    return this.#db.run('inSiteRead', now, id, subjectId) === 1;
  }
}

type At = { at: number | null };
type NoticeRow = Omit<Notice, 'params' | 'dryRun'> & { params: string; dryRun: number };
type MessageRow = Omit<Message, 'content'> & { content: string };

const noticeOf = (row: NoticeRow): Notice => ({
  ...row,
  dryRun: row.dryRun === 1,
  params: JSON.parse(row.params) as Record<string, unknown>,
});
const messageOf = (row: MessageRow): Message => ({ ...row, content: JSON.parse(row.content) as MessageContent });
