import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLedger } from '../../db/client.ts';
import { ROOT } from '../../src/config.ts';
import { isPassword } from '../../src/web/console/passwords.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'beian-admins-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Run a command line in a process of its own, with something on its standard input. */
function patrol(argv: string[], input = ''): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'src/cli.ts'), ...argv], {
    input,
    encoding: 'utf8',
    cwd: folder,
    env: { PATH: process.env['PATH'], PATROL_LEDGER: join(folder, 'ledger.db'), NO_COLOR: '1' },
  });
  return { status, out: stdout, err: stderr };
}

/** The first row of a query over the ledger as it was left. */
function row(sql: string): Record<string, unknown> {
  const connection = openLedger(join(folder, 'ledger.db'));
  const found = connection.sqlite.prepare(sql).get() as Record<string, unknown>;
  connection.close();
  return found;
}

describe('patrol admins', () => {
  it('makes the first one with a password from standard input, that stands nowhere', async () => {
    expect(patrol(['admins', 'list']).out).toContain('no admin yet');
    const made = patrol(['admins', 'add', 'chen', '--role', 'approver'], 'a long enough one\n');
    expect([made.status, made.err]).toEqual([0, '']);
    const kept = row('SELECT * FROM admins');
    expect(kept).toMatchObject({ name: 'chen', role: 'approver' });
    expect(await isPassword('a long enough one', String(kept['password_hash']))).toBe(true);
    expect(await isPassword('another', String(kept['password_hash']))).toBe(false);
    expect(JSON.stringify(row('SELECT * FROM audit_log'))).not.toContain('a long enough one');
    expect(patrol(['admins', 'list', '--json']).out).not.toContain('scrypt');
  });

  it.each<[string[], string, RegExp]>([
    [['admins', 'add', 'li', '--role', 'boss'], 'a long enough one', /no such role[\s\S]*viewer, operator, approver/],
    [['admins', 'add', 'li', '--role', 'viewer'], 'short', /has 5 characters[\s\S]*give 12/],
    [['admins', 'add', 'li', '--role', 'viewer'], 'aaaaaaaaaaaaaaaa', /easily guessed/],
    [['admins', 'add', 'zhangsan', '--role', 'viewer'], 'Zhangsan-2026!!', /easily guessed/],
    [['admins', 'add', 'li', '--role', 'viewer'], '', /no password was given/],
    [['admins', 'add', 'key:li', '--role', 'viewer'], 'a long enough one', /no usable name/],
    [['admins', 'set', 'nobody', '--disable'], '', /no admin nobody/],
    [['admins', 'password', 'nobody'], 'a long enough one', /no admin nobody/],
    [['api-keys', 'add', 'crm', '--scopes', 'all'], '', /no scope all[\s\S]*filings:read/],
    [['api-keys', 'add', 'crm', '--scopes', 'filings:read', '--days', '0'], '', /--days: no whole number/],
    [['api-keys', 'revoke', 'crm'], '', /no key crm/],
  ])('refuses %j', (argv, input, said) => {
    const { status, err } = patrol(argv, input);
    expect(status).toBe(2);
    expect(err).toMatch(said);
  });

  it('changes role, disables, takes a lost authenticator away, gives a new password', () => {
    patrol(['admins', 'add', 'chen', '--role', 'viewer'], 'a long enough one');
    expect(patrol(['admins', 'set', 'chen']).err).toContain('nothing to change');
    patrol(['admins', 'set', 'chen', '--role', 'operator', '--disable']);
    expect(row('SELECT role, disabled_at AS at FROM admins')).toMatchObject({
      role: 'operator',
      at: expect.any(Number),
    });
    patrol(['admins', 'set', 'chen', '--enable', '--no-authenticator']);
    expect(row('SELECT disabled_at AS at, totp_secret AS secret FROM admins')).toEqual({ at: null, secret: null });
    expect(patrol(['admins', 'password', 'chen'], 'another long one').status).toBe(0);
    expect(row("SELECT count(*) AS count FROM audit_log WHERE actor LIKE 'cli %'")).toEqual({ count: 4 });
  });
});

describe('patrol api-keys', () => {
  it('tells a key once, keeps its hash, and revokes it', () => {
    const made = JSON.parse(
      patrol(['api-keys', 'add', 'crm', '--scopes', 'filings:read,cases:read', '--days', '30', '--json']).out,
    ) as { key: string };
    expect(made.key).toMatch(/^bpk_[\w-]{43}$/);
    expect(JSON.stringify(row('SELECT * FROM api_keys'))).not.toContain(made.key);
    expect(patrol(['api-keys', 'list']).out).toContain('filings:read,cases:read');
    expect(patrol(['api-keys', 'add', 'crm', '--scopes', 'filings:read']).err).toContain('called crm already');
    expect(patrol(['api-keys', 'revoke', 'crm']).out).toContain('crm is revoked');
    expect(patrol(['api-keys', 'revoke', 'crm']).out).toContain('revoked before');
  });
});
