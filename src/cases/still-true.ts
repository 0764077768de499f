import type { Bilingual } from '../bilingual.ts';
import { STATES } from './moves.ts';
import type { CaseNoticeKind } from './notice-kinds.ts';
import type { CaseState } from './types.ts';

/** Kinds of notices that are only true while the case stands in one of these states: what is outdated is not sent. */
const STILL_TRUE: Partial<Record<CaseNoticeKind, readonly CaseState[]>> = {
  found: ['open', 'extended', 'restored'],
  reminder: ['open', 'extended', 'restored'],
  extended: ['open', 'extended', 'restored'],
  overdue: ['overdue', 'enforcement-asked', 'enforcement-approved', 'cancellation-asked', 'cancellation-approved'],
  // Still so until access is back.
  enforced: ['restricted', 'appealed', 'cancellation-asked', 'cancellation-approved', 'restoring', 'lifting'],
  'appeal-received': ['appealed'],
  'appeal-refused': ['restricted', 'cancellation-asked', 'cancellation-approved'],
  'appeal-accepted': ['restored'],
};

/** Is what a notice says still so? */
export function stillTrue(kind: string, state: CaseState): boolean {
  return STILL_TRUE[kind as CaseNoticeKind]?.includes(state) ?? true;
}

/** Why a notice of a case is not sent any more: the case moved on. */
export const movedOn = (state: CaseState): Bilingual => ({
  en: `the case is ${state} by now`,
  zh: `整改单已进入“${STATES[state].zh}”阶段`,
});
