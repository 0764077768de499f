import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { runScan } from '../../src/jobs/scan.ts';
import { createLogger } from '../../src/log.ts';
import { BACKENDS, queueSettings, stopQueuesAfterAll } from '../support/backends.ts';
import { importStage, type Stage, setStage, startPatrol } from '../world/harness.ts';

stopQueuesAfterAll();
const DAY = 86_400_000;
const NETWORK = new Set(['empty-shell', 'icp-footer', 'domain-expiry', 'reachability', 'site-content']);
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function stageWith(kind: 'embedded' | 'redis', sites: number, overrides: object = {}): Promise<Stage> {
  const stage = await setStage({
    seed: 5,
    sites,
    withoutCatalogue: true,
    oddShare: 0,
    overrides: { ...(await queueSettings(kind)), ...overrides },
  });
  open.push(stage.close);
  return stage;
}

async function patrolOn(stage: Stage, options: Parameters<typeof startPatrol>[1] = {}): Promise<Patrol> {
  const patrol = await startPatrol(stage, options);
  open.push(() => patrol.stop(2000));
  return patrol;
}

/** Wait for a state of the ledger, however long the machine takes; the test's own limit ends it. */
async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await sleep(25);
}

const judgedAll = (patrol: Patrol, siteIds: number[]) => (): boolean =>
  siteIds.every((siteId) => patrol.ledger?.verdicts.standing(siteId).every(({ verdict }) => verdict !== null));

describe.each(BACKENDS)('the schedule, queue: %s', (kind) => {
  it('takes up what is due by itself, without being asked (R1.2), and each site once a slot', async () => {
    const stage = await stageWith(kind, 60);
    const siteIds = await importStage(stage);
    let now = Date.now() + 2 * DAY;
    const patrol = await patrolOn(stage, { schedule: true, now: () => now });
    await until(judgedAll(patrol, siteIds));
    const httpBefore = stage.running.requests.http;
    // The same instant again, ticks or not: nothing is due any more.
    await patrol.tick();
    expect(await patrol.dispatcher?.dispatchDue()).toBe(0);
    expect(stage.running.requests.http).toBe(httpBefore);
    // A day later everything is due again.
    now += DAY + 60_000;
    await patrol.dispatcher?.dispatchDue();
    await until(() =>
      siteIds.every((siteId) =>
        patrol.ledger?.verdicts
          .standing(siteId)
          .filter(({ checkId }) => checkId !== 'domain-expiry')
          .filter(({ checkId }) => (stage.config.settings.checks[checkId]?.intervalMs ?? 0) <= DAY)
          .every(({ checkedAt }) => (checkedAt ?? 0) >= now),
      ),
    );
    const sweeps = patrol.ledger?.sweeps.recent(10) ?? [];
    expect(sweeps.every(({ judged, total }) => judged === total)).toBe(true);
  });

  it('looks ahead of the sweep at what somebody asks for', async () => {
    const stage = await stageWith(kind, 20);
    const siteIds = await importStage(stage);
    // Not due for hours: only the request brings the look.
    const patrol = await patrolOn(stage, { schedule: true });
    const wanted = siteIds[7] as number;
    patrol.ledger?.sweeps.requestRescan([wanted], 'test', Date.now());
    await until(judgedAll(patrol, [wanted]));
    const sweep = patrol.ledger?.sweeps.recent(10).find(({ kind: one }) => one === 'rescan');
    expect(sweep).toMatchObject({ total: checks.length, judged: checks.length });
  });

  it('goes on as the queue drains, however far the next tick is', async () => {
    const stage = await stageWith(kind, 70, { sweep: { tickMs: 3_600_000, maxQueuedSites: 20, batchSites: 10 } });
    const siteIds = await importStage(stage);
    const now = Date.now() + 2 * DAY;
    const patrol = await patrolOn(stage, { schedule: true, now: () => now });
    await until(judgedAll(patrol, siteIds));
  });

  it('survives the loss of the whole queue: the ledger knows what is due', async () => {
    const stage = await stageWith(kind, 30, { sweep: { leaseMs: 9000, tickMs: 1000, maxQueuedSites: 2000 } });
    const siteIds = await importStage(stage);
    let now = Date.now() + 2 * DAY;
    const first = await startPatrol(stage, { roles: ['ledger', 'gather'], now: () => now });
    // Taken up, queued, and then everything queued is gone.
    await first.queues.gather.pause();
    await first.queues.registration.pause();
    expect(await first.dispatcher?.dispatchDue()).toBe(30);
    await first.queues.gather.obliterate({ force: true });
    await first.queues.registration.obliterate({ force: true });
    await first.stop(500);
    const patrol = await patrolOn(stage, { now: () => now });
    await patrol.queues.gather.resume();
    await patrol.queues.registration.resume();
    expect(await patrol.dispatcher?.dispatchDue()).toBe(0);
    now += 60_000;
    expect(await patrol.dispatcher?.dispatchDue()).toBe(30);
    await until(judgedAll(patrol, siteIds));
  });
});

