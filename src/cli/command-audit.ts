import { readFileSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import type { Command } from 'commander';
import { fillText, runCheck } from '../checks/conclude.ts';
import { domainExpiry } from '../checks/domain-expiry.ts';
import { icpFooter } from '../checks/icp-footer.ts';
import { checks, findCheck } from '../checks/index.ts';
import type { CheckDefinition, CheckInput, Judgement } from '../checks/types.ts';
import type { Config } from '../config.ts';
import { InputError, messageOf } from '../errors.ts';
import { readPage } from '../facts/page-reader.ts';
import { readRegistration } from '../facts/registration.ts';
import { parseIcpNumber, provinceOfNumber } from '../filing/site-number.ts';
import type { Filing } from '../filing/types.ts';
import { sniffCharset } from '../gather/charset.ts';
import type { Artifacts } from '../gather/types.ts';
import { checkPolicy } from '../jobs/judge.ts';
import { type AuditBundle, rejudgeBundle } from '../judge/bundle.ts';
import { referenceWith } from '../reference/open-reference.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { paintVerdict, print, printJson } from './output.ts';

interface AuditOptions extends CommonOptions {
  page?: string;
  url?: string;
  siteNumber?: string;
  licenceNumber?: string;
  province?: string;
  contentType?: string;
  registration?: string;
  domain?: string;
}

/** `patrol audit`. */
export function addAuditCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('audit [artifacts]'))
    .description(
      'judge saved material offline: a page, a registry answer, or stored artifacts (patrol explain --export)',
    )
    .option('--page <file>', 'a saved home page, bytes as received')
    .option('--url <url>', 'with --page: where it was')
    .option('--site-number <number>', 'with --page: the site number it should show')
    .option(
      '--licence-number <number>',
      "with --page: the holder's operating licence (京ICP证…), which may stand in (R17.2)",
    )
    .option('--province <name>', 'province whose policy applies, in Chinese (default: of the number)')
    .option('--content-type <type>', 'with --page: the Content-Type header it came with')
    .option('--registration <file>', 'a saved WHOIS or RDAP answer')
    .option('--domain <domain>', 'with --registration: the domain it is about')
    .addHelpText(
      'after',
      `
Nothing is looked up: the same file gives the same verdict today and in a dispute next year.

  patrol audit --page home.html --url https://example.cn/ --site-number 京ICP备12345678号-1 --json
  patrol audit --registration whois.txt --domain example.cn --json
  patrol explain example.cn --export artifacts.json && patrol audit artifacts.json`,
    )
    .action((artifacts: string | undefined, options: AuditOptions) => {
      const config = commandConfig(options, environment);
      if (options.page !== undefined) auditPage(options.page, options, config, environment.now());
      else if (options.registration !== undefined)
        auditRegistration(options.registration, options, config, environment.now());
      else if (artifacts !== undefined) auditBundle(artifacts, options);
      else throw new InputError('audit: nothing given', 'give --page FILE, --registration FILE, or an artifacts file');
    });
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new InputError(`${file}: ${messageOf(error)}`, 'check the path');
  }
}

function auditPage(file: string, options: AuditOptions, config: Config, now: number): void {
  if (options.siteNumber === undefined)
    throw new InputError('audit --page needs --site-number', 'give the number the page should show');
  const number = parseIcpNumber(options.siteNumber);
  if (!number.ok)
    throw new InputError(`--site-number ${options.siteNumber}: ${number.problem.reason}`, number.problem.remedy);
  const url = options.url === undefined ? null : URL.parse(options.url);
  if (options.url !== undefined && (url === null || !/^https?:$/.test(url.protocol))) {
    throw new InputError(`--url ${options.url}`, 'give a whole address, like https://example.cn/');
  }
  const bytes = readBytes(file);
  const charset = sniffCharset(options.contentType ?? null, bytes, true);
  const facts = readPage(new TextDecoder(charset).decode(bytes));
  const host = url?.hostname ?? '';
  const filing = bareFiling(
    number.number.canonical,
    number.number.subject,
    options.province ?? provinceOfNumber(number.number),
    config,
  );
  if (host !== '') filing.domains = [host];
  if (options.licenceNumber !== undefined) filing.licenceNumber = options.licenceNumber;
  const document = {
    url: url?.href ?? '',
    host,
    status: 200,
    contentType: options.contentType ?? null,
    charset,
    bytes: bytes.length,
    bodyDigest: '',
    facts,
  };
  const judgement = judgeOne(
    icpFooter,
    filing,
    { page: { ok: true, observedAt: now, tookMs: 0, value: { attempts: [], document } } },
    config,
    now,
  );
  const result = {
    facts: {
      icpNumbers: facts.icpNumbers.map(({ text, number: canonical, inFooter, href, link, placeholder }) => ({
        text,
        number: canonical,
        inFooter,
        href,
        link,
        placeholder,
      })),
      policeNumbers: facts.policeNumbers,
      licences: facts.licences,
      unseenNumbers: facts.unseenNumbers,
      title: facts.title,
      charset,
    },
    verdicts: [verdictRow(icpFooter, judgement)],
  };
  if (options.json === true) printJson(result);
  else {
    print(`title: ${facts.title}   charset: ${charset}`);
    for (const shown of result.facts.icpNumbers) {
      print(
        `number: ${shown.number}${shown.placeholder ? ' (placeholder)' : ''}   link: ${shown.link} ${shown.href ?? ''}   ${shown.inFooter ? 'in the footer' : 'not in the footer'}`,
      );
    }
    printJudgement(icpFooter, judgement);
  }
}

