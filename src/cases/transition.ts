import { beijingDate } from '../calendar/beijing-time.ts';
import type { Period, WorkCalendar } from '../calendar/workdays.ts';
import { InputError } from '../errors.ts';
import { ANY_STATE, isTerminal, type Move, moveOf, STATES } from './moves.ts';
import type { CaseNoticeKind } from './notice-kinds.ts';
import type { Act, Actor, CaseRecord, CaseState } from './types.ts';

/** A move that the table does not allow here: said with what is possible instead. */
export class MoveRefused extends InputError {
  constructor(message: string, remedy: string, zh: string | null = null) {
    super(message, remedy, zh);
    this.name = 'MoveRefused';
  }
}

/** What comes with a move. `data` goes into the history as it is, so no personal data in it. */
export interface MoveInput {
  now: number;
  actor: Actor;
  data?: Record<string, unknown>;
}

/** What a move does: the record after it, and what follows from it in the same transaction. */
export interface Transition {
  record: CaseRecord;
  from: CaseState;
  to: CaseState;
  notice: CaseNoticeKind | null;
  /** Makes the notice unique for the case: the same stage is told once. */
  stage: string | null;
  act: Act | null;
}

/**
 * Make a move: pure, by the table of `moves.ts`. Gives the changed record and what follows. Throws MoveRefused when the table
 * does not lead from here, or the actor may not make it.
 */
export function applyMove(record: CaseRecord, move: Move, input: MoveInput, calendar: WorkCalendar): Transition {
  const definition = moveOf(move);
  const allowed = ANY_STATE.includes(move) || definition.from.includes(record.state);
  if (!allowed) {
    throw new MoveRefused(
      `case ${record.code}: "${move}" is not possible while it is ${record.state} (${STATES[record.state].en})`,
      isTerminal(record.state)
        ? 'the case has ended; a new failure opens a new one'
        : `possible from: ${definition.from.join(', ')}`,
      isTerminal(record.state)
        ? '该整改单已结束；再次发现问题会新开一单'
        : `当前为“${STATES[record.state].zh}”，不能执行“${definition.zh}”；可能刚有变化，请刷新页面`,
    );
  }
  if (!definition.by.includes(input.actor.kind)) {
    throw new MoveRefused(
      `case ${record.code}: ${input.actor.kind} may not make the move "${move}"`,
      `it is for: ${definition.by.join(', ')}`,
      `“${definition.zh}”不能由您执行`,
    );
  }
  const to = definition.to === 'same' ? record.state : definition.to;
  const closedAt = isTerminal(to) ? (record.closedAt ?? input.now) : null;
  const changed: CaseRecord = { ...record, state: to, closedAt, ...effectOf(record, move, input, calendar) };
  return {
    record: changed,
    from: record.state,
    to,
    notice: definition.notice ?? null,
    stage: definition.notice === undefined ? null : stageOf(definition.notice, changed, input),
    act: definition.act ?? null,
  };
}

