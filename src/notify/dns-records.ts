import { isIPv4 } from 'node:net';
import type { CaseFinding } from '../cases/types.ts';
import { registrableDomain } from '../filing/registrable-domain.ts';
import type { Filing } from '../filing/types.ts';

/** A DNS record to be set (R1.6), as the panels of DNS providers ask for it. */
export interface DnsRecord {
  host: string;
  /** 主机记录: `@` for the domain itself, else what stands before it. */
  name: string;
  type: 'A' | 'AAAA' | 'CNAME';
  /** 记录值: a filed address; null where the filing names none, or the product gives a name of its own. */
  value: string | null;
  /** Where it leads now, in Chinese; null where that is not known. */
  now: string | null;
}

/** Fronts are reached by a name that the product's own console tells (R1.7). */
const BY_NAME: ReadonlySet<string> = new Set(['oss', 'cdn', 'waf', 'ddos', 'elastic-web']);
/** Findings that say a host does not lead to us. */
const AWAY: ReadonlySet<string> = new Set([
  'does-not-resolve',
  'resolves-elsewhere',
  'resolves-to-other-provider',
  'resolves-overseas',
]);

/** The records that would bring the hosts of some findings back to us. `where`: what a host's evidence says, in Chinese. */
export function recordsToSet(
  findings: readonly CaseFinding[],
  filing: Pick<Filing, 'filedAddresses' | 'product'>,
  where: (finding: CaseFinding) => string | null,
): DnsRecord[] {
  const byName = filing.product !== null && BY_NAME.has(filing.product);
  return findings
    .filter(({ checkId, code, about }) => checkId === 'empty-shell' && AWAY.has(code) && about !== null)
    .flatMap((finding): DnsRecord[] => {
      const host = finding.about ?? '';
      const domain = registrableDomain(host) ?? host;
      const name = host === domain ? '@' : host.slice(0, -domain.length - 1);
      const now = where(finding);
      if (byName) return [{ host, name, type: 'CNAME', value: null, now }];
      if (filing.filedAddresses.length === 0) return [{ host, name, type: 'A', value: null, now }];
      return filing.filedAddresses.map((value) => ({ host, name, type: isIPv4(value) ? 'A' : 'AAAA', value, now }));
    });
}

/** What to write where the filing does not say: where the owner finds it. */
export const recordValue = ({ type, value }: DnsRecord): string =>
  value ??
  (type === 'CNAME'
    ? '您在本服务商控制台“域名管理”中看到的 CNAME 地址'
    : '您云服务器的公网 IP（在本服务商控制台的“实例”页面可以看到）');

/** A record in a line, for letters. */
export const recordLine = (record: DnsRecord): string =>
  `${record.host}：主机记录 ${record.name}，记录类型 ${record.type}，记录值 ${recordValue(record)}${record.now === null ? '' : `（现在：${record.now}）`}`;