function auditRegistration(file: string, options: AuditOptions, config: Config, now: number): void {
  const bytes = readBytes(file);
  const utf8 = bytes.toString('utf8');
  const text = utf8.includes('\ufffd') ? new TextDecoder('gb18030').decode(bytes) : utf8;
  const facts = readRegistration(text);
  const domain = domainToASCII((options.domain ?? facts.domain ?? '').toLowerCase());
  const { found, expiresAt, createdAt, registrar, registrant, statuses, protocol } = facts;
  const filing = bareFiling('京ICP备00000000号', '京ICP备00000000号', options.province ?? '', config);
  filing.domains = domain === '' ? [] : [domain];
  const artifact = { ok: true as const, observedAt: now, tookMs: 0, value: readRegistration(text, domain) };
  const artifacts: Artifacts = {
    registration: {
      ok: true,
      observedAt: now,
      tookMs: 0,
      value: { domains: [{ domain, registry: 'file', artifact }] },
    },
  };
  const judgement = judgeOne(domainExpiry, filing, artifacts, config, now);
  const result = {
    facts: { found, expiresAt, createdAt, registrar, registrant, statuses, protocol },
    verdicts: [verdictRow(domainExpiry, judgement)],
  };
  if (options.json === true) printJson(result);
  else {
    for (const [key, value] of Object.entries(result.facts))
      print(`${key}: ${Array.isArray(value) ? value.join(', ') : String(value)}`);
    printJudgement(domainExpiry, judgement);
  }
}

function auditBundle(file: string, options: AuditOptions): void {
  let bundle: AuditBundle;
  try {
    bundle = JSON.parse(readBytes(file).toString('utf8')) as AuditBundle;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file}: not JSON: ${messageOf(error)}`, 'give a file made by patrol explain --export');
  }
  if (bundle.schema !== 1 || !Array.isArray(bundle.verdicts)) {
    throw new InputError(
      `${file}: no audit bundle (schema ${String(bundle.schema)})`,
      'give a file made by patrol explain --export',
    );
  }
  const results = rejudgeBundle(bundle, checks);
  const verdicts = results.map(({ checkId, stored, verdict, judgement, algorithmVersion }) => ({
    check: checkId,
    verdict,
    codes: judgement.findings.map(({ code }) => code),
    findings: judgement.findings.map((finding) => ({
      code: finding.code,
      title: fillText(findCheck(checkId)?.codes[finding.code]?.title.en ?? finding.code, finding),
    })),
    storedVerdict: stored,
    same: stored === verdict,
    algorithmVersion,
  }));
  if (options.json === true) {
    printJson({
      siteNumber: bundle.filing.siteNumber,
      observedAt: new Date(bundle.observedAt).toISOString(),
      rangesVersion: bundle.rangesVersion,
      verdicts,
    });
    return;
  }
  print(
    `${bundle.filing.siteNumber} as observed ${new Date(bundle.observedAt).toISOString()}, ranges ${bundle.rangesVersion}`,
  );
  for (const { check, verdict, storedVerdict, same, findings } of verdicts) {
    print(
      `  ${paintVerdict(verdict)} ${check}${same ? ' (as stored)' : ` (stored: ${storedVerdict}; the check has changed since)`}`,
    );
    for (const { code, title } of findings) print(`    ${code}: ${title}`);
  }
}

function bareFiling(siteNumber: string, subjectNumber: string, province: string, config: Config): Filing {
  const parsed = parseIcpNumber(siteNumber);
  return {
    siteNumber,
    subjectNumber,
    subjectKind: 'other',
    province,
    licenceNumber: null,
    domains: [],
    hosts: [],
    accessProvider: config.settings.accessProvider,
    product: null,
    filedAddresses: [],
    approvedAt: null,
    service: parsed.ok ? parsed.number.service : 'site',
  };
}

function judgeOne(
  check: CheckDefinition,
  filing: Filing,
  artifacts: Artifacts,
  config: Config,
  now: number,
): Judgement {
  const input: CheckInput = {
    filing,
    artifacts,
    policy: checkPolicy(config, filing.province, 'confirm'),
    stage: 'confirm',
    observedAt: now,
    whoseAddress: () => null,
    whoseName: () => null,
    knowsProvider: () => false,
    reference: referenceWith(config.data, () => null),
    rulings: [],
  };
  return runCheck(check, input);
}

function verdictRow(check: CheckDefinition, judgement: Judgement): { check: string; verdict: string; codes: string[] } {
  return { check: check.id, verdict: judgement.verdict, codes: judgement.findings.map(({ code }) => code) };
}

function printJudgement(check: CheckDefinition, judgement: Judgement): void {
  print(`${paintVerdict(judgement.verdict)} ${check.id}`);
  for (const finding of judgement.findings) {
    const code = check.codes[finding.code];
    if (code === undefined) continue;
    print(`  ${finding.code}: ${fillText(code.title.en, finding)}\n  ${fillText(code.remedy.zh, finding)}`);
  }
}
