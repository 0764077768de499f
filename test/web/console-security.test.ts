import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beijingDate, beijingTable } from '../../src/calendar/beijing-time.ts';
import { type AdminRole, ROLES } from '../../src/ledger/admins-store.ts';
import type { Hold } from '../../src/ledger/enforcements-store.ts';
import { createLogger } from '../../src/log.ts';
import { ContactDesk } from '../../src/notify/contact-desk.ts';
import { makeKey } from '../../src/web/api/keys.ts';
import { CASE_ACTS } from '../../src/web/case-acts.ts';
import { CaseWorld } from '../support/case-world.ts';
import { type ConsoleWire, consoleWire, type Sent, tokenIn, tokenOf } from '../support/console-wire.ts';
import { type ConsoleWorld, openConsole, PASSWORD } from '../support/console-world.ts';
import { ledgerState } from '../support/ledger-state.ts';

const NAMES = { viewer: 'vera', operator: 'omar', approver: 'anna' } as const;

let world: CaseWorld;
let served: ConsoleWorld;
let address: string;
let post: ConsoleWire['post'];
let get: ConsoleWire['get'];
let signIn: ConsoleWire['signIn'];
const logged: { msg?: string; route?: string; why?: string }[] = [];

const SUBJECT = '京ICP备2021000001号';
const DEAD = 'dead@owner.example';
const HOOK = 'https://hook.example/';
const ids = { review: 0, held: 0, key: 0, hook: 0, contact: 0, notice: 0 };
const views = new Map<AdminRole, number>();

/** Something for every form to do: a form that could change nothing proves nothing when it is refused. */
beforeAll(async () => {
  // Lives of owners begin in summer, so that one case is restricted, one appealed, and one new in November.
  world = await CaseWorld.open('2026-08-03 10:00', { notices: { portalUrl: 'https://beian.example' } });
  for (const index of [1, 2, 3]) {
    const siteId = world.addSite(index);
    world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
  }
  for (const code of (await world.untilAsked(3)).slice(1)) {
    for (const name of ['anna', 'arno']) {
      if (world.desk.find(code).state === 'enforcement-asked')
        world.desk.approve(code, { kind: 'admin', name }, world.now());
      await world.until(world.now() + 60_000);
    }
  }
  const restricted = world.cases().find(({ state: now }) => now === 'restricted');
  world.desk.appeal(
    restricted?.code ?? '',
    { reason: 'filing-correct', description: '' },
    { kind: 'owner', name: 'in-site' },
    world.now(),
  );
  const fresh = world.addSite(4);
  world.set(fresh, 'icp-footer', 'fail');
  world.look(fresh);
  world.addSite(5);
  await world.until(world.now() + 3_600_000);
  const log = createLogger('warn', { write: (line) => void logged.push(JSON.parse(line) as (typeof logged)[number]) });
  served = await openConsole(world, { log });
  address = served.console.address;
  ({ post, get, signIn } = consoleWire(address));
  const { ledger } = world;
  const finding = {
    code: 'for-sale',
    severity: 'fail' as const,
    about: 'p',
    params: {},
    evidence: [],
    awaitsHuman: true as const,
  };
  ledger.reviews.note(1, 'site-content', [finding], world.now());
  ids.review = ledger.reviews.inState('waiting', 1)[0]?.id ?? 0;
  ids.held = ledger.sweeps.open('scheduled', world.now());
  ledger.sweeps.setState(ids.held, 'held', { en: 'too many failures', zh: '失败过多' }, world.now());
  ids.key = makeKey(
    ledger.api,
    { name: 'billing', scopes: ['filings:read'], by: 'anna', role: 'approver', expiresAt: null },
    world.now(),
  ).id;
  ids.hook = ledger.api.insertWebhook({ url: HOOK, secret: 's', moves: [], createdBy: 'anna' }, world.now());
  ids.contact = new ContactDesk(world.keeper).add(
    SUBJECT,
    { name: '王五', email: 'wang@owner.example' },
    world.now(),
  ).id;
  ledger.contacts.markDead({
    channel: 'email',
    address: DEAD,
    code: '550',
    reason: 'no such user',
    since: world.now(),
    messageId: null,
  });
  const message = ledger.outbox.notices(null, 50).find(({ messageId }) => messageId !== null);
  ids.notice = message?.id ?? 0;
  // Somebody’s machine said no for good: it may be sent again by hand.
  ledger.connection.sqlite.prepare("UPDATE messages SET state = 'failed' WHERE id = ?").run(message?.messageId ?? 0);
  hold();
  for (const role of ROLES) {
    const admin = ledger.admins.byName(NAMES[role]);
    ledger.admins.putView(admin?.id ?? 0, 'sites', 'mine', 'verdict=fail');
    views.set(role, ledger.admins.views(admin?.id ?? 0, 'sites')[0]?.id ?? 0);
  }
});
afterAll(async () => {
  await served.close();
  world.close();
});

