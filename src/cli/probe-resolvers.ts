import { type Config, parseResolver } from '../config.ts';
import { DnsTransport, type ResolverAddress } from '../gather/dns-transport.ts';

/** A name that every working resolver knows. */
const PROBE_NAME = 'cn';

/** Ask each configured resolver one question; null when some answer, else the sentence to show. */
export async function probeResolvers(config: Config): Promise<string | null> {
  const answers = await askResolvers(config);
  if (answers.some(({ ok }) => ok)) return null;
  return `no resolver answers (${answers.map(({ resolver }) => resolver).join(', ')}): no network, or DNS is blocked; every site will be inconclusive`;
}

/** Which resolvers answer, and how fast. */
export async function askResolvers(
  config: Config,
): Promise<{ resolver: string; ok: boolean; tookMs: number; detail: string }[]> {
  const transport = new DnsTransport({ sockets: 1 });
  try {
    return await Promise.all(
      config.settings.resolvers.map(async (resolver) => {
        const startedAtMs = performance.now();
        const reply = await transport.query(parseResolver(resolver) as ResolverAddress, PROBE_NAME, 'A', {
          timeoutMs: Math.min(config.settings.dns.timeoutMs, 2000),
          tries: 1,
        });
        const tookMs = Math.round(performance.now() - startedAtMs);
        return { resolver, ok: reply.ok, tookMs, detail: reply.ok ? `rcode ${reply.rcode}` : reply.detail };
      }),
    );
  } finally {
    transport.close();
  }
}
