import { appendFileSync } from 'node:fs';

/** `npm run test:hostile -- --full`: the counts of the report; without it the short versions of the same tests. */
export const FULL = process.env['PATROL_FULL'] === '1';

/** One row of docs/reliability.md: what was done to the worker, how often, and what came of it. */
export interface Figure {
  fault: string;
  count: number;
  result: string;
}

/** Report a row; the runner collects them. */
export function figure(row: Figure): void {
  const file = process.env['PATROL_FIGURES'];
  if (file !== undefined && file !== '') appendFileSync(file, `${JSON.stringify(row)}\n`);
}
