import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { beijingTable } from '../../src/calendar/beijing-time.ts';
import { readXlsxRows } from '../../src/filing/read-xlsx.ts';
import { createLogger } from '../../src/log.ts';
import { WebhookSender } from '../../src/notify/case-webhooks.ts';
import { makeKey, type Scope } from '../../src/web/api/keys.ts';
import { at, CaseWorld } from '../support/case-world.ts';
import { type ConsoleWorld, openConsole } from '../support/console-world.ts';

let world: CaseWorld;
let served: ConsoleWorld;
let base: string;
const keys = new Map<string, string>();
/** A mobile number of the world, or a mail address, in clear. */
const PERSONAL = /\b138\d{8}\b|\b[a-z]+@owner/;

/** A key with these scopes. */
function keyFor(...scopes: Scope[]): string {
  const name = scopes.join(' ');
  const known = keys.get(name);
  if (known !== undefined) return known;
  const given = { name: `k${keys.size}`, scopes, by: 'test', role: 'approver' as const, expiresAt: null };
  const { key } = makeKey(world.ledger.api, given, world.now());
  keys.set(name, key);
  return key;
}

beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00');
  for (let i = 1; i <= 5; i++) {
    const siteId = world.addSite(i);
    if (i <= 3) world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
  }
  await world.until('2026-11-23 11:00');
  served = await openConsole(world);
  base = `${served.console.address}/api/v1`;
});
afterAll(async () => {
  await served.close();
  world.close();
});

type Answer = { status: number; type: string; body: Record<string, unknown>; headers: Headers };

async function call(
  method: string,
  path: string,
  key: string | null,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    type,
    body: (type.includes('json') ? JSON.parse(text) : { text }) as Record<string, unknown>,
    headers: response.headers,
  };
}

const number = encodeURIComponent('京ICP备2021000001号-1');
const subject = encodeURIComponent('京ICP备2021000001号');
const codeOf = (site: number): string => world.cases().find(({ siteId }) => siteId === site)?.code ?? '';

describe('the description', () => {
  it('is OpenAPI 3.1, made from the routes, and can be read without a key', async () => {
    const { status, body } = await call('GET', '/openapi.json', null);
    expect(status).toBe(200);
    expect(body['openapi']).toBe('3.1.0');
    const paths = body['paths'] as Record<
      string,
      Record<string, { summary?: string; responses?: Record<string, unknown> }>
    >;
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]) => ({ route: `${method} ${path}`, ...one })),
    );
    for (const path of [
      '/api/v1/sites',
      '/api/v1/filings',
      '/api/v1/rescans',
      '/api/v1/cases',
      '/api/v1/notices',
      '/api/v1/subjects/{number}/messages',
      '/api/v1/orders',
      '/api/v1/violations',
      '/api/v1/inbound-sms',
      '/api/v1/exports/sites.{format}',
      '/api/v1/events',
    ])
      expect(Object.keys(paths)).toContain(path);
    for (const { route, summary } of routes) expect(summary, route).toBeTruthy();
    expect((await fetch(`${base}/docs`)).status).toBe(200);
  });
});

