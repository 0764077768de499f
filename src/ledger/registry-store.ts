import type { RegistrationFacts } from '../facts/types.ts';
import type { Artifact, DnsValue } from '../gather/types.ts';
import type { Statements } from './statements.ts';

/** What a registry said last of a domain. */
export interface StoredRegistration {
  domain: string;
  registry: string;
  artifact: Artifact<RegistrationFacts>;
  dns: Artifact<DnsValue> | null;
  observedAt: number;
}

/** Registry answers, and one rate budget a registry over all workers. */
export class RegistryStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Keep the last answer, or the last failure to get one. */
  store(entry: StoredRegistration): void {
    const { domain, registry, artifact, dns, observedAt } = entry;
    this.#db.run(
      'registrationUpsert',
      domain,
      registry,
      JSON.stringify(artifact),
      dns === null ? null : JSON.stringify(dns),
      observedAt,
    );
  }

  /** The last answer for a domain, or null. */
  get(domain: string): StoredRegistration | null {
    const row = this.#db.get<{ registry: string; artifact: string; dns: string | null; observedAt: number }>(
      'registrationByDomain',
      domain,
    );
    if (row === undefined) return null;
    return {
      domain,
      registry: row.registry,
      artifact: JSON.parse(row.artifact) as StoredRegistration['artifact'],
      dns: row.dns === null ? null : (JSON.parse(row.dns) as StoredRegistration['dns']),
      observedAt: row.observedAt,
    };
  }

  /** True when a registry's budget is handed out beyond an instant. */
  busyBeyond(registry: string, until: number): boolean {
    return (this.#db.get<{ nextFreeAt: number }>('budgetGet', registry)?.nextFreeAt ?? 0) > until;
  }

  /** Hand out the next start for a registry (epoch ms). One ledger hands them out, so all workers share one budget. */
  reserve(registry: string, intervalMs: number, now: number): number {
    const budget = this.#db.get<{ nextFreeAt: number; refusals: number }>('budgetGet', registry);
    const startAt = Math.max(now, budget?.nextFreeAt ?? 0);
    this.#db.run('budgetSet', registry, startAt + intervalMs, budget?.refusals ?? 0);
    return startAt;
  }

  /** A refusal pushes the registry's next start away, longer with every refusal in a row; an answer ends the row. */
  noteOutcome(registry: string, refused: boolean, backoffMs: number, now: number): void {
    const budget = this.#db.get<{ nextFreeAt: number; refusals: number }>('budgetGet', registry);
    if (!refused) {
      if ((budget?.refusals ?? 0) > 0) this.#db.run('budgetSet', registry, budget?.nextFreeAt ?? now, 0);
      return;
    }
    const refusals = (budget?.refusals ?? 0) + 1;
    const pause = backoffMs * 2 ** Math.min(refusals - 1, 6);
    this.#db.run('budgetSet', registry, Math.max(budget?.nextFreeAt ?? 0, now + pause), refusals);
  }
}
