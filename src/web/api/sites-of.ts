import { parseIcpNumber } from '../../filing/site-number.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** Ids of the sites a text names: by their number, or by a filed domain. */
export function sitesOf({ filings }: Ledger, text: string): number[] {
  const parsed = parseIcpNumber(text);
  return parsed.ok ? filings.find({ siteNumber: parsed.number.canonical }) : filings.find({ host: text.toLowerCase() });
}
