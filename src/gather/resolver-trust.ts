import { isPublicAddress } from './address-guard.ts';
import type { DnsTransport, ResolverAddress } from './dns-transport.ts';

/** How long a resolver's answer to the well-known names is believed. */
const TRUST_MS = 60_000;
const DISTRUST_MS = 10_000;

/**
 * Is a resolver worth listening to? One that does not know names everybody knows (a captive portal, a filtering network, a
 * resolver without upstream) says "no such name" of every site: its word must not become an accusation (R16.1).
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

  /** True when the resolver gives a public address for at least one well-known name; asked at most once a minute. */
  async isTrusted(resolver: ResolverAddress): Promise<boolean> {
    if (this.#names.length === 0) return true;
    const key = `${resolver.host} ${resolver.port}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) return known.trusted;
    const entry = { until: this.#now() + TRUST_MS, trusted: this.#ask(resolver) };
    this.#known.set(key, entry);
    const trusted = await entry.trusted;
    if (!trusted) entry.until = this.#now() + DISTRUST_MS;
    return trusted;
  }

  async #ask(resolver: ResolverAddress): Promise<boolean> {
    const replies = await Promise.all(
      this.#names.map((name) => this.#transport.query(resolver, name, 'A', this.#timing)),
    );
    return replies.some(
      (reply) => reply.ok && reply.records.some(({ type, data }) => type === 1 && isPublicAddress(data)),
    );
  }
}
