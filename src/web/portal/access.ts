import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { beijingDate } from '../../calendar/beijing-time.ts';
import { isCode } from '../../cases/case-code.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import { isTerminal } from '../../cases/moves.ts';
import type { Actor, CaseRecord } from '../../cases/types.ts';
import type { Message } from '../../ledger/outbox-store.ts';
import type { PortalSession } from '../../ledger/portal-store.ts';
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
/** Codes and links one browser has open at a time: a second SMS does not end what is being typed about the first. */
const KEYS_OF_A_SESSION = 5;
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
export type Opening = { ok: true; token: string; opened: CaseRecord[] } | { ok: false; reason: 'unknown' | 'busy' };

/** A case that a session opened, and by whom. */
export interface OpenCase {
  record: CaseRecord;
  actor: Actor;
}

/** A session as pages use it: its cases, those with the soonest deadline first, those that ended last. */
export interface Visit {
  salt: string;
  cases: OpenCase[];
}

/** Who may see and do what in the portal: cases by their codes or by the link of a mail, for a while, and nothing else. */
export class PortalAccess {
  readonly #keeper: CaseKeeper;
  readonly #hourly = new WindowCount(3_600_000);
  readonly #misses = new WindowCount(60_000);

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Open cases by a code as somebody typed it: that of an SMS or in-site message, or one staff gave out. `present`: the session there is. */
  openByCode(code: string, present: string, now: number): Opening {
    return this.#openBy(hashOf(code), present, now);
  }

  /** How many cases a mail's link opens, without opening them; 0: none (any more). A code is no link: its guesses are counted. */
  peek(key: string, now: number): number {
    return isCode(key) ? 0 : this.#casesOf(hashOf(key), now).length;
  }

  /** Open the cases of a mail's link. */
  openByKey(key: string, present: string, now: number): Opening {
    return isCode(key) ? { ok: false, reason: 'unknown' } : this.#openBy(hashOf(key), present, now);
  }

  /** What the session of a cookie may see; null when there is none, or it is over. A session ends with its keys. */
  visit(token: string, now: number): Visit | null {
    const session = this.#session(token, now);
    if (session === null) return null;
    const cases = new Map<number, OpenCase>();
    for (const { hash, until } of session.keys)
      for (const one of until <= now ? [] : this.#casesOf(hash, now))
        if (!cases.has(one.record.id)) cases.set(one.record.id, one);
    const sorted = [...cases.values()].sort(
      (a, b) =>
        Number(isTerminal(a.record.state)) - Number(isTerminal(b.record.state)) ||
        a.record.deadlineAt - b.record.deadlineAt ||
        a.record.id - b.record.id,
    );
    return sorted.length === 0 ? null : { salt: session.salt, cases: sorted };
  }

  #session(token: string, now: number): PortalSession | null {
    const session = token === '' ? null : this.#keeper.ledger.portal.session(hashOf(token));
    return session === null || session.expiresAt <= now ? null : session;
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
        {
          en: `more than ${MISSES_OF_A_CROWD} wrong case codes within a minute: somebody is guessing; each address has one try a minute now`,
          zh: `一分钟内输错案件码超过 ${MISSES_OF_A_CROWD} 次，有人在猜测；现在每个地址每分钟只能试一次`,
        },
        now,
        { again: true },
      );
  }

  /** How a case is called in the addresses of a session: neither its code nor its place, so that a page never turns into another's. */
  handle({ salt }: Visit, { id }: CaseRecord): string {
    return createHmac('sha256', salt).update(`case ${id}`).digest('hex').slice(0, 24);
  }

  /** What a form of a session carries, so that no other page, and no page of another case, can send it. */
  formToken({ salt }: Visit, record: CaseRecord | null): string {
    return createHmac('sha256', salt)
      .update(`form ${record?.id ?? ''}`)
      .digest('base64url');
  }

  isFormToken(visit: Visit, record: CaseRecord | null, given: string | undefined): boolean {
    return timingSafeEqual(Buffer.from(hashOf(this.formToken(visit, record))), Buffer.from(hashOf(given ?? '')));
  }

  /** A key opens what its message told of, as long as its address is told of it; one that staff gave out, its case. */
  #casesOf(hash: string, now: number): OpenCase[] {
    const { ledger } = this.#keeper;
    const key = ledger.portal.key(hash);
    if (key === null || key.expiresAt <= now) return [];
    const message = key.messageId === null ? null : ledger.outbox.message(key.messageId);
    if (message === null && key.issuedBy === null) return [];
    const records = this.#openable(key.caseIds, now).filter(
      (record) => message === null || this.#isTold(record, message),
    );
    const name =
      message === null
        ? `case code by ${key.issuedBy}`
        : message.channel === 'in-site'
          ? 'in-site'
          : maskText(message.recipient);
    return records.map((record) => ({ record, actor: { kind: 'owner', name } }));
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

  /** A session with what the present one holds besides; its token is a new one, so that none can be planted. */
  #openBy(keyHash: string, present: string, now: number): Opening {
    const { ledger } = this.#keeper;
    const cases = this.#casesOf(keyHash, now);
    if (cases.length === 0) return { ok: false, reason: 'unknown' };
    if (this.#hourly.add(`open ${keyHash}`, now) > OPENINGS_AN_HOUR) return { ok: false, reason: 'busy' };
    const token = newSecret();
    ledger.transaction(() => {
      const before = this.#session(present, now);
      // What was opened before ends when it would have ended: on a borrowed telephone nobody prolongs another's.
      const others = (before?.keys ?? []).filter(({ hash, until }) => hash !== keyHash && until > now);
      const keys = [{ hash: keyHash, until: now + SESSION_MS }, ...others].slice(0, KEYS_OF_A_SESSION);
      const session = { keys, expiresAt: now + SESSION_MS };
      ledger.portal.putSession(hashOf(token), { salt: before?.salt ?? newSecret(), ...session }, now);
      this.end(present);
      // The receipt that somebody read it: once a person and day, the history is no visitors' book.
      for (const { record, actor } of cases) {
        const known = ledger.cases
          .events(record.id)
          .some(
            ({ at, actor: by, data }) =>
              data['portal'] === 'opened' && by.name === actor.name && beijingDate(at) === beijingDate(now),
          );
        if (!known) this.#keeper.move(record.id, 'noted', { now, actor, data: { portal: 'opened' } });
      }
    });
    return { ok: true, token, opened: cases.map(({ record }) => record) };
  }
}
