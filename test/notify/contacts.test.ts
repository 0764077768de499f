import { afterEach, describe, expect, it } from 'vitest';
import { emailOf, mobileOf } from '../../src/filing/addresses.ts';
import { createLogger } from '../../src/log.ts';
import { ContactDesk } from '../../src/notify/contact-desk.ts';
import { startPortal } from '../../src/web/portal.ts';
import { at, CaseWorld } from '../support/case-world.ts';

const SUBJECT = '京ICP备2021000001号';
let world: CaseWorld | null = null;
let portal: Awaited<ReturnType<typeof startPortal>> | null = null;
afterEach(async () => {
  await portal?.close();
  portal = null;
  world?.close();
  world = null;
});

async function start(): Promise<{ world: CaseWorld; desk: ContactDesk; siteId: number; base: string }> {
  world = await CaseWorld.open('2026-03-02 10:00', { notices: { portalUrl: 'https://beian.cloud.example' } });
  const siteId = world.addSite();
  const desk = new ContactDesk(world.keeper);
  portal = await startPortal({
    host: '127.0.0.1',
    port: 0,
    trustedProxies: [],
    keeper: world.keeper,
    log: createLogger('silent'),
    now: world.now,
  });
  return { world, desk, siteId, base: portal.address };
}

const tokenOf = (one: CaseWorld): string =>
  /token=([\w-]+)/.exec(
    one.channels.email.sent.filter(({ message }) => message.kind === 'contact-verification').at(-1)?.message.content
      .text ?? '',
  )?.[1] ?? '';
const codeOf = (one: CaseWorld): string =>
  one.channels.sms.sent.filter(({ message }) => message.kind === 'contact-verification').at(-1)?.message.content.sms
    ?.params['code'] ?? '';
