import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { buildProgram, runCli } from '../../src/cli/program.ts';
import { CaseWorld } from '../support/case-world.ts';

const SUBJECT = '京ICP备2021000001号';
let folder: string;
let config: string;
let code: string;
let now: number;

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
    const program = buildProgram({ now: () => now, env: { NO_COLOR: '1' } });
    const exit = await runCli(program, ['node', 'patrol', ...argv, '--config', config]);
    return { exit, ...written };
  } finally {
    process.exitCode = undefined;
    out.mockRestore();
    err.mockRestore();
  }
}

const json = async (...argv: string[]): Promise<unknown> => {
  const { exit, out, err } = await patrol(...argv, '--json');
  expect([exit, err]).toEqual([0, '']);
  return JSON.parse(out);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'beian-cases-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(async (context) => {
  const name = context.task.id.replace(/\W/g, '');
  const ledger = { path: join(folder, `${name}.db`) };
  config = join(folder, `${name}.yaml`);
  // Nobody listens there: doctor asks resolvers, and no test leaves this machine.
  writeFileSync(
    config,
    stringify({
      ledger,
      notices: { portalUrl: 'https://beian.cloud.example' },
      resolvers: ['127.0.0.1:9', '127.0.0.1:10'],
      dns: { timeoutMs: 100, tries: 1 },
    }),
  );
  // Dry-run, as shipped: the commands are about the ledger, not the wire.
  const dry = {
    ledger,
    notices: { live: false, email: { host: null }, sms: { provider: null } },
    enforcement: { live: false },
  };
  const world = await CaseWorld.open('2026-03-02 10:00', dry, undefined, { keepLedger: true });
  const siteId = world.addSite();
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  await world.until('2026-03-02 11:00');
  code = world.case().code;
  now = world.now();
  world.close();
});

describe('patrol cases', () => {
  it('lists and shows, for people and for programs, without addresses in clear', async () => {
    const list = await patrol('cases', 'list');
    expect(list.out).toMatch(
      new RegExp(
        `${code}\\s+empty-shell\\s+京ICP备2021000001号-1\\s+site-1\\.cn\\s+open \\(dry-run\\)\\s+2026-03-17 24:00`,
      ),
    );
    expect(await json('cases', 'list')).toMatchObject([
      { code, state: 'open', deadlineBeijing: '2026年3月17日 24:00（星期二）' },
    ]);
    const shown = await patrol('cases', 'show', code);
    for (const text of ['opened', '发现问题，立案', 'no-host-resolves-here', 'dry-run', 'notices'])
      expect(shown.out).toContain(text);
    expect(shown.out).not.toMatch(/13800000001|zhang@/);
    expect(await json('cases', 'show', code.toLowerCase())).toMatchObject({ code, history: [{ move: 'opened' }] });
    expect((await patrol('cases', 'list', '--site', 'site-1.cn')).out).toContain(code);
  });

  it('extends once, refuses the second with exit code 1, and names bad input with its remedy', async () => {
    const extend = (...more: string[]) =>
      patrol('cases', 'extend', code, '--reason', 'person-travelling', '--as', 'chen', ...more);
    expect((await extend('--days', '5')).out).toMatch(/granted: the deadline is now 2026-03-24 24:00/);
    const second = await extend('--days', '1');
    expect([second.exit, second.out]).toEqual([1, expect.stringMatching(/refused: .*每次整改期仅可延期 1 次/)]);
    const bad = await patrol('cases', 'extend', code, '--days', '2', '--reason', 'because');
    expect([bad.exit, bad.err]).toEqual([
      2,
      expect.stringMatching(/"because" is not on the list\n {2}→ give one of: preparing-materials/),
    ]);
    const detail = (await json('cases', 'show', code)) as { history: { actor: object; move: string }[] };
    expect(detail.history.find(({ move }) => move === 'extension-granted')?.actor).toEqual({
      kind: 'admin',
      name: 'chen',
    });
  });

  it.each([
    [['cases', 'show', 'NOSUCHCODE'], /no case NOSUCHCODE\n {2}→ patrol cases list/],
    [['cases', 'approve', 'CODE'], /nothing waits for approval while it is open/],
    [['cases', 'judge', 'CODE', '--reason', 'x'], /either --accept or --refuse/],
    [['cases', 'appeal', 'CODE', '--reason', 'filing-correct'], /once access was restricted/],
    [['cases', 'waive', 'CODE', '--reason', ' '], /a reason is needed/],
    [['cases', 'deadline', 'CODE', '2026-01-01', '--reason', 'x'], /2026-01-01 has passed/],
    [['cases', 'list', '--state', 'asleep'], /no such state/],
    [['notices', 'show', '999'], /no notice 999/],
    [['notices', 'preview', 'CODE', 'love-letter'], /no kind love-letter/],
    [['notices', 'preview', 'CODE', 'appeal-refused', '--channel', 'sms'], /not told by SMS/],
    [['notices', 'inbox', '京ICP备9号'], /no subject/],
    [['contacts', 'add', SUBJECT, '--name', 'x'], /no address/],
    [['contacts', 'remove', '77'], /no extra contact 77/],
    [['contacts', 'verify', '1'], /--code or --token/],
    [['contacts', 'change', '1'], /nothing given/],
    [['contacts', 'revive', 'fax', 'x'], /no channel fax/],
    [['cases', 'deadline', 'CODE', '2026-12-99', '--reason', 'x'], /is no date/],
    [['cases', 'deadline', 'CODE', '2030-01-01', '--reason', 'x'], /more than a year away/],
    [['contacts', 'revive', 'sms', '13800000000'], /not given up/],
  ] as [string[], RegExp][])('%j is refused with a remedy and exit code 2', async (argv, said) => {
    const { exit, err } = await patrol(...argv.map((word) => (word === 'CODE' ? code : word)));
    expect(exit).toBe(2);
    expect(err).toMatch(said);
    expect(err).toMatch(/\n {2}→ /);
    expect(err).not.toMatch(/ {4}at /);
  });

  it('ends a case by hand, keeps the reason, and verifies the history', async () => {
    expect((await patrol('cases', 'note', code, '--reason', '已电话沟通')).exit).toBe(0);
    expect((await patrol('cases', 'waive', code, '--reason', '误判')).out).toMatch(/it is now closed/);
    expect((await patrol('cases', 'list')).out).toContain('no open cases');
    expect((await patrol('cases', 'list', '--all')).out).toContain(code);
    expect((await patrol('cases', 'verify')).out).toMatch(/1 histories checked, 0 broken/);
  });

  it('stops and releases enforcement and sending', async () => {
    expect((await patrol('cases', 'hold-enforcement', '--reason', 'maintenance')).exit).toBe(0);
    expect((await patrol('notices', 'hold', '--reason', 'wrong text')).exit).toBe(0);
    expect((await patrol('notices', 'list')).out).toMatch(/sending is stopped since .*wrong text/);
    expect((await patrol('cases', 'release-enforcement')).out).toMatch(/goes on/);
    expect((await patrol('cases', 'release-enforcement')).out).toMatch(/was not stopped/);
    expect((await patrol('notices', 'release')).out).toMatch(/goes on/);
  });
});

