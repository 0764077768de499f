import { InputError } from '../errors.ts';
import { emailOf, mobileOf } from '../filing/addresses.ts';
import type { Ledger } from '../ledger/ledger.ts';
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
  erased: Record<'extraContacts' | 'filings' | 'messages' | 'notices' | 'inbound' | 'orders' | 'deadAddresses', number>;
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

/** Nothing at all. */
export const isNobody = (rows: PersonRows): boolean => Object.values(rows).every((list) => list.length === 0);

/**
 * Erase a person on request (PIPL 47), in one transaction: extra contacts, persons of former filings, settled messages and notices of
 * closed cases, SMS that came in. What the law makes the provider keep stays and is named: persons of filings in force, and
 * what they were told of (a filing must name a responsible person; it is mended by importing the filing anew). With `preview` nothing
 * is written. Gives counts of rows.
 */
export function erasePerson(ledger: Ledger, rows: PersonRows, preview: boolean): Erasure {
  const { privacy } = ledger;
  const kept: Kept[] = [];
  const filed = rows.filings.filter(({ state }) => state === 'active');
  for (const { role, siteNumber, subjectNumber } of filed)
    kept.push({
      what: `${role} of ${siteNumber ?? subjectNumber}`,
      why: 'a filing in force must name its responsible person: change it in the filing and import it',
    });
  const extras = rows.extras;
  const former = rows.filings.filter(({ state }) => state !== 'active');
  const open = new Set(rows.notices.filter(({ caseOpen }) => caseOpen === 1).map(({ caseCode }) => caseCode));
  for (const code of open)
    kept.push({ what: `notices of case ${code}`, why: 'the case is open: ask again once it is closed' });
  const settled = (): { messages: number[]; notices: number[] } => {
    const busy = new Set(rows.notices.filter(({ caseOpen }) => caseOpen === 1).map(({ messageId }) => messageId));
    return {
      messages: rows.messages.filter(({ id, underWay }) => underWay === 0 && !busy.has(id)).map(({ id }) => id),
      notices: rows.notices
        .filter(({ caseOpen, messageId, state }) => caseOpen === 0 && messageId === null && state !== 'planned')
        .map(({ id }) => id),
    };
  };
  // Told by virtue of the filing: without a trace of it the same notice would be owed, and sent, again.
  const told = filed.length === 0 ? settled() : { messages: [], notices: [] };
  if (filed.length > 0 && rows.notices.length > 0)
    kept.push({
      what: `${rows.notices.length} notices and their messages`,
      why: 'they prove what a responsible person of a filing in force was told; privacy.messagesMs ends them',
    });
  const waiting = rows.messages.filter(({ underWay }) => underWay === 1).length;
  if (waiting > 0) kept.push({ what: `${waiting} messages under way`, why: 'ask again once they have arrived' });
  const [openOrders, orders] = [
    rows.orders.filter(({ state }) => state === 'open'),
    rows.orders.filter(({ state }) => state !== 'open'),
  ];
  for (const { orderNumber } of openOrders)
    kept.push({ what: `contact of order ${orderNumber}`, why: 'the order is open: ask again once it has ended' });
  const dead = filed.length === 0 ? rows.dead : [];
  if (!preview)
    ledger.transaction(() => {
      // Nothing new goes to an address nobody answers for any more.
      if (filed.length === 0)
        for (const { id, state } of rows.notices)
          if (state === 'planned') ledger.outbox.setNotice(id, 'cancelled', 'the person asked to be erased');
      for (const { id } of extras) privacy.eraseExtra(id);
      for (const { id } of former) privacy.eraseContact(id);
      for (const id of told.messages) privacy.eraseMessage(id);
      for (const id of told.notices) privacy.eraseNotice(id);
      for (const { id } of rows.inbound) privacy.eraseInbound(id);
      for (const { id } of orders) privacy.eraseOrderContact(id);
      for (const { channel, address } of dead) privacy.eraseDead(channel, address);
    });
  return {
    erased: {
      extraContacts: extras.length,
      filings: former.length,
      messages: told.messages.length,
      notices: told.notices.length,
      inbound: rows.inbound.length,
      orders: orders.length,
      deadAddresses: dead.length,
    },
    kept,
  };
}