describe('several gather processes', () => {
  it('share the politeness towards an address', async () => {
    const stage = await stageWith('redis', 1, { page: { perAddressConcurrency: 4 } });
    const ours = await patrolOn(stage);
    expect(await ours.shareAddresses()).toEqual({ gatherers: 1, perAddress: 4 });
    const gatherers = [
      await patrolOn(stage, { roles: ['gather'] }),
      await patrolOn(stage, { roles: ['gather'] }),
    ] as const;
    for (const one of [ours, ...gatherers]) {
      let shared = await one.shareAddresses();
      // Their connections are made as they start.
      while (shared.gatherers < 3) shared = await one.shareAddresses();
      expect(shared).toEqual({ gatherers: 3, perAddress: 1 });
    }
  });
});

describe('many schedulers', () => {
  it('run a slot once', async () => {
    const stage = await stageWith('embedded', 1);
    const ledgers = Array.from({ length: 5 }, () => openConfiguredLedger(stage.config));
    const won = Array.from(
      { length: 20 },
      (_, slot) => ledgers.filter((ledger) => ledger.sweeps.takeSlot('tick', slot, 0)).length,
    );
    expect(won).toEqual(Array.from({ length: 20 }, () => 1));
    for (const ledger of ledgers) ledger.close();
  });

  it('never take up the same site twice', async () => {
    const stage = await stageWith('embedded', 50);
    await importStage(stage);
    const [a, b] = [openConfiguredLedger(stage.config), openConfiguredLedger(stage.config)];
    const now = Date.now() + 2 * DAY;
    const claim = (ledger: typeof a) =>
      ledger.sweeps.claimDue(ledger.sweeps.scheduled(3_600_000, now), now, 30, 0).map(({ siteId }) => siteId);
    const taken = [...claim(a), ...claim(b), ...claim(a), ...claim(b)];
    expect(taken).toHaveLength(50);
    expect(new Set(taken).size).toBe(50);
    a.close();
    b.close();
  });
});

describe.runIf(BACKENDS.includes('redis'))('roles on several processes', () => {
  it('a gather process needs only the queue', async () => {
    const stage = await stageWith('redis', 40);
    const siteIds = await importStage(stage);
    const gatherStage: Stage = {
      ...stage,
      config: {
        ...stage.config,
        settings: { ...stage.config.settings, ledger: { dataKey: null, path: '/nonexistent/never/opened.db' } },
      },
    };
    const gatherer = await patrolOn(gatherStage, { roles: ['gather'] });
    expect(gatherer.ledger).toBeNull();
    const ledgerSide = await patrolOn(stage, { roles: ['ledger'], now: () => Date.now() + 2 * DAY });
    await ledgerSide.dispatcher?.dispatchDue();
    await until(judgedAll(ledgerSide, siteIds));
  });

  it('alone without a shared queue is refused with the remedy', async () => {
    const stage = await stageWith('embedded', 1);
    await expect(
      Patrol.start({ config: stage.config, log: createLogger('silent'), roles: ['gather'], schedule: false }),
    ).rejects.toThrow(/needs a queue that several processes share/);
  });
});

