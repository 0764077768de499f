const HOUR_MS = 3_600_000;

/**
 * Where a violation stands (R13). `found`: the owner is to be reached; `reached`: told, must remove; `suspended`: to be closed for
 * 12 hours; `resumed`, `removed`: over; `waived`: an admin ended it, or the site left; `closing`: closing for good was asked for;
 * `closed`: done.
 */
export type ViolationState =
  | 'found'
  | 'reached'
  | 'suspended'
  | 'resumed'
  | 'removed'
  | 'waived'
  | 'closing'
  | 'closed';

/** The clocks of R13; how long a told owner has to remove is no document's (D). */
export interface ViolationPolicy {
  reachMs: number;
  suspendMs: number;
  removeMs: number;
  strikes: { violations: number; withinMs: number; suspensions: number };
}

export const VIOLATION_POLICY: ViolationPolicy = {
  reachMs: HOUR_MS,
  suspendMs: 12 * HOUR_MS,
  removeMs: 24 * HOUR_MS,
  strikes: { violations: 3, withinMs: 24 * HOUR_MS, suspensions: 3 },
};

/** What the clock knows of one violation. */
export interface ViolationTimes {
  id: number;
  state: ViolationState;
  /** When the police found it; what counts for three within a day. */
  reportedAt: number;
  /** When we heard of it: the hour to reach the owner runs from here. */
  receivedAt: number;
  reachedAt: number | null;
  suspendAskedAt: number | null;
  /** When the access system really suspended it; null where it never did. */
  suspendedAt: number | null;
  dryRun: boolean;
}

/** What is to happen. */
export type ViolationStep =
  | { kind: 'close'; why: 'three-violations' | 'three-suspensions' | 'not-removed' }
  | { kind: 'suspend' }
  | { kind: 'resume' }
  | { kind: 'wait'; until: number | null };

/** States in which a violation is over. */
export const ENDED: ReadonlySet<ViolationState> = new Set(['resumed', 'removed', 'waived', 'closed']);

/**
 * What the clock says of a violation at an instant (R13), given all of the site's (itself included). Three reported within 24
 * hours close the site; so does the third time in a row that nobody was reached; unreached after an hour suspends, for 12 hours.
 * What an admin waived does not count, nor, for a violation in earnest, what happened on paper.
 */
export function violationStep(
  one: ViolationTimes,
  ofSite: readonly ViolationTimes[],
  now: number,
  policy: ViolationPolicy = VIOLATION_POLICY,
): ViolationStep {
  if (ENDED.has(one.state) || one.state === 'closing') return { kind: 'wait', until: null };
  const before = ofSite.filter(
    ({ id, state, dryRun }) => id <= one.id && state !== 'waived' && (one.dryRun || !dryRun),
  );
  if (isCrowded(one, before, policy)) return { kind: 'close', why: 'three-violations' };
  if (one.state === 'found') {
    const until = one.receivedAt + policy.reachMs;
    if (now < until) return { kind: 'wait', until };
    return suspensionsInRow(one, before, policy) + 1 >= policy.strikes.suspensions
      ? { kind: 'close', why: 'three-suspensions' }
      : { kind: 'suspend' };
  }
  if (one.state === 'reached') {
    const until = (one.reachedAt ?? one.receivedAt) + policy.removeMs;
    return now < until ? { kind: 'wait', until } : { kind: 'close', why: 'not-removed' };
  }
  const until = (one.suspendedAt ?? one.suspendAskedAt ?? now) + policy.suspendMs;
  return now < until ? { kind: 'wait', until } : { kind: 'resume' };
}

/** Does it stand, by the time it was found, among three within the span? Those told later are not yet known. */
function isCrowded(one: ViolationTimes, before: readonly ViolationTimes[], { strikes }: ViolationPolicy): boolean {
  const times = before.map(({ reportedAt }) => reportedAt).sort((a, b) => a - b);
  const needed = strikes.violations;
  for (let first = 0; first + needed <= times.length; first++) {
    const from = times[first] ?? 0;
    const to = times[first + needed - 1] ?? 0;
    if (to - from <= strikes.withinMs && from <= one.reportedAt && one.reportedAt <= to) return true;
  }
  return false;
}

/** Suspensions carried out in a row before this one; several that overlap are one, and having been reached ends the row. */
function suspensionsInRow(one: ViolationTimes, before: readonly ViolationTimes[], policy: ViolationPolicy): number {
  let count = 0;
  let startedAt = Number.POSITIVE_INFINITY;
  for (const { suspendedAt, reachedAt } of before.filter(({ id }) => id < one.id).sort((a, b) => b.id - a.id)) {
    if (suspendedAt === null && reachedAt !== null) break;
    if (suspendedAt === null) continue;
    if (suspendedAt + policy.suspendMs <= startedAt) count++;
    startedAt = Math.min(startedAt, suspendedAt);
  }
  return count;
}
