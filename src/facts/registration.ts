import { parseRdap } from './rdap.ts';
import type { RegistrationFacts } from './types.ts';
import { parseWhois } from './whois.ts';

/**
 * Read a registry's answer, protocol told from the content. An HTML page, broken JSON or nothing at all is a refusal:
 * it says nothing of the domain.
 */
export function readRegistration(text: string): RegistrationFacts {
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
