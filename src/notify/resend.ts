import type { CaseKeeper } from '../cases/keeper.ts';
import { InputError } from '../errors.ts';
import { emailOf, mobileOf } from '../filing/addresses.ts';
import type { Message } from '../ledger/outbox-store.ts';

/**
 * Send a failed notice again by hand: only what surely did not arrive; an SMS of unknown fate is looked up instead, never doubled.
 * Throws InputError where it may have arrived, or its address cannot be used. Call it inside a transaction.
 */
export function resend(keeper: CaseKeeper, id: number, now: number): { state: string; line: string } {
  const { outbox } = keeper.ledger;
  const notice = outbox.notice(id);
  if (notice === null)
    throw new InputError(`no notice ${id}`, 'patrol notices list --stuck shows the ids', '没有该通知，请刷新页面');
  const message = notice.messageId === null ? null : outbox.message(notice.messageId);
  if (message === null && notice.state !== 'failed')
    throw new InputError(
      `notice ${id} is ${notice.state}`,
      'only failed ones are sent again',
      '只有发送失败的通知可以重新发送',
    );
  const usable =
    notice.channel === 'sms' ? mobileOf(notice.recipient) : notice.channel === 'email' ? emailOf(notice.recipient) : '';
  if (usable === null)
    throw new InputError(
      `notice ${id}: the address cannot be used`,
      'mend the filing’s contact and import it: open cases tell the new address',
      '该地址无法使用：请更正备案联系方式后重新导入',
    );
  if (keeper.ledger.contacts.dead(notice.channel, notice.recipient) !== null)
    throw new InputError(
      `notice ${id}: the address is given up`,
      'patrol contacts revive first, once it works again',
      '该地址已停用：确认可用后请先在“联系人”页面重新启用',
    );
  if (message?.state === 'dry-run')
    throw new InputError(
      `notice ${id} was written in dry-run: it never left the house`,
      'once notices.live is on, open cases tell anew by themselves',
      '这是试运行时写成的通知，从未发出；启用通知后未结案件会重新通知',
    );
  if (message === null) {
    outbox.setNotice(id, 'planned', null);
    outbox.postpone(id, now, { en: 'sent again by hand', zh: '人工重新发送' });
    return { state: 'planned', line: `notice ${id} is sent again by the running worker` };
  }
  const again = resendable(message);
  if (again === null)
    throw new InputError(
      `notice ${id} is ${message.state}: it may have arrived`,
      'nothing that may have arrived is sent twice; patrol notices show tells what is known',
      '可能已经送达，不会重复发送',
    );
  const log = { what: 'by hand', outcome: again.state ?? message.state, detail: 'resend', at: now };
  outbox.updateMessage(message, { ...again, nextAt: now, settledAt: null }, log);
  if (notice.state === 'failed') outbox.setNotice(id, 'enclosed', null, message.id);
  const line = again.state === 'unknown' ? 'its fate is asked after again' : 'the running worker sends it again';
  return { state: again.state ?? message.state, line };
}

function resendable(message: Message): Partial<Message> | null {
  if (message.state === 'failed' || message.state === 'retry') return { state: 'retry' };
  return message.state === 'unknown' ? { state: 'unknown', lookups: 0, absences: 0 } : null;
}
