import { domainExpiry } from './domain-expiry.ts';
import { emptyShell } from './empty-shell.ts';
import { icpFooter } from './icp-footer.ts';
import { reachability } from './reachability.ts';
import type { CheckDefinition } from './types.ts';

/** Every check, in the order it is shown. Adding a check is one line here. */
export const checks: readonly CheckDefinition[] = [emptyShell, icpFooter, domainExpiry, reachability];

/** A check by its id; undefined when there is none. */
export function findCheck(id: string): CheckDefinition | undefined {
  return checks.find((check) => check.id === id);
}
