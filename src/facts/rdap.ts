import { domainToASCII } from 'node:url';
import { parseRegistryDate, plausibleExpiry } from './registry-date.ts';
import type { RegistrationFacts } from './types.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const asObject = (value: Json | undefined): { [key: string]: Json } =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
const asArray = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const asString = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/**
 * Read an RDAP answer that was parsed as JSON. Only a 404 object (or `status` absent with the title "not found") is "not
 * found"; every other error object is a refusal (RFC 9083; R16.1).
 */
export function parseRdap(json: unknown): RegistrationFacts {
  const root = asObject(json as Json);
  const facts: RegistrationFacts = {
    protocol: 'rdap',
    domain: domainToASCII(asString(root['ldhName']).toLowerCase().replace(/\.$/, '')) || null,
    found: 'refused',
    expiresAt: null,
    createdAt: null,
    registrar: null,
    registrant: null,
    statuses: [],
  };
  if (root['errorCode'] !== undefined || asString(root['objectClassName']) !== 'domain') {
    facts.found = isNotFound(root) ? false : looksLikeDomain(root) ? readDomain(root, facts) : 'refused';
    return facts;
  }
  facts.found = readDomain(root, facts);
  return facts;
}

function isNotFound(root: { [key: string]: Json }): boolean {
  const code = Number(root['errorCode']);
  const words = `${asString(root['title'])} ${asArray(root['description']).map(asString).join(' ')}`;
  if (
    /rdap|support|authoritative|service|rate|limit|denied|too many|handle|path|url|\btld\b|unavailable|try again/i.test(
      words,
    )
  )
    return false;
  return code === 404;
}

function looksLikeDomain(root: { [key: string]: Json }): boolean {
  return root['errorCode'] === undefined && asString(root['ldhName']) !== '' && Array.isArray(root['events']);
}

function readDomain(root: { [key: string]: Json }, facts: RegistrationFacts): true {
  const event = (action: string): string | null => {
    for (const entry of asArray(root['events'])) {
      const { eventAction, eventDate } = asObject(entry);
      if (asString(eventAction).toLowerCase() === action) return parseRegistryDate(asString(eventDate));
    }
    return null;
  };
  // The registrar's own date says nothing of the registry's.
  facts.createdAt = event('registration');
  facts.expiresAt = plausibleExpiry(event('expiration'), facts.createdAt);
  const updatedAt = event('last changed');
  if (updatedAt !== null) facts.updatedAt = updatedAt;
  facts.statuses = [
    ...new Set(
      asArray(root['status'])
        .map(asString)
        .filter((status) => status !== ''),
    ),
  ];
  facts.registrar = nameOf(entityWith(root, 'registrar'), true);
  facts.registrant = nameOf(entityWith(root, 'registrant'), false);
  return true;
}

function entityWith(root: { [key: string]: Json }, role: string): { [key: string]: Json } | null {
  for (const entry of asArray(root['entities'])) {
    const entity = asObject(entry);
    if (asArray(entity['roles']).some((one) => asString(one).toLowerCase() === role)) return entity;
  }
  return null;
}

const REDACTED = /redacted|withheld|data protected|not disclosed|privacy (?:protect|service)|^(?:n\/?a|none|-+)$/i;

/** A registrar is known by its name, a registrant by the organisation before the person (R3.2). */
function nameOf(entity: { [key: string]: Json } | null, isRegistrar: boolean): string | null {
  if (entity === null) return null;
  const card = readCard(entity);
  const candidates = isRegistrar ? [card.fn, card.org, asString(entity['handle'])] : [card.org, card.fn];
  for (const candidate of candidates) {
    const cleaned = candidate.replace(/\s+/g, ' ').trim();
    if (cleaned !== '' && !REDACTED.test(cleaned)) return cleaned;
  }
  return null;
}

function readCard(entity: { [key: string]: Json }): { fn: string; org: string } {
  const card = { fn: '', org: '' };
  for (const property of asArray(asArray(entity['vcardArray'])[1])) {
    const [key, , , value] = asArray(property);
    const text = Array.isArray(value) ? value.map(asString).filter(Boolean).join(' ') : asString(value);
    if (asString(key) === 'fn') card.fn ||= text;
    else if (asString(key) === 'org') card.org ||= text;
  }
  for (const key of ['jscard', 'jscard_0', 'jscontact_card']) {
    const jscard = asObject(entity[key]);
    card.fn ||= asString(asObject(jscard['name'])['full']) || asString(jscard['fullName']);
    for (const organisation of Object.values(asObject(jscard['organizations']))) {
      card.org ||= asString(asObject(organisation)['name']);
    }
  }
  return card;
}
