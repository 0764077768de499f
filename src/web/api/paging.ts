import { z } from 'zod';
import { ApiFault } from './kit.ts';

const MOST_ROWS = 500;

/** Query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MOST_ROWS).default(50).describe('rows a page'),
  cursor: z.string().max(100).optional().describe('`next` of the page before'),
};

/** What every list gives beside its rows. */
export const nextShape = z.string().nullable().describe('the cursor of the next page; null: that was all');

/** A place in a list as a cursor nobody needs to understand. */
export const cursorOf = (place: string | null): string | null =>
  place === null ? null : Buffer.from(place).toString('base64url');

/** The place behind a cursor. Throws ApiFault where it is none of ours. */
export function placeOf(cursor: string | undefined): string | null {
  if (cursor === undefined) return null;
  const place = Buffer.from(cursor, 'base64url').toString('utf8');
  if (!/^\d{1,16}(?:\.\d{1,16})?$/.test(place))
    throw new ApiFault(400, 'that cursor is none of ours', 'give the `next` of the page before');
  return place;
}

/** An instant as ISO 8601, or null. */
export const isoOf = (instant: number | null): string | null =>
  instant === null ? null : new Date(instant).toISOString();
