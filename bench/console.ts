/**
 * `node bench/console.ts [--sites 1000000] [--cases 50000] [--keep FOLDER]`: how long the console's pages take at the server, over a
 * small ledger and over a national one, side by side in one run. Prints a table and writes `bench/results/console.md`.
 */
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { CaseKeeper } from '../src/cases/keeper.ts';
import { loadConfig, mergeSettings } from '../src/config.ts';
import { keeperFor, loadConfiguredRanges, openConfiguredLedger } from '../src/jobs/open-configured.ts';
import { FiguresCounter } from '../src/ledger/figures.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import { createLogger } from '../src/log.ts';
import { hashPassword } from '../src/web/console/passwords.ts';
import { startConsole } from '../src/web/console/server.ts';
import { fillLedger } from './fill-ledger.ts';

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '1000000' },
    cases: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '20' },
    keep: { type: 'string' },
  },
});
const ROUNDS = Number(values.rounds);
const GOAL_MS = 100;
const PASSWORD = 'bench only, 12 and more';
const NOW = Date.parse('2026-11-23T03:00:00Z');

const note = (text: string): void => void process.stderr.write(`${text}\n`);

interface Opened {
  ledger: Ledger;
  keeper: CaseKeeper;
  times: Map<string, number[]>;
  size: number;
}

/** Build (or open) a ledger and time every page over it. */
async function measure(folder: string, sites: number, cases: number): Promise<Opened> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `ledger-${sites}-${cases}.db`);
  const config = loadConfig({
    env: {},
    overrides: mergeSettings({ ledger: { path }, log: { level: 'silent' } }, { console: { port: 0 } }) as object,
  });
  const fresh = !existsSync(path);
  const ledger = openConfiguredLedger(config);
  const keeper = keeperFor(ledger, config);
  if (fresh) {
    const started = performance.now();
    fillLedger(ledger, keeper, {
      sites,
      cases,
      now: NOW,
      onStep: (what) => note(`  ${what} ${Math.round((performance.now() - started) / 1000)} s`),
    });
  }
  const now = (): number => NOW;
  const figures = new FiguresCounter(path, now, (error) => {
    throw error;
  });
  const counting = performance.now();
  await figures.refresh();
  note(`  whole-ledger figures counted by their thread in ${Math.round(performance.now() - counting)} ms`);
  if (ledger.admins.byName('bench') === null)
    ledger.admins.insert(
      {
        name: 'bench',
        role: 'approver',
        language: 'zh',
        passwordHash: await hashPassword(PASSWORD),
        oidcSubject: null,
      },
      NOW,
    );
  const log = createLogger('silent');
  const console = await startConsole({
    ...config.settings.console,
    keeper,
    ledger,
    config,
    ranges: loadConfiguredRanges(config),
    figures,
    log,
    now,
    pollMs: 0,
    queueWaitMs: 500,
    queues: [],
    worker: { kind: 'none', lastTickAt: now, queues: async () => ({}) },
  });
  const signIn = await fetch(`${console.address}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: console.address, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ name: 'bench', password: PASSWORD }),
  });
  const cookie = (signIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const times = new Map<string, number[]>();
  for (const [name, path_] of pagesOf(ledger)) {
    const own: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const begun = performance.now();
      const answer = await fetch(`${console.address}${path_}`, { headers: { cookie }, redirect: 'manual' });
      // Of a whole list written to a file: its first bytes, as it is made while it is sent.
      if (path_.includes('/export.')) {
        const reader = answer.body?.getReader();
        await reader?.read();
        own.push(performance.now() - begun);
        await reader?.cancel();
      } else {
        await answer.text();
        own.push(performance.now() - begun);
      }
      if (answer.status !== 200) throw new Error(`${path_}: ${answer.status}`);
    }
    times.set(name, own);
  }
  const session = cookie.split('=')[1] ?? '';
  for (const { name, path: path_, fields, status } of formsOf(ledger)) {
    const own: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const form = createHmac('sha256', session).update(`form ${path_}`).digest('base64url');
      const body = new URLSearchParams([['form', form], ...fields(round)]);
      const begun = performance.now();
      const answer = await fetch(`${console.address}${path_}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, origin: console.address, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
      await answer.text();
      own.push(performance.now() - begun);
      if (answer.status !== status) throw new Error(`${path_}: ${answer.status}`);
    }
    times.set(name, own);
  }
  await console.close();
  await figures.close();
  const size = (
    ledger.connection.sqlite
      .prepare('SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()')
      .get() as { size: number }
  ).size;
  ledger.close();
  return { ledger, keeper, times, size };
}

