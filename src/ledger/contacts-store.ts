import type { Statements } from './statements.ts';

/** A person of a filing. */
export interface FilingPerson {
  role: 'subject-head' | 'site-head';
  name: string | null;
  phone: string | null;
  email: string | null;
}

/** An extra notice contact (R7). An address without its `…VerifiedAt` gets nothing but its verification. */
export interface ExtraContact {
  id: number;
  subjectId: number;
  /** Named by its owner for one case, and told of that alone; null: named by staff, told of all of the subject's. */
  caseId: number | null;
  name: string;
  email: string | null;
  phone: string | null;
  emailVerifiedAt: number | null;
  phoneVerifiedAt: number | null;
  createdAt: number;
  removedAt: number | null;
}

/** A proof sent to an address, by its hash. */
export interface ContactToken {
  hash: string;
  contactId: number;
  channel: 'email' | 'sms';
  address: string;
  expiresAt: number;
  usedAt: number | null;
  misses: number;
}

/** An address given up on. */
export interface DeadAddress {
  channel: 'email' | 'sms';
  address: string;
  code: string;
  reason: string;
  since: number;
}

/** Subjects, as cases need them. */
export interface SubjectRow {
  id: number;
  subjectNumber: string;
  name: string;
  kind: string;
  province: string;
}

/** People to tell: those of the filing, extra contacts, and addresses that turned out dead. */
export class ContactsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** The persons of a site's filing. */
  ofSite(siteId: number): FilingPerson[] {
    return this.#db.all('contactsOfSite', siteId);
  }

  /** The persons of all of a subject's filings. */
  ofSubject(subjectId: number): (FilingPerson & { siteId: number })[] {
    return this.#db.all('contactsOfSubject', subjectId);
  }

  /** A subject by its number. */
  subjectByNumber(subjectNumber: string): SubjectRow | null {
    return this.#db.get<SubjectRow>('subjectByNumber', subjectNumber) ?? null;
  }

  /** A subject by id. */
  subject(subjectId: number): SubjectRow | null {
    const row = this.#db.get<Omit<SubjectRow, 'id'>>('subjectById', subjectId);
    return row === undefined ? null : { id: subjectId, ...row };
  }

  /** The subject and state of a site. */
  siteOwner(siteId: number): { subjectId: number; state: string } | null {
    return this.#db.get<{ subjectId: number; state: string }>('siteSubject', siteId) ?? null;
  }

  /** Sites of a subject that are still active with us. */
  activeSites(subjectId: number): number[] {
    return this.#db.all<{ siteId: number }>('activeSitesOfSubject', subjectId).map(({ siteId }) => siteId);
  }

  /** Add an extra contact, unverified. Gives its id. */
  addExtra(contact: Pick<ExtraContact, 'subjectId' | 'caseId' | 'name' | 'email' | 'phone'>, now: number): number {
    const { subjectId, caseId, name, email, phone } = contact;
    return (this.#db.get<{ id: number }>('extraInsert', subjectId, caseId, name, email, phone, now) as { id: number })
      .id;
  }

  /** An extra contact, or null. */
  extra(id: number): ExtraContact | null {
    return this.#db.get<ExtraContact>('extraById', id) ?? null;
  }

  /** A subject's extra contacts, those of single cases among them. */
  extras(subjectId: number): ExtraContact[] {
    return this.#db.all('extrasOfSubject', subjectId);
  }

  /** Extra contacts with a mobile number. */
  extrasByPhone(phone: string): ExtraContact[] {
    return this.#db.all('extrasByPhone', phone);
  }

  /** Write an extra contact back. */
  saveExtra(contact: ExtraContact): void {
    const { name, email, phone, emailVerifiedAt, phoneVerifiedAt, removedAt, id } = contact;
    this.#db.run('extraUpdate', name, email, phone, emailVerifiedAt, phoneVerifiedAt, removedAt, id);
  }

  /** Keep the hash of a proof; earlier ones for the same channel are void. */
  putToken(token: Pick<ContactToken, 'hash' | 'contactId' | 'channel' | 'address' | 'expiresAt'>, now: number): void {
    this.#db.run('tokensVoid', now, token.contactId, token.channel);
    this.#db.run('tokenInsert', token.hash, token.contactId, token.channel, token.address, now, token.expiresAt);
  }

  /** Void every proof still open for a contact's channel. */
  voidTokens(contactId: number, channel: 'email' | 'sms', now: number): void {
    this.#db.run('tokensVoid', now, contactId, channel);
  }

  /** A proof by its hash, or null. */
  token(hash: string): ContactToken | null {
    return this.#db.get<ContactToken>('tokenByHash', hash) ?? null;
  }

  /** Proofs still open for a contact's channel. */
  openTokens(contactId: number, channel: 'email' | 'sms'): ContactToken[] {
    return this.#db.all('tokensOfContact', contactId, channel);
  }

  /** The proof a contact was last asked for; null where it was not asked yet. */
  lastToken(contactId: number, channel: 'email' | 'sms'): ContactToken | null {
    return this.#db.get<ContactToken>('tokenLast', contactId, channel) ?? null;
  }

  /** Use a proof up; true for exactly one caller. */
  useToken(hash: string, now: number): boolean {
    return this.#db.run('tokenUse', now, hash) === 1;
  }

  /** A wrong code was typed. */
  missToken(contactId: number, channel: 'email' | 'sms'): void {
    this.#db.run('tokenMiss', contactId, channel);
  }

  /** Give an address up. */
  markDead(dead: DeadAddress & { messageId: number | null }): void {
    this.#db.run('deadInsert', dead.channel, dead.address, dead.code, dead.reason, dead.since, dead.messageId);
  }

  /** Why an address was given up, or null. */
  dead(channel: string, address: string): DeadAddress | null {
    return this.#db.get<DeadAddress>('deadGet', channel, address) ?? null;
  }

  /** Try an address again. True when it was dead. */
  revive(channel: string, address: string): boolean {
    return this.#db.run('deadRemove', channel, address) === 1;
  }

  /** Addresses given up, newest first. */
  allDead(limit = 200): DeadAddress[] {
    return this.#db.all('deadAll', limit);
  }
}
