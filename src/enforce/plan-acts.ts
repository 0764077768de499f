import type { CaseKeeper } from '../cases/keeper.ts';
import type { Act, CaseRecord } from '../cases/types.ts';
import type { Enforcement } from '../ledger/enforcements-store.ts';

/** What the access system gets for one site. No personal data: it knows its customers. */
export interface ActPayload extends Record<string, unknown> {
  act: Act;
  irrevocable: boolean;
  caseCode: string;
  programme: string;
  subjectNumber: string;
  siteNumber: string;
  domains: string[];
  accessProvider: string;
  codes: string[];
  deadlineAt: string;
}

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
export function restrictedSites(keeper: CaseKeeper, record: CaseRecord): RestrictedSite[] {
  const effectiveAt = ({ state, settledAt, submittedAt, createdAt }: Enforcement): number =>
    (state === 'done' ? settledAt : submittedAt) ?? createdAt;
  const acts = keeper.ledger.enforcements
    .ofCase(record.id)
    .sort((a, b) => effectiveAt(a) - effectiveAt(b) || a.id - b.id);
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

/**
 * Put what the access system is asked into its outbox: one row a site, for a subject's case every site it still has with us
 * (R4.7). Giving back skips a site that another open case holds restricted. Runs inside the move's transaction; the event's
 * number makes each asking its own. Gives how many sites it concerns.
 */
export function planActs(keeper: CaseKeeper, record: CaseRecord, act: Act, now: number): number {
  const { ledger, rules } = keeper;
  const codes = [...new Set(ledger.cases.findings(record.id).map(({ code }) => code))];
  let planned = 0;
  for (const { siteId, dryRun } of sitesFor(keeper, record, act)) {
    const site = ledger.filings.load(siteId);
    if (site === null) continue;
    const payload: ActPayload = {
      act,
      irrevocable: act === 'cancel-access',
      caseCode: record.code,
      programme: record.programme,
      subjectNumber: site.filing.subjectNumber,
      siteNumber: site.filing.siteNumber,
      domains: site.filing.domains,
      accessProvider: site.filing.accessProvider,
      codes,
      deadlineAt: new Date(record.deadlineAt).toISOString(),
    };
    ledger.enforcements.insert(
      {
        idempotencyKey: `${record.code}-${act}-${siteId}-${record.seq}`,
        caseId: record.id,
        siteId,
        act,
        round: record.seq,
        // What was really restricted is really given back, whatever is switched on by now.
        dryRun: act === 'restore-access' ? dryRun : record.dryRun || !rules.settings.enforcement.live,
        irrevocable: act === 'cancel-access',
        payload,
      },
      now,
    );
    planned++;
  }
  return planned;
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

function sitesFor(keeper: CaseKeeper, record: CaseRecord, act: Act): RestrictedSite[] {
  if (act === 'restore-access')
    return restrictedSites(keeper, record).filter(
      ({ siteId, dryRun }) => dryRun || heldByOther(keeper, record, [siteId]) === null,
    );
  const sites =
    record.scope === 'site' && record.siteId !== null
      ? [record.siteId]
      : keeper.ledger.contacts.activeSites(record.subjectId);
  return sites.map((siteId) => ({ siteId, dryRun: record.dryRun, certain: true }));
}
