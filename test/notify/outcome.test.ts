import { describe, expect, it } from 'vitest';
import type { Message } from '../../src/ledger/outbox-store.ts';
import { afterLookup, afterSend, DELIVERY_POLICY } from '../../src/notify/outcome.ts';

const NOW = Date.parse('2026-11-22T10:00:00+08:00');
const message = (change: Partial<Message>): Message =>
  ({
    channel: 'email',
    state: 'sending',
    attempts: 1,
    possibleDuplicates: 0,
    lookups: 0,
    absences: 0,
    ...change,
  }) as Message;
const UNKNOWN = { kind: 'unknown', code: 'ECONNECTION', message: 'closed' } as const;

describe('how often a message is tried', () => {
  it('counts only attempts of unknown fate against a mail: refusals for the time being leave it its chances', () => {
    const last = DELIVERY_POLICY.maxUnknownAttempts - 1;
    const greylisted = message({ attempts: DELIVERY_POLICY.maxUnknownAttempts + 3, possibleDuplicates: last - 1 });
    expect(afterSend(greylisted, UNKNOWN, 'resend', DELIVERY_POLICY, NOW)).toMatchObject({
      settled: null,
      change: { state: 'unknown', nextAt: NOW + DELIVERY_POLICY.resendAfterMs },
    });
    const over = message({ attempts: last + 1, possibleDuplicates: last });
    expect(afterSend(over, UNKNOWN, 'resend', DELIVERY_POLICY, NOW)).toMatchObject({
      settled: 'failed',
      change: { state: 'unknown', nextAt: null },
    });
  });

  it('sends an SMS that surely never left as often as one that was refused for the time being', () => {
    const lost = (attempts: number): Message =>
      message({ channel: 'sms', state: 'unknown', attempts, absences: DELIVERY_POLICY.absences - 1 });
    const absent = { kind: 'absent' } as const;
    const tried = DELIVERY_POLICY.maxAttempts - 1;
    expect(afterLookup(lost(tried), absent, DELIVERY_POLICY, NOW)).toMatchObject({ resend: true, settled: null });
    expect(afterLookup(lost(tried + 1), absent, DELIVERY_POLICY, NOW)).toMatchObject({
      resend: false,
      change: { state: 'failed' },
    });
  });
});
