import type { Judgement, Verdict } from '../checks/types.ts';
import { spread } from './spread.ts';

const HOUR_MS = 3_600_000;

/** What confirmation asks for (R16.2). */
export interface ConfirmPolicy {
  pauseMs: number;
  /** Failing looks that make a failure confirmed. */
  looks: number;
  inconclusiveBackoffMs: number;
}

/** How often a check looked at a site in the sweep under way, and how often it could not be observed before. */
export interface LookState {
  siteId: number;
  suspectLooks: number;
  suspectFails: number;
  inconclusiveRuns: number;
}

/** What is to happen after a judgement. */
export type NextStep =
  | { kind: 'look-again'; looks: number; fails: number; confirmDueAt: number }
  | { kind: 'publish'; verdict: Verdict; nextDueAt: number; inconclusiveRuns: number; confirmed: boolean };

/**
 * Screen, then confirm (design §1): a pass or warning stands at once; anything else is looked at again after a pause. A
 * failure needs `looks` failing looks; what cannot be confirmed within one look more is inconclusive, never an accusation.
 */
export function nextStep(
  state: LookState,
  judgement: Judgement,
  options: { confirm: ConfirmPolicy; intervalMs: number; now: number },
): NextStep {
  const { confirm, intervalMs, now } = options;
  const looks = state.suspectLooks + 1;
  const fails = state.suspectFails + (judgement.verdict === 'fail' ? 1 : 0);
  const regular = judgement.nextLookAt ?? now + intervalMs;
  // A tenth of the interval of jitter, another one from hour to hour (nobody can tell when we come: R1.2) and the same for all checks of a
  // site that are judged together: it keeps the load level, and a site's checks beside each other.
  const nextDueAt = regular - spread(state.siteId, Math.max(0, (regular - now) * 0.1), Math.floor(now / HOUR_MS));
  if (judgement.verdict === 'pass' || judgement.verdict === 'warn') {
    return { kind: 'publish', verdict: judgement.verdict, nextDueAt, inconclusiveRuns: 0, confirmed: true };
  }
  if (judgement.verdict === 'fail' && fails >= confirm.looks) {
    return { kind: 'publish', verdict: 'fail', nextDueAt, inconclusiveRuns: 0, confirmed: true };
  }
  // What is hidden stays hidden: looking again at once would only spend a registry's patience.
  if (judgement.verdict === 'inconclusive' && judgement.settled === true && state.suspectFails === 0)
    return { kind: 'publish', verdict: 'inconclusive', nextDueAt, inconclusiveRuns: 0, confirmed: false };
  if (looks < confirm.looks + 1) return { kind: 'look-again', looks, fails, confirmDueAt: now + confirm.pauseMs };
  const inconclusiveRuns = state.inconclusiveRuns + 1;
  const backoff = Math.min(intervalMs, confirm.inconclusiveBackoffMs * 2 ** Math.min(state.inconclusiveRuns, 20));
  return {
    kind: 'publish',
    verdict: 'inconclusive',
    nextDueAt: now + Math.max(1000, backoff),
    inconclusiveRuns,
    confirmed: false,
  };
}
