import type { Command } from 'commander';
import { fillText } from '../checks/conclude.ts';
import { findCheck } from '../checks/index.ts';
import type { Finding, Verdict } from '../checks/types.ts';
import { InputError } from '../errors.ts';
import { openConfiguredLedger } from '../jobs/open-configured.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Sweep } from '../ledger/types.ts';
import { importFile, printImport } from './command-import.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, commandLogger, withCommon } from './context.ts';
import { EXIT, paint, paintVerdict, print, printJson, table } from './output.ts';
import { probeResolvers } from './probe-resolvers.ts';
import { ProgressLine } from './progress.ts';
import { isFileTarget, type SiteFilter, sitesForFilter, sitesForKey } from './select-sites.ts';

interface ScanOptions extends CommonOptions, SiteFilter {
  all?: boolean;
  confirmPause: string;
  failOn?: string;
  checks?: string;
}

/** `patrol scan`. */
export function addScanCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('scan [targets...]'))
    .description('check filings now: a file (imported first), domains, filing numbers, or a filter over the ledger')
    .option('--all', 'every active site of the ledger')
    .option('--province <name>', 'only sites of a province, e.g. 广东')
    .option('--provider <id>', 'only sites of an access provider, e.g. aliyun')
    .option('--verdict <verdict>', 'only sites with this verdict in force: pass, warn, fail or inconclusive')
    .option('--check <id>', 'with --verdict: the check it is about')
    .option('--limit <n>', 'at most so many sites', (text) => wholeNumber(text, '--limit'))
    .option('--checks <ids>', 'only these checks, comma separated (patrol checks)')
    .option('--confirm-pause <seconds>', 'pause before a site that did not pass is looked at again', '3')
    .option('--fail-on <verdict>', 'exit 1 when a site has this verdict or a worse one: warn or fail')
    .addHelpText(
      'after',
      `
What does not pass is looked at again after the pause, by several resolvers; only what fails each time is a failure. What
could not be observed is inconclusive, never a failure.

  patrol scan filings.csv            import the file and check every row
  patrol scan example.cn             one site of the ledger
  patrol scan 京ICP备12345678号       all sites of a subject
  patrol scan --province 广东 --verdict fail`,
    )
    .action(async (targets: string[], options: ScanOptions) => scan(targets, options, environment));
}

/** Run a scan and print its result. */
export async function scan(targets: string[], options: ScanOptions, environment: CliEnvironment): Promise<void> {
  const pauseMs = Math.round(Number(options.confirmPause) * 1000);
  if (!Number.isFinite(pauseMs) || pauseMs < 0)
    throw new InputError(`--confirm-pause ${options.confirmPause}`, 'give seconds, like 3');
  if (options.failOn !== undefined && !['warn', 'fail'].includes(options.failOn))
    throw new InputError(`--fail-on ${options.failOn}`, 'give warn or fail');
  const checkIds = chosenChecks(options.checks);
  const base = commandConfig(options, environment);
  const human = options.json !== true;
  const blind = await probeResolvers(base);
  if (blind !== null && human) print(paint('yellow', blind));
  // Foreground scans bring their own embedded queue, in memory: a worker may hold the folder.
  const config = commandConfig(options, environment, {
    confirm: { pauseMs: blind === null ? pauseMs : 0 },
    ...(blind === null ? {} : { dns: { timeoutMs: 500, tries: 1 } }),
    ...(base.settings.queue.url === null ? { queue: { dataDir: 'memory://' } } : {}),
  });
  const { siteIds, rejected } = await chooseSites(targets, options, config, environment);
  if (siteIds.length === 0) {
    if (human) print('no active site to check');
    else printJson({ sites: [], counts: [] });
    if (rejected > 0) process.exitCode = EXIT.badInput;
    return;
  }
  const progress = new ProgressLine(human);
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  process.once('SIGINT', onSignal);
  if (human && base.settings.queue.url === null) process.stderr.write('starting the embedded queue …\n');
  // Queue libraries are loaded only where a queue is used: the offline tools start at once.
  const [{ Patrol }, { runScan }] = await Promise.all([import('../jobs/patrol.ts'), import('../jobs/scan.ts')]);
  const patrol = await Patrol.start({
    config,
    log: commandLogger(config, true),
    roles: ['gather', 'ledger'],
    schedule: false,
    now: environment.now,
    ...(environment.dialer && { dialer: environment.dialer }),
  });
  try {
    const sweep = await runScan(patrol, siteIds, {
      now: environment.now,
      signal: abort.signal,
      ...(checkIds && { checkIds }),
      onProgress: ({ judged, total, confirming }) =>
        progress.show('scanning', judged, total, confirming > 0 ? `${confirming} looked at again` : ''),
    });
    progress.end('scanned', sweep.judged, sweep.total);
    const result = summarise(sweep, siteIds, patrol.ledger as Ledger);
    if (human) printSummary(result, options);
    else printJson(result);
    if (rejected > 0) process.exitCode = EXIT.badInput;
    else if (options.failOn !== undefined && reaches(result, options.failOn as Verdict)) process.exitCode = EXIT.failOn;
  } finally {
    process.removeListener('SIGINT', onSignal);
    await patrol.stop(5000);
  }
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InputError(`${option} ${text}`, 'give a whole number, 1 or more');
  return value;
}

