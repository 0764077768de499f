import { describe, expect, it } from 'vitest';
import { runScan } from '../../src/jobs/scan.ts';
import { BACKENDS, queueSettings, stopQueuesAfterAll } from '../support/backends.ts';
import { compareWithTruth, importStage, setStage, startPatrol } from '../world/harness.ts';

stopQueuesAfterAll();
const SITES = 10_000;

describe.each(BACKENDS)('a sweep of 10,000 sites, queue: %s', (kind) => {
  it('ends with exactly one verdict a site and check, matching the truth', async () => {
    const stage = await setStage({
      seed: 11,
      sites: SITES,
      withoutCatalogue: true,
      oddShare: 0.05,
      pageCharacters: 300,
      // A slow moment of this machine must not look like a slow site.
      overrides: {
        ...(await queueSettings(kind)),
        dns: { timeoutMs: 4000 },
        page: { totalTimeoutMs: 20_000, connectTimeoutMs: 10_000 },
        registration: { timeoutMs: 10_000 },
      },
    });
    const siteIds = await importStage(stage);
    const patrol = await startPatrol(stage);
    try {
      const depths: number[] = [];
      const watch = setInterval(
        () =>
          void patrol.queues.gather
            .getJobCounts('waiting', 'prioritized')
            .then((counts) => depths.push(Object.values(counts).reduce((a, b) => a + b, 0))),
        500,
      );
      const sweep = await runScan(patrol, siteIds, { now: Date.now });
      clearInterval(watch);
      const { compared, mismatches } = compareWithTruth(stage, patrol);
      expect(
        mismatches.map(
          ({ site, checkId, expected, found }) => `${site.oddity} ${checkId}: want ${expected}, got ${found}`,
        ),
      ).toEqual([]);
      expect(sweep).toMatchObject({ state: 'done', total: compared, judged: compared });
      // One final verdict a site and check, counted as they were written.
      const finals = patrol.ledger?.sweeps.counts(sweep.id).filter(({ stage: one }) => one === 'final') ?? [];
      expect(finals.reduce((sum, { count }) => sum + count, 0)).toBe(compared);
      // Back-pressure: the queue never held the whole register.
      const { maxQueuedSites } = stage.config.settings.sweep;
      expect(Math.max(...depths) * stage.config.settings.gather.sitesPerJob).toBeLessThanOrEqual(
        maxQueuedSites + stage.config.settings.sweep.batchSites,
      );
    } finally {
      await patrol.stop(2000);
      await stage.close();
    }
  }, 600_000);
});
