import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { CaseDesk } from '../cases/desk.ts';
import { verifyHistory } from '../cases/history.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { STATES } from '../cases/moves.ts';
import type { Actor, CaseRecord, CaseState } from '../cases/types.ts';
import { InputError } from '../errors.ts';
import { keeperFor, openConfiguredLedger } from '../jobs/open-configured.ts';
import { caseDetail, caseSummary } from '../view/case-summary.ts';
import { caseText } from './case-output.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, positiveInteger, withCommon } from './context.ts';
import { beijing, deadlineText, EXIT, print, printJson, table } from './output.ts';
import { sitesForKey } from './select-sites.ts';

/** Options of commands that change a case. */
interface ActOptions extends CommonOptions {
  as?: string;
  owner?: boolean;
}

/** What a command works on. */
export interface CaseTools {
  keeper: CaseKeeper;
  desk: CaseDesk;
  now: number;
}

/** Open ledger and keeper for a command, and close them after it. */
export function withCases<T>(options: CommonOptions, environment: CliEnvironment, work: (tools: CaseTools) => T): T {
  const config = commandConfig(options, environment);
  const ledger = openConfiguredLedger(config);
  let result: T;
  try {
    const keeper = keeperFor(ledger, config);
    result = work({ keeper, desk: new CaseDesk(keeper), now: environment.now() });
  } catch (error) {
    ledger.close();
    throw error;
  }
  if (result instanceof Promise) return result.finally(() => ledger.close()) as T;
  ledger.close();
  return result;
}

/** Who acts: an admin by name, or the owner on the phone. */
export function actorOf(options: ActOptions): Actor {
  const name = options.as ?? process.env['PATROL_ADMIN'] ?? userInfo().username;
  return options.owner === true ? { kind: 'owner', name: `via ${name}` } : { kind: 'admin', name };
}

const withActor = (command: Command): Command =>
  withCommon(command).option('--as <name>', 'who you are, for the history (or PATROL_ADMIN; default: your login name)');

/** `patrol cases`. */
export function addCasesCommand(program: Command, environment: CliEnvironment): void {
  const cases = program.command('cases').description('remediation cases: deadlines, requests, approvals, history');
  addReading(cases, environment);
  addRequests(cases, environment);
  addJudgements(cases, environment);
  addStops(cases, environment);
  cases.addHelpText(
    'after',
    `
  patrol cases list --state open                    soonest deadline first
  patrol cases show 7GH2KQ4MPX                      findings, timeline, notices, acts
  patrol cases extend 7GH2KQ4MPX --days 5 --reason preparing-materials
  patrol cases approve 7GH2KQ4MPX                   enforcement that waits for you
  patrol cases appeal 7GH2KQ4MPX --reason filing-correct   then: cases judge --accept | --refuse
Exit codes: 1 also for a refused extension, and for a history that does not verify.
States and moves: docs/cases.md`,
  );
}

function addReading(cases: Command, environment: CliEnvironment): void {
  withCommon(cases.command('list'))
    .description('cases by state, soonest deadline first')
    .option('--state <state>', `one of: ${Object.keys(STATES).join(', ')}`)
    .option('--all', 'ended ones too')
    .option('--site <key>', 'cases of one domain or number')
    .option('--limit <n>', 'at most this many', positiveInteger, 100)
    .action((options: CommonOptions & { state?: string; all?: boolean; site?: string; limit: number }) =>
      withCases(options, environment, ({ keeper }) => {
        const records = selectCases(keeper, options);
        const rows = records.map((record) => caseSummary(keeper, record));
        if (options.json === true) return printJson(rows);
        if (rows.length === 0)
          return print(options.all === true ? 'no cases' : 'no open cases (--all lists ended ones too)');
        print(
          table(
            ['code', 'programme', 'number', 'domain', 'state', 'deadline (Beijing)', 'next'],
            rows.map((row) => [
              row.code,
              row.programme,
              row.number,
              row.domain ?? '',
              `${row.state}${row.dryRun ? ' (dry-run)' : ''}`,
              `${deadlineText(Date.parse(row.deadlineAt))}${row.deadlineProvisional ? ' provisional' : ''}`,
              row.next === null ? '-' : `${row.next.what} ${beijing(Date.parse(row.next.at))}`,
            ]),
          ),
        );
      }),
    );
  withCommon(cases.command('show <code>'))
    .description('one case: findings, timeline, notices, acts')
    .action((code: string, options: CommonOptions) =>
      withCases(options, environment, ({ keeper, desk }) => {
        const record = desk.find(code);
        if (options.json === true) printJson(caseDetail(keeper, record));
        else print(caseText(keeper, record));
      }),
    );
  withCommon(cases.command('verify [code]'))
    .description('check the hash chain of one history, or of all; exit code 1 when one was tampered with')
    .action((code: string | undefined, options: CommonOptions) =>
      withCases(options, environment, ({ keeper, desk }) => {
        const ids = code === undefined ? keeper.ledger.cases.ids() : [desk.find(code).id];
        let checked = 0;
        const broken: { code: string; problem: string }[] = [];
        for (const id of ids) {
          const record = keeper.ledger.cases.get(id) as CaseRecord;
          const problem = verifyHistory(keeper.ledger.cases.events(id), record);
          checked++;
          if (problem !== null) broken.push({ code: record.code, problem });
        }
        if (options.json === true) printJson({ checked, broken });
        else
          print(
            [
              `${checked} histories checked, ${broken.length} broken`,
              ...broken.map((one) => `  ${one.code}: ${one.problem}`),
            ].join('\n'),
          );
        if (broken.length > 0) process.exitCode = EXIT.failOn;
      }),
    );
}

