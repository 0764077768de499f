import type { CaseKeeper } from '../cases/keeper.ts';
import { heldByOther, type RestrictedSite, restrictedSites } from '../cases/restrictions.ts';
import type { Act, CaseRecord } from '../cases/types.ts';

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
