import { InputError } from '../errors.ts';
import { emailOf, mobileOf } from '../filing/addresses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Message, Notice } from '../ledger/outbox-store.ts';
import type { PersonRows } from '../ledger/privacy-store.ts';

/** Who asks: by the addresses the ledger may know. */
export interface PersonQuery {
  phone?: string | undefined;
  email?: string | undefined;
}

/** What is kept in spite of a wish to be forgotten, and why. */
export interface Kept {
  what: string;
  why: string;
}

/** What erasing a person does, or would do. */
export interface Erasure {
  erased: Record<
    'extraContacts' | 'filings' | 'messages' | 'notices' | 'cancelled' | 'inbound' | 'orders' | 'deadAddresses',
    number
  >;
  kept: Kept[];
}

/** Everything the ledger holds under a person's addresses (PIPL 45: to look into and to take along). Throws InputError without one. */
export function findPerson(ledger: Ledger, query: PersonQuery): PersonRows {
  const phone = query.phone?.trim() || null;
  const email = query.email?.trim() || null;
  if (phone === null && email === null)
    throw new InputError('nobody is named', 'give --phone, --email, or both: persons are known by their addresses');
  if (email !== null && emailOf(email) === null)
    throw new InputError('--email: this is no mail address', 'give it like zhang@example.cn');
  const mobile = mobileOf(phone);
  if (phone !== null && mobile === null && !/^[\d\s()+-]{5,20}$/.test(phone))
    throw new InputError('--phone: this is no telephone number', 'give a mobile like 13800000000, or a line as filed');
  return ledger.privacy.person(mobile, phone, email);
}

/** Why something is not sent any more. */
const ERASED_FOR = { en: 'the person asked to be erased', zh: '本人要求删除' };

/** Nothing at all. */
export const isNobody = (rows: PersonRows): boolean => Object.values(rows).every((list) => list.length === 0);

/** Other addresses that filings and contacts give for the same person: messages to them are found by them only. */
export function otherAddresses(rows: PersonRows, query: PersonQuery): string[] {
  const asked = [mobileOf(query.phone ?? null), query.phone?.trim(), query.email?.trim().toLowerCase()];
  const named = [...rows.filings, ...rows.extras].flatMap(({ phone, email }) => [mobileOf(phone) ?? phone, email]);
  return [...new Set(named)].filter(
    (one): one is string => one !== null && one !== '' && !asked.includes(one) && !asked.includes(one.toLowerCase()),
  );
}

/**
 * Erase a person on request (PIPL 47), in one transaction: extra contacts, persons of former filings, settled messages and notices of
 * closed cases, SMS that came in. What the law makes the provider keep, what is still owed, and what is on its way stays and is named.
 * Rows may have been found a while ago: everything that moves is looked at again in the transaction. With `preview` nothing is written.
 * `admins` are the addresses alerts go to: theirs are not erased while they stand there. Gives counts of rows. Throws InputError.
 */
export function erasePerson(
  ledger: Ledger,
  rows: PersonRows,
  { preview, admins, now }: { preview: boolean; admins: readonly string[]; now: number },
): Erasure {
  const admin = rows.notices.find(({ recipient }) => admins.includes(recipient.toLowerCase()));
  if (admin !== undefined)
    throw new InputError(
      'this is an address alerts are sent to',
      'take it out of notices.admins first: without their trace today’s alerts would be sent again',
    );
  const work = (): Erasure => eraseNow(ledger, rows, preview, now);
  return preview ? work() : ledger.transaction(work);
}

