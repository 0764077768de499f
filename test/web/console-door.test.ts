import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, reachesRole } from '../../src/ledger/admins-store.ts';
import { hashPassword } from '../../src/web/console/passwords.ts';
import { CaseWorld } from '../support/case-world.ts';
import { type ConsoleWire, consoleWire, tokenIn, tokenOf } from '../support/console-wire.ts';
import { type ConsoleWorld, openConsole, PASSWORD } from '../support/console-world.ts';

let world: CaseWorld;
let served: ConsoleWorld;
let address: string;
let post: ConsoleWire['post'];
let get: ConsoleWire['get'];
let signIn: ConsoleWire['signIn'];

beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00');
  served = await openConsole(world);
  address = served.console.address;
  ({ post, get, signIn } = consoleWire(address));
});
afterAll(async () => {
  await served.close();
  world.close();
});

/** Time passes. */
const pass = (spanMs: number): Promise<void> => world.until(world.now() + spanMs);
/** What the audit log refused since an id. */
const refusedSince = (id: number) =>
  world.ledger.admins.auditLog({}, null, 1000).filter((entry) => entry.id > id && entry.outcome === 'refused');
const lastAudit = (): number => world.ledger.admins.auditLog({}, null, 1)[0]?.id ?? 0;

describe('the door', () => {
  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1'])(
    'is not opened from %s, with a right password',
    async (origin) => {
      const mark = lastAudit();
      const answer = await post('/login', '', { name: 'anna', password: PASSWORD }, { origin });
      expect(answer.status).toBe(403);
      expect(answer.cookie).toBe('');
      expect(refusedSince(mark).map(({ detail }) => detail)).toEqual(['cross-origin']);
    },
  );

  it('says the same of a wrong name and a wrong password, and keeps both', async () => {
    const name = await signIn('nobody');
    const password = await signIn('vera', 'wrong password, this');
    const strip = (text: string): string => text.replace(/value="[^"]*"/g, '');
    expect([name.status, password.status]).toEqual([403, 403]);
    expect(strip(name.text)).toBe(strip(password.text));
    expect(
      world.ledger.admins.auditLog({ action: 'sign-in' }, null, 2).map(({ outcome, actor }) => [outcome, actor]),
    ).toEqual([
      ['refused', 'vera'],
      ['refused', '-'],
    ]);
  });

  it('locks an account after five wrong passwords, for a quarter of an hour', async () => {
    world.ledger.admins.insert(
      { name: 'lotte', role: 'viewer', language: 'zh', passwordHash: await hashPassword(PASSWORD), oidcSubject: null },
      world.now(),
    );
    for (let i = 0; i < 5; i++) expect((await signIn('lotte', `wrong password ${i}`)).status).toBe(403);
    const locked = await signIn('lotte');
    expect(locked.status).toBe(403);
    // The right password is answered like a wrong one, or guessing could go on behind the lock.
    const strip = (text: string): string => text.replace(/value="[^"]*"/g, '');
    expect(strip((await signIn('lotte', 'wrong password')).text)).toBe(strip(locked.text));
    await pass(16 * 60_000);
    expect((await signIn('lotte')).status).toBe(303);
  });

  it('its cookie is not for scripts or other sites, and no page may be framed or stored', async () => {
    const response = await fetch(`${address}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: address, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ name: 'vera', password: PASSWORD }),
    });
    expect(response.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/);
    const { headers } = await get('/', (await signIn('vera')).cookie);
    expect(headers.get('cache-control')).toBe('no-store');
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "form-action 'self'",
      "base-uri 'none'",
    ])
      expect(policy).toContain(part);
    expect(policy).not.toContain('unsafe');
  });

  it('a session ends after hours without a page, after a day’s work, with the account, and with a new password', async () => {
    const { cookie } = await signIn('vera');
    await pass(100 * 60_000);
    expect((await get('/', cookie)).status).toBe(200);
    await pass(121 * 60_000);
    expect((await get('/', cookie)).status).toBe(303);
    const second = (await signIn('vera')).cookie;
    const vera = world.ledger.admins.byName('vera');
    if (vera === null) throw new Error('no vera');
    world.ledger.admins.save({ ...vera, disabledAt: world.now() });
    expect((await get('/', second)).status).toBe(303);
    world.ledger.admins.save({ ...vera, disabledAt: null });
    expect((await get('/', second)).status).toBe(200);
    const third = (await signIn('vera')).cookie;
    const { text } = await get('/account', third);
    const form = tokenIn(text, '/account/password');
    const changed = await post('/account/password', third, {
      form,
      old: PASSWORD,
      new: 'a new one 全新的',
      again: 'a new one 全新的',
    });
    expect(changed.location).toBe('/account');
    expect((await get('/', third)).status).toBe(200);
    expect((await get('/', second)).status).toBe(303);
    expect((await signIn('vera')).status).toBe(403);
    expect((await signIn('vera', 'a new one 全新的')).status).toBe(303);
  });

  it('an open page, or an open board of queues, that asks by itself keeps no session alive', async () => {
    await pass(60 * 60_000);
    for (const headers of [{}, { 'x-patrol-by-itself': '1' }]) {
      const { cookie } = await signIn('omar');
      const path = Object.keys(headers).length === 0 ? '/queues/api/queues' : '/overview/mark';
      const ask = async (): Promise<number> =>
        (await fetch(`${address}${path}`, { headers: { cookie, ...headers }, redirect: 'manual' })).status;
      await pass(100 * 60_000);
      expect(await ask()).toBe(200);
      await pass(30 * 60_000);
      // Two hours and more without a page somebody opened.
      expect(await ask()).not.toBe(200);
      expect((await get('/', cookie)).status).toBe(303);
    }
  });

  it('a wrong password inside counts as one at the door, and ends what it locks', async () => {
    await pass(16 * 60_000);
    const passwordHash = await hashPassword(PASSWORD);
    world.ledger.admins.insert(
      { name: 'mona', role: 'viewer', language: 'zh', passwordHash, oidcSubject: null },
      world.now(),
    );
    const { cookie } = await signIn('mona');
    const form = tokenOf(cookie.split('=')[1] ?? '', '/account/password');
    for (let i = 0; i < 5; i++)
      await post('/account/password', cookie, {
        form,
        old: `wrong ${i}`,
        new: 'a new one 全新的',
        again: 'a new one 全新的',
      });
    expect((await get('/', cookie)).status).toBe(303);
    expect((await signIn('mona')).status).toBe(403);
  });

  it('roles: each may do what those before it may', () => {
    expect(ROLES.map((role) => ROLES.filter((one) => reachesRole(role, one)))).toEqual([
      ['viewer'],
      ['viewer', 'operator'],
      ['viewer', 'operator', 'approver'],
    ]);
  });
});
