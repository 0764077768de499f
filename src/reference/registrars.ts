import { z } from 'zod';
import { foldText } from '../filing/site-number.ts';
import { dataHead } from './data-file.ts';

const entry = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+$/),
  name: z.string().min(1),
  aliases: z.array(z.string().min(1)),
  ianaIds: z.array(z.int()),
});

/** `config/data/registrars.yaml`. */
export const registrarsShape = z.strictObject({
  ...dataHead,
  approved: z.array(entry.extend({ province: z.string().nullable() })),
  foreign: z.array(entry),
});

/** What the lists say of a registrar (R3.5). */
export interface RegistrarStatus {
  id: string;
  name: string;
  kind: 'approved' | 'foreign';
}

/** Letters and digits only, without what firms put behind their names. */
const fold = (name: string): string =>
  foldText(name)
    .toLowerCase()
    .replace(/\b(?:co|ltd|limited|inc|llc|corp|corporation|company|gmbh|sas|sarl|bv|ag|sa|plc|pte|pty)\b\.?/g, '')
    .replace(/[^a-z0-9\u4e00-\u9fff]/g, '');

/** Registrars by any of their names. */
export class RegistrarTable {
  readonly #byName = new Map<string, RegistrarStatus>();

  constructor({ approved, foreign }: z.infer<typeof registrarsShape>) {
    for (const [kind, list] of [
      ['foreign', foreign],
      ['approved', approved],
    ] as const) {
      for (const { id, name, aliases } of list)
        for (const text of [name, ...aliases])
          if (fold(text).length > 1) this.#byName.set(fold(text), { id, name, kind });
    }
  }

  /** The registrar a registry names; null when no list knows it, which says nothing against it. */
  find(name: string): RegistrarStatus | null {
    return this.#byName.get(fold(name)) ?? null;
  }
}
