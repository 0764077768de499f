import { existsSync } from 'node:fs';
import { openLedger } from '../../db/client.ts';
import { parseDataKey } from '../../db/seal.ts';
import { WorkCalendar } from '../calendar/workdays.ts';
import { CaseKeeper } from '../cases/keeper.ts';
import { checks as allChecks } from '../checks/index.ts';
import type { CheckDefinition } from '../checks/types.ts';
import { type Config, configPath } from '../config.ts';
import { planActs } from '../enforce/plan-acts.ts';
import { Ledger } from '../ledger/ledger.ts';
import { planFallback } from '../notify/fallback.ts';
import { planCaseNotice } from '../notify/plan.ts';
import { planRenewal } from '../notify/renewal.ts';
import { type LoadedRanges, loadRanges } from '../provider/list-file.ts';
import type { ProviderList } from '../provider/types.ts';

/** Checks switched on. */
export function enabledChecks(config: Config): CheckDefinition[] {
  return allChecks.filter(({ id }) => config.settings.checks[id]?.enabled ?? false);
}

/** Open the configured ledger with the configured checks; cases follow from what is written into it. */
export function openConfiguredLedger(config: Config): Ledger {
  const ledger = openLedgerAlone(config);
  ledger.listen(keeperFor(ledger, config));
  return ledger;
}

/** The keeper of a ledger's cases, by the configured rules. `lists`: owners are told a provider's name instead of its id. */
export function keeperFor(ledger: Ledger, config: Config, lists: readonly ProviderList[] = []): CaseKeeper {
  const { settings, programmes } = config;
  const rules = {
    settings,
    programmes,
    calendar: new WorkCalendar(config.calendar),
    checks: allChecks,
    providerTitle: (wanted: string) => lists.find(({ id }) => id === wanted)?.name.zh,
  };
  return new CaseKeeper(ledger, rules, { planActs, planCaseNotice, planFallback, planRenewal });
}

function openLedgerAlone(config: Config): Ledger {
  const { settings } = config;
  const enabled = enabledChecks(config);
  const settingsOf = (checkId: string) =>
    settings.checks[checkId] ?? { enabled: false, shadow: false, intervalMs: 86_400_000 };
  const { path, dataKey } = settings.ledger;
  return new Ledger(openLedger(path, { dataKey: dataKey === null ? null : parseDataKey(dataKey) }), {
    checks: enabled,
    confirm: settings.confirm,
    leaseMs: settings.sweep.leaseMs,
    settingsOf,
    schedules: enabled.map(({ id }) => ({ id, intervalMs: settingsOf(id).intervalMs })),
  });
}

/** Read the configured provider lists. */
export function loadConfiguredRanges(config: Config): LoadedRanges {
  const { folders, ownFolder } = config.settings.ranges;
  return loadRanges([...folders.map(configPath), ...(existsSync(ownFolder) ? [ownFolder] : [])]);
}
