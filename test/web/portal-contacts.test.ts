import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { beijingDate, DAY_MS } from '../../src/calendar/beijing-time.ts';
import { ContactDesk } from '../../src/notify/contact-desk.ts';
import { audienceOf } from '../../src/notify/recipients.ts';
import { retainTurn } from '../../src/privacy/retention.ts';
import { cookieOf, PortalWorld } from '../support/portal-world.ts';

let served: PortalWorld;
beforeEach(async () => {
  served = await PortalWorld.open();
});
afterEach(() => served.close());

const MAINTAINER = 'maintainer@studio.example';
const mailsTo = (address: string) =>
  served.world.channels.email.sent.filter(({ message }) => message.recipient === address).map(({ message }) => message);
const kindsTo = (address: string): string[] => mailsTo(address).map(({ kind }) => kind);

/** Name somebody for a case, as its owner. */
async function name(address: string, site = 1) {
  const opened = await served.openCase(site);
  return { ...opened, answer: await served.act(opened, 'contacts', { text: address }) };
}
/** Say yes by the link of the verification mail. */
async function sayYes(address: string): Promise<void> {
  await served.world.settle();
  const mail = mailsTo(address).findLast(({ kind }) => kind === 'contact-verification');
  const token = /verify\?token=([\w-]+)/.exec(mail?.content.text ?? '')?.[1] ?? '';
  expect((await served.post('/r/verify', { token })).status).toBe(200);
}

