import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { makeKey, SCOPES, type Scope } from '../../src/web/api/keys.ts';
import { CASE_ACTS } from '../../src/web/case-acts.ts';
import { CaseWorld } from '../support/case-world.ts';
import { ConsoleBrowser } from '../support/console-browser.ts';
import { type ConsoleWorld, openConsole } from '../support/console-world.ts';
import { ledgerState } from '../support/ledger-state.ts';

let world: CaseWorld;
let served: ConsoleWorld;
let cookie: string;
const logged: { msg?: string; route?: string; why?: string }[] = [];
const ALL = Object.keys(SCOPES) as Scope[];
let keys = 0;

/** A key of these scopes. */
function make(scopes: readonly Scope[], expiresAt: number | null = null): { key: string; id: number } {
  const given = { name: `k${keys++}`, scopes: [...scopes], by: 'test', role: 'approver' as const, expiresAt };
  return makeKey(world.ledger.api, given, world.now());
}

beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00', { orders: { live: true } });
  for (const index of [1, 2]) {
    const siteId = world.addSite(index);
    world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
  }
  await world.until('2026-11-23 11:00');
  const log = createLogger('warn', { write: (line) => void logged.push(JSON.parse(line) as (typeof logged)[number]) });
  served = await openConsole(world, { log });
  ({ cookie } = await ConsoleBrowser.signIn(served.console.address, 'anna'));
});
afterAll(async () => {
  await served.close();
  world.close();
});

/** Every route of the API, whatever it does. */
const routes = (): { method: string; url: string }[] =>
  served.console.routes.filter(
    ({ method, url }) =>
      url.startsWith('/api/v1/') &&
      !url.startsWith('/api/v1/docs') &&
      url !== '/api/v1/openapi.json' &&
      !['HEAD', 'OPTIONS'].includes(method),
  );

/** A route's address with something real in its places. */
const addressOf = (url: string, act = 'note'): string =>
  url
    .replace(
      /:number\b/,
      encodeURIComponent(url.includes('/subjects/') ? '京ICP备2021000001号' : '京ICP备2021000001号-1'),
    )
    .replace(/:code\b/, world.cases()[0]?.code ?? '')
    .replace(/:act\b/, act)
    .replace(/:verdict\b/, '1')
    .replace(/:hash\b/, 'a'.repeat(64))
    .replace(/:format\b/, 'csv')
    .replace(/:id\b/, '1');

/** What each route takes, so that it would be done. */
const BODIES: Record<string, unknown> = {
  '/api/v1/filings': [
    {
      siteNumber: '京ICP备2021000009号-1',
      subjectName: '北京甲科技有限公司',
      subjectKind: 'company',
      siteName: '甲',
      domains: 'jia.cn',
      province: '北京',
      accessProvider: 'aliyun',
    },
  ],
  '/api/v1/rescans': { sites: ['site-1.cn'] },
  '/api/v1/cases/:code/acts/:act': {
    reason: '理由充分',
    date: '2026-12-30',
    days: 2,
    extension: 'other',
    appeal: 'filing-correct',
  },
  '/api/v1/inbound-sms': { id: '1', mobile: '13800000001', text: '#001#京ICP备2021000001号-1#已更新#' },
};

