import { randomBytes } from 'node:crypto';
import { isPublicAddress } from './address-guard.ts';
import type { DnsTransport, ResolverAddress } from './dns-transport.ts';

/** How long a resolver's answer to the well-known names is believed. */
const TRUST_MS = 60_000;
const DISTRUST_MS = 10_000;

/**
 * Is a resolver worth listening to? One that does not know names everybody knows (a filtering network, a resolver without
 * upstream) says "no such name" of every site, and one that knows names nobody has (a captive portal, a carrier's search page) gives
 * every site its own address: neither's word may become an accusation (R16.1).
 */
export class ResolverTrust {
  readonly #transport: DnsTransport;
  readonly #names: readonly string[];
  readonly #timing: { timeoutMs: number; tries: number };
  readonly #now: () => number;
  readonly #known = new Map<string, { until: number; trusted: Promise<boolean> }>();

  /** `names` are the well-known names; with none every resolver is trusted. */
  constructor(options: {
    transport: DnsTransport;
    names: readonly string[];
    timeoutMs: number;
    tries: number;
    now: () => number;
  }) {
    this.#transport = options.transport;
    this.#names = options.names;
    this.#timing = { timeoutMs: options.timeoutMs, tries: options.tries };
    this.#now = options.now;
  }

  /**
   * True when the resolver gives a public address for at least one well-known name, not one and the same for all of them, and none for
   * a name nobody can have; asked at most once a minute.
   */
  async isTrusted(resolver: ResolverAddress): Promise<boolean> {
    if (this.#names.length === 0) return true;
    const key = `${resolver.host} ${resolver.port}`;
    const known = this.#known.get(key);
    const left = (known?.until ?? 0) - this.#now();
    // More left than was given: the clock was set back since.
    if (known !== undefined && left > 0 && left <= TRUST_MS) return known.trusted;
    const entry = { until: this.#now() + TRUST_MS, trusted: this.#ask(resolver) };
    this.#known.set(key, entry);
    const trusted = await entry.trusted;
    if (!trusted) entry.until = this.#now() + DISTRUST_MS;
    return trusted;
  }

  async #ask(resolver: ResolverAddress): Promise<boolean> {
    // RFC 6761: nothing is ever called `.invalid`; whoever knows an address for it makes addresses up.
    const nobody = `${randomBytes(8).toString('hex')}.invalid`;
    const [nonsense, ...replies] = await Promise.all(
      [nobody, ...this.#names].map((name) => this.#transport.query(resolver, name, 'A', this.#timing)),
    );
    if (nonsense?.ok === true && nonsense.records.some(({ type }) => type === 1)) return false;
    const known = replies.flatMap((reply) => {
      const addresses = reply.ok ? reply.records.filter(({ type, data }) => type === 1 && isPublicAddress(data)) : [];
      return addresses.length === 0 ? [] : [addresses.map(({ data }) => data).sort()];
    });
    // Names of strangers to each other do not live at one address.
    return known.length > 0 && (known.length < 3 || new Set(known.map((one) => one.join())).size > 1);
  }
}
