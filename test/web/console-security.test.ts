import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLES, reachesRole } from '../../src/ledger/admins-store.ts';
import { createLogger } from '../../src/log.ts';
import { CaseWorld } from '../support/case-world.ts';
import { type ConsoleWorld, openConsole, PASSWORD } from '../support/console-world.ts';

const NAMES = { viewer: 'vera', operator: 'omar', approver: 'anna' } as const;

let world: CaseWorld;
let served: ConsoleWorld;
let address: string;
const logged: { msg?: string; route?: string; why?: string }[] = [];

beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00');
  const siteId = world.addSite(1);
  world.set(siteId, 'icp-footer', 'fail');
  world.look(siteId);
  world.addSite(2);
  await world.until('2026-11-23 11:00');
  const log = createLogger('warn', { write: (line) => void logged.push(JSON.parse(line) as (typeof logged)[number]) });
  served = await openConsole(world, { log });
  address = served.console.address;
});
afterAll(async () => {
  await served.close();
  world.close();
});

type Sent = { status: number; text: string; location: string | null; cookie: string };

/** What a browser of this site would send; `headers` change that. */
async function post(
  path: string,
  cookie: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Sent> {
  const response = await fetch(`${address}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: address, cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields),
  });
  return {
    status: response.status,
    text: await response.text(),
    location: response.headers.get('location'),
    cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
  };
}

async function get(path: string, cookie = ''): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${address}${path}`, { headers: { cookie }, redirect: 'manual' });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const signIn = async (name: string, password = PASSWORD, code = ''): Promise<Sent> =>
  post('/login', '', { name, password, code });

/** The token a page carries for one of its forms. */
function tokenIn(page: string, path: string): string {
  const form = page.split('<form').find((part) => part.includes(`action="${path}"`)) ?? '';
  return /name="form" value="([^"]+)"/.exec(form)?.[1] ?? '';
}

/** A route's address with something real in its places. */
function addressOf(url: string): string {
  return url
    .replace(':code', world.cases()[0]?.code ?? '')
    .replace(':subject', encodeURIComponent('京ICP备2021000001号'))
    .replace(':id', '1');
}

/** Everything a refused call may not have touched. */
function state(): string {
  const { ledger } = world;
  const tables = [
    'cases',
    'case_events',
    'notices',
    'messages',
    'extra_contacts',
    'rescan_requests',
    'holds',
    'api_keys',
    'webhooks',
    'reviews',
    'imports',
    'saved_views',
    'admins',
    'dead_addresses',
  ];
  return JSON.stringify(
    tables.map((table) => ledger.connection.sqlite.prepare(`SELECT * FROM ${table} ORDER BY 1, 2`).all()),
  );
}

/** What the audit log refused since an id. */
const refusedSince = (id: number) =>
  world.ledger.admins.auditLog({}, null, 1000).filter((entry) => entry.id > id && entry.outcome === 'refused');
const lastAudit = (): number => world.ledger.admins.auditLog({}, null, 1)[0]?.id ?? 0;