function selectCases(
  keeper: CaseKeeper,
  options: { state?: string; all?: boolean; site?: string; limit: number },
): CaseRecord[] {
  const { cases } = keeper.ledger;
  if (options.state !== undefined && !(options.state in STATES))
    throw new InputError(`--state ${options.state}: no such state`, `give one of: ${Object.keys(STATES).join(', ')}`);
  if (options.site !== undefined)
    return sitesForKey(options.site, keeper.ledger).flatMap((siteId) => cases.ofSite(siteId, options.limit));
  const states = (Object.keys(STATES) as CaseState[]).filter((state) =>
    options.state === undefined ? options.all === true || STATES[state].terminal !== true : state === options.state,
  );
  return states
    .flatMap((state) => cases.inState(state, options.limit))
    .sort((a, b) => a.deadlineAt - b.deadlineAt)
    .slice(0, options.limit);
}

function addRequests(cases: Command, environment: CliEnvironment): void {
  withActor(cases.command('recheck <code>'))
    .description('ask the worker to look again now (R4.6)')
    .option('--owner', 'on the owner’s word: counts against the owner’s limit')
    .action((code: string, options: ActOptions) =>
      withCases(options, environment, ({ desk, now }) => {
        desk.askRecheck(code, actorOf(options), now);
        report(
          options,
          { code, asked: true },
          'a running worker looks at it within a second and writes the answer into the history (patrol start, or patrol scan, looks)',
        );
      }),
    );
  withActor(cases.command('extend <code>'))
    .description('ask for more time, judged at once (R4.4)')
    .requiredOption('--days <n>', 'working days, at most 5', Number)
    .requiredOption('--reason <reason>', 'a reason of config/programmes.yaml; "other" needs --text')
    .option('--text <text>', 'the reason in words', '')
    .option('--owner', 'on the owner’s word')
    .action((code: string, options: ActOptions & { days: number; reason: string; text: string }) =>
      withCases(options, environment, ({ desk, now }) => {
        const request = { reason: options.reason, description: options.text, workingDays: options.days };
        const judged = desk.askExtension(code, request, actorOf(options), now);
        report(
          options,
          { code, ...judged },
          judged.granted
            ? `granted: the deadline is now ${deadlineText(judged.deadlineAt)} (Beijing)`
            : `refused: ${judged.why.en}（${judged.why.zh}）`,
        );
        if (!judged.granted) process.exitCode = EXIT.failOn;
      }),
    );
  withActor(cases.command('appeal <code>'))
    .description('enter the owner’s appeal (R4.5): once a period, after restriction')
    .requiredOption('--reason <reason>', 'a reason of config/programmes.yaml; "other" needs --text')
    .option('--text <text>', 'what the owner says', '')
    .option('--owner', 'on the owner’s word')
    .action((code: string, options: ActOptions & { reason: string; text: string }) =>
      withCases(options, environment, ({ keeper, desk, now }) => {
        const record = desk.appeal(code, { reason: options.reason, description: options.text }, actorOf(options), now);
        report(
          options,
          caseSummary(keeper, record),
          `received; to be judged until ${deadlineText(record.reviewDueAt ?? 0)} (Beijing): patrol cases judge ${code} --accept | --refuse --reason "…"`,
        );
      }),
    );
}

