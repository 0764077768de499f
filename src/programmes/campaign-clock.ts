import { addDays, beijingDate, beijingInstant } from '../calendar/beijing-time.ts';

/**
 * Where a campaign stands. `publicity`: the list of those who owe their report stands, and an admin publishes it; `over`: it was
 * public for a month, and they are to be revoked; `cancelled`: an admin called it off.
 */
export type CampaignState = 'planned' | 'open' | 'publicity' | 'over' | 'cancelled';

/** The dates of a campaign (Beijing, both ends included) and where it stands. */
export interface CampaignDates {
  opensOn: string;
  closesOn: string;
  lettersUntil: string;
  /** When the list was published; null: not yet. The month runs from here (R10). */
  publishedOn: string | null;
}

/** Notices and boundaries fall at this hour. */
const HOUR = '09:00';
/** Owners who owe their report are reminded so many days before the last one. */
export const REMINDER_DAYS = [30, 7, 3, 1] as const;

/** The publicity lasts a month: then what is on the list is to be revoked (R10). Takes and gives a Beijing date. */
export function revocationOn(publishedOn: string): string {
  const [year = 0, month = 0, day = 0] = publishedOn.split('-').map(Number);
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(day, last))).toISOString().slice(0, 10);
}

/** Where a campaign stands at an instant (R10). */
export function campaignState({ opensOn, closesOn, publishedOn }: CampaignDates, now: number): CampaignState {
  const at = (date: string): number => beijingInstant(date, HOUR);
  if (now < at(opensOn)) return 'planned';
  if (now < at(addDays(closesOn, 1))) return 'open';
  return publishedOn === null || now < at(revocationOn(publishedOn)) ? 'publicity' : 'over';
}

/** The reminder in force at an instant: days before the last day, or null. One passed while the worker was down is not made up. */
export function reminderAt({ closesOn }: CampaignDates, now: number): number | null {
  const today = beijingDate(now);
  return REMINDER_DAYS.find((days) => addDays(closesOn, -days) === today && now >= beijingInstant(today, HOUR)) ?? null;
}

/** When the clock must be looked at next (epoch ms); null once everything is over, or waits for an admin to publish. */
export function nextCampaignAt(dates: CampaignDates, now: number): number | null {
  const { opensOn, closesOn, lettersUntil, publishedOn } = dates;
  const days = [
    opensOn,
    ...REMINDER_DAYS.map((ahead) => addDays(closesOn, -ahead)),
    addDays(closesOn, 1),
    ...(publishedOn === null ? [] : [revocationOn(publishedOn)]),
    addDays(lettersUntil, 1),
  ];
  const ahead = days.map((day) => beijingInstant(day, HOUR)).filter((at) => at > now);
  // While it is open new sites join once a day.
  if (campaignState(dates, now) === 'open') ahead.push(beijingInstant(addDays(beijingDate(now), 1), HOUR));
  return ahead.length === 0 ? null : Math.min(...ahead);
}