describe('the circuit breaker', () => {
  it('holds a sweep in which our range list is broken, and confirms nothing until an admin looks', async () => {
    const stage = await stageWith('embedded', 80, { breaker: { minJudged: 50, minFails: 20, maxFailShare: 0.6 } });
    const siteIds = await importStage(stage);
    let now = Date.now() + 2 * DAY;
    const patrol = await patrolOn(stage, { now: () => now });
    // Half a list: the sites stand where they always stood, the list does not.
    const { lists } = stage.ranges;
    const { RangeTable } = await import('../../src/provider/range-table.ts');
    const aliyun = lists.find(({ id }) => id === 'aliyun');
    if (patrol.ranges !== null && aliyun !== undefined)
      patrol.ranges.table = new RangeTable(
        [
          ...lists.filter(({ id }) => id !== 'aliyun'),
          { ...aliyun, ranges: [{ cidr: '8.128.0.0/32', region: null, mainland: true, product: null }] },
        ],
        'broken',
      );
    await patrol.dispatcher?.dispatchDue();
    const held = () => patrol.ledger?.sweeps.recent(5).find(({ state }) => state === 'held');
    const screened = (): number =>
      patrol.ledger?.sweeps
        .recent(1)
        .flatMap(({ id }) => patrol.ledger?.sweeps.counts(id) ?? [])
        .filter(({ checkId, stage: one }) => checkId === 'empty-shell' && one === 'screen')
        .reduce((sum, { count }) => sum + count, 0) ?? 0;
    await until(() => held() !== undefined && screened() === 80);
    now += 40 * 60_000;
    // Even when leases are over, nothing scheduled is taken up, in this sweep or a new one.
    expect(await patrol.dispatcher?.dispatchDue()).toBe(0);
    expect(patrol.ledger?.sweeps.recent(5)).toHaveLength(1);
    const standing = siteIds.map(
      (siteId) => patrol.ledger?.verdicts.standing(siteId).find(({ checkId }) => checkId === 'empty-shell')?.verdict,
    );
    expect(new Set(standing)).toEqual(new Set([null]));
    expect(patrol.ledger?.openAlerts().map(({ key }) => key)).toContain(`sweep-held-${held()?.id}`);
    // The admin mends the list and lets it go on: everybody passes, nobody was ever accused.
    if (patrol.ranges !== null) patrol.ranges.table = stage.ranges.table;
    patrol.ledger?.sweeps.release(held()?.id as number, now);
    await patrol.dispatcher?.dispatchUrgent();
    await until(judgedAll(patrol, siteIds));
    const verdicts = siteIds.flatMap((siteId) =>
      patrol.ledger?.verdicts.standing(siteId).map(({ verdict }) => verdict),
    );
    expect(new Set(verdicts)).toEqual(new Set(['pass']));
  });

  it('resolvers that know no name at all accuse nobody', async () => {
    const stage = await stageWith('embedded', 20);
    const siteIds = await importStage(stage);
    // A captive portal: every name is unknown, the well-known ones too.
    stage.world.names.clear();
    const patrol = await patrolOn(stage);
    await runScan(patrol, siteIds, { now: Date.now });
    const states = siteIds.flatMap((siteId) => patrol.ledger?.verdicts.standing(siteId) ?? []);
    expect(states.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    // What rests on the network was not observed; what the ledger itself knows may be judged.
    const observed = states.filter(({ checkId }) => NETWORK.has(checkId)).map(({ verdict }) => verdict);
    expect(new Set(observed)).toEqual(new Set(['inconclusive']));
  });

  it('a discarded sweep leaves no suspicion behind', async () => {
    const stage = await stageWith('embedded', 60, { breaker: { minJudged: 50, minFails: 20, maxFailShare: 0.5 } });
    const siteIds = await importStage(stage);
    for (const site of stage.world.sites)
      stage.world.names.set(site.domain, [{ rcode: 3 }]).set(`www.${site.domain}`, [{ rcode: 3 }]);
    const now = Date.now() + 2 * DAY;
    const patrol = await patrolOn(stage, { now: () => now });
    await patrol.dispatcher?.dispatchDue();
    const held = () => patrol.ledger?.sweeps.recent(5).find(({ state }) => state === 'held');
    await until(
      () =>
        held() !== undefined &&
        siteIds.every(
          (siteId) =>
            (patrol.ledger?.verdicts.standing(siteId).find(({ checkId }) => checkId === 'empty-shell')?.suspectLooks ??
              0) > 0,
        ),
    );
    patrol.ledger?.sweeps.discard(
      held()?.id as number,
      ['empty-shell', 'icp-footer', 'reachability', 'domain-expiry'],
      now,
    );
    const states = siteIds
      .flatMap((siteId) => patrol.ledger?.verdicts.standing(siteId) ?? [])
      .filter(({ checkId }) => checkId === 'empty-shell');
    expect(
      states.every(
        ({ suspectLooks, confirmDueAt, nextDueAt, verdict }) =>
          suspectLooks === 0 && confirmDueAt === null && (nextDueAt ?? 0) <= now && verdict === null,
      ),
    ).toBe(true);
  });
});