/** Every page, and the filters that are hardest for each index. */
function pagesOf(ledger: Ledger): [name: string, path: string][] {
  const all = ledger.size().sites;
  const code = ledger.cases.pageInState('open', null, { deadlineAt: 0, id: 0 }, 1)[0]?.code ?? '';
  const notice = ledger.outbox.notices(null, 1)[0]?.id ?? 1;
  const subject = encodeURIComponent(ledger.contacts.subject(1)?.subjectNumber ?? '');
  const middle = Math.floor(all / 2);
  const zh = encodeURIComponent;
  return [
    ['overview', '/'],
    ['overview: has it changed?', '/overview/mark'],
    ['sites', '/sites'],
    ['sites, a page from the middle', `/sites?after=${middle}.${middle}`],
    ['sites by domain', '/sites?text=site-7777'],
    ['sites by a part of the subject’s name', `/sites?text=${zh('科技有限公司')}`],
    ['sites by two characters', `/sites?text=${zh('北京')}`],
    ['sites that fail', '/sites?verdict=fail'],
    ['sites that pass one check', '/sites?verdict=pass&check=site-name'],
    ['sites of a small province', `/sites?province=${zh('西藏')}`],
    [
      'sites of a small province that pass one check (searched to the budget)',
      `/sites?province=${zh('西藏')}&verdict=pass&check=site-name`,
    ],
    ['sites of a provider nobody has (searched to the end)', '/sites?provider=nobody&state=active'],
    ['sites whose access was cancelled', '/sites?state=access-cancelled'],
    ['site', `/sites/${middle}`],
    ['site: has it changed?', `/sites/${middle}/mark`],
    ['cases', '/cases'],
    ['cases of one programme and stage', '/cases?state=open&programme=special-verification'],
    ['cases by subject', `/cases?text=${zh('科技有限公司')}`],
    ['cases by a code that is none', '/cases?text=0000000000'],
    ['cases on the board', '/cases/board'],
    ['cases of one programme on the board', '/cases/board?programme=special-verification'],
    ['export of sites that fail (its first bytes)', '/sites/export.csv?verdict=fail'],
    ['export of all cases (its first bytes)', '/cases/export.ndjson?state=all'],
    ['case', `/cases/${code}`],
    ['suspicions', '/suspicions'],
    ['notices', '/notices'],
    ['notices to a subject', `/notices?text=${zh('科技有限公司')}`],
    ['notices that are stuck', '/notices?state=stuck'],
    ['notice', `/notices/${notice}`],
    ['contacts', `/contacts?text=${zh('科技有限公司')}`],
    ['contacts of a subject', `/contacts/${subject}`],
    ['imports', '/imports'],
    ['import, with ten thousand rejects', `/imports/${ledger.imports.recent(null, 1)[0]?.id ?? 1}`],
    ['sweeps', '/sweeps'],
    ['ranges', '/ranges?address=47.92.0.10'],
    ['configuration', '/configuration'],
    ['audit log', '/audit'],
    ['API keys and webhooks', '/access'],
    ['account', '/account'],
  ];
}

/** Forms that do much: a preview changes nothing, a moved deadline can be moved again. */
function formsOf(
  ledger: Ledger,
): { name: string; path: string; fields: (round: number) => [string, string][]; status: number }[] {
  const codes = (count: number): [string, string][] =>
    ledger.cases.page(['open', 'extended'], null, null, count).records.map(({ code }) => ['case', code]);
  const deadline = (round: number, count: number): [string, string][] => [
    ['act', 'deadline'],
    ['date', `2026-12-${20 + (round % 2)}`],
    ['reason', 'bench'],
    ...codes(count),
  ];
  return [
    {
      name: 'preview of a rescan of what fails',
      path: '/sites/rescan/preview',
      fields: () => [['query', 'verdict=fail']],
      status: 200,
    },
    {
      name: 'preview of a rescan of all',
      path: '/sites/rescan/preview',
      fields: () => [['query', '']],
      status: 200,
    },
    {
      name: 'preview of an act on a page of cases (≤ 50)',
      path: '/cases/bulk',
      fields: (round) => deadline(round, 50),
      status: 200,
    },
    {
      name: 'the act itself, on a page of cases (≤ 50)',
      path: '/cases/bulk/apply',
      fields: (round) => deadline(round, 50),
      status: 303,
    },
  ];
}

const quantile = (values_: number[], share: number): number => {
  const sorted = [...values_].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
};

async function main(): Promise<void> {
  const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'patrol-bench-'));
  const sites = Number(values.sites);
  const cases = Number(values.cases);
  try {
    note('a small ledger: 1,000 sites, 50 cases');
    const small = await measure(folder, 1000, 50);
    note(`a national one: ${sites.toLocaleString('en')} sites, ${cases.toLocaleString('en')} cases`);
    const large = await measure(folder, sites, cases);
    const rows = [...large.times].map(([name, times]) => {
      const before = small.times.get(name) ?? [];
      const median = quantile(times, 0.5);
      return {
        name,
        small: quantile(before, 0.5),
        median,
        p95: quantile(times, 0.95),
        first: times[0] ?? 0,
        worst: Math.max(...times),
      };
    });
    const over = rows.filter(({ p95, first }) => p95 >= GOAL_MS || first >= GOAL_MS);
    const text = [
      `# Console pages: server time`,
      ``,
      `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}; whole requests over loopback, ${ROUNDS} each, one at a time, in one run.`,
      `Small: 1,000 sites and 50 cases. Large: ${sites.toLocaleString('en')} sites (13 checks each) and ${cases.toLocaleString('en')} cases, ${(large.size / 1e9).toFixed(1)} GB. Goal: under ${GOAL_MS} ms, the first request included.`,
      ``,
      `| page | small, median ms | large, median ms | ratio | large, p95 | large, first |`,
      `| --- | ---: | ---: | ---: | ---: | ---: |`,
      ...rows.map(
        ({ name, small: one, median, p95, first }) =>
          `| ${name} | ${one.toFixed(1)} | ${median.toFixed(1)} | ${(median / one).toFixed(1)} | ${p95.toFixed(1)} | ${first.toFixed(1)} |`,
      ),
      ``,
      over.length === 0
        ? `Every page is within the goal.`
        : `Over the goal: ${over.map(({ name }) => name).join('; ')}.`,
      ``,
    ].join('\n');
    mkdirSync(join(import.meta.dirname, 'results'), { recursive: true });
    writeFileSync(join(import.meta.dirname, 'results/console.md'), text);
    process.stdout.write(text);
    if (over.length > 0) process.exitCode = 1;
  } finally {
    if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

await main();
