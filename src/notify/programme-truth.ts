import type { Bilingual } from '../bilingual.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Notice } from '../ledger/outbox-store.ts';
import type { NoticeKind } from './types.ts';

/** States in which what a notice says is still so; a kind that is not here stays true. */
const VIOLATION: Partial<Record<NoticeKind, readonly string[]>> = {
  'violation-found': ['found', 'reached', 'suspended', 'closing'],
  'violation-suspended': ['suspended', 'closing'],
  'violation-resumed': ['resumed', 'removed', 'waived'],
  'violation-closed': ['closed'],
};
const ORDER: Partial<Record<NoticeKind, readonly string[]>> = {
  'order-stale': ['open'],
  'order-invalid': ['invalid'],
  'order-deleted': ['deleted'],
};
const REVIEW: Partial<Record<NoticeKind, readonly string[]>> = {
  'review-open': ['owed'],
  'review-reminder': ['owed'],
  'review-publicity': ['publicity'],
  'review-revocation': ['revocation'],
};

/**
 * Why a notice of a programme without cases must not be sent any more: what it tells of was reported, removed, submitted or lifted
 * while it waited. Null when it is still so. On paper everything is shown.
 */
export function programmeOutdated(ledger: Ledger, { kind, topic, dryRun }: Notice): Bilingual | null {
  const [what, ...rest] = topic.split(':');
  const id = rest.join(':');
  if (dryRun) return null;
  if (what === 'violation')
    return unless(VIOLATION[kind], ledger.violations.get(Number(id))?.state, { en: 'the violation', zh: '该违规事件' });
  if (what === 'order')
    return unless(ORDER[kind], ledger.orders.byNumber(id)?.state, { en: 'the order', zh: '该订单' });
  if (what !== 'review') return null;
  const [campaignId, siteId] = rest.map(Number);
  if (ledger.campaigns.get(campaignId ?? 0)?.state === 'cancelled')
    return { en: 'the campaign was cancelled', zh: '该年度核查已取消' };
  return unless(REVIEW[kind], ledger.campaigns.site(campaignId ?? 0, siteId ?? 0)?.state, {
    en: 'the site in the campaign',
    zh: '该网站在本次年度核查中',
  });
}

function unless(fine: readonly string[] | undefined, state: string | undefined, of: Bilingual): Bilingual | null {
  if (fine === undefined || (state !== undefined && fine.includes(state))) return null;
  return { en: `${of.en} is ${state ?? 'gone'} by now`, zh: `${of.zh}的状态已变化（${state ?? '已不存在'}）` };
}
