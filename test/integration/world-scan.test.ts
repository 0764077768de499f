import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { runScan } from '../../src/jobs/scan.ts';
import { type AuditBundle, rejudgeBundle } from '../../src/judge/bundle.ts';
import { BACKENDS, queueSettings, stopQueuesAfterAll } from '../support/backends.ts';
import { compareWithTruth, importStage, type Stage, setStage, startPatrol } from '../world/harness.ts';
import { oddities } from '../world/world.ts';

stopQueuesAfterAll();

it('the catalogue holds at least 80 oddities, each told once', () => {
  expect(oddities.length).toBeGreaterThanOrEqual(80);
  expect(new Set(oddities.map(({ id }) => id)).size).toBe(oddities.length);
});

/** Checks that ask of a page no more than its number: it is read by the short way first. */
const BY_NUMBER = checks.filter(({ needs, settledByNumber }) => settledByNumber === true || !needs.includes('page'));

describe('the whole catalogue of oddities, by the short way of screening', () => {
  it('gives zero wrong verdicts', async () => {
    const off = checks.filter((check) => !BY_NUMBER.includes(check)).map(({ id }) => [id, { enabled: false }]);
    const stage = await setStage({
      seed: 3,
      sites: oddities.length + 20,
      overrides: { ...(await queueSettings('embedded')), checks: Object.fromEntries(off) },
    });
    const patrol = await startPatrol(stage);
    try {
      const siteIds = await importStage(stage);
      // The second time most pages are known by their bytes; the third time what was kept of them cannot be read.
      const keptAt = (): unknown[] =>
        patrol.ledger?.connection.sqlite
          .prepare("SELECT site_id, kept_at FROM known_pages WHERE key <> '' ORDER BY site_id")
          .raw()
          .all() ?? [];
      const kept: unknown[][] = [];
      for (const time of ['first', 'second', 'third']) {
        if (time === 'third') patrol.ledger?.connection.sqlite.prepare("UPDATE known_pages SET proof = '{}'").run();
        await runScan(patrol, siteIds, { now: Date.now });
        const { compared, mismatches } = compareWithTruth(stage, patrol);
        expect(compared).toBeGreaterThan(oddities.length * 2);
        expect(
          mismatches
            .filter(({ checkId }) => BY_NUMBER.some(({ id }) => id === checkId))
            .map(
              ({ site, checkId, expected, found }) =>
                `${time} time, ${site.oddity} ${checkId}: want ${expected}, got ${found}`,
            ),
        ).toEqual([]);
        kept.push(keptAt());
      }
      const [first = [], second = [], third = []] = kept.map((rows) => rows.map(String));
      // Who proves again writes again.
      expect(first.filter((row) => second.includes(row)).length).toBeGreaterThan(20);
      expect(third.filter((row) => second.includes(row))).toEqual([]);
      expect(BY_NUMBER.map(({ id }) => id)).toEqual(expect.arrayContaining(['icp-footer', 'reachability']));
    } finally {
      await patrol.stop(2000);
      await stage.close();
    }
  }, 400_000);
});

describe.each(BACKENDS)('the whole catalogue of oddities, queue: %s', (kind) => {
  let stage: Stage;
  let patrol: Patrol;
  beforeAll(async () => {
    stage = await setStage({ seed: 3, sites: oddities.length + 20, overrides: await queueSettings(kind) });
    const siteIds = await importStage(stage);
    patrol = await startPatrol(stage);
    await runScan(patrol, siteIds, { now: Date.now });
  }, 180_000);
  afterAll(async () => {
    await patrol.stop(2000);
    await stage.close();
  });

  it('gives zero wrong verdicts', () => {
    const { compared, mismatches } = compareWithTruth(stage, patrol);
    expect(compared).toBeGreaterThan(oddities.length * 3);
    expect(
      mismatches.map(
        ({ site, checkId, expected, found }) => `${site.oddity} ${checkId}: want ${expected}, got ${found}`,
      ),
    ).toEqual([]);
  });

  it('every stored bundle judges the same again offline, and failures keep page bytes and DNS packets', () => {
    let bundles = 0;
    const kinds = new Set<string>();
    for (const site of stage.world.sites) {
      const [siteId] = patrol.ledger?.filings.find({ siteNumber: site.siteNumber }) ?? [];
      for (const check of checks) {
        const [latest] = patrol.ledger?.verdicts.history(siteId as number, check.id, 1) ?? [];
        if (latest === undefined) continue;
        const pieces = patrol.ledger?.evidence.ofVerdict(latest.id) ?? [];
        for (const piece of pieces) kinds.add(piece.kind);
        const bundle = JSON.parse(String(pieces.find(({ kind: one }) => one === 'artifacts')?.bytes)) as AuditBundle;
        const again = rejudgeBundle(bundle, checks).find(({ checkId }) => checkId === check.id);
        expect.soft(again?.verdict, `${site.oddity} ${check.id}`).toBe(again?.stored);
        expect.soft(JSON.stringify(bundle.filing)).not.toContain(site.subjectName);
        bundles++;
      }
    }
    expect(bundles).toBeGreaterThan(oddities.length * 3);
    expect([...kinds].sort()).toEqual(['artifacts', 'dns', 'page', 'registration']);
  });
});
