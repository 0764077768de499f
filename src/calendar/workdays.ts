import chineseDays from 'chinese-days';
import { z } from 'zod';
import { addDays, beijingDate, beijingInstant } from './beijing-time.ts';
import { calendarYears } from './coverage.ts';

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
  readonly #file: CalendarFile;
  readonly #years: ReadonlySet<number>;

  constructor(file: CalendarFile) {
    this.#file = file;
    this.#years = new Set([...calendarYears(), ...Object.keys(file.years).map(Number)]);
  }

  /** True when the year's notice is at hand. */
  knows(year: number): boolean {
    return this.#years.has(year);
  }

  /** Is a Beijing date a working day? In a year not at hand weekends and the holidays fixed by law are not. */
  isWorkday(day: string): boolean {
    const own = this.#file.years[day.slice(0, 4)];
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    if (own !== undefined) return own.workdays.includes(day) || (!weekend && !own.holidays.includes(day));
    // The library calls 1 January of a year it does not know a working day.
    if (!this.knows(Number(day.slice(0, 4)))) return !weekend && !FIXED_HOLIDAYS.has(day.slice(5));
    // The library reads a text as UTC and then asks the machine's zone: noon of the local day is that day everywhere.
    const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
    return chineseDays.isWorkday(new Date(year, month - 1, date, 12));
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
