import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Patrol } from '../../src/jobs/patrol.ts';
import { runScan } from '../../src/jobs/scan.ts';
import { formatProviderList } from '../../src/provider/list-file.ts';
import { FULL, figure } from '../support/figures.ts';
import { importStage, rangesForTests, type Stage, setStage, startPatrol } from '../world/harness.ts';
import type { NameRecord } from '../world/types.ts';

const DAY_MS = 86_400_000;
/** Too few sites for any statistic, and enough for the circuit breaker. */
const sizes = (index: number): number[] => (FULL ? [6, 12, 30, 300] : index === 0 ? [12, 120] : [12]);

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Scene {
  stage: Stage;
  patrol: Patrol;
  siteIds: number[];
}

/** Healthy sites only, the breaker as shipped, well-known pages asked for. */
async function scene(
  sites: number,
  options: { now?: () => number; overrides?: (folder: string) => object; before?: (stage: Stage) => void } = {},
): Promise<Scene> {
  const stage = await setStage({ seed: 31, sites, withoutCatalogue: true, oddShare: 0, overrides: SETTINGS });
  open.push(stage.close);
  for (const host of ['www.baidu.com', 'www.gov.cn'])
    stage.world.web.set(host, {
      body: host === 'www.gov.cn' ? '<title>中国政府网</title>' : '<title>百度一下</title>',
    });
  options.before?.(stage);
  const siteIds = await importStage(stage);
  const patrol = await startPatrol(stage, options.now === undefined ? {} : { now: options.now });
  open.push(() => patrol.stop(1000));
  return { stage, patrol, siteIds };
}

const SETTINGS = {
  breaker: { minJudged: 50 },
  page: {
    wellKnownPages: [
      { url: 'http://www.baidu.com/', shows: '百度一下' },
      { url: 'http://www.gov.cn/', shows: '中国政府网' },
    ],
  },
  notices: {
    email: { host: '127.0.0.1', port: 1 },
    admins: { emails: ['admin@cloud.example'] },
  },
};

/** Scan everything, follow every confirmation, let what is due happen; gives the cases opened and what admins are told. */
async function disaster(
  { patrol, siteIds }: Scene,
  now: () => number = Date.now,
): Promise<{ cases: number; alerts: string[]; told: number }> {
  const ledger = patrol.ledger;
  if (ledger === null) throw new Error('no ledger');
  await runScan(patrol, siteIds, { now });
  patrol.consequences?.tick();
  return {
    cases: ledger.cases.totals().reduce((sum, { count }) => sum + count, 0),
    alerts: ledger.openAlerts().map(({ key }) => key.replace(/-\d+$/, '')),
    told: ledger.outbox.notices(null, 1000).filter(({ kind }) => kind === 'admin-alert').length,
  };
}

const ANYWHERE = ['8.7.198.45', '59.24.3.173', '203.98.7.65', '46.82.174.68', '78.16.49.15'];
let turn = 0;
const NONSENSE: Record<string, (name: string) => NameRecord | null> = {
  'no name exists': () => ({ rcode: 3 }),
  'every name is empty': () => ({}),
  'one address for all (a captive portal’s)': () => ({ a: ['8.7.198.45'] }),
  'an address elsewhere for every name, another each time': () => ({
    a: [ANYWHERE[turn++ % ANYWHERE.length] as string],
  }),
  'a search page for names that do not exist, all sites gone': (name) =>
    /baidu|gov\.cn|qq\.com/.test(name) ? null : { a: ['8.7.198.45'] },
  'our own address for every name': () => ({ a: ['47.92.0.1'] }),
  'every name on loopback': () => ({ a: ['127.0.0.1'] }),
  'SERVFAIL for all': () => ({ rcode: 2 }),
};

