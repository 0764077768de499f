import { addDays, beijingDate, beijingInstant, DAY_MS } from '../calendar/beijing-time.ts';
import { isTerminal } from './moves.ts';
import type { CaseRecord } from './types.ts';

/** Something that falls due for a case. Pure: the same record always has the same timers. */
export interface Timer {
  kind: 'reminder' | 'deadline' | 'ask-enforcement' | 'ask-cancellation' | 'appeal-nudge' | 'appeal-late' | 'look';
  at: number;
  /** Fires once under this key; null for timers that a move of state ends. */
  key: string | null;
}

/** Reminders go out at this Beijing hour. */
const REMINDER_TIME = '09:00';
const HOUR_MS = 3_600_000;

/** All timers of a case that have not fired, soonest first. Reminder rungs before the period began are not timers. */
export function timersOf(record: CaseRecord): Timer[] {
  if (isTerminal(record.state)) return [];
  const timers: Timer[] = [{ kind: 'look', at: record.lookDueAt, key: null }];
  switch (record.state) {
    case 'open':
    case 'extended':
    case 'restored':
      timers.push(...reminders(record), { kind: 'deadline', at: record.deadlineAt, key: null });
      break;
    case 'overdue':
      timers.push({
        kind: record.policy.acts.includes('restrict-access') ? 'ask-enforcement' : 'ask-cancellation',
        at: record.askAgainAt ?? record.deadlineAt,
        key: null,
      });
      break;
    case 'restricted':
      if (record.cancelDueAt !== null)
        timers.push({ kind: 'ask-cancellation', at: Math.max(record.cancelDueAt, record.askAgainAt ?? 0), key: null });
      break;
    case 'appealed':
      timers.push(...nudges(record));
      break;
    default:
  }
  const acts = record.policy.acts.length > 0;
  const open = timers.filter(
    ({ kind, key }) => (key === null || !record.fired.includes(key)) && (acts || !kind.startsWith('ask-')),
  );
  return sorted(open);
}

const sorted = (timers: Timer[]): Timer[] => timers.sort((a, b) => a.at - b.at);

function reminders(record: CaseRecord): Timer[] {
  const day = beijingDate(record.deadlineAt - 1);
  return record.policy.reminderDays
    .map(
      (days): Timer => ({
        kind: 'reminder',
        at: beijingInstant(addDays(day, -days), REMINDER_TIME),
        key: `reminder:${day}:${days}`,
      }),
    )
    .filter(({ at }) => at > record.deadlineSetAt);
}

function nudges(record: CaseRecord): Timer[] {
  const since = record.appealedAt ?? 0;
  const hours = record.policy.appeal.remindAdminHours.map(
    (hour): Timer => ({
      kind: 'appeal-nudge',
      at: since + hour * HOUR_MS,
      key: `appeal:${record.appeals}:${hour}h`,
    }),
  );
  return record.reviewDueAt === null
    ? hours
    : [...hours, { kind: 'appeal-late', at: record.reviewDueAt, key: `appeal:${record.appeals}:late` }];
}

/** What is due now. Of several reminders missed in a row (the worker was down) only the latest is still told. */
export function dueTimers(record: CaseRecord, now: number): { due: Timer[]; skipped: Timer[] } {
  const due = timersOf(record).filter(({ at }) => at <= now);
  const missed = due.filter(({ kind }) => kind === 'reminder');
  const overdue = due.some(({ kind }) => kind === 'deadline');
  const skipped = overdue ? missed : missed.slice(0, -1);
  return { due: due.filter((timer) => !skipped.includes(timer)), skipped };
}

/** When the case must be looked after next; null when it has ended. */
export function nextTimerAt(record: CaseRecord, now: number): number | null {
  const [first] = timersOf(record);
  return first === undefined ? null : Math.min(first.at, now + DAY_MS);
}
