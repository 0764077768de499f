import { afterEach, describe, expect, it } from 'vitest';
import { WebhookAccessSystem } from '../../src/enforce/webhook.ts';
import { openDeliveryWorld } from '../support/delivery-world.ts';
import { ACCESS_SECRET, type ActFault, startAccessSystem } from '../world/access-system.ts';

type Open = Awaited<ReturnType<typeof openDeliveryWorld>>;
let open: Open | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

/** A case whose restriction was just approved. */
async function approved(): Promise<Open & { code: string }> {
  open = await openDeliveryWorld('aliyun');
  const { world } = open;
  const siteId = world.addSite();
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  await world.until('2026-12-09 10:00');
  const { code } = world.case();
  world.desk.approve(code, { kind: 'admin', name: 'a' }, world.now());
  return { ...open, code };
}

describe('acts over a real signed webhook', () => {
  it.each<[ActFault, string]>([
    ['done', 'restricted'],
    ['pending', 'restricted'],
    ['error', 'restricted'],
    ['garbage', 'restricted'],
    ['accept-then-reset', 'restricted'],
    ['hang', 'restricted'],
    ['refuse', 'enforcement-asked'],
  ])('%s once: carried out at most once, and the case is %s', async (fault, state) => {
    const { world, wires, code } = await approved();
    wires.access.fault = (_, attempt) => (attempt === 1 ? fault : 'done');
    await world.until('2026-12-09 18:00');
    expect(wires.access.unsigned).toBe(0);
    expect(world.case().state).toBe(state);
    expect(wires.access.carriedOut).toHaveLength(fault === 'refuse' ? 0 : 1);
    const alerts = world.ledger.openAlerts().map(({ key }) => key);
    expect(alerts.includes(`act-${world.case().id}`)).toBe(fault === 'refuse');
    expect(code).toBe(world.case().code);
  });

  it('an act pending at the bureau is said to be so, and asked after until it is in force (R17.8)', async () => {
    const { world, wires } = await approved();
    wires.access.fault = () => 'pending';
    wires.access.effective = () => false;
    await world.until('2026-12-10 10:00');
    expect(world.case().state).toBe('enforcement-approved');
    expect(world.ledger.cases.events(world.case().id).map(({ move }) => move)).toContain('act-submitted');
    wires.access.effective = () => true;
    await world.until('2026-12-10 11:00');
    expect(world.case().state).toBe('restricted');
    expect(wires.access.carriedOut).toHaveLength(1);
  });

  it('mended after a cancellation was submitted: the case says that it was too late', async () => {
    const { world, wires, code } = await approved();
    await world.until('2026-12-24 10:00');
    expect(world.case().state).toBe('cancellation-asked');
    wires.access.fault = () => 'pending';
    wires.access.effective = () => false;
    world.desk.approve(code, { kind: 'admin', name: 'a' }, world.now());
    await world.until('2026-12-24 12:00');
    world.set(world.case().siteId as number, 'empty-shell', 'pass');
    world.look(world.case().siteId as number);
    await world.settle();
    expect(world.case().state).toBe('cancellation-approved');
    expect(JSON.stringify(world.ledger.cases.events(world.case().id).at(-1)?.data)).toMatch(
      /after cancellation was submitted/,
    );
    wires.access.effective = () => true;
    await world.until('2026-12-24 14:00');
    expect(world.case().state).toBe('cancelled');
  });

  it('is signed: another secret is refused, and a changed body is noticed', async () => {
    const system = await startAccessSystem();
    try {
      const good = new WebhookAccessSystem({ url: system.url, secret: ACCESS_SECRET, timeoutMs: 1000 });
      const bad = new WebhookAccessSystem({ url: system.url, secret: 'another', timeoutMs: 1000 });
      expect(await bad.submit('k1', { act: 'restrict-access' }, Date.now())).toMatchObject({ kind: 'refused' });
      expect(await good.submit('k1', { act: 'restrict-access' }, Date.now())).toEqual({
        kind: 'done',
        receipt: 'receipt-k1',
      });
      // The same key again: carried out once, answered as before.
      expect(await good.submit('k1', { act: 'restrict-access' }, Date.now())).toEqual({
        kind: 'done',
        receipt: 'receipt-k1',
      });
      expect(system.carriedOut).toHaveLength(1);
      expect(system.unsigned).toBe(1);
    } finally {
      await system.close();
    }
  });
});
