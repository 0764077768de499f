import { loadConfig, mergeSettings } from '../../src/config.ts';
import type { GatherContext } from '../../src/gather/context.ts';
import { createGatherContext } from '../../src/gather/context.ts';
import { findBrowser } from '../../src/gather/find-browser.ts';
import { loopbackSettings } from '../world/harness.ts';
import { type RunningWorld, startWorld } from '../world/servers.ts';
import { emptyWorld, type NameRecord, type WebRecord, type WorldData } from '../world/types.ts';

/** Is a Chromium on this machine? */
export const hasBrowser = (): boolean => findBrowser(null) !== null;

/** A site of the tests for drawn pages: host or whole URL → answer. */
export interface SmallInternet {
  web: Record<string, WebRecord>;
  /** Names beside those of `web`, which all lead to one public address. */
  names?: Record<string, NameRecord>;
}

/** A public address of a mainland cloud; the dialer leads it to loopback. */
export const PUBLIC = '47.92.0.10';

/** A few hosts on loopback, and gatherers that see them as the internet. */
export async function smallInternet(
  { web, names = {} }: SmallInternet,
  overrides: object = {},
): Promise<{ running: RunningWorld; context: GatherContext; world: WorldData; close: () => Promise<void> }> {
  const world = emptyWorld();
  for (const [key, record] of Object.entries(web)) {
    world.web.set(key, record);
    world.names.set(key.replace(/^https?:\/\//, '').replace(/\/.*$/, ''), [{ a: [PUBLIC] }]);
  }
  // Names everybody knows live at addresses of their own, or the resolvers would not be believed.
  for (const [index, name] of ['beian.miit.gov.cn', 'www.gov.cn', 'www.baidu.com', 'www.qq.com'].entries())
    world.names.set(name, [{ a: [`47.92.1.${index + 1}`] }]);
  for (const [name, record] of Object.entries(names)) world.names.set(name, [record]);
  const running = await startWorld(world, { resolvers: 3 });
  const settings = mergeSettings(loopbackSettings('/nowhere', running.resolvers), {
    render: { enabled: true, quietMs: 200, totalTimeoutMs: 15_000 },
  });
  const config = loadConfig({ env: {}, overrides: mergeSettings(settings, overrides) as object });
  const context = createGatherContext(config, { dialer: running.dialer });
  return {
    running,
    context,
    world,
    close: async () => {
      await context.close();
      await running.close();
    },
  };
}
