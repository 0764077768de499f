import { z } from 'zod';
import { addDays, beijingDate, beijingInstant } from './beijing-time.ts';
import { type CalendarYear, calendarYear, calendarYears } from './coverage.ts';

const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'is a date, written "2027-01-01" in quotes');

/** `config/calendar.yaml`: the State Council's notice for years the library does not hold yet. */
export const calendarShape = z.strictObject({
  version: z.string().min(1),
  years: z.record(
    z.string().regex(/^\d{4}$/, 'is a year, written "2027" in quotes'),
    z.strictObject({ holidays: z.array(date), workdays: z.array(date) }),
  ),
});

export type CalendarFile = z.infer<typeof calendarShape>;

/** A period of time an owner is given: calendar days, or working days. */
export type Period = { days: number } | { workingDays: number };

/** The end of a period. `provisional`: a year without the State Council's calendar was counted through (design §6). */
export interface Deadline {
  at: number;
  provisional: boolean;
}

/** Fixed by law in every year; what moves with the moon or is swapped for weekends is known only from the yearly notice. */
const FIXED_HOLIDAYS = new Set(['01-01', '05-01', '05-02', '10-01', '10-02', '10-03']);

/** Working days by the State Council's calendar, make-up days included (R16.4). */
export class WorkCalendar {
  readonly #years = new Map<string, CalendarYear>();

  constructor(file: CalendarFile) {
    for (const year of calendarYears()) this.#years.set(String(year), calendarYear(year));
    for (const [year, { holidays, workdays }] of Object.entries(file.years))
      this.#years.set(year, { holidays: new Set(holidays), workdays: new Set(workdays) });
  }

  /** True when the year's notice is at hand. */
  knows(year: number): boolean {
    return this.#years.has(String(year));
  }

  /** Is a Beijing date a working day? In a year not at hand weekends and the holidays fixed by law are not. */
  isWorkday(day: string): boolean {
    const year = this.#years.get(day.slice(0, 4));
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    if (FIXED_HOLIDAYS.has(day.slice(5))) return false;
    if (year === undefined) return !weekend;
    return year.workdays.has(day) || (!weekend && !year.holidays.has(day));
  }

  /**
   * The end of a period that starts on the Beijing day of `from` (that day not counted): 24:00 of its last day. A period of
   * calendar days never needs the calendar; one of working days ends on a working day.
   */
  deadline(from: number, period: Period): Deadline {
    let day = beijingDate(from);
    if ('days' in period) return { at: beijingInstant(addDays(day, period.days), '24:00'), provisional: false };
    let provisional = false;
    for (let left = period.workingDays; left > 0; ) {
      day = addDays(day, 1);
      if (!this.knows(Number(day.slice(0, 4)))) provisional = true;
      if (this.isWorkday(day)) left--;
    }
    return { at: beijingInstant(day, '24:00'), provisional };
  }

  /** As `deadline`, continuing from an end of day (an extension starts where the period ended). */
  extended(deadlineAt: number, period: Period): Deadline {
    return this.deadline(deadlineAt - 1, period);
  }
}
