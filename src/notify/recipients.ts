import type { CaseRecord } from '../cases/types.ts';
import { emailOf } from '../filing/addresses.ts';
import { filedMobile } from '../filing/phone.ts';
import type { ContactsStore, FilingPerson } from '../ledger/contacts-store.ts';
import type { Recipient } from './types.ts';

/** An address that is no address: told in the history, so that somebody mends the filing. */
export interface UnusableAddress {
  channel: 'email' | 'sms';
  person: string;
  text: string;
}

/** Who is told about a site (or a whole subject). */
export interface Audience {
  recipients: Recipient[];
  unusable: UnusableAddress[];
}

/**
 * The persons of the filing always, extra contacts where an address is verified (R7; those named for one case where it is that
 * case, by its `id`), and the subject's in-site inbox. One address is told once however many roles it has.
 */
export function audienceOf(
  contacts: ContactsStore,
  record: Pick<CaseRecord, 'subjectId' | 'siteId'> & Partial<Pick<CaseRecord, 'id'>>,
): Audience {
  const persons: FilingPerson[] =
    record.siteId === null ? contacts.ofSubject(record.subjectId) : contacts.ofSite(record.siteId);
  const audience: Audience = { recipients: [], unusable: [] };
  for (const person of persons) addPerson(audience, `${person.role}:${person.name ?? ''}`, person);
  for (const extra of contacts.extras(record.subjectId)) {
    if (extra.caseId !== null && extra.caseId !== record.id) continue;
    const email = extra.emailVerifiedAt === null ? null : extra.email;
    const phone = extra.phoneVerifiedAt === null ? null : extra.phone;
    addPerson(audience, `extra:${extra.id}`, { name: extra.name, email, phone });
  }
  const inbox = `subject:${record.subjectId}`;
  audience.recipients.push({ channel: 'in-site', address: inbox, person: inbox, name: null });
  return audience;
}

/** Persons of the subject's other filings, asked when nobody of the site's own can be reached. */
export function reserveOf(contacts: ContactsStore, record: Pick<CaseRecord, 'subjectId'>): Recipient[] {
  const audience: Audience = { recipients: [], unusable: [] };
  for (const person of contacts.ofSubject(record.subjectId))
    addPerson(audience, `${person.role}:${person.name ?? ''}`, person);
  return audience.recipients;
}

function addPerson(
  audience: Audience,
  person: string,
  { name, email, phone }: Pick<FilingPerson, 'name' | 'email' | 'phone'>,
): void {
  for (const [channel, text, address] of [
    ['email', email, emailOf(email)],
    ['sms', phone, filedMobile(phone)],
  ] as const) {
    if (text === null || text.trim() === '') continue;
    if (address === null) audience.unusable.push({ channel, person, text });
    else if (!audience.recipients.some((one) => one.channel === channel && one.address === address))
      audience.recipients.push({ channel, address, person, name });
  }
}
