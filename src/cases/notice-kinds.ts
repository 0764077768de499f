/** What a case tells its owner: the one list that moves, texts, settings and commands follow. */
export const CASE_NOTICE_KINDS = [
  'found',
  'reminder',
  'extended',
  'extension-refused',
  'overdue',
  'enforced',
  'cancelled',
  'resolved',
  'withdrawn',
  'appeal-received',
  'appeal-accepted',
  'appeal-refused',
] as const;

export type CaseNoticeKind = (typeof CASE_NOTICE_KINDS)[number];
