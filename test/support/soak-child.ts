/**
 * The worker of the soak: one process that lives through everything done to what it depends on, and says once a second how it is.
 * Argument: settings, ports and refusing addresses as JSON; ends in order when its standard input closes.
 */
import { readdirSync } from 'node:fs';
import { loadConfig } from '../../src/config.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { DELIVERY_POLICY } from '../../src/notify/outcome.ts';
import { hurriedRegistries } from '../world/harness.ts';
import { CLOSED_PORT } from './listen.ts';
import type { SweepTask } from './sweep-child.ts';

/** How the worker is, at an instant. */
export interface SoakSample {
  at: number;
  rssMb: number;
  heapMb: number;
  descriptors: number;
  /** How long the most overdue message or notice has been due, in seconds. */
  outboxAgeS: number;
  verdicts: number;
  messages: number;
}

const SECOND_MS = 1000;
const task = JSON.parse(process.argv[2] ?? '{}') as SweepTask;
const patrol = await Patrol.start({
  config: { ...loadConfig({ env: {}, overrides: task.settings }), registries: hurriedRegistries() },
  log: createLogger('silent'),
  roles: ['gather', 'ledger'],
  schedule: true,
  dialer: {
    target: (address, port) => ({
      host: '127.0.0.1',
      port: task.refused.includes(address) ? CLOSED_PORT : (task.ports[port] ?? CLOSED_PORT),
    }),
  },
  consequences: {
    // The pauses of days and minutes, in seconds.
    policy: {
      ...DELIVERY_POLICY,
      leaseMs: 15 * SECOND_MS,
      resendAfterMs: 10 * SECOND_MS,
      lookupMs: [SECOND_MS, 2 * SECOND_MS, 4 * SECOND_MS],
      receiptMs: [2 * SECOND_MS, 10 * SECOND_MS],
    },
  },
});
const { ledger } = patrol;
if (ledger === null) throw new Error('no ledger');
const { sqlite } = ledger.connection;
const due = sqlite.prepare(
  "SELECT min(at) FROM (SELECT min(next_at) AS at FROM messages WHERE next_at IS NOT NULL UNION ALL SELECT min(not_before) FROM notices WHERE state = 'planned')",
);
const counts = sqlite.prepare(
  'SELECT (SELECT max(id) FROM verdicts) AS verdicts, (SELECT max(id) FROM messages) AS messages',
);
const timer = setInterval(() => {
  try {
    const now = Date.now();
    const { rss, heapUsed } = process.memoryUsage();
    const oldest = due.pluck().get() as number | null;
    const { verdicts, messages } = counts.get() as { verdicts: number | null; messages: number | null };
    const sample: SoakSample = {
      at: now,
      rssMb: Math.round(rss / 1e6),
      heapMb: Math.round(heapUsed / 1e6),
      descriptors: readdirSync('/proc/self/fd').length,
      outboxAgeS: oldest === null ? 0 : Math.max(0, Math.round((now - oldest) / 100) / 10),
      verdicts: verdicts ?? 0,
      messages: messages ?? 0,
    };
    process.stdout.write(`${JSON.stringify(sample)}\n`);
  } catch {
    // The ledger is locked or its disk full by the test's own hand: this second has no sample.
  }
}, SECOND_MS);
process.stdin.resume();
process.stdin.once('end', () => {
  clearInterval(timer);
  void patrol.stop(10_000).then(() => process.exit(0));
});
