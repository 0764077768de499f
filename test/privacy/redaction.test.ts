import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mergeSettings } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { Metrics } from '../../src/ops/metrics.ts';
import { startWires, type Wires, wireSettings } from '../support/delivery-world.ts';
import { hasRedis, startRedis, type TestRedis } from '../support/redis.ts';
import { ACCESS_SECRET } from '../world/access-system.ts';
import { importStage, type Stage, setStage } from '../world/harness.ts';
import { MAIL_ACCOUNT } from '../world/mail-server.ts';
import { SMS_KEY } from '../world/sms-gateway.ts';

let redis: TestRedis;
let wires: Wires;
let stage: Stage;
beforeAll(async () => {
  if (!hasRedis()) return;
  redis = await startRedis();
  wires = await startWires('aliyun');
  stage = await setStage({
    seed: 77,
    sites: 80,
    withoutCatalogue: true,
    oddShare: 0,
    overrides: mergeSettings(wireSettings(wires, 'aliyun'), {
      queue: { url: redis.url },
      sweep: { tickMs: 200 },
      confirm: { pauseMs: 0 },
    }) as object,
  });
});
afterAll(async () => {
  if (!hasRedis()) return;
  await stage.close();
  await wires.close();
  await redis.stop();
});

it.runIf(hasRedis())(
  'no person and no secret in any log line, job, metric or alert, while every wire fails in turn',
  async () => {
    const [one, two, three] = stage.world.sites;
    for (const site of [one, two, three])
      for (const name of [site?.domain ?? '', `www.${site?.domain}`])
        stage.world.names.set(name, [{ a: ['45.33.32.156'] }]);
    await importStage(stage);
    const first = openConfiguredLedger(stage.config);
    first.connection.sqlite.exec('UPDATE check_states SET next_due_at = 1 WHERE next_due_at IS NOT NULL');
    // Nobody of the third can be reached: the admins are told whom to call.
    first.connection.sqlite
      .prepare(
        "UPDATE contacts SET mobile = NULL, phone = '010-87654321', email = 'no address' WHERE site_id = (SELECT site_id FROM site_hosts WHERE host = ?)",
      )
      .run(three?.domain ?? '');
    first.close();
    const lines: string[] = [];
    const mailFaults = ['no-such-user', 'accept-then-reset', 'refuse-content', 'policy'] as const;
    let mails = 0;
    wires.mail.fault = () => mailFaults[mails++ % mailFaults.length] ?? 'ok';
    let sent = 0;
    wires.sms.send = () => (['ok', 'accept-then-reset', 'throttle', 'internal-before'] as const)[sent++ % 4] ?? 'ok';
    const patrol = await Patrol.start({
      config: stage.config,
      log: createLogger('trace', { write: (line) => lines.push(line) }),
      roles: ['gather', 'ledger'],
      schedule: true,
      dialer: stage.running.dialer,
      now: Date.now,
    });
    const ledger = openConfiguredLedger(stage.config);
    try {
      // Until both channels were tried by all that goes wrong with them.
      while (mails < mailFaults.length || sent < 4 || ledger.openAlerts().length === 0) await sleep(50);
      await sleep(500);
      const persons = ledger.connection.sqlite.prepare('SELECT name, phone, email FROM contacts').all() as Record<
        string,
        string | null
      >[];
      const personal = [
        ...new Set(
          persons.flatMap((person) => Object.values(person)).filter((text) => text !== null && text.length > 2),
        ),
      ] as string[];
      expect(personal.length).toBeGreaterThan(12);
      const secrets = [MAIL_ACCOUNT.password, SMS_KEY.secret, ACCESS_SECRET];
      // Redis' own append-only file: everything that was ever put into a queue.
      const aof = readdirSync(redis.folder, { recursive: true })
        .filter((file) => /\.aof$/.test(String(file)))
        .map((file) => readFileSync(join(redis.folder, String(file)), 'utf8'))
        .join('\n');
      const counters = new Metrics(Date.now);
      counters.watch(patrol, null);
      const metrics = await counters.registry.metrics();
      const alerts = ledger.openAlerts();
      expect([
        lines.filter((line) => line.includes('message sent')).length > 3,
        aof.length > 10_000,
        metrics.length > 500,
        alerts.length > 0,
      ]).toEqual([true, true, true, true]);
      const places = { logs: lines.join('\n'), queue: aof, metrics, alerts: JSON.stringify(alerts) };
      for (const [place, text] of Object.entries(places))
        expect([place, [...personal, ...secrets].filter((one) => text.includes(one))]).toEqual([place, []]);
    } finally {
      await patrol.stop(1000);
      ledger.close();
    }
  },
);
