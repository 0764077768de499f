import type { Bilingual } from '../bilingual.ts';
import type { Ledger } from './ledger.ts';

/** Stops that are about our own eyes: while one is in force nothing is opened, told or enforced against anybody. */
export const BLINDING = ['clock', 'ranges'] as const;

/**
 * Why nobody may be accused now, or null: the circuit breaker holds a sweep, the clock is not believed, or the range list lost
 * more than it should (design §1; R16.1). What was found meanwhile is looked at again afterwards.
 */
export function standstill(ledger: Ledger): Bilingual | null {
  if (ledger.sweeps.anyHeld()) return { en: 'a sweep is held by the circuit breaker', zh: '有巡检被熔断暂停' };
  for (const key of BLINDING) {
    const hold = ledger.enforcements.held(key);
    if (hold !== null)
      return { en: `stopped (${key}): ${hold.reason}`, zh: `已暂停认定：${hold.reasonZh ?? hold.reason}` };
  }
  return null;
}
