import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyHistory } from '../../src/cases/history.ts';
import { loadConfig, mergeSettings, ROOT } from '../../src/config.ts';
import { Consequences, openChannels } from '../../src/jobs/consequences.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Patrol } from '../../src/jobs/patrol.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createLogger } from '../../src/log.ts';
import { startWires, type Wires, wireSettings } from '../support/delivery-world.ts';
import { FULL, figure } from '../support/figures.ts';
import { holdLedger } from '../support/hold-ledger.ts';
import { logLines } from '../support/log-lines.ts';
import { type MortalRedis, mortalRedis } from '../support/mortal-redis.ts';
import { hasRedis } from '../support/redis.ts';
import type { SoakSample } from '../support/soak-child.ts';
import { compareWithTruth, importStage, loopbackSettings, type Stage, setStage } from '../world/harness.ts';
import type { MailFault } from '../world/mail-server.ts';
import { SeededRandom } from '../world/random.ts';
import type { SendFault } from '../world/sms-gateway.ts';
import { writeLists } from '../world/world-lists.ts';

/** PATROL_SOAK_MINUTES shortens the full run. */
const SOAK_MS = (FULL ? Number(process.env['PATROL_SOAK_MINUTES'] ?? 60) : 0.5) * 60_000;
const SITES = 40;
const FLIPPED = 6;
const MINUTE_MS = 60_000;

const SMS_FAULTS: readonly SendFault[] = [
  ...(['accept-then-reset', 'accept-then-hang', 'internal-after-accept'] as const),
  ...(['reset-before', 'throttle', 'internal-before'] as const),
];
const MAIL_FAULTS: readonly MailFault[] = [
  ...(['accept-then-reset', 'accept-then-hang', 'reset-in-data'] as const),
  ...(['reset-before-data', 'greylist'] as const),
];
const HASTY = {
  dns: { timeoutMs: 500, tries: 2 },
  page: { totalTimeoutMs: 2500, connectTimeoutMs: 1500, perAddressConcurrency: 16, wellKnownPages: [] },
  sweep: { tickMs: 500, leaseMs: 8000, slotMs: 1000 },
  confirm: { pauseMs: 100, inconclusiveBackoffMs: 500 },
  cases: { freshLookMs: 3_600_000 },
  notices: { maxPerHour: 1_000_000, perAddressPerDay: { email: 100_000, sms: 100_000 } },
  checks: {
    'empty-shell': { intervalMs: 4000 },
    'icp-footer': { intervalMs: 4000 },
    reachability: { intervalMs: 4000 },
  },
};

let redis: MortalRedis;
let wires: Wires;
let stage: Stage;
beforeAll(async () => {
  if (!hasRedis()) return;
  redis = await mortalRedis();
  stage = await setStage({ seed: 91, sites: SITES, withoutCatalogue: true, oddShare: 0.3, overrides: HASTY });
  wires = await startWires('aliyun', stage.folder);
});
afterAll(async () => {
  if (!hasRedis()) return;
  await wires.close();
  await stage.close();
  await redis.close();
});

/** What befalls the worker's world, one at a time. */
function disasters(ledgerPath: string): Record<string, (random: SeededRandom) => Promise<void>> {
  const { twist } = stage.running;
  return {
    'Redis killed': async (random) => {
      await redis.kill();
      await sleep(300 + random.int(2000));
      await redis.revive();
    },
    'Redis flushed': async () => void (await (await redis.admin()).flushall()),
    'Redis cut off': async (random) => {
      redis.cut();
      await sleep(500 + random.int(2000));
      redis.mend();
    },
    'ledger locked': async (random) => holdLedger(ledgerPath, 500 + random.int(3000)),
    'resolvers silent': async (random) => {
      twist.dns = () => ({ silent: true });
      await sleep(1000 + random.int(3000));
      delete twist.dns;
    },
    'resolvers fail': async (random) => {
      twist.dns = () => ({ rcode: 2 });
      await sleep(1000 + random.int(3000));
      delete twist.dns;
    },
    'pages hang': async (random) => {
      twist.web = () => ({ silent: true });
      await sleep(1000 + random.int(3000));
      delete twist.web;
    },
    'pages reset': async (random) => {
      twist.web = () => ({ reset: true });
      await sleep(1000 + random.int(3000));
      delete twist.web;
    },
  };
}

