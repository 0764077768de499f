import type { CaseKeeper } from '../cases/keeper.ts';
import type { CaseRecord } from '../cases/types.ts';
import type { NoticeDraft } from '../ledger/outbox-store.ts';
import { givenUp } from './given-up.ts';
import { audienceOf } from './recipients.ts';
import { type ChannelId, DIGESTED, type NoticeKind, type Recipient } from './types.ts';

/** Kinds that go to whoever heard, or may have heard, of the case before; who never heard anything need not hear that it is over. */
const ONLY_TO_THE_TOLD: ReadonlySet<NoticeKind> = new Set(['resolved', 'withdrawn']);

/**
 * Plan a case's notice for everyone it concerns: one row a recipient and channel, unique by case, stage, channel and
 * recipient (design §5). Addresses that are none, or are known to be dead, become failed rows that say why.
 */
export function planCaseNotice(
  keeper: CaseKeeper,
  record: CaseRecord,
  { kind, stage, params, now }: { kind: NoticeKind; stage: string; params: Record<string, unknown>; now: number },
): NoticeDraft[] {
  const { ledger, rules } = keeper;
  const { notices } = rules.settings;
  const audience = audienceOf(ledger.contacts, record);
  const earlier = ledger.outbox.noticesOfCase(record.id);
  // A message of unknown fate, given up on, may have been read all the same.
  const mayBeRead = (messageId: number | null): boolean => {
    const message = messageId === null ? null : ledger.outbox.message(messageId);
    return message !== null && (message.state === 'unknown' || message.possibleDuplicates > 0);
  };
  const told = (one: Recipient): boolean =>
    earlier.some(
      (notice) =>
        (notice.state === 'enclosed' || mayBeRead(notice.messageId)) &&
        notice.dryRun === record.dryRun &&
        notice.recipient === one.address &&
        notice.channel === one.channel,
    );
  const wanted = (one: Recipient): boolean => channelWanted(keeper, one.channel, kind);
  const recipients = audience.recipients.filter(wanted);
  const chosen = ONLY_TO_THE_TOLD.has(kind) ? recipients.filter(told) : recipients;
  const draft = (channel: ChannelId, recipient: string, person: string, name: string | null): NoticeDraft => ({
    topic: `case:${record.id}`,
    stage,
    kind,
    channel,
    recipient,
    person,
    name,
    caseId: record.id,
    subjectId: record.subjectId,
    siteId: record.siteId,
    params,
    dryRun: record.dryRun,
    notBefore: DIGESTED.has(kind) ? now + notices.digestMs : now,
  });
  const drafts = chosen.map(({ channel, address, person, name }): NoticeDraft => {
    const dead = ledger.contacts.dead(channel, address);
    return {
      ...draft(channel, address, person, name),
      ...(dead !== null && { failed: givenUp(dead) }),
    };
  });
  if (kind !== 'found') return drafts;
  const unusable = audience.unusable.filter(({ channel }) => channelWanted(keeper, channel, kind));
  for (const { channel, person, text } of unusable)
    drafts.push({
      ...draft(channel, text.slice(0, 100), person, null),
      failed: { en: 'this is no usable address', zh: '不是可用的地址' },
    });
  if (!drafts.some(({ channel, failed }) => channel !== 'in-site' && failed === undefined)) {
    const site = record.siteId === null ? null : ledger.filings.load(record.siteId);
    ledger.raiseAlert(
      `no-address-${record.code}`,
      {
        en: `case ${record.code} (${site?.filing.siteNumber ?? `subject ${record.subjectId}`}): neither mobile nor e-mail of any person can be used; call the owner`,
        zh: `整改单 ${record.code}（${site?.filing.siteNumber ?? `主体 ${record.subjectId}`}）：所有负责人的手机号和邮箱都不可用，请设法联系网站负责人`,
      },
      now,
    );
  }
  return drafts;
}

/** Is a channel used for a kind? In dry-run every owner channel is, so that the texts can be read. */
export function channelWanted(keeper: CaseKeeper, channel: ChannelId, kind: NoticeKind): boolean {
  const { notices } = keeper.rules.settings;
  if (channel === 'sms')
    return (
      (!notices.live || notices.sms.provider !== null) && (notices.sms.kinds as readonly NoticeKind[]).includes(kind)
    );
  if (channel === 'email') return !notices.live || notices.email.host !== null;
  return true;
}