function chosenChecks(list: string | undefined): Set<string> | null {
  if (list === undefined) return null;
  const ids = list.split(',').map((id) => id.trim());
  for (const id of ids)
    if (findCheck(id) === undefined) throw new InputError(`--checks: no check ${id}`, 'patrol checks lists them');
  return new Set(ids);
}

async function chooseSites(
  targets: string[],
  options: ScanOptions,
  config: ReturnType<typeof commandConfig>,
  environment: CliEnvironment,
): Promise<{ siteIds: number[]; rejected: number }> {
  const filtered =
    options.all === true ||
    options.province !== undefined ||
    options.provider !== undefined ||
    options.verdict !== undefined;
  if (targets.length === 0 && !filtered) {
    throw new InputError(
      'scan: nothing to check',
      'give a file, a domain or a number; or --all, --province, --provider, --verdict',
    );
  }
  const ledger = openConfiguredLedger(config);
  try {
    const siteIds = new Set<number>();
    let rejected = 0;
    for (const target of targets) {
      if (isFileTarget(target)) {
        const onSite = (siteId: number): void => void siteIds.add(siteId);
        const summary = await importFile(target, ledger, config, {
          json: options.json ?? false,
          now: environment.now,
          onSite,
        });
        rejected += summary.rejected;
        if (options.json !== true) printImport(summary, config);
      } else for (const siteId of sitesForKey(target, ledger)) siteIds.add(siteId);
    }
    if (targets.length === 0) for (const siteId of sitesForFilter(options, ledger)) siteIds.add(siteId);
    const active = [...siteIds].filter((siteId) => ledger.filings.load(siteId)?.state === 'active');
    return { siteIds: options.limit === undefined ? active : active.slice(0, options.limit), rejected };
  } finally {
    ledger.close();
  }
}

/** The result of a scan: counts by check and verdict, and every site that did not pass. */
export interface ScanResult {
  sweep: {
    id: number;
    state: string;
    heldReason: string | null;
    sites: number;
    judged: number;
    total: number;
    tookMs: number;
  };
  counts: { check: string; pass: number; warn: number; fail: number; inconclusive: number }[];
  sites: {
    siteNumber: string;
    siteName: string;
    domain: string;
    verdicts: { check: string; verdict: Verdict | null; codes: string[]; titles: { zh: string; en: string }[] }[];
  }[];
}

