import type { ViolationState } from '../programmes/violation-clock.ts';
import type { Statements } from './statements.ts';

/** One line of a violation's history. */
export interface ViolationEvent {
  at: number;
  by: string;
  what: string;
}

/** A content violation told by the network police (R13). */
export interface Violation {
  id: number;
  eventId: string;
  siteId: number;
  description: string;
  reportedAt: number;
  /** When we heard of it. */
  receivedAt: number;
  state: ViolationState;
  reachedAt: number | null;
  removedAt: number | null;
  suspendAskedAt: number | null;
  suspendedAt: number | null;
  dryRun: boolean;
  history: ViolationEvent[];
  dueAt: number | null;
}

/** What the access system is asked to do. */
export type ViolationActKind = 'suspend-service' | 'resume-service' | 'close-service';

/** `asked`: waits for admins; `waiting`: may go out; `sending`, `pending`: on the wire; the others are ends. */
export type ViolationActState = 'asked' | 'waiting' | 'sending' | 'pending' | 'done' | 'failed' | 'dropped' | 'dry-run';

export interface ViolationAct {
  id: number;
  idempotencyKey: string;
  violationId: number;
  siteId: number;
  act: ViolationActKind;
  reason: string;
  state: ViolationActState;
  approvals: string[];
  receipt: string | null;
  error: string | null;
  attempts: number;
  createdAt: number;
  submittedAt: number | null;
  settledAt: number | null;
  nextAt: number | null;
}

type RawViolation = Omit<Violation, 'history' | 'dryRun'> & { history: string; dryRun: number };
type RawAct = Omit<ViolationAct, 'approvals'> & { approvals: string };

const violationOf = (row: RawViolation): Violation => ({
  ...row,
  dryRun: row.dryRun === 1,
  history: JSON.parse(row.history) as ViolationEvent[],
});
const actOf = (row: RawAct): ViolationAct => ({ ...row, approvals: JSON.parse(row.approvals) as string[] });

/** Violations and what follows from them. */
export class ViolationsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Insert by event id; false when the event was told before. */
  insert(one: Omit<Violation, 'id' | 'reachedAt' | 'removedAt' | 'suspendAskedAt' | 'suspendedAt'>): boolean {
    const { eventId, siteId, description, reportedAt, receivedAt, state, dryRun, history, dueAt } = one;
    const given = [
      eventId,
      siteId,
      description,
      reportedAt,
      receivedAt,
      state,
      dryRun ? 1 : 0,
      JSON.stringify(history),
      dueAt,
    ] as const;
    return this.#db.run('violationInsert', ...given) === 1;
  }

  byEvent(eventId: string): Violation | null {
    const row = this.#db.get<RawViolation>('violationByEvent', eventId);
    return row === undefined ? null : violationOf(row);
  }

  get(id: number): Violation | null {
    const row = this.#db.get<RawViolation>('violationById', id);
    return row === undefined ? null : violationOf(row);
  }

  ofSite(siteId: number): Violation[] {
    return this.#db.all<RawViolation>('violationsOfSite', siteId).map(violationOf);
  }

  recent(limit: number, before: number | null = null): Violation[] {
    const from = before ?? Number.MAX_SAFE_INTEGER;
    return this.#db.all<RawViolation>('violationsRecent', from, limit).map(violationOf);
  }

  due(now: number, limit: number): Violation[] {
    return this.#db.all<RawViolation>('violationsDue', now, limit).map(violationOf);
  }

  save(one: Violation): void {
    const { state, reachedAt, removedAt, suspendAskedAt, suspendedAt, history, dueAt, id } = one;
    const given = [state, reachedAt, removedAt, suspendAskedAt, suspendedAt, JSON.stringify(history), dueAt] as const;
    this.#db.run('violationSave', ...given, id);
  }

  /** Ask for an act, once by its key. */
  ask(
    act: Pick<ViolationAct, 'idempotencyKey' | 'violationId' | 'siteId' | 'act' | 'reason' | 'state' | 'nextAt'>,
    now: number,
  ): void {
    const { idempotencyKey, violationId, siteId, act: kind, reason, state, nextAt } = act;
    this.#db.run('violationActInsert', idempotencyKey, violationId, siteId, kind, reason, state, '[]', now, nextAt);
  }

  act(id: number): ViolationAct | null {
    const row = this.#db.get<RawAct>('violationActById', id);
    return row === undefined ? null : actOf(row);
  }

  actsOf(violationId: number): ViolationAct[] {
    return this.#db.all<RawAct>('violationActsOf', violationId).map(actOf);
  }

  actsOfSite(siteId: number): ViolationAct[] {
    return this.#db.all<RawAct>('violationActsOfSite', siteId).map(actOf);
  }

  dueActs(now: number, limit: number): ViolationAct[] {
    return this.#db.all<RawAct>('violationActsDue', now, limit).map(actOf);
  }

  saveAct({ state, approvals, receipt, error, attempts, submittedAt, settledAt, nextAt, id }: ViolationAct): void {
    this.#db.run(
      'violationActSave',
      state,
      JSON.stringify(approvals),
      receipt,
      error,
      attempts,
      submittedAt,
      settledAt,
      nextAt,
      id,
    );
  }

  /** Acts against sites submitted since an instant. */
  submittedSince(instant: number): number {
    return this.#db.get<{ count: number }>('violationActsSince', instant)?.count ?? 0;
  }

  /** When the next violation or act falls due (epoch ms), or null. */
  nextDueAt(): number | null {
    const ats = (['violationsNextDue', 'violationActsNextDue'] as const).map(
      (name) => this.#db.get<{ at: number | null }>(name)?.at ?? null,
    );
    const known = ats.filter((at): at is number => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  }
}
