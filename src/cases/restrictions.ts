import type { Enforcement } from '../ledger/enforcements-store.ts';
import type { CaseKeeper } from './keeper.ts';
import type { CaseRecord } from './types.ts';

/** A site that one of a case's acts restricted, as far as anybody knows. */
export interface RestrictedSite {
  siteId: number;
  dryRun: boolean;
  /** False while it is still being tried, or was refused at last: it may be restricted, and is given back to be sure. */
  certain: boolean;
}

/**
 * The sites a case has restricted and not given back. One whose restriction was submitted counts even where the answer was lost
 * or a later attempt was refused: the first may have been carried out.
 */
export function restrictedSites({ ledger }: CaseKeeper, record: CaseRecord): RestrictedSite[] {
  const effectiveAt = ({ state, settledAt, submittedAt, createdAt }: Enforcement): number =>
    (state === 'done' ? settledAt : submittedAt) ?? createdAt;
  const acts = ledger.enforcements.ofCase(record.id).sort((a, b) => effectiveAt(a) - effectiveAt(b) || a.id - b.id);
  const sites = new Map<number, RestrictedSite>();
  for (const { act, siteId, state, dryRun, attempts, submittedAt, nextAt } of acts) {
    if (act === 'restore-access' && (state === 'done' || state === 'dry-run')) sites.delete(siteId);
    if (act !== 'restrict-access') continue;
    const paper = state === 'dry-run' && record.dryRun;
    const real = submittedAt !== null && (state !== 'failed' || attempts > 1) && state !== 'cancelled';
    const certain = paper || state === 'done' || state === 'pending' || (state === 'sending' && nextAt === null);
    if (paper || real) sites.set(siteId, { siteId, dryRun, certain });
  }
  return [...sites.values()];
}

/** States in which a case means its sites to be restricted. */
export function restrictionWanted({ state }: CaseRecord): boolean {
  return (
    state === 'enforcement-approved' ||
    state === 'restricted' ||
    state === 'appealed' ||
    state === 'cancellation-asked' ||
    state === 'cancellation-approved' ||
    state === 'cancelled'
  );
}

/** The code of another open case that means a site of this one to be restricted, or null. */
export function heldByOther(keeper: CaseKeeper, record: CaseRecord, siteIds: number[]): string | null {
  for (const siteId of siteIds) {
    const other = keeper.ledger.cases
      .openCasesTouching(siteId, record.subjectId)
      .find(
        (one) =>
          one.id !== record.id &&
          restrictionWanted(one) &&
          restrictedSites(keeper, one).some((site) => site.siteId === siteId && !site.dryRun),
      );
    if (other !== undefined) return other.code;
  }
  return null;
}
