import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { beijingDate, DAY_MS } from '../../calendar/beijing-time.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import type { Actor, CaseRecord } from '../../cases/types.ts';
import { maskText } from '../../log.ts';
import { hashOf } from '../../notify/one-time-secret.ts';
import { audienceOf, reserveOf } from '../../notify/recipients.ts';
import type { Recipient } from '../../notify/types.ts';
import { WindowCount } from '../window-count.ts';

/** How long a browser that opened a case may act on it. */
export const SESSION_MS = 2 * 3_600_000;
/** How long a case that ended may still be opened. */
const AFTER_END_MS = 30 * DAY_MS;
/** Openings by one code, or one link, within an hour: an owner needs a few, somebody who shares it around many. */
const OPENINGS_AN_HOUR = 30;
/** What one session asks of a case within an hour, and all of them together. */
const DEEDS_AN_HOUR = 10;
const DEEDS_OF_ALL_AN_HOUR = 40;
/** Wrong codes an address may try in a minute. */
const MISSES_A_MINUTE = 10;

/** 256 bits. */
const newSecret = (): string => randomBytes(32).toString('base64url');

/** A code as people type it: width, case, blanks and dashes do not matter. Null where it can be none. */
export function readCode(text: string): string | null {
  const code = text
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[\s\-_]/g, '');
  return /^[2-9A-HJKMNP-TV-Z]{10}$/.test(code) ? code : null;
}

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

  /** Open a case by the code of an SMS. */
  openByCode(text: string, now: number): Opening {
    const code = readCode(text);
    const record = code === null ? null : this.#keeper.ledger.cases.byCode(code);
    if (record === null || !isOpenable(record, now)) return { ok: false, reason: 'unknown' };
    return this.#open({ records: [record], actor: { kind: 'owner', name: 'case code' } }, null, now);
  }

  /** The cases a mail's link opens, without opening them; null when it opens none (any more). */
  peek(key: string, now: number): Visit | null {
    return this.#visitByKey(hashOf(key), now);
  }

  /** Open the cases of a mail's link. */
  openByKey(key: string, now: number): Opening {
    const visit = this.peek(key, now);
    return visit === null ? { ok: false, reason: 'unknown' } : this.#open(visit, hashOf(key), now);
  }

  /** What the session of a cookie may see; null when there is none, or it is over. */
  visit(token: string, now: number): Visit | null {
    if (token === '') return null;
    const session = this.#keeper.ledger.portal.session(hashOf(token));
    if (session === null || session.expiresAt <= now) return null;
    // A session ends with its key: a contact that was removed sees nothing any more.
    if (session.keyHash !== null) return this.#visitByKey(session.keyHash, now);
    const records = this.#openable(session.caseIds, now);
    return records.length === 0 ? null : { records, actor: { kind: 'owner', name: 'case code' } };
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
    return this.#misses.of(address, now) < MISSES_A_MINUTE;
  }

  /** An address tried a wrong code. */
  missed(address: string, now: number): void {
    this.#misses.add(address, now);
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

  /** A key opens what its mail told of, as long as its address is told of it. */
  #visitByKey(hash: string, now: number): Visit | null {
    const { ledger } = this.#keeper;
    const key = ledger.portal.key(hash);
    const message = key === null || key.expiresAt <= now ? null : ledger.outbox.message(key.messageId);
    if (key === null || message === null) return null;
    const records = this.#openable(key.caseIds, now).filter((record) => {
      const mails = (recipients: Recipient[]): string[] =>
        recipients.flatMap(({ channel, address }) =>
          channel === 'email' && ledger.contacts.dead('email', address) === null ? address : [],
        );
      const told = mails(audienceOf(ledger.contacts, record).recipients);
      // Those of the subject's other filings are told only where nobody else can be reached.
      return (told.length > 0 ? told : mails(reserveOf(ledger.contacts, record))).includes(message.recipient);
    });
    const name = maskText(message.recipient);
    return records.length === 0 ? null : { records, actor: { kind: 'owner', name } };
  }

  #openable(caseIds: readonly number[], now: number): CaseRecord[] {
    return caseIds.flatMap((id) => this.#keeper.ledger.cases.get(id) ?? []).filter((record) => isOpenable(record, now));
  }

  #open({ records, actor }: Visit, keyHash: string | null, now: number): Opening {
    const { ledger } = this.#keeper;
    const by = keyHash ?? `case ${records[0]?.id}`;
    if (this.#hourly.add(`open ${by}`, now) > OPENINGS_AN_HOUR) return { ok: false, reason: 'busy' };
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

/** Cases of a dry-run were told to nobody; those that ended are history after a while. */
const isOpenable = ({ dryRun, closedAt }: CaseRecord, now: number): boolean =>
  !dryRun && (closedAt === null || now - closedAt < AFTER_END_MS);
