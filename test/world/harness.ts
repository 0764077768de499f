import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findCheck } from '../../src/checks/index.ts';
import { type Config, loadConfig, mergeSettings, ROOT } from '../../src/config.ts';
import { importFilings } from '../../src/filing/import-filings.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol, type Role } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { type LoadedRanges, loadRanges } from '../../src/provider/list-file.ts';
import { providerNames } from '../../src/provider/provider-names.ts';
import { type RunningWorld, startWorld } from './servers.ts';
import type { WorldData, WorldSite } from './types.ts';
import { buildWorld, type WorldOptions, worldCsv } from './world.ts';
import { importLists, writeLists } from './world-lists.ts';

/** A little internet, and a patrol's configuration pointed at it. */
export interface Stage {
  world: WorldData;
  running: RunningWorld;
  config: Config;
  folder: string;
  csv: string;
  ranges: LoadedRanges;
  close: () => Promise<void>;
}

let shippedRanges: LoadedRanges | null = null;

/** The shipped range lists, read once a process. */
export function rangesForTests(): LoadedRanges {
  shippedRanges ??= loadRanges([join(ROOT, 'config/providers')]);
  return shippedRanges;
}

/** The shipped registry table with its pauses taken out: loopback registries need no politeness. */
export function hurriedRegistries(): Config['registries'] {
  const table = parse(readFileSync(join(ROOT, 'config/registries.yaml'), 'utf8')) as Config['registries'];
  for (const registry of Object.values(table.registries)) registry.intervalMs = 0;
  return table;
}

/** Settings for loopback: short timeouts, short pauses, everything else as shipped. */
export function loopbackSettings(folder: string, resolvers: string[]): object {
  return {
    ledger: { path: join(folder, 'ledger.db') },
    queue: { url: null, dataDir: 'memory://' },
    resolvers,
    // Long enough for a busy machine: a look that times out by our own load is no truth of the world.
    dns: { timeoutMs: 700, tries: 2 },
    page: { totalTimeoutMs: 4500, connectTimeoutMs: 2000, perAddressConcurrency: 16, wellKnownPages: [] },
    registration: { timeoutMs: 1000, minRefreshMs: 0, refusalBackoffMs: 20 },
    confirm: { pauseMs: 100 },
    sweep: { leaseMs: 60_000, tickMs: 1000 },
    breaker: { minJudged: 1_000_000 },
    ops: { port: 0 },
    portal: { port: 0 },
    render: { enabled: false },
    log: { level: 'silent' },
  };
}

/** Start a little internet and prepare a patrol for it. */
export async function setStage(
  options: Partial<WorldOptions> & { overrides?: object; resolvers?: number } = {},
): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'beian-patrol-'));
  const ranges = rangesForTests();
  const registries = hurriedRegistries();
  const world = buildWorld({ seed: 1, sites: 200, now: Date.now(), ranges, registries, ...options });
  const running = await startWorld(world, options.resolvers === undefined ? {} : { resolvers: options.resolvers });
  const csv = join(folder, 'filings.csv');
  writeFileSync(csv, worldCsv(world));
  const base = loadConfig({
    env: {},
    overrides: mergeSettings(
      { ...loopbackSettings(folder, running.resolvers), ...writeLists(world, folder) },
      options.overrides ?? {},
    ) as object,
  });
  const config: Config = { ...base, registries };
  return {
    world,
    running,
    config,
    folder,
    csv,
    ranges,
    close: async () => {
      await running.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Import a stage's filings; gives the ids of the sites. */
export async function importStage(stage: Stage): Promise<number[]> {
  const ledger = openConfiguredLedger(stage.config);
  const siteIds: number[] = [];
  await importFilings(stage.csv, ledger, {
    dryRun: false,
    rejectsFile: join(stage.folder, 'rejected.csv'),
    accessProvider: stage.config.settings.accessProvider,
    providers: providerNames(stage.ranges.lists),
    now: Date.now,
    onSite: (siteId) => siteIds.push(siteId),
  });
  await importLists(stage.world, ledger, stage.folder, Date.now());
  ledger.close();
  return siteIds;
}

/** Start a patrol on a stage. */
export function startPatrol(
  stage: Stage,
  options: { roles?: Role[]; schedule?: boolean; now?: () => number } = {},
): Promise<Patrol> {
  return Patrol.start({
    config: stage.config,
    log: createLogger(stage.config.settings.log.level),
    roles: options.roles ?? ['gather', 'ledger'],
    schedule: options.schedule ?? false,
    dialer: stage.running.dialer,
    ...(options.now === undefined ? {} : { now: options.now }),
  });
}

/** A difference between the world's truth and the ledger. */
export interface Mismatch {
  site: WorldSite;
  checkId: string;
  expected: string;
  found: string;
}

/** Compare every verdict in the ledger with the world's truth; codes of notes do not count. */
export function compareWithTruth(stage: Stage, patrol: Patrol): { compared: number; mismatches: Mismatch[] } {
  const ledger = patrol.ledger;
  if (ledger === null) throw new Error('no ledger');
  const mismatches: Mismatch[] = [];
  let compared = 0;
  for (const site of stage.world.sites) {
    const [siteId] = ledger.filings.find({ siteNumber: site.siteNumber });
    const states = siteId === undefined ? [] : ledger.verdicts.standing(siteId);
    if (site.truth === null) {
      if (states.some(({ verdict }) => verdict !== null))
        mismatches.push({ site, checkId: '*', expected: 'not checked', found: 'checked' });
      continue;
    }
    for (const [checkId, truth] of Object.entries(site.truth)) {
      compared++;
      const state = states.find((one) => one.checkId === checkId);
      const codes = (JSON.parse(state?.codes ?? '[]') as string[]).filter((code) => !isNote(checkId, code));
      const expected = `${truth.verdict} ${[...truth.codes].sort().join(',')}`;
      const found = `${state?.verdict ?? 'none'} ${codes.sort().join(',')}`;
      if (expected !== found) mismatches.push({ site, checkId, expected, found });
    }
  }
  return { compared, mismatches };
}

const isNote = (checkId: string, code: string): boolean => findCheck(checkId)?.codes[code]?.severity === 'note';