describe('contacts an owner names for one case (R7)', () => {
  it('is asked first, told of this case alone once it said yes, and may open it by its own link', async () => {
    const { answer, path, cookie } = await name(MAINTAINER);
    expect([answer.status, answer.done]).toEqual([303, expect.stringContaining('已添加')]);
    await served.world.settle();
    const asked = mailsTo(MAINTAINER).map(({ content }) => content.text);
    expect(kindsTo(MAINTAINER)).toEqual(['contact-verification']);
    expect(asked[0]).toContain('京ICP备2021000001号-1');
    expect(asked[0]).toContain('北京某某科技有限公司1');
    expect(await (await served.get(path, cookie)).text()).toContain('m***@studio.example（待验证');
    await sayYes(MAINTAINER);
    expect(await (await served.get(path, cookie)).text()).toContain('m***@studio.example（已验证）');
    await served.world.until('2026-12-02 12:00');
    const told = mailsTo(MAINTAINER).filter(({ kind }) => kind === 'reminder');
    expect(told.length).toBeGreaterThan(0);
    for (const { content } of told) {
      expect(content.text).toContain('京ICP备2021000001号-1');
      expect(content.text).not.toContain('京ICP备2021000002号-1');
    }
    const key = /\/r\/l\/([\w-]+)/.exec(told[0]?.content.text ?? '')?.[1] ?? '';
    const own = cookieOf(await served.post('/r/l', { key }));
    expect((await served.get('/r/cases', own)).headers.get('location')).toMatch(/^\/r\/case\//);
    const [first, second] = served.world.cases();
    expect(JSON.stringify(audienceOf(served.world.ledger.contacts, first as never))).toContain(MAINTAINER);
    expect(JSON.stringify(audienceOf(served.world.ledger.contacts, second as never))).not.toContain(MAINTAINER);
    const whole = { subjectId: first?.subjectId as number, siteId: first?.siteId as number };
    expect(JSON.stringify(audienceOf(served.world.ledger.contacts, whole))).not.toContain(MAINTAINER);
  });

  it('stands in the case’s history, masked, as the owner’s deed', async () => {
    await name(MAINTAINER);
    await sayYes(MAINTAINER);
    const notes = served.world.ledger.cases
      .events(1)
      .filter(({ data }) => String(data['portal']).startsWith('contact-'))
      .map(({ actor, data }) => [actor.kind, data['portal'], data['to']]);
    expect(notes).toEqual([
      ['owner', 'contact-named', 'm***@studio.example'],
      ['owner', 'contact-verified', 'm***@studio.example'],
    ]);
    const { page } = await served.openCase();
    expect(page).toContain('添加通知联系人：m***@studio.example');
  });

  it('taken back: told of nothing, its link and its open session see nothing', async () => {
    const { path, cookie, form } = await name(MAINTAINER);
    await sayYes(MAINTAINER);
    await served.world.until('2026-12-02 12:00');
    const key = /\/r\/l\/([\w-]+)/.exec(mailsTo(MAINTAINER).at(-1)?.content.text ?? '')?.[1] ?? '';
    const own = cookieOf(await served.post('/r/l', { key }));
    const before = kindsTo(MAINTAINER).length;
    const fresh = await served.openCase();
    // The session of nine days ago is over: nothing is taken back by it.
    expect((await served.post(`${path}/contacts/1/remove`, { form }, { cookie })).status).toBe(403);
    expect((await served.act(fresh, 'contacts/1/remove')).done).toContain('已删除');
    expect((await served.get('/r/cases', own)).status).toBe(403);
    expect((await served.get(`/r/l/${key}`)).status).toBe(404);
    await served.world.until('2026-12-20 12:00');
    expect(kindsTo(MAINTAINER)).toHaveLength(before);
  });

  it('by a mobile number: the code of an SMS, on the page for it', async () => {
    const { answer, path, cookie } = await name('137 0000 0009');
    expect(answer.status).toBe(303);
    await served.world.settle();
    const sms = served.world.channels.sms.sent.findLast(({ message }) => message.recipient === '13700000009')?.message;
    expect(sms?.kind).toBe('contact-verification');
    const code = sms?.content.sms?.params['code'] ?? '';
    expect((await served.post('/r/verify', { phone: '13700000009', code: '00000000' })).status).toBe(400);
    expect((await served.post('/r/verify', { phone: '13700000009', code })).status).toBe(200);
    expect(await (await served.get(path, cookie)).text()).toContain('短信：137****0009（已验证）');
  });

  it.each([
    ['', '请填写邮箱或手机号'],
    ['not an address', '请填写 11 位大陆手机号'],
    ['a@b', '邮箱格式不正确'],
    ['+1 571 234 5678', '请填写 11 位大陆手机号'],
    ['<script>alert(1)</script>@x', '邮箱格式不正确'],
  ])('what is no address is refused in words, and stays in the form: %s', async (address, said) => {
    const { answer } = await name(address);
    expect(answer.refused).toContain(said);
    if (address !== '') expect(answer.page).toMatch(/<details open><summary>添加通知联系人/);
    expect(answer.page).not.toContain('<script>alert');
    expect(served.world.ledger.contacts.extras(1)).toEqual([]);
  });

  it('three at most, each once, and five namings a day: nobody is mailed by the dozen', async () => {
    const opened = await served.openCase();
    const add = async (text: string): Promise<string> =>
      (await served.act(opened, 'contacts', { text })).refused ?? 'added';
    const remove = (id: number) => served.act(opened, `contacts/${id}/remove`);
    expect(await add('a@studio.example')).toBe('added');
    expect(await add('A@studio.example')).toContain('该联系人已添加');
    expect([await add('b@studio.example'), await add('c@studio.example')]).toEqual(['added', 'added']);
    expect(await add('d@studio.example')).toContain('最多添加 3 个');
    for (const id of [1, 2, 3]) expect((await remove(id)).refused).toBeNull();
    expect([await add('d@studio.example'), await add('e@studio.example')]).toEqual(['added', 'added']);
    expect(await add('f@studio.example')).toContain('提交次数过多');
    // Another browser, an hour later: the day's count is the case's own.
    await served.world.until('2026-11-23 13:00');
    const later = await served.openCase();
    const again = await served.act(later, 'contacts', { text: 'f@studio.example' });
    expect(again.refused).toContain('今天添加次数已用完');
    await served.world.settle();
    // Those taken back before they were asked get no mail at all.
    expect(kindsTo('a@studio.example')).toEqual([]);
    expect(kindsTo('d@studio.example')).toEqual(['contact-verification']);
  });

  it('contacts of staff and of other cases are not taken back by it', async () => {
    await name('a@studio.example', 2);
    const answer = await served.act(await served.openCase(1), 'contacts/1/remove');
    expect(answer.refused).toContain('没有该联系人');
    expect(served.world.ledger.contacts.extra(1)?.removedAt).toBeNull();
  });

  it('a case that ended takes nobody on; who was named for it is forgotten when removed contacts are', async () => {
    const opened = await name(MAINTAINER);
    await sayYes(MAINTAINER);
    served.world.set(1, 'empty-shell', 'pass');
    served.world.look(1);
    await served.world.settle();
    expect((await served.act(opened, 'contacts', { text: 'b@studio.example' })).refused).toContain('未能办理');
    const { ledger } = served.world;
    const kept = {
      messagesMs: null,
      inboundMs: null,
      formerFilingsMs: null,
      removedContactsMs: 90 * DAY_MS,
      ordersMs: null,
    };
    expect(retainTurn(ledger, kept, served.world.now() + 89 * DAY_MS).erased.extraContacts).toBe(0);
    expect(retainTurn(ledger, kept, served.world.now() + 91 * DAY_MS).erased.extraContacts).toBe(1);
    expect(ledger.contacts.extras(1)).toEqual([]);
  });

  it('a stranger’s telephone: asked twice a day at most, never at night, and owed no less of what is its own', async () => {
    const { world } = served;
    const victim = '13800000004';
    const smsTo = (day: string): string[] =>
      world.channels.sms.sent
        .filter(({ message, at }) => message.recipient === victim && beijingDate(at) === day)
        .map(({ message }) => message.kind);
    const before = world.channels.sms.sent.filter(({ message }) => message.recipient === victim).length;
    await world.until('2026-11-24 00:30');
    for (let round = 0; round < 5; round++) {
      const opened = await served.openCase(1);
      expect((await served.act(opened, 'contacts', { text: victim })).refused).toBeNull();
      await world.settle();
      const id = world.ledger.contacts.extras(world.cases()[0]?.subjectId ?? 0).at(-1)?.id;
      expect((await served.act(opened, `contacts/${id}/remove`)).refused).toBeNull();
    }
    // At night nobody is woken: what was taken back by the morning is never asked.
    expect(world.channels.sms.sent.filter(({ message }) => message.recipient === victim)).toHaveLength(before);
    await world.until('2026-11-25 10:00');
    for (let round = 0; round < 4; round++) {
      const opened = await served.openCase(1);
      await served.act(opened, 'contacts', { text: victim });
      await world.settle();
      const id = world.ledger.contacts.extras(world.cases()[0]?.subjectId ?? 0).at(-1)?.id;
      await served.act(opened, `contacts/${id}/remove`);
      await world.until(world.now() + 3_600_000);
    }
    expect(smsTo('2026-11-25').filter((kind) => kind === 'contact-verification')).toHaveLength(2);
    // Its own reminders come on their days as if nothing had been.
    await world.until('2026-12-08 12:00');
    const own = world.channels.sms.sent
      .filter(({ message }) => message.recipient === victim)
      .map(({ message }) => message.kind);
    const other = world.channels.sms.sent
      .filter(({ message }) => message.recipient === '13800000002')
      .map(({ message }) => message.kind);
    expect(own.filter((kind) => kind !== 'contact-verification')).toEqual(other);
  });

  it('several who named one number: each code is good for its own, and no miss of another’s', async () => {
    const { world } = served;
    const codes: string[] = [];
    for (const site of [1, 2]) {
      await name('13700000009', site);
      await world.settle();
      const sms = world.channels.sms.sent.findLast(({ message }) => message.recipient === '13700000009')?.message;
      codes.push(sms?.content.sms?.params['code'] ?? '');
    }
    for (const code of codes.toReversed())
      expect((await served.post('/r/verify', { phone: '13700000009', code })).status).toBe(200);
    const tokens = world.ledger.connection.sqlite.prepare('SELECT misses FROM contact_tokens').pluck().all();
    expect(tokens).toEqual([0, 0]);
  });

  it('who is told already need not be named', async () => {
    const opened = await served.openCase(1);
    for (const known of ['138 0000 0001', 'ZHANG@owner.example'])
      expect((await served.act(opened, 'contacts', { text: known })).refused).toContain('该地址已在通知名单中');
    expect(served.world.ledger.contacts.extras(1)).toEqual([]);
  });

  it('staff may name for all cases whom an owner named for one', async () => {
    await name(MAINTAINER);
    const desk = new ContactDesk(served.world.keeper);
    const given = { name: '王五', email: MAINTAINER };
    expect(desk.add('京ICP备2021000001号', given, served.world.now()).caseId).toBeNull();
    expect(() => desk.add('京ICP备2021000001号', given, served.world.now())).toThrow(/has that address already/);
  });
});
