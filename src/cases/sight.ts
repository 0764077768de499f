import type { CaseKeeper } from './keeper.ts';
import { restrictedSites } from './restrictions.ts';
import { serviceState } from './service-acts.ts';
import type { CaseRecord } from './types.ts';

/** How a case's findings look to the newest looks. */
export interface Freshness {
  /** `stale`: a look must be made first; `unobserved`: looked, and could not tell. */
  kind: 'fails' | 'stale' | 'unobserved';
  /** The oldest of the looks it rests on. */
  observedAt: number | null;
}

/**
 * What the newest looks say of a case's standing findings (R4.5). A look is fresh within `cases.freshLookMs`, and when it was not
 * made before `since`.
 */
export function freshness(keeper: CaseKeeper, record: CaseRecord, now: number, since = 0): Freshness {
  const { ledger, rules } = keeper;
  const oldest = Math.max(since, now - rules.settings.cases.freshLookMs);
  let fails = false;
  let observedAt: number | null = null;
  for (const { siteId, checkId } of standingFindings(keeper, record)) {
    if (blindsOurselves(keeper, checkId, siteId, record.subjectId)) continue;
    const state = ledger.verdicts.standing(siteId).find((one) => one.checkId === checkId);
    const checkedAt = state?.checkedAt ?? 0;
    if (state === undefined || checkedAt < oldest) return { kind: 'stale', observedAt: checkedAt || null };
    if (state.verdict === 'fail' && state.shadow === 0) fails = true;
    observedAt = Math.min(observedAt ?? checkedAt, checkedAt);
  }
  return { kind: fails ? 'fails' : 'unobserved', observedAt };
}

/**
 * True while our own restriction, of whichever case or violation, stands between us and what a check reads of a site's pages: then
 * its looks neither accuse nor acquit.
 */
export function blindsOurselves(keeper: CaseKeeper, checkId: string, siteId: number, subjectId: number): boolean {
  const { ledger, rules } = keeper;
  const needsPage = rules.checks.find(({ id }) => id === checkId)?.needs.includes('page') ?? false;
  if (!needsPage || rules.settings.cases.seesThroughRestriction) return false;
  // Violations take sites down too (R13).
  if (serviceState(ledger.violations.actsOfSite(siteId)).isDown) return true;
  return ledger.cases
    .openCasesTouching(siteId, subjectId)
    .some((record) =>
      restrictedSites(keeper, record).some((site) => site.siteId === siteId && site.certain && !site.dryRun),
    );
}

/** True when every standing finding is of a check that is switched off or in shadow mode: nothing accuses by it. */
export function isMuted(keeper: CaseKeeper, record: CaseRecord): boolean {
  return standingFindings(keeper, record).every(({ checkId }) => {
    const settings = keeper.rules.settings.checks[checkId];
    return settings !== undefined && (!settings.enabled || settings.shadow);
  });
}

/** True when no standing finding can be seen through our own restriction: only giving access back lets us look. */
export function cannotLook(keeper: CaseKeeper, record: CaseRecord): boolean {
  const standing = standingFindings(keeper, record);
  return (
    standing.length > 0 &&
    standing.every(({ checkId, siteId }) => blindsOurselves(keeper, checkId, siteId, record.subjectId))
  );
}

function standingFindings({ ledger }: CaseKeeper, { id }: CaseRecord): { siteId: number; checkId: string }[] {
  return ledger.cases.findings(id).filter(({ clearedAt }) => clearedAt === null);
}
