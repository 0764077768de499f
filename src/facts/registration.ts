import { parseRdap } from './rdap.ts';
import type { RegistrationFacts } from './types.ts';
import { parseWhois } from './whois.ts';

/**
 * Read a registry's answer, protocol told from the content. An HTML page, broken JSON or nothing at all is a refusal:
 * it says nothing of the domain; so is a record that names another domain than `asked` (ASCII, lower case).
 */
export function readRegistration(text: string, asked?: string): RegistrationFacts {
  const facts = readAnswer(text);
  const other = asked !== undefined && facts.found === true && facts.domain !== null && facts.domain !== asked;
  // A record of another domain says nothing of the one asked for.
  return other ? { ...facts, found: 'refused', expiresAt: null, createdAt: null, statuses: [] } : facts;
}

function readAnswer(text: string): RegistrationFacts {
  const trimmed = text.replace(/^\ufeff/, '').trimStart();
  if (trimmed.startsWith('{')) {
    try {
      return parseRdap(JSON.parse(trimmed));
    } catch {
      return { ...parseRdap({}), found: 'refused' };
    }
  }
  if (/^<(?:!doctype|html|\?xml|head|body)/i.test(trimmed)) return { ...parseWhois(''), found: 'refused' };
  return parseWhois(text);
}
