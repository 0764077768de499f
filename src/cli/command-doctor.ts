import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { calendarYears } from '../calendar/coverage.ts';
import type { Config } from '../config.ts';
import { InputError, messageOf } from '../errors.ts';
import { loadConfiguredRanges, openConfiguredLedger } from '../jobs/open-configured.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, commandLogger, withCommon } from './context.ts';
import { diagnoseConsequences } from './doctor-consequences.ts';
import { diagnoseData } from './doctor-data.ts';
import { beijing, EXIT, paint, print, printJson } from './output.ts';
import { askResolvers } from './probe-resolvers.ts';

/** One thing looked at. */
export interface Diagnosis {
  what: string;
  state: 'ok' | 'warn' | 'fail';
  said: string;
  remedy: string | null;
}

/** `patrol doctor`. */
export function addDoctorCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('doctor'))
    .description('look at configuration, ledger, queue, resolvers, range lists and calendar, and say what to mend')
    .option('--fail-on <state>', 'exit 1 when something is warn or fail', 'never')
    .action(async (options: CommonOptions & { failOn: string }) => {
      const config = commandConfig(options, environment);
      const found = await diagnose(config, environment);
      if (options.json === true) printJson(found);
      else {
        const mark = { ok: paint('green', 'ok  '), warn: paint('yellow', 'warn'), fail: paint('red', 'FAIL') };
        for (const { what, state, said, remedy } of found)
          print(`${mark[state]} ${what}: ${said}${remedy === null ? '' : `\n       → ${remedy}`}`);
      }
      const bad = found.some(({ state }) => state === 'fail' || (options.failOn === 'warn' && state === 'warn'));
      if (options.failOn !== 'never' && bad) process.exitCode = EXIT.failOn;
    });
}

/** Everything doctor looks at. Never throws. */
export async function diagnose(config: Config, environment: CliEnvironment): Promise<Diagnosis[]> {
  const parts = [
    () => diagnoseNode(),
    () => [{ what: 'configuration', state: 'ok' as const, said: config.origin.join(' < '), remedy: null }],
    () => diagnoseLedger(config),
    () => diagnoseQueue(config),
    () => diagnoseResolvers(config),
    () => diagnoseRanges(config, environment.now()),
    () => diagnoseCalendar(config, environment.now()),
    () => diagnoseLists(config, environment.now()),
    () => diagnoseConsequences(config, environment.now()),
  ];
  const found: Diagnosis[] = [];
  for (const part of parts) {
    try {
      found.push(...(await part()));
    } catch (error) {
      const remedy = error instanceof InputError ? error.remedy : 'this is a fault of ours: report it with the message';
      found.push({ what: 'look', state: 'fail', said: messageOf(error), remedy });
    }
  }
  return found;
}

function diagnoseNode(): Diagnosis[] {
  const major = Number(process.versions.node.split('.')[0]);
  return [
    {
      what: 'node',
      state: major >= 24 ? 'ok' : 'fail',
      said: process.versions.node,
      remedy: major >= 24 ? null : 'use Node 24 or newer',
    },
  ];
}

function diagnoseLedger(config: Config): Diagnosis[] {
  const { path } = config.settings.ledger;
  const ledger = openConfiguredLedger(config);
  try {
    const check = ledger.connection.sqlite.pragma('quick_check(1)', { simple: true });
    const { sites, active, scheduled } = ledger.size();
    const oldest = ledger.oldestDueAt();
    const found: Diagnosis[] = [
      {
        what: 'ledger',
        state: check === 'ok' ? 'ok' : 'fail',
        said: `${path}: ${sites} sites (${active} active), ${scheduled} checks scheduled, integrity ${String(check)}`,
        remedy: check === 'ok' ? null : 'restore a backup (patrol backup makes them)',
      },
    ];
    if (oldest !== null && Date.now() - oldest > 2 * 86_400_000)
      found.push({
        what: 'sweep',
        state: 'warn',
        said: `the oldest due check waits since ${beijing(oldest)}`,
        remedy: 'run patrol start, or add gather processes',
      });
    found.push(...diagnoseAlerts(ledger.openAlerts()));
    if (path !== ':memory:') {
      const { bavail, bsize } = statfsSync(dirname(resolve(path)));
      const freeGb = (bavail * bsize) / 1e9;
      found.push({
        what: 'disk',
        state: freeGb < 1 ? 'warn' : 'ok',
        said: `${freeGb.toFixed(1)} GB free`,
        remedy: freeGb < 1 ? 'free space before the ledger cannot grow' : null,
      });
    }
    return found;
  } finally {
    ledger.close();
  }
}

const ALERT_REMEDIES: [RegExp, string][] = [
  [
    /^(?:no-address|untold|unreachable)-/,
    'call the owner, then: patrol cases told CODE --reason "…"; or mend the contacts and import again',
  ],
  [/^approval-/, 'patrol cases approve CODE, or decline'],
  [/^appeal-/, 'patrol cases judge CODE --accept | --refuse --reason "…"'],
  [/^unobserved-/, 'patrol explain SITE shows why; patrol cases show CODE'],
  [/^act-/, 'patrol cases show CODE; then mend the access system'],
  [/^hold-notices/, 'patrol notices release'],
  [/^hold-enforcement/, 'patrol cases release-enforcement'],
  [/^hold-clock/, 'set the clock (NTP); patrol stops list'],
  [/^hold-ranges/, 'restore the list, or accept it: patrol stops release ranges'],
  [/^violation-/, 'patrol violations list'],
  [/^review-/, 'patrol campaigns list'],
  [/^orders-/, 'patrol orders list'],
  [/^programme-/, 'see the log; patrol doctor again after the next minute'],
  [/^(?:channel|messages)-/, 'mend notices.* and see patrol notices list --stuck'],
];

