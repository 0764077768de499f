import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { beijingDate } from '../../calendar/beijing-time.ts';
import { isCode, readCode } from '../../cases/case-code.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import type { Actor, CaseRecord } from '../../cases/types.ts';
import type { Message } from '../../ledger/outbox-store.ts';
import { maskText } from '../../log.ts';
import { hashOf, isOpenable } from '../../notify/one-time-secret.ts';
import { audienceOf, reserveOf } from '../../notify/recipients.ts';
import type { Recipient } from '../../notify/types.ts';
import { clientOf } from '../client-of.ts';
import { WindowCount } from '../window-count.ts';

/** How long a browser that opened a case may act on it. */
export const SESSION_MS = 2 * 3_600_000;
/** Openings by one code, or one link, within an hour: an owner needs a few, somebody who shares it around many. */
const OPENINGS_AN_HOUR = 30;
/** What one session asks of a case within an hour, and all of them together. */
const DEEDS_AN_HOUR = 10;
const DEEDS_OF_ALL_AN_HOUR = 40;
/** Wrong codes an address may try in a minute; and all of them together, beyond which each has one try: a crowd is guessing. */
const MISSES_A_MINUTE = 10;
const MISSES_OF_A_CROWD = 300;
const EVERYBODY = '*';

/** 256 bits. */
const newSecret = (): string => randomBytes(32).toString('base64url');

/** What opening a case gave. */
export type Opening = { ok: true; token: string } | { ok: false; reason: 'unknown' | 'busy' };

/** A session as pages use it: its cases in their order, and who it is. */
export interface Visit {
  records: CaseRecord[];
  actor: Actor;
}

/** Who may see and do what in the portal: cases by their codes or by the link of a mail, for a while, and nothing else. */
export class PortalAccess {
  readonly #keeper: CaseKeeper;
  readonly #hourly = new WindowCount(3_600_000);
  readonly #misses = new WindowCount(60_000);

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Open cases by a code as somebody typed it: that of an SMS or in-site message, or one staff gave out. */
  openByCode(text: string, now: number): Opening {
    const code = readCode(text);
    return code === null ? { ok: false, reason: 'unknown' } : this.#openBy(hashOf(code), now);
  }

  /** The cases a mail's link opens, without opening them; null when it opens none (any more). A code is no link: its guesses are counted. */
  peek(key: string, now: number): Visit | null {
    return isCode(key) ? null : this.#visitByKey(hashOf(key), now);
  }

  /** Open the cases of a mail's link. */
  openByKey(key: string, now: number): Opening {
    return isCode(key) ? { ok: false, reason: 'unknown' } : this.#openBy(hashOf(key), now);
  }

