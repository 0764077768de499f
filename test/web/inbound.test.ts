import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { AnnualReview } from '../../src/programmes/annual-review.ts';
import { startInbound } from '../../src/web/inbound.ts';
import { at, CaseWorld } from '../support/case-world.ts';
import { ledgerState } from '../support/ledger-state.ts';

const SECRET = 'a-secret-of-some-length';
const SMS_SECRET = 'another-for-gateways';
let world: CaseWorld;
const logged: string[] = [];
let server: Awaited<ReturnType<typeof startInbound>>;

beforeEach(async () => {
  world = await CaseWorld.open('2026-04-02 10:00', { orders: { live: true } });
  server = await startInbound({
    host: '127.0.0.1',
    port: 0,
    secret: SECRET,
    smsSecret: SMS_SECRET,
    keeper: world.keeper,
    log: createLogger('warn', { write: (line) => void logged.push((JSON.parse(line) as { msg: string }).msg) }),
    now: world.now,
  });
  logged.length = 0;
  world.addSite(1, {
    siteNumber: '鄂ICP备2021000001号-1',
    province: '湖北',
    persons: [{ role: 'subject-head', name: '张三', phone: '13900000001', email: null }],
  });
  await new AnnualReview(world.keeper).create(
    {
      name: 'r',
      province: '湖北',
      providerCode: '001',
      reportTo: '106509719767',
      opensOn: '2026-04-01',
      closesOn: '2026-05-31',
      lettersUntil: '2026-08-31',
    },
    world.now(),
  );
});
afterEach(async () => {
  await server.close();
  world.close();
});

const call = async (
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${SECRET}` },
  method = 'POST',
) => {
  const response = await fetch(`${server.address}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as unknown };
};
const TEXT = '#001#鄂ICP备2021000001号-1#已更新#';
const inbox = () => world.ledger.campaigns.inboundRecent(10).map(({ source, outcome }) => `${source} ${outcome}`);

