import type { SubjectKind } from '../filing/types.ts';
import { maskName } from '../log.ts';

/** What a subject is called where persons are masked: a private person's filing bears the person's own name. */
export const openName = (name: string, kind: SubjectKind | string): string =>
  kind === 'individual' ? maskName(name) : name;
