import { type Config, parseResolver } from '../config.ts';
import { DnsTransport, type ResolverAddress } from '../gather/dns-transport.ts';
import { ResolverTrust } from '../gather/resolver-trust.ts';

/** Ask each configured resolver for the well-known names; null when some can be trusted, else the sentence to show. */
export async function probeResolvers(config: Config): Promise<string | null> {
  const answers = await askResolvers(config);
  if (answers.some(({ ok }) => ok)) return null;
  const said = answers.map(({ resolver, detail }) => `${resolver}: ${detail}`).join('; ');
  return `no resolver can be used (${said}): no network, or DNS is filtered here; every site will be inconclusive`;
}

/** Which resolvers answer for well-known names, and how fast. */
export async function askResolvers(
  config: Config,
): Promise<{ resolver: string; ok: boolean; tookMs: number; detail: string }[]> {
  const transport = new DnsTransport({ sockets: 1 });
  const { dns, resolvers } = config.settings;
  const timing = { timeoutMs: Math.min(dns.timeoutMs, 2000), tries: 1 };
  const trust = new ResolverTrust({ transport, names: dns.wellKnownNames, ...timing, now: Date.now });
  try {
    return await Promise.all(
      resolvers.map(async (resolver) => {
        const address = parseResolver(resolver) as ResolverAddress;
        const startedAtMs = performance.now();
        const reply = await transport.query(address, dns.wellKnownNames[0] ?? 'cn', 'A', timing);
        const tookMs = Math.round(performance.now() - startedAtMs);
        if (!reply.ok) return { resolver, ok: false, tookMs, detail: reply.detail };
        const trusted = await trust.isTrusted(address);
        return { resolver, ok: trusted, tookMs, detail: trusted ? '' : 'does not know well-known names' };
      }),
    );
  } finally {
    transport.close();
  }
}
