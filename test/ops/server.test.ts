import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { runScan } from '../../src/jobs/scan.ts';
import { FiguresCounter } from '../../src/ledger/figures.ts';
import { Metrics } from '../../src/ops/metrics.ts';
import { startOpsServer } from '../../src/ops/server.ts';
import { importStage, type Stage, setStage, startPatrol } from '../world/harness.ts';

let stage: Stage;
let patrol: Patrol;
let running: Patrol | null = null;
let figures: FiguresCounter;
let ops: Awaited<ReturnType<typeof startOpsServer>>;
const metrics = new Metrics(Date.now);

beforeAll(async () => {
  stage = await setStage({ seed: 9, sites: 12, withoutCatalogue: true, oddShare: 0 });
  const siteIds = await importStage(stage);
  ops = await startOpsServer({ host: '127.0.0.1', port: 0, now: Date.now, metrics }, () => running);
  patrol = await startPatrol(stage);
  await runScan(patrol, siteIds, { now: Date.now });
  figures = new FiguresCounter(patrol.ledger?.connection.path ?? '', Date.now, (error) => {
    throw error;
  });
  metrics.watch(patrol, figures);
});
afterAll(async () => {
  await ops.close();
  await figures.close();
  await patrol.stop(500);
  await stage.close();
});
const get = async (path: string, method = 'GET') => {
  const response = await fetch(`${ops.address}${path}`, { method });
  return { status: response.status, body: await response.text() };
};

describe('the health endpoint', () => {
  it('lives before it is ready', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toMatchObject({ status: 503, body: expect.stringContaining('starting or draining') });
  });
  it('is ready with ledger and queue', async () => {
    running = patrol;
    expect(await get('/readyz')).toEqual({ status: 200, body: '{"status":"ready","problems":[]}' });
  });
  it('gives the promised metrics', async () => {
    const { body } = await get('/metrics');
    for (const name of [
      'patrol_verdicts_total',
      'patrol_findings_total',
      'patrol_sweep_lag_seconds',
      'patrol_queue_jobs',
      'patrol_inconclusive_share',
      'patrol_ranges_age_seconds',
      'patrol_held_sweeps',
    ])
      expect.soft(body).toContain(name);
    expect(body).toMatch(/patrol_sites\{check="empty-shell",verdict="pass"\} 12/);
  });
  it('refuses what it does not serve', async () => {
    expect((await get('/')).status).toBe(404);
    expect((await get('/healthz', 'POST')).status).toBe(405);
  });
  it('says when the port is taken', async () => {
    const port = Number(new URL(ops.address).port);
    await expect(startOpsServer({ host: '127.0.0.1', port, now: Date.now, metrics }, () => null)).rejects.toThrow(
      /EADDRINUSE/,
    );
  });
});
