import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { openLedger } from '../../db/client.ts';
import { beijingDate } from '../../src/calendar/beijing-time.ts';
import { buildProgram, runCli } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { retainTurn } from '../../src/privacy/retention.ts';
import { CaseWorld } from '../support/case-world.ts';

const KEY = 'a'.repeat(64);
let folder: string;
let now: number;
let env: NodeJS.ProcessEnv;

/** Run a command line in this process; gives exit code and what was printed. */
async function patrol(...argv: string[]): Promise<{ exit: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const keep = (to: 'out' | 'err') => (text: unknown) => {
    written[to] += String(text);
    return true;
  };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(keep('out'));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(keep('err'));
  try {
    process.exitCode = undefined;
    const program = buildProgram({ now: () => now, env: { NO_COLOR: '1', ...env } });
    const exit = await runCli(program, ['node', 'patrol', 'privacy', ...argv, '--config', join(folder, 'config.yaml')]);
    return { exit, ...written };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    err.mockRestore();
  }
}

beforeEach(async () => {
  env = {};
  folder = mkdtempSync(join(tmpdir(), 'beian-privacy-cli-'));
  const ledger = { path: join(folder, 'ledger.db') };
  writeFileSync(join(folder, 'config.yaml'), stringify({ ledger }));
  const world = await CaseWorld.open('2026-11-23 10:00', { ledger }, undefined, { keepLedger: true });
  const siteId = world.addSite(1);
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  await world.until('2026-11-23 12:00');
  world.set(siteId, 'empty-shell', 'pass');
  world.look(siteId);
  await world.until('2026-12-20 12:00');
  // The filing names others by now.
  world.addSite(1, { persons: [{ role: 'subject-head', name: '王五', phone: '13900000003', email: null }] });
  now = world.now();
  world.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('shows, hands over, previews and erases a person; each leaves a line in the audit log', async () => {
  const shown = await patrol('show', '--phone', '13800000001');
  expect([shown.exit, shown.err]).toEqual([0, '']);
  expect(shown.out).toMatch(/sms message\s+found/);
  expect(shown.out).not.toContain('13800000001');
  const file = join(folder, 'zhang.json');
  expect((await patrol('show', '--phone', '13800000001', '--out', file)).out).toMatch(/written to .* in clear/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ messages: [{ recipient: '13800000001' }, {}] });
  expect(await patrol('show', '--phone', '13800000001', '--out', file)).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/--out: .*EEXIST[\s\S]*new file/),
  });

  expect((await patrol('erase', '--phone', '13800000001')).out).toMatch(
    /would be erased \(--yes does it\)[\s\S]*messages\s+2/,
  );
  expect(await patrol('erase', '--phone', '13800000001', '--yes')).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/--reason is missing/),
  });
  const erased = await patrol('erase', '--phone', '13800000001', '--yes', '--reason', 'asked on paper', '--json');
  expect(JSON.parse(erased.out)).toMatchObject({ done: true, erased: { messages: 2 }, kept: [] });
  expect((await patrol('show', '--phone', '13800000001')).out).toMatch(/nothing is held/);
  const ledger = openLedger(join(folder, 'ledger.db'));
  const lines = ledger.sqlite.prepare('SELECT action, object, detail FROM audit_log ORDER BY id').all() as {
    action: string;
    object: string;
    detail: string;
  }[];
  ledger.close();
  expect(lines.map(({ action }) => action)).toEqual([
    'show personal data',
    'show personal data',
    'erase person',
    'show personal data',
  ]);
  expect(lines[2]?.detail).toMatch(/messages 2.*asked on paper/);
  expect(JSON.stringify(lines)).not.toContain('13800000001');
});

it('names a responsible person of a filing in force, and why they stay', async () => {
  const { exit, out } = await patrol('erase', '--phone', '13900000003');
  expect(exit).toBe(0);
  expect(out).toMatch(/kept: subject-head of 京ICP备2021000001号-1\n {2}→ a filing in force/);
});

it('erases what is past its time', async () => {
  expect(JSON.parse((await patrol('retain', '--json')).out)).toMatchObject({ messages: 0 });
  now += 4 * 365 * 86_400_000;
  const { messages } = JSON.parse((await patrol('retain', '--json')).out) as { messages: number };
  expect(messages).toBeGreaterThan(4);
});

it('walks anew although the worker has finished its walk of the day, and not by a clock in doubt', async () => {
  now += 4 * 365 * 86_400_000;
  const config = loadConfig({ env: {}, overrides: { ledger: { path: join(folder, 'ledger.db') } } });
  const ledger = openConfiguredLedger(config);
  const keep = { messagesMs: null, inboundMs: null, formerFilingsMs: null, removedContactsMs: null, ordersMs: null };
  ledger.marks.put(
    'retention',
    { day: beijingDate(now), cursors: { messages: null, notices: null, orders: null, sites: null } },
    now,
  );
  expect(retainTurn(ledger, { ...keep, messagesMs: config.settings.privacy.messagesMs }, now).erased.messages).toBe(0);
  ledger.enforcements.hold('clock', 'it was wrong', 'guard', now);
  expect(await patrol('retain')).toMatchObject({ exit: 2, err: expect.stringMatching(/clock is in doubt/) });
  ledger.release('clock', now);
  ledger.close();
  expect((JSON.parse((await patrol('retain', '--json')).out) as { messages: number }).messages).toBeGreaterThan(4);
});

it.each([
  [[], {}, /PATROL_NEW_DATA_KEY is missing/],
  [['--unseal'], { PATROL_NEW_DATA_KEY: KEY }, /both given/],
  [[], { PATROL_NEW_DATA_KEY: 'short' }, /is no key/],
])('rekey %j %j: a clear error', async (argv, given, reason) => {
  env = given;
  expect(await patrol('rekey', ...argv)).toMatchObject({ exit: 2, err: expect.stringMatching(reason) });
});

it('seals by a key given, then exchanges it', async () => {
  env = { PATROL_NEW_DATA_KEY: KEY };
  expect((await patrol('rekey')).out).toMatch(/sealed by the new key/);
  env = {};
  expect(await patrol('show', '--phone', '13800000001')).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/there is no key/),
  });
  env = { PATROL_DATA_KEY: KEY };
  expect((await patrol('show', '--phone', '13800000001')).out).toMatch(/sms message/);
  env = { PATROL_DATA_KEY: KEY, PATROL_NEW_DATA_KEY: 'b'.repeat(64) };
  expect(JSON.parse((await patrol('rekey', '--json')).out)).toMatchObject({ sealed: true, compacted: true });
  env = { PATROL_DATA_KEY: 'b'.repeat(64) };
  expect((await patrol('rekey', '--unseal')).out).toMatch(/Start the worker without PATROL_DATA_KEY/);
  env = {};
  expect((await patrol('show', '--phone', '13800000001')).out).toMatch(/sms message/);
  expect(existsSync(join(folder, 'ledger.db-journal'))).toBe(false);
});