describe('disasters of our own open no case, and admins are told', () => {
  it('without a disaster there is no alert, and a shell is found: the suite can see', async () => {
    const one = await scene(12, {
      before: ({ world }) => {
        const [site] = world.sites;
        for (const name of [site?.domain ?? '', `www.${site?.domain}`])
          world.names.set(name, [{ a: ['45.33.32.156'] }]);
      },
    });
    expect(await disaster(one)).toMatchObject({ cases: 1, alerts: [] });
  });

  it.each(Object.keys(NONSENSE).flatMap((name, index) => sizes(index).map((sites) => [name, sites] as const)))(
    'resolvers: %s (%i sites)',
    async (name, sites) => {
      const one = await scene(sites);
      one.stage.running.twist.dns = NONSENSE[name] as (name: string) => NameRecord | null;
      const { cases, alerts } = await disaster(one);
      expect(cases).toBe(0);
      // Of a handful of sites that could not be observed each says so itself; of many the admins are told.
      if (sites >= 50) expect(alerts).toContain('blind-empty-shell');
      figure({ fault: `resolvers: ${name}`, count: sites, result: '0 cases opened' });
    },
  );

  it.each(sizes(0))('a captive portal instead of every page (%i sites)', async (sites) => {
    for (const web of [
      () => ({ body: '<html><title>登录</title><p>请先登录上网。欢迎使用本网络，认证后继续访问。</p></html>' }),
      () => ({ status: 302, headers: { location: 'http://portal.wlan.example/login?from=www.baidu.com' }, body: '' }),
      () => ({ status: 511, body: 'Network Authentication Required' }),
    ]) {
      const one = await scene(sites);
      one.stage.running.twist.web = web;
      const { cases, alerts } = await disaster(one);
      expect(cases).toBe(0);
      if (sites >= 50) expect(alerts).toContain('blind-icp-footer');
    }
    figure({
      fault: 'a captive portal or filter instead of every page (3 kinds)',
      count: sites * 3,
      result: '0 cases opened',
    });
  });

  it.each(
    ['emptied', 'halved', 'lost its CNAMEs and a third of its ranges'].flatMap((how, index) =>
      sizes(index).map((sites) => [how, sites] as const),
    ),
  )('the range list, %s (%i sites)', async (how, sites) => {
    const one = await scene(sites, { before: (stage) => spoilList(stage, how) });
    const { cases, alerts, told } = await disaster(one);
    expect(cases).toBe(0);
    expect(alerts).toContain('hold-ranges');
    expect(told).toBeGreaterThan(0);
    figure({ fault: `the range list ${how}`, count: sites, result: '0 cases opened, admins told' });
  });

  it.each([40, -40, 400, -400, 0.2].flatMap((days, index) => sizes(index).map((sites) => [days, sites] as const)))(
    'a clock that is off by %d days (%i sites)',
    async (days, sites) => {
      const now = (): number => Date.now() + days * DAY_MS;
      const one = await scene(sites, { now });
      one.stage.running.twist.clock = Date.now;
      const { cases, alerts, told } = await disaster(one, now);
      expect(cases).toBe(0);
      expect(alerts).toContain('hold-clock');
      expect(told).toBeGreaterThan(0);
      figure({ fault: `the clock is off by ${days} days`, count: sites, result: '0 cases opened, admins told' });
    },
  );
});

function spoilList(stage: Stage, how: string): void {
  const folder = join(stage.folder, 'providers');
  mkdirSync(folder);
  stage.config.settings.ranges.ownFolder = folder;
  const [id] = [stage.config.settings.accessProvider];
  const list = rangesForTests().lists.find((one) => one.id === id);
  if (list === undefined) throw new Error('no list');
  const kept =
    how === 'emptied'
      ? { ...list, ranges: [], cnames: [] }
      : how === 'halved'
        ? {
            ...list,
            ranges: list.ranges.filter((_, index) => index % 2 === 0),
            cnames: list.cnames.filter((_, index) => index % 2 === 0),
          }
        : { ...list, ranges: list.ranges.filter((_, index) => index % 3 !== 0), cnames: [] };
  writeFileSync(join(folder, `${id}.yaml`), formatProviderList(kept));
}
