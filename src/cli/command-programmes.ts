import type { Command } from 'commander';
import { beijingDate, isDate } from '../calendar/beijing-time.ts';
import { InputError } from '../errors.ts';
import { readRawRows } from '../filing/read-rows.ts';
import type { CampaignSiteState } from '../ledger/campaigns-store.ts';
import { AnnualReview, type CampaignDraft } from '../programmes/annual-review.ts';
import { applyRevocations, importBureauList, MAX_REVOCATIONS } from '../programmes/bureau-import.ts';
import { OrderCleanup } from '../programmes/order-cleanup.ts';
import { deletionOn, type OrderState, toldOf } from '../programmes/order-clock.ts';
import { missingColumns, ORDER_COLUMNS, type RowFault, readOrder } from '../programmes/read-orders.ts';
import { withCases } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, positiveInteger, withCommon } from './context.ts';
import { beijing, EXIT, paint, print, printJson, table } from './output.ts';
import { sitesForKey } from './select-sites.ts';

/** Say which rows were not taken, and end with exit code 2 when there are any. */
function printFaults(faults: readonly RowFault[]): void {
  for (const { row, field, value, remedy } of faults.slice(0, 20))
    print(
      paint('yellow', `  row ${row}, ${field}: ${value === undefined || value === '' ? '(empty)' : value} → ${remedy}`),
    );
  if (faults.length > 20) print(`  … and ${faults.length - 20} more (--json lists them all)`);
  if (faults.length > 0) process.exitCode = EXIT.badInput;
}

/** `patrol bureau`: the bureau's own list (R15). */
export function addBureauCommand(program: Command, environment: CliEnvironment): void {
  const bureau = program
    .command('bureau')
    .description("the bureau's own list of numbers: alive, revoked, whose")
    .addHelpText(
      'after',
      `
  patrol bureau import list.csv --as-of 2026-11-20   columns: 备案号, 状态 (正常 / 注销), 主办单位名称
  patrol bureau apply --dry-run                      sites whose number is revoked
  patrol bureau apply                                end their re-checks and cases
  patrol bureau empty-subjects                       subjects that have no site left`,
    );
  withCommon(bureau.command('import <file>'))
    .description('take a list over (CSV, XLSX or NDJSON); an older list never undoes a newer one')
    .option('--as-of <date>', 'date of the list, where it has no column for it', beijingDate(environment.now()))
    .action((file: string, options: CommonOptions & { asOf: string }) =>
      withCases(options, environment, async ({ keeper: { ledger }, now }) => {
        if (!isDate(options.asOf) || options.asOf > beijingDate(now))
          throw new InputError(`--as-of ${options.asOf}: no date, or in the future`, 'write it as YYYY-MM-DD');
        const summary = await importBureauList(file, ledger, { asOf: options.asOf, now });
        if (options.json === true) printJson(summary);
        else {
          const same = summary.rows - summary.changed - summary.rejected.length;
          print(
            `${summary.rows} rows as of ${options.asOf}: ${summary.changed} new or changed, ${same} known already or older than what is known, ${summary.rejected.length} rejected`,
          );
        }
        if (options.json !== true) printFaults(summary.rejected);
        else if (summary.rejected.length > 0) process.exitCode = EXIT.badInput;
        const { sites } = applyRevocations(ledger, { dryRun: true, max: MAX_REVOCATIONS, now });
        if (sites.length > 0 && options.json !== true)
          print(
            `${sites.length > MAX_REVOCATIONS ? `more than ${MAX_REVOCATIONS}` : sites.length} active sites have a revoked number: patrol bureau apply --dry-run`,
          );
      }),
    );
  withCommon(bureau.command('apply'))
    .description('active sites whose number the bureau revoked leave: their re-checks and cases end (R15)')
    .option('--dry-run', 'show them, change nothing')
    .option('--max <n>', 'more than this at once change nothing', positiveInteger, MAX_REVOCATIONS)
    .action((options: CommonOptions & { dryRun?: boolean; max: number }) =>
      withCases(options, environment, ({ keeper: { ledger }, now }) => {
        const { sites, stopped } = applyRevocations(ledger, { dryRun: options.dryRun === true, max: options.max, now });
        if (stopped)
          throw new InputError(
            `more than ${options.max} sites would leave: nothing was changed`,
            'look at the list; if it is right, give a larger --max',
          );
        if (options.json === true) return printJson(sites);
        for (const { siteNumber, asOf } of sites) print(`${siteNumber}  revoked by the list of ${asOf}`);
        print(
          `${sites.length} site(s) ${options.dryRun === true ? 'would be ended' : 'ended: they are not re-checked any more'}`,
        );
      }),
    );
  withCommon(bureau.command('empty-subjects'))
    .description('subjects all of whose sites are revoked (空壳主体): they can be revoked too (R15)')
    .option('--limit <n>', 'at most this many', positiveInteger, 200)
    .action((options: CommonOptions & { limit: number }) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const subjects = ledger.bureau.emptySubjects(options.limit);
        if (options.json === true) return printJson(subjects);
        if (subjects.length === 0) return print('no subject is empty');
        print(
          table(
            ['subject', 'name', 'revoked sites', 'since'],
            subjects.map(({ subjectNumber, name, sites, since }) => [
              subjectNumber,
              name,
              String(sites),
              beijingDate(since),
            ]),
          ),
        );
      }),
    );
  withCommon(bureau.command('show'))
    .description('how much of the list is known')
    .action((options: CommonOptions) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const size = ledger.bureau.size();
        if (options.json === true) printJson(size);
        else print(`${size.numbers} numbers, ${size.revoked} revoked, newest row of ${size.asOf ?? '-'}`);
      }),
    );
}

