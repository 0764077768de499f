import { domainToASCII } from 'node:url';
import { checks as allChecks } from '../../src/checks/index.ts';
import { RegistryDirectory, registryTable } from '../../src/gather/registries.ts';
import type { LoadedRanges } from '../../src/provider/list-file.ts';
import { contentOddities } from './oddities-content.ts';
import { dnsOddities } from './oddities-dns.ts';
import { filedOddities } from './oddities-filed.ts';
import { footerOddities, webOddities } from './oddities-page.ts';
import { registrationOddities } from './oddities-registration.ts';
import type { AddressBook, Draft, Oddity, Tools } from './oddity.ts';
import { filler, footerLine, pageHtml, policeLine } from './page-html.ts';
import { SeededRandom } from './random.ts';
import { emptyWorld, type Truth, type WorldData, type WorldSite } from './types.ts';

/** Every kind of strange site, each with its truth. */
export const oddities: readonly Oddity[] = [
  { id: 'healthy', about: 'a site as it should be', alter: () => {} },
  ...dnsOddities,
  ...footerOddities,
  ...webOddities,
  ...registrationOddities,
  ...filedOddities,
  ...contentOddities,
];

/** How a world is made. */
export interface WorldOptions {
  seed: number;
  /** Sites in all; the catalogue comes first (once each), the rest is mostly healthy. */
  sites: number;
  now: number;
  ranges: LoadedRanges;
  registries: unknown;
  /** Share of odd sites among the rest. */
  oddShare?: number;
  /** Leave the catalogue out (bulk worlds). */
  withoutCatalogue?: boolean;
  /** Characters of filler text a page. */
  pageCharacters?: number;
}

const CHECKS = allChecks.map(({ id }) => id);
const TLDS = ['cn', 'com', 'com', 'com', 'top', 'net', 'com.cn', 'xyz'];
const NAMES = '蓝海 远景 启明 星河 华信 天成 博雅 鼎新 万通 恒远 清泉 云帆 锦程 瑞丰 百川 金桥'.split(' ');
const TRADES = '科技 商贸 教育 物流 建材 食品 文化 旅游 环保 电子'.split(' ');

/** Make a world: the same seed, day and lists always give the same sites. */
export function buildWorld(options: WorldOptions): WorldData {
  const random = new SeededRandom(options.seed);
  const book = addressBook(options.ranges, random);
  const world = emptyWorld();
  const tools: Tools = {
    random,
    book,
    ranges: options.ranges.table,
    day: (offset) => new Date(options.now + offset * 86_400_000).toISOString().slice(0, 10),
    page: (draft, footer, more) =>
      pageHtml({
        title: draft.title,
        body: more?.body ?? draft.body,
        footer,
        police: policeLine(draft.columns['公安备案号'] ?? ''),
        ...more,
      }),
  };
  const quick = oddities.filter((oddity) => oddity.slow !== true && oddity.id !== 'healthy');
  const catalogue = options.withoutCatalogue === true ? [] : oddities;
  for (let index = 0; index < options.sites; index++) {
    const healthy = oddities[0] as Oddity;
    const oddity = catalogue[index] ?? (random.next() < (options.oddShare ?? 0.1) ? random.pick(quick) : healthy);
    addSite(world, index, oddity, tools, options);
  }
  addRegistryServers(world, options.registries, book);
  for (const name of ['beian.miit.gov.cn', 'www.gov.cn', 'www.baidu.com', 'www.qq.com'])
    world.names.set(name, [{ a: [book.here()] }]);
  return world;
}

