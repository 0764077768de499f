import { type Config, loadConfig, mergeSettings } from '../../src/config.ts';
import type { FilingRow } from '../../src/filing/validate-row.ts';
import type { Dialer } from '../../src/gather/dialer.ts';
import type { ScanTask } from './task.ts';
import type { BenchFiling } from './world.ts';

/** The checks a sweep of screening makes of every filing. */
export const SCREENED = ['empty-shell', 'icp-footer', 'reachability'];

/** The worker's own defaults, but for where the bench world is and for what only a real network has. */
export function benchConfig(
  { ports, redisUrl, folder, concurrency }: Pick<ScanTask, 'ports' | 'redisUrl' | 'folder' | 'concurrency'>,
  overrides: object = {},
): Config {
  const host = ports.host ?? '127.0.0.1';
  const known = Object.keys(loadConfig({ env: {} }).settings.checks);
  const settings = {
    ledger: { path: `${folder}/patrol.db` },
    queue: { url: redisUrl, prefix: 'bench' },
    resolvers: [`${host}:${ports.dns}`, `${host}:${ports.secondDns}`],
    dns: { wellKnownNames: ['bench-1.cn', 'bench-2.cn'], timeoutMs: 2000 },
    page: { wellKnownPages: [], totalTimeoutMs: 10_000, connectTimeoutMs: 5000 },
    gather: { concurrency },
    sweep: { tickMs: 1000 },
    breaker: { minJudged: 1_000_000_000 },
    checks: Object.fromEntries(known.map((id) => [id, { enabled: SCREENED.includes(id) }])),
    ops: { port: 0 },
    portal: { port: 0 },
    render: { enabled: false },
    log: { level: 'silent' },
  };
  return loadConfig({ env: {}, overrides: mergeSettings(settings, overrides) as object });
}

/** Public addresses lead to the bench world, behind the guard. */
export const benchDialer = ({ ports }: Pick<ScanTask, 'ports'>): Dialer => ({
  target: (_address, port) => ({ host: ports.host ?? '127.0.0.1', port: port === 443 ? ports.https : ports.http }),
});

/** A filing of the bench world as it is imported. */
export const benchRow = ({ domain, siteNumber, subjectNumber, index }: BenchFiling): FilingRow => ({
  siteNumber,
  subjectNumber,
  subjectName: `基准测试有限公司${index}`,
  subjectKind: 'company',
  province: '北京',
  licenceNumber: null,
  siteName: `基准网站${index}`,
  service: 'site',
  hosts: [{ host: domain, kind: 'domain', registrable: domain }],
  accessProvider: 'aliyun',
  product: 'ecs',
  addresses: [],
  approvedAt: null,
  leaseEndsAt: null,
  state: 'active',
  persons: [],
});
