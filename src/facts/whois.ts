import { domainToASCII } from 'node:url';
import { parseRegistryDate, plausibleExpiry } from './registry-date.ts';
import type { RegistrationFacts } from './types.ts';
import { KEYS, LEGAL_TERMS, NOT_FOUND, REFUSED } from './whois-words.ts';

interface Pair {
  key: string;
  value: string;
  /** Lines below a heading without a value of its own. */
  below: string[];
}

/** Read a WHOIS answer. Refusals are told apart from "not found"; garbage is a refusal (R16.1, design §3). */
export function parseWhois(raw: string): RegistrationFacts {
  const text = dropReferral(
    raw
      .replace(/^\ufeff/, '')
      .replaceAll('\r\n', '\n')
      .replaceAll('\r', '\n')
      .slice(0, 200_000),
  );
  const pairs = readPairs(text);
  const facts = readRecord(pairs, text);
  if (isRecord(facts, pairs)) return facts;
  return { ...empty(), found: saysNotFound(text) ? false : 'refused' };
}

function saysNotFound(text: string): boolean {
  const terms = LEGAL_TERMS.exec(text);
  const answer = (terms === null ? text : text.slice(0, terms.index)).trim();
  if (answer !== '' && REFUSED.test(answer)) return false;
  return NOT_FOUND.test(answer) || NOT_FOUND.test(text);
}

function empty(): RegistrationFacts {
  return {
    protocol: 'whois',
    domain: null,
    found: false,
    expiresAt: null,
    createdAt: null,
    registrar: null,
    registrant: null,
    statuses: [],
  };
}

/** An IANA referral in front of a real record says nothing of the domain. */
function dropReferral(text: string): string {
  if (!/^(?:%\s*IANA|refer:)/im.test(text.slice(0, 2000))) return text;
  const end = /^source:\s+IANA\s*$/im.exec(text);
  if (end === null) return text;
  const rest = text.slice(end.index + end[0].length);
  return /^\s*(?:domain name|domain)\s*:/im.test(rest) ? rest : text;
}

