import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** Unicast by the registry, yet a cloud's inside: never a site's (design §3). */
const FORBIDDEN = new Set(['168.63.129.16']);

const GLOBAL_IPV6 = ipaddr.IPv6.parse('2000::');

/**
 * May the worker connect to this address? Only public unicast, minus well-known inside addresses and this machine's own.
 * Text that is no address is refused.
 */
export function isPublicAddress(address: string, own: ReadonlySet<string> = ownAddresses()): boolean {
  if (!ipaddr.isValid(address) || address.includes('%')) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  // The library calls "unicast" whatever no table names; IANA gives out global IPv6 addresses in 2000::/3 alone.
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_IPV6, 3)) return false;
  const text = parsed.toString();
  return !FORBIDDEN.has(text) && !own.has(text);
}

let cached: { at: number; addresses: Set<string> } | null = null;

/** This machine's own addresses, normalised; looked up at most once a minute. */
export function ownAddresses(): ReadonlySet<string> {
  const now = Date.now();
  if (cached !== null && now - cached.at < 60_000) return cached.addresses;
  const addresses = new Set<string>();
  for (const entries of Object.values(networkInterfaces())) {
    for (const { address } of entries ?? []) {
      const bare = address.replace(/%.*$/, '');
      if (ipaddr.isValid(bare)) addresses.add(ipaddr.process(bare).toString());
    }
  }
  cached = { at: now, addresses };
  return addresses;
}
