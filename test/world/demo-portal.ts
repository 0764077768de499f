/** `npm run demo:portal`: one case as its owner sees it, on this machine's loopback; ended by Ctrl+C. */
import { setTimeout } from 'node:timers/promises';
import { addDays, beijingDate, beijingInstant } from '../../src/calendar/beijing-time.ts';
import { paint, print } from '../../src/cli/output.ts';
import { createLogger } from '../../src/log.ts';
import { startPortal } from '../../src/web/portal.ts';
import { CaseWorld } from '../support/case-world.ts';
import { codeInSms } from '../support/portal-world.ts';

/** Until a look that was asked for is made. */
const LOOK_MS = 8000;
const port = Number(process.env['PORT'] ?? 8788);

async function main(): Promise<void> {
  // Told yesterday by day: no SMS goes out at night.
  const world = await CaseWorld.open(beijingInstant(addDays(beijingDate(Date.now()), -1), '10:00'), {
    notices: { portalUrl: `http://127.0.0.1:${port}` },
  });
  const siteId = world.addSite(1);
  world.set(siteId, 'icp-footer', 'fail');
  world.look(siteId);
  await world.until(Date.now());
  const log = createLogger('silent');
  const where = { host: '127.0.0.1', port, trustedProxies: [] };
  const portal = await startPortal({ ...where, keeper: world.keeper, log, now: world.now, pollMs: 2000 });
  const { id } = world.case();
  const link = /http\S+\/r\/l\/[\w-]+/.exec(world.channels.email.sent[0]?.message.content.text ?? '')?.[0];
  print(paint('bold', 'beian-patrol: the owner’s portal 备案整改'));
  print(`by the code of the SMS:   ${portal.address}/r   code ${codeInSms(world, 1)}`);
  print(`by the link of the mail:  ${link}`);
  print(
    `Ask for a re-check there: after ${LOOK_MS / 1000} seconds the site is found mended, and the page tells so by itself. Ctrl+C ends.`,
  );
  let ended = false;
  process.once('SIGINT', () => {
    ended = true;
  });
  while (!ended) {
    await setTimeout(500);
    const events = world.ledger.cases.events(id).map(({ move }) => move);
    if (!events.includes('recheck-asked') || events.includes('recheck-passed')) continue;
    await setTimeout(LOOK_MS);
    world.set(siteId, 'icp-footer', 'pass');
    world.look(siteId);
  }
  await portal.close();
  world.close();
}

await main();
