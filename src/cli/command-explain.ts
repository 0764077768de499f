import { mkdirSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { findCheck } from '../checks/index.ts';
import { InputError, messageOf } from '../errors.ts';
import { openConfiguredLedger } from '../jobs/open-configured.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CheckState } from '../ledger/types.ts';
import { type DescribedVerdict, describeVerdict } from '../view/verdict-view.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { beijing, paint, paintVerdict, print, printJson } from './output.ts';
import { sitesForKey } from './select-sites.ts';

interface ExplainOptions extends CommonOptions {
  lang: string;
  history: string;
  export?: string;
  check?: string;
  evidence?: string;
}

/** `patrol explain`. */
export function addExplainCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('explain <target>'))
    .description('the verdicts of a site in words, with the evidence they stand on and the remedy')
    .option('--lang <language>', 'language of findings and remedies: zh or en', 'en')
    .option('--history <n>', 'verdicts shown a check', '3')
    .option('--check <id>', 'only this check')
    .option('--export <file>', "write the last verdict's artifacts, to be judged again offline (patrol audit FILE)")
    .option('--evidence <folder>', 'write every piece of evidence of the last verdicts into a folder')
    .addHelpText(
      'after',
      '\n  patrol explain example.cn\n  patrol explain 京ICP备12345678号-1 --lang zh\n  patrol explain example.cn --check icp-footer --export artifacts.json',
    )
    .action((target: string, options: ExplainOptions) => {
      if (!['zh', 'en'].includes(options.lang)) throw new InputError(`--lang ${options.lang}`, 'give zh or en');
      if (options.check !== undefined && findCheck(options.check) === undefined)
        throw new InputError(`--check ${options.check}`, 'patrol checks lists them');
      const config = commandConfig(options, environment);
      const ledger = openConfiguredLedger(config);
      try {
        const sites = sitesForKey(target, ledger).map((siteId) => describeSite(siteId, ledger, options));
        if (options.export !== undefined) exportBundle(sites, ledger, options.export);
        if (options.evidence !== undefined) exportEvidence(sites, ledger, options.evidence);
        if (options.json === true) printJson(sites.map(({ states: _states, ...site }) => site));
        else for (const site of sites) printSite(site, options.lang as 'zh' | 'en');
      } finally {
        ledger.close();
      }
    });
}

interface DescribedSite {
  siteNumber: string;
  siteName: string;
  subjectName: string;
  domains: string[];
  province: string;
  accessProvider: string;
  state: string;
  states: CheckState[];
  checks: {
    check: string;
    verdict: string | null;
    since: number | null;
    checkedAt: number | null;
    nextDueAt: number | null;
    shadow: boolean;
    confirming: boolean;
    history: DescribedVerdict[];
  }[];
}

function describeSite(siteId: number, ledger: Ledger, options: ExplainOptions): DescribedSite {
  const record = ledger.filings.load(siteId);
  if (record === null) throw new InputError(`site ${siteId} is gone`, 'import its filing again');
  const worst = ['fail', 'warn', 'inconclusive', 'pass'];
  const states = ledger.verdicts
    .standing(siteId)
    .filter(({ checkId }) => options.check === undefined || checkId === options.check)
    .sort((a, b) => worst.indexOf(a.verdict ?? '') - worst.indexOf(b.verdict ?? ''));
  const { siteNumber, domains, province, accessProvider } = record.filing;
  return {
    siteNumber,
    siteName: record.siteName,
    subjectName: record.subjectName,
    domains,
    province,
    accessProvider,
    state: record.state,
    states,
    checks: states.map((state) => ({
      check: state.checkId,
      verdict: state.verdict,
      since: state.since,
      checkedAt: state.checkedAt,
      nextDueAt: state.nextDueAt,
      shadow: state.shadow === 1,
      confirming: state.suspectLooks > 0,
      history: ledger.verdicts
        .history(siteId, state.checkId, Number(options.history) || 3)
        .map((row) => describeVerdict(row, ledger)),
    })),
  };
}

