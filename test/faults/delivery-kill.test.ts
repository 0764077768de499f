import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig, mergeSettings, ROOT } from '../../src/config.ts';
import { Consequences, openChannels } from '../../src/jobs/consequences.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { createLogger } from '../../src/log.ts';
import { CaseWorld } from '../support/case-world.ts';
import { startWires, type Wires, wireSettings } from '../support/delivery-world.ts';
import { logLines } from '../support/log-lines.ts';

const MINUTE_MS = 60_000;
const CHILD = join(ROOT, 'test/support/deliver-child.ts');

/** Run a ledger process at an instant; gives the signal that ended it, or null. */
function run(settings: object, now: number, killAt = '', nth = 1): Promise<NodeJS.Signals | null> {
  wires.sms.clock = () => now;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, JSON.stringify(settings), String(now), killAt, String(nth)], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on('exit', (code, signal) =>
      code === 0 || signal === 'SIGKILL' ? resolve(signal) : reject(new Error(errors)),
    );
  });
}

let folder: string;
let wires: Wires;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'beian-kill-'));
  wires = await startWires('aliyun', folder);
});
afterAll(async () => {
  await wires.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A ledger with a shell found at two sites of two people each: notices are owed, nothing is sent. */
async function owed(name: string): Promise<{ settings: object; now: number }> {
  const settings = mergeSettings(wireSettings(wires, 'aliyun'), {
    ledger: { path: join(folder, `${name}.db`) },
    // Nobody looks at sites here: the confirming look counts as fresh for the whole test.
    cases: { freshLookMs: 86_400_000 },
  }) as object;
  const world = await CaseWorld.open('2026-11-23 10:00', settings, undefined, { keepLedger: true });
  for (const index of [1, 2]) {
    const phone = (person: number): string => `138${String(phones++).padStart(7, '0')}${person}`;
    const persons = [
      { role: 'site-head' as const, name: '李四', phone: phone(1), email: `li${phones}@owner.example` },
      { role: 'subject-head' as const, name: '张三', phone: phone(2), email: `zhang${phones}@owner.example` },
    ];
    const siteId = world.addSite(index, { persons });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
  }
  const now = world.now();
  world.close();
  return { settings, now };
}
let phones = 0;

/** After whatever happened: run later and later until nothing is pending, then count against the gateways' own logs. */
async function recoverAndCount(settings: object, from: number): Promise<{ ledger: Ledger }> {
  const config = loadConfig({ env: {}, overrides: settings });
  const ledger = openConfiguredLedger(config);
  let now = from;
  const channels = await openChannels(config, () => now);
  const consequences = await Consequences.open({
    ledger,
    config,
    log: createLogger('silent'),
    now: () => now,
    channels,
  });
  for (let minutes = 1; minutes <= 60; minutes++) {
    now = from + minutes * MINUTE_MS;
    wires.sms.clock = () => now;
    await consequences.settle();
  }
  consequences.close();
  const messages = ledger.outbox.messages(null, 1000);
  const own = new Set(messages.map(({ correlationId }) => correlationId));
  const sms = logLines(join(folder, 'sms.log')).filter(({ correlationId }) => own.has(correlationId ?? ''));
  const mails = logLines(join(folder, 'mail.log')).filter(({ messageId }) =>
    own.has(/<([^@]+)@/.exec(messageId ?? '')?.[1] ?? ''),
  );
  const smsMessages = messages.filter(({ channel }) => channel === 'sms');
  const mailMessages = messages.filter(({ channel }) => channel === 'email');
  // None lost.
  expect(ledger.outbox.notices('planned', 100)).toEqual([]);
  expect(
    messages
      .filter(({ state }) => !['accepted', 'delivered'].includes(state))
      .map(({ channel, state }) => [channel, state]),
  ).toEqual([]);
  expect(smsMessages).toHaveLength(4);
  expect(mailMessages).toHaveLength(4);
  // No SMS twice.
  for (const { correlationId } of smsMessages)
    expect(sms.filter((one) => one['correlationId'] === correlationId)).toHaveLength(1);
  // Every possible duplicate of a mail is counted, and no more happened than were counted.
  for (const { correlationId, possibleDuplicates } of mailMessages) {
    const copies = mails.filter(({ messageId }) => messageId?.includes(correlationId) === true).length;
    expect(copies).toBeGreaterThanOrEqual(1);
    expect(copies - 1).toBeLessThanOrEqual(possibleDuplicates);
  }
  // One in-site message a case and subject.
  expect(messages.filter(({ channel }) => channel === 'in-site')).toHaveLength(2);
  for (const { id } of messages.filter(({ channel }) => channel === 'in-site'))
    expect(ledger.outbox.attempts(id)).toHaveLength(1);
  expect(ledger.connection.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  return { ledger };
}

const STEPS = ['before-enclose', 'enclosed', 'before-wire', 'after-wire', 'settled'] as const;

describe('kill -9 between every two steps of delivery', () => {
  it.each(STEPS.flatMap((step) => [1, 3, 6].map((nth) => [step, nth] as const)))(
    'at %s, the %i. time: none lost, no SMS twice, duplicates counted',
    async (step, nth) => {
      const { settings, now } = await owed(`${step}-${nth}`);
      expect(await run(settings, now, step, nth)).toBe('SIGKILL');
      const { ledger } = await recoverAndCount(settings, now);
      ledger.close();
    },
  );

  it('again and again on the way back', async () => {
    const { settings, now } = await owed('again');
    const later = (minutes: number): number => now + minutes * MINUTE_MS;
    expect(await run(settings, now, 'after-wire', 2)).toBe('SIGKILL');
    // What was left in `sending` becomes unknown; then killed in a look-up, and before and after a mail is sent again.
    expect(await run(settings, later(6))).toBeNull();
    expect(await run(settings, later(8), 'looked-up', 1)).toBe('SIGKILL');
    expect(await run(settings, later(22), 'resend-committed', 1)).toBe('SIGKILL');
    expect(await run(settings, later(24), 'after-wire', 1)).toBe('SIGKILL');
    expect(await run(settings, later(30))).toBeNull();
    const { ledger } = await recoverAndCount(settings, later(60));
    ledger.close();
  });
});

describe('kill -9 between every two steps of an act', () => {
  it.each(['act-committed', 'act-on-wire', 'act-settled'] as const)('at %s: carried out once', async (step) => {
    const name = `act-${step}`;
    const settings = mergeSettings(wireSettings(wires, 'aliyun'), {
      ledger: { path: join(folder, `${name}.db`) },
    }) as object;
    const world = await CaseWorld.open('2026-11-23 10:00', settings, undefined, { keepLedger: true });
    const siteId = world.addSite(7);
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-12-09 10:00');
    const { code } = world.case();
    expect(world.desk.approve(code, { kind: 'admin', name: 'a' }, world.now()).state).toBe('enforcement-approved');
    world.look(siteId);
    const now = world.now();
    world.close();
    expect(await run(settings, now, step)).toBe('SIGKILL');
    for (const minutes of [2, 5, 12]) await run(settings, now + minutes * MINUTE_MS);
    const ledger = openConfiguredLedger(loadConfig({ env: {}, overrides: settings }));
    expect(ledger.cases.byCode(code)?.state).toBe('restricted');
    const carried = logLines(join(folder, 'access.log')).filter(({ key }) => key?.startsWith(code) === true);
    expect(carried).toHaveLength(1);
    ledger.close();
  });
});
