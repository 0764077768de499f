/** `npm run demo:portal`: cases as their owners see them, on this machine's loopback; ended by Ctrl+C. */
import { setTimeout } from 'node:timers/promises';
import { addDays, beijingDate, beijingInstant } from '../../src/calendar/beijing-time.ts';
import { paint, print } from '../../src/cli/output.ts';
import { messageOf } from '../../src/errors.ts';
import { createLogger } from '../../src/log.ts';
import { startPortal } from '../../src/web/portal.ts';
import { hasBrowser } from '../support/browser.ts';
import { CaseWorld } from '../support/case-world.ts';
import { launchBrowser } from '../support/pages.ts';
import { type Draw, setPortalScene } from '../support/portal-scene.ts';
import { codeInSms } from '../support/portal-world.ts';

/** Until a look that was asked for is made, and how long an owner waits for the next (ms). */
const LOOK_MS = 6000;
const AGAIN_MS = 15_000;
const port = Number(process.env['PORT'] ?? 8788);

/** Pages as a browser shows them, where there is one. */
async function openDraw(): Promise<{ draw: Draw; close: () => Promise<void> }> {
  if (!hasBrowser()) return { draw: async () => null, close: async () => undefined };
  const browser = await launchBrowser();
  const draw: Draw = async (markup) => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.setContent(markup);
    const picture = await page.screenshot({ type: 'jpeg', quality: 60, fullPage: true });
    await page.close();
    return picture;
  };
  return { draw, close: () => browser.close() };
}

async function main(): Promise<void> {
  // Told yesterday by day: no SMS goes out at night.
  const world = await CaseWorld.open(beijingInstant(addDays(beijingDate(Date.now()), -1), '10:00'), {
    notices: { portalUrl: `http://127.0.0.1:${port}` },
    cases: { ownerRecheck: { minIntervalMs: AGAIN_MS, perDay: 50 } },
  });
  const { draw, close } = await openDraw();
  await setPortalScene(world, 2, draw);
  await close();
  await world.until(Date.now());
  const log = createLogger('silent');
  const where = { host: '127.0.0.1', port, trustedProxies: [] };
  const portal = await startPortal({ ...where, keeper: world.keeper, log, now: world.now, pollMs: 2000 }).catch(
    (error: unknown) => {
      print(`${messageOf(error)}\n  → PORT=8877 npm run demo:portal takes another port`);
      process.exitCode = 2;
      return null;
    },
  );
  if (portal === null) return world.close();
  const link = /http\S+\/r\/l\/[\w-]+/.exec(world.channels.email.sent[0]?.message.content.text ?? '')?.[0];
  print(paint('bold', 'beian-patrol: the owner’s portal 备案整改'));
  print(`by the code of an SMS:    ${portal.address}/r   code ${codeInSms(world, 2)}  (the number is not linked)`);
  print(`                          ${portal.address}/r   code ${codeInSms(world, 1)}  (an empty shell)`);
  print(`by the link of the mail:  ${link}  (both)`);
  print(
    `Ask for a re-check there: after ${LOOK_MS / 1000} seconds the first finds nothing mended, the next (${AGAIN_MS / 1000} seconds later) that it is; the page tells so by itself. Ctrl+C ends.`,
  );
  let ended = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      ended = true;
    });
  while (!ended) {
    await setTimeout(500);
    const asked = world.cases().map((record) => ({
      record,
      at: world.ledger.cases
        .events(record.id)
        .filter(({ move }) => move === 'recheck-asked')
        .map((event) => event.at),
    }));
    // A look takes its time; the second one finds the site mended.
    if (asked.some(({ at }) => Date.now() - (at.at(-1) ?? 0) < LOOK_MS)) continue;
    for (const { record, at } of asked)
      if (at.length > 1 && record.siteId !== null)
        for (const check of ['icp-footer', 'empty-shell']) world.set(record.siteId, check, 'pass');
    await world.until(Math.max(world.now(), Date.now()));
  }
  await portal.close();
  world.close();
}

await main();
