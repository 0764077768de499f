import type { Command } from 'commander';
import { instantOf } from '../calendar/read-instant.ts';
import { InputError } from '../errors.ts';
import type { Violation } from '../ledger/violations-store.ts';
import { Violations } from '../programmes/violations.ts';
import { actorOf, type CaseTools, withCases } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, positiveInteger, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';
import { sitesForKey } from './select-sites.ts';

type ActOptions = CommonOptions & { as?: string };

/** `patrol violations`: content violations told by the network police (R13). */
export function addViolationsCommand(program: Command, environment: CliEnvironment): void {
  const violations = program
    .command('violations')
    .description('content violations: 1 hour to reach the owner, 12 hours of suspension, three strikes')
    .addHelpText(
      'after',
      `
  patrol violations report wj-2026-0815 --site example.cn --text "赌博广告"   the clock starts, the owner is told
  patrol violations reached wj-2026-0815      the owner was reached: 24 hours to remove it
  patrol violations unreachable wj-2026-0815  no message got through and nobody answers the telephone: suspend
  patrol violations removed wj-2026-0815      over; a suspended site comes back
  patrol violations approve wj-2026-0815      closing for good waits for this
  patrol violations resume wj-2026-0815       its return was refused: ask again
Events also come in over the inbound endpoint (docs/programmes.md).`,
    );
  withCommon(violations.command('report <event>'))
    .description('an event of the network police, by its own id: the same id is taken once')
    .requiredOption('--site <key>', 'domain or site number')
    .requiredOption('--text <text>', 'what was found; no personal data')
    .option('--at <time>', 'when the police found it, Beijing time: "2026-11-22 10:00" (default: now)')
    .option('--as <name>', 'who you are (or PATROL_ADMIN; default: your login name)')
    .action((eventId: string, options: CommonOptions & { site: string; text: string; at?: string; as?: string }) =>
      withCases(options, environment, (tools) => {
        const { keeper, now } = tools;
        const [siteId, ...others] = sitesForKey(options.site, keeper.ledger);
        if (siteId === undefined || others.length > 0)
          throw new InputError(`--site ${options.site}: ${others.length + 1} sites`, 'give the site number');
        const taken = new Violations(keeper).report(
          {
            eventId,
            siteId,
            description: options.text,
            reportedAt: reportedAt(options.at, now),
            by: actorOf(options).name,
          },
          now,
        );
        if (taken === null) throw new InputError(`${eventId} was reported before`, `patrol violations show ${eventId}`);
        show(tools, taken, options);
      }),
    );
  withCommon(violations.command('list'))
    .description('newest first')
    .option('--limit <n>', 'at most this many', positiveInteger, 50)
    .action((options: CommonOptions & { limit: number }) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const rows = ledger.violations.recent(options.limit).map((one) => ({
          ...one,
          siteNumber: ledger.filings.load(one.siteId)?.filing.siteNumber ?? '',
          waiting: ledger.violations.actsOf(one.id).find(({ state }) => state === 'asked')?.act ?? null,
        }));
        if (options.json === true) return printJson(rows);
        if (rows.length === 0) return print('no violations');
        print(
          table(
            ['event', 'site', 'reported', 'state', 'next', 'waits for approval'],
            rows.map((row) => [
              row.eventId,
              row.siteNumber,
              beijing(row.reportedAt),
              `${row.state}${row.dryRun ? ' (dry-run)' : ''}`,
              beijing(row.dueAt),
              row.waiting ?? '',
            ]),
          ),
        );
      }),
    );
  withCommon(violations.command('show <event>'))
    .description('one violation with its history and acts')
    .action((eventId: string, options: CommonOptions) =>
      withCases(options, environment, (tools) => show(tools, new Violations(tools.keeper).find(eventId), options)),
    );
  const acting = (
    name: string,
    about: string,
    act: (desk: Violations, eventId: string, by: string, now: number) => Violation,
  ): void => {
    withCommon(violations.command(`${name} <event>`))
      .description(about)
      .option('--as <name>', 'who you are (or PATROL_ADMIN; default: your login name)')
      .action((eventId: string, options: ActOptions) =>
        withCases(options, environment, (tools) =>
          show(tools, act(new Violations(tools.keeper), eventId, actorOf(options).name, tools.now), options),
        ),
      );
  };
  acting('reached', 'the owner was reached within the hour', (desk, id, by, now) => desk.reached(id, by, now));
  acting(
    'unreachable',
    'an hour has passed, you called and nobody answered: suspend (or close, the third time)',
    (desk, id, by, now) => desk.unreachable(id, by, now),
  );
  acting('removed', 'the content is gone', (desk, id, by, now) => desk.removed(id, by, now));
  acting('false-contacts', 'the contact data are false: close for good', (desk, id, by, now) =>
    desk.falseContacts(id, by, now),
  );
  acting('resume', 'ask again to serve a site whose return was refused', (desk, id, by, now) =>
    desk.resume(id, by, now),
  );
  acting('approve', 'approve what waits', (desk, id, by, now) => desk.decide(id, 'approve', by, now));
  acting('decline', 'decline what waits', (desk, id, by, now) => desk.decide(id, 'decline', by, now));
}

function show({ keeper: { ledger } }: CaseTools, violation: Violation, options: CommonOptions): void {
  const acts = ledger.violations.actsOf(violation.id);
  const siteNumber = ledger.filings.load(violation.siteId)?.filing.siteNumber ?? '';
  if (options.json === true) {
    printJson({ ...violation, siteNumber, acts });
    return;
  }
  print(
    `${violation.eventId}  ${siteNumber}  ${violation.state}${violation.dryRun ? ' (dry-run)' : ''}  next ${beijing(violation.dueAt)}`,
  );
  print(violation.description);
  for (const { at, by, what } of violation.history) print(`  ${beijing(at)}  ${by}: ${what}`);
  for (const act of acts) print(`  ${act.act}: ${act.state}${act.error === null ? '' : ` (${act.error})`}`);
}

/** A time as an admin types it (epoch ms). Throws InputError. */
function reportedAt(text: string | undefined, now: number): number {
  if (text === undefined) return now;
  const at = instantOf(text);
  if (at === null) throw new InputError(`--at ${text}: no time`, 'write Beijing time like "2026-11-22 10:00"');
  return at;
}
