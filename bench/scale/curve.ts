/** The cost curve: the same sweep over registers of growing size, the ledger's side alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '../../test/support/redis.ts';
import { startScript } from '../scan/run.ts';
import type { LedgerCost } from './ledger.ts';

/** Sweep registers of these sizes, one after the other. */
export async function costCurve(
  sizes: readonly number[],
  onPoint: (cost: LedgerCost) => void = () => {},
): Promise<LedgerCost[]> {
  const points: LedgerCost[] = [];
  for (const sites of sizes) {
    const redis = await startRedis();
    const folder = mkdtempSync(join(tmpdir(), 'beian-bench-'));
    const gatherers = await startScript<object>('../scale/echo.ts', { redisUrl: redis.url });
    try {
      const { value, ended } = await startScript<LedgerCost>('../scale/ledger.ts', {
        sites,
        redisUrl: redis.url,
        folder,
      });
      await ended;
      points.push(value);
      onPoint(value);
    } finally {
      gatherers.end();
      await gatherers.ended;
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return points;
}
