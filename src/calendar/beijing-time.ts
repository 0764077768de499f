/** Days are counted in Asia/Shanghai (R16.4): UTC+8 all year, whatever zone the machine is set to. */
const OFFSET_MS = 8 * 3_600_000;
export const DAY_MS = 86_400_000;

/** The Beijing date of an instant (epoch ms), `2026-11-22`. */
export const beijingDate = (instant: number): string => new Date(instant + OFFSET_MS).toISOString().slice(0, 10);

/** The instant (epoch ms) of a Beijing date and time of day, `09:00`; `24:00` is the end of the day. */
export function beijingInstant(date: string, time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return Date.parse(`${date}T00:00:00Z`) - OFFSET_MS + (hours * 60 + minutes) * 60_000;
}

/** Is this a date of the calendar, written YYYY-MM-DD? */
export const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) &&
  !Number.isNaN(Date.parse(`${text}T00:00:00Z`)) &&
  new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);

/** A date some days later (or earlier). */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** Beijing hour of an instant with minutes as a fraction, 0 up to 24. */
export const beijingHour = (instant: number): number => ((instant + OFFSET_MS) % DAY_MS) / 3_600_000;

/** The first instant at or after `from` at which a Beijing clock shows the hour. */
export function nextAtHour(from: number, hour: number): number {
  const today = beijingInstant(beijingDate(from), `${hour}:00`);
  return today >= from ? today : today + DAY_MS;
}

/**
 * An instant as owners read it: `2026年12月7日 18:00（星期一）`. An end of day is told as 24:00 of that day, so that nobody
 * takes midnight for the day before.
 */
export function beijingText(instant: number): string {
  const endOfDay = (instant + OFFSET_MS) % DAY_MS === 0;
  const date = beijingDate(endOfDay ? instant - 1 : instant);
  const [year, month, day] = date.split('-').map(Number);
  const time = endOfDay ? '24:00' : new Date(instant + OFFSET_MS).toISOString().slice(11, 16);
  const weekday = '日一二三四五六'[new Date(`${date}T00:00:00Z`).getUTCDay()];
  return `${year}年${month}月${day}日 ${time}（星期${weekday}）`;
}

/** An instant in a table: `2026-12-07 18:00`; an end of day is 24:00 of that day. */
export function beijingTable(instant: number): string {
  const endOfDay = (instant + OFFSET_MS) % DAY_MS === 0;
  const time = endOfDay ? '24:00' : new Date(instant + OFFSET_MS).toISOString().slice(11, 16);
  return `${beijingDate(endOfDay ? instant - 1 : instant)} ${time}`;
}

/** The short form for an SMS: `12月7日24:00`. */
export function beijingShort(instant: number): string {
  const match = /年(.*日) (\d\d:\d\d)/.exec(beijingText(instant));
  return `${match?.[1] ?? ''}${match?.[2] ?? ''}`;
}