describe('who may push', () => {
  const ORDER = { orderId: 'o1', kind: 'new-filing', subjectNumber: '鄂ICP备2021000001号', state: 'paid' };
  const PUSHES: [path: string, body: unknown][] = [
    ['/inbound/sms', { id: '1', mobile: '13900000001', text: TEXT }],
    ['/inbound/sms/aliyun', [{ phone_number: '13900000001', content: TEXT, sequence_id: 7 }]],
    ['/inbound/sms/tencent', { mobile: '13900000001', text: TEXT }],
    ['/inbound/orders', [ORDER]],
    ['/inbound/violations', [{ id: 'v1', host: 'site-1.cn', category: 'fraud', foundAt: '2026-04-01T00:00:00Z' }]],
  ];
  const FORGED: [what: string, headers: Record<string, string>, query: string][] = [
    ['nothing', {}, ''],
    ['a wrong secret', { authorization: 'Bearer a-secret-of-some-lengtH' }, ''],
    ['an empty one', { authorization: 'Bearer ' }, ''],
    ['a wrong one in the address', {}, '?key=another-for-gatewayZ'],
    ['the right one by another scheme', { authorization: `Basic ${SECRET}` }, ''],
  ];
  it.each(
    FORGED.flatMap(([what, headers, query]) => PUSHES.map(([path, body]) => ({ what, path, body, headers, query }))),
  )('$path with $what: refused, logged, and nothing is kept', async ({ path, body, headers, query }) => {
    const before = ledgerState(world.ledger);
    expect((await call(`${path}${query}`, body, headers)).status).toBe(401);
    expect(ledgerState(world.ledger)).toBe(before);
    expect(logged).toEqual(['inbound request with a wrong secret']);
  });
  it('the secret may stand in the address, for gateways that set no headers', async () =>
    expect(
      (
        await call(
          `/inbound/sms/aliyun?key=${SMS_SECRET}`,
          [{ phone_number: '13900000001', content: TEXT, sequence_id: 7 }],
          {},
        )
      ).body,
    ).toEqual({ code: 0, msg: '成功' }));
  it('guessing is slowed down, and never locks out who has the secret', async () => {
    const guess = async () => (await call('/inbound/sms', {}, { authorization: 'Bearer x' })).status;
    for (let i = 0; i < 20; i++) expect(await guess()).toBe(401);
    expect(await guess()).toBe(429);
    expect((await call('/inbound/sms', { id: '1', mobile: '13900000001', text: TEXT })).status).toBe(200);
    await world.until('2026-04-02 10:02');
    expect(await guess()).toBe(401);
  });
  it('the secret of gateways opens nothing but SMS, and the other one stands in no address', async () => {
    for (const path of ['orders', 'violations', 'smsx']) {
      expect((await call(`/inbound/${path}?key=${SMS_SECRET}`, [], {})).status).toBe(401);
      expect((await call(`/inbound/${path}`, [], { authorization: `Bearer ${SMS_SECRET}` })).status).toBe(401);
    }
    expect((await call(`/inbound/sms/aliyun?key=${SECRET}`, [], {})).status).toBe(401);
  });
  it('an address that is none', async () => {
    const { hostname, port } = new URL(server.address);
    const socket = connect(Number(port), hostname);
    socket.end('GET http://[ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1.1 400/);
  });
  it('what is no JSON, too long, or elsewhere', async () => {
    expect((await call('/inbound/sms', '{')).status).toBe(400);
    expect((await call('/inbound/orders', 'x'.repeat(1_000_001))).status).toBe(413);
    expect((await call('/inbound/nothing', {})).status).toBe(404);
    expect((await call('/inbound/sms', undefined, undefined, 'GET')).status).toBe(405);
  });
});

describe('owners’ SMS (R10)', () => {
  it('Aliyun: several at once, once each however often they are pushed', async () => {
    const batch = [
      {
        phone_number: '13900000001',
        content: TEXT,
        send_time: '2026-04-02 09:59:00',
        dest_code: '1',
        sequence_id: '81',
      },
      {
        phone_number: '13511112222',
        content: '你好',
        send_time: '2026-04-02 09:59:10',
        dest_code: '1',
        sequence_id: '82',
      },
    ];
    for (let i = 0; i < 3; i++)
      expect(await call('/inbound/sms/aliyun', batch)).toEqual({ status: 200, body: { code: 0, msg: '成功' } });
    expect(inbox().sort()).toEqual(['aliyun not-filed-mobile', 'aliyun reported']);
  });
  it('Aliyun asks by GET whether the address answers', async () =>
    expect(await call('/inbound/sms/aliyun', undefined, undefined, 'GET')).toEqual({
      status: 200,
      body: { code: 0, msg: '成功' },
    }));
  it('Tencent: one object without an id; pushed again it is the same message', async () => {
    const one = { extend: '', mobile: '13900000001', nationcode: '86', sign: '某云', text: TEXT, time: 1_775_095_000 };
    for (let i = 0; i < 2; i++)
      expect(await call('/inbound/sms/tencent', one)).toEqual({ status: 200, body: { result: 0, errmsg: 'OK' } });
    expect(inbox()).toEqual(['tencent reported']);
  });
  it('Aliyun: one that cannot be read does not bring the others back', async () => {
    const batch = [{ phone: 1 }, { phone_number: '13900000001', content: TEXT, sequence_id: '1' }];
    expect(await call('/inbound/sms/aliyun', batch)).toMatchObject({ status: 200 });
    expect(inbox()).toEqual(['aliyun reported']);
  });
  it('a body in another form says what is wrong', async () => {
    expect((await call('/inbound/sms/aliyun', [{ phone: 1 }])).status).toBe(400);
    expect(await call('/inbound/sms', [{ mobile: '1', text: 'x' }])).toMatchObject({
      status: 400,
      body: [{ row: 0, field: 'id' }],
    });
  });
});

it('orders: good ones are taken, bad ones named (R11); what is deleted can be fetched', async () => {
  const orders = [
    { order_number: 'BA1', kind: 'first', created_on: '2026-02-01', domains: ['new.cn'], contact_phone: '13700000001' },
    { order_number: 'BA2', kind: 'first', created_on: 'soon' },
  ];
  expect(await call('/inbound/orders', orders)).toMatchObject({
    status: 400,
    body: [
      { order_number: 'BA1', state: 'open' },
      { row: 1, field: 'created_on' },
    ],
  });
  await world.until('2026-04-20 12:00');
  expect((await call('/inbound/orders?state=deleted', undefined, undefined, 'GET')).body).toMatchObject([
    { order_number: 'BA1' },
  ]);
  const after = async (id: number) =>
    (await call(`/inbound/orders?state=deleted&after=${id}`, undefined, undefined, 'GET')).body as { id: number }[];
  const [first] = await after(0);
  expect(await after(first?.id ?? 0)).toEqual([]);
  expect(JSON.stringify((await call('/inbound/orders', undefined, undefined, 'GET')).body)).not.toContain(
    '13700000001',
  );
});

it('violations: an event is one, however often it is told (R13)', async () => {
  const event = { event_id: 'w1', site: '鄂ICP备2021000001号-1', description: '违规' };
  expect(await call('/inbound/violations', event)).toMatchObject({
    status: 200,
    body: [{ event_id: 'w1', state: 'found' }],
  });
  expect(await call('/inbound/violations', [event])).toMatchObject({ body: [{ state: 'known' }] });
  for (const reported_at of ['2026年8月10日 10:00', '8月17日', 'gestern', '2026-04-01T10'])
    expect(await call('/inbound/violations', { ...event, event_id: reported_at, reported_at })).toMatchObject({
      status: 400,
      body: [{ row: 0, field: 'reported_at' }],
    });
  const future = { ...event, event_id: 'w5', reported_at: '2030-01-01T00:00:00Z' };
  expect(await call('/inbound/violations', future)).toMatchObject({ status: 400, body: [{ field: 'reported_at' }] });
  expect(await call('/inbound/violations', { ...event, event_id: 'w 6' })).toMatchObject({
    status: 400,
    body: [{ field: 'event_id' }],
  });
  const local = { ...event, event_id: 'w4', reported_at: '2026-04-01 10:00' };
  expect(await call('/inbound/violations', local)).toMatchObject({ status: 200 });
  expect(world.ledger.violations.byEvent('w4')?.reportedAt).toBe(at('2026-04-01 10:00'));
  const long = { ...event, event_id: 'w3', description: '违规'.repeat(2000) };
  expect(await call('/inbound/violations', long)).toMatchObject({ status: 200 });
  expect(await call('/inbound/violations', { ...event, event_id: 'w2', site: 'nobody.cn' })).toMatchObject({
    status: 400,
    body: [{ field: 'site' }],
  });
});
