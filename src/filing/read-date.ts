import { foldText } from './site-number.ts';

/** A date as exports write it (2026-11-20, 2026/11/20, 2026年11月20日, 20261120, a spreadsheet's serial) as `YYYY-MM-DD`; null where it is none. */
export function readDateText(given: string): string | null {
  const text = foldText(given).trim();
  if (/^\d{5}(?:\.\d+)?$/.test(text))
    return new Date(Date.UTC(1899, 11, 30) + Math.floor(Number(text)) * 86_400_000).toISOString().slice(0, 10);
  const parts =
    /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]?\d{1,2}:\d.*)?$/.exec(text) ??
    /^(\d{4})(\d\d)(\d\d)$/.exec(text);
  const [year, month, day] = [Number(parts?.[1]), Number(parts?.[2]), Number(parts?.[3])];
  const date = new Date(Date.UTC(year, month - 1, day));
  const valid =
    parts !== null && year > 1990 && year < 2200 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return valid ? date.toISOString().slice(0, 10) : null;
}