/** `patrol campaigns`: annual reviews (R10). */
export function addCampaignsCommand(program: Command, environment: CliEnvironment): void {
  const campaigns = program
    .command('campaigns')
    .description('annual reviews of a province: dates, reports by SMS, publicity and revocation lists')
    .addHelpText(
      'after',
      `
  patrol campaigns create 湖北省2026年度核查 --province 湖北 --provider-code 001 --report-to 106509719767 \\
      --opens 2027-01-10 --closes 2027-03-31 --letters-until 2027-05-31
  patrol campaigns sites 湖北省2026年度核查 --state publicity --json    the list to publish
  patrol campaigns publish 湖北省2026年度核查                         it is public now: tell those on it
  patrol campaigns revoke 湖北省2026年度核查                          the bureau has the revocation list: tell those on it
  patrol campaigns receive --mobile 13800000000 --text '#001#鄂ICP备2021000001号-1#已更新#'
  patrol campaigns letter 湖北省2026年度核查 example.cn                a letter of commitment came`,
    );
  withCommon(campaigns.command('create <name>'))
    .description('plan a campaign; sites of the province join when it opens, and are told')
    .requiredOption('--province <name>', 'in Chinese, like 湖北')
    .requiredOption('--provider-code <code>', 'our code at the bureau, as owners must write it')
    .requiredOption('--report-to <number>', 'the number owners send their SMS to')
    .requiredOption('--opens <date>', 'first day, YYYY-MM-DD')
    .requiredOption('--closes <date>', 'last day')
    .requiredOption('--letters-until <date>', 'last day for letters of commitment')
    .action((name: string, options: CommonOptions & Record<string, string>) =>
      withCases(options, environment, async ({ keeper, now }) => {
        const draft: CampaignDraft = {
          name,
          province: String(options['province']),
          providerCode: String(options['providerCode']),
          reportTo: String(options['reportTo']),
          opensOn: String(options['opens']),
          closesOn: String(options['closes']),
          lettersUntil: String(options['lettersUntil']),
        };
        const campaign = await new AnnualReview(keeper).create(draft, now);
        if (options.json === true) printJson(campaign);
        else {
          const sites = keeper.ledger.campaigns.totals(campaign.id).reduce((sum, { count }) => sum + count, 0);
          print(`campaign ${name} is ${campaign.state} with ${sites} site(s); next at ${beijing(campaign.dueAt)}`);
        }
      }),
    );
  withCommon(campaigns.command('list'))
    .description('campaigns with their figures')
    .action((options: CommonOptions) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const rows = ledger.campaigns.all().map((one) => ({
          ...one,
          sites: Object.fromEntries(ledger.campaigns.totals(one.id).map(({ state, count }) => [state, count])),
        }));
        if (options.json === true) return printJson(rows);
        if (rows.length === 0) return print('no campaigns');
        print(
          table(
            ['name', 'province', 'opens', 'closes', 'letters until', 'state', 'sites'],
            rows.map((row) => [
              row.name,
              row.province,
              row.opensOn,
              row.closesOn,
              row.lettersUntil,
              row.state,
              Object.entries(row.sites)
                .map(([state, count]) => `${state} ${count}`)
                .join(', ') || '-',
            ]),
          ),
        );
      }),
    );
  withCommon(campaigns.command('sites <name>'))
    .description('sites of a campaign in a state: the lists for publicity and revocation')
    .option('--state <state>', 'owed, reported, publicity, letter, revocation or done', 'owed')
    .action((name: string, options: CommonOptions & { state: string }) =>
      withCases(options, environment, ({ keeper }) => {
        const states: CampaignSiteState[] = ['owed', 'reported', 'publicity', 'letter', 'revocation', 'done'];
        const state = states.find((one) => one === options.state);
        if (state === undefined)
          throw new InputError(`--state ${options.state}: no such state`, `one of ${states.join(', ')}`);
        const rows = [...keeper.ledger.campaigns.sites(new AnnualReview(keeper).find(name).id, state)];
        if (options.json === true) return printJson(rows);
        for (const row of rows)
          print(
            `${row.siteNumber}  ${row.siteName}  ${row.subjectName}${row.reported === null ? '' : `  ${row.reported}`}`,
          );
        print(`${rows.length} site(s) ${state}`);
      }),
    );
  withCommon(campaigns.command('publish <name>'))
    .description('the publicity list is public now: its owners are told, and the month until revocation runs (R10)')
    .action((name: string, options: CommonOptions) =>
      withCases(options, environment, async ({ keeper, now }) => {
        const count = await new AnnualReview(keeper).publish(name, now);
        if (options.json === true) printJson({ published: name, sites: count });
        else print(`${count} site(s) are on the public list of ${name}`);
      }),
    );
  withCommon(campaigns.command('revoke <name>'))
    .description('the bureau has the list of those to be revoked: its owners are told (R10)')
    .action((name: string, options: CommonOptions) =>
      withCases(options, environment, async ({ keeper, now }) => {
        const count = await new AnnualReview(keeper).revoke(name, now);
        if (options.json === true) printJson({ revoked: name, sites: count });
        else
          print(`${count} site(s) are on the revocation list of ${name}; once the bureau did it: patrol bureau import`);
      }),
    );
  withCommon(campaigns.command('cancel <name>'))
    .description('call it off: nothing is asked, told or listed any more')
    .action((name: string, options: CommonOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        const campaign = new AnnualReview(keeper).cancel(name, now);
        if (options.json === true) printJson(campaign);
        else print(`campaign ${name} is cancelled; what was not sent yet is not sent`);
      }),
    );
  withCommon(campaigns.command('receive'))
    .description('take an SMS by hand, as the inbound endpoint would')
    .requiredOption('--mobile <number>', 'who sent it')
    .requiredOption('--text <text>', 'what it says')
    .action((options: CommonOptions & { mobile: string; text: string }) =>
      withCases(options, environment, ({ keeper, now }) => {
        const { mobile, text } = options;
        const outcome = new AnnualReview(keeper).receive(
          { source: 'cli', externalId: null, mobile, text, receivedAt: now },
          now,
        );
        const [kept] = keeper.ledger.campaigns.inboundRecent(1);
        const detail = outcome === 'duplicate' ? 'taken before' : (kept?.detail ?? '');
        if (options.json === true) printJson({ outcome, detail });
        else print(`${outcome}: ${detail}`);
        if (outcome !== 'reported') process.exitCode = EXIT.badInput;
      }),
    );
  withCommon(campaigns.command('letter <name> <site>'))
    .description('a letter of commitment came for a site (domain or number)')
    .action((name: string, site: string, options: CommonOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        for (const siteId of sitesForKey(site, keeper.ledger)) new AnnualReview(keeper).letter(name, siteId, now);
        if (options.json === true) printJson({ letter: site });
        else print(`${site}: the letter is entered; it is off the list`);
      }),
    );
  withCommon(campaigns.command('inbox'))
    .description('SMS that came in, with what became of them')
    .option('--limit <n>', 'at most this many', positiveInteger, 50)
    .action((options: CommonOptions & { limit: number }) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const rows = ledger.campaigns.inboundRecent(options.limit).map(({ mobile, ...row }) => ({
          ...row,
          mobile: mobile.length < 11 ? mobile : `${mobile.slice(0, 3)}****${mobile.slice(-4)}`,
        }));
        if (options.json === true) return printJson(rows);
        for (const row of rows) print(`${beijing(row.receivedAt)}  ${row.mobile}  ${row.outcome}  ${row.body}`);
        print(`${rows.length} message(s)`);
      }),
    );
}

