import type { CaseNoticeKind } from '../cases/notice-kinds.ts';

/** What a notice is about. */
export type NoticeKind =
  | CaseNoticeKind
  | 'renewal'
  | 'early-warning'
  | ProgrammeNoticeKind
  | 'contact-verification'
  | 'admin-alert'
  | 'admin-digest';

/** Notices of the programmes without cases: annual review (R10), orders (R11), violations (R13). */
export const PROGRAMME_NOTICE_KINDS = [
  'review-open',
  'review-reminder',
  'review-reported',
  'review-refused',
  'review-publicity',
  'review-revocation',
  'order-stale',
  'order-deleted',
  'order-invalid',
  'violation-found',
  'violation-suspended',
  'violation-resumed',
  'violation-closed',
] as const;

export type ProgrammeNoticeKind = (typeof PROGRAMME_NOTICE_KINDS)[number];

export const isProgrammeNotice = (kind: NoticeKind): kind is ProgrammeNoticeKind =>
  (PROGRAMME_NOTICE_KINDS as readonly string[]).includes(kind);

/** How a notice travels. The robots and the generic webhook are for admins only. */
export type ChannelId = 'email' | 'sms' | 'in-site' | 'wecom' | 'dingtalk' | 'feishu' | 'webhook';

/** Who gets a notice over one channel. */
export interface Recipient {
  channel: ChannelId;
  /** Mobile number, e-mail address, `subject:<id>` for in-site messages, or a robot's id. */
  address: string;
  /** Groups the addresses of one person, so that one failing leads to the other. */
  person: string;
  /** 张三, or null when the filing does not say. */
  name: string | null;
}

/** Kinds that wait a little, so that one recipient gets one digest for many sites. */
export const DIGESTED: ReadonlySet<NoticeKind> = new Set([
  'found',
  'reminder',
  'overdue',
  'renewal',
  'early-warning',
  'admin-alert',
]);

/** Notices that say something is wrong now: each needs a fresh look before it goes out. */
export const ACCUSING: ReadonlySet<NoticeKind> = new Set(['found', 'reminder', 'overdue']);