/** Stop what can be stopped, so that there is something to let go on. */
function hold(): void {
  for (const key of ['clock', 'enforcement'] as const)
    world.ledger.enforcements.hold(key, 'stopped', 'anna', world.now());
}

/** Time passes; while things are stopped nothing that is due is ever done. */
async function pass(spanMs: number): Promise<void> {
  for (const key of ['clock', 'enforcement', 'notices', 'ranges'] as const)
    world.ledger.enforcements.release(key, world.now());
  await world.until(beijingTable(world.now() + spanMs));
  hold();
}

/** The case an act of a route is possible for; another one where it asks for another. */
function caseFor(url: string, which = 0): string {
  const act = CASE_ACTS[url.split('/').at(-1) ?? ''];
  const fit = world.cases().filter((record) => act === undefined || act.offered(world.keeper, record));
  return (fit[which] ?? world.cases().find(({ code }) => code !== fit[0]?.code))?.code ?? '';
}

/** A route's address with something real in its places, that a form of this role could change. */
function addressOf(url: string, role: AdminRole = 'approver'): string {
  const id = url.startsWith('/suspicions')
    ? ids.review
    : url.startsWith('/sweeps')
      ? ids.held
      : url.startsWith('/access/keys')
        ? ids.key
        : url.startsWith('/access/webhooks')
          ? ids.hook
          : url.startsWith('/contacts')
            ? ids.contact
            : url.startsWith('/notices')
              ? ids.notice
              : url.startsWith('/sites/views')
                ? views.get(role)
                : 1;
  return url.replace(':code', caseFor(url)).replace(':subject', encodeURIComponent(SUBJECT)).replace(':id', String(id));
}

/** The same route for another case, subject or thing; null where it names none. */
function otherAddressOf(url: string): string | null {
  if (url.includes(':code')) return url.replace(':code', caseFor(url, 1));
  if (url.includes(':subject'))
    return url.replace(':subject', encodeURIComponent('京ICP备2021000002号')).replace(':id', String(ids.contact));
  return url.includes(':id') ? url.replace(':id', '4711') : null;
}

/** What forms are sent with, all at once: each takes its own. */
function fieldsFor(path: string, token: string): [string, string][] {
  const day = beijingDate(world.now() + 20 * 86_400_000);
  const extension = Object.keys(world.keeper.rules.programmes.extensionReasons)[0] ?? '';
  return Object.entries({
    reason: '理由充分',
    date: day,
    days: '3',
    extension,
    appeal: 'filing-correct',
    irrevocable: 'yes',
    act: 'note',
    case: caseFor('/recheck'),
    site: '5',
    query: path === '/sites/views' ? 'verdict=warn' : 'verdict=fail',
    name: 'a new one',
    scope: 'filings:read',
    email: 'new@owner.example',
    url: 'https://other.example/',
    moves: 'opened',
    which: createHmac('sha256', token).update(`dead email ${DEAD}`).digest('base64url'),
    back: '/',
    old: PASSWORD,
    new: 'a new one 全新的',
    again: 'a new one 全新的',
  });
}

const state = (): string => ledgerState(world.ledger);

/** What the audit log refused since an id. */
const refusedSince = (id: number) =>
  world.ledger.admins.auditLog({}, null, 1000).filter((entry) => entry.id > id && entry.outcome === 'refused');
const lastAudit = (): number => world.ledger.admins.auditLog({}, null, 1)[0]?.id ?? 0;

/** How a form is forged, and why it is refused; null: there is no such forgery of a form of this role. */
interface Forgery {
  name: string;
  why: (role: AdminRole) => string;
  send: (path: string, role: AdminRole, url: string) => Promise<Sent> | null;
}

