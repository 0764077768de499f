import type { Command } from 'commander';
import { fillText } from '../checks/conclude.ts';
import { findCheck } from '../checks/index.ts';
import { InputError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Review } from '../ledger/reviews-store.ts';
import { SuspicionDesk } from '../programmes/suspicions.ts';
import { actorOf, withCases } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, positiveInteger, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';

const STATES = ['waiting', 'confirmed', 'dismissed', 'gone'] as const;

/** `patrol suspicions`. */
export function addSuspicionsCommand(program: Command, environment: CliEnvironment): void {
  const suspicions = program
    .command('suspicions')
    .description('what word lists and heuristics suspect: nothing follows before a human rules')
    .addHelpText(
      'after',
      `
  patrol suspicions list                          those that wait, oldest first
  patrol suspicions show 12                       with the matched words and where they stand
  patrol suspicions confirm 12 --reason "a shop"  it weighs as a failure from now on; a case opens once it is seen again
  patrol suspicions dismiss 12 --reason "a blog"  a note from now on, until something else is suspected`,
    );
  withCommon(suspicions.command('list'))
    .description('suspicions in a state')
    .option('--state <state>', `one of: ${STATES.join(', ')}`, 'waiting')
    .option('--limit <n>', 'at most this many', positiveInteger, 100)
    .action((options: CommonOptions & { state: string; limit: number }) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const state = STATES.find((one) => one === options.state);
        if (state === undefined)
          throw new InputError(`--state ${options.state}: no such state`, `one of ${STATES.join(', ')}`);
        const rows = ledger.reviews.inState(state, options.limit).map((one) => summary(ledger, one));
        if (options.json === true) return printJson(rows);
        if (rows.length === 0) return print(`no suspicions are ${state}`);
        print(
          table(
            ['id', 'site', 'domain', 'check', 'suspected', 'since'],
            rows.map((row) => [
              String(row.id),
              row.siteNumber,
              row.domain,
              row.check,
              row.title.en,
              beijing(row.askedAt),
            ]),
          ),
        );
      }),
    );
  withCommon(suspicions.command('show <id>'))
    .description('one suspicion with its evidence')
    .action((id: string, options: CommonOptions) =>
      withCases(options, environment, ({ keeper: { ledger } }) => {
        const review = ledger.reviews.get(Number(id));
        if (review === null) throw new InputError(`no suspicion ${id}`, 'patrol suspicions list shows them');
        const row = {
          ...summary(ledger, review),
          evidence: review.evidence,
          ruledBy: review.ruledBy,
          reason: review.reason,
        };
        if (options.json === true) return printJson(row);
        print(`${row.siteNumber} ${row.domain}: ${row.title.en}\n${row.title.zh}`);
        for (const { label, value } of review.evidence) print(`  ${label}: ${value}`);
        print(`remedy, were it confirmed: ${row.remedy.en}\n  told to the owner: ${row.remedy.zh}`);
        print(
          review.state === 'waiting'
            ? `waits since ${beijing(review.askedAt)}`
            : `${review.state} by ${review.ruledBy}: ${review.reason}`,
        );
      }),
    );
  for (const [name, ruling, about] of [
    ['confirm', 'confirmed', 'it is so: the finding weighs as a failure'],
    ['dismiss', 'dismissed', 'it is not so: the finding becomes a note'],
  ] as const)
    withCommon(suspicions.command(`${name} <id>`))
      .description(about)
      .requiredOption('--reason <text>', 'stands in the evidence; no personal data')
      .option('--as <name>', 'who you are (or PATROL_ADMIN; default: your login name)')
      .action((id: string, options: CommonOptions & { reason: string; as?: string }) =>
        withCases(options, environment, ({ keeper: { ledger }, now }) => {
          const by = actorOf(options).name;
          const before = ledger.reviews.get(Number(id));
          const review = new SuspicionDesk(ledger).rule(Number(id), ruling, by, options.reason, now);
          if (options.json === true) printJson(summary(ledger, review));
          else {
            if (before?.ruledBy != null) print(`it was ${before.state} by ${before.ruledBy}: ${before.reason}`);
            print(`suspicion ${id} is ${ruling} by ${by}; a running worker looks at the site again at once`);
          }
        }),
      );
}

function summary(ledger: Ledger, review: Review) {
  const site = ledger.filings.load(review.siteId);
  const code = findCheck(review.checkId)?.codes[review.code];
  const texts = (text: { zh: string; en: string } | undefined) => ({
    zh: fillText(text?.zh ?? review.code, review),
    en: fillText(text?.en ?? review.code, review),
  });
  return {
    id: review.id,
    siteNumber: site?.filing.siteNumber ?? '',
    domain: site?.filing.domains[0] ?? '',
    check: review.checkId,
    code: review.code,
    state: review.state,
    title: texts(code?.title),
    remedy: texts(code?.remedy),
    askedAt: review.askedAt,
  };
}
