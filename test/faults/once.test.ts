import { afterEach, describe, expect, it } from 'vitest';
import { CaseWorld } from '../support/case-world.ts';
import { FULL, figure } from '../support/figures.ts';

const open: CaseWorld[] = [];
afterEach(() => {
  for (const world of open.splice(0)) world.close();
});

describe('what is planned twice is owed once', () => {
  it('the same notice of a case, planned again and again', async () => {
    const world = await CaseWorld.open('2026-11-23 10:00');
    open.push(world);
    const siteId = world.addSite(1);
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-11-23 11:00');
    const record = world.case();
    const first = world.ledger.outbox.noticesOfCase(record.id);
    const sent = world.channels.sms.sent.length + world.channels.email.sent.length;
    expect(sent).toBeGreaterThan(0);
    const rounds = FULL ? 1000 : 20;
    for (let round = 0; round < rounds; round++)
      for (const { kind, stage } of new Map(first.map((one) => [one.stage, one])).values())
        world.keeper.planNotice(record, kind as 'found', stage, {}, world.now());
    await world.settle();
    expect(world.ledger.outbox.noticesOfCase(record.id).length).toBe(first.length);
    expect(world.channels.sms.sent.length + world.channels.email.sent.length).toBe(sent);
    figure({ fault: 'a notice planned again', count: rounds, result: 'owed once, sent once' });
  });

  it('a slot of a schedule, taken by many', async () => {
    const world = await CaseWorld.open('2026-11-23 10:00');
    open.push(world);
    const won = Array.from({ length: 50 }, () => world.ledger.sweeps.takeSlot('x', 7, world.now()));
    expect(won.filter(Boolean).length).toBe(1);
    figure({ fault: 'one slot of a schedule, asked for fifty times', count: 50, result: 'taken once' });
  });
});
