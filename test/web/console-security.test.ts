import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beijingTable } from '../../src/calendar/beijing-time.ts';
import { type AdminRole, ROLES, reachesRole } from '../../src/ledger/admins-store.ts';
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

/** How a form is forged, and why it is refused; null: there is no such forgery of a form of this role. */
interface Forgery {
  name: string;
  why: (role: AdminRole) => string;
  send: (path: string, role: AdminRole) => Promise<Sent> | null;
}

/** Every way a form may be forged, each with everything else in order: it must change nothing, and stand in both logs. */
const FORGERIES: Forgery[] = [
  { name: 'without a sign-in', why: () => 'not signed in', send: (path) => post(path, '', {}) },
  {
    name: 'with a session nobody has',
    why: () => 'not signed in',
    send: (path) => post(path, `patrol_console=${'A'.repeat(43)}`, { form: tokenOf('A'.repeat(43), path) }),
  },
  {
    name: 'with a lower role, and the right token',
    why: (role) => `needs ${role}`,
    send: (path, role) => {
      const lower = ROLES[ROLES.indexOf(role) - 1];
      return lower === undefined ? null : postAs(lower, path);
    },
  },
  {
    name: 'from another site, with the right token',
    why: () => 'cross-origin',
    send: (path, role) => postAs(role, path, { origin: 'https://evil.example' }),
  },
  {
    name: 'from another port of the same machine, with the right token',
    why: () => 'cross-origin',
    send: (path, role) => postAs(role, path, { origin: 'http://127.0.0.1:1' }),
  },
  {
    name: 'from nowhere (a sandboxed page), with the right token',
    why: () => 'cross-origin',
    send: (path, role) => postAs(role, path, { origin: 'null' }),
  },
  {
    name: 'without saying where from, with the right token',
    why: () => 'cross-origin',
    send: async (path, role) => {
      const { cookie } = await session(role);
      const response = await fetch(`${address}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ form: tokenOf(cookie.split('=')[1] ?? '', path) }),
      });
      return { status: response.status, text: await response.text(), location: null, cookie: '' };
    },
  },
  {
    name: 'without a form token',
    why: () => 'no form of ours',
    send: async (path, role) => post(path, (await session(role)).cookie, {}),
  },
  {
    name: 'with the token of another form of the same session',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      return post(path, cookie, {
        form: tokenOf(cookie.split('=')[1] ?? '', path === '/logout' ? '/language' : '/logout'),
      });
    },
  },
  {
    name: 'with the same form’s token of another session',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      const other = (await session(role, 'again')).cookie;
      return post(path, cookie, { form: tokenOf(other.split('=')[1] ?? '', path) });
    },
  },
  {
    name: 'with an altered token',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      const token = tokenOf(cookie.split('=')[1] ?? '', path);
      return post(path, cookie, { form: `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}` });
    },
  },
];

/** The token that a form of a session carries: as the console makes it, to be sure that nothing else is what refuses. */
const tokenOf = (token: string, path: string): string =>
  createHmac('sha256', token).update(`form ${path}`).digest('base64url');

/** Send a form with its right token, by an admin of a role. */
async function postAs(role: AdminRole, path: string, headers: Record<string, string> = {}): Promise<Sent> {
  const { cookie } = await session(role);
  return post(path, cookie, { form: tokenOf(cookie.split('=')[1] ?? '', path) }, headers);
}

const sessions = new Map<string, { cookie: string; page: string }>();
/** A signed-in browser of a role, with its start page; `which`: another one of the same admin. */
async function session(role: AdminRole, which = ''): Promise<{ cookie: string; page: string }> {
  const key = `${role} ${which}`;
  const known = sessions.get(key);
  if (known !== undefined) return known;
  const { cookie } = await signIn(NAMES[role]);
  const { text } = await get('/', cookie);
  const made = { cookie, page: text };
  sessions.set(key, made);
  return made;
}

describe('every form of the console', () => {
  it('is known to this test', () => {
    expect(served.console.deeds.length).toBeGreaterThan(40);
    expect(served.console.deeds.every(({ role }) => ROLES.includes(role))).toBe(true);
  });

  it('none stands beside the one door, but the ways in', () => {
    const known = new Set(served.console.deeds.map(({ url }) => url));
    const others = served.console.routes
      .filter(({ method, url }) => !['GET', 'HEAD', 'OPTIONS'].includes(method) && !known.has(url))
      .map(({ url }) => url)
      .filter((url) => !url.startsWith('/queues') && !url.startsWith('/api/v1'));
    expect(others).toEqual(['/login']);
  });

  it.each(FORGERIES)(
    '$name: changes nothing, and is logged',
    async ({ why, send }) => {
      for (const role of ROLES) for (const which of ['', 'again']) await session(role, which);
      // Refusals of strangers are written down by the minute.
      await world.until(beijingTable(world.now() + 60_000));
      let tried = 0;
      for (const { url, role } of served.console.deeds) {
        const path = addressOf(url);
        const before = state();
        const mark = lastAudit();
        const lines = logged.length;
        const answer = await send(path, role);
        if (answer === null) continue;
        tried++;
        expect(answer.status, url).toBe(403);
        expect(state(), url).toBe(before);
        expect(
          refusedSince(mark).map(({ action, detail }) => [action, detail]),
          url,
        ).toEqual([[`POST ${url}`, why(role)]]);
        expect(
          logged.slice(lines).map(({ msg }) => msg),
          url,
        ).toEqual(['console refused a request']);
      }
      expect(tried).toBeGreaterThan(30);
    },
    120_000,
  );

  it('the same forms with nothing forged are taken: nothing else refuses them', async () => {
    let taken = 0;
    for (const { url, role } of served.console.deeds) {
      // These end the session, or change who somebody is.
      if (['/logout', '/language'].includes(url) || url.startsWith('/account')) continue;
      const { status } = await postAs(role, addressOf(url));
      expect(status, url).not.toBe(403);
      taken++;
    }
    expect(taken).toBeGreaterThan(30);
  });

  it('pages and data are for those who are signed in', async () => {
    for (const url of [...served.console.pages, '/queues', '/queues/api/queues']) {
      const { status, text } = await get(addressOf(url));
      expect([303, 302, 403], url).toContain(status);
      expect(text, url).not.toContain('某某');
    }
  });

  it('looking changes nothing, whatever is looked at', async () => {
    const { cookie } = await session('approver');
    const before = state();
    for (const url of served.console.pages) {
      const { status } = await get(addressOf(url), cookie);
      expect([200, 404], url).toContain(status);
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

/** A request as no browser writes it: gives the first line of the answer. */
function rawPut(path: string, cookie: string): Promise<string> {
  const { hostname, port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        `PUT ${path} HTTP/1.1\r\nhost: ${host}\r\norigin: ${address}\r\ncookie: ${cookie}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
      ),
    );
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('end', () => resolve(text.split('\r\n')[0] ?? ''));
    socket.on('error', reject);
  });
}

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
    for (const [method, path] of [
      ['PUT', 'gather/obliterate'],
      ['PUT', 'gather/empty'],
      ['POST', 'gather/add'],
      ['PATCH', 'gather/1/update-data'],
      ['PUT', 'gather/1/update-data'],
      ['PUT', 'gather/1/clean'],
      ['PUT', 'gather/concurrency'],
    ]) {
      const response = await fetch(`${address}/queues/api/queues/${path}`, {
        method: method ?? '',
        headers: { cookie: approver, origin: address, 'content-type': 'application/json' },
        body: '{}',
      });
      expect([403, 404], `${method} ${path}`).toContain(response.status);
    }
    // A sign that ends the address for the router but not for a pattern.
    expect(await rawPut('/queues/api/queues/gather/obliterate#/pause', approver)).toContain(' 403 ');
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
    // The right password is answered like a wrong one, or guessing could go on behind the lock.
    const strip = (text: string): string => text.replace(/value="[^"]*"/g, '');
    expect(strip((await signIn('lotte', 'wrong password')).text)).toBe(strip(locked.text));
    await world.until(beijingTable(world.now() + 16 * 60_000));
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
    await world.until(beijingTable(world.now() + 100 * 60_000));
    expect((await get('/', cookie)).status).toBe(200);
    await world.until(beijingTable(world.now() + 121 * 60_000));
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

  it('a wrong password inside counts as one at the door, and ends what it locks', async () => {
    const { hashPassword } = await import('../../src/web/console/passwords.ts');
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
