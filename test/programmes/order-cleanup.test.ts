import { afterEach, describe, expect, it } from 'vitest';
import type { OrderRow } from '../../src/ledger/orders-store.ts';
import { OrderCleanup } from '../../src/programmes/order-cleanup.ts';
import { CHECKED_KINDS, ORDER_KINDS, orderStep, toldOf } from '../../src/programmes/order-clock.ts';
import { missingColumns, ORDER_COLUMNS, readOrder } from '../../src/programmes/read-orders.ts';
import { CaseWorld, short } from '../support/case-world.ts';

let world: CaseWorld;
afterEach(() => world?.close());

const order = (over: Partial<OrderRow> = {}): OrderRow => ({
  orderNumber: 'BA1',
  kind: 'first',
  subjectNumber: null,
  subjectName: '新公司',
  domains: ['new.cn'],
  contact: { name: '王五', phone: '13700000001', email: 'w@owner.example' },
  createdOn: '2026-03-01',
  touchedOn: '2026-03-01',
  state: 'open',
  ...over,
});
const told = (): string[] => world.channels.sms.sent.map(({ at, message }) => `${short(at)} ${message.kind}`);
const open = async (start = '2026-03-01 12:00', orders: object = { live: true }): Promise<void> => {
  world = await CaseWorld.open(start, { orders });
};

describe('the life of an order (R11, S2 §1)', () => {
  it.each(ORDER_KINDS)('%s: told at 30 and 40 days, deleted at 45', async (kind) => {
    await open();
    world.ledger.orders.put(order({ kind, domains: ['elsewhere.cn'] }), world.now());
    await world.until('2026-05-01 00:00');
    expect(told()).toEqual(['03-31 09:00 order-stale', '04-10 09:00 order-stale', '04-15 09:00 order-deleted']);
    expect(world.ledger.orders.byNumber('BA1')).toMatchObject({
      state: 'deleted',
      reason: '超过45天未完成',
      dueAt: null,
    });
    expect(world.channels.email.sent).toHaveLength(3);
  });
  it('touched that day: no notice then; the deletion stands', async () => {
    await open();
    world.ledger.orders.put(order({ touchedOn: '2026-03-31' }), world.now());
    await world.until('2026-05-01 00:00');
    expect(told()).toEqual(['04-01 09:00 order-stale', '04-10 09:00 order-stale', '04-15 09:00 order-deleted']);
  });
  it('submitted in time: nothing more', async () => {
    await open();
    world.ledger.orders.put(order(), world.now());
    await world.until('2026-04-05 12:00');
    world.ledger.orders.put(order({ state: 'done' }), world.now());
    await world.until('2026-05-01 00:00');
    expect(told()).toEqual(['03-31 09:00 order-stale']);
  });
  it('heard of late: warned first, and deleted no sooner than five days after that', async () => {
    await open('2026-04-25 12:00');
    world.ledger.orders.put(order(), world.now());
    await world.until('2026-05-10 00:00');
    expect(told()).toEqual(['04-25 12:00 order-stale', '04-30 09:00 order-deleted']);
  });
  it('what was told on paper is no warning once orders are live', async () => {
    await open('2026-04-01 12:00', { live: false });
    world.ledger.orders.put(order(), world.now());
    await world.until('2026-04-20 12:00');
    expect([told(), world.ledger.orders.byNumber('BA1')?.state]).toEqual([[], 'open']);
    const { told: paper } = world.ledger.orders.byNumber('BA1') ?? { told: [] };
    expect(paper).toEqual(['~30:2026-04-01', '~40:2026-04-10']);
    expect(orderStep({ ...order(), state: 'open', told: toldOf(paper, true), invalidOn: null }, world.now())).toEqual({
      kind: 'tell',
      day: '40',
      daysLeft: 5,
    });
  });
  it('approved since: done, whatever the order system still says', async () => {
    await open();
    world.ledger.orders.put(order({ domains: ['site-1.cn'] }), world.now());
    await world.until('2026-03-10 12:00');
    world.addSite(1, { approvedAt: '2026-03-09' });
    await world.until('2026-05-01 00:00');
    expect([told(), world.ledger.orders.byNumber('BA1')]).toMatchObject([[], { state: 'done', reason: '备案已通过' }]);
  });
  it('done stays done when a push says no state', async () => {
    await open();
    world.ledger.orders.put(order({ state: 'done' }), world.now());
    expect(world.ledger.orders.put(order({ state: null }), world.now())).toBe('done');
    expect(world.ledger.orders.put(order({ orderNumber: 'BA2', state: null }), world.now())).toBe('open');
  });
  it('a filing of nobody knows when makes nothing pointless: it may be the one asked for', async () => {
    await open();
    world.addSite(1);
    world.ledger.orders.put(order({ domains: ['site-1.cn'] }), world.now());
    await world.settle();
    expect(world.ledger.orders.byNumber('BA1')?.state).toBe('open');
  });
  it('deleted stays deleted, whatever is pushed later', async () => {
    await open();
    world.ledger.orders.put(order(), world.now());
    await world.until('2026-05-01 00:00');
    expect(world.ledger.orders.put(order({ touchedOn: '2026-05-01' }), world.now())).toBe('deleted');
    await world.until('2026-06-01 00:00');
    expect(told()).toHaveLength(3);
  });
  it('standing still for weeks: only what is due now is told', async () => {
    await open('2026-04-11 12:00');
    world.ledger.orders.put(order(), world.now());
    await world.settle();
    expect(told()).toEqual(['04-11 12:00 order-stale']);
  });
});