  #openBy(hash: string, now: number): Opening {
    const visit = this.#visitByKey(hash, now);
    return visit === null ? { ok: false, reason: 'unknown' } : this.#open(visit, hash, now);
  }

  /** What the session of a cookie may see; null when there is none, or it is over. */
  visit(token: string, now: number): Visit | null {
    if (token === '') return null;
    const session = this.#keeper.ledger.portal.session(hashOf(token));
    if (session === null || session.keyHash === null || session.expiresAt <= now) return null;
    // A session ends with its key: a contact that was removed sees nothing any more.
    return this.#visitByKey(session.keyHash, now);
  }

  /** Leave. */
  end(token: string): void {
    this.#keeper.ledger.portal.endSession(hashOf(token));
  }

  /** May a session ask something more of a case within this hour? Counted where it reaches the desk only. */
  admitsDeed(token: string, { id }: CaseRecord, now: number): boolean {
    return (
      this.#hourly.add(`deed ${id} ${hashOf(token)}`, now) <= DEEDS_AN_HOUR &&
      this.#hourly.add(`deed ${id}`, now) <= DEEDS_OF_ALL_AN_HOUR
    );
  }

  /** May an address try one more code? Only wrong ones count: many owners stand behind one address. */
  admitsGuess(address: string, now: number): boolean {
    const most = this.#misses.of(EVERYBODY, now) < MISSES_OF_A_CROWD ? MISSES_A_MINUTE : 1;
    return this.#misses.of(clientOf(address), now) < most;
  }

  /** An address tried a wrong code. */
  missed(address: string, now: number): void {
    this.#misses.add(clientOf(address), now);
    if (this.#misses.add(EVERYBODY, now) === MISSES_OF_A_CROWD)
      this.#keeper.ledger.raiseAlert(
        'portal-guessing',
        `more than ${MISSES_OF_A_CROWD} wrong case codes within a minute: somebody is guessing; each address has one try a minute now`,
        now,
        { again: true },
      );
  }

  /** How a case is called in the addresses of a session: neither its code nor its place, so that a page never turns into another's. */
  handle(token: string, { id }: CaseRecord): string {
    return createHmac('sha256', token).update(`case ${id}`).digest('hex').slice(0, 24);
  }

  /** What a form of a session carries, so that no other page, and no page of another case, can send it. */
  formToken(token: string, record: CaseRecord | null): string {
    return createHmac('sha256', token)
      .update(`form ${record?.id ?? ''}`)
      .digest('base64url');
  }

  isFormToken(token: string, record: CaseRecord | null, given: string | undefined): boolean {
    return timingSafeEqual(Buffer.from(hashOf(this.formToken(token, record))), Buffer.from(hashOf(given ?? '')));
  }

  /** A key opens what its message told of, as long as its address is told of it; one that staff gave out, its case. */
  #visitByKey(hash: string, now: number): Visit | null {
    const { ledger } = this.#keeper;
    const key = ledger.portal.key(hash);
    if (key === null || key.expiresAt <= now) return null;
    const message = key.messageId === null ? null : ledger.outbox.message(key.messageId);
    if (message === null && key.issuedBy === null) return null;
    const records = this.#openable(key.caseIds, now).filter(
      (record) => message === null || this.#isTold(record, message),
    );
    const name =
      message === null
        ? `case code by ${key.issuedBy}`
        : message.channel === 'in-site'
          ? 'in-site'
          : maskText(message.recipient);
    return records.length === 0 ? null : { records, actor: { kind: 'owner', name } };
  }

  /** Is the address of a message still told of a case? */
  #isTold(record: CaseRecord, { channel, recipient }: Message): boolean {
    const { contacts } = this.#keeper.ledger;
    const reached = (recipients: Recipient[]): string[] =>
      recipients.flatMap((one) =>
        one.channel === channel && contacts.dead(channel, one.address) === null ? one.address : [],
      );
    const told = reached(audienceOf(contacts, record).recipients);
    // Those of the subject's other filings are told only where nobody else can be reached.
    return (told.length > 0 ? told : reached(reserveOf(contacts, record))).includes(recipient);
  }

  #openable(caseIds: readonly number[], now: number): CaseRecord[] {
    return caseIds.flatMap((id) => this.#keeper.ledger.cases.get(id) ?? []).filter((record) => isOpenable(record, now));
  }

  #open({ records, actor }: Visit, keyHash: string, now: number): Opening {
    const { ledger } = this.#keeper;
    if (this.#hourly.add(`open ${keyHash}`, now) > OPENINGS_AN_HOUR) return { ok: false, reason: 'busy' };
    const token = newSecret();
    ledger.transaction(() => {
      const caseIds = records.map(({ id }) => id);
      ledger.portal.putSession(hashOf(token), { caseIds, keyHash, expiresAt: now + SESSION_MS }, now);
      // The receipt that somebody read it: once a person and day, the history is no visitors' book.
      for (const { id } of records) {
        const known = ledger.cases
          .events(id)
          .some(
            ({ at, actor: by, data }) =>
              data['portal'] === 'opened' && by.name === actor.name && beijingDate(at) === beijingDate(now),
          );
        if (!known) this.#keeper.move(id, 'noted', { now, actor, data: { portal: 'opened' } });
      }
    });
    return { ok: true, token };
  }
}
