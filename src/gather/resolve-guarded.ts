import { isIP } from 'node:net';
import { isPublicAddress } from './address-guard.ts';
import { askOnce, type DnsOptions } from './dns.ts';
import type { Failure } from './types.ts';

/**
 * Resolve a name once, check every address, and give at most one of each family to connect to. One forbidden address spoils
 * the name (rebinding). The second and third resolver are asked only when the first said nothing.
 */
export async function resolveGuarded(
  host: string,
  dns: DnsOptions,
): Promise<{ ok: true; addresses: string[] } | { ok: false; failure: Failure }> {
  const fail = (code: Failure['code'], message: string) => ({
    ok: false as const,
    failure: { code, message, ours: false },
  });
  let addresses: string[] = [host];
  if (isIP(host) === 0) {
    const [first, ...others] = dns.resolvers;
    if (first === undefined) return fail('dns-unobserved', 'no resolver configured');
    let answer = await askOnce(host, first, dns);
    for (const other of others.slice(0, 2)) {
      if (answer.a.length + answer.aaaa.length > 0 || ['nxdomain', 'no-data'].includes(answer.outcome)) break;
      answer = await askOnce(host, other, dns);
    }
    addresses = [...answer.a, ...answer.aaaa];
    if (addresses.length === 0) {
      const stated = answer.outcome === 'nxdomain' || answer.outcome === 'no-data';
      return fail(
        stated ? 'no-address' : 'dns-unobserved',
        `${host}: ${answer.outcome}${answer.detail === undefined ? '' : ` (${answer.detail})`}`,
      );
    }
  }
  const inside = addresses.find((address) => !isPublicAddress(address));
  if (inside !== undefined) return fail('address-forbidden', `${host} leads to ${inside}, which is not public`);
  const v4 = addresses.find((address) => isIP(address) === 4);
  const v6 = addresses.find((address) => isIP(address) === 6);
  return { ok: true, addresses: [v4, v6].filter((address) => address !== undefined) };
}