/** Alerts of one sort are told together when there are many. */
function diagnoseAlerts(alerts: { key: string; message: string; raisedAt: number }[]): Diagnosis[] {
  const sorts = new Map<string, typeof alerts>();
  for (const alert of alerts) {
    const sort = ALERT_REMEDIES.find(([pattern]) => pattern.test(alert.key))?.[1] ?? 'patrol sweeps list';
    sorts.set(sort, [...(sorts.get(sort) ?? []), alert]);
  }
  return [...sorts].flatMap(([remedy, own]) => {
    const shown = own.slice(0, 3).map(({ message, raisedAt }) => `${message} (${beijing(raisedAt)})`);
    const more = own.length > shown.length ? ` … and ${own.length - shown.length} more like these` : '';
    return [{ what: `alerts (${own.length})`, state: 'warn' as const, said: `${shown.join('; ')}${more}`, remedy }];
  });
}

async function diagnoseQueue(config: Config): Promise<Diagnosis[]> {
  const { url, dataDir } = config.settings.queue;
  const { openBackend, probeRedis } = await import('../jobs/backend.ts');
  if (url === null)
    return [{ what: 'queue', state: 'ok', said: `embedded (${dataDir}); one process only`, remedy: null }];
  if (/^rediss?:/.test(url)) {
    const { version, warnings } = await probeRedis(url, 3000);
    return [
      { what: 'queue', state: 'ok', said: `Redis ${version}`, remedy: null },
      ...warnings.map(
        (said): Diagnosis => ({ what: 'queue', state: 'warn', said, remedy: 'CONFIG SET, and the same in redis.conf' }),
      ),
    ];
  }
  const backend = await openBackend({ ...config.settings.queue, log: commandLogger(config, true) });
  await backend.close(0);
  return [{ what: 'queue', state: 'ok', said: 'PostgreSQL, migrated', remedy: null }];
}

async function diagnoseResolvers(config: Config): Promise<Diagnosis[]> {
  const answers = await askResolvers(config);
  const working = answers.filter(({ ok }) => ok).length;
  const needed = config.settings.dns.minConfirmResolvers;
  const rows = answers.map(
    ({ resolver, ok, tookMs, detail }): Diagnosis => ({
      what: `resolver ${resolver}`,
      state: ok ? 'ok' : 'warn',
      said: ok ? `${tookMs} ms` : detail,
      remedy: ok ? null : 'allow UDP and TCP port 53 to it, or replace it',
    }),
  );
  if (working < needed)
    rows.push({
      what: 'resolvers',
      state: 'fail',
      said: `${working} answer, ${needed} must for a confirmation (R16.2)`,
      remedy: 'every site would stay inconclusive: give resolvers that answer',
    });
  return rows;
}

function diagnoseRanges(config: Config, now: number): Diagnosis[] {
  const { lists, table, problems } = loadConfiguredRanges(config);
  const { maxAgeMs } = config.settings.ranges;
  const own = lists.find(({ id }) => id === config.settings.accessProvider);
  const stale = lists.filter(({ date }) => now - Date.parse(date) > maxAgeMs);
  const found: Diagnosis[] = [
    {
      what: 'ranges',
      state: problems.length > 0 ? 'fail' : 'ok',
      said: `${table.size} ranges of ${lists.length} providers, version ${table.version}`,
      remedy: problems.length > 0 ? 'patrol ranges verify shows the bad rows' : null,
    },
  ];
  if (own === undefined || own.ranges.length === 0) {
    found.push({
      what: 'ranges',
      state: 'fail',
      said: `no mainland ranges for accessProvider ${config.settings.accessProvider}`,
      remedy: 'patrol ranges update --provider …',
    });
  } else if (own.source.startsWith('public ')) {
    found.push({
      what: 'ranges',
      state: 'warn',
      said: `${own.id} is judged by the shipped snapshot of public data (${own.date})`,
      remedy: 'give your own list: patrol ranges update --provider ' + own.id + ' --from FILE',
    });
  }
  if (stale.length > 0)
    found.push({
      what: 'ranges',
      state: 'warn',
      said: `${stale.length} lists are older than ${Math.round(maxAgeMs / 86_400_000)} days (${stale
        .slice(0, 5)
        .map(({ id }) => id)
        .join(', ')}${stale.length > 5 ? ', …' : ''})`,
      remedy: 'patrol ranges update',
    });
  return found;
}

function diagnoseLists(config: Config, now: number): Diagnosis[] {
  const ledger = openConfiguredLedger(config);
  try {
    return diagnoseData(config, ledger, now);
  } finally {
    ledger.close();
  }
}

function diagnoseCalendar(config: Config, now: number): Diagnosis[] {
  const years = [...calendarYears(), ...Object.keys(config.calendar.years).map(Number)];
  const last = Math.max(...years);
  const date = new Date(now + 8 * 3_600_000);
  const needed = date.getUTCFullYear() + (date.getUTCMonth() >= 10 ? 1 : 0);
  return [
    last >= needed
      ? { what: 'calendar', state: 'ok', said: `State Council calendar to ${last}`, remedy: null }
      : {
          what: 'calendar',
          state: 'warn',
          said: `State Council calendar ends with ${last}: working days of ${needed} would be provisional`,
          remedy: `put the State Council’s notice for ${needed} into config/calendar.yaml, or update chinese-days (R16.4)`,
        },
  ];
}
