import type { CaseKeeper } from '../cases/keeper.ts';
import { emailOf } from '../filing/addresses.ts';
import { filedMobile } from '../filing/phone.ts';
import type { NoticeDraft } from '../ledger/outbox-store.ts';
import { givenUp } from '../notify/given-up.ts';
import { channelWanted } from '../notify/plan.ts';
import { audienceOf } from '../notify/recipients.ts';
import type { ProgrammeNoticeKind, Recipient } from '../notify/types.ts';

/** One notice of a programme without cases. `topic` and `stage` make it unique: however often it is planned, it is sent once. */
export interface ProgrammeNotice {
  kind: ProgrammeNoticeKind;
  topic: string;
  stage: string;
  params: Record<string, string>;
  /** What it tells of happened on paper only: it stays on paper too. */
  paper?: boolean;
}

/** Plan a notice for everyone a site's filing names. Gives how many were new. */
export function tellSite(
  keeper: CaseKeeper,
  notice: ProgrammeNotice,
  { siteId, subjectId }: { siteId: number; subjectId: number },
  now: number,
): number {
  const { recipients } = audienceOf(keeper.ledger.contacts, { subjectId, siteId });
  return plan(keeper, notice, recipients, { siteId, subjectId }, now);
}

/** Plan a notice for one person who stands in no filing (an order's contact). */
export function tellPerson(
  keeper: CaseKeeper,
  notice: ProgrammeNotice,
  contact: { name: string | null; phone: string | null; email: string | null },
  subjectId: number | null,
  now: number,
): number {
  const recipients: Recipient[] = [];
  const mobile = filedMobile(contact.phone);
  const email = emailOf(contact.email);
  const who = { person: notice.topic, name: contact.name };
  if (email !== null) recipients.push({ channel: 'email', address: email, ...who });
  if (mobile !== null) recipients.push({ channel: 'sms', address: mobile, ...who });
  if (subjectId !== null) recipients.push({ channel: 'in-site', address: `subject:${subjectId}`, ...who });
  return plan(keeper, notice, recipients, { siteId: null, subjectId }, now);
}

/** What a topic ends in: what was told on paper is told again once notices are live. */
export const topicEnd = (keeper: CaseKeeper, paper = false): string => (keeper.live && !paper ? '' : ' (dry-run)');

function plan(
  keeper: CaseKeeper,
  { kind, topic, stage, params, paper = false }: ProgrammeNotice,
  recipients: Recipient[],
  about: { siteId: number | null; subjectId: number | null },
  now: number,
): number {
  const { ledger } = keeper;
  const live = keeper.live && !paper;
  const drafts = recipients
    .filter(({ channel }) => channelWanted(keeper, channel, kind))
    .map(({ channel, address, person, name }): NoticeDraft => {
      const dead = ledger.contacts.dead(channel, address);
      return {
        topic: `${topic}${topicEnd(keeper, paper)}`,
        stage,
        kind,
        channel,
        recipient: address,
        person,
        name,
        caseId: null,
        ...about,
        params,
        dryRun: !live,
        notBefore: now,
        ...(dead !== null && { failed: givenUp(dead) }),
      };
    });
  return ledger.outbox.plan(drafts, now);
}
