import ipaddr from 'ipaddr.js';

/** IPv6 networks are given out as /64 and larger: whoever has one has all of its addresses. */
const NETWORK_BYTES = 8;

/** Whom an address is counted as: an IPv4 address by itself, also where it is written as IPv6; an IPv6 address by its /64. */
export function clientOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return `${Buffer.from(parsed.toByteArray().slice(0, NETWORK_BYTES)).toString('hex')}/64`;
}
