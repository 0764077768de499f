import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { InputError } from '../errors.ts';
import { importTemplate } from '../filing/columns.ts';
import { type ImportSummary, importFilings } from '../filing/import-filings.ts';
import { loadConfiguredRanges, openConfiguredLedger } from '../jobs/open-configured.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { providerNames } from '../provider/provider-names.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { EXIT, paint, print, printJson } from './output.ts';
import { ProgressLine } from './progress.ts';

interface ImportCliOptions extends CommonOptions {
  dryRun?: boolean;
  template?: true | string;
  rejects?: string;
  failOnRejects?: boolean;
}

/** `patrol import`. */
export function addImportCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('import [file]'))
    .description('import a file of approved filings into the ledger (CSV, XLSX or NDJSON; UTF-8 or GBK)')
    .option('--dry-run', 'read and validate everything, change nothing')
    .option('--template [language]', 'print the template (en or zh) and end')
    .option(
      '--rejects <file>',
      'where rejected rows go, with row, column, value and remedy (default: rejected-<file>.csv)',
    )
    .addHelpText(
      'after',
      `
The same file may be imported again: unchanged rows change nothing, changed rows are updated. Rejected rows never stop
the others; the command then ends with exit code 2.

  patrol import --template > filings.csv      a table to fill in
  patrol import filings.csv --dry-run         what would happen
  patrol import export.xlsx                   an operator's export with Chinese heads works as it is`,
    )
    .action(async (file: string | undefined, options: ImportCliOptions) => {
      if (options.template !== undefined) {
        if (![true, 'en', 'zh'].includes(options.template))
          throw new InputError(`--template ${options.template}: no such language`, 'en or zh');
        if (file !== undefined)
          throw new InputError('--template prints the template and imports nothing', 'give one of the two');
        process.stdout.write(importTemplate(options.template === 'zh' ? 'zh' : 'en'));
        return;
      }
      if (file === undefined)
        throw new InputError('import: no file given', 'patrol import FILE, or patrol import --template');
      const config = commandConfig(options, environment);
      const ledger = openConfiguredLedger(config);
      try {
        const summary = await importFile(file, ledger, config, { ...options, now: environment.now });
        if (options.json === true) printJson(summary);
        else printImport(summary, config);
        if (summary.rejected > 0) process.exitCode = EXIT.badInput;
      } finally {
        ledger.close();
      }
    });
}

/** Import with a progress line; shared with `scan FILE`. */
export async function importFile(
  file: string,
  ledger: Ledger,
  config: Config,
  options: { dryRun?: boolean; rejects?: string; json?: boolean; now: () => number; onSite?: (siteId: number) => void },
): Promise<ImportSummary> {
  const progress = new ProgressLine(options.json !== true);
  const base =
    file
      .split(/[\\/]/)
      .pop()
      ?.replace(/\.[^.]+$/, '') ?? 'filings';
  const { lists } = loadConfiguredRanges(config);
  const summary = await importFilings(file, ledger, {
    dryRun: options.dryRun ?? false,
    rejectsFile: options.rejects ?? `rejected-${base}.csv`,
    accessProvider: config.settings.accessProvider,
    providers: providerNames(lists),
    now: options.now,
    onProgress: ({ rows, share, rejected }) => {
      progress.show(
        'importing',
        rows,
        share > 0 ? Math.round(rows / share) : rows,
        rejected > 0 ? `${rejected} rejected` : '',
      );
    },
    ...(options.onSite && { onSite: options.onSite }),
  });
  if (summary.rows > 1000) progress.end('imported', summary.rows, summary.rows);
  return summary;
}

/** Say what an import did. */
export function printImport(summary: ImportSummary, config: Config): void {
  const { rows, created, updated, unchanged, rejected, ignoredColumns } = summary;
  if (summary.dryRun)
    print(
      `dry run: ${rows} rows read, ${rows - rejected} would be imported, ${rejected} rejected; the ledger was not changed`,
    );
  else
    print(
      `${rows} rows: ${created} new, ${updated} updated, ${unchanged} unchanged, ${rejected} rejected → ${config.settings.ledger.path}`,
    );
  if (ignoredColumns.length > 0) print(`columns not used: ${ignoredColumns.join(', ')}`);
  for (const { row, column, value, remedy } of summary.problems)
    print(`  row ${row}, ${column}: ${value === '' ? '(empty)' : value} → ${remedy}`);
  const more = summary.problemCount - summary.problems.length;
  if (more > 0) print(`  … and ${more} more`);
  if (summary.rejectsFile !== null) {
    print(paint('yellow', `rejected rows with row, column, value and remedy: ${summary.rejectsFile}`));
  }
}
