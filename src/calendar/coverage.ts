import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Years for which the State Council's calendar (with make-up days) is at hand. Beyond it a library says "working day" of
 * 1 January (design §6), so whoever counts working days must ask here first (R16.4).
 */
export function calendarYears(): number[] {
  return readdirSync(yearsFolder())
    .map((name) => Number(/^(\d{4})\.json$/.exec(name)?.[1]))
    .filter((year) => Number.isInteger(year))
    .sort((a, b) => a - b);
}

/** The State Council's calendar of a year: days off, and weekend days worked to make up. */
export interface CalendarYear {
  holidays: ReadonlySet<string>;
  workdays: ReadonlySet<string>;
}

/**
 * A year of the library's data. Its own `isWorkday` is not used: it mixes UTC with the machine's zone, and calls make-up
 * Saturdays days off on a machine west of Greenwich (measured with 1.5.7 in New York).
 */
export function calendarYear(year: number): CalendarYear {
  const file = join(yearsFolder(), `${year}.json`);
  const { holidays, workdays } = JSON.parse(readFileSync(file, 'utf8')) as Record<'holidays' | 'workdays', object>;
  return { holidays: new Set(Object.keys(holidays)), workdays: new Set(Object.keys(workdays)) };
}

function yearsFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('chinese-days')), 'years');
}
