/**
 * `npm run bench:guard`: a small guard against regressions, for CI. Sweeps of the worker, over pages that changed and over pages that
 * did not, and one of the floor in turn, in one run; fails when the worker's processor time a filing, as a multiple of the floor's, is more
 * than the bound, or when a filing is not found to pass. Ratios, so that a slow machine fails nothing; the best of three rounds, so that a busy moment does not either.
 */
import { compareWays } from './scan/run.ts';

/** Measured 1.2 and 2.0 when it was written (docs/performance.md). */
const BOUNDS = { steady: 2.2, changed: 3.5 } as const;
const ROUNDS = 3;
const FILINGS = 600;

const { steady, changed, floor } = await compareWays({
  world: { filings: FILINGS, tlsShare: 0.3 },
  ways: ['changed', 'steady', 'floor'],
  rounds: ROUNDS,
  concurrency: 64,
});
let kept = true;
for (const [way, results] of [['steady', steady] as const, ['changed', changed] as const]) {
  const ratios = results.map(({ cpuMs }, round) => cpuMs / (floor[round]?.cpuMs ?? Number.NaN));
  kept &&= Math.min(...ratios) <= BOUNDS[way];
  const shown = ratios.map((ratio) => ratio.toFixed(2)).join(', ');
  process.stdout.write(`${way}: processor time a filing, × the floor's: ${shown}; bound ${BOUNDS[way]}\n`);
}
const all = [...steady, ...changed, ...floor].every(({ passed, filings }) => passed === filings);
if (!all) process.stdout.write('not every filing was found to pass\n');
process.exit(kept && all ? 0 : 1);