describe('orders the bureau’s data make pointless (R11)', () => {
  it('a first filing of a domain that is filed: invalid today, deleted tomorrow, told both times', async () => {
    await open();
    world.addSite(1, { approvedAt: '2025-01-01' });
    world.ledger.orders.put(order({ domains: ['site-1.cn'], createdOn: '2026-03-01' }), world.now());
    await world.until('2026-03-05 00:00');
    expect(told()).toEqual(['03-01 12:00 order-invalid', '03-02 09:00 order-deleted']);
    expect(world.ledger.orders.byNumber('BA1')?.reason).toBe('域名已在管局备案');
  });
  it('a first filing of a subject the bureau’s list knows', async () => {
    await open();
    world.ledger.bureau.put(
      [{ number: '京ICP备2021000777号', state: 'alive', holder: null, asOf: '2026-02-01' }],
      world.now(),
    );
    world.ledger.orders.put(order({ subjectNumber: '京ICP备2021000777号' }), world.now());
    await world.settle();
    expect(world.ledger.orders.byNumber('BA1')).toMatchObject({ state: 'invalid', reason: '主体已在管局备案' });
  });
  it('becomes pointless on a later day: every open order is asked about daily', async () => {
    await open();
    world.ledger.orders.put(order({ domains: ['site-1.cn'] }), world.now());
    await world.until('2026-03-04 12:00');
    expect(told()).toEqual([]);
    world.addSite(1, { approvedAt: '2025-01-01' });
    await world.until('2026-03-07 12:00');
    expect(told()).toEqual(['03-05 09:00 order-invalid', '03-06 09:00 order-deleted']);
  });
  it('access to a filed domain is the very point of an access order; with us already it is pointless', async () => {
    await open('2026-02-20 12:00');
    world.addSite(1);
    await world.until('2026-03-01 12:00');
    world.ledger.orders.put(order({ kind: 'access', domains: ['other.cn'] }), world.now());
    world.ledger.orders.put(order({ orderNumber: 'BA2', kind: 'access', domains: ['site-1.cn'] }), world.now());
    await world.settle();
    expect([world.ledger.orders.byNumber('BA1')?.state, world.ledger.orders.byNumber('BA2')?.state]).toEqual([
      'open',
      'invalid',
    ]);
  });
  it('access to a site taken in since is what was asked for', async () => {
    await open();
    world.ledger.orders.put(order({ kind: 'access', domains: ['site-1.cn'] }), world.now());
    world.addSite(1, { approvedAt: '2020-01-01' });
    await world.until('2026-03-05 12:00');
    expect(world.ledger.orders.byNumber('BA1')?.state).toBe('open');
  });
  it.each(['change', 'cancel-access', 'revoke', 'claim'] as const)(
    'a filing approved since ends no order to %s',
    async (kind) => {
      await open();
      world.ledger.orders.put(order({ kind, domains: ['site-1.cn'] }), world.now());
      world.addSite(1, { approvedAt: '2026-03-02' });
      await world.until('2026-03-05 12:00');
      expect(world.ledger.orders.byNumber('BA1')?.state).toBe('open');
    },
  );
  it('changing a revoked subject is pointless, changing a live one is not', async () => {
    await open();
    world.ledger.bureau.put(
      [{ number: '京ICP备2021000777号', state: 'revoked', holder: null, asOf: '2026-02-01' }],
      world.now(),
    );
    world.addSite(1);
    world.ledger.orders.put(order({ kind: 'change', subjectNumber: '京ICP备2021000777号' }), world.now());
    world.ledger.orders.put(
      order({ orderNumber: 'BA2', kind: 'change', subjectNumber: '京ICP备2021000001号', domains: ['site-1.cn'] }),
      world.now(),
    );
    await world.settle();
    expect([world.ledger.orders.byNumber('BA1')?.state, world.ledger.orders.byNumber('BA2')?.state]).toEqual([
      'invalid',
      'open',
    ]);
  });
  it('only the five kinds are asked about', () =>
    expect([...CHECKED_KINDS]).toEqual(['first', 'add-site', 'add-site-elsewhere', 'access', 'change']));
});