function readPairs(text: string): Pair[] {
  const pairs: Pair[] = [];
  let heading: Pair | null = null;
  for (const line of text.split('\n')) {
    if (/^\s*(?:[%#]|>>>|--)/.test(line)) continue;
    const keyless = /^\s*((?:record )?(?:expires|created|registered) on)\s+(\d.*)$/i.exec(line);
    if (keyless !== null) {
      pairs.push({ key: (keyless[1] as string).toLowerCase(), value: (keyless[2] as string).trim(), below: [] });
      continue;
    }
    const bracket = /^\s*(?:[a-z]\. )?\[([^\]]{1,60})\]\s*(.*)$/.exec(line);
    const dotted = /^\s*([^:.\s][^:]{0,160}?)[\s.]*:(?!\/\/)\s*(.*)$/.exec(line);
    const leaders = /^\s*([A-Za-z][A-Za-z /-]{1,40}?)\.{2,}\s*(.*)$/.exec(line);
    const hit = bracket ?? leaders ?? dotted;
    if (hit !== null && isKey(hit[1] as string)) {
      const pair: Pair = { key: normaliseKey(hit[1] as string), value: (hit[2] as string).trim(), below: [] };
      pairs.push(pair);
      heading = pair.value === '' ? pair : null;
      continue;
    }
    if (line.trim() !== '') heading?.below.push(line.trim());
  }
  return pairs;
}

function isKey(key: string): boolean {
  return key.length <= 160 && key.split(/\s+/).length <= 24 && !/[;!?]|https?$/.test(key);
}

function normaliseKey(key: string): string {
  return key
    .replace(/\.+$/, '')
    .replace(/\s*\(.*$/, '')
    .replace(/\s+/g, ' ')
    .trim()
    .toLowerCase();
}

function readRecord(pairs: Pair[], text: string): RegistrationFacts {
  const own = dropDecoys(pairs);
  const cnnic =
    /^(?:ROID|Registration Time|Sponsoring Registrar|Registration Date):/m.test(text) &&
    /^(?:Domain Name|ROID):.*(?:cn|-cn)\s*$/im.test(text);
  const date = (keys: readonly string[]): string | null => {
    for (const key of keys) {
      for (const pair of own) {
        if (pair.key !== key) continue;
        const parsed = parseRegistryDate(pair.value || (pair.below[0] ?? ''), cnnic ? '+08:00' : '');
        if (parsed !== null) return parsed;
      }
    }
    return null;
  };
  const createdAt = date(KEYS.created);
  const updatedAt = date(KEYS.updated);
  return {
    protocol: 'whois',
    domain: domainOf(own),
    found: true,
    expiresAt: plausibleExpiry(
      date(['registry expiry date']) ?? firstSectionDate(own, KEYS.expires, date) ?? date(KEYS.lastResort),
      createdAt,
    ),
    createdAt,
    ...(updatedAt !== null && { updatedAt }),
    registrar: name(own, KEYS.registrar),
    registrant: name(own, KEYS.organisation) ?? name(own, KEYS.person) ?? contactSection(own),
    statuses: readStatuses(own),
  };
}

/** The domain the record is about: the last one named, since registries list look-alike hosts first. */
function domainOf(pairs: Pair[]): string | null {
  const domains: readonly string[] = KEYS.domain;
  const named = pairs.filter((pair) => domains.includes(pair.key) && /^[^\s/]+\.[^\s/]+$/.test(pair.value));
  const value = named.at(-1)?.value ?? '';
  return domainToASCII(value.toLowerCase().replace(/\.$/, '')) || null;
}

/** Two sections (registry, registrar) may both give an expiry: the one written first wins, whatever its key. */
function firstSectionDate(
  pairs: Pair[],
  keys: readonly string[],
  date: (keys: readonly string[]) => string | null,
): string | null {
  const wanted = new Set(keys);
  for (const pair of pairs) {
    if (!wanted.has(pair.key)) continue;
    const parsed = date([pair.key]);
    if (parsed !== null) return parsed;
  }
  return null;
}

/** A registry may list hosts named like the domain before the domain itself: their fields are not the domain's. */
function dropDecoys(pairs: Pair[]): Pair[] {
  const kept: Pair[] = [];
  let decoy = false;
  for (const pair of pairs) {
    if (pair.key === 'server name') decoy = true;
    else if (pair.key === 'domain name' || pair.key === 'domain') decoy = false;
    if (!decoy) kept.push(pair);
  }
  return kept;
}

const REDACTED =
  /^(?:.{0,20}\b)?redacted|^(?:data )?withheld(?: for privacy)?$|data protected|not disclosed|non-public|gdpr|statutory masking|select contact domain holder|^(?:n\/?a|none|null|-+|unavailable|\.|private)$|隐私|^\*+$|contact domain holder|query the rdds|please query/i;

function name(pairs: Pair[], keys: readonly string[]): string | null {
  for (const key of keys) {
    for (const pair of pairs) {
      if (pair.key !== key) continue;
      const value = (pair.value || nestedName(pairs, pair) || pair.below[0] || '').trim();
      const cleaned = cleanName(value);
      if (cleaned !== null) return cleaned;
    }
  }
  return null;
}

/** `Registrar:` as a heading followed by `name: X` (EE and others). */
function nestedName(pairs: Pair[], heading: Pair): string {
  if (heading.below.length > 0) return '';
  const next = pairs[pairs.indexOf(heading) + 1];
  return next !== undefined && /^(?:name|organi[sz]ation|organi[sz]ation name|company)$/.test(next.key)
    ? next.value
    : '';
}

function cleanName(value: string): string | null {
  const cleaned = value
    .replace(/\{[A-Z_]{3,40}\}/g, '')
    .replace(/\s+[\w.+-]+@[\w.-]+\s*$/, '')
    .replace(/\s*\(?https?:\/\/\S+\)?\s*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
  return cleaned === '' || REDACTED.test(cleaned) ? null : cleaned;
}

/** HK style: `Registrant Contact Information:` then `Company English Name (…): X`. */
function contactSection(pairs: Pair[]): string | null {
  const start = pairs.findIndex((pair) =>
    /^(?:registrant contact(?: information)?|domain holder|registrant)$/.test(pair.key),
  );
  if (start === -1) return null;
  for (const pair of pairs.slice(start + 1, start + 8)) {
    if (/^(?:organi[sz]ation|company|company english name|name|organisation name)$/.test(pair.key)) {
      const cleaned = cleanName(pair.value);
      if (cleaned !== null) return cleaned;
    }
  }
  return null;
}

function readStatuses(pairs: Pair[]): string[] {
  const statuses = new Map<string, string>();
  const wanted: readonly string[] = KEYS.status;
  for (const pair of pairs) {
    if (!wanted.includes(pair.key)) continue;
    for (const line of [pair.value, ...(pair.value === '' ? pair.below : [])]) {
      for (const part of line.split(',')) {
        const code = part
          .replace(/\s+(?:-\s+)?\(?https?:\/\/.*$/i, '')
          .replace(/\s+-\s+.*$/, '')
          .trim();
        const known = code.toLowerCase();
        if (code !== '' && code.length <= 60 && !statuses.has(known)) statuses.set(known, code);
      }
    }
  }
  return [...statuses.values()];
}

/** A record names the domain and says something a registry alone knows. */
function isRecord(facts: RegistrationFacts, pairs: Pair[]): boolean {
  const domains: readonly string[] = KEYS.domain;
  const named = pairs.some(
    (pair) =>
      domains.includes(pair.key) && (pair.value !== '' || pair.below.length > 0 || nestedName(pairs, pair) !== ''),
  );
  const servers = pairs.some(
    (pair) =>
      /^(?:name ?servers?|nserver|nameservers?|name servers? in the listed order|host name|dns)\b/.test(pair.key) &&
      (pair.value !== '' || pair.below.length > 0),
  );
  const free = facts.statuses.some((status) => /^(?:free|available|not registered|unassignable)\b/i.test(status));
  const dated = facts.expiresAt !== null || facts.createdAt !== null;
  return (
    named && !free && (dated || facts.registrar !== null || facts.registrant !== null || servers || hasEppStatus(facts))
  );
}

function hasEppStatus(facts: RegistrationFacts): boolean {
  return facts.statuses.some((status) =>
    /prohibited|hold|redemption|pending|^(?:ok|active|inactive|connect|registered|reserved|expired)$/i.test(status),
  );
}
