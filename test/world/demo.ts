/** `npm run demo`: a little internet on loopback, swept by the real patrol, with nothing else installed. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { scan } from '../../src/cli/command-scan.ts';
import { paint, print } from '../../src/cli/output.ts';
import { type Config, loadConfig, ROOT } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { loadRanges } from '../../src/provider/list-file.ts';
import { startWorld } from './servers.ts';
import { buildWorld, oddities, worldCsv } from './world.ts';
import { importLists, writeLists } from './world-lists.ts';

const SITES = Number(process.env['DEMO_SITES'] ?? 300);
const FOLDER = 'data/demo';

async function main(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const registries = parse(readFileSync(join(ROOT, 'config/registries.yaml'), 'utf8')) as Config['registries'];
  for (const registry of Object.values(registries.registries)) registry.intervalMs = 10;
  const world = buildWorld({
    seed: 20261122,
    sites: SITES,
    now: Date.now(),
    ranges: loadRanges([join(ROOT, 'config/providers')]),
    registries,
  });
  const running = await startWorld(world);
  const csv = join(FOLDER, 'filings.csv');
  writeFileSync(csv, worldCsv(world));
  const settings = {
    ledger: { path: join(FOLDER, 'ledger.db') },
    queue: { url: null },
    resolvers: running.resolvers,
    dns: { timeoutMs: 400, tries: 2 },
    // The little internet has no well-known pages by which a filter between us and the sites would be known.
    page: { totalTimeoutMs: 2500, connectTimeoutMs: 1000, perAddressConcurrency: 16, wellKnownPages: [] },
    registration: { timeoutMs: 1000, minRefreshMs: 0, refusalBackoffMs: 50 },
    // A demo needs no browser, and drawing every suspicion would take it another minute.
    render: { enabled: false },
    ...writeLists(world, FOLDER),
  };
  const configFile = join(FOLDER, 'patrol.yaml');
  writeFileSync(configFile, stringify(settings));
  const ledger = openConfiguredLedger(loadConfig({ env: {}, file: configFile }));
  await importLists(world, ledger, FOLDER, Date.now());
  ledger.close();
  print(paint('bold', 'beian-patrol demo 备案巡检'));
  print(
    `${SITES} filed sites on a little internet of this machine (DNS, HTTP, TLS, RDAP, WHOIS on loopback), ${oddities.length} kinds of sites.`,
  );
  print('Each is looked at; what does not pass is looked at again after a second, by three resolvers.\n');
  try {
    await scan(
      [csv],
      { config: configFile, confirmPause: '1' },
      { now: Date.now, env: { NO_COLOR: process.env['NO_COLOR'] }, dialer: running.dialer, registries },
    );
  } finally {
    await running.close();
  }
  const { dns, http, rdap, whois } = running.requests;
  const odd = (id: string): string => world.sites.find(({ oddity }) => oddity === id)?.domain ?? '';
  const explain = (id: string, more = ''): string =>
    `  npm run -s patrol -- explain ${odd(id)} --config ${configFile}${more}`;
  print(
    `\nthe little internet answered ${dns} DNS queries, ${http} HTTP requests, ${rdap} RDAP and ${whois} WHOIS questions`,
  );
  print(`\n${paint('bold', 'what to look at next')}`);
  print(`an empty shell, with each resolver's answer:\n${explain('shell-overseas')}`);
  print(`a footer without link, told to its owner in Chinese:\n${explain('not-linked', ' --lang zh')}`);
  print(`resolvers that disagree: nobody is accused:\n${explain('resolvers-disagree')}`);
  print(
    `the same evidence judged again offline:\n${explain('wrong-number', ` --export ${FOLDER}/artifacts.json`)}\n  npm run -s patrol -- audit ${FOLDER}/artifacts.json`,
  );
  print(
    `what word lists suspect waits for a human, and opens nothing before:\n  npm run -s patrol -- suspicions list --config ${configFile}`,
  );
  print(
    `the failures became cases (in dry-run, nothing is sent):\n  npm run -s patrol -- cases list --config ${configFile}\n  one case's whole life, mails and SMS included:  npm run demo:life`,
  );
  print(
    'your own filings:\n  npm run -s patrol -- import --template > filings.csv   then   npm run -s patrol -- scan filings.csv',
  );
}

await main();