describe('an invalid order', () => {
  const invalid = async (): Promise<void> => {
    await open('2026-03-01 12:00');
    world.addSite(1, { approvedAt: '2025-01-01' });
    world.ledger.orders.put(order({ domains: ['site-1.cn'] }), world.now());
    await world.settle();
  };
  it('pushed again stays invalid, and is deleted the day after it became so', async () => {
    await invalid();
    await world.until('2026-03-02 08:00');
    expect(world.ledger.orders.put(order({ domains: ['site-1.cn'] }), world.now())).toBe('invalid');
    await world.until('2026-03-03 12:00');
    expect(told()).toEqual(['03-01 12:00 order-invalid', '03-02 09:00 order-deleted']);
  });
  it('with another domain goes on', async () => {
    await invalid();
    world.ledger.orders.put(order({ domains: ['new.cn'] }), world.now());
    await world.until('2026-03-05 12:00');
    expect(world.ledger.orders.byNumber('BA1')).toMatchObject({ state: 'open', reason: null });
    expect(told()).toEqual(['03-01 12:00 order-invalid']);
  });
});

describe('safety', () => {
  it('dry-run: everything is planned on paper, no order changes, and once switched on it happens', async () => {
    await open('2026-03-01 12:00', { live: false });
    world.addSite(1, { approvedAt: '2025-01-01' });
    world.ledger.orders.put(order(), world.now());
    world.ledger.orders.put(order({ orderNumber: 'BA2', domains: ['site-1.cn'] }), world.now());
    await world.until('2026-05-01 00:00');
    expect(told()).toEqual([]);
    expect(world.ledger.orders.totals()).toEqual([{ state: 'open', count: 2 }]);
    const planned = world.ledger.outbox.notices(null, 200).map(({ kind }) => kind);
    expect(new Set(planned)).toEqual(new Set(['order-stale', 'order-deleted', 'order-invalid']));
  });
  it('a broken import ends no more orders a day than are allowed, and admins hear of it', async () => {
    await open('2026-03-01 12:00', { live: true, maxPerDay: 2 });
    for (let i = 0; i < 5; i++)
      world.ledger.orders.put(order({ orderNumber: `BA${i}`, createdOn: '2020-01-01' }), world.now());
    await world.until('2026-03-06 12:00');
    expect(world.ledger.orders.totals()).toEqual([
      { state: 'deleted', count: 2 },
      { state: 'open', count: 3 },
    ]);
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain('orders-held');
    await world.until('2026-03-07 12:00');
    expect(world.ledger.orders.totals()).toContainEqual({ state: 'deleted', count: 4 });
  });
  it('what was submitted while a notice waited is not told as stale', async () => {
    await open('2026-03-30 12:00');
    world.ledger.orders.put(order(), world.now());
    world.ledger.enforcements.hold('notices', 'test', 'test', world.now());
    await world.until('2026-03-31 12:00');
    world.ledger.orders.put(order({ state: 'done' }), world.now());
    world.ledger.release('notices', world.now());
    await world.settle();
    expect(told()).toEqual([]);
    expect(world.ledger.outbox.notices(null, 10).map(({ state }) => state)).toContain('cancelled');
  });
});

