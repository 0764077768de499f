import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../config.ts';
import { InputError, messageOf } from '../errors.ts';
import { createGatherContext } from '../gather/context.ts';
import { guardedGet } from '../gather/guarded-get.ts';
import { loadConfiguredRanges } from '../jobs/open-configured.ts';
import { formatProviderList, type LoadedRanges, parseProviderList } from '../provider/list-file.ts';
import { readPublishedRanges } from '../provider/published.ts';
import type { ProviderList } from '../provider/types.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { EXIT, paint, print, printJson, table } from './output.ts';

/** `patrol ranges list | verify | update | diff`. */
export function addRangesCommand(program: Command, environment: CliEnvironment): void {
  const ranges = program.command('ranges').description('the provider range lists: list, verify, update, diff');
  withCommon(ranges.command('list'))
    .description('every list with its size, date and source')
    .action((options: CommonOptions) => list(loadConfiguredRanges(commandConfig(options, environment)), options));
  withCommon(ranges.command('verify'))
    .description('read all lists and report bad rows, overlaps between providers and stale dates; exit 2 on bad rows')
    .action((options: CommonOptions) => verify(commandConfig(options, environment), options, environment.now()));
  withCommon(ranges.command('update'))
    .description("replace a provider's ranges by an operator's list (file or URL) in the operator's own folder")
    .requiredOption('--provider <id>', 'which provider')
    .requiredOption(
      '--from <file|url>',
      'YAML as in config/providers, plain CIDR lines, AWS ip-ranges.json, or Azure service tags',
    )
    .option('--region <name>', 'for plain lists: the region of all lines')
    .option('--overseas', 'for plain lists: the lines are not mainland')
    .option('--keep', 'add to the list in force instead of replacing its ranges')
    .option('--dry-run', 'only say what would change')
    .action((options: UpdateOptions) => update(options, commandConfig(options, environment), environment));
  withCommon(ranges.command('diff <file>'))
    .description('what another list file would change against the list in force')
    .action((file: string, options: CommonOptions) =>
      diff(file, loadConfiguredRanges(commandConfig(options, environment)), options),
    );
}

function list({ lists, table: loaded }: LoadedRanges, options: CommonOptions): void {
  const rows = lists.map(({ id, name, ranges, cnames, version, date, source }) => ({
    id,
    name,
    ranges: ranges.length,
    mainland: ranges.filter(({ mainland }) => mainland).length,
    cnames: cnames.length,
    version,
    date,
    source,
  }));
  if (options.json === true) {
    printJson({ version: loaded.version, lists: rows });
    return;
  }
  print(
    table(
      ['provider', 'name', 'ranges', 'mainland', 'cnames', 'date'],
      rows.map((row) => [row.id, row.name.zh, String(row.ranges), String(row.mainland), String(row.cnames), row.date]),
    ),
  );
  print(`\nversion of the whole: ${loaded.version}, ${loaded.size} ranges`);
}

function verify(config: Config, options: CommonOptions, now: number): void {
  const { lists, problems, table: loaded } = loadConfiguredRanges(config);
  const seen = new Map<string, string>();
  const overlaps: { cidr: string; providers: [string, string] }[] = [];
  for (const { id, ranges } of lists) {
    for (const { cidr } of ranges) {
      const other = seen.get(cidr);
      if (other !== undefined && other !== 'unknown' && id !== 'unknown')
        overlaps.push({ cidr, providers: [other, id] });
      seen.set(cidr, id);
    }
  }
  const stale = lists
    .filter(({ date }) => now - Date.parse(date) > config.settings.ranges.maxAgeMs)
    .map(({ id, date }) => ({ id, date }));
  if (options.json === true) printJson({ version: loaded.version, ranges: loaded.size, problems, overlaps, stale });
  else {
    for (const { file, line, value, remedy } of problems)
      print(paint('red', `${file} row ${line}: ${value}: ${remedy}`));
    for (const { cidr, providers } of overlaps.slice(0, 20))
      print(paint('yellow', `${cidr} is in two lists: ${providers.join(' and ')}`));
    if (stale.length > 0)
      print(
        paint(
          'yellow',
          `older than ${Math.round(config.settings.ranges.maxAgeMs / 86_400_000)} days: ${stale.map(({ id, date }) => `${id} (${date})`).join(', ')}`,
        ),
      );
    print(
      `${lists.length} lists, ${loaded.size} ranges, version ${loaded.version}: ${problems.length} bad rows, ${overlaps.length} overlaps, ${stale.length} stale`,
    );
  }
  if (problems.length > 0) process.exitCode = EXIT.badInput;
}

