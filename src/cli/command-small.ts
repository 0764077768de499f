import type { Command } from 'commander';
import { checks } from '../checks/index.ts';
import { InputError } from '../errors.ts';
import { parseIcpNumber } from '../filing/site-number.ts';
import { loadConfiguredRanges, openConfiguredLedger } from '../jobs/open-configured.ts';
import { decideHeldSweep } from '../ledger/held-sweep.ts';
import { parseAddress } from '../provider/address.ts';
import { UNKNOWN_PROVIDER } from '../provider/range-table.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { beijing, paint, print, printJson, table } from './output.ts';
import { ProgressLine } from './progress.ts';
import { type SiteFilter, sitesForFilter, sitesForKey } from './select-sites.ts';

/** `patrol checks`. */
export function addChecksCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('checks'))
    .description('every check with its rules and codes')
    .action((options: CommonOptions) => {
      const { settings } = commandConfig(options, environment);
      if (options.json === true) {
        printJson(
          checks.map(({ appliesTo: _applies, judge: _judge, ...check }) => ({
            ...check,
            settings: settings.checks[check.id] ?? null,
          })),
        );
        return;
      }
      for (const check of checks) {
        const own = settings.checks[check.id];
        const state =
          own?.enabled !== true ? paint('gray', 'off') : own.shadow ? paint('yellow', 'shadow') : paint('green', 'on');
        print(`${paint('bold', check.id)} ${check.title.zh} · ${check.title.en} · ${state} · ${check.rules.join(' ')}`);
        for (const [code, { severity, title }] of Object.entries(check.codes))
          print(`    ${code} (${severity}): ${title.en}`);
      }
    });
}

/** `patrol whose`. */
export function addWhoseCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('whose <queries...>'))
    .description('who owns addresses or CNAME targets, by the range lists')
    .addHelpText('after', '\n  patrol whose 47.92.93.239 example.w.kunlunsl.com')
    .action((queries: string[], options: CommonOptions) => {
      const ranges = loadConfiguredRanges(commandConfig(options, environment)).table;
      const rows = queries.map((query) => {
        const owner = parseAddress(query) === null ? ranges.whoseName(query) : ranges.whoseAddress(query);
        const provider = owner === null || owner.provider === UNKNOWN_PROVIDER ? null : owner.provider;
        const { product = null, region = null, mainland = null, range = null, listVersion = null } = owner ?? {};
        return { query, provider, product, region, mainland, range, listVersion };
      });
      if (options.json === true) printJson(rows);
      else {
        const side = (mainland: boolean | null): string =>
          mainland === null ? '?' : mainland ? 'mainland' : 'not mainland';
        print(
          table(
            ['query', 'provider', 'product', 'region', 'side', 'by'],
            rows.map((row) => [
              row.query,
              row.provider ?? '-',
              row.product ?? '-',
              row.region ?? '-',
              side(row.mainland),
              row.range ?? '-',
            ]),
          ),
        );
      }
    });
}

interface RescanOptions extends CommonOptions, SiteFilter {
  dryRun?: boolean;
}

/** `patrol rescan`. */
export function addRescanCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('rescan [targets...]'))
    .description('ask the running worker to look at sites again, ahead of its sweep')
    .option('--province <name>', 'all active sites of a province')
    .option('--provider <id>', 'all active sites of an access provider')
    .option('--verdict <verdict>', 'all active sites with this verdict in force')
    .option('--check <id>', 'with --verdict: the check it is about')
    .option('--dry-run', 'only say how many sites it would be')
    .addHelpText('after', '\nWithout a running worker use patrol scan, which looks at once.')
    .action((targets: string[], options: RescanOptions) => {
      const ledger = openConfiguredLedger(commandConfig(options, environment));
      try {
        const filtered =
          options.province !== undefined || options.provider !== undefined || options.verdict !== undefined;
        if (targets.length === 0 && !filtered)
          throw new InputError('rescan: nothing given', 'give domains or numbers, or a filter');
        const siteIds =
          targets.length > 0
            ? targets.flatMap((target) => sitesForKey(target, ledger))
            : sitesForFilter(options, ledger);
        const active = [...new Set(siteIds)].filter((siteId) => ledger.filings.load(siteId)?.state === 'active');
        if (options.dryRun !== true) ledger.sweeps.requestRescan(active, 'cli', environment.now());
        if (options.json === true) printJson({ sites: active.length, requested: options.dryRun !== true });
        else
          print(
            options.dryRun === true
              ? `${active.length} sites would be looked at again`
              : `${active.length} sites asked for; a running worker takes them up within a second (patrol explain shows the result)`,
          );
      } finally {
        ledger.close();
      }
    });
}