function summarise(sweep: Sweep, siteIds: number[], ledger: Ledger): ScanResult {
  const counts = new Map<string, ScanResult['counts'][number]>();
  for (const { checkId, stage, verdict, count } of ledger.sweeps.counts(sweep.id)) {
    if (stage !== 'final') continue;
    const row = counts.get(checkId) ?? { check: checkId, pass: 0, warn: 0, fail: 0, inconclusive: 0 };
    row[verdict as Verdict] += count;
    counts.set(checkId, row);
  }
  const sites: ScanResult['sites'] = [];
  for (const siteId of siteIds) {
    const record = ledger.filings.load(siteId);
    const states = ledger.verdicts.standing(siteId).filter((state) => state.sweepId === sweep.id);
    if (record === null || states.every(({ verdict }) => verdict === 'pass')) continue;
    sites.push({
      siteNumber: record.filing.siteNumber,
      siteName: record.siteName,
      domain: record.filing.domains[0] ?? '',
      verdicts: states.map(({ checkId, verdict, codes }) => ({
        check: checkId,
        verdict,
        codes: JSON.parse(codes) as string[],
        titles: verdict === 'pass' ? [] : titlesOf(ledger, siteId, checkId),
      })),
    });
  }
  const tookMs = (sweep.finishedAt ?? sweep.startedAt) - sweep.startedAt;
  const { id, state, heldReason, judged, total } = sweep;
  return {
    sweep: { id, state, heldReason, sites: siteIds.length, judged, total, tookMs },
    counts: [...counts.values()].sort((a, b) => a.check.localeCompare(b.check)),
    sites,
  };
}

function titlesOf(ledger: Ledger, siteId: number, checkId: string): { zh: string; en: string }[] {
  const [latest] = ledger.verdicts.history(siteId, checkId, 1);
  const check = findCheck(checkId);
  if (latest === undefined || check === undefined) return [];
  return (JSON.parse(latest.findings) as Finding[])
    .filter(({ severity }) => severity !== 'note')
    .map((finding) => {
      const title = check.codes[finding.code]?.title ?? {
        zh: finding.code,
        en: String(finding.params['reason'] ?? finding.code),
      };
      return { zh: fillText(title.zh, finding), en: fillText(title.en, finding) };
    });
}

function printSummary(result: ScanResult, options: CommonOptions): void {
  const number = (count: number, verdict: Verdict): string =>
    count === 0 ? paint('gray', '0') : count > 0 && verdict !== 'pass' ? paintedCount(count, verdict) : String(count);
  print('');
  print(
    table(
      ['check', 'pass', 'warn', 'fail', 'inconclusive'],
      result.counts.map((row) => [
        row.check,
        ...(['pass', 'warn', 'fail', 'inconclusive'] as const).map((verdict) => number(row[verdict], verdict)),
      ]),
    ),
  );
  const shown = result.sites.slice(0, SHOWN_SITES);
  if (shown.length > 0) print('\nsites that did not pass everything:');
  for (const site of shown) {
    const findings = site.verdicts.filter(({ verdict }) => verdict !== 'pass');
    const bad = findings.map(
      ({ check, verdict, titles }) =>
        `    ${paintVerdict(verdict)} ${check}: ${titles.map(({ en }) => en).join('; ') || 'not judged yet'}`,
    );
    print(`  ${paint('bold', site.domain)} ${site.siteNumber} ${site.siteName}\n${bad.join('\n')}`);
  }
  if (result.sites.length > shown.length)
    print(`  … and ${result.sites.length - shown.length} more (--json gives all)`);
  if (result.sweep.state === 'held') {
    print(paint('red', `\nthe circuit breaker holds this sweep: ${result.sweep.heldReason}`));
    print(
      `nothing of it is confirmed; look, then: patrol sweeps release ${result.sweep.id} | patrol sweeps discard ${result.sweep.id}`,
    );
  }
  const first = shown[0];
  if (first !== undefined) {
    const config = options.config === undefined ? '' : ` --config ${options.config}`;
    print(`\nnext: npm run -s patrol -- explain ${first.domain}${config}   (verdicts, evidence and remedy in words)`);
  }
}

const SHOWN_SITES = 12;
const paintedCount = (count: number, verdict: Verdict): string => paintVerdict(verdict).replace(verdict, String(count));

const WORSE: Record<string, Verdict[]> = { warn: ['warn', 'fail'], fail: ['fail'] };

function reaches({ counts }: ScanResult, verdict: Verdict): boolean {
  return counts.some((row) => (WORSE[verdict] ?? []).some((one) => row[one] > 0));
}
