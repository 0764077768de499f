import { existsSync } from 'node:fs';
import { domainToASCII } from 'node:url';
import { InputError } from '../errors.ts';
import { parseIcpNumber } from '../filing/site-number.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** Filters of scan and rescan. */
export interface SiteFilter {
  province?: string;
  provider?: string;
  verdict?: string;
  check?: string;
  limit?: number;
}

/** True when a target names a file rather than a site. */
export function isFileTarget(target: string): boolean {
  return (
    /\.(?:csv|tsv|txt|xlsx|xls|ndjson|jsonl)$/i.test(target) ||
    (/[\\/]/.test(target) && existsSync(target) && !/^https?:/.test(target))
  );
}

/** Sites of the ledger for a domain, host, site number or subject number. Throws InputError when there are none. */
export function sitesForKey(target: string, ledger: Ledger): number[] {
  const number = parseIcpNumber(target);
  let found: number[];
  if (number.ok) {
    const { canonical, subject, suffix } = number.number;
    found =
      suffix === null
        ? ledger.filings.find({ siteNumber: canonical, subjectNumber: subject })
        : ledger.filings.find({ siteNumber: canonical });
  } else {
    const host = domainToASCII(
      target
        .replace(/^https?:\/\//i, '')
        .replace(/[/:].*$/, '')
        .toLowerCase(),
    );
    if (host === '')
      throw new InputError(
        `${target}: neither a file, a domain nor a filing number`,
        'give FILE, example.cn or 京ICP备…号-1',
      );
    found = ledger.filings.find({ host });
  }
  if (found.length === 0) {
    throw new InputError(
      `${target}: not in the ledger`,
      'import its filing first (patrol import), or check the spelling',
    );
  }
  return found;
}

/** Active sites that pass a filter, in ledger order. */
export function sitesForFilter(filter: SiteFilter, ledger: Ledger): number[] {
  const found: number[] = [];
  for (const siteId of ledger.filings.active()) {
    if (filter.limit !== undefined && found.length >= filter.limit) break;
    if (filter.province !== undefined || filter.provider !== undefined) {
      const record = ledger.filings.load(siteId);
      if (record === null) continue;
      if (filter.province !== undefined && record.filing.province !== filter.province) continue;
      if (filter.provider !== undefined && record.filing.accessProvider !== filter.provider) continue;
    }
    if (filter.verdict !== undefined) {
      const states = ledger.verdicts
        .standing(siteId)
        .filter(({ checkId }) => filter.check === undefined || checkId === filter.check);
      if (!states.some(({ verdict }) => verdict === filter.verdict)) continue;
    }
    found.push(siteId);
  }
  return found;
}
