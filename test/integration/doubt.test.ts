import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/checks/types.ts';
import { importFilings } from '../../src/filing/import-filings.ts';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { runScan } from '../../src/jobs/scan.ts';
import { importStage, type Stage, setStage, startPatrol } from '../world/harness.ts';

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function begin(overrides: object = {}): Promise<{ stage: Stage; patrol: Patrol; siteIds: number[] }> {
  const stage = await setStage({ seed: 21, sites: 6, withoutCatalogue: true, oddShare: 0, overrides });
  open.push(stage.close);
  const siteIds = await importStage(stage);
  const patrol = await startPatrol(stage);
  open.push(() => patrol.stop(2000));
  return { stage, patrol, siteIds };
}
const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(20);
};
const verdictOf = (patrol: Patrol, siteId: number, checkId: string): Verdict | null | undefined =>
  patrol.ledger?.verdicts.standing(siteId).find((state) => state.checkId === checkId)?.verdict;
const stateOf = (patrol: Patrol, siteId: number, checkId: string) =>
  patrol.ledger?.verdicts.standing(siteId).find((state) => state.checkId === checkId);

describe('what was not asked is not judged', () => {
  it('a spent registry budget is inconclusive, whatever old answer lies about', async () => {
    const { stage, patrol, siteIds } = await begin();
    const site = stage.world.sites[0];
    const siteId = siteIds[0] as number;
    const domain = site?.domain as string;
    const registry = patrol.gatherContext.directory.find(domain)?.id as string;
    const value = {
      protocol: 'rdap' as const,
      domain,
      found: true,
      expiresAt: '2001-01-01T00:00:00Z',
      createdAt: null,
      registrar: null,
      registrant: null,
      statuses: [],
    };
    const artifact = { ok: true as const, observedAt: Date.now(), tookMs: 1, value };
    patrol.ledger?.registries.store({
      domain,
      registry,
      artifact,
      dns: null,
      observedAt: Date.now() - 39 * 86_400_000,
    });
    patrol.ledger?.registries.noteOutcome(registry, true, 10 * 86_400_000, Date.now());
    const asked = stage.running.requests.rdap + stage.running.requests.whois;
    await runScan(patrol, [siteId], { now: Date.now, checkIds: new Set(['domain-expiry']) });
    expect(verdictOf(patrol, siteId, 'domain-expiry')).toBe('inconclusive');
    expect(stage.running.requests.rdap + stage.running.requests.whois).toBe(asked);
  });

  it('a confirmation with two domains waits for both answers', async () => {
    const { stage, patrol, siteIds } = await begin();
    const site = stage.world.sites[1];
    const siteId = siteIds[1] as number;
    const second = `other-${site?.domain}`;
    const record = stage.world.registry.get(site?.domain as string);
    stage.world.registry.set(second, { found: true, expires: '2001-01-01' });
    stage.world.names.set(second, stage.world.names.get(site?.domain as string) ?? []);
    patrol.ledger?.connection.sqlite
      .prepare("INSERT INTO site_hosts VALUES (?, ?, 'domain', ?)")
      .run(siteId, second, second);
    const scan = runScan(patrol, [siteId], { now: Date.now, checkIds: new Set(['domain-expiry']) });
    await until(() => (stateOf(patrol, siteId, 'domain-expiry')?.suspectLooks ?? 0) === 1);
    // Mended before the second look, whose answers must both be new.
    stage.world.registry.set(second, record ?? { found: true });
    await scan;
    expect(verdictOf(patrol, siteId, 'domain-expiry')).toBe('pass');
  });
});

describe('a filing that changes while it is looked at', () => {
  const edit = async (stage: Stage, patrol: Patrol, change: (row: string) => string): Promise<void> => {
    const { readFileSync, writeFileSync } = await import('node:fs');
    const [head, first] = readFileSync(stage.csv, 'utf8').split('\n');
    writeFileSync(stage.csv, `${head}\n${change(first as string)}\n`);
    const options = {
      dryRun: false,
      rejectsFile: `${stage.folder}/r.csv`,
      accessProvider: 'aliyun',
      providers: new Map([['aliyun', 'aliyun']]),
      now: Date.now,
    };
    if (patrol.ledger !== null)
      expect(await importFilings(stage.csv, patrol.ledger, options)).toMatchObject({ updated: 1 });
  };
  const suspected = async (): Promise<{
    stage: Stage;
    patrol: Patrol;
    siteId: number;
    domain: string;
    sweepId: number;
  }> => {
    const { stage, patrol, siteIds } = await begin({
      confirm: { pauseMs: 3_600_000 },
      cases: { freshLookMs: 10_800_000 },
    });
    const domain = stage.world.sites[0]?.domain as string;
    stage.world.names.set(domain, [{ rcode: 3 }]).set(`www.${domain}`, [{ rcode: 3 }]);
    const siteId = siteIds[0] as number;
    const sweepId = patrol.ledger?.sweeps.open('scan', Date.now()) as number;
    await patrol.dispatcher?.dispatch(
      patrol.ledger?.sweeps.claimSites(sweepId, [siteId], Date.now(), new Set(['empty-shell'])) ?? [],
      10,
    );
    await until(() => (stateOf(patrol, siteId, 'empty-shell')?.suspectLooks ?? 0) === 1);
    return { stage, patrol, siteId, domain, sweepId };
  };

  it('keeps no suspicion from the old hosts', async () => {
    const { stage, patrol, siteId, domain, sweepId } = await suspected();
    await edit(stage, patrol, (row) => row.replace(domain, 'quite-new.cn'));
    expect(stateOf(patrol, siteId, 'empty-shell')).toMatchObject({
      suspectLooks: 0,
      suspectFails: 0,
      confirmDueAt: null,
      verdict: null,
    });
    expect(patrol.ledger?.sweeps.get(sweepId)).toMatchObject({ total: 0, judged: 0 });
  });

  it('a revoked one is neither accused nor scheduled again (R15)', async () => {
    const { stage, patrol, siteId, sweepId } = await suspected();
    await edit(stage, patrol, (row) => row.replace('active', 'revoked'));
    const late = {
      siteId,
      sweepId,
      look: 1,
      stage: 'confirm' as const,
      raw: [],
      bundle: { observedAt: 1, rangesVersion: 'r', policy: { version: 'p' }, artifacts: {}, verdicts: [] } as never,
    };
    const [recorded] =
      patrol.ledger?.verdicts.record(
        [{ ...late, judgements: new Map([['empty-shell', { verdict: 'fail', findings: [] }]]) }],
        Date.now(),
      ) ?? [];
    expect(recorded?.step).toBe('dropped');
    expect(stateOf(patrol, siteId, 'empty-shell')).toMatchObject({
      verdict: null,
      nextDueAt: null,
      confirmDueAt: null,
    });
  });
});

describe('checks switched off and on', () => {
  it('are parked and given to the sites that lack them', async () => {
    const { patrol, siteIds } = await begin();
    const { sqlite } = patrol.ledger?.connection ?? {};
    sqlite?.exec("UPDATE check_states SET check_id = 'gone' WHERE check_id = 'reachability'");
    patrol.ledger?.filings.reconcile(Date.now());
    for (const siteId of siteIds) {
      expect(stateOf(patrol, siteId, 'gone')?.nextDueAt).toBeNull();
      expect(stateOf(patrol, siteId, 'reachability')?.nextDueAt).toBeGreaterThan(0);
    }
  });
});