function eraseNow(ledger: Ledger, rows: PersonRows, preview: boolean, now: number): Erasure {
  const { privacy, outbox, cases } = ledger;
  const kept: Kept[] = [];
  const act = (deed: () => void): void => {
    if (!preview) deed();
  };
  const filed = rows.filings.filter(({ state }) => state === 'active');
  for (const { role, siteNumber, subjectNumber } of filed)
    kept.push({
      what: `${role} of ${siteNumber ?? subjectNumber}`,
      why: 'a filing in force must name its responsible person: change it in the filing and import it',
    });
  const notices = rows.notices.flatMap(({ id, caseOpen, caseCode }) => {
    const notice = outbox.notice(id);
    return notice === null ? [] : [{ notice, caseOpen: caseOpen === 1, caseCode }];
  });
  const messages = new Map<number, Message>();
  for (const id of [...rows.messages.map((one) => one.id), ...notices.map(({ notice }) => notice.messageId)]) {
    const message = id === null ? null : outbox.message(id);
    if (message !== null) messages.set(message.id, message);
  }
  const isVerification = ({ kind }: Pick<Notice, 'kind'>): boolean => kind === 'contact-verification';
  const onTheWire = [...messages.values()].filter(({ state }) => state === 'sending');

  // An extra contact is told out of courtesy: what was not sent yet is not sent. A responsible person's notices are owed.
  const owed = notices.filter(({ notice }) => notice.state === 'planned' && !isVerification(notice));
  const courtesy = rows.filings.length === 0;
  const cancelled = notices.filter(({ notice }) => notice.state === 'planned' && (isVerification(notice) || courtesy));
  if (!courtesy && owed.length > 0)
    kept.push({ what: `${owed.length} notices not sent yet`, why: 'they are owed: ask again once they were sent' });

  // Its proofs are made anew for every sending: one that is on the wire would come back.
  const extras = onTheWire.some(isVerification) ? [] : rows.extras;
  if (extras.length < rows.extras.length)
    kept.push({
      what: 'an extra contact',
      why: 'its verification is being sent at this moment: ask again in a minute',
    });
  const dropped = [...messages.values()].filter(
    (message) => isVerification(message) && extras.length > 0 && ['retry', 'unknown'].includes(message.state),
  );

  const former = rows.filings.filter(({ state, siteId }) => {
    if (state === 'active') return false;
    if (siteId === null || !cases.anyOpenAt(siteId)) return owed.length === 0;
    kept.push({ what: 'a person of a former filing', why: 'a case of it is open: ask again once it is closed' });
    return false;
  });
  for (const code of new Set(notices.filter(({ caseOpen }) => caseOpen).map(({ caseCode }) => caseCode)))
    kept.push({ what: `notices of case ${code}`, why: 'the case is open: ask again once it is closed' });

  act(() => {
    for (const { notice } of cancelled) outbox.setNotice(notice.id, 'cancelled', ERASED_FOR, notice.messageId);
    for (const message of dropped)
      outbox.updateMessage(
        message,
        { state: 'failed', nextAt: null, settledAt: now, error: 'the person asked to be erased' },
        { what: 'end', outcome: 'failed', detail: 'the person asked to be erased', at: now },
      );
    for (const { id } of extras) privacy.eraseExtra(id);
    for (const { id } of former) privacy.eraseContact(id);
  });

  // Told by virtue of a filing in force: without a trace of it the same notice would be owed, and sent, again.
  const busy = new Set(notices.filter(({ caseOpen }) => caseOpen).map(({ notice }) => notice.messageId));
  const endedNow = new Set(dropped.map(({ id }) => id));
  const settled = [...messages.values()].filter(
    ({ id, nextAt, state }) => !busy.has(id) && (endedNow.has(id) || (nextAt === null && state !== 'sending')),
  );
  const cancelledNow = new Set(cancelled.map(({ notice }) => notice.id));
  const loose = notices.filter(
    ({ notice, caseOpen }) =>
      !caseOpen && notice.messageId === null && (notice.state !== 'planned' || cancelledNow.has(notice.id)),
  );
  const told = filed.length === 0;
  if (!told && notices.length > 0)
    kept.push({
      what: `${notices.length} notices and their messages`,
      why: 'they prove what a responsible person of a filing in force was told; privacy.messagesMs ends them',
    });
  const waiting = [...messages.values()].filter(({ id, nextAt }) => nextAt !== null && !endedNow.has(id)).length;
  if (waiting > 0) kept.push({ what: `${waiting} messages under way`, why: 'ask again once they have arrived' });
  const orders = rows.orders.filter(({ state }) => state === 'done' || state === 'deleted');
  for (const { orderNumber } of rows.orders.filter((one) => !orders.includes(one)))
    kept.push({ what: `contact of order ${orderNumber}`, why: 'the order has not ended: ask again once it has' });
  const dead = told ? rows.dead : [];
  act(() => {
    if (told) {
      for (const { id } of settled) privacy.eraseMessage(id);
      for (const { notice } of loose) privacy.eraseNotice(notice.id);
    }
    for (const { id } of rows.inbound) privacy.eraseInbound(id);
    for (const { id } of orders) privacy.eraseOrderContact(id);
    for (const { channel, address } of dead) privacy.eraseDead(channel, address);
  });
  return {
    erased: {
      extraContacts: extras.length,
      filings: former.length,
      messages: told ? settled.length : 0,
      notices: told ? loose.length : 0,
      cancelled: cancelled.length,
      inbound: rows.inbound.length,
      orders: orders.length,
      deadAddresses: dead.length,
    },
    kept,
  };
}
