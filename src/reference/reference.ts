import type { BureauRecord } from '../facts/filed.ts';
import type { SubjectKind } from '../filing/types.ts';
import type { RegistrarStatus } from './registrars.ts';
import type { ServerKind } from './server-kinds.ts';
import type { BannedWord } from './site-name-words.ts';
import type { TldStatus } from './top-level-domains.ts';

/**
 * What a check may look up beside the artifacts: data files and imported lists. Every answer a verdict used is kept with it, so
 * an audit offline hears the same however the lists have changed (R16.3).
 */
export interface Reference {
  /** What MIIT said of a domain's top level (R3.4). */
  tldStatus: (domain: string) => TldStatus;
  /** False where the province has a closed list without it (R3.8). */
  tldAcceptedIn: (province: string, domain: string) => boolean;
  /** Null: no list knows the registrar (R3.5). */
  registrar: (name: string) => RegistrarStatus | null;
  /** Banned words in a site's name (R6). */
  bannedInName: (name: string, kind: SubjectKind, province: string) => BannedWord[];
  /** Null where no list says (R8). */
  addressProvince: (address: string) => string | null;
  /** Null for kinds the table does not list (R14). */
  serverKind: (product: string) => ServerKind | null;
  /** Null: the bureau's list does not hold the number, or none was imported (R15). */
  bureauNumber: (number: string) => BureauRecord | null;
}

export type ReferenceAnswers = Record<string, unknown>;

const NAMES = [
  'tldStatus',
  'tldAcceptedIn',
  'registrar',
  'bannedInName',
  'addressProvince',
  'serverKind',
  'bureauNumber',
] as const satisfies readonly (keyof Reference)[];

const keyOf = (name: keyof Reference, given: readonly unknown[]): string => `${name} ${JSON.stringify(given)}`;

type AnyLookup = (...given: unknown[]) => unknown;

/** The same reference, writing every answer down in `answers`. */
export function recording(reference: Reference, answers: ReferenceAnswers): Reference {
  const wrap = (name: keyof Reference): AnyLookup => {
    const lookup = reference[name] as AnyLookup;
    return (...given) => {
      const key = keyOf(name, given);
      if (!(key in answers)) answers[key] = lookup(...given);
      return answers[key];
    };
  };
  return Object.fromEntries(NAMES.map((name) => [name, wrap(name)])) as unknown as Reference;
}

/** A reference that gives the answers written down, and says of everything else what an empty list says. */
export function replaying(answers: ReferenceAnswers): Reference {
  return recording(EMPTY_REFERENCE, { ...answers });
}

/** Lists that know nothing. */
export const EMPTY_REFERENCE: Reference = {
  tldStatus: () => 'unknown',
  tldAcceptedIn: () => true,
  registrar: () => null,
  bannedInName: () => [],
  addressProvince: () => null,
  serverKind: () => null,
  bureauNumber: () => null,
};
