import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { mergeSettings } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { BACKENDS, queueSettings, stopQueuesAfterAll } from '../support/backends.ts';
import { startWires, wireSettings } from '../support/delivery-world.ts';
import { setStage, startPatrol } from '../world/harness.ts';

stopQueuesAfterAll();

/** Wait for something to become true; the test fails by its own time limit, not by a guess here. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await sleep(50);
}

describe.each(BACKENDS)('the running worker, queue: %s', (backend) => {
  it('carries a shell from the look to the mail, the SMS and the history by itself, and sends nothing twice after a restart', async () => {
    const wires = await startWires('aliyun');
    const overrides = mergeSettings(wireSettings(wires, 'aliyun'), {
      ...(await queueSettings(backend)),
      confirm: { pauseMs: 100 },
    }) as object;
    const stage = await setStage({ sites: 160, overrides });
    try {
      const site = stage.world.sites.find(({ oddity }) => oddity === 'shell-overseas');
      if (site === undefined) throw new Error('the little internet has no shell');
      const ledger = openConfiguredLedger(stage.config);
      ledger.upsertFilings(
        [
          {
            ...site,
            subjectKind: 'company',
            licenceNumber: null,
            service: 'site',
            hosts: site.domains.map((host) => ({ host, kind: 'domain' as const, registrable: host })),
            product: 'ecs',
            addresses: [],
            approvedAt: null,
            leaseEndsAt: null,
            state: 'active',
            persons: [{ role: 'site-head', name: '李四', phone: '13800000002', email: 'li@owner.example' }],
          },
        ],
        Date.now(),
      );
      const [siteId] = ledger.filings.find({ siteNumber: site.siteNumber });
      ledger.sweeps.requestRescan([siteId as number], 'test', Date.now());
      ledger.close();
      const first = await startPatrol(stage, { schedule: true });
      await until(() => wires.sms.taken.length > 0 && wires.mail.mails.length > 0);
      await until(() =>
        [...(first.ledger?.cases.ids() ?? [])].some((id) => first.ledger?.cases.get(id)?.toldAt !== null),
      );
      await first.stop();
      const second = await startPatrol(stage, { schedule: true });
      await until(() => second.consequences?.due().length === 0);
      const [caseId] = [...(second.ledger?.cases.ids() ?? [])];
      const record = second.ledger?.cases.get(caseId as number);
      expect(record).toMatchObject({ state: 'open', programme: 'empty-shell', dryRun: false });
      const moves = second.ledger?.cases.events(caseId as number).map(({ move }) => move);
      expect(moves?.slice(0, 1)).toEqual(['opened']);
      expect(moves?.filter((move) => move === 'notice-sent')).toHaveLength(3);
      await second.stop();
      expect([wires.sms.taken.length, wires.mail.mails.length]).toEqual([1, 1]);
      expect(wires.sms.unsigned).toEqual([]);
    } finally {
      await stage.close();
      await wires.close();
    }
  });
});
