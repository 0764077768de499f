import { beijingDate, DAY_MS } from '../calendar/beijing-time.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Stretch } from '../ledger/privacy-store.ts';

/** How long personal data is kept, in ms from its end (PIPL 19); null: for ever. */
export interface RetentionPolicy {
  messagesMs: number | null;
  inboundMs: number | null;
  formerFilingsMs: number | null;
  removedContactsMs: number | null;
  ordersMs: number | null;
}

/** Rows a turn erased, by what they were. */
export interface Erased {
  messages: number;
  notices: number;
  inbound: number;
  sites: number;
  subjects: number;
  extraContacts: number;
  orders: number;
}

/** Where the walks stand: the last id looked at; null when a table was walked to its end. */
export type Cursors = Partial<Record<Walk, number | null>>;
interface Standing {
  day: string;
  cursors: Cursors;
}
type Walk = 'messages' | 'notices' | 'orders' | 'sites';

const MARK = 'retention';

/**
 * One turn of erasing what is past its time: at most `limit` rows of each sort are looked at, in one transaction; each table is walked
 * once a (Beijing) day, over midnight where it is long. Nothing of an open case is touched, rows that count stay without the person.
 * `own`: cursors of whoever walks by hand, beside the worker's. `done`: nothing is left.
 */
export function retainTurn(
  ledger: Ledger,
  policy: RetentionPolicy,
  now: number,
  { limit = 500, own }: { limit?: number; own?: Cursors } = {},
): { erased: Erased; done: boolean } {
  const { privacy, marks } = ledger;
  const erased: Erased = { messages: 0, notices: 0, inbound: 0, sites: 0, subjects: 0, extraContacts: 0, orders: 0 };
  const day = beijingDate(now);
  const known = marks.get<Standing>(MARK)?.value;
  const unfinished = known !== undefined && Object.values(known.cursors).some((cursor) => cursor !== null);
  const goesOn = known !== undefined && (known.day === day || unfinished);
  const cursors: Cursors = own ?? (goesOn ? { ...known.cursors } : {});
  const before = (ms: number | null): number | null => (ms === null ? null : now - ms);

  const walk = (
    name: Walk,
    keptMs: number | null,
    read: (before: number, afterId: number) => Stretch,
    erase: (row: Stretch['over'][number]) => void,
  ): boolean => {
    const cursor = cursors[name] === undefined ? 0 : cursors[name];
    const limitAt = before(keptMs);
    if (cursor === null || limitAt === null) return true;
    const { over, lastId } = read(limitAt, cursor);
    for (const row of over) erase(row);
    cursors[name] = lastId;
    return lastId === null;
  };

  const done = ledger.transaction(() => {
    const ended = [
      walk(
        'messages',
        policy.messagesMs,
        (at, id) => privacy.oldMessages(at, id, limit),
        ({ id }) => {
          privacy.eraseMessage(id);
          erased.messages++;
        },
      ),
      walk(
        'notices',
        policy.messagesMs,
        (at, id) => privacy.oldNotices(at, id, limit),
        ({ id }) => {
          privacy.eraseNotice(id);
          erased.notices++;
        },
      ),
      walk(
        'orders',
        policy.ordersMs,
        (at, id) => privacy.oldOrders(at, id, limit),
        ({ id }) => {
          privacy.eraseOrderContact(id);
          erased.orders++;
        },
      ),
      walk(
        'sites',
        policy.formerFilingsMs,
        (at, id) => privacy.formerSites(at, id, limit),
        ({ id, subjectId }) => {
          privacy.eraseSite(id);
          erased.sites++;
          if (subjectId !== undefined && privacy.eraseSubject(subjectId)) erased.subjects++;
        },
      ),
    ];
    const inboundBefore = before(policy.inboundMs);
    if (inboundBefore !== null) erased.inbound = privacy.pruneInbound(inboundBefore, limit);
    const removedBefore = before(policy.removedContactsMs);
    const removed = removedBefore === null ? [] : privacy.removedExtras(removedBefore, limit);
    for (const id of removed) privacy.eraseExtra(id);
    erased.extraContacts = removed.length;
    const tokens = privacy.pruneTokens(now - 30 * DAY_MS, limit);
    const standing: Standing = { day: goesOn ? known.day : day, cursors };
    if (own === undefined && JSON.stringify(standing) !== JSON.stringify(known)) marks.put(MARK, standing, now);
    return ended.every(Boolean) && erased.inbound < limit && removed.length < limit && tokens < limit;
  });
  return { erased, done };
}

/** Rows in all. */
export const erasedTotal = (erased: Erased): number => Object.values(erased).reduce((sum, count) => sum + count, 0);