interface UpdateOptions extends CommonOptions {
  provider: string;
  from: string;
  region?: string;
  overseas?: boolean;
  keep?: boolean;
  dryRun?: boolean;
}

async function update(options: UpdateOptions, config: Config, environment: CliEnvironment): Promise<void> {
  const { lists } = loadConfiguredRanges(config);
  const current = lists.find(({ id }) => id === options.provider);
  const text = await readSource(options.from, config, environment);
  const today = new Date(environment.now()).toISOString().slice(0, 10);
  const read = readPublishedRanges(text, {
    region: options.region ?? null,
    mainland: options.overseas !== true,
    name: options.from,
  });
  if (read.ranges.length === 0)
    throw new InputError(
      `${options.from}: no ranges in it`,
      'give a list with at least one CIDR: an emptied list would make every site a shell',
    );
  const kept = options.keep === true ? (current?.ranges ?? []) : [];
  const next: ProviderList = {
    id: options.provider,
    name: current?.name ?? { en: options.provider, zh: options.provider },
    version: today,
    date: read.date ?? today,
    source: options.from,
    ranges: [...kept, ...read.ranges],
    cnames: read.cnames ?? current?.cnames ?? [],
  };
  const change = compare(current, next);
  const shrinks = current !== undefined && next.ranges.length < current.ranges.length / 2;
  if (options.json === true)
    printJson({
      provider: next.id,
      added: change.added.length,
      removed: change.removed.length,
      problems: read.problems,
      written: options.dryRun === true ? null : target(config, next.id),
    });
  else {
    for (const { line, value, remedy } of read.problems.slice(0, 20))
      print(paint('red', `row ${line}: ${value}: ${remedy}`));
    print(`${next.id}: ${next.ranges.length} ranges, ${change.added.length} added, ${change.removed.length} removed`);
    if (shrinks)
      print(paint('yellow', 'the new list is less than half of the old one: sites on the rest will look like shells'));
  }
  if (options.dryRun !== true) {
    const file = target(config, next.id);
    mkdirSync(config.settings.ranges.ownFolder, { recursive: true });
    writeFileSync(file, formatProviderList(next));
    if (options.json !== true) print(`written: ${file} (it replaces the shipped list of that provider)`);
  }
  if (read.problems.length > 0) process.exitCode = EXIT.badInput;
}

const target = (config: Config, id: string): string => join(config.settings.ranges.ownFolder, `${id}.yaml`);

async function readSource(from: string, config: Config, environment: CliEnvironment): Promise<string> {
  if (!/^https?:\/\//.test(from)) {
    if (!existsSync(from)) throw new InputError(`${from} does not exist`, 'give a file or an http(s) address');
    return readFileSync(from, 'utf8');
  }
  const context = createGatherContext(config, { ...(environment.dialer && { dialer: environment.dialer }) });
  try {
    const page = context.page('screen');
    const { status, body } = await guardedGet(from, {
      ...page,
      timeoutMs: 60_000,
      maxBytes: 64 * 1024 * 1024,
      accept: '*/*',
      maxRedirects: 3,
    });
    if (status !== 200) throw new Error(`HTTP ${status}`);
    return body.toString('utf8');
  } catch (error) {
    throw new InputError(`${from}: ${messageOf(error)}`, 'check the address and the network; the list in force stays');
  } finally {
    await context.close();
  }
}

function diff(file: string, { lists }: LoadedRanges, options: CommonOptions): void {
  if (!existsSync(file)) throw new InputError(`${file} does not exist`, 'give a provider list file');
  const { list: next } = parseProviderList(readFileSync(file, 'utf8'), file);
  const change = compare(
    lists.find(({ id }) => id === next.id),
    next,
  );
  if (options.json === true) {
    printJson({ provider: next.id, ...change });
    return;
  }
  for (const row of change.removed.slice(0, 200)) print(paint('red', `- ${row}`));
  for (const row of change.added.slice(0, 200)) print(paint('green', `+ ${row}`));
  print(`${next.id}: ${change.added.length} added, ${change.removed.length} removed`);
}

function compare(before: ProviderList | undefined, after: ProviderList): { added: string[]; removed: string[] } {
  const rows = (one: ProviderList | undefined): Set<string> =>
    new Set(
      (one?.ranges ?? []).map(
        ({ cidr, region, mainland }) => `${cidr} ${region ?? '-'} ${mainland ? 'mainland' : 'overseas'}`,
      ),
    );
  const [old, now] = [rows(before), rows(after)];
  return { added: [...now].filter((row) => !old.has(row)), removed: [...old].filter((row) => !now.has(row)) };
}
