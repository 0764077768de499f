import type { Bilingual } from '../bilingual.ts';
import { findCheck } from '../checks/index.ts';

const titleOf = (checkId: string): string => findCheck(checkId)?.title.zh ?? checkId;

/** When a sweep's failures are more likely ours than the sites' (design §1). */
export interface BreakerPolicy {
  minJudged: number;
  minFails: number;
  maxFailShare: number;
  jumpFactor: number;
  maxInconclusiveShare: number;
}

/** Verdicts counted for one check. */
export interface CheckCounts {
  checkId: string;
  verdict: string;
  count: number;
}

/** Share of a verdict among a check's counts, with how many there are in all. */
export function shareOf(
  counts: CheckCounts[],
  checkId: string,
  verdict: string,
): { share: number; count: number; total: number } {
  const own = counts.filter((one) => one.checkId === checkId);
  const total = own.reduce((sum, one) => sum + one.count, 0);
  const count = own.filter((one) => one.verdict === verdict).reduce((sum, one) => sum + one.count, 0);
  return { share: total === 0 ? 0 : count / total, count, total };
}

/**
 * Does this sweep's screening look like our own resolver, clock or range list being broken? Gives the reason in words, or
 * null. `baseline` holds the screening counts of earlier sweeps; without any only the absolute share decides.
 */
export function tripsBreaker(current: CheckCounts[], baseline: CheckCounts[], policy: BreakerPolicy): Bilingual | null {
  for (const checkId of new Set(current.map((one) => one.checkId))) {
    const now = shareOf(current, checkId, 'fail');
    if (now.total < policy.minJudged || now.count < policy.minFails) continue;
    const percent = (share: number): string => `${Math.round(share * 100)} %`;
    if (now.share > policy.maxFailShare) {
      return {
        en: `${checkId}: ${percent(now.share)} of ${now.total} sites fail at screening, more than ${percent(policy.maxFailShare)}`,
        zh: `${titleOf(checkId)}：初筛 ${now.total} 个网站中 ${percent(now.share)} 不通过，超过上限 ${percent(policy.maxFailShare)}`,
      };
    }
    const before = shareOf(baseline, checkId, 'fail');
    const usual = Math.max(before.share, 0.02);
    if (before.total >= policy.minJudged && now.share > usual * policy.jumpFactor) {
      return {
        en: `${checkId}: ${percent(now.share)} of ${now.total} sites fail at screening, usual is ${percent(before.share)}`,
        zh: `${titleOf(checkId)}：初筛 ${now.total} 个网站中 ${percent(now.share)} 不通过，平时为 ${percent(before.share)}`,
      };
    }
  }
  return null;
}

/** Checks of which almost nothing could be observed: admins are told, though nobody is accused by it. */
export function blindChecks(current: CheckCounts[], policy: BreakerPolicy): string[] {
  return [...new Set(current.map((one) => one.checkId))].filter((checkId) => {
    const { share, total } = shareOf(current, checkId, 'inconclusive');
    return total >= policy.minJudged && share > policy.maxInconclusiveShare;
  });
}
