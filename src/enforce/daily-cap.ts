import { beijingDate, beijingInstant } from '../calendar/beijing-time.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Sites acted against today (Beijing), for cases and for violations together, since a hold was last released. */
export function actsToday({ enforcements, violations }: Ledger, now: number): number {
  const today = beijingInstant(beijingDate(now), '00:00');
  const since = Math.max(today - 1, enforcements.countFrom('enforcement'));
  return enforcements.submittedSince(since) + violations.submittedSince(since);
}
