const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TIME = String.raw`(?:[T /]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?(\d{1,2})\.?${TIME}`, 'i');
const DAY_FIRST = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})${TIME}`, 'i');
const NAMED_MONTH = new RegExp(String.raw`^(\d{1,2})[-\s]([A-Za-z]{3})[a-z]*[-\s,]+(\d{4})${TIME}`, 'i');
const MONTH_FIRST = new RegExp(String.raw`^([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})${TIME}`, 'i');
const UNIX = /^[A-Za-z]{3}\s+([A-Za-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([A-Z]{3,4})\s+)?(\d{4})/;

/**
 * Read a registry's date in any of the forms seen (docs/registration.md). Gives ISO 8601 with the offset the registry wrote
 * (`2028-09-13T00:00:00Z`), a plain `YYYY-MM-DD` where no time was given, or null. Dates are never moved to another zone.
 */
export function parseRegistryDate(text: string, defaultOffset = ''): string | null {
  const value = text.trim().replace(/^\((.*)\)$/, '$1');
  let hit = YEAR_FIRST.exec(value);
  if (hit !== null) return compose(hit[1], hit[2], hit[3], hit.slice(4), defaultOffset);
  hit = /^(\d{4})(\d{2})(\d{2})(?!\d)/.exec(value);
  if (hit !== null) return compose(hit[1], hit[2], hit[3], [], defaultOffset);
  hit = DAY_FIRST.exec(value);
  // 12/05/2026 is May in France and December in the United States: unknown.
  if (hit !== null && value.includes('/') && Number(hit[1]) <= 12 && Number(hit[2]) <= 12 && hit[1] !== hit[2])
    return null;
  if (hit !== null) return compose(hit[3], hit[2], hit[1], hit.slice(4), defaultOffset);
  hit = NAMED_MONTH.exec(value);
  if (hit !== null) return compose(hit[3], monthOf(hit[2]), hit[1], hit.slice(4), defaultOffset);
  hit = UNIX.exec(value);
  if (hit !== null) return compose(hit[7], monthOf(hit[1]), hit[2], [hit[3], hit[4], hit[5], hit[6]], defaultOffset);
  hit = MONTH_FIRST.exec(value);
  if (hit !== null) return compose(hit[3], monthOf(hit[1]), hit[2], hit.slice(4), defaultOffset);
  return null;
}

function monthOf(name: string | undefined): string {
  return String(MONTHS.indexOf((name ?? '').toLowerCase()) + 1);
}

function compose(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  [hours, minutes, seconds, zone]: (string | undefined)[],
  defaultOffset: string,
): string | null {
  const [y, m, d] = [Number(year), Number(month), Number(day)];
  if (y < 1980 || y > 2200 || m < 1 || m > 12 || d < 1 || d > new Date(Date.UTC(y, m, 0)).getUTCDate()) return null;
  const date = `${y}-${String(m).padStart(2, '0')}-${String(d).padStart(2, '0')}`;
  if (hours === undefined || minutes === undefined) return date;
  if (Number(hours) > 23 || Number(minutes) > 59) return date;
  return `${date}T${hours.padStart(2, '0')}:${minutes}:${(seconds ?? '00').padStart(2, '0')}${offsetOf(zone, defaultOffset)}`;
}

function offsetOf(zone: string | undefined, defaultOffset: string): string {
  if (zone === undefined) return defaultOffset || 'Z';
  if (/^[+-]/.test(zone)) return zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  return zone === 'CST' ? '+08:00' : 'Z';
}

/**
 * The instant (epoch ms) a registration ends. A plain date ends with its day, in the westernmost reading (UTC−12): nobody
 * is called expired while it may still be that day somewhere (R16.1).
 */
export function registryInstant(date: string): number {
  return date.length === 10 ? Date.parse(`${date}T23:59:59-12:00`) : Date.parse(date);
}

/** An expiry before the creation is a misreading or a broken answer: unknown, not expired (R16.1). */
export function plausibleExpiry(expiresAt: string | null, createdAt: string | null): string | null {
  if (expiresAt === null || createdAt === null) return expiresAt;
  return registryInstant(expiresAt) < registryInstant(createdAt) ? null : expiresAt;
}
