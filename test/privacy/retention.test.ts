import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../src/calendar/beijing-time.ts';
import { verifyHistory } from '../../src/cases/history.ts';
import { InputError } from '../../src/errors.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { ContactDesk } from '../../src/notify/contact-desk.ts';
import { resend } from '../../src/notify/resend.ts';
import { erasePerson, findPerson, isNobody } from '../../src/privacy/person.ts';
import { erasedTotal, retainTurn } from '../../src/privacy/retention.ts';
import { CaseWorld } from '../support/case-world.ts';
import { setStage } from '../world/harness.ts';

const PERSONAL = ['13800000001', '13800000002', 'zhang@owner.example', 'li@owner.example', '张三', '李四'];
const YEAR = 365 * DAY_MS;

let world: CaseWorld;
let siteId: number;
beforeEach(async () => {
  world = await CaseWorld.open('2026-11-23 10:00');
  siteId = world.addSite(1);
});
afterEach(() => world.close());

/** Found on a Monday, told; put right after four days, told; closed. */
async function closedCase(): Promise<void> {
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  await world.until('2026-11-26 12:00');
  world.set(siteId, 'empty-shell', 'pass');
  world.look(siteId);
  await world.until('2026-12-20 12:00');
  expect(world.case().closedAt).not.toBeNull();
}
const policy = () => world.config.settings.privacy;
function turns(now: number): number {
  let total = 0;
  for (let round = 0; round < 100; round++) {
    const { erased, done } = retainTurn(world.ledger, policy(), now, { limit: 3 });
    total += erasedTotal(erased);
    if (done) return total;
  }
  throw new Error('never done');
}
const everything = (): string => {
  const { sqlite, path } = world.ledger.connection;
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
  return readFileSync(path).toString('utf8');
};

