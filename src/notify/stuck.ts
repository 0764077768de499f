import type { MessageState, Notice, OutboxStore } from '../ledger/outbox-store.ts';

const BAD: readonly MessageState[] = ['unknown', 'failed', 'retry'];
/** A planned notice that waits for longer needs a look. */
const PATIENCE_MS = 86_400_000;

/** Does a notice need a look: did it fail, is its fate unknown, has it waited for over a day? */
export function isStuck(outbox: OutboxStore, { state, messageId, createdAt }: Notice, now: number): boolean {
  const message = messageId === null ? null : outbox.message(messageId);
  if (message !== null && BAD.includes(message.state)) return true;
  return state === 'failed' || (state === 'planned' && createdAt < now - PATIENCE_MS);
}

/**
 * Notices that need a look: failed, of unknown fate, or waiting for over a day (those that wait longest first). At most `limit` of
 * each sort.
 */
export function stuckNotices(outbox: OutboxStore, now: number, limit: number): Notice[] {
  const found = new Map<number, Notice>();
  for (const notice of [
    ...outbox.notices('failed', limit),
    ...BAD.flatMap((state) => outbox.messages(state, limit)).flatMap(({ id }) => outbox.noticesOfMessage(id)),
    ...outbox.plannedBefore(now - PATIENCE_MS, limit),
  ])
    found.set(notice.id, notice);
  return [...found.values()];
}