/** `patrol orders`: filing orders (R11). */
export function addOrdersCommand(program: Command, environment: CliEnvironment): void {
  const orders = program
    .command('orders')
    .description('filing orders: 45 days, notices at 30 and 40, invalid ones')
    .addHelpText(
      'after',
      `
  patrol orders import orders.csv          columns: 订单号, 备案类型, 创建日期, 域名, 联系人, 联系电话, 邮箱, 状态
  patrol orders list --state deleted       what the order system is to delete`,
    );
  withCommon(orders.command('import <file>'))
    .description('take orders over (CSV, XLSX or NDJSON); the same order again updates it')
    .action((file: string, options: CommonOptions) =>
      withCases(options, environment, async ({ keeper, now }) => {
        const faults: RowFault[] = [];
        let taken = 0;
        for await (const row of readRawRows(file)) {
          const missing =
            taken + faults.length === 0 && 'cells' in row
              ? missingColumns(Object.keys(row.cells), ORDER_COLUMNS)
              : null;
          if (missing !== null)
            throw new InputError(
              `${file}: ${missing}`,
              'name the columns 订单号, 备案类型 and 创建日期, or by their English names',
            );
          const read =
            'broken' in row
              ? { ok: false as const, fault: { row: row.line, field: '(row)', remedy: row.broken.remedy } }
              : readOrder(row.cells, row.line, now);
          if (!read.ok) faults.push(read.fault);
          else {
            keeper.ledger.orders.put(read.order, now);
            taken++;
          }
        }
        await new OrderCleanup(keeper).tick(now);
        if (options.json === true) printJson({ taken, rejected: faults });
        else print(`${taken} orders taken, ${faults.length} rejected`);
        if (options.json !== true) printFaults(faults);
        else if (faults.length > 0) process.exitCode = EXIT.badInput;
      }),
    );
  withCommon(orders.command('list'))
    .description('orders in a state, oldest first')
    .option('--state <state>', 'open, invalid, deleted or done', 'open')
    .option('--limit <n>', 'at most this many', positiveInteger, 200)
    .action((options: CommonOptions & { state: string; limit: number }) =>
      withCases(options, environment, ({ keeper: { ledger, rules } }) => {
        const states: OrderState[] = ['open', 'invalid', 'deleted', 'done'];
        const state = states.find((one) => one === options.state);
        if (state === undefined)
          throw new InputError(`--state ${options.state}: no such state`, `one of ${states.join(', ')}`);
        // Who the contact is stays in the ledger.
        const rows = ledger.orders.inState(state, options.limit).map(({ contact: _, ...row }) => ({
          ...row,
          deletionOn: deletionOn({ ...row, told: toldOf(row.told, rules.settings.orders.live) }, environment.now()),
        }));
        if (options.json === true) return printJson(rows);
        if (rows.length === 0) return print(`no orders are ${state}`);
        print(
          table(
            ['order', 'kind', 'created', 'touched', 'deleted on', 'domains', 'why'],
            rows.map((row) => [
              row.orderNumber,
              row.kind,
              row.createdOn,
              row.touchedOn,
              row.deletionOn,
              row.domains.join(' '),
              row.reason ?? '',
            ]),
          ),
        );
      }),
    );
}
