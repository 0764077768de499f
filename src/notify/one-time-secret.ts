import { createHash, randomBytes } from 'node:crypto';
import { newCode, readCode } from '../cases/case-code.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import type { Actor, CaseRecord } from '../cases/types.ts';
import type { Message } from '../ledger/outbox-store.ts';
import { SECRET_MARK } from './compose.ts';

const DAY_MS = 86_400_000;
/** How long the link of a mail, or the code of an SMS, opens its cases; and a code that staff gave out. */
const KEY_MS = 60 * DAY_MS;
const GIVEN_OUT_MS = DAY_MS;
/** How long a case that ended may still be opened. */
const AFTER_END_MS = 30 * DAY_MS;
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
const newDigits = (): string => String(randomBytes(6).readUIntBE(0, 6) % 100_000_000).padStart(8, '0');

/**
 * A message about cases carries a key of its own to the portal: a mail in its link, an SMS or in-site message as a code to be typed.
 * Bound to its cases and address, kept by its hash.
 */
function withKey(keeper: CaseKeeper, message: Message, now: number): Message {
  const text = JSON.stringify(message.content);
  if (!text.includes(SECRET_MARK)) return message;
  const key = message.channel === 'email' ? newToken() : newCode();
  // Sent again, it tells only of what still stands: what was taken back meanwhile is not opened by it.
  const notices = keeper.ledger.outbox.noticesOfMessage(message.id).filter(({ state }) => state !== 'cancelled');
  const caseIds = [...new Set(notices.flatMap(({ caseId }) => caseId ?? []))];
  keeper.ledger.portal.putKey(
    hashOf(key),
    { caseIds, messageId: message.id, issuedBy: null, expiresAt: now + KEY_MS },
    now,
  );
  return { ...message, content: JSON.parse(text.replaceAll(SECRET_MARK, key)) as Message['content'] };
}

/** May the portal open a case? Those of a dry-run were told to nobody; those that ended are history after a while. */
export const isOpenable = ({ dryRun, closedAt }: CaseRecord, now: number): boolean =>
  !dryRun && (closedAt === null || now - closedAt < AFTER_END_MS);

/**
 * A code for an owner who has none at hand, to be read out by staff who made sure whom they speak to: opens one case for a day, and
 * stands in its history by who gave it out; one given out before is void. Gives the code, which is told this once.
 */
export function giveOutCode(keeper: CaseKeeper, record: CaseRecord, actor: Actor, now: number): string {
  const code = newCode();
  keeper.ledger.transaction(() => {
    const key = { caseIds: [record.id], messageId: null, issuedBy: actor.name, expiresAt: now + GIVEN_OUT_MS };
    keeper.ledger.portal.voidGivenOut(record.id);
    keeper.ledger.portal.putKey(hashOf(code), key, now);
    keeper.move(record.id, 'noted', { now, actor, data: { portal: 'code-given-out' } });
  });
  return code;
}

/** The case of a code as its owner tells it: the case's own, or one of a message or of staff. Null where it is of none. */
export function caseOfCode({ ledger }: CaseKeeper, text: string): CaseRecord | null {
  const code = readCode(text);
  if (code === null) return null;
  const [caseId] = ledger.portal.key(hashOf(code))?.caseIds ?? [];
  return ledger.cases.byCode(code) ?? (caseId === undefined ? null : ledger.cases.get(caseId));
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
  const secret = channel === 'sms' ? newDigits() : newToken();
  const hash = proofHash(secret, channel === 'sms' ? contactId : null);
  keeper.ledger.contacts.putToken(
    { hash, contactId, channel, address: message.recipient, expiresAt: now + DAY_MS },
    now,
  );
  const content = JSON.parse(JSON.stringify(message.content).replaceAll(SECRET_MARK, secret)) as Message['content'];
  return { ...message, content };
}
