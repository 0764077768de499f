import { setTimeout as sleep } from 'node:timers/promises';
import type { Sweep } from '../ledger/types.ts';
import type { Patrol } from './patrol.ts';
import { PRIORITY } from './payloads.ts';

/** How far a scan is. */
export interface ScanProgress {
  sites: number;
  total: number;
  judged: number;
  confirming: number;
}

/**
 * Scan given sites now, in the foreground: open a sweep, feed the queue under back-pressure, see the confirmations through,
 * and end when every check of every site has its verdict, or the breaker holds the sweep. Gives the sweep.
 */
export async function runScan(
  patrol: Patrol,
  siteIds: number[],
  options: {
    kind?: 'scan' | 'rescan';
    checkIds?: ReadonlySet<string>;
    now: () => number;
    onProgress?: (progress: ScanProgress) => void;
    signal?: AbortSignal;
  },
): Promise<Sweep> {
  const { ledger, dispatcher } = patrol;
  if (ledger === null || dispatcher === null) throw new Error('a scan needs the ledger role');
  const { batchSites } = patrol.config.settings.sweep;
  const sweepId = ledger.sweeps.open(options.kind ?? 'scan', options.now());
  const waiting = [...siteIds];
  for (;;) {
    while (waiting.length > 0) {
      const room = await dispatcher.room();
      if (room === 0) break;
      const batch = waiting.splice(0, Math.min(room, batchSites));
      const claims = ledger.sweeps.claimSites(sweepId, batch, options.now(), options.checkIds);
      await dispatcher.dispatch(claims, options.kind === 'rescan' ? PRIORITY.rescan : PRIORITY.sweep);
    }
    const sweep = ledger.sweeps.get(sweepId) as Sweep;
    const screened = ledger.sweeps
      .counts(sweepId)
      .filter(({ stage }) => stage === 'screen')
      .reduce((sum, { count }) => sum + count, 0);
    options.onProgress?.({
      sites: siteIds.length,
      total: sweep.total,
      judged: sweep.judged,
      confirming: screened - sweep.judged,
    });
    if (waiting.length === 0 && sweep.judged >= sweep.total) {
      ledger.sweeps.setState(sweepId, 'done', null, options.now());
      return ledger.sweeps.get(sweepId) as Sweep;
    }
    if (sweep.state === 'held' && screened >= sweep.total && waiting.length === 0) return sweep;
    if (options.signal?.aborted === true) return sweep;
    await dispatcher.dispatchUrgent();
    // What was lost on the way (a killed worker, a wiped queue) is taken up again once its lease is over.
    await dispatcher.dispatch(ledger.sweeps.claimLost(sweepId, options.now(), batchSites), PRIORITY.confirm);
    await sleep(100);
  }
}