/** Every way a form may be forged, each with everything else in order: it must change nothing, and stand in both logs. */
const FORGERIES: Forgery[] = [
  { name: 'without a sign-in', why: () => 'not signed in', send: (path) => post(path, '', filled(path, '')) },
  {
    name: 'with a session nobody has',
    why: () => 'not signed in',
    send: (path) => post(path, `patrol_console=${'A'.repeat(43)}`, filled(path, 'A'.repeat(43))),
  },
  {
    name: 'replayed after its session was ended',
    why: () => 'not signed in',
    send: async (path, role) => {
      const { cookie } = await ended(role);
      return post(path, cookie, filled(path, sessionOf(cookie)));
    },
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
        body: new URLSearchParams(filled(path, sessionOf(cookie))),
      });
      return { status: response.status, text: await response.text(), location: null, cookie: '' };
    },
  },
  {
    name: 'without a form token',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      return post(path, cookie, fieldsFor(path, sessionOf(cookie)));
    },
  },
  {
    name: 'with the token of another form of the same session',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      const other = tokenOf(sessionOf(cookie), path === '/logout' ? '/language' : '/logout');
      return post(path, cookie, filled(path, sessionOf(cookie), other));
    },
  },
  {
    name: 'with the same form’s token for another case, subject or thing',
    why: () => 'no form of ours',
    send: (path, role, url) => {
      const other = otherAddressOf(url);
      if (other === null) return null;
      return session(role).then(({ cookie }) =>
        post(path, cookie, filled(path, sessionOf(cookie), tokenOf(sessionOf(cookie), other))),
      );
    },
  },
  {
    name: 'with the same form’s token of another session',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      const other = (await session(role, 'again')).cookie;
      return post(path, cookie, filled(path, sessionOf(cookie), tokenOf(sessionOf(other), path)));
    },
  },
  {
    name: 'with an altered token',
    why: () => 'no form of ours',
    send: async (path, role) => {
      const { cookie } = await session(role);
      const token = tokenOf(sessionOf(cookie), path);
      return post(
        path,
        cookie,
        filled(path, sessionOf(cookie), `${token.startsWith('A') ? 'B' : 'A'}${token.slice(1)}`),
      );
    },
  },
];

const sessionOf = (cookie: string): string => cookie.split('=')[1] ?? '';

/** A form filled in, with its right token or another. */
const filled = (path: string, token: string, form = tokenOf(token, path)): [string, string][] => [
  ...fieldsFor(path, token),
  ['form', form],
];