function printSite(site: DescribedSite, lang: 'zh' | 'en'): void {
  print(`${paint('bold', site.siteNumber)} ${site.siteName} (${site.subjectName})`);
  print(`${site.domains.join(', ')} · ${site.province} · ${site.accessProvider} · ${site.state}`);
  if (site.state !== 'active')
    print('  not re-checked any more: the filing is not active (what was found before stands below)');
  if (site.checks.length === 0) print('  no checks run for this filing (it is not active)');
  for (const check of site.checks) {
    const standing =
      check.verdict === null
        ? `not judged yet${check.nextDueAt === null ? '' : `, due ${beijing(check.nextDueAt)}`}`
        : `since ${beijing(check.since)}, seen ${beijing(check.checkedAt)} (Beijing)`;
    const marks = `${check.shadow ? ' [shadow]' : ''}${check.confirming ? ' [did not pass, to be looked at again]' : ''}`;
    print(`\n${paintVerdict(check.verdict as never)} ${paint('bold', check.check)} ${standing}${marks}`);
    check.history.forEach((verdict, index) => {
      if (index > 0)
        print(
          `  earlier: ${verdict.verdict} ${beijing(verdict.observedAt)}: ${verdict.findings.map(({ code }) => code).join(', ') || 'nothing found'}`,
        );
      else printVerdict(verdict, lang);
    });
  }
  print('');
}

function printVerdict(verdict: DescribedVerdict, lang: 'zh' | 'en'): void {
  for (const finding of verdict.findings) {
    const suspected = finding.awaits ? ' [suspicion: weighs nothing before a human rules, patrol suspicions list]' : '';
    print(`  ${finding.code}: ${finding.title[lang]}${suspected}`);
    for (const { label, value } of finding.evidence) print(paint('gray', `      ${label}: ${value}`));
    if (finding.remedy[lang] !== '') print(`    → ${finding.remedy[lang]}`);
  }
  if (verdict.markup !== null) print(paint('gray', `  as found: ${verdict.markup}`));
  if (verdict.findings.length === 0) print('  nothing found');
  print(
    paint(
      'gray',
      `  judged from: ${verdict.evidence.map(({ name, hash }) => `${name} (${hash.slice(0, 12)})`).join(', ')}`,
    ),
  );
  print(paint('gray', `  by: ${verdict.versions}`));
}

function exportBundle(sites: DescribedSite[], ledger: Ledger, file: string): void {
  const latest = sites
    .flatMap(({ checks }) => checks.flatMap(({ history }) => history.slice(0, 1)))
    .sort((a, b) => Number(b.verdict === 'fail') - Number(a.verdict === 'fail') || b.observedAt - a.observedAt)[0];
  if (latest === undefined) throw new InputError('nothing to export: no verdict yet', 'patrol scan the site first');
  const piece = ledger.evidence.ofVerdict(latest.verdictId).find(({ kind }) => kind === 'artifacts');
  if (piece === undefined)
    throw new InputError('the artifacts of that verdict are past their retention', 'patrol scan the site again');
  write(file, piece.bytes);
}

/** What a piece of evidence is, for whoever opens it. */
const EXTENSIONS: Record<string, string> = {
  artifacts: 'json',
  page: 'html',
  'rendered-page': 'html',
  screenshot: 'jpg',
};

function exportEvidence(sites: DescribedSite[], ledger: Ledger, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { siteNumber, checks } of sites) {
    for (const { check, history } of checks) {
      for (const piece of history[0] === undefined ? [] : ledger.evidence.ofVerdict(history[0].verdictId)) {
        const extension = EXTENSIONS[piece.kind] ?? 'txt';
        write(`${folder}/${siteNumber}-${check}-${piece.hash.slice(0, 12)}.${extension}`, piece.bytes);
      }
    }
  }
}

function write(file: string, bytes: Buffer): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new InputError(`${file}: ${messageOf(error)}`, 'check that the folder exists and is writable');
  }
  process.stderr.write(`written: ${file}\n`);
}
