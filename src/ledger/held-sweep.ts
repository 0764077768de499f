import { checks } from '../checks/index.ts';
import { InputError } from '../errors.ts';
import type { Ledger } from './ledger.ts';

/**
 * Let a sweep that the circuit breaker holds go on (`release`: what failed is looked at again and confirmed), or throw it away
 * (`discard`: nothing of it becomes a verdict, its sites are due again). Gives how many checks of sites it touched. Throws
 * InputError when the sweep is not held.
 */
export function decideHeldSweep(ledger: Ledger, sweepId: number, decision: 'release' | 'discard', now: number): number {
  return ledger.transaction(() => {
    const sweep = ledger.sweeps.get(sweepId);
    if (sweep === null || sweep.state !== 'held')
      throw new InputError(
        `sweep ${sweepId} is not held`,
        'patrol sweeps list shows those that are',
        '该巡检没有被暂停，可能已被处理',
      );
    const checkIds = checks.map((check) => check.id);
    const touched =
      decision === 'release' ? ledger.sweeps.release(sweepId, now) : ledger.sweeps.discard(sweepId, checkIds, now);
    ledger.resolveAlert(`sweep-held-${sweepId}`, now);
    return touched;
  });
}