/** `patrol sweeps`. */
export function addSweepsCommand(program: Command, environment: CliEnvironment): void {
  const sweeps = program.command('sweeps').description('sweeps, and what the circuit breaker holds');
  withCommon(sweeps.command('list'))
    .description('the last sweeps')
    .action((options: CommonOptions) => {
      const ledger = openConfiguredLedger(commandConfig(options, environment));
      try {
        const rows = ledger.sweeps.recent(20);
        if (options.json === true) printJson(rows);
        else
          print(
            table(
              ['id', 'kind', 'state', 'started', 'judged', 'reason'],
              rows.map((row) => [
                String(row.id),
                row.kind,
                row.state,
                beijing(row.startedAt),
                `${row.judged}/${row.total}`,
                row.heldReason ?? '',
              ]),
            ),
          );
      } finally {
        ledger.close();
      }
    });
  const decide = (name: 'release' | 'discard', description: string): void => {
    withCommon(sweeps.command(`${name} <id>`))
      .description(description)
      .action((id: string, options: CommonOptions) => {
        const ledger = openConfiguredLedger(commandConfig(options, environment));
        try {
          const decided = decideHeldSweep(ledger, Number(id), name, environment.now());
          if (options.json === true) printJson({ sweep: Number(id), action: name, checks: decided });
          else
            print(
              name === 'release'
                ? `sweep ${id} goes on: its suspects are looked at again and confirmed`
                : `sweep ${id} discarded: ${decided} suspicions dropped, the sites are due again`,
            );
        } finally {
          ledger.close();
        }
      });
  };
  decide('release', 'let a held sweep go on: what failed is looked at again and confirmed');
  decide('discard', 'throw a held sweep away: nothing of it becomes a verdict, its sites are due again');
}

/** `patrol backup`. */
export function addBackupCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('backup <file>'))
    .description('copy the ledger while it is in use')
    .action(async (file: string, options: CommonOptions) => {
      const ledger = openConfiguredLedger(commandConfig(options, environment));
      const progress = new ProgressLine(options.json !== true);
      try {
        await ledger
          .backup(file, (share) => progress.show('copying', Math.round(share * 100), 100))
          .catch((error: unknown) => {
            throw new InputError(
              `${file}: ${error instanceof Error ? error.message : String(error)}`,
              'check folder, rights and free space',
            );
          });
        if (options.json === true) printJson({ file });
        else print(`ledger copied to ${file}`);
      } finally {
        ledger.close();
      }
    });
}

/** `patrol number`: what a text is as a filing number. */
export function addNumberCommand(program: Command): void {
  program
    .command('number <text>')
    .description('parse and normalise a filing number')
    .option('--json', 'print one JSON document')
    .action((text: string, options: { json?: boolean }) => {
      const parsed = parseIcpNumber(text);
      if (!parsed.ok) throw new InputError(`${text}: ${parsed.problem.reason}`, parsed.problem.remedy);
      if (options.json === true) printJson(parsed);
      else print(`${parsed.number.canonical}${parsed.warning === undefined ? '' : ` (${parsed.warning})`}`);
    });
}
