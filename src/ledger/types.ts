import type { Verdict } from '../checks/types.ts';

/** The standing of one check at one site. */
export interface CheckState {
  siteId: number;
  checkId: string;
  verdict: Verdict | null;
  codes: string;
  since: number | null;
  checkedAt: number | null;
  verdictId: number | null;
  shadow: number;
  nextDueAt: number | null;
  sweepId: number | null;
  claimedAt: number | null;
  judgedSweepId: number | null;
  suspectLooks: number;
  suspectFails: number;
  confirmDueAt: number | null;
  inconclusiveRuns: number;
}

/** `held`: the circuit breaker stopped its confirmations; `discarded`: an admin threw its suspicions away. */
export type SweepState = 'running' | 'done' | 'held' | 'discarded';

/** Why a sweep was opened. */
export type SweepKind = 'scheduled' | 'scan' | 'rescan';

export interface Sweep {
  id: number;
  kind: SweepKind;
  state: SweepState;
  startedAt: number;
  finishedAt: number | null;
  heldReason: string | null;
  heldReasonZh: string | null;
  total: number;
  judged: number;
}

/** One site taken up for a look: which checks, in which sweep, and which look it is (0: screening). */
export interface Claim {
  siteId: number;
  sweepId: number;
  look: number;
  checkIds: string[];
}

/** A stored verdict. */
export interface VerdictRow {
  id: number;
  checkId: string;
  sweepId: number | null;
  stage: string;
  verdict: Verdict;
  findings: string;
  shadow: number;
  observedAt: number;
  judgedAt: number;
  algorithmVersion: string;
  rangesVersion: string;
  policyVersion: string;
}
