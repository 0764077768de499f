import { addDays, beijingDate, beijingHour, beijingInstant, nextAtHour } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { isTerminal } from '../cases/moves.ts';
import type { Notice } from '../ledger/outbox-store.ts';
import { ACCUSING } from './types.ts';

const HOUR_MS = 3_600_000;
/** How long what is stopped waits before it asks again; a release wakes it at once. */
const HELD_MS = 600_000;
/** Why a notice waits while sending is stopped. */
export const STOPPED = 'sending is stopped';
const WIRE: ReadonlySet<string> = new Set(['email', 'sms']);

/**
 * May a notice go out now? Postpones or cancels it otherwise, with the reason kept on it: stopped sending, a held sweep, a dead
 * address, quiet hours, a case that moved on, and, for everything that accuses, a look that is not fresh.
 */
export function admitNotice(keeper: CaseKeeper, notice: Notice, now: number): boolean {
  const { ledger, rules } = keeper;
  const { outbox } = ledger;
  const later = (until: number, reason: string): false => {
    outbox.postpone(notice.id, until, reason);
    return false;
  };
  const owners = !notice.kind.startsWith('admin-');
  if (owners && ledger.enforcements.held('notices') !== null) return later(now + HELD_MS, STOPPED);
  if (ACCUSING.has(notice.kind) && ledger.sweeps.anyHeld())
    return later(now + HELD_MS, 'a sweep is held by the circuit breaker');
  const dead = ledger.contacts.dead(notice.channel, notice.recipient);
  if (dead !== null) {
    outbox.setNotice(notice.id, 'failed', `the address is given up (${dead.code}: ${dead.reason})`);
    return false;
  }
  if (notice.channel === 'sms' && owners && notice.kind !== 'contact-verification') {
    const { from, to } = rules.settings.notices.quietHours;
    if (isQuiet(beijingHour(now), from, to)) return later(nextAtHour(now, to), 'quiet hours');
  }
  if (notice.kind === 'renewal' && !stillExpiring(keeper, notice)) {
    outbox.setNotice(notice.id, 'cancelled', 'renewed before it was sent');
    return false;
  }
  return notice.caseId === null || admitCaseNotice(keeper, notice, now);
}

/** Accusing notices rest on a look made just before; what was mended is not sent. */
function admitCaseNotice(keeper: CaseKeeper, notice: Notice, now: number): boolean {
  const { ledger, rules } = keeper;
  const { outbox } = ledger;
  const record = ledger.cases.get(notice.caseId as number);
  if (record === null) return false;
  if (!ACCUSING.has(notice.kind)) return true;
  if (isTerminal(record.state)) {
    outbox.setNotice(notice.id, 'cancelled', `the case is ${record.state} by now`);
    return false;
  }
  if (notice.kind === 'reminder' && !notice.stage.includes(`:${beijingDate(record.deadlineAt - 1)}:`)) {
    outbox.setNotice(notice.id, 'cancelled', 'the deadline moved');
    return false;
  }
  const { lookWaitMs, lookPatienceMs } = rules.settings.cases;
  // A found notice rests on the looks that confirmed it; what follows rests on a look made for it.
  const { kind } = keeper.freshness(record, now, notice.kind === 'found' ? 0 : notice.createdAt);
  if (kind === 'fails') return true;
  const asked = notice.lookAskedAt;
  const patient = asked === null || now - asked < lookPatienceMs;
  // What cannot be observed for a day: the standing finding is told with the date it was confirmed, never as new (R16.1).
  if (!patient) return true;
  keeper.askLook(record, now);
  outbox.lookAsked(
    notice.id,
    now,
    now + lookWaitMs,
    kind === 'stale' ? 'waits for a fresh look' : 'the last look had no result',
  );
  return false;
}

/** Night-time, also over midnight (21 to 8). */
function isQuiet(hour: number, from: number, to: number): boolean {
  if (from === to) return false;
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}

function stillExpiring(keeper: CaseKeeper, { siteId, params }: Notice): boolean {
  if (siteId === null) return false;
  const states = keeper.ledger.verdicts.standing(siteId);
  const expiry = states.find(({ checkId }) => checkId === 'domain-expiry');
  if (expiry === undefined || expiry.nextDueAt === null) return false;
  const codes = JSON.parse(expiry.codes) as string[];
  return codes.includes('expiring') && typeof params['domain'] === 'string';
}

/**
 * Caps, counted in the database: messages to one number or address a day, and mails and SMS in all an hour. At the hourly cap
 * everything to owners stops until an admin looks (mass-send stop). True when the message may be made.
 */
export function countWire(keeper: CaseKeeper, first: Notice, notices: Notice[], now: number): boolean {
  if (first.dryRun || !WIRE.has(first.channel)) return true;
  const { ledger, rules } = keeper;
  const { perAddressPerDay, maxPerHour } = rules.settings.notices;
  const channel = first.channel as 'email' | 'sms';
  const today = beijingDate(now);
  if (ledger.outbox.sentOn(channel, first.recipient, today) >= perAddressPerDay[channel]) {
    const tomorrow = beijingInstant(addDays(today, 1), `${rules.settings.notices.quietHours.to}:00`);
    for (const { id } of notices)
      ledger.outbox.postpone(id, tomorrow, `${perAddressPerDay[channel]} a day to one address`);
    return false;
  }
  if (first.kind.startsWith('admin-')) return true;
  const since = Math.max(now - HOUR_MS, ledger.enforcements.countFrom('notices'));
  if (ledger.outbox.madeSince(since) < maxPerHour) return true;
  const reason = `${maxPerHour} mails and SMS within an hour (notices.maxPerHour)`;
  ledger.enforcements.hold('notices', reason, 'mass-send stop', now);
  ledger.raiseAlert(
    'hold-notices',
    `sending is stopped: ${reason}; look at patrol notices list, then: patrol notices release`,
    now,
  );
  return false;
}