function addSite(world: WorldData, index: number, oddity: Oddity, tools: Tools, options: WorldOptions): void {
  const { random, book } = tools;
  const province = oddity.province ?? { abbreviation: '京', name: '北京' };
  const serial = `20${21 + (index % 5)}${String(100_007 + index * 7)
    .padStart(6, '0')
    .slice(-6)}`;
  const subjectNumber = `${province.abbreviation}ICP备${serial}号`;
  const tld = domainToASCII(oddity.tld ?? random.pick(TLDS));
  const domain = `site-${index}.${tld}`;
  const title = `${random.pick(NAMES)}${random.pick(TRADES)}${index}`;
  const here = [{ a: [book.here()] }];
  const draft: Draft = {
    siteNumber: `${subjectNumber}-${1 + (index % 3)}`,
    subjectNumber,
    domain,
    tld,
    domains: [domain],
    province: province.name,
    accessProvider: 'aliyun',
    state: 'active',
    approvedAt: '2021-06-30',
    filedAddresses: [],
    licenceNumber: '',
    subjectKind: '企业',
    subjectName: `${title}有限公司`,
    siteName: title,
    columns: healthyColumns(index, tools.day),
    apex: here,
    www: here,
    extraNames: new Map(),
    web: {},
    extraWeb: new Map(),
    registry: { found: true, expires: tools.day(400 + random.int(900)), registrant: `${title}有限公司` },
    refusedAddresses: [],
    // Shared by all sites: what one adds is known of its own numbers only.
    lists: world,
    title,
    body: filler(random, options.pageCharacters ?? 600 + random.int(1500)),
    truth: {},
  };
  draft.web.body = tools.page(draft, footerLine(draft.siteNumber));
  oddity.alter(draft, tools);
  publish(world, draft, oddity);
}

/** Checks that read the page can say no more than the footer check where nobody could read it. */
const READS_THE_PAGE = new Set(['police-footer', 'site-content', 'access-record']);

function usualTruth(check: string, { truth }: Oddity): Truth {
  const footer = truth?.['icp-footer'];
  const unread = footer?.verdict === 'inconclusive' && footer.codes.includes('not-observed');
  return READS_THE_PAGE.has(check) && unread
    ? { verdict: 'inconclusive', codes: ['not-observed'] }
    : { verdict: 'pass', codes: [] };
}

function publish(world: WorldData, draft: Draft, oddity: Oddity): void {
  world.names.set(draft.domain, draft.apex);
  world.names.set(`www.${draft.domain}`, draft.www);
  for (const [name, record] of draft.extraNames) world.names.set(name, record);
  for (const domain of draft.domains) {
    world.web.set(domain, draft.web);
    world.web.set(`www.${domain}`, draft.web);
    world.registry.set(domain, draft.registry);
  }
  for (const [key, record] of draft.extraWeb) world.web.set(key, record);
  for (const address of draft.refusedAddresses) world.addresses.set(address, 'refused');
  const checked = draft.state === 'active';
  const truth: Record<string, Truth> = {};
  for (const check of CHECKS) truth[check] = oddity.truth?.[check] ?? usualTruth(check, oddity);
  const site: WorldSite = {
    oddity: oddity.id,
    siteNumber: draft.siteNumber,
    subjectNumber: draft.subjectNumber,
    subjectName: draft.subjectName,
    subjectKind: draft.subjectKind,
    siteName: draft.siteName,
    licenceNumber: draft.licenceNumber,
    columns: draft.columns,
    province: draft.province,
    domain: draft.domain,
    domains: draft.domains,
    accessProvider: draft.accessProvider,
    state: draft.state,
    approvedAt: draft.approvedAt,
    addresses: draft.filedAddresses,
    truth: checked ? truth : null,
  };
  world.sites.push(site);
}

/** Columns of a filing that passes every check of what is filed. */
function healthyColumns(index: number, day: (offset: number) => string): Record<string, string> {
  const mobile = (offset: number): string => `139${String(10_000_000 + index * 2 + offset)}`;
  return {
    主体负责人姓名: `张${index}`,
    主体负责人手机: mobile(0),
    主体负责人邮箱: `a${index}@site-${index}.example`,
    网站负责人姓名: `李${index}`,
    网站负责人手机: mobile(1),
    网站负责人邮箱: `b${index}@site-${index}.example`,
    主体负责人证件有效期: '长期',
    网站负责人证件有效期: day(900),
    服务器到期日: day(300),
    公安备案号: `京公网安备1101050203${String(1000 + (index % 9000))}号`,
    公安备案通过日期: '2021-08-10',
  };
}

