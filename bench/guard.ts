/**
 * `npm run bench:guard`: a small guard against regressions, for CI. A sweep of the worker and one of the floor in turn, in one run; fails
 * when the worker's processor time a filing, as a multiple of the floor's, is more than the bound, or when a filing is not found to
 * pass. Ratios, so that a slow machine fails nothing; the best of three rounds, so that a busy moment does not either.
 */
import { compareWays } from './scan/run.ts';

/** Measured 2.0 to 2.4 when it was written (docs/performance.md). */
const BOUND = 4;
const ROUNDS = 3;
const FILINGS = 600;

const { steady, floor } = await compareWays({
  world: { filings: FILINGS, tlsShare: 0.3 },
  ways: ['steady', 'floor'],
  rounds: ROUNDS,
  concurrency: 64,
});
const ratios = steady.map(({ cpuMs }, round) => cpuMs / (floor[round]?.cpuMs ?? Number.NaN));
const best = Math.min(...ratios);
const all = [...steady, ...floor].every(({ passed, filings }) => passed === filings);
process.stdout.write(
  `processor time a filing, × the floor's: ${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}; bound ${BOUND}\n`,
);
if (!all) process.stdout.write('not every filing was found to pass\n');
process.exit(best <= BOUND && all ? 0 : 1);
