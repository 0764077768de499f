import { userInfo } from 'node:os';
import { openConfiguredLedger } from '../jobs/open-configured.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type CliEnvironment, type CommonOptions, commandConfig } from './context.ts';

/** Open the ledger for a command, and close it after. */
export async function withLedger<T>(
  options: CommonOptions,
  environment: CliEnvironment,
  work: (ledger: Ledger, now: number) => Promise<T> | T,
): Promise<T> {
  const ledger = openConfiguredLedger(commandConfig(options, environment));
  try {
    return await work(ledger, environment.now());
  } finally {
    ledger.close();
  }
}

/** Who acts on the command line, for the audit log. */
export const by = (): string => `cli ${userInfo().username}`;

/** A line of the audit log. */
export function audit(ledger: Ledger, action: string, object: string, detail: string, now: number): void {
  ledger.admins.audit({ at: now, actor: by(), action, object, outcome: 'done', detail });
}
