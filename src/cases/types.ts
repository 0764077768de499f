import type { Period } from '../calendar/workdays.ts';
import type { Judgement, Verdict } from '../checks/types.ts';
import type { EnforcementAct, ProgrammePolicy } from './programme-policy.ts';

/** Where a case stands. What each means, and which moves lead where: `moves.ts`. */
export type CaseState =
  | 'open'
  | 'extended'
  | 'overdue'
  | 'enforcement-asked'
  | 'enforcement-approved'
  | 'restricted'
  | 'appealed'
  | 'restoring'
  | 'restored'
  | 'cancellation-asked'
  | 'cancellation-approved'
  | 'lifting'
  | 'resolved'
  | 'cancelled'
  | 'closed';

/** Who did something to a case. `name` is an admin's name or an owner's masked address: never personal data in clear. */
export interface Actor {
  kind: 'system' | 'owner' | 'admin';
  name: string;
}

/** The worker itself. */
export const SYSTEM: Actor = { kind: 'system', name: 'patrol' };

/** A remediation case 整改单: one programme, one site (or one subject, R4.7), all its findings. Instants are epoch ms. */
export interface CaseRecord {
  id: number;
  /** What an owner types from an SMS: ten base32 characters. */
  code: string;
  programme: string;
  scope: 'site' | 'subject';
  subjectId: number;
  /** Null for a subject's case. */
  siteId: number | null;
  state: CaseState;
  openedAt: number;
  closedAt: number | null;
  /** The first instant that is too late: 24:00 of the deadline's day. */
  deadlineAt: number;
  deadlineSetAt: number;
  /** What the deadline was counted from, so that it can be counted again when a calendar arrives. */
  deadlineFrom: number;
  /** Null once an admin set a date. */
  deadlinePeriod: Period | null;
  /** Working days of extension, continuing where the period ends. */
  extraWorkingDays: number;
  deadlineProvisional: boolean;
  /** When an owner was first told for certain (a channel took the notice); null: nobody was, nothing may be enforced. */
  toldAt: number | null;
  extensions: number;
  appeals: number;
  appealedAt: number | null;
  reviewDueAt: number | null;
  restrictedAt: number | null;
  cancelDueAt: number | null;
  /** After an admin declined: when enforcement is asked for again. */
  askAgainAt: number | null;
  /** Admins who approved what is being asked. */
  approvals: string[];
  /** An admin waived it while access was restricted: it closes once access is back. */
  waived: boolean;
  /** Timers that fired, by key: none fires twice. */
  fired: string[];
  /** Opened while notices were in dry-run: its notices and acts stay so until `went-live`. */
  dryRun: boolean;
  policy: ProgrammePolicy;
  algorithms: string[];
  /** Next daily look. */
  lookDueAt: number;
  /** Length and head of the history's hash chain. */
  seq: number;
  headHash: string;
}

/** A finding a case holds. */
export interface CaseFinding {
  siteId: number;
  checkId: string;
  code: string;
  about: string | null;
  params: Record<string, string | number>;
  evidence: { label: string; value: string }[];
  verdictId: number | null;
  firstSeenAt: number;
  lastSeenAt: number;
  /** When a look passed; null while it stands. */
  clearedAt: number | null;
}

/** One line of a case's history. */
export interface CaseEvent {
  caseId: number;
  seq: number;
  at: number;
  actor: Actor;
  /** A move of `moves.ts`. */
  move: string;
  from: CaseState | null;
  to: CaseState;
  data: Record<string, unknown>;
  prevHash: string;
  hash: string;
}

/** What the access system is asked to do. */
export type Act = EnforcementAct | 'restore-access';

/** A verdict as published, told inside the transaction that published it. */
export interface PublishedVerdict {
  siteId: number;
  checkId: string;
  verdict: Verdict;
  judgement: Judgement;
  verdictId: number | null;
  algorithmVersion: string;
  observedAt: number;
  shadow: boolean;
}