const post = (base: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${base}/r/verify`, { method: 'POST', body: new URLSearchParams(form), headers: { origin: base, ...headers } });

describe('extra contacts (R7)', () => {
  it('get nothing but their verification until they say yes, by link and by code', async () => {
    const { world: one, desk, siteId, base } = await start();
    const { id } = desk.add(
      SUBJECT,
      { name: '运维小陈', email: 'ops@owner.example', phone: '138 0000 0088' },
      one.now(),
    );
    await one.settle();
    one.set(siteId, 'empty-shell', 'fail');
    one.look(siteId);
    await one.until('2026-03-02 11:00');
    const told = (address: string): string[] =>
      [...one.channels.email.sent, ...one.channels.sms.sent]
        .filter(({ message }) => message.recipient === address)
        .map(({ message }) => message.kind);
    expect([told('ops@owner.example'), told('13800000088')]).toEqual([
      ['contact-verification'],
      ['contact-verification'],
    ]);
    // Opening the page changes nothing: mail scanners open every link.
    const link = `${base}/r/verify?token=${tokenOf(one)}`;
    for (let time = 0; time < 3; time++) expect((await fetch(link)).status).toBe(200);
    expect(one.ledger.contacts.extra(id)?.emailVerifiedAt).toBeNull();
    const page = await fetch(link);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await post(base, { token: tokenOf(one) })).status).toBe(200);
    expect((await post(base, { phone: '13800000088', code: codeOf(one) })).status).toBe(200);
    expect(one.ledger.contacts.extra(id)).toMatchObject({ emailVerifiedAt: one.now(), phoneVerifiedAt: one.now() });
    await one.until('2026-03-10 12:00');
    expect([told('ops@owner.example'), told('13800000088')]).toEqual([
      ['contact-verification', 'reminder'],
      ['contact-verification', 'reminder'],
    ]);
  });

  it('a token works once, for a day, for the address it was sent to, and from our own page', async () => {
    const { world: one, desk, base } = await start();
    const { id } = desk.add(SUBJECT, { name: '小陈', email: 'ops@owner.example' }, one.now());
    await one.settle();
    const first = tokenOf(one);
    expect((await post(base, { token: first }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(base, { token: `${first}x` })).status).toBe(400);
    desk.change(id, { email: 'other@owner.example' }, one.now());
    expect(await (await post(base, { token: first })).text()).toMatch(/无效/);
    await one.settle();
    const second = tokenOf(one);
    expect(second).not.toBe(first);
    await one.until('2026-03-03 10:01');
    expect(await (await post(base, { token: second })).text()).toMatch(/已过期/);
    desk.resend(id, one.now());
    await one.settle();
    expect((await post(base, { token: tokenOf(one) })).status).toBe(200);
    expect((await post(base, { token: tokenOf(one) })).status).toBe(400);
    desk.change(id, { email: 'third@owner.example' }, one.now());
    expect(one.ledger.contacts.extra(id)?.emailVerifiedAt).toBeNull();
  });

  it('an address that was replaced before it was asked is not asked any more', async () => {
    const { world: one, desk } = await start();
    const { id } = desk.add(SUBJECT, { name: '小陈', phone: '13700000001', email: 'ops@owner.example' }, one.now());
    desk.change(id, { phone: '13600000001' }, one.now());
    await one.settle();
    expect(one.channels.sms.sent.map(({ message }) => message.recipient)).toEqual(['13600000001']);
    expect(one.channels.email.sent).toHaveLength(1);
    expect(() => desk.add(SUBJECT, { name: '另一人', phone: '13600000001' }, one.now())).toThrow(
      /has that address already/,
    );
  });

  it('five wrong codes void the right one', async () => {
    const { world: one, desk, base } = await start();
    desk.add(SUBJECT, { name: '小陈', phone: '13800000088' }, one.now());
    await one.settle();
    const code = codeOf(one);
    expect(code).toMatch(/^\d{8}$/);
    for (let miss = 0; miss < 5; miss++)
      expect((await post(base, { phone: '13800000088', code: '00000000' })).status).toBe(400);
    expect(await (await post(base, { phone: '13800000088', code })).text()).toMatch(/次数过多/);
  });

  it('the ledger keeps no secret: neither in the message nor in the tokens', async () => {
    const { world: one, desk } = await start();
    desk.add(SUBJECT, { name: '小陈', email: 'ops@owner.example', phone: '13800000088' }, one.now());
    await one.settle();
    const dump =
      JSON.stringify(one.ledger.connection.sqlite.prepare('SELECT * FROM messages').all()) +
      JSON.stringify(one.ledger.connection.sqlite.prepare('SELECT * FROM contact_tokens').all());
    expect(dump).not.toContain(tokenOf(one));
    expect(dump).not.toContain(codeOf(one));
    expect(dump).toContain('one-time-secret');
  });

  it('are at most fifteen, and have usable addresses', async () => {
    const { world: one, desk } = await start();
    for (let index = 0; index < 15; index++)
      desk.add(SUBJECT, { name: `人${index}`, email: `p${index}@owner.example` }, one.now());
    expect(() => desk.add(SUBJECT, { name: '十六', email: 'p16@owner.example' }, one.now())).toThrow(
      /15 extra contacts/,
    );
    const [first] = one.ledger.contacts.extras(1);
    desk.remove(first?.id as number, one.now());
    desk.add(SUBJECT, { name: '十六', email: 'p16@owner.example' }, one.now());
    expect(() => desk.change(2, { email: 'no address' }, one.now())).toThrow(/cannot be used/);
    expect(() => desk.add('京ICP备1号', { name: 'x', email: 'x@y.cn' }, one.now())).toThrow(/no subject/);
  });
});

describe('addresses', () => {
  it.each([
    ['13800000000', '13800000000'],
    ['+86 138-0000-0000', '13800000000'],
    ['0086 13800000000', '13800000000'],
    ['12800000000', null],
    ['1380000000', null],
    ['010-12345678', null],
    ['13800000000,13900000000', null],
    [null, null],
  ])('mobile %s is %s', (text, expected) => expect(mobileOf(text)).toBe(expected));

  it.each([
    ['li@owner.example', 'li@owner.example'],
    [' li@owner.example ', 'li@owner.example'],
    ['li@owner.example,evil@x.cn', null],
    ['li@owner.example\nBcc: evil@x.cn', null],
    ['"li"@owner.example', null],
    ['li@localhost', null],
    ['@owner.example', null],
  ])('e-mail %j is %s', (text, expected) => expect(emailOf(text)).toBe(expected));
});

describe('renewal reminders (R3.7)', () => {
  it('come at the window, then at 30, 7 and 1 days, once each, and not after a renewal', async () => {
    const { world: one, siteId } = await start();
    const expires = '2026-05-31';
    const say = (): void => {
      const daysLeft = Math.floor((at(`${expires} 00:00`) - one.now()) / 86_400_000);
      one.set(siteId, 'domain-expiry', 'warn', [
        {
          code: 'expiring',
          severity: 'warn',
          about: 'site-1.cn',
          params: { domain: 'site-1.cn', expiresAt: expires, daysLeft, threshold: 90 },
          evidence: [],
        },
      ]);
      one.look(siteId);
    };
    for (let day = 2; day <= 85; day++) {
      await one.until(
        new Date(at('2026-03-01 10:00') + day * 86_400_000 + 8 * 3_600_000)
          .toISOString()
          .slice(0, 16)
          .replace('T', ' '),
      );
      say();
    }
    one.set(siteId, 'domain-expiry', 'pass');
    one.look(siteId);
    await one.until('2026-06-02 10:00');
    const told = one.channels.sms.sent.filter(
      ({ message }) => message.kind === 'renewal' && message.recipient === '13800000001',
    );
    expect(
      told.map(({ at: when, message }) => [
        new Date(when + 8 * 3_600_000).toISOString().slice(0, 10),
        message.content.sms?.params['days'],
      ]),
    ).toEqual([
      ['2026-03-03', '88'],
      ['2026-04-30', '30'],
      ['2026-05-23', '7'],
    ]);
  });
});