/** What a move changes beside the state. */
function effectOf(record: CaseRecord, move: Move, input: MoveInput, calendar: WorkCalendar): Partial<CaseRecord> {
  const { now, data = {} } = input;
  switch (move) {
    case 'told':
      return { toldAt: record.toldAt ?? now };
    case 'untold':
      return { toldAt: null };
    case 'noted':
      return data['timer'] === undefined ? {} : { fired: [...record.fired, String(data['timer'])] };
    case 'reminded':
      return { fired: [...record.fired, String(data['timer'])] };
    case 'deadline-corrected':
      return counted(record, { from: Number(data['from']), period: data['period'] as Period }, now, calendar);
    case 'extension-granted': {
      const workingDays = Number(data['workingDays']);
      // An admin's date is no period to count anew: the extension continues from it.
      if (record.deadlinePeriod === null) {
        const { at, provisional } = calendar.extended(record.deadlineAt, { workingDays });
        return {
          extensions: record.extensions + 1,
          deadlineAt: at,
          deadlineProvisional: provisional,
          deadlineSetAt: now,
        };
      }
      const extraWorkingDays = record.extraWorkingDays + workingDays;
      return { extensions: record.extensions + 1, ...counted({ ...record, extraWorkingDays }, null, now, calendar) };
    }
    case 'deadline-moved':
      return {
        askAgainAt: null,
        deadlineAt: Number(data['deadlineAt']),
        deadlineProvisional: false,
        deadlinePeriod: null,
        extraWorkingDays: 0,
        deadlineSetAt: now,
        approvals: [],
      };
    case 'enforcement-asked':
    case 'cancellation-asked':
    case 'enforcement-failed':
    case 'cancellation-failed':
      return { approvals: [], askAgainAt: null };
    case 'approval-given':
      return { approvals: [...record.approvals, input.actor.name] };
    case 'enforcement-declined':
    case 'cancellation-declined':
      return { approvals: [], askAgainAt: calendar.deadline(now, { workingDays: 3 }).at };
    case 'access-restricted':
      return { restrictedAt: now, cancelDueAt: cancelDue(record, now, calendar), approvals: [] };
    case 'appeal-received':
      return {
        appeals: record.appeals + 1,
        appealedAt: now,
        reviewDueAt: calendar.deadline(now, record.policy.appeal.review).at,
        approvals: [],
      };
    case 'appeal-refused':
      // The owner gets the whole time again before the irrevocable act: nothing runs while an appeal is judged.
      return { reviewDueAt: null, appealedAt: null, cancelDueAt: cancelDue(record, now, calendar) };
    case 'appeal-accepted':
      return { reviewDueAt: null, appealedAt: null };
    case 'access-restored':
      return { ...freshPeriod(record, record.policy.restore, now, calendar), restrictedAt: null, cancelDueAt: null };
    case 'waived-restricted':
      return { waived: true };
    case 'went-live':
      // Nothing of what happened on paper counts against the owner.
      return {
        ...freshPeriod(record, record.policy.remediation, now, calendar),
        dryRun: false,
        toldAt: null,
        approvals: [],
        fired: [],
        extensions: 0,
        appeals: 0,
        appealedAt: null,
        reviewDueAt: null,
        restrictedAt: null,
        cancelDueAt: null,
        askAgainAt: null,
        waived: false,
      };
    default:
      return {};
  }
}

/** A new period from now: it may end earlier than the one before. */
function freshPeriod(record: CaseRecord, period: Period, now: number, calendar: WorkCalendar): Partial<CaseRecord> {
  const { at, provisional } = calendar.deadline(now, period);
  return {
    deadlineAt: at,
    deadlineProvisional: provisional,
    deadlineFrom: now,
    deadlinePeriod: period,
    extraWorkingDays: 0,
    deadlineSetAt: now,
    // Reminders of the new period are its own.
    fired: record.fired.filter((key) => !key.startsWith('reminder:')),
  };
}

/** The period counted again, extension included: a deadline told to an owner never moves earlier. */
function counted(
  record: CaseRecord,
  base: { from: number; period: Period } | null,
  now: number,
  calendar: WorkCalendar,
): Partial<CaseRecord> {
  const from = base?.from ?? record.deadlineFrom;
  const period = base?.period ?? record.deadlinePeriod;
  const { extraWorkingDays } = record;
  const first = period === null ? { at: record.deadlineAt, provisional: false } : calendar.deadline(from, period);
  const end = extraWorkingDays === 0 ? first : calendar.extended(first.at, { workingDays: extraWorkingDays });
  return {
    extraWorkingDays,
    deadlineFrom: from,
    deadlinePeriod: period,
    deadlineAt: Math.max(end.at, record.deadlineAt),
    deadlineProvisional: first.provisional || end.provisional,
    deadlineSetAt: now,
  };
}

function cancelDue(record: CaseRecord, now: number, calendar: WorkCalendar): number | null {
  return record.policy.acts.includes('cancel-access') ? calendar.deadline(now, record.policy.cancelAfter).at : null;
}

/** The key under which a notice is told once: the kind, and what makes it another one. */
function stageOf(kind: CaseNoticeKind, record: CaseRecord, { data = {} }: MoveInput): string {
  const deadline = beijingDate(record.deadlineAt - 1);
  switch (kind) {
    case 'found':
      return record.seq === 0 ? 'found' : `found:${deadline}`;
    case 'reminder':
      return String(data['timer']);
    case 'overdue':
      return `${kind}:${deadline}`;
    case 'extended':
    case 'extension-refused':
    case 'enforced':
    case 'appeal-accepted':
      return `${kind}:${record.seq + 1}`;
    case 'appeal-received':
    case 'appeal-refused':
      return `${kind}:${record.appeals}`;
    default:
      return kind;
  }
}
