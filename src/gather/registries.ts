import { domainToASCII } from 'node:url';
import { z } from 'zod';

/** One registry: who answers for its TLDs, and how often it may be asked. */
export const registryShape = z.strictObject({
  tlds: z.array(z.string().min(1)).min(1),
  /** RDAP base with `{tld}`; absent where the registry has none (.cn, R17.9). */
  rdap: z.url().optional(),
  /** WHOIS host, port 43, asked when there is no RDAP or it gave no answer. */
  whois: z.string().optional(),
  /** Least time between two questions, over all workers. */
  intervalMs: z.int().min(0).max(3_600_000),
});

export const registryTable = z.strictObject({
  version: z.string().min(1),
  registries: z.record(z.string(), registryShape),
});

export type Registry = z.infer<typeof registryShape> & { id: string };
export type RegistryTable = z.infer<typeof registryTable>;

/** Finds the registry of a domain. */
export class RegistryDirectory {
  readonly #byTld = new Map<string, Registry>();

  constructor(table: RegistryTable) {
    for (const [id, registry] of Object.entries(table.registries)) {
      for (const tld of registry.tlds) this.#byTld.set(domainToASCII(tld), { ...registry, id });
    }
  }

  /** The registry answering for a domain; null for a TLD nobody listed. */
  find(domain: string): Registry | null {
    return this.#byTld.get(domain.slice(domain.lastIndexOf('.') + 1)) ?? null;
  }

  /** Registry ids, for the health report. */
  ids(): string[] {
    return [...new Set([...this.#byTld.values()].map(({ id }) => id))];
  }
}
