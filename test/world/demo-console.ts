/** `npm run demo:console`: the real worker over a little internet of this machine, watched from the admins' console; ended by Ctrl+C. */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { paint, print } from '../../src/cli/output.ts';
import { messageOf } from '../../src/errors.ts';
import { FiguresCounter } from '../../src/ledger/figures.ts';
import { createLogger } from '../../src/log.ts';
import { makeKey } from '../../src/web/api/keys.ts';
import { hashPassword } from '../../src/web/console/passwords.ts';
import { startConsoleOf } from '../../src/web/console/start.ts';
import { importStage, setStage, startPatrol } from './harness.ts';

const SITES = Number(process.env['DEMO_SITES'] ?? 120);
const port = Number(process.env['PORT'] ?? 8790);
/** The sweep of the little internet comes round this often. */
const INTERVAL_MS = 120_000;

async function main(): Promise<void> {
  print('a little internet is being made …');
  const stage = await setStage({
    seed: 20261122,
    sites: SITES,
    withoutCatalogue: true,
    oddShare: 0.35,
    overrides: { console: { port } },
  });
  for (const check of Object.values(stage.config.settings.checks)) check.intervalMs = INTERVAL_MS;
  await importStage(stage);
  const patrol = await startPatrol(stage, { schedule: true });
  const ledger = patrol.ledger as NonNullable<typeof patrol.ledger>;
  const now = Date.now;
  const password = randomBytes(9).toString('base64url');
  for (const [name, role] of [
    ['admin', 'approver'],
    ['look', 'viewer'],
  ] as const)
    ledger.admins.insert(
      { name, role, language: 'zh', passwordHash: await hashPassword(password), oidcSubject: null },
      now(),
    );
  const given = {
    name: 'demo',
    scopes: ['filings:read', 'cases:read', 'rescans:write'],
    by: 'demo',
    role: 'approver' as const,
    expiresAt: null,
  };
  const { key } = makeKey(ledger.api, given, now());
  const figures = new FiguresCounter(ledger.connection.path, now, () => undefined);
  const running = await startConsoleOf(patrol, { figures, log: createLogger('silent'), now }).catch(
    (error: unknown) => {
      print(`${messageOf(error)}\n  → PORT=8899 npm run demo:console takes another port`);
      process.exitCode = 2;
      return null;
    },
  );
  if (running === null) {
    await figures.close();
    await patrol.stop(1000);
    return stage.close();
  }
  print(paint('bold', 'beian-patrol: the console 控制台'));
  print(`${running.address}   admin (approver) or look (viewer), password ${password}`);
  print(
    `${SITES} sites of a little internet are being swept; the overview follows. Open a site, look again, see the evidence.`,
  );
  print(`\nthe API:  curl -H 'Authorization: Bearer ${key}' '${running.address}/api/v1/sites?verdict=fail'`);
  print(`to be tried out: ${running.address}/api/v1/docs\n\nCtrl+C ends.`);
  let ended = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      ended = true;
    });
  while (!ended) await setTimeout(300);
  await running.close();
  await figures.close();
  await patrol.stop(1000);
  await stage.close();
}

await main();