describe('patrol notices', () => {
  it('shows the texts kept in dry-run, masked until asked', async () => {
    const list = (await json('notices', 'list')) as {
      notices: { id: number; channel: string; recipient: string; state: string }[];
    };
    expect(list.notices).toHaveLength(5);
    expect(list.notices.every(({ state }) => state === 'dry-run')).toBe(true);
    const sms = list.notices.find(({ channel }) => channel === 'sms');
    expect(sms?.recipient).toMatch(/^138\*{4}000\d$/);
    expect((await patrol('notices', 'show', String(sms?.id))).out).toMatch(
      /【某云备案】您备案的网站京ICP备2021000001号-1未通过空壳网站核查/,
    );
    expect((await patrol('notices', 'show', String(sms?.id), '--unmask')).out).toMatch(/138\d{8}/);
    const mail = list.notices.find(({ channel }) => channel === 'email');
    const file = join(folder, 'mail.html');
    await patrol('notices', 'show', String(mail?.id), '--html', file);
    expect(readFileSync(file, 'utf8')).toContain('整改期限');
  });

  it('previews any kind as of now, and prints the templates to register', async () => {
    for (const kind of ['found', 'reminder', 'overdue', 'enforced', 'cancelled', 'resolved', 'appeal-refused'])
      expect((await patrol('notices', 'preview', code, kind)).out).toContain('京ICP备2021000001号-1');
    expect((await patrol('notices', 'preview', code, 'reminder', '--channel', 'sms')).out).toMatch(/3月17日24:00/);
    const templates = await patrol('notices', 'templates');
    expect(templates.out).toContain('您备案的网站${number}未通过${programme}：${issue}。');
    expect(templates.out).toContain('您备案的网站{1}未通过{2}：{3}。');
  });

  it('never sends again what may have arrived', async () => {
    const [first] = ((await json('notices', 'list')) as { notices: { id: number }[] }).notices;
    const { exit, err } = await patrol('notices', 'resend', String(first?.id));
    expect([exit, err]).toEqual([2, expect.stringMatching(/dry-run/)]);
  });
});

describe('patrol contacts', () => {
  it('adds, changes and removes extra contacts, masked by default', async () => {
    expect(
      (
        await patrol(
          'contacts',
          'add',
          SUBJECT,
          '--name',
          '小陈',
          '--email',
          'ops@owner.example',
          '--phone',
          '138 0000 0088',
        )
      ).out,
    ).toMatch(/extra contact 1: asked to say yes/);
    const list = await patrol('contacts', 'list', SUBJECT);
    expect(list.out).toMatch(/小陈\s+138\*\*\*\*0088\s+o\*\*\*@owner\.example\s+mail unverified, SMS unverified/);
    expect((await patrol('contacts', 'list', SUBJECT, '--unmask')).out).toContain('13800000088');
    expect((await patrol('contacts', 'change', '1', '--email', 'new@owner.example')).out).toContain('unverified');
    expect((await patrol('contacts', 'remove', '1')).exit).toBe(0);
    expect((await patrol('contacts', 'dead')).out).toContain('none');
  });
});

describe('patrol doctor', () => {
  it('says what is switched on and what waits', async () => {
    const found = (await json('doctor')) as { what: string; said: string }[];
    const said = (what: string): string =>
      found
        .filter((one) => one.what === what)
        .map((one) => one.said)
        .join();
    expect(said('notices')).toMatch(/dry-run/);
    expect(said('enforcement')).toMatch(/dry-run/);
    expect(said('cases')).toMatch(/1 open \(empty-shell open 1\)/);
  });
});
