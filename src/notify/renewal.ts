import type { CaseKeeper } from '../cases/keeper.ts';
import type { PublishedVerdict } from '../cases/types.ts';
import type { NoticeDraft } from '../ledger/outbox-store.ts';
import { channelWanted } from './plan.ts';
import { audienceOf } from './recipients.ts';

/**
 * Renewal reminders (R3.7): when a domain enters the province's window, then at the rungs (30, 7 and 1 days). Each rung is
 * told once for an expiry date; one passed while the worker was down is not told late, the next one is.
 */
export function planRenewal(
  keeper: CaseKeeper,
  { siteId, judgement, verdictId }: PublishedVerdict,
  subjectId: number,
  now: number,
): NoticeDraft[] {
  const { notices } = keeper.rules.settings;
  const drafts: NoticeDraft[] = [];
  for (const { code, params } of judgement.findings) {
    if (code !== 'expiring') continue;
    const daysLeft = Number(params['daysLeft']);
    const rungs = notices.renewalDays.filter((days) => daysLeft <= days);
    const stage = rungs.length === 0 ? 'renewal:window' : `renewal:${Math.min(...rungs)}`;
    // A rung told on paper is told again once notices are live.
    const topic = `renewal:${params['domain']}@${params['expiresAt']}${keeper.live ? '' : ' (dry-run)'}`;
    for (const { channel, address, person, name } of audienceOf(keeper.ledger.contacts, { subjectId, siteId })
      .recipients) {
      if (!channelWanted(keeper, channel, 'renewal')) continue;
      const dead = keeper.ledger.contacts.dead(channel, address);
      drafts.push({
        topic,
        stage,
        kind: 'renewal',
        channel,
        recipient: address,
        person,
        name,
        caseId: null,
        subjectId,
        siteId,
        params: { ...params, verdictId },
        dryRun: !keeper.live,
        notBefore: now + notices.digestMs,
        ...(dead !== null && { failed: `the address is given up (${dead.code}: ${dead.reason})` }),
      });
    }
  }
  return drafts;
}
