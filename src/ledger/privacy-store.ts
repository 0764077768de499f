import type { Statements } from './statements.ts';

/** A stretch of a table walked by id: who is at its end may be erased. */
export interface Stretch {
  /** Rows that may be erased. */
  over: { id: number; subjectId?: number }[];
  /** The last id looked at; null when the table is at its end. */
  lastId: number | null;
}

/** A person of a filing, as found by an address. */
export interface PersonFiling {
  id: number;
  siteId: number | null;
  role: string;
  name: string | null;
  phone: string | null;
  email: string | null;
  documentExpiresAt: string | null;
  subjectNumber: string;
  subjectName: string;
  siteNumber: string | null;
  /** Of the site: active, access-cancelled, revoked. */
  state: string;
}

/** An extra contact, removed or not. */
export interface PersonExtra {
  id: number;
  name: string | null;
  phone: string | null;
  email: string | null;
  emailVerifiedAt: number | null;
  phoneVerifiedAt: number | null;
  createdAt: number;
  removedAt: number | null;
  subjectNumber: string;
}

/** A notice owed to an address. */
export interface PersonNotice {
  id: number;
  topic: string;
  stage: string;
  kind: string;
  channel: string;
  recipient: string;
  name: string | null;
  state: string;
  createdAt: number;
  messageId: number | null;
  caseCode: string | null;
  /** 1 while its case is open. */
  caseOpen: 0 | 1;
}

/** A message sent to an address, with its text. */
export interface PersonMessage {
  id: number;
  channel: string;
  recipient: string;
  kind: string;
  content: string;
  state: string;
  createdAt: number;
  settledAt: number | null;
  /** 1 while something is still to be done with it. */
  underWay: 0 | 1;
}

/** An SMS that came from a number. */
export interface PersonInbound {
  id: number;
  mobile: string;
  body: string;
  receivedAt: number;
  outcome: string;
}

/** Everything the ledger holds under an address. */
export interface PersonRows {
  filings: PersonFiling[];
  extras: PersonExtra[];
  notices: PersonNotice[];
  messages: PersonMessage[];
  inbound: PersonInbound[];
  dead: { channel: 'email' | 'sms'; address: string; code: string; since: number }[];
  orders: { id: number; orderNumber: string; state: string; contact: string }[];
}

/** Personal data by age and by person: what there is, and rows without it. It decides nothing. */
export class PrivacyStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Messages after an id; over: settled, older than `before`, and every case they told of closed before. */
  oldMessages(before: number, afterId: number, limit: number): Stretch {
    return stretch(this.#db.all('oldMessages', before, before, afterId, limit), limit);
  }

  /** Notices that never were in a message; over: by the same measure. */
  oldNotices(before: number, afterId: number, limit: number): Stretch {
    return stretch(this.#db.all('oldNotices', before, before, afterId, limit), limit);
  }

  /** Filing orders; over: ended before `before`, their contact still there. */
  oldOrders(before: number, afterId: number, limit: number): Stretch {
    return stretch(this.#db.all('oldOrders', before, afterId, limit), limit);
  }

  /** Sites that lost filing or access; over: before `before`, with no open case, not erased yet. */
  formerSites(before: number, afterId: number, limit: number): Stretch {
    return stretch(this.#db.all('formerSites', before, afterId, limit), limit);
  }

  /** Extra contacts removed before, and those named for one case that ended before. */
  removedExtras(before: number, limit: number): number[] {
    return this.#db.all<{ id: number }>('extrasRemoved', before, before, limit).map(({ id }) => id);
  }

  /** Recipient and text of a message, its notices' recipients, and its copy in the in-site inbox. */
  eraseMessage(id: number): void {
    this.#db.run('messageErase', id);
    this.#db.run('noticesOfMessageErase', id);
    this.#db.run('inSiteErase', id);
  }

  /** Recipient and person of a notice. */
  eraseNotice(id: number): void {
    this.#db.run('noticeErase', id);
  }

  /** The contact of an order. */
  eraseOrderContact(id: number): void {
    this.#db.run('orderContactErase', id);
  }

  /** A person of a filing. */
  eraseContact(id: number): void {
    this.#db.run('contactErase', id);
  }

  /** An extra contact with its proofs. */
  eraseExtra(id: number): void {
    this.#db.run('tokensOfExtraErase', id);
    this.#db.run('extraErase', id);
  }

  /** SMS that came in before. Gives rows deleted. */
  pruneInbound(before: number, limit: number): number {
    return this.#db.run('inboundPrune', before, limit);
  }

  /** One SMS that came in. */
  eraseInbound(id: number): void {
    this.#db.run('inboundErase', id);
  }

  /** Proofs of addresses that ran out before. Gives rows deleted. */
  pruneTokens(before: number, limit: number): number {
    return this.#db.run('tokensPrune', before, limit);
  }

  /** A former site's persons, its evidence, its details; an import that gives it again writes it anew. */
  eraseSite(siteId: number): void {
    this.#db.run('contactsOfSiteErase', siteId);
    this.#db.run('evidenceOfSiteUnlink', siteId);
    this.#db.run('knownPageForget', siteId);
    this.#db.run('siteErase', siteId);
  }

  /** A subject none of whose sites is left: its persons, and its name where that is a person's. False while it is in use. */
  eraseSubject(subjectId: number): boolean {
    if (this.#db.get<{ used: number }>('subjectInUse', subjectId, subjectId)?.used !== 0) return false;
    this.#db.run('contactsOfSubjectErase', subjectId);
    for (const { id } of this.#db.all<{ id: number }>('extrasOfSubjectAll', subjectId)) this.eraseExtra(id);
    this.#db.run('subjectErase', subjectId);
    return true;
  }

  /** An address nobody has any more is not known as dead either. */
  eraseDead(channel: string, address: string): void {
    this.#db.run('deadRemove', channel, address);
  }

  /** Everything under a number and an address. Walks whole tables: seconds at a million sites. */
  person(mobile: string | null, phone: string | null, email: string | null): PersonRows {
    const digits = mobile ?? phone?.replace(/[\s+-]/g, '').replace(/^0+/, '') ?? null;
    const filings = this.#db.all<PersonFiling>('personFilings', mobile, phone, digits, email);
    const extras = this.#db.all<PersonExtra>('personExtras', digits, email);
    const his = JSON.stringify([...new Set([mobile, phone, email])].filter((one) => one !== null));
    return {
      filings,
      extras,
      notices: this.#db.all('personNotices', his),
      messages: this.#db.all('personMessages', his),
      inbound: this.#db.all('personInbound', his),
      dead: this.#db.all('personDead', his),
      orders: this.#db.all('personOrders', digits, email),
    };
  }
}

function stretch(rows: { id: number; over: 0 | 1; subjectId?: number }[], limit: number): Stretch {
  return {
    over: rows.filter(({ over }) => over === 1),
    lastId: rows.length < limit ? null : (rows.at(-1)?.id ?? null),
  };
}
