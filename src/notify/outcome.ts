import { DAY_MS } from '../calendar/beijing-time.ts';
import type { Message } from '../ledger/outbox-store.ts';
import type { LookupOutcome, SendOutcome } from './channels/types.ts';

/** Times of delivery, in ms. */
export interface DeliveryPolicy {
  /** A message in `sending` longer than this has lost its process. Longer than any wire timeout. */
  leaseMs: number;
  /** A mail of unknown fate is sent again after this long (design §5: ten minutes or more). */
  resendAfterMs: number;
  /** Pauses between look-ups of an unknown SMS. */
  lookupMs: readonly number[];
  /** Look-ups in a row without a trace after which an SMS was surely never sent. */
  absences: number;
  /** Pauses between polls for a receipt, and when to stop asking. */
  receiptMs: readonly number[];
  receiptUntilMs: number;
  /** Attempts at a temporary refusal before it counts as failed. */
  maxAttempts: number;
  /** Attempts of unknown fate for one mail: each but the last may become a duplicate. */
  maxUnknownAttempts: number;
}

/** What an outcome makes of a message. `settled`: it was taken, or will never arrive; null: it goes on. */
export interface AfterOutcome {
  change: Partial<Message>;
  settled: 'accepted' | 'failed' | null;
}

const at = (pauses: readonly number[], index: number): number => pauses[Math.min(index, pauses.length - 1)] ?? 600_000;
/** One minute, doubled, at most six hours. */
const backoffMs = (attempts: number): number => Math.min(6 * 3_600_000, 60_000 * 2 ** Math.max(0, attempts - 1));

/** After a send. Pure. */
export function afterSend(
  message: Message,
  outcome: SendOutcome,
  unknown: 'ask' | 'resend',
  policy: DeliveryPolicy,
  now: number,
): AfterOutcome {
  switch (outcome.kind) {
    case 'accepted': {
      const receipts = message.channel === 'sms';
      return {
        change: {
          state: 'accepted',
          providerId: outcome.providerId,
          code: null,
          error: null,
          acceptedAt: now,
          settledAt: receipts ? null : now,
          nextAt: receipts ? now + at(policy.receiptMs, 0) : null,
          lookups: 0,
        },
        settled: 'accepted',
      };
    }
    case 'not-sent': {
      const { code, message: error } = outcome;
      if (message.attempts >= policy.maxAttempts) return failed(code, error, now);
      const nextAt = now + (outcome.retryAfterMs ?? backoffMs(message.attempts));
      return { change: { state: 'retry', code, error, nextAt }, settled: null };
    }
    case 'refused': {
      const { code, message: error } = outcome;
      // Our own settings are wrong: the message waits until they are mended.
      if (outcome.blame === 'settings' && message.attempts < policy.maxAttempts)
        return {
          change: { state: 'retry', code, error, nextAt: now + backoffMs(message.attempts + 4) },
          settled: null,
        };
      return failed(code, error, now);
    }
    case 'unknown': {
      const { code, message: error } = outcome;
      // Refusals and attempts that surely failed do not count: each earlier one of unknown fate was counted when it was sent again.
      const giveUp = unknown === 'resend' && message.possibleDuplicates + 1 >= policy.maxUnknownAttempts;
      const nextAt = unknown === 'resend' ? now + policy.resendAfterMs : now + at(policy.lookupMs, 0);
      return giveUp
        ? { change: { state: 'unknown', code, error, settledAt: now, nextAt: null }, settled: 'failed' }
        : { change: { state: 'unknown', code, error, nextAt, lookups: 0, absences: 0 }, settled: null };
    }
  }
}

const failed = (code: string, error: string, now: number): AfterOutcome => ({
  change: { state: 'failed', code, error, settledAt: now, nextAt: null },
  settled: 'failed',
});

/** After a look-up: of an unknown message, or for the receipt of an accepted one. Pure. `resend`: surely never sent. */
export function afterLookup(
  message: Message,
  outcome: LookupOutcome,
  policy: DeliveryPolicy,
  now: number,
): AfterOutcome & { resend: boolean } {
  const wasUnknown = message.state === 'unknown';
  const settled = wasUnknown ? ('accepted' as const) : null;
  const lookups = message.lookups + 1;
  const taken = { acceptedAt: message.acceptedAt ?? now, lookups };
  switch (outcome.kind) {
    case 'delivered':
      return {
        change: {
          ...taken,
          state: 'delivered',
          providerId: outcome.providerId ?? message.providerId,
          code: null,
          error: null,
          settledAt: now,
          nextAt: null,
        },
        settled,
        resend: false,
      };
    case 'failed':
      return { ...failed(outcome.code, outcome.message, now), resend: false };
    case 'waiting': {
      const since = message.acceptedAt ?? message.sendingAt;
      const over = now - since > policy.receiptUntilMs;
      return {
        change: {
          ...taken,
          state: 'accepted',
          providerId: outcome.providerId ?? message.providerId,
          nextAt: over ? null : now + at(policy.receiptMs, lookups),
          ...(over && { settledAt: now, code: 'no-receipt' }),
        },
        settled,
        resend: false,
      };
    }
    case 'absent': {
      if (!wasUnknown) return { ...waitForReceipt(message, lookups, policy, now), resend: false };
      const absences = message.absences + 1;
      if (absences < policy.absences)
        return {
          change: { lookups, absences, nextAt: now + at(policy.lookupMs, lookups) },
          settled: null,
          resend: false,
        };
      // Surely never sent: one temporary failure among others.
      if (message.attempts >= policy.maxAttempts)
        return { ...failed('absent', 'never taken by the gateway', now), resend: false };
      return { change: { lookups, absences, nextAt: now }, settled: null, resend: true };
    }
    case 'unreachable': {
      // Asked for days without an answer: nothing is known, so nothing is sent again.
      const over = now - message.sendingAt > policy.receiptUntilMs;
      const change = { lookups, error: outcome.message, nextAt: over ? null : now + at(policy.lookupMs, lookups) };
      return over && wasUnknown
        ? { change: { ...change, settledAt: now }, settled: 'failed', resend: false }
        : { change: { ...change, ...(over && { settledAt: now }) }, settled: null, resend: false };
    }
  }
}

/** An accepted message the provider does not list (yet): its receipt is late, or never comes. */
function waitForReceipt(message: Message, lookups: number, policy: DeliveryPolicy, now: number): AfterOutcome {
  const over = now - (message.acceptedAt ?? now) > policy.receiptUntilMs;
  return {
    change: over
      ? { lookups, code: 'no-receipt', settledAt: now, nextAt: null }
      : { lookups, nextAt: now + at(policy.receiptMs, lookups) },
    settled: null,
  };
}

/** The policy shipped. */
export const DELIVERY_POLICY: DeliveryPolicy = {
  leaseMs: 5 * 60_000,
  resendAfterMs: 15 * 60_000,
  lookupMs: [60_000, 2 * 60_000, 5 * 60_000, 10 * 60_000, 30 * 60_000],
  absences: 4,
  receiptMs: [60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000, 6 * 3_600_000],
  receiptUntilMs: 3 * DAY_MS,
  maxAttempts: 12,
  maxUnknownAttempts: 4,
};