/** After the storm: later and later until nothing is pending, by the real channels. */
async function settle(config: ReturnType<typeof loadConfig>, ledger: Ledger): Promise<void> {
  let now = Date.now();
  wires.sms.clock = () => now;
  const consequences = await Consequences.open({
    ledger,
    config,
    log: createLogger('silent'),
    now: () => now,
    channels: await openChannels(config, () => now),
  });
  const end = now + 2 * 60 * MINUTE_MS;
  while (now < end) {
    now += MINUTE_MS;
    await consequences.settle();
  }
  consequences.close();
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const quarter = (samples: SoakSample[], index: number): SoakSample[] =>
  samples.slice(Math.floor((samples.length * index) / 4), Math.floor((samples.length * (index + 1)) / 4));

it.runIf(hasRedis())(
  `${SOAK_MS / MINUTE_MS} minutes of mixed faults: flat memory and descriptors, outbox age bounded, nothing lost or told twice`,
  async () => {
    await importStage(stage);
    // Sites that come and go: each time a case is opened and told, put right and told. Everything else stays as the truth says.
    const well = stage.world.sites.filter(({ oddity }) => oddity === 'healthy').slice(0, FLIPPED);
    expect(well).toHaveLength(FLIPPED);
    const settings = [
      writeLists(stage.world, stage.folder),
      wireSettings(wires, 'aliyun'),
      HASTY,
      { queue: { url: redis.url } },
    ].reduce<object>(
      (all, one) => mergeSettings(all, one) as object,
      loopbackSettings(stage.folder, stage.running.resolvers),
    );
    const config = loadConfig({ env: {}, overrides: settings });
    const first = openConfiguredLedger(config);
    first.connection.sqlite.exec('UPDATE check_states SET next_due_at = 1 WHERE next_due_at IS NOT NULL');
    first.close();
    const random = new SeededRandom(12);
    wires.sms.send = () => (random.next() > 0.1 ? 'ok' : (SMS_FAULTS[random.int(SMS_FAULTS.length)] as SendFault));
    wires.mail.fault = () => (random.next() > 0.1 ? 'ok' : (MAIL_FAULTS[random.int(MAIL_FAULTS.length)] as MailFault));

    const refused = [...stage.world.addresses].flatMap(([address, how]) => (how === 'refused' ? [address] : []));
    const task = JSON.stringify({ settings, ports: stage.running.ports, refused });
    const child = spawn(process.execPath, [join(ROOT, 'test/support/soak-child.ts'), task], {
      cwd: ROOT,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => {
      errors = (errors + data.toString()).slice(-4000);
    });
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const samples: SoakSample[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => samples.push(JSON.parse(line) as SoakSample));

    const done = new Map<string, number>();
    const byName = disasters(config.settings.ledger.path);
    const names = Object.keys(byName);
    const awayOf = new Map<string, unknown>();
    const flip = (): void => {
      const site = well[random.int(well.length)];
      for (const name of [site?.domain ?? '', `www.${site?.domain}`]) {
        const away = awayOf.get(name);
        if (away === undefined) {
          awayOf.set(name, stage.world.names.get(name));
          stage.world.names.set(name, [{ a: ['45.33.32.156'] }]);
        } else {
          stage.world.names.set(name, away as never);
          awayOf.delete(name);
        }
      }
    };
    const started = performance.now();
    while (performance.now() - started < SOAK_MS) {
      flip();
      const name = names[random.int(names.length)] as string;
      await byName[name]?.(random);
      done.set(name, (done.get(name) ?? 0) + 1);
      await sleep(1000 + random.int(3000));
      expect([child.exitCode, errors]).toEqual([null, '']);
    }
    for (const [name, record] of awayOf) stage.world.names.set(name, record as never);
    // The worker goes on by itself until the world is as it was.
    const looking = openConfiguredLedger(config);
    const asTruth = (): number => compareWithTruth(stage, { ledger: looking } as unknown as Patrol).mismatches.length;
    for (let waited = 0; waited < 120 && asTruth() > 0; waited++) await sleep(500);
    const { compared, mismatches } = compareWithTruth(stage, { ledger: looking } as unknown as Patrol);
    expect(mismatches.map(({ site, ...rest }) => ({ ...rest, oddity: site.oddity }))).toEqual([]);
    child.stdin.end();
    expect([await exit, errors]).toEqual([0, '']);
    wires.sms.send = () => 'ok';
    wires.mail.fault = () => 'ok';
    await settle(config, looking);

    const { sqlite } = looking.connection;
    const messages = looking.outbox.messages(null, 10_000_000);
    const sms = logLines(join(stage.folder, 'sms.log'));
    const mails = logLines(join(stage.folder, 'mail.log'));
    // What did not arrive was not true any more when it could have been sent (again).
    const untold = messages.filter(
      ({ state, error, nextAt }) =>
        !['accepted', 'delivered'].includes(state) &&
        (nextAt !== null || !/nothing of it is true any more/.test(error ?? '')),
    );
    expect(untold.map(({ channel, state, kind, error }) => [channel, state, kind, error])).toEqual([]);
    expect(looking.outbox.notices('planned', 100).filter(({ notBefore }) => notBefore < Date.now())).toEqual([]);
    expect(new Set(sms.map((one) => one['correlationId'])).size).toBe(sms.length);
    const copies = new Map<string, number>();
    for (const { messageId = '' } of mails) {
      const id = /<([^@]+)@/.exec(messageId)?.[1] ?? '';
      copies.set(id, (copies.get(id) ?? 0) + 1);
    }
    let duplicates = 0;
    for (const message of messages.filter(({ channel }) => channel === 'email')) {
      const made = copies.get(message.correlationId) ?? 0;
      if (message.state === 'accepted') expect(made).toBeGreaterThanOrEqual(1);
      expect(made - 1).toBeLessThanOrEqual(message.possibleDuplicates);
      duplicates += Math.max(0, made - 1);
    }
    for (const id of looking.cases.ids()) {
      const record = looking.cases.get(id);
      if (record !== null) expect(verifyHistory(looking.cases.events(id), record)).toBeNull();
    }
    const slots = sqlite
      .prepare("SELECT count(*) AS n, count(DISTINCT slot) AS d FROM schedule_slots WHERE schedule = 'tick'")
      .get() as { n: number; d: number };
    expect(slots.n).toBe(slots.d);
    expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');

    // Flat: the last quarter of the time is as the second.
    const [second, last] = [quarter(samples, 1), quarter(samples, 3)];
    const of = (part: SoakSample[], what: keyof SoakSample): number => median(part.map((one) => one[what]));
    const worst = (what: keyof SoakSample): number => Math.max(...samples.map((one) => one[what]));
    expect(samples.length).toBeGreaterThan(10);
    expect(of(last, 'descriptors')).toBeLessThanOrEqual(of(second, 'descriptors') + 25);
    expect(of(last, 'rssMb')).toBeLessThanOrEqual(of(second, 'rssMb') * (FULL ? 1.15 : 1.6));
    expect(worst('outboxAgeS')).toBeLessThanOrEqual(60);
    const file = process.env['PATROL_SAMPLES'];
    if (file !== undefined && file !== '') writeFileSync(file, JSON.stringify(samples));
    const struck = [...done.values()].reduce((sum, count) => sum + count, 0);
    figure({
      fault: `${Math.round(SOAK_MS / 6000) / 10} minutes of one worker under mixed faults (${names.join(', ')}; every tenth SMS and mail fails)`,
      count: struck,
      result: `memory ${of(second, 'rssMb')} → ${of(last, 'rssMb')} MB, descriptors ${of(second, 'descriptors')} → ${of(last, 'descriptors')} (medians of the second and the last quarter), most overdue notice ${Math.round(worst('outboxAgeS'))} s; ${compared} standing verdicts as the truth says (${samples.at(-1)?.verdicts ?? 0} written), ${messages.length} messages: ${sms.length} SMS, 0 twice, ${mails.length} mails, ${duplicates} duplicates, each counted; ${slots.n} slots, each once; integrity ok`,
    });
    looking.close();
  },
  SOAK_MS + 900_000,
);