const NOW = Date.parse('2026-11-22T04:00:00Z');

describe('reading orders', () => {
  it('says which columns a table lacks', () => {
    expect(missingColumns(['订单号', ' kind ', '创建日期'], ORDER_COLUMNS)).toBeNull();
    expect(missingColumns(['订单号', 'x'], ORDER_COLUMNS)).toBe(
      'no column for kind / 备案类型, created_on / 创建日期 among: 订单号 | x',
    );
  });
  it('takes dates as exports write them, and says what is wrong with value and remedy', () => {
    const one = { order_number: 'B', kind: 'first', created_on: '2026/1/5', domains: 'a.cn' };
    expect(readOrder(one, 1, NOW)).toMatchObject({ ok: true, order: { createdOn: '2026-01-05' } });
    expect(readOrder({ ...one, domains: '不是域名' }, 1, NOW)).toMatchObject({
      ok: false,
      fault: { field: 'domains', value: '不是域名', remedy: expect.stringContaining('example.cn') },
    });
    expect(readOrder({ ...one, created_on: 'soon' }, 1, NOW)).toMatchObject({ fault: { value: 'soon' } });
  });
  it('by the names of the API, or those of exports', () => {
    expect(readOrder({ order_number: 'B', kind: 'first', created_on: '2026-01-01' }, 1, NOW)).toMatchObject({
      ok: true,
    });
    expect(
      readOrder(
        { 订单号: 'B', 备案类型: '首次备案', 创建日期: '2026-01-01', 域名: 'a.cn;b.cn', 状态: '未完成' },
        1,
        NOW,
      ),
    ).toMatchObject({
      ok: true,
      order: { kind: 'first', domains: ['a.cn', 'b.cn'], state: 'open' },
    });
  });
  it.each([
    [{ kind: 'first', created_on: '2026-01-01' }, 'order_number'],
    [{ order_number: 'B', kind: 'nonsense', created_on: '2026-01-01' }, 'kind'],
    [{ order_number: 'B', kind: 'first', created_on: 'soon' }, 'created_on'],
    [{ order_number: 'B', kind: 'first', created_on: '2026-02-30' }, 'created_on'],
    [{ order_number: 'B', kind: 'first', created_on: '2026-11-23' }, 'created_on'],
    [{ order_number: 'B', kind: 'first', created_on: '2026-11-01', touched_on: '2027-11-01' }, 'touched_on'],
    ['text', '(row)'],
  ])('names the field of %j', (row, field) =>
    expect(readOrder(row, 3, NOW)).toMatchObject({ ok: false, fault: { row: 3, field } }),
  );
});

it('runs as often as it likes: nothing is told twice', async () => {
  await open('2026-04-01 12:00');
  world.ledger.orders.put(order(), world.now());
  const cleanup = new OrderCleanup(world.keeper);
  for (let i = 0; i < 5; i++) await cleanup.tick(world.now());
  await world.settle();
  expect(told()).toEqual(['04-01 12:00 order-stale']);
});
