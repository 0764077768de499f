import type { Bilingual } from '../bilingual.ts';
import { parseCidr } from './address.ts';
import type { ProviderList } from './types.ts';

/** How much of the internet a provider's list says is its own. */
export interface Footprint {
  /** Mainland IPv4 addresses. */
  mainlandV4: number;
  /** Mainland IPv6 networks, in /48s. */
  mainlandV6: number;
  cnames: number;
}

/** Measure a list. Overlapping ranges count once each time they stand there: only the change against earlier matters. */
export function footprintOf(list: ProviderList | undefined): Footprint {
  const footprint: Footprint = { mainlandV4: 0, mainlandV6: 0, cnames: list?.cnames.length ?? 0 };
  for (const { cidr, mainland } of list?.ranges ?? []) {
    const parsed = mainland ? parseCidr(cidr) : null;
    if (parsed === null) continue;
    if (cidr.includes(':')) footprint.mainlandV6 += 2 ** (48 - parsed.prefix);
    else footprint.mainlandV4 += 2 ** (32 - parsed.prefix);
  }
  return footprint;
}

const WHAT: [keyof Footprint, en: string, zh: string][] = [
  ['mainlandV4', 'mainland IPv4 addresses', '个境内 IPv4 地址'],
  ['mainlandV6', 'mainland IPv6 networks', '个境内 IPv6 网段'],
  ['cnames', 'CNAME suffixes', '个 CNAME 后缀'],
];

/**
 * What a list lost against an earlier one, in words; null when it lost no more than `maxShrinkShare` of anything. A list that
 * shrank makes shells of healthy sites by the thousand (R1.1), and is more often a broken file than a provider giving up half
 * of its network.
 */
export function whatShrank(id: string, before: Footprint, after: Footprint, maxShrinkShare: number): Bilingual | null {
  const lost = WHAT.filter(([key]) => after[key] < before[key] * (1 - maxShrinkShare));
  if (lost.length === 0) return null;
  const en = lost.map(([key, words]) => `${Math.round(before[key])} ${words} became ${Math.round(after[key])}`);
  const zh = lost.map(([key, , words]) => `${Math.round(before[key])} ${words}变为 ${Math.round(after[key])}`);
  return { en: `the list of ${id} shrank: ${en.join(', ')}`, zh: `${id} 的网段表异常缩小：${zh.join('，')}` };
}
