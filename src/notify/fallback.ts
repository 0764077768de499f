import type { CaseKeeper } from '../cases/keeper.ts';
import { stillTrue } from '../cases/still-true.ts';
import { SYSTEM } from '../cases/types.ts';
import type { Message, Notice } from '../ledger/outbox-store.ts';
import { maskText } from '../log.ts';
import type { Blame } from './channels/types.ts';
import { channelWanted } from './plan.ts';
import { reserveOf } from './recipients.ts';

/** A permanent refusal that is the address's fault: nothing is sent there again, and the contact needs mending (R4.1). */
export function onRefusedAddress(
  keeper: CaseKeeper,
  message: Message,
  { code, message: reason, blame }: { code: string; message: string; blame: Blame },
  now: number,
): void {
  const { ledger } = keeper;
  if (blame === 'settings') {
    ledger.raiseAlert(
      `channel-${message.channel}`,
      {
        en: `${message.channel}: our own settings are refused (${code}: ${reason.slice(0, 160)})`,
        zh: `${message.channel === 'sms' ? '短信' : message.channel === 'email' ? '邮件' : message.channel}：网关拒绝了我方配置（${code}：${reason.slice(0, 160)}）`,
      },
      now,
    );
  }
  if (blame !== 'address' || (message.channel !== 'email' && message.channel !== 'sms')) return;
  const { channel, recipient, id } = message;
  ledger.contacts.markDead({
    channel,
    address: recipient,
    code,
    reason: maskText(reason).slice(0, 200),
    since: now,
    messageId: id,
  });
}

/**
 * A case's notice cannot be delivered to an address. Where the person has another channel for it, that one tells; else the next
 * person of the subject is told, and when there is none, an admin must call (R4.3).
 */
export function planFallback(keeper: CaseKeeper, notice: Notice, now: number): void {
  const { ledger } = keeper;
  if (notice.caseId === null) return;
  const record = ledger.cases.get(notice.caseId);
  // What is not so any more needs nobody else to be told.
  if (record === null || !stillTrue(notice.kind, record.state)) return;
  const stage = ledger.outbox
    .noticesOfCase(notice.caseId)
    .filter((one) => one.stage === notice.stage && one.channel !== 'in-site');
  const hopeful = stage.filter(({ state, messageId }) => {
    if (state === 'planned') return true;
    return state === 'enclosed' && messageId !== null && ledger.outbox.message(messageId)?.state !== 'failed';
  });
  if (hopeful.some(({ person }) => person === notice.person)) return;
  const tried = new Set(stage.map(({ channel, recipient }) => `${channel} ${recipient}`));
  const next = reserveOf(ledger.contacts, record).find(
    (one) =>
      !tried.has(`${one.channel} ${one.address}`) &&
      channelWanted(keeper, one.channel, notice.kind) &&
      ledger.contacts.dead(one.channel, one.address) === null,
  );
  if (next !== undefined) {
    const { channel, address, person, name } = next;
    const { topic, kind, caseId, subjectId, siteId, params, dryRun } = notice;
    const draft = { topic, stage: notice.stage, kind, caseId, subjectId, siteId, params, dryRun };
    keeper.plan([{ ...draft, channel, recipient: address, person, name, notBefore: now }], now);
    return;
  }
  if (hopeful.length === 0)
    ledger.raiseAlert(
      `unreachable-${record.code}`,
      {
        en: `case ${record.code}: ${notice.kind} reached nobody by mail or SMS; call the owner (R4.3)`,
        zh: `整改单 ${record.code}：邮件和短信都没有送达任何人，请电话联系网站负责人（R4.3）`,
      },
      now,
    );
}

/** A case's notice will not arrive at an address: said in the history, somebody else is tried, and told is no longer told. */
export function giveUp(keeper: CaseKeeper, notice: Notice, code: string, now: number): void {
  if (notice.caseId === null) return;
  const { kind, stage, channel, recipient } = notice;
  const data = { kind, stage, channel, to: maskText(recipient), code };
  keeper.move(notice.caseId, 'notice-failed', { now, actor: SYSTEM, data });
  planFallback(keeper, notice, now);
  retractTold(keeper, notice.caseId, now);
}

/**
 * Every mail and SMS that told of a case turned out undeliverable: nobody was told, so no deadline counts until somebody is. What
 * an admin told by telephone stands.
 */
export function retractTold(keeper: CaseKeeper, caseId: number, now: number): void {
  const { cases, outbox } = keeper.ledger;
  const record = cases.get(caseId);
  if (record === null || record.toldAt === null || record.closedAt !== null) return;
  const stands = outbox.noticesOfCase(caseId).some(({ channel, messageId, kind }) => {
    const state = messageId === null ? null : outbox.message(messageId)?.state;
    return channel !== 'in-site' && kind === 'found' && state !== null && state !== 'failed' && state !== 'dry-run';
  });
  if (stands || cases.events(caseId).some(({ move, actor }) => move === 'told' && actor.kind === 'admin')) return;
  keeper.move(caseId, 'untold', { now, actor: SYSTEM });
}
