import {
  type DnsReply,
  type DnsTransport,
  RECORD_TYPES,
  type RecordType,
  type ResolverAddress,
} from './dns-transport.ts';
import type { ResolverTrust } from './resolver-trust.ts';
import type { Artifact, DnsValue, HostAnswers, ResolverAnswer } from './types.ts';

/** Answers of one look, by resolver and name: under way, or in. */
export type KnownAnswers = Map<string, Promise<ResolverAnswer>>;

/** What the DNS gatherer needs. */
export interface DnsOptions {
  transport: DnsTransport;
  resolvers: ResolverAddress[];
  timeoutMs: number;
  tries: number;
  now: () => number;
  /** Resolvers that do not know well-known names are not listened to. */
  trust?: ResolverTrust;
  /** Answers of this look so far: a page's names are not asked for again. */
  known?: KnownAnswers;
  /** Given every valid answer as it came off the wire (evidence on confirmation). */
  onPacket?: (packet: { resolver: string; name: string; type: RecordType; message: Buffer }) => void;
}

/** CNAME steps walked before a chain counts as a loop (design §3). */
const MAX_CHAIN = 8;

/** Ask every resolver for A and AAAA of every host and keep each one's answer. Never throws (design §3). */
export async function gatherDns(hosts: string[], options: DnsOptions): Promise<Artifact<DnsValue>> {
  const observedAt = options.now();
  const answers = await Promise.all(
    hosts.map(async (host): Promise<HostAnswers> => {
      const perResolver = options.resolvers.map((resolver) => {
        const answer = askResolver(host, resolver, options);
        options.known?.set(keyOf(host, resolver), answer);
        return answer;
      });
      return { host, answers: await Promise.all(perResolver) };
    }),
  );
  return { ok: true, observedAt, tookMs: options.now() - observedAt, value: { hosts: answers } };
}

const keyOf = (host: string, resolver: ResolverAddress): string => `${resolverLabel(resolver)} ${host}`;

/** {@link askResolver}, but for what this look has asked already: a resolver that said nothing had its tries. */
export function askOnce(host: string, resolver: ResolverAddress, options: DnsOptions): Promise<ResolverAnswer> {
  const known = options.known?.get(keyOf(host, resolver));
  if (known !== undefined) return known;
  const answer = askResolver(host, resolver, options);
  options.known?.set(keyOf(host, resolver), answer);
  return answer;
}

/** One resolver's view of a host: both address families, the chain walked by hand where the resolver did not. */
export async function askResolver(
  host: string,
  resolver: ResolverAddress,
  options: Pick<DnsOptions, 'transport' | 'timeoutMs' | 'tries' | 'onPacket' | 'trust'>,
): Promise<ResolverAnswer> {
  if (options.trust !== undefined && !(await options.trust.isTrusted(resolver))) {
    const detail = 'the resolver does not answer for well-known names';
    return { resolver: resolverLabel(resolver), outcome: 'untrusted', a: [], aaaa: [], cnames: [], detail };
  }
  const [v4, v6] = await Promise.all([walk(host, 'A', resolver, options), walk(host, 'AAAA', resolver, options)]);
  const answer: ResolverAnswer = {
    resolver: resolverLabel(resolver),
    outcome: combine(v4, v6),
    a: v4.addresses,
    aaaa: v6.addresses,
    cnames: v4.chain.length >= v6.chain.length ? v4.chain : v6.chain,
  };
  if (answer.outcome === 'answer' && !(isSettled(v4.outcome) && isSettled(v6.outcome))) answer.partial = true;
  const detail = [v4.detail, v6.detail].find((text) => text !== undefined);
  return detail === undefined || answer.outcome === 'answer' ? answer : { ...answer, detail };
}

const resolverLabel = ({ host, port }: ResolverAddress): string => (port === 53 ? host : `${host}:${port}`);

interface Walk {
  outcome: ResolverAnswer['outcome'];
  addresses: string[];
  chain: string[];
  detail?: string;
}

/**
 * Addresses of either family make an answer. Without any, a family that was not observed outweighs one that said "none":
 * half an observation is none (R16.1).
 */
function combine(v4: Walk, v6: Walk): ResolverAnswer['outcome'] {
  if (v4.outcome === 'answer' || v6.outcome === 'answer') return 'answer';
  if (!isSettled(v4.outcome)) return v4.outcome;
  if (!isSettled(v6.outcome)) return v6.outcome;
  return v4.outcome === 'nxdomain' && v6.outcome === 'nxdomain' ? 'nxdomain' : 'no-data';
}

const isSettled = (outcome: ResolverAnswer['outcome']): boolean =>
  outcome === 'answer' || outcome === 'nxdomain' || outcome === 'no-data';

async function walk(
  host: string,
  type: RecordType,
  resolver: ResolverAddress,
  { transport, timeoutMs, tries, onPacket }: Pick<DnsOptions, 'transport' | 'timeoutMs' | 'tries' | 'onPacket'>,
): Promise<Walk> {
  const chain: string[] = [];
  const seen = new Set([host]);
  let name = host;
  for (;;) {
    const reply = await transport.query(resolver, name, type, { timeoutMs, tries });
    if (reply.ok) onPacket?.({ resolver: resolverLabel(resolver), name, type, message: reply.message });
    const failure = outcomeOf(reply);
    if (failure !== null) return { ...failure, addresses: [], chain };
    const records = reply.ok ? reply.records : [];
    const before = name;
    for (let next = cnameOf(records, name); next !== null; next = cnameOf(records, name)) {
      if (seen.has(next) || chain.length >= MAX_CHAIN)
        return { outcome: 'loop', addresses: [], chain, detail: 'CNAME loop or chain too long' };
      seen.add(next);
      chain.push(next);
      name = next;
    }
    const addresses = records
      .filter((record) => record.type === RECORD_TYPES[type] && record.name === name)
      .map(({ data }) => data);
    if (addresses.length > 0) return { outcome: 'answer', addresses: [...new Set(addresses)].slice(0, 64), chain };
    if (reply.ok && reply.rcode === 3) return { outcome: 'nxdomain', addresses: [], chain };
    // Records, but none of the name asked for: an answer to something else, which says nothing of this name.
    if (name === before && records.length > 0)
      return { outcome: 'invalid', addresses: [], chain, detail: 'the answer is of another name' };
    if (name === before) return { outcome: 'no-data', addresses: [], chain };
  }
}

function cnameOf(records: { name: string; type: number; data: string }[], name: string): string | null {
  const record = records.find((one) => one.type === RECORD_TYPES.CNAME && one.name === name);
  return record === undefined ? null : record.data.replace(/\.$/, '');
}

/** Null when the reply can be read; NXDOMAIN may still carry a chain. */
function outcomeOf(reply: DnsReply): { outcome: ResolverAnswer['outcome']; detail: string } | null {
  if (!reply.ok) return { outcome: reply.reason === 'invalid' ? 'invalid' : 'timeout', detail: reply.detail };
  if (reply.rcode === 0 || reply.rcode === 3) return null;
  return { outcome: reply.rcode === 5 ? 'refused' : 'servfail', detail: `rcode ${reply.rcode}` };
}