function addJudgements(cases: Command, environment: CliEnvironment): void {
  const decide = (
    name: string,
    description: string,
    work: (tools: CaseTools, code: string, reason: string, actor: Actor) => CaseRecord,
    withReason = true,
  ): Command => {
    const command = withActor(cases.command(`${name} <code>`)).description(description);
    if (withReason)
      command.requiredOption('--reason <text>', 'why; goes into the history (and to the owner where one is told)');
    return command.action((code: string, options: ActOptions & { reason?: string }) =>
      withCases(options, environment, (tools) => {
        const record = work(tools, code, options.reason ?? '', actorOf(options));
        report(
          options,
          caseSummary(tools.keeper, record),
          `case ${record.code}: ${name === 'note' || name === 'told' ? 'noted; it stays' : 'it is now'} ${record.state} (${STATES[record.state].zh})`,
        );
      }),
    );
  };
  withActor(cases.command('judge <code>'))
    .description('judge an appeal; the reason goes to the owner')
    .option('--accept', 'access comes back for a time')
    .option('--refuse', 'it stays restricted')
    .requiredOption('--reason <text>', 'why')
    .action((code: string, options: ActOptions & { accept?: boolean; refuse?: boolean; reason: string }) =>
      withCases(options, environment, ({ keeper, desk, now }) => {
        if ((options.accept === true) === (options.refuse === true))
          throw new InputError(
            'cases judge: give either --accept or --refuse',
            'patrol cases show CODE tells what the owner said',
          );
        const record = desk.judgeAppeal(code, options.accept === true, options.reason, actorOf(options), now);
        report(options, caseSummary(keeper, record), `case ${record.code} is now ${record.state}`);
      }),
    );
  decide(
    'approve',
    'approve what is asked: restricting, or (irrevocably) cancelling access',
    ({ desk, now }, code, _, actor) => desk.approve(code, actor, now),
    false,
  );
  decide(
    'decline',
    'decline what is asked; it is asked again in three working days',
    ({ desk, now }, code, reason, actor) => desk.decline(code, reason, actor, now),
  );
  decide(
    'waive',
    'end a case without judgement; what was restricted is given back',
    ({ desk, now }, code, reason, actor) => desk.waive(code, reason, actor, now),
  );
  decide(
    'restore',
    'give access back for a time, so that the site can be looked at',
    ({ desk, now }, code, reason, actor) => desk.restore(code, reason, actor, now),
  );
  decide(
    'told',
    'the owner was told in another way (a call): from here on the deadline counts',
    ({ desk, now }, code, reason, actor) => desk.told(code, reason, actor, now),
  );
  decide('note', 'put a remark into the history', ({ desk, now }, code, reason, actor) =>
    desk.note(code, reason, actor, now),
  );
  withActor(cases.command('deadline <code> <date>'))
    .description('move a deadline to the end of a Beijing date')
    .requiredOption('--reason <text>', 'why; goes to the owner')
    .action((code: string, date: string, options: ActOptions & { reason: string }) =>
      withCases(options, environment, ({ keeper, desk, now }) => {
        const record = desk.moveDeadline(code, date, options.reason, actorOf(options), now);
        report(
          options,
          caseSummary(keeper, record),
          `the deadline is now ${deadlineText(record.deadlineAt)} (Beijing)`,
        );
      }),
    );
}

/** `hold`, `release` and `holds` of an emergency stop; the same under `cases` (enforcement) and `notices`. */
export function addHold(
  parent: Command,
  environment: CliEnvironment,
  key: 'notices' | 'enforcement',
  what: string,
): void {
  withActor(parent.command(key === 'notices' ? 'hold' : 'hold-enforcement'))
    .description(`stop ${what} until it is released`)
    .requiredOption('--reason <text>', 'why')
    .action((options: ActOptions & { reason: string }) =>
      withCases(options, environment, ({ keeper, now }) => {
        keeper.ledger.enforcements.hold(key, options.reason, actorOf(options).name, now);
        report(
          options,
          { hold: key, since: now },
          `${what} is stopped; patrol ${key === 'notices' ? 'notices release' : 'cases release-enforcement'} lets it go on`,
        );
      }),
    );
  withActor(parent.command(key === 'notices' ? 'release' : 'release-enforcement'))
    .description(`let ${what} go on after a stop`)
    .action((options: ActOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        const released = keeper.ledger.release(key, now);
        report(options, { hold: key, released }, released ? `${what} goes on` : `${what} was not stopped`);
      }),
    );
}

function addStops(cases: Command, environment: CliEnvironment): void {
  addHold(cases, environment, 'enforcement', 'enforcement');
}

/** One JSON document, or one line. */
export function report(options: CommonOptions, value: unknown, line: string): void {
  if (options.json === true) printJson(value);
  else print(line);
}
