import { createHash, randomBytes } from 'node:crypto';
import type { CaseKeeper } from '../cases/keeper.ts';
import type { Message } from '../ledger/outbox-store.ts';
import { SECRET_MARK } from './compose.ts';

const DAY_MS = 86_400_000;
/** How long the link of a mail opens its cases. */
const KEY_MS = 60 * DAY_MS;
/** Wrong codes for one contact before its code is void. */
export const MAX_MISSES = 5;

/** The hash under which a proof is kept. A short code is bound to its contact, so that it proves nothing for another. */
export function proofHash(secret: string, contactId: number | null): string {
  return createHash('sha256')
    .update(contactId === null ? secret : `${contactId}:${secret.toUpperCase()}`)
    .digest('hex');
}

/** Keys are kept by their hash alone. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Link tokens: 192 bits. Codes for an SMS: eight digits, five tries, one contact. */
const newToken = (): string => randomBytes(24).toString('base64url');
const newCode = (): string => String(randomBytes(6).readUIntBE(0, 6) % 100_000_000).padStart(8, '0');

/** A mail about cases carries a link of its own to the portal: bound to its cases and address, kept by its hash. */
function withKey(keeper: CaseKeeper, message: Message, now: number): Message {
  const text = JSON.stringify(message.content);
  if (!text.includes(SECRET_MARK)) return message;
  const key = newToken();
  // Sent again, it tells only of what still stands: what was taken back meanwhile is not opened by it.
  const notices = keeper.ledger.outbox.noticesOfMessage(message.id).filter(({ state }) => state !== 'cancelled');
  const caseIds = [...new Set(notices.flatMap(({ caseId }) => caseId ?? []))];
  keeper.ledger.portal.putKey(hashOf(key), { caseIds, messageId: message.id, expiresAt: now + KEY_MS }, now);
  return { ...message, content: JSON.parse(text.replaceAll(SECRET_MARK, key)) as Message['content'] };
}

/**
 * The message as it goes on the wire: where it carries a one-time secret, a fresh one is made, its hash kept, and the secret
 * put into this copy only. What the ledger keeps for reading never holds it. Runs inside a transaction.
 */
export function withSecret(keeper: CaseKeeper, message: Message, now: number): Message {
  if (message.kind !== 'contact-verification') return withKey(keeper, message, now);
  const [notice] = keeper.ledger.outbox.noticesOfMessage(message.id);
  const contactId = Number(notice?.params['contactId']);
  const channel = message.channel === 'sms' ? 'sms' : 'email';
  const secret = channel === 'sms' ? newCode() : newToken();
  const hash = proofHash(secret, channel === 'sms' ? contactId : null);
  keeper.ledger.contacts.putToken(
    { hash, contactId, channel, address: message.recipient, expiresAt: now + DAY_MS },
    now,
  );
  const content = JSON.parse(JSON.stringify(message.content).replaceAll(SECRET_MARK, secret)) as Message['content'];
  return { ...message, content };
}
