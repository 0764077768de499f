import { createHash } from 'node:crypto';
import type { CaseEvent } from './types.ts';

/** What stands before a case's first event. */
export const GENESIS = '0'.repeat(64);

/** JSON with sorted keys: the same value always gives the same text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** The hash of an event: SHA-256 over the hash before it and everything it says. */
export function eventHash(event: Omit<CaseEvent, 'hash'>): string {
  return createHash('sha256').update(canonicalJson(event)).digest('hex');
}

/**
 * Verify a case's history. Gives what is wrong in words, or null: a changed, missing, doubled or reordered event breaks the
 * chain, and one cut off at the end disagrees with the head kept on the case.
 */
export function verifyHistory(events: CaseEvent[], head: { seq: number; headHash: string }): string | null {
  let previous = GENESIS;
  for (const [index, event] of events.entries()) {
    const { hash, ...rest } = event;
    if (event.seq !== index + 1) return `event ${index + 1} is missing or doubled (found ${event.seq})`;
    if (event.prevHash !== previous) return `event ${event.seq} does not follow the one before it`;
    if (eventHash(rest) !== hash) return `event ${event.seq} was changed after it was written`;
    previous = hash;
  }
  if (events.length !== head.seq || previous !== head.headHash) return 'the end of the history was cut off or replaced';
  return null;
}