/** Addresses from the real lists, so that range logic runs unchanged. */
function addressBook({ lists, table }: LoadedRanges, random: SeededRandom): AddressBook {
  const cidrs = (id: string, mainland: boolean, family: 4 | 6): string[] =>
    (lists.find((list) => list.id === id)?.ranges ?? [])
      .filter((range) => range.mainland === mainland && range.cidr.includes(':') === (family === 6))
      .map(({ cidr }) => cidr)
      .filter((cidr) => table.whoseAddress(cidr.split('/')[0] as string)?.provider === id);
  const inside = (pool: string[]): string => {
    const [network, prefix] = random.pick(pool).split('/') as [string, string];
    if (network.includes(':')) return network.replace(/::$/, `::${(1 + random.int(0xfffe)).toString(16)}`);
    const base = network.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const offset = 1 + random.int(Math.max(1, 2 ** (32 - Number(prefix)) - 2));
    return [24, 16, 8, 0].map((shift) => Math.floor((base + offset) / 2 ** shift) % 256).join('.');
  };
  const here = cidrs('aliyun', true, 4);
  const here6 = cidrs('aliyun', true, 6).filter((cidr) => /::\/\d+$/.test(cidr));
  const overseas = cidrs('aliyun', false, 4);
  const other = [...cidrs('tencent', true, 4), ...cidrs('huawei', true, 4)];
  // A more specific block inside may be another's, or another region's: draw until the table agrees.
  const ours = (draw: () => string, provider: string | null, mainland?: boolean): string => {
    for (;;) {
      const address = draw();
      const owner = table.whoseAddress(address);
      if ((owner?.provider ?? null) === provider && (mainland === undefined || owner?.mainland === mainland))
        return address;
    }
  };
  return {
    here: () => ours(() => inside(here), 'aliyun', true),
    here6: () => ours(() => inside(here6), 'aliyun', true),
    overseas: () => ours(() => inside(overseas), 'aliyun', false),
    otherProvider: () => inside(other),
    // A block of a university abroad: in no list.
    unlisted: () => ours(() => `128.32.${random.int(256)}.${1 + random.int(254)}`, null),
  };
}

function addRegistryServers(world: WorldData, registries: unknown, book: AddressBook): void {
  const table = registryTable.parse(registries);
  const directory = new RegistryDirectory(table);
  for (const registry of Object.values(table.registries)) {
    for (const tld of registry.tlds) {
      const found = directory.find(`x.${domainToASCII(tld)}`);
      for (const url of [found?.rdap?.replaceAll('{tld}', domainToASCII(tld))]) {
        if (url !== undefined) world.names.set(new URL(url).hostname, [{ a: [book.here()] }]);
      }
      if (found?.whois !== undefined) world.names.set(found.whois, [{ a: [book.here()] }]);
    }
  }
}

/** The filings of a world as a CSV an operator would export. */
export function worldCsv(world: WorldData): string {
  const more = [...new Set(world.sites.flatMap(({ columns }) => Object.keys(columns)))];
  const head = [
    '网站备案号,主体备案号,主办单位名称,主办单位性质,网站名称,域名,省份,接入服务商,接入产品,IP地址,审核通过日期,状态,经营许可证号',
    ...more,
  ].join(',');
  const rows = world.sites.map((site) =>
    [
      site.siteNumber,
      site.subjectNumber,
      site.subjectName,
      site.subjectKind,
      site.siteName,
      site.domains.join(';'),
      site.province,
      site.accessProvider,
      'ecs',
      site.addresses.join(';'),
      site.approvedAt,
      site.state,
      site.licenceNumber,
      ...more.map((column) => site.columns[column] ?? ''),
    ].join(','),
  );
  return `${head}\n${rows.join('\n')}\n`;
}