describe('retention', () => {
  it('erases who was told, and what, once it is past its time, and not a day before; the record of it stays', async () => {
    await closedCase();
    const settledAt = Math.max(
      world.case().closedAt ?? 0,
      ...world.ledger.outbox.messages(null, 100).map(({ createdAt }) => createdAt),
    );
    const before = world.ledger.outbox.messages(null, 100);
    expect(turns(settledAt + (policy().messagesMs ?? 0))).toBe(before.length - lastOnes(before, settledAt));
    expect(turns(settledAt + (policy().messagesMs ?? 0) + DAY_MS)).toBe(lastOnes(before, settledAt));
    const after = world.ledger.outbox.messages(null, 100);
    expect(after.map(({ id, kind, channel, state, createdAt }) => [id, kind, channel, state, createdAt])).toEqual(
      before.map(({ id, kind, channel, state, createdAt }) => [id, kind, channel, state, createdAt]),
    );
    for (const { id, recipient, content } of after) {
      expect([recipient, content.text]).toEqual([`erased:${id}`, '']);
      for (const notice of world.ledger.outbox.noticesOfMessage(id))
        expect([notice.recipient, notice.person, notice.name]).toEqual([`erased:${notice.id}`, 'erased', null]);
    }
    expect(verifyHistory(world.ledger.cases.events(world.case().id), world.case())).toBeNull();
    // Nothing of it goes out again.
    for (const { id } of after.flatMap((one) => world.ledger.outbox.noticesOfMessage(one.id)))
      expect(() => resend(world.keeper, id, world.now())).toThrow(InputError);
    // Only the filing in force still names its persons; in-site copies are gone too.
    const [inSite] = world.ledger.connection.sqlite.prepare('SELECT DISTINCT body FROM in_site_messages').pluck().all();
    expect(inSite ?? '').toBe('');
  });

  const lastOnes = (messages: { createdAt: number }[], at: number): number =>
    messages.filter(({ createdAt }) => createdAt >= at).length +
    // The end of the case counts for all of them.
    messages.filter(({ createdAt }) => createdAt < at && (world.case().closedAt ?? 0) >= at).length;

  it('leaves an open case and its people alone, however old', async () => {
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-11-26 12:00');
    expect(world.case().closedAt).toBeNull();
    expect(turns(world.now() + 20 * YEAR)).toBe(0);
    expect(world.ledger.outbox.messages(null, 100).some(({ recipient }) => recipient === '13800000001')).toBe(true);
  });

  it('keeps for ever what is set so', async () => {
    await closedCase();
    const keep = { messagesMs: null, inboundMs: null, formerFilingsMs: null, removedContactsMs: null, ordersMs: null };
    expect(erasedTotal(retainTurn(world.ledger, keep, world.now() + 50 * YEAR).erased)).toBe(0);
  });

  it('a former filing loses its persons and evidence; an import that gives it again brings them back', async () => {
    const kept = world.addSite(2, {
      persons: [{ role: 'subject-head', name: '王五', phone: '13900000003', email: null }],
    });
    world.addSite(1, {
      state: 'access-cancelled',
      subjectKind: 'individual',
      subjectName: '张三',
      licenceNumber: '110101199001011237',
    });
    const limit = policy().formerFilingsMs ?? 0;
    expect(turns(world.now() + limit - DAY_MS)).toBe(0);
    expect(turns(world.now() + limit + DAY_MS)).toBe(2);
    expect(world.ledger.contacts.ofSite(siteId)).toEqual([]);
    expect(world.ledger.contacts.ofSite(kept)).toHaveLength(1);
    const subject = world.ledger.contacts.subjectByNumber('京ICP备2021000001号');
    expect(subject?.name).toBe('（已删除）');
    expect(PERSONAL.filter((text) => everything().includes(text))).toEqual([]);
    expect(everything()).not.toContain('110101199001011237');
    // Once is enough: nothing is erased every day anew.
    expect(turns(world.now() + limit + 3 * DAY_MS)).toBe(0);
    world.addSite(1, { state: 'active' });
    expect(world.ledger.contacts.ofSite(siteId)).toHaveLength(2);
  });

  it('removed extra contacts, SMS that came in and ended orders go with their time', async () => {
    const desk = new ContactDesk(world.keeper);
    const extra = desk.add('京ICP备2021000001号', { name: '赵六', phone: '13700000006' }, world.now());
    desk.remove(extra.id, world.now());
    const { sqlite } = world.ledger.connection;
    sqlite
      .prepare(
        "INSERT INTO inbound_messages (source, external_id, mobile, body, received_at, outcome, detail) VALUES ('x', '1', '13800000001', 'TD', ?, 'unknown', '')",
      )
      .run(world.now());
    const order = (orderNumber: string, state: 'open' | 'done') =>
      world.ledger.orders.put(
        {
          orderNumber,
          kind: 'first',
          subjectNumber: null,
          subjectName: '某某',
          domains: [],
          contact: { name: '赵六', phone: '13700000006', email: null },
          createdOn: '2026-11-01',
          touchedOn: '2026-11-01',
          state,
        } as never,
        world.now(),
      );
    order('1', 'open');
    order('2', 'done');
    const count = (table: string): number => Number(sqlite.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
    turns(world.now() + (policy().removedContactsMs ?? 0) - DAY_MS);
    expect(count('extra_contacts')).toBe(1);
    turns(world.now() + (policy().removedContactsMs ?? 0) + DAY_MS);
    expect([count('extra_contacts'), count('contact_tokens')]).toEqual([0, 0]);
    turns(world.now() + (policy().ordersMs ?? 0) + DAY_MS);
    expect([world.ledger.orders.byNumber('1')?.contact, world.ledger.orders.byNumber('2')?.contact]).toMatchObject([
      { phone: '13700000006' },
      {},
    ]);
    expect(count('inbound_messages')).toBe(1);
    turns(world.now() + (policy().inboundMs ?? 0) + DAY_MS);
    expect(count('inbound_messages')).toBe(0);
  });
});

describe('a person’s rights', () => {
  it('everything held under their addresses is found, however they are written', async () => {
    await closedCase();
    const rows = findPerson(world.ledger, { phone: '+86 138-0000-0001', email: 'ZHANG@owner.example' });
    expect(rows.filings.map(({ role, name, siteNumber }) => [role, name, siteNumber])).toEqual([
      ['subject-head', '张三', '京ICP备2021000001号-1'],
    ]);
    expect(new Set(rows.messages.map(({ recipient }) => recipient))).toEqual(
      new Set(['13800000001', 'zhang@owner.example']),
    );
    expect(rows.notices.length).toBeGreaterThan(3);
    expect(isNobody(findPerson(world.ledger, { phone: '13800000009' }))).toBe(true);
  });

  it.each([
    [{}, /nobody is named/],
    [{ phone: 'Zhang' }, /no telephone number/],
    [{ email: 'zhang' }, /no mail address/],
  ])('%j: a clear error', (query, reason) => {
    expect(() => findPerson(world.ledger, query)).toThrow(reason);
  });

  it('a responsible person of a filing in force stays, with what proves that they were told, and why is said', async () => {
    await closedCase();
    const rows = findPerson(world.ledger, { phone: '13800000001' });
    const { erased, kept } = erasePerson(world.ledger, rows, { preview: false, admins: [], now: world.now() });
    expect(Object.values(erased).reduce((sum, count) => sum + count, 0)).toBe(0);
    expect(kept.map(({ what }) => what).join()).toMatch(/subject-head of .*notices and their messages/);
    expect(findPerson(world.ledger, { phone: '13800000001' })).toEqual(rows);
  });

  it('once nothing names them any more they are erased, and no byte of them is left in the file', async () => {
    await closedCase();
    world.addSite(1, {
      persons: [{ role: 'subject-head', name: '王五', phone: '13900000003', email: 'wang@owner.example' }],
    });
    const query = { phone: '13800000001', email: 'zhang@owner.example' };
    const preview = erasePerson(world.ledger, findPerson(world.ledger, query), {
      preview: true,
      admins: [],
      now: world.now(),
    });
    expect(isNobody(findPerson(world.ledger, query))).toBe(false);
    const { erased, kept } = erasePerson(world.ledger, findPerson(world.ledger, query), {
      preview: false,
      admins: [],
      now: world.now(),
    });
    expect(erased).toEqual(preview.erased);
    expect(kept).toEqual([]);
    expect(erased.messages).toBeGreaterThan(1);
    expect(isNobody(findPerson(world.ledger, query))).toBe(true);
    const file = everything();
    for (const text of ['13800000001', 'zhang@owner.example']) expect(file).not.toContain(text);
    // The other person of that filing asked for nothing.
    expect(findPerson(world.ledger, { email: 'li@owner.example' }).messages.length).toBeGreaterThan(0);
  });

  it('an extra contact of an open case goes at once and hears nothing more; what was sent stays until the case is closed', async () => {
    const desk = new ContactDesk(world.keeper);
    const extra = desk.add('京ICP备2021000001号', { name: '赵六', phone: '13700000006' }, world.now());
    world.ledger.contacts.saveExtra({ ...extra, phoneVerifiedAt: world.now() });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-11-23 12:00');
    const sent = (): number =>
      world.channels.sms.sent.filter(({ message }) => message.recipient === '13700000006').length;
    const heard = sent();
    expect(heard).toBeGreaterThan(0);
    const { erased, kept } = erasePerson(world.ledger, findPerson(world.ledger, { phone: '13700000006' }), {
      preview: false,
      admins: [],
      now: world.now(),
    });
    expect(erased.extraContacts).toBe(1);
    expect(kept.map(({ what }) => what)).toEqual([`notices of case ${world.case().code}`]);
    await world.until('2026-12-20 12:00');
    expect(sent()).toBe(heard);
    expect(
      world.channels.sms.sent.some(
        ({ message, at }) => message.recipient === '13800000001' && at > world.now() - 20 * DAY_MS,
      ),
    ).toBe(true);
  });
});

describe('what erasing must not do', () => {
  const erase = (query: { phone?: string; email?: string }, admins: string[] = []) =>
    erasePerson(world.ledger, findPerson(world.ledger, query), { preview: false, admins, now: world.now() });

  it('takes nothing back that is owed to a responsible person', async () => {
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    const planned = (): number => world.ledger.outbox.notices('planned', 100).length;
    const owed = planned();
    expect(owed).toBeGreaterThan(0);
    const { kept } = erase({ phone: '13800000001', email: 'zhang@owner.example' });
    expect(planned()).toBe(owed);
    expect(kept.map(({ what }) => what).join()).toMatch(/notices not sent yet/);
    await world.until('2026-11-23 12:00');
    expect(world.channels.sms.sent.some(({ message }) => message.recipient === '13800000001')).toBe(true);
  });

  it('leaves no verification behind that can never be sent, and no name in it', async () => {
    const desk = new ContactDesk(world.keeper);
    world.channels.sms.answer = () => ({ kind: 'not-sent', code: 'busy', message: 'later' });
    desk.add('京ICP备2021000001号', { name: '欧阳锋', phone: '13700000006' }, world.now());
    await world.settle();
    expect(world.ledger.outbox.messages('retry', 10)).toHaveLength(1);
    expect(erase({ phone: '137-0000-0006' }).erased).toMatchObject({ extraContacts: 1, messages: 1 });
    world.channels.sms.answer = () => ({ kind: 'accepted', providerId: null });
    await world.until('2026-12-20 12:00');
    expect(world.ledger.outbox.messages(null, 10).map(({ state, nextAt }) => [state, nextAt])).toEqual([
      ['failed', null],
    ]);
    expect(['13700000006', '欧阳锋'].filter((text) => everything().includes(text))).toEqual([]);
  });

  it('finds what was sent to another spelling of a mail address, when no filing names it any more', async () => {
    world.addSite(1, { persons: [{ role: 'subject-head', name: '王五', phone: null, email: 'Wang@Owner.example' }] });
    await closedCase();
    world.addSite(1, { persons: [{ role: 'subject-head', name: '赵六', phone: '13900000003', email: null }] });
    expect(erase({ email: 'wang@owner.example' }).erased.messages).toBeGreaterThan(1);
    expect(everything().toLowerCase()).not.toContain('wang@owner.example');
  });

  it('is refused for an address alerts are sent to', async () => {
    await closedCase();
    expect(() => erase({ email: 'li@owner.example' }, ['li@owner.example'])).toThrow(/alerts are sent to/);
  });

  it('a former subject’s name leaves the index of names too', () => {
    world.addSite(1, { subjectKind: 'individual', subjectName: '欧阳锋' });
    world.addSite(1, { subjectKind: 'individual', subjectName: '欧阳锋', state: 'revoked' });
    turns(world.now() + (policy().formerFilingsMs ?? 0) + DAY_MS);
    expect(everything()).not.toContain('欧阳锋');
  });
});

describe('the running worker', () => {
  it.each([
    ['erases by itself what is past its time', false],
    ['erases nothing while its clock is in doubt: by a wrong one everything is old', true],
  ])('%s', async (_, doubted) => {
    const stage = await setStage({
      seed: 5,
      sites: 2,
      withoutCatalogue: true,
      oddShare: 0,
      overrides: { sweep: { tickMs: 100 } },
    });
    try {
      const ledger = openConfiguredLedger(stage.config);
      ledger.connection.sqlite
        .prepare(
          "INSERT INTO inbound_messages (source, external_id, mobile, body, received_at, outcome, detail) VALUES ('x', '1', '13800000001', 'TD', ?, 'unknown', '')",
        )
        .run(Date.now() - 4 * YEAR);
      if (doubted) ledger.enforcements.hold('clock', 'it was wrong', 'clock guard', Date.now());
      const patrol = await Patrol.start({
        config: stage.config,
        log: createLogger('silent'),
        roles: ['gather', 'ledger'],
        schedule: true,
        dialer: stage.running.dialer,
        now: Date.now,
      });
      const left = (): unknown =>
        ledger.connection.sqlite.prepare('SELECT count(*) FROM inbound_messages').pluck().get();
      const ticks = (): number =>
        Number(
          ledger.connection.sqlite.prepare("SELECT count(*) FROM schedule_slots WHERE schedule = 'tick'").pluck().get(),
        );
      try {
        if (doubted) while (ticks() < 5) await sleep(20);
        else while (left() !== 0) await sleep(20);
        expect(left()).toBe(doubted ? 1 : 0);
      } finally {
        await patrol.stop(1000);
        ledger.close();
      }
    } finally {
      await stage.close();
    }
  });
});