/** Send a form with its right token, by an admin of a role. */
async function postAs(role: AdminRole, path: string, headers: Record<string, string> = {}): Promise<Sent> {
  const { cookie } = await session(role);
  return post(path, cookie, filled(path, sessionOf(cookie)), headers);
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

const over = new Map<AdminRole, { cookie: string }>();
/** A session of a role that was ended. */
async function ended(role: AdminRole): Promise<{ cookie: string }> {
  const known = over.get(role);
  if (known !== undefined) return known;
  const { cookie } = await signIn(NAMES[role]);
  await post('/logout', cookie, { form: tokenOf(sessionOf(cookie), '/logout') });
  over.set(role, { cookie });
  return { cookie };
}

/** Forms that change nothing: they show what would be, or what is personal (for a reason, which is logged), or want more than text. */
const IDLE = [
  '/account/totp/new',
  '/cases/bulk',
  '/contacts/:subject/unmask',
  '/imports',
  '/notices/:id/unmask',
  '/sites/:id/unmask',
  '/sites/rescan/preview',
];

/** What can be stopped is not, and the other way round, for a form that turns it. */
function ready(url: string): void {
  const [, key, turn] = /^\/stops\/(notices|enforcement|clock|ranges)\/(hold|release)$/.exec(url) ?? [];
  if (key === undefined) return;
  const { enforcements } = world.ledger;
  if (turn === 'hold') enforcements.release(key as Hold['key'], world.now());
  else if (enforcements.held(key as Hold['key']) === null)
    enforcements.hold(key as Hold['key'], 'stopped', 'anna', world.now());
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
      for (const role of ROLES) {
        for (const which of ['', 'again']) await session(role, which);
        await ended(role);
      }
      // Refusals of strangers are written down by the minute.
      await pass(60_000);
      let tried = 0;
      for (const { url, role } of served.console.deeds) {
        const path = addressOf(url, role);
        ready(url);
        const before = state();
        const mark = lastAudit();
        const lines = logged.length;
        const answer = await send(path, role, url);
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
      expect(tried).toBeGreaterThan(25);
    },
    120_000,
  );

  it('the same forms with nothing forged do their deeds: nothing else is what refuses them', async () => {
    const { sqlite } = world.ledger.connection;
    const idle: string[] = [];
    for (const role of ROLES) await session(role);
    for (const { url, role } of served.console.deeds) {
      const path = addressOf(url, role);
      ready(url);
      const before = state();
      // Each from the same state of things: what it did is taken back.
      sqlite.exec('BEGIN');
      try {
        const answer = await postAs(role, path);
        expect(answer.status, url).not.toBe(403);
        if (state() === before) idle.push(url);
      } finally {
        sqlite.exec('ROLLBACK');
      }
      expect(state(), url).toBe(before);
    }
    expect(idle.sort()).toEqual(IDLE);
  });

  it('cancelling access, which cannot be taken back, wants to be meant (R17.8): alone, among many, and by the API', async () => {
    const record = world.cases().find(({ state: now }) => now === 'enforcement-asked');
    const { sqlite } = world.ledger.connection;
    const code = record?.code ?? '';
    const { cookie } = await session('approver');
    const { key } = makeKey(
      world.ledger.api,
      { name: 'decider', scopes: ['cases:write', 'cases:decide'], by: 'anna', role: 'approver', expiresAt: null },
      world.now(),
    );
    const byKey = (body: object) =>
      fetch(`${address}/api/v1/cases/${code}/acts/approve`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reason: '批准', ...body }),
      });
    sqlite.exec('BEGIN');
    try {
      // As if it had come to that by the time somebody approves.
      const later = { ...record, state: 'cancellation-asked' };
      sqlite
        .prepare('UPDATE cases SET state = ?, record = ? WHERE code = ?')
        .run(later.state, JSON.stringify(later), code);
      const stateNow = () => world.desk.find(code).state;
      expect(stateNow()).toBe('cancellation-asked');
      const unmeant = (path: string): [string, string][] => [
        ...filled(path, sessionOf(cookie)).filter(([name]) => !['irrevocable', 'act', 'case'].includes(name)),
        ['act', 'approve'],
        ['case', code],
      ];
      for (const path of [`/cases/${code}/approve`, '/cases/bulk/apply']) {
        await post(path, cookie, unmeant(path));
        expect(stateNow(), path).toBe('cancellation-asked');
        expect((await get('/cases', cookie)).text, path).toContain('取消接入提交后不可撤回');
      }
      const refused = await byKey({});
      expect(refused.status).toBe(409);
      expect(JSON.stringify(await refused.json())).toContain('irrevocable');
      expect(stateNow()).toBe('cancellation-asked');
      const meant = await byKey({ irrevocable: true });
      expect([meant.status, stateNow()]).toEqual([200, 'cancellation-approved']);
    } finally {
      sqlite.exec('ROLLBACK');
    }
  });

  it('an act on many at once wants the role of the act, whoever may do others', async () => {
    const { cookie } = await session('operator');
    for (const path of ['/cases/bulk', '/cases/bulk/apply']) {
      const before = state();
      const mark = lastAudit();
      const fields = filled(path, sessionOf(cookie)).filter(([name]) => name !== 'act');
      const answer = await post(path, cookie, [...fields, ['act', 'waive']]);
      expect(answer.location).toBe('/cases');
      expect((await get('/cases', cookie)).text).toContain('您的角色不能执行此操作');
      expect(state()).toBe(before);
      expect(refusedSince(mark)).toMatchObject([{ actor: 'omar', detail: expect.stringMatching(/角色/) }]);
    }
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

/** Every call of the board that changes jobs and is allowed, to somebody. */
const BOARD = [
  'pause',
  'resume',
  'gather/retry/failed',
  'gather/promote',
  'gather/pause',
  'gather/resume',
  'gather/1/retry',
  'gather/1/promote',
];

describe.each(BOARD)('the queues’ board: PUT %s', (act) => {
  const call = (headers: Record<string, string>) =>
    fetch(`${address}/queues/api/queues/${act}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });

  it.each<[string, AdminRole | null, string | null, string]>([
    ['without a sign-in', null, 'here', 'not signed in'],
    ['by a viewer', 'viewer', 'here', 'needs approver'],
    ['by an operator', 'operator', 'here', 'needs approver'],
    ['from another site', 'approver', 'https://evil.example', 'cross-origin'],
    ['from nowhere', 'approver', 'null', 'cross-origin'],
    ['without saying where from', 'approver', null, 'cross-origin'],
  ])('%s: refused, and logged', async (_name, role, origin, why) => {
    await pass(60_000);
    const cookie = role === null ? '' : (await session(role)).cookie;
    const jobs = await served.backend.queue<unknown>('gather').isPaused();
    const mark = lastAudit();
    const lines = logged.length;
    const answer = await call({ cookie, ...(origin !== null && { origin: origin === 'here' ? address : origin }) });
    expect(answer.status).toBe(403);
    expect(await served.backend.queue<unknown>('gather').isPaused()).toBe(jobs);
    expect(refusedSince(mark).map(({ detail }) => detail)).toEqual([why]);
    expect(logged.slice(lines).map(({ why: said }) => said)).toEqual([why]);
  });

  it('by an approver, from here: taken', async () => {
    const answer = await call({ cookie: (await session('approver')).cookie, origin: address });
    // There is no such job: that is the queue’s own answer.
    expect(answer.status).not.toBe(403);
  });
});
