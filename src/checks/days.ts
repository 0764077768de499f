/** Days from one instant to the start of a Beijing date (negative once it began), for clocks counted in days (R16.4). */
export function daysUntilDate(date: string, now: number): number {
  return Math.ceil((dateInstant(date) - now) / DAY_MS) + 0;
}

/** Start of a Beijing date (epoch ms). */
export const dateInstant = (date: string): number => Date.parse(`${date}T00:00:00+08:00`);

/** The Beijing date some days after another. */
export function datePlus(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

export const DAY_MS = 86_400_000;