async function call(method: string, path: string, headers: Record<string, string>, body: unknown): Promise<Response> {
  const answer = await fetch(`${served.console.address}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return answer;
}
const bodyOf = (method: string, url: string): unknown => (method === 'GET' ? undefined : (BODIES[url] ?? [{}]));
const lastAudit = (): number => world.ledger.admins.auditLog({}, null, 1)[0]?.id ?? 0;
const refusedSince = (id: number): string[] =>
  world.ledger.admins
    .auditLog({}, null, 100)
    .filter((entry) => entry.id > id && entry.outcome === 'refused')
    .map(({ action, detail }) => `${action}: ${detail}`);

/** Who comes without a right to anything. */
const STRANGERS: [name: string, why: string, headers: () => Record<string, string>][] = [
  ['without a key', 'no key', () => ({})],
  ['with a sign-in of the console instead of a key', 'no key', () => ({ cookie, origin: served.console.address })],
  ['with a key nobody has', 'a wrong key', () => ({ authorization: `Bearer bpk_${'A'.repeat(43)}` })],
  [
    'with an altered key',
    'a wrong key',
    () => {
      const { key } = make(ALL);
      return { authorization: `Bearer ${key.slice(0, -1)}${key.endsWith('A') ? 'E' : 'A'}` };
    },
  ],
  [
    'with a revoked key',
    'a wrong key',
    () => {
      const { key, id } = make(ALL);
      world.ledger.api.revokeKey(id, world.now());
      return { authorization: `Bearer ${key}` };
    },
  ],
  ['with a key in the address', 'no key', () => ({})],
];

describe('every route of the API', () => {
  it('is known to this test, and wants a scope', () => {
    expect(routes().length).toBeGreaterThan(20);
  });

  it.each(STRANGERS)('%s: refused, logged, nothing changed', async (name, why, headersOf) => {
    for (const { method, url } of routes()) {
      // Strangers are written down so many a minute.
      await world.until(world.now() + 60_000);
      const headers = headersOf();
      const before = ledgerState(world.ledger);
      const mark = lastAudit();
      const lines = logged.length;
      const path = `${addressOf(url)}${name.endsWith('address') ? `?key=${make(ALL).key}` : ''}`;
      const now = name.endsWith('address') ? ledgerState(world.ledger) : before;
      const answer = await call(method, path, headers, bodyOf(method, url));
      expect(answer.status, `${method} ${url}`).toBe(401);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(ledgerState(world.ledger), `${method} ${url}`).toBe(now);
      expect(refusedSince(mark)).toEqual([`${method} ${url}: ${why}`]);
      expect(logged.slice(lines).map(({ msg }) => msg)).toEqual(['API refused a request']);
    }
  });

  it('with a key that is over: refused', async () => {
    const { key } = make(ALL, world.now() + 1);
    for (const { method, url } of routes()) {
      await world.until(world.now() + 60_000);
      const mark = lastAudit();
      const answer = await call(method, addressOf(url), { authorization: `Bearer ${key}` }, bodyOf(method, url));
      expect(answer.status, url).toBe(401);
      expect(refusedSince(mark)).toEqual([`${method} ${url}: a wrong key`]);
    }
  });

  it('with a key of every scope but its own: refused, logged, nothing changed', async () => {
    for (const { method, url } of routes()) {
      await world.until(world.now() + 60_000);
      const bare = make(['webhooks:read']).key;
      const probe = await call(method, addressOf(url), { authorization: `Bearer ${bare}` }, bodyOf(method, url));
      const wanted =
        url === '/api/v1/events'
          ? 'webhooks:read'
          : /opens?\s+(\S+)/.exec(((await probe.json()) as { detail: string }).detail)?.[1];
      expect(ALL, `${method} ${url}`).toContain(wanted);
      const { key } = make(ALL.filter((scope) => scope !== wanted));
      const before = ledgerState(world.ledger);
      const mark = lastAudit();
      const lines = logged.length;
      const answer = await call(method, addressOf(url), { authorization: `Bearer ${key}` }, bodyOf(method, url));
      expect(answer.status, `${method} ${url}`).toBe(403);
      expect(ledgerState(world.ledger), `${method} ${url}`).toBe(before);
      expect(refusedSince(mark)).toEqual([`${method} ${url}: needs ${wanted}`]);
      expect(logged.slice(lines).map(({ msg }) => msg)).toEqual(['API refused a request']);
    }
  });

  it.each(Object.entries(CASE_ACTS))('the act %s wants its own scope', async (name, { role }) => {
    await world.until(world.now() + 60_000);
    const wanted: Scope = role === 'approver' ? 'cases:decide' : 'cases:write';
    // Whoever may only read, or only act, may not decide.
    const less: Scope[] = role === 'approver' ? ['cases:read', 'cases:write'] : ['cases:read'];
    const { key } = make(less);
    const before = ledgerState(world.ledger);
    const mark = lastAudit();
    const url = '/api/v1/cases/:code/acts/:act';
    const answer = await call('POST', addressOf(url, name), { authorization: `Bearer ${key}` }, BODIES[url]);
    expect(answer.status).toBe(403);
    expect(ledgerState(world.ledger)).toBe(before);
    expect(refusedSince(mark)).toEqual([`POST ${url}: needs ${wanted}`]);
  });

  it('with its own scope: taken; nothing else is what refuses', async () => {
    const { key } = make(ALL);
    for (const { method, url } of routes()) {
      await world.until(world.now() + 60_000);
      const answer = await call(method, addressOf(url), { authorization: `Bearer ${key}` }, bodyOf(method, url));
      await answer.arrayBuffer();
      expect([401, 403, 429, 500], `${method} ${url}`).not.toContain(answer.status);
    }
  });
});
