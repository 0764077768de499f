import type { CaseKeeper } from '../cases/keeper.ts';
import type { PublishedVerdict } from '../cases/types.ts';
import type { NoticeDraft } from '../ledger/outbox-store.ts';
import { givenUp } from './given-up.ts';
import { channelWanted } from './plan.ts';
import { audienceOf } from './recipients.ts';

/**
 * Warnings before a date (R1.9, R3.7, R5, R12): when it comes into its window, then at the rungs (30, 7 and 1 days). Each rung is
 * told once for a date; one passed while the worker was down is not told late, the next one is. A domain's expiry is a renewal
 * reminder, everything else (lease, document, police clocks) an early warning.
 */
export function planRenewal(
  keeper: CaseKeeper,
  { siteId, checkId, judgement, verdictId }: PublishedVerdict,
  subjectId: number,
  now: number,
): NoticeDraft[] {
  const { notices } = keeper.rules.settings;
  const drafts: NoticeDraft[] = [];
  const codes = keeper.rules.checks.find(({ id }) => id === checkId)?.codes ?? {};
  for (const { code, params, about } of judgement.findings) {
    if (codes[code]?.earlyWarning !== true) continue;
    const kind = code === 'expiring' ? 'renewal' : 'early-warning';
    // A subject's head is one person, however many sites name them.
    const whose = about === 'subject-head' ? `subject:${subjectId}` : `site:${siteId}`;
    const matter =
      kind === 'renewal'
        ? `renewal:${params['domain']}@${params['expiresAt']}`
        : `warning:${whose}:${checkId}:${code}@${params['until']}`;
    const daysLeft = Number(params['daysLeft']);
    const rungs = notices.renewalDays.filter((days) => daysLeft <= days);
    const stage = rungs.length === 0 ? 'renewal:window' : `renewal:${Math.min(...rungs)}`;
    // A rung told on paper is told again once notices are live.
    const topic = `${matter}${keeper.live ? '' : ' (dry-run)'}`;
    for (const { channel, address, person, name } of audienceOf(keeper.ledger.contacts, { subjectId, siteId })
      .recipients) {
      if (!channelWanted(keeper, channel, kind)) continue;
      const dead = keeper.ledger.contacts.dead(channel, address);
      drafts.push({
        topic,
        stage,
        kind,
        channel,
        recipient: address,
        person,
        name,
        caseId: null,
        subjectId,
        siteId,
        params: { ...params, verdictId, checkId, code },
        dryRun: !keeper.live,
        notBefore: now + notices.digestMs,
        ...(dead !== null && { failed: givenUp(dead) }),
      });
    }
  }
  return drafts;
}