describe('filings', () => {
  it('are listed a page at a time until there are no more', async () => {
    const key = keyFor('filings:read');
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await call('GET', `/sites?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, key);
      seen.push(...(body['sites'] as { siteNumber: string }[]).map(({ siteNumber }) => siteNumber));
      cursor = body['next'] as string | null;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5].map((i) => `京ICP备${2021000000 + i}号-1`));
    const failing = await call('GET', '/sites?verdict=fail&check=icp-footer', key);
    expect(failing.body['sites']).toHaveLength(3);
  });

  it('a site tells its verdicts; persons need a scope of their own, and stand in the audit log', async () => {
    const plain = await call('GET', `/sites/${number}`, keyFor('filings:read'));
    expect(plain.body['persons']).toBeUndefined();
    expect(JSON.stringify(plain.body)).not.toMatch(PERSONAL);
    const checks = plain.body['checks'] as { check: string; verdict: string; findings: { remedy: { zh: string } }[] }[];
    const footer = checks.find(({ check }) => check === 'icp-footer');
    expect(footer).toMatchObject({ verdict: 'fail', findings: [{ code: 'not-linked' }] });
    expect(footer?.findings[0]?.remedy.zh).toContain('beian.miit.gov.cn');
    expect((await call('GET', `/sites/${number}?persons=true`, keyFor('filings:read'))).status).toBe(403);
    const clear = await call('GET', `/sites/${number}?persons=true`, keyFor('filings:read', 'personal:read'));
    expect(JSON.stringify(clear.body['persons'])).toMatch(PERSONAL);
    expect(world.ledger.admins.auditLog({ object: 'site 京ICP备2021000001号-1' }, null, 1)[0]).toMatchObject({
      detail: 'persons in clear',
    });
  });

  it('a site’s evidence is given out by its hash, with its own site alone', async () => {
    const key = keyFor('filings:read', 'personal:read');
    const { body } = await call('GET', `/sites/${number}`, key);
    const check = (body['checks'] as { verdictId: number; evidence: { hash: string; bytes: number }[] }[]).find(
      ({ evidence }) => evidence.length > 0,
    );
    const [piece] = check?.evidence ?? [];
    const path = (site: string): string => `/sites/${site}/evidence/${check?.verdictId}/${piece?.hash}`;
    const given = await fetch(`${base}${path(number)}`, { headers: { authorization: `Bearer ${key}` } });
    expect(given.status).toBe(200);
    expect((await given.arrayBuffer()).byteLength).toBe(piece?.bytes);
    expect((await call('GET', path(number), keyFor('filings:read'))).status).toBe(403);
    expect((await call('GET', path(encodeURIComponent('京ICP备2021000002号-1')), key)).status).toBe(404);
  });

  it('are taken row by row: good ones are kept, bad ones are named with field and remedy', async () => {
    const good = {
      siteNumber: '京ICP备2021000009号-1',
      subjectName: '北京甲科技有限公司',
      subjectKind: 'company',
      siteName: '甲',
      domains: 'jia.cn',
      province: '北京',
      accessProvider: 'aliyun',
    };
    const { status, body } = await call('POST', '/filings', keyFor('filings:write'), [
      good,
      { ...good, siteNumber: 'nonsense' },
    ]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      created: 1,
      updated: 0,
      unchanged: 0,
      rejected: [{ row: 1, field: 'siteNumber', value: 'nonsense' }],
    });
    expect(world.ledger.filings.find({ siteNumber: '京ICP备2021000009号-1' })).toHaveLength(1);
    // A row that is of no use for its form costs the others nothing either; lists are taken as GET gives them.
    const mixed = await call('POST', '/filings', keyFor('filings:write'), [
      { ...good, colour: 'red' },
      { ...good, domains: 7 },
      { ...good, domains: ['jia.cn', 'yi.cn'] },
    ]);
    expect(mixed).toMatchObject({
      status: 200,
      body: {
        updated: 1,
        rejected: [
          { row: 0, field: 'colour' },
          { row: 1, field: 'domains' },
        ],
      },
    });
    expect(await call('POST', '/filings', keyFor('filings:write'), {})).toMatchObject({
      status: 400,
      body: { status: 400, title: 'The request cannot be used' },
    });
  });
});

describe('sites and cases', () => {
  it('a list tells the verdicts; a site is found by its domain, its cases by the site', async () => {
    const key = keyFor('filings:read', 'cases:read');
    const { sites } = (await call('GET', '/sites?limit=10', key)).body as {
      sites: { domain: string; verdicts: Record<string, string>; checkedAt: string }[];
    };
    expect(sites.find(({ domain }) => domain === 'site-1.cn')).toMatchObject({
      verdicts: expect.objectContaining({ 'icp-footer': expect.any(String) }),
      checkedAt: expect.stringMatching(/^2026-/),
    });
    expect((await call('GET', '/sites/site-1.cn', key)).body).toMatchObject({ siteNumber: '京ICP备2021000001号-1' });
    expect((await call('GET', '/sites/nowhere.cn', key)).status).toBe(404);
    const { cases } = (await call('GET', '/cases?site=site-1.cn', key)).body as { cases: { code: string }[] };
    expect(cases.map(({ code }) => code)).toEqual([codeOf(1)]);
  });
  it('an event tells the deadline as it was, not as it is now', async () => {
    const code = codeOf(3);
    const key = keyFor('webhooks:read');
    const opened = async (): Promise<unknown> =>
      (
        (await call('GET', '/events?limit=500', key)).body['events'] as {
          case: string;
          move: string;
          deadlineAt: string;
        }[]
      ).find((one) => one.case === code && one.move === 'opened')?.deadlineAt;
    const before = await opened();
    const late = { kind: 'admin' as const, name: 'test' };
    world.desk.moveDeadline(code, '2026-12-30', '放假', late, world.now());
    expect(await opened()).toBe(before);
  });
  it('sites that are gone are not looked at again', async () => {
    const answer = await call('POST', '/rescans', keyFor('rescans:write'), {
      filter: { state: 'revoked' },
      dryRun: true,
    });
    expect(answer).toMatchObject({ status: 400, body: { remedy: expect.stringContaining('only active') } });
  });
});

describe('rescans', () => {
  it('of named sites go first; unknown ones are named', async () => {
    const key = keyFor('rescans:write', 'filings:read');
    const { body } = await call('POST', '/rescans', key, {
      sites: ['site-1.cn', '京ICP备2021000002号-1', 'nowhere.cn'],
    });
    expect(body).toMatchObject({ sites: 2, unknown: ['nowhere.cn'], asked: true });
    expect((await call('GET', '/rescans', key)).body).toEqual({ single: 2, bulk: 0 });
    expect(world.ledger.sweeps.takeRescans(10)).toHaveLength(2);
  });

  it('of a filter are told in advance, and wait behind single ones', async () => {
    const key = keyFor('rescans:write', 'filings:read');
    const dry = await call('POST', '/rescans', key, { filter: { verdict: 'fail' }, dryRun: true });
    expect(dry.body).toMatchObject({ sites: 3, more: false, asked: false });
    expect(world.ledger.sweeps.rescansWaiting()).toEqual({ single: 0, bulk: 0 });
    await call('POST', '/rescans', key, { filter: { verdict: 'fail' } });
    await expect.poll(() => world.ledger.sweeps.rescansWaiting()).toEqual({ single: 0, bulk: 3 });
    // One of them asked for by itself is single from then on.
    await call('POST', '/rescans', key, { sites: ['site-1.cn'] });
    expect(world.ledger.sweeps.rescansWaiting()).toEqual({ single: 1, bulk: 2 });
    world.ledger.sweeps.takeRescans(10);
    world.ledger.sweeps.takeRescans(10, true);
    for (const body of [{}, { filter: { check: 'icp-footer' } }])
      expect((await call('POST', '/rescans', key, body)).status).toBe(400);
    expect((await call('POST', '/rescans', key, { filter: { text: ' ' } })).status).toBe(409);
  });
});

describe('cases', () => {
  it('are listed by deadline, page by page, and told whole', async () => {
    const key = keyFor('cases:read');
    const first = await call('GET', '/cases?limit=2', key);
    const second = await call('GET', `/cases?limit=2&cursor=${first.body['next']}`, key);
    const codes = [first, second].flatMap(({ body }) => (body['cases'] as { code: string }[]).map(({ code }) => code));
    expect(new Set(codes)).toEqual(new Set([1, 2, 3].map(codeOf)));
    expect(second.body['next']).toBeNull();
    const one = await call('GET', `/cases/${codeOf(1)}`, key);
    expect(one.body).toMatchObject({
      code: codeOf(1),
      state: 'open',
      offered: expect.arrayContaining(['note', 'waive', 'extend']),
    });
    expect(JSON.stringify(one.body)).not.toMatch(PERSONAL);
  });

  it('are acted on by name of the key; what approvers decide wants its own scope', async () => {
    const write = keyFor('cases:write');
    const noted = await call('POST', `/cases/${codeOf(1)}/acts/note`, write, { reason: '工单 4711' });
    expect(noted.status).toBe(200);
    const record = world.cases().find(({ siteId }) => siteId === 1);
    const last = world.ledger.cases.events(record?.id ?? 0).at(-1);
    expect(last).toMatchObject({ move: 'noted', actor: { kind: 'admin' }, data: { text: '工单 4711' } });
    expect(last?.actor.name).toMatch(/^key:/);
    expect((await call('POST', `/cases/${codeOf(1)}/acts/waive`, write, { reason: 'x' })).status).toBe(403);
    const impossible = await call('POST', `/cases/${codeOf(1)}/acts/approve`, keyFor('cases:write', 'cases:decide'), {
      reason: 'x',
    });
    const without = await call('POST', `/cases/${codeOf(1)}/acts/note`, write, {});
    expect(without).toMatchObject({
      status: 400,
      body: { detail: 'note needs reason', remedy: expect.stringContaining('"reason"') },
    });
    expect(impossible).toMatchObject({ status: 409, body: { remedy: expect.stringContaining('offered') } });
    expect((await call('POST', '/cases/2222222222/acts/note', write, { reason: 'x' })).status).toBe(404);
  });

  it('an extension is judged at once', async () => {
    const answer = await call('POST', `/cases/${codeOf(2)}/acts/extend`, keyFor('cases:write'), {
      extension: 'vendor-at-work',
      days: 3,
    });
    expect(answer).toMatchObject({ status: 200, body: { state: 'extended' } });
    const again = await call('POST', `/cases/${codeOf(2)}/acts/extend`, keyFor('cases:write'), {
      extension: 'vendor-at-work',
      days: 3,
    });
    expect(again.status).toBe(409);
  });
});

describe('a call that is repeated', () => {
  it('with its idempotency key is answered the same, and done once', async () => {
    const key = keyFor('cases:write');
    const headers = { 'idempotency-key': 'order-1' };
    const before = world.cases().find(({ siteId }) => siteId === 3)?.seq ?? 0;
    const first = await call('POST', `/cases/${codeOf(3)}/acts/note`, key, { reason: 'once' }, headers);
    const second = await call('POST', `/cases/${codeOf(3)}/acts/note`, key, { reason: 'once' }, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(world.cases().find(({ siteId }) => siteId === 3)?.seq).toBe(before + 1);
    const other = await call('POST', `/cases/${codeOf(3)}/acts/note`, key, { reason: 'another' }, headers);
    expect(other.status).toBe(422);
    // Another key's are its own.
    expect(
      (
        await call(
          'POST',
          `/cases/${codeOf(3)}/acts/note`,
          keyFor('cases:write', 'cases:read'),
          { reason: 'once' },
          headers,
        )
      ).headers.get('idempotent-replayed'),
    ).toBeNull();
  });

  it('that came to nothing may be made again', async () => {
    const key = keyFor('cases:write');
    const headers = { 'idempotency-key': 'order-2' };
    for (let i = 0; i < 2; i++)
      expect((await call('POST', `/cases/${codeOf(3)}/acts/note`, key, { reason: '' }, headers)).status).toBe(400);
  });
});

describe('what machines push', () => {
  it('orders, violations and SMS are taken once', async () => {
    const order = {
      order_number: 'O-1',
      kind: 'first',
      subject_name: '北京甲科技有限公司',
      domains: 'jia.cn',
      created_on: '2026-11-20',
    };
    const key = keyFor('orders:write', 'orders:read', 'violations:write', 'violations:read', 'inbound-sms:write');
    const pushed = await call('POST', '/orders', key, [order, { order_number: '' }]);
    expect(pushed.status).toBe(400);
    expect(pushed.headers.get('content-type')).toContain('application/problem+json');
    expect(pushed.body).toMatchObject({
      status: 400,
      detail: '1 of 2 rows were not taken; the others were',
      errors: [{ field: '1.order_number' }],
      results: [{ order_number: 'O-1' }, { row: 1 }],
    });
    expect((await call('GET', '/orders?state=open', key)).body).toMatchObject({
      orders: [{ order_number: 'O-1' }],
      next: null,
    });
    const event = { event_id: 'E-1', site: 'site-4.cn', description: '涉赌', reported_at: '2026-11-23 10:00' };
    expect((await call('POST', '/violations', key, [event])).status).toBe(200);
    expect((await call('POST', '/violations', key, [event])).body).toMatchObject([{ state: 'known' }]);
    expect((await call('GET', '/violations', key)).body).toMatchObject({
      violations: [{ eventId: 'E-1', siteNumber: '京ICP备2021000004号-1' }],
      next: null,
    });
    await call('POST', '/violations', key, [{ ...event, event_id: 'E-2' }]);
    const first = (await call('GET', '/violations?limit=1', key)).body;
    expect(first).toMatchObject({ violations: [{ eventId: 'E-2' }], next: expect.any(String) });
    expect((await call('GET', `/violations?limit=1&cursor=${first['next']}`, key)).body).toMatchObject({
      violations: [{ eventId: 'E-1' }],
      next: null,
    });
    const sms = { id: 'S-1', mobile: '13800000000', text: 'ABC' };
    expect((await call('POST', '/inbound-sms', key, [sms])).status).toBe(200);
  });

  it('a notice is told with its touches of the wire, masked', async () => {
    const key = keyFor('notices:read');
    const list = (await call('GET', '/notices?limit=50', key)).body['notices'] as {
      id: number;
      channel: string;
      sentAt: string | null;
    }[];
    const mail = list.find(({ channel, sentAt }) => channel === 'email' && sentAt !== null);
    const one = await call('GET', `/notices/${mail?.id}`, key);
    expect(one.body).toMatchObject({
      id: mail?.id,
      attempts: expect.arrayContaining([expect.objectContaining({ outcome: expect.any(String) })]),
    });
    expect(JSON.stringify(one.body)).not.toMatch(PERSONAL);
    expect((await call('GET', '/notices/999999', key)).status).toBe(404);
  });

  it('in-site messages are read by their subject’s number alone', async () => {
    const key = keyFor('messages:read', 'messages:write');
    const inbox = (await call('GET', `/subjects/${subject}/messages`, key)).body['messages'] as {
      id: number;
      readAt: string | null;
    }[];
    expect(inbox[0]?.readAt).toBeNull();
    const other = encodeURIComponent('京ICP备2021000002号');
    expect((await call('POST', `/subjects/${other}/messages/${inbox[0]?.id}/read`, key)).body).toEqual({ read: false });
    expect((await call('POST', `/subjects/${subject}/messages/${inbox[0]?.id}/read`, key)).body).toEqual({
      read: true,
    });
  });
});

describe('a fault of ours', () => {
  it('is answered the same when the call is repeated: it may have been done', async () => {
    const key = keyFor('orders:write');
    const { orders } = world.ledger;
    const put = orders.put.bind(orders);
    orders.put = () => {
      throw new Error('the disk is gone');
    };
    const headers = { 'idempotency-key': 'fault-1' };
    const order = {
      order_number: 'O-9',
      kind: 'first',
      subject_name: '甲',
      domains: 'jia.cn',
      created_on: '2026-11-20',
    };
    expect((await call('POST', '/orders', key, [order], headers)).status).toBe(500);
    orders.put = put;
    expect(await call('POST', '/orders', key, [order], headers)).toMatchObject({ status: 500, body: { status: 500 } });
  });
});

describe('exports', () => {
  it('CSV, NDJSON and XLSX hold every row, and nothing personal', async () => {
    const key = keyFor('filings:read', 'cases:read');
    const fetchFile = async (path: string) =>
      Buffer.from(await (await fetch(`${base}${path}`, { headers: { authorization: `Bearer ${key}` } })).arrayBuffer());
    const csv = (await fetchFile('/exports/sites.csv')).toString('utf8');
    expect(csv.trim().split('\n')).toHaveLength(7);
    const [head = '', ...lines] = csv.replace('\ufeff', '').trim().split('\n');
    const verdictOf = (line: string): string | undefined => line.split(',')[head.split(',').indexOf('icp-footer')];
    expect(lines.map(verdictOf)).toContain('fail');
    const failing = (await fetchFile('/exports/sites.csv?verdict=fail&check=icp-footer'))
      .toString('utf8')
      .trim()
      .split('\n');
    expect(failing.slice(1).length).toBeGreaterThan(0);
    expect(failing.slice(1).every((line) => verdictOf(line) === 'fail')).toBe(true);
    expect((await call('GET', '/exports/sites.csv?colour=red', key)).status).toBe(400);
    expect((await call('GET', '/exports/sites.csv?check=icp-footer', key)).status).toBe(400);
    expect(csv).not.toMatch(PERSONAL);
    const ndjson = (await fetchFile('/exports/cases.ndjson'))
      .toString('utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { code: string });
    expect(ndjson.map(({ code }) => code)).toEqual(world.cases().map(({ code }) => code));
    const xlsx = await fetchFile('/exports/sites.xlsx');
    const file = join(mkdtempSync(join(tmpdir(), 'patrol-xlsx-')), 'sites.xlsx');
    writeFileSync(file, xlsx);
    // The import's own reader: heads, and a row a site.
    const rows = await Array.fromAsync(readXlsxRows(file).rows);
    rmSync(dirname(file), { recursive: true });
    expect(rows).toHaveLength(7);
    expect(JSON.stringify(rows[0])).toContain('site_number');
    expect(JSON.stringify(rows)).toContain('京ICP备2021000001号-1');
  });
});

describe('limits', () => {
  it('a key makes so many calls a minute, and no more', async () => {
    const { key } = makeKey(
      world.ledger.api,
      { name: 'busy', scopes: ['filings:read'], by: 'test', role: 'approver', expiresAt: null },
      world.now(),
    );
    const limit = world.config.settings.api.requestsAMinute;
    const statuses = new Map<number, number>();
    for (let i = 0; i < limit + 3; i++) {
      const { status } = await call('GET', '/rescans', key);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect(statuses).toEqual(
      new Map([
        [200, limit],
        [429, 3],
      ]),
    );
  });

  it('a key may not be given more than its maker has', () => {
    const api = world.ledger.api;
    expect(() =>
      makeKey(api, { name: 'x', scopes: ['cases:decide'], by: 't', role: 'operator', expiresAt: null }, world.now()),
    ).toThrow('above your role');
    expect(() =>
      makeKey(api, { name: 'x', scopes: ['all'], by: 't', role: 'approver', expiresAt: null }, world.now()),
    ).toThrow('no scope all');
  });
});

describe('webhooks', () => {
  let server: Server;
  let url: string;
  const got: { id: number; move: string; signature: string; stamp: string; body: string }[] = [];
  let answer: (count: number) => number = () => 200;
  beforeAll(async () => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on('end', () => {
        const status = answer(got.length);
        if (status === 200)
          got.push({
            ...(JSON.parse(body) as { id: number; move: string }),
            signature: String(request.headers['x-patrol-signature']),
            stamp: String(request.headers['x-patrol-timestamp']),
            body,
          });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => void server.close());

  it('tell every event in its order, signed, at least once; a receiver that fails holds the next back', async () => {
    const { api } = world.ledger;
    const id = api.insertWebhook({ url, secret: 'the secret', moves: [], createdBy: 'test' }, world.now());
    const sender = new WebhookSender(
      world.ledger,
      world.config.settings.api.webhooks,
      world.now,
      createLogger('silent'),
    );
    const head = api.feedHead();
    for (const text of ['a', 'b', 'c']) world.desk.note(codeOf(1), text, { kind: 'admin', name: 'anna' }, world.now());
    answer = (count) => (count < 1 ? 200 : 503);
    expect(await sender.turn()).toBe(1);
    expect(api.webhooks()[0]).toMatchObject({ cursor: head + 1, attempts: 1, lastError: 'HTTP 503' });
    // Not before its time.
    expect(await sender.turn()).toBe(0);
    answer = () => 200;
    await world.until('2026-11-23 12:00');
    expect(await sender.turn()).toBeGreaterThanOrEqual(2);
    const ids = got.map((one) => one.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(ids.slice(0, 3)).toEqual([head + 1, head + 2, head + 3]);
    const [first] = got;
    expect(first?.signature).toBe(
      `sha256=${createHmac('sha256', 'the secret').update(`${first?.stamp}.${first?.body}`).digest('hex')}`,
    );
    expect(JSON.parse(first?.body ?? '')).toMatchObject({ case: codeOf(1), move: 'noted', by: 'admin' });
    const feed = await call('GET', `/events?after=${head}&limit=2`, keyFor('webhooks:read'));
    expect((feed.body['events'] as { id: number }[]).map((one) => one.id)).toEqual([head + 1, head + 2]);
    api.removeWebhook(id, world.now());
  });

  it('tell only the moves asked for; admins hear of one that takes nothing for days', async () => {
    const { api } = world.ledger;
    got.length = 0;
    api.insertWebhook({ url, secret: 's', moves: ['waived'], createdBy: 'test' }, world.now());
    const sender = new WebhookSender(
      world.ledger,
      world.config.settings.api.webhooks,
      world.now,
      createLogger('silent'),
    );
    world.desk.note(codeOf(3), 'not told', { kind: 'admin', name: 'anna' }, world.now());
    world.desk.waive(codeOf(3), 'a mistake', { kind: 'admin', name: 'anna' }, world.now());
    answer = () => 500;
    const alert = () => world.ledger.openAlerts().find(({ key }) => key.startsWith('webhook-'));
    const start = at('2026-11-23 12:00');
    let waited = 0;
    for (; alert() === undefined && waited < 200 * 3_600_000; waited += 600_000) {
      await sender.turn();
      await world.until(beijingTable(start + waited + 600_000));
    }
    expect(alert()?.message).toContain('takes no events: HTTP 500');
    expect(waited).toBeGreaterThan(world.config.settings.api.webhooks.giveUpMs * 0.9);
    answer = () => 200;
    await world.until('2026-11-27 12:00');
    await sender.turn();
    expect(got.map(({ move }) => move)).toEqual(['waived']);
    expect(alert()).toBeUndefined();
  });
});
