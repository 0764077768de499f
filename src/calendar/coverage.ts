import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Years for which the State Council's calendar (with make-up days) is at hand. Beyond it a library says "working day" of
 * 1 January (design §6), so whoever counts working days must ask here first (R16.4).
 */
export function calendarYears(): number[] {
  const main = createRequire(import.meta.url).resolve('chinese-days');
  return readdirSync(join(dirname(main), 'years'))
    .map((name) => Number(/^(\d{4})\.json$/.exec(name)?.[1]))
    .filter((year) => Number.isInteger(year))
    .sort((a, b) => a - b);
}