/** Every way a form may be forged: each must change nothing, and stand in both logs. */
const FORGERIES: [name: string, send: (path: string, role: (typeof ROLES)[number]) => Promise<Sent> | null][] = [
  ['without a sign-in', (path) => post(path, '', {})],
  ['with a session nobody has', (path) => post(path, 'patrol_console=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', {})],
  [
    'with a lower role',
    async (path, role) => {
      const lower = ROLES[ROLES.indexOf(role) - 1];
      if (lower === undefined) return post(path, '', {});
      const { cookie } = await session(lower);
      return post(path, cookie, { form: 'x' });
    },
  ],
  [
    'from another site',
    async (path, role) => {
      const { cookie, page } = await session(role);
      return post(path, cookie, { form: tokenIn(page, path) }, { origin: 'https://evil.example' });
    },
  ],
  [
    'from another site of the same machine',
    async (path, role) => {
      const { cookie } = await session(role);
      return post(path, cookie, { form: 'x' }, { origin: 'http://127.0.0.1:1' });
    },
  ],
  [
    'without saying where from',
    async (path, role) => {
      const { cookie } = await session(role);
      const response = await fetch(`${address}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'form=x',
      });
      return { status: response.status, text: await response.text(), location: null, cookie: '' };
    },
  ],
  [
    'without a form token',
    async (path, role) => {
      const { cookie } = await session(role);
      return post(path, cookie, {});
    },
  ],
  [
    'with the token of another form',
    async (path, role) => {
      const { cookie, page } = await session(role);
      return post(path, cookie, {
        form:
          tokenIn(page, '/logout') === '' || path === '/logout' ? tokenIn(page, '/language') : tokenIn(page, '/logout'),
      });
    },
  ],
  [
    'with the same form’s token of another session',
    async (path, role) => {
      const { cookie } = await session(role);
      const token = await ownToken(role, path);
      return post(path, cookie, { form: token });
    },
  ],
  [
    'with an altered token',
    async (path, role) => {
      const { cookie, page } = await session(role);
      const token = tokenIn(page, path) || tokenIn(page, '/language');
      return post(path, cookie, { form: `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}` });
    },
  ],
];

const sessions = new Map<string, { cookie: string; page: string }>();
/** A signed-in browser of a role, with its start page. */
async function session(role: (typeof ROLES)[number]): Promise<{ cookie: string; page: string }> {
  const known = sessions.get(role);
  if (known !== undefined) return known;
  const { cookie } = await signIn(NAMES[role]);
  const { text } = await get('/', cookie);
  const made = { cookie, page: text };
  sessions.set(role, made);
  return made;
}

const others = new Map<string, string>();
/** The right token of a form, in another session of the same admin. */
async function ownToken(role: (typeof ROLES)[number], path: string): Promise<string> {
  let cookie = others.get(role);
  if (cookie === undefined) {
    cookie = (await signIn(NAMES[role])).cookie;
    others.set(role, cookie);
  }
  const { createHmac } = await import('node:crypto');
  return createHmac('sha256', cookie.split('=')[1] ?? '')
    .update(`form ${path}`)
    .digest('base64url');
}

describe('every form of the console', () => {
  it('is known to this test', () => {
    expect(served.console.deeds.length).toBeGreaterThan(40);
    expect(served.console.deeds.every(({ role }) => ROLES.includes(role))).toBe(true);
  });

  it.each(FORGERIES)(
    '%s: changes nothing, and is logged',
    async (_name, send) => {
      for (const { url, role } of served.console.deeds) {
        const path = addressOf(url);
        await session('viewer');
        await session('operator');
        await session('approver');
        await ownToken(role, path);
        const before = state();
        const mark = lastAudit();
        const lines = logged.length;
        const answer = await send(path, role);
        expect(answer?.status, url).toBe(403);
        expect(state(), url).toBe(before);
        expect(
          refusedSince(mark).map(({ action }) => action),
          url,
        ).toEqual([`POST ${url}`]);
        expect(
          logged.slice(lines).map(({ msg }) => msg),
          url,
        ).toEqual(['console refused a request']);
      }
    },
    120_000,
  );

  it('pages and data are for those who are signed in', async () => {
    for (const path of [
      '/',
      '/sites',
      '/sites/1',
      '/cases',
      '/notices',
      '/audit',
      '/configuration',
      '/access',
      '/queues',
      '/queues/api/queues',
      '/imports/template.csv',
    ]) {
      const { status, text } = await get(path);
      expect([303, 302, 403], path).toContain(status);
      expect(text, path).not.toContain('某某');
    }
    for (const path of ['/sites/1/mark', '/overview/mark']) expect((await get(path)).status).toBe(403);
  });

  it('a GET changes nothing', async () => {
    const { cookie } = await session('approver');
    const before = state();
    for (const { url } of served.console.deeds) {
      await get(addressOf(url), cookie);
      expect(state(), url).toBe(before);
    }
  });

  it('a session that was ended opens nothing any more, whatever its form says', async () => {
    const { cookie } = await signIn('anna');
    const { text } = await get('/sites/1', cookie);
    const token = tokenIn(text, '/sites/1/rescan');
    expect((await post('/logout', cookie, { form: tokenIn(text, '/logout') })).status).toBe(303);
    const before = state();
    const again = await post('/sites/1/rescan', cookie, { form: token });
    expect(again.status).toBe(403);
    expect(state()).toBe(before);
  });

  it('a form sent twice does its deed once', async () => {
    const { cookie } = await signIn('anna');
    const code = world.cases()[0]?.code ?? '';
    const { text } = await get(`/cases/${code}`, cookie);
    const form = tokenIn(text, `/cases/${code}/waive`);
    expect(form).not.toBe('');
    expect((await post(`/cases/${code}/waive`, cookie, { form, reason: '误报' })).location).toBe(`/cases/${code}`);
    expect(world.cases()[0]?.state).toBe('closed');
    const seq = world.cases()[0]?.seq;
    await post(`/cases/${code}/waive`, cookie, { form, reason: '误报' });
    expect(world.cases()[0]?.seq).toBe(seq);
    expect((await get(`/cases/${code}`, cookie)).text).toContain('未能办理');
  });
});

describe('the queues’ board', () => {
  const change = (cookie: string, headers: Record<string, string> = {}) =>
    fetch(`${address}/queues/api/queues/gather/pause`, {
      method: 'PUT',
      headers: { cookie, origin: address, 'content-type': 'application/json', ...headers },
    });

  it('is changed by approvers alone, from here alone', async () => {
    const approver = (await session('approver')).cookie;
    const operator = (await session('operator')).cookie;
    expect((await change('')).status).toBe(403);
    expect((await change(operator)).status).toBe(403);
    expect((await change(approver, { origin: 'https://evil.example' })).status).toBe(403);
    const mark = lastAudit();
    expect((await change(approver)).status).toBe(200);
    expect(world.ledger.admins.auditLog({ action: 'queue' }, null, 1)[0]).toMatchObject({
      actor: 'anna',
      outcome: 'done',
    });
    expect(lastAudit()).toBeGreaterThan(mark);
  });
});

describe('the door', () => {
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
    const { hashPassword } = await import('../../src/web/console/passwords.ts');
    world.ledger.admins.insert(
      { name: 'lotte', role: 'viewer', language: 'zh', passwordHash: await hashPassword(PASSWORD), oidcSubject: null },
      world.now(),
    );
    for (let i = 0; i < 5; i++) expect((await signIn('lotte', `wrong password ${i}`)).status).toBe(403);
    const locked = await signIn('lotte');
    expect(locked.status).toBe(403);
    expect(locked.text).toContain('锁定');
    expect((await signIn('lotte', 'wrong password')).text).not.toContain('锁定');
    await world.until('2026-11-23 11:16');
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
    const { headers } = await get('/', (await session('viewer')).cookie);
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
    await world.until('2026-11-23 13:00');
    expect((await get('/', cookie)).status).toBe(200);
    await world.until('2026-11-23 15:01');
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

  it('roles: each may do what those before it may', () => {
    expect(ROLES.map((role) => ROLES.filter((one) => reachesRole(role, one)))).toEqual([
      ['viewer'],
      ['viewer', 'operator'],
      ['viewer', 'operator', 'approver'],
    ]);
  });
});
