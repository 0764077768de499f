import { parseCidr } from './address.ts';
import { type ListProblem, parseProviderList } from './list-file.ts';
import type { ProviderList } from './types.ts';

/** Ranges read from what an operator publishes. */
export interface PublishedRanges {
  ranges: ProviderList['ranges'];
  cnames: ProviderList['cnames'] | null;
  problems: ListProblem[];
  date: string | null;
}

/** AWS and Azure regions in mainland China; all their other regions are overseas. */
const MAINLAND_REGION = /^(?:cn-|china)/i;

/**
 * Read an operator's list in one of four forms, told from the content: our YAML, AWS `ip-ranges.json`, Azure service tags, or
 * plain lines with a CIDR each. Bad rows are reported, good rows kept.
 */
export function readPublishedRanges(
  text: string,
  options: { region: string | null; mainland: boolean; name: string },
): PublishedRanges {
  const trimmed = text.trimStart();
  if (trimmed.startsWith('{')) return readJson(JSON.parse(trimmed) as Published);
  if (/^id\s*:/m.test(text) && /^ranges\s*:/m.test(text)) {
    const { list, problems } = parseProviderList(text, options.name);
    return { ranges: list.ranges, cnames: list.cnames, problems, date: list.date };
  }
  return readPlain(text, options);
}

interface Published {
  createDate?: string;
  prefixes?: { ip_prefix: string; region: string }[];
  ipv6_prefixes?: { ipv6_prefix: string; region: string }[];
  values?: { properties?: { region?: string; addressPrefixes?: string[] } }[];
}

function readJson(data: Published): PublishedRanges {
  const rows: { cidr: string; region: string }[] = [];
  for (const { ip_prefix, region } of data.prefixes ?? []) rows.push({ cidr: ip_prefix, region });
  for (const { ipv6_prefix, region } of data.ipv6_prefixes ?? []) rows.push({ cidr: ipv6_prefix, region });
  for (const { properties } of data.values ?? []) {
    for (const cidr of properties?.addressPrefixes ?? []) rows.push({ cidr, region: properties?.region ?? '' });
  }
  const problems: ListProblem[] = [];
  const seen = new Set<string>();
  const ranges: PublishedRanges['ranges'] = [];
  rows.forEach(({ cidr, region }, index) => {
    if (parseCidr(cidr) === null) problems.push({ line: index + 1, value: cidr, remedy: 'not a CIDR; left out' });
    else if (region !== '' && !seen.has(cidr)) {
      seen.add(cidr);
      ranges.push({ cidr, region, mainland: MAINLAND_REGION.test(region), product: null });
    }
  });
  const date = /^(\d{4})-(\d{2})-(\d{2})/.exec(data.createDate ?? '')?.[0] ?? null;
  return { ranges, cnames: null, problems, date };
}

function readPlain(text: string, { region, mainland }: { region: string | null; mainland: boolean }): PublishedRanges {
  const problems: ListProblem[] = [];
  const ranges: PublishedRanges['ranges'] = [];
  text.split('\n').forEach((row, index) => {
    const value = row.replace(/[#;].*$/, '').trim();
    if (value === '') return;
    const parsed = parseCidr(value);
    if (parsed === null || parsed.hostBits) {
      problems.push({
        line: index + 1,
        value,
        remedy: parsed === null ? 'write a CIDR such as 47.92.0.0/14' : 'clear the host bits',
      });
    } else ranges.push({ cidr: value, region, mainland, product: null });
  });
  return { ranges, cnames: null, problems, date: null };
}
