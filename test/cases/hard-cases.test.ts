import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { WorkCalendar } from '../../src/calendar/workdays.ts';
import type { Actor } from '../../src/cases/types.ts';
import { loadConfig } from '../../src/config.ts';
import { smtpFailure } from '../../src/notify/channels/email.ts';
import { at, CaseWorld } from '../support/case-world.ts';
import { openDeliveryWorld } from '../support/delivery-world.ts';

const OWNER: Actor = { kind: 'owner', name: 'owner' };
const ADMIN: Actor = { kind: 'admin', name: 'admin' };

let world: CaseWorld | null = null;
let open: Awaited<ReturnType<typeof openDeliveryWorld>> | null = null;
afterEach(async () => {
  world?.close();
  world = null;
  await open?.close();
  open = null;
});

async function found(
  overrides: object = {},
  check = 'empty-shell',
  programmes?: Parameters<typeof CaseWorld.open>[2],
): Promise<{ world: CaseWorld; siteId: number; code: string }> {
  world = await CaseWorld.open('2026-03-02 10:00', overrides, programmes);
  const siteId = world.addSite();
  world.set(siteId, check, 'fail');
  world.look(siteId);
  return { world, siteId, code: world.case().code };
}

/** What the access system was asked, in order. */
const acts = (one: CaseWorld): unknown[] => one.acts.map(({ body }) => body['act']);
const smsKinds = (one: CaseWorld): string[] => one.channels.sms.sent.map(({ message }) => message.kind);

describe('sent once, in doubt too', () => {
  it('two SMS of unknown fate to one number, one taken and one not: each arrives once (Tencent shows no context)', async () => {
    open = await openDeliveryWorld('tencent');
    const { world: one, wires } = open;
    const persons = [{ role: 'site-head' as const, name: '李四', phone: '13800000002', email: null }];
    const faults = ['reset-before', 'accept-then-reset'] as const;
    let sent = 0;
    wires.sms.send = () => faults[sent++] ?? 'ok';
    wires.sms.receipt = () => 'late';
    for (const index of [1, 2]) {
      const siteId = one.addSite(index, { persons });
      one.set(siteId, 'empty-shell', 'fail');
      one.look(siteId);
      await one.until(`2026-11-23 10:0${index}`);
    }
    await one.until('2026-11-23 16:00');
    const ids = wires.sms.taken.map(({ correlationId }) => correlationId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(2);
  });

  it('two runs at once, as after a stall, send each message once', async () => {
    open = await openDeliveryWorld('aliyun');
    const { world: one, wires } = open;
    for (let index = 1; index <= 12; index++) {
      const siteId = one.addSite(index, {
        persons: [
          { role: 'site-head', name: '李四', phone: `1380000${1000 + index}`, email: `p${index}@owner.example` },
        ],
      });
      one.set(siteId, 'empty-shell', 'fail');
      one.look(siteId);
    }
    await Promise.all([
      one.consequences.run('deliver'),
      one.consequences.run('deliver'),
      one.consequences.run('deliver'),
    ]);
    await one.until('2026-11-23 11:00');
    expect(wires.sms.taken).toHaveLength(12);
    expect(wires.mail.mails).toHaveLength(12);
  });

  it('what waited for a retry is not sent once it is not true any more', async () => {
    const { world: one, siteId } = await found();
    one.channels.sms.answer = () => ({
      kind: 'refused',
      code: 'isv.AMOUNT_NOT_ENOUGH',
      message: '余额不足',
      blame: 'settings',
    });
    await one.until('2026-03-02 11:00');
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    one.channels.sms.answer = () => ({ kind: 'accepted', providerId: null });
    const before = one.channels.sms.sent.length;
    await one.until('2026-03-05 12:00');
    expect(one.case().state).toBe('resolved');
    expect(one.channels.sms.sent.slice(before).filter(({ message }) => message.kind === 'found')).toEqual([]);
  });

  it('the period runs from the day a retry arrived, and the text says so', async () => {
    const { world: one } = await found({ notices: { email: { host: null } } });
    one.channels.sms.answer = () => ({
      kind: 'not-sent',
      code: 'ECONNREFUSED',
      message: 'down',
      retryAfterMs: 6 * 3_600_000,
    });
    await one.until('2026-03-04 09:00');
    expect(one.case().toldAt).toBeNull();
    one.channels.sms.answer = () => ({ kind: 'accepted', providerId: null });
    await one.until('2026-03-04 18:00');
    expect(one.case().deadlineAt).toBe(at('2026-03-19 24:00'));
    expect(one.channels.sms.sent.at(-1)?.message.content.sms?.params['deadline']).toBe('3月19日24:00');
  });

  it('switched off means that nothing more leaves, of old cases neither', async () => {
    const { world: one } = await found();
    await one.until('2026-03-02 12:00');
    const before = one.channels.sms.sent.length + one.channels.email.sent.length;
    Object.assign(one.config.settings.notices, { live: false });
    await one.until('2026-03-16 12:00');
    expect(one.channels.sms.sent.length + one.channels.email.sent.length).toBe(before);
  });

  it('an address known to be dead leads to the next person in later cases too', async () => {
    world = await CaseWorld.open('2026-03-02 10:00', { notices: { email: { host: null } } });
    const one = world;
    one.ledger.contacts.markDead({
      channel: 'sms',
      address: '13800000002',
      code: 'INVALID_NUMBER',
      reason: '空号',
      since: one.now(),
      messageId: null,
    });
    const siteId = one.addSite(1, {
      persons: [{ role: 'site-head', name: '李四', phone: '13800000002', email: null }],
    });
    one.addSite(2, {
      siteNumber: '京ICP备2021000001号-2',
      persons: [{ role: 'site-head', name: '王五', phone: '13800000003', email: null }],
    });
    one.set(siteId, 'empty-shell', 'fail');
    one.look(siteId);
    await one.until('2026-03-02 11:00');
    expect(one.channels.sms.sent.map(({ message }) => message.recipient)).toEqual(['13800000003']);
    expect(one.case().toldAt).not.toBeNull();
  });

  it('three sites restricted in one night are told in three SMS, each with its own number', async () => {
    world = await CaseWorld.open('2026-03-02 10:00', {
      enforcement: { approvals: { 'restrict-access': 0, 'cancel-access': 1 } },
      notices: { perAddressPerDay: { sms: 50, email: 50 } },
    });
    const persons = [{ role: 'site-head' as const, name: '李四', phone: '13800000002', email: null }];
    for (const index of [1, 2, 3]) {
      const siteId = world.addSite(index, { persons });
      world.set(siteId, 'empty-shell', 'fail');
      world.look(siteId);
    }
    await world.until('2026-03-18 12:00');
    const enforced = world.channels.sms.sent.filter(({ message }) => message.kind === 'enforced');
    expect(new Set(enforced.map(({ message }) => message.content.sms?.params['number'])).size).toBe(3);
  });

  it.each([
    [
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message: '550 5.1.1 no such user' },
      'refused',
      'address',
    ],
    [
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message: '550 Mailbox not found' },
      'refused',
      'address',
    ],
    [
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message: '550 Ip frequency limited' },
      'not-sent',
      undefined,
    ],
    [
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message: '550 RP:QRC 1.2.3.4' },
      'not-sent',
      undefined,
    ],
    [
      { code: 'EENVELOPE', command: 'RCPT TO', responseCode: 552, message: '552 5.2.2 mailbox full' },
      'not-sent',
      undefined,
    ],
    [{ code: 'EENVELOPE', command: 'RCPT TO', responseCode: 550, message: '550 5.7.1 blocked' }, 'refused', 'content'],
    [{ code: 'ETLS', command: 'STARTTLS', responseCode: 502, message: '502 no TLS here' }, 'refused', 'settings'],
    [{ code: 'EAUTH', command: 'AUTH PLAIN', responseCode: 535, message: '535 5.7.8 no' }, 'refused', 'settings'],
    [{ code: 'ECONNECTION', command: 'CONN', message: 'Connection closed unexpectedly' }, 'unknown', undefined],
    [
      { code: 'ESOCKET', command: 'CONN', originalCode: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
      'not-sent',
      undefined,
    ],
  ])('SMTP %j is %s', (error, kind, blame) => {
    const outcome = smtpFailure(Object.assign(new Error(error.message), error));
    expect([outcome.kind, 'blame' in outcome ? outcome.blame : undefined]).toEqual([kind, blame]);
  });
});

describe('acts in doubt', () => {
  it('a restriction of unknown fate, then mended: given back, and never asked for again', async () => {
    const { world: one, siteId, code } = await found();
    await one.until('2026-03-18 09:00');
    one.act = () => ({ kind: 'retry', message: 'timeout' });
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.act = () => ({ kind: 'done', receipt: 'r' });
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    await one.until('2026-03-19 12:00');
    expect(one.case().state).toBe('resolved');
    expect(acts(one)).toEqual(['restrict-access', 'restore-access']);
  });

  it('a pending restriction that takes effect after the case ended is given back', async () => {
    const { world: one, siteId, code } = await found();
    await one.until('2026-03-18 09:00');
    one.act = ({ act }) =>
      act === 'restore-access' ? { kind: 'done', receipt: 'r2' } : { kind: 'pending', receipt: 'r1' };
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    await one.settle();
    expect(one.case().state).toBe('resolved');
    one.act = () => ({ kind: 'done', receipt: 'r3' });
    await one.until('2026-03-18 12:00');
    expect(acts(one)).toEqual(['restrict-access', 'restore-access', 'restore-access']);
  });

  it('a retried act is held, and looked at, as hard as the first', async () => {
    const { world: one, siteId, code } = await found();
    await one.until('2026-03-18 09:00');
    one.act = () => ({ kind: 'retry', message: 'timeout' });
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.ledger.enforcements.hold('enforcement', 'maintenance', 'admin', one.now());
    one.set(siteId, 'empty-shell', 'inconclusive');
    await one.until('2026-03-19 09:00');
    expect(acts(one)).toHaveLength(1);
    one.ledger.release('enforcement', one.now());
    await one.until('2026-03-19 20:00');
    expect(acts(one)).toHaveLength(1);
  });

  it('a refused restore is asked for again every day, or by an admin', async () => {
    const { world: one, siteId, code } = await found();
    await one.until('2026-03-18 09:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.act = () => ({ kind: 'refused', message: 'HTTP 401' });
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    await one.until('2026-03-18 10:00');
    expect(one.case().state).toBe('lifting');
    expect(one.ledger.openAlerts().map(({ key }) => key)).toContain(`act-${one.case().id}`);
    one.desk.restore(code, '密钥已更换', ADMIN, one.now());
    await one.settle();
    one.act = () => ({ kind: 'done', receipt: 'r' });
    await one.until('2026-03-19 12:00');
    expect(one.case().state).toBe('resolved');
  });

  it('one case put right does not lift what another case restricts', async () => {
    const { world: one, siteId } = await found();
    one.set(siteId, 'domain-expiry', 'fail');
    one.look(siteId);
    await one.until('2026-03-18 09:00');
    for (const record of one.cases()) one.desk.approve(record.code, ADMIN, one.now());
    await one.settle();
    expect(acts(one)).toEqual(['restrict-access', 'restrict-access']);
    one.set(siteId, 'domain-expiry', 'pass');
    one.look(siteId);
    await one.settle();
    expect(one.cases().map(({ state }) => state)).toEqual(['restricted', 'resolved']);
    expect(acts(one)).toHaveLength(2);
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    await one.settle();
    expect(acts(one)).toEqual(['restrict-access', 'restrict-access', 'restore-access']);
  });

  it('our own block page acquits nobody, as it accuses nobody', async () => {
    const { world: one, siteId, code } = await found({}, 'icp-footer');
    await one.until('2026-03-17 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.set(siteId, 'icp-footer', 'pass');
    one.set(siteId, 'reachability', 'fail', []);
    await one.until('2026-03-20 12:00');
    expect(one.case().state).toBe('restricted');
  });

  it('with cancelling alone, a page check is still looked at before, and the act follows', async () => {
    const { programmes } = loadConfig({ env: {} });
    const direct = structuredClone(programmes);
    for (const policy of direct.programmes['special-verification']?.policies ?? []) policy.acts = ['cancel-access'];
    const { world: one, code } = await found({}, 'icp-footer', direct);
    await one.until('2026-03-17 10:00');
    expect(one.case().state).toBe('cancellation-asked');
    one.desk.approve(code, ADMIN, one.now());
    await one.until('2026-03-17 12:00');
    expect([one.case().state, acts(one)]).toEqual(['cancelled', ['cancel-access']]);
  });

  it('an approval can be taken back until it is submitted', async () => {
    const { world: one, siteId, code } = await found();
    await one.until('2026-03-18 09:00');
    one.set(siteId, 'empty-shell', 'inconclusive');
    one.desk.approve(code, ADMIN, one.now());
    await one.until('2026-03-18 12:00');
    expect(acts(one)).toEqual([]);
    expect(one.desk.decline(code, '先不处理', ADMIN, one.now()).state).toBe('overdue');
    one.set(siteId, 'empty-shell', 'fail');
    await one.until('2026-03-24 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    expect(() => one.desk.decline(code, 'x', ADMIN, one.now())).toThrow(/not possible|submitted already/);
    expect(acts(one)).toEqual(['restrict-access']);
  });

  it('an act that comes to its end after the filing left does not hold up others', async () => {
    const { world: one, code } = await found();
    await one.until('2026-03-18 09:00');
    one.act = () => ({ kind: 'retry', message: 'timeout' });
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.addSite(1, { state: 'revoked' });
    one.act = () => ({ kind: 'pending', receipt: 'r' });
    await one.until('2026-03-19 09:00');
    expect(one.case().state).toBe('closed');
    expect(one.ledger.enforcements.nextDueAt()).toBeNull();
  });
});

describe('time in doubt', () => {
  it('a calendar that arrives counts the period and its extension anew', async () => {
    world = await CaseWorld.open('2026-12-21 10:00');
    const siteId = world.addSite();
    world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
    await world.until('2026-12-23 10:00');
    world.desk.askExtension(
      world.case().code,
      { reason: 'person-travelling', description: '', workingDays: 5 },
      OWNER,
      world.now(),
    );
    expect([world.case().deadlineAt, world.case().deadlineProvisional]).toEqual([at('2027-01-12 24:00'), true]);
    const years = { 2027: { holidays: ['2027-01-01', '2027-01-04', '2027-01-05', '2027-01-11'], workdays: [] } };
    Object.assign(world.keeper.rules, { calendar: new WorkCalendar({ version: 't', years }) });
    await world.until('2026-12-25 12:00');
    // Ten working days end on 7 January then, and five more on the 15th: 8, 12, 13, 14, 15.
    expect([world.case().deadlineAt, world.case().deadlineProvisional]).toEqual([at('2027-01-15 24:00'), false]);
  });

  it('what happened on paper costs the owner nothing once notices are live', async () => {
    const { world: one, code } = await found({
      notices: { live: false, email: { host: null }, sms: { provider: null } },
      enforcement: { live: false },
    });
    await one.until('2026-03-18 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.desk.appeal(code, { reason: 'filing-correct', description: '' }, OWNER, one.now());
    one.desk.judgeAppeal(code, false, '演练', ADMIN, one.now());
    Object.assign(one.config.settings.notices, { live: true });
    Object.assign(one.config.settings.notices.sms, { provider: 'aliyun' });
    await one.until('2026-03-20 12:00');
    expect(one.case()).toMatchObject({
      state: 'open',
      appeals: 0,
      extensions: 0,
      restrictedAt: null,
      cancelDueAt: null,
      dryRun: false,
    });
    expect(smsKinds(one)).toEqual(['found', 'found']);
    expect(acts(one)).toEqual([]);
  });

  it('a check put into shadow mode accuses no more, and its pass still counts', async () => {
    const { world: one, siteId } = await found();
    await one.until('2026-03-02 12:00');
    Object.assign(one.config.settings.checks['empty-shell'] as object, { shadow: true });
    await one.until('2026-03-18 12:00');
    expect(one.case().state).toBe('open');
    expect(new Set(smsKinds(one))).toEqual(new Set(['found']));
    one.set(siteId, 'empty-shell', 'pass');
    await one.until('2026-03-20 12:00');
    expect(one.case().state).toBe('resolved');
  });

  it('nothing people wrote stands in the history with addresses in clear', async () => {
    const { world: one, code } = await found();
    one.desk.note(code, '已致电 13912345678，邮箱 boss@corp.cn，身份证 110101199003071234', ADMIN, one.now());
    const text = JSON.stringify(one.ledger.cases.events(one.case().id));
    expect(text).not.toMatch(/13912345678|boss@corp|110101199003071234/);
    expect(text).toContain('139****5678');
  });

  it('a case that ended leaves no alert of its own behind', async () => {
    const { world: one, siteId } = await found();
    await one.until('2026-03-18 10:00');
    expect(one.ledger.openAlerts()).toHaveLength(1);
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    expect(one.ledger.openAlerts()).toEqual([]);
  });

  it('a re-check somebody asked for has its answer in the history, whatever it was', async () => {
    const { world: one, siteId, code } = await found();
    one.desk.askRecheck(code, OWNER, one.now());
    await one.settle();
    await one.until('2026-03-02 12:00');
    one.set(siteId, 'empty-shell', 'inconclusive');
    one.desk.askRecheck(code, OWNER, one.now());
    await one.settle();
    const answers = one.ledger.cases.events(one.case().id).filter(({ move }) => move === 'recheck-answered');
    expect(answers.map(({ data }) => data['result'])).toEqual(['仍未通过', '未能取得结果']);
  });
});

describe('a wrong programmes file is refused, naming the place', () => {
  it.each([
    [
      'a check that does not exist',
      (policy: Policy) => ({ ...policy, checks: ['empty-shel'] }),
      /no check empty-shel: known are/,
    ],
    ['a date that does not exist', (policy: Policy) => ({ ...policy, from: '2026-13-01' }), /is a date/],
    [
      'acts the wrong way round',
      (policy: Policy) => ({ ...policy, acts: ['cancel-access', 'restrict-access'] }),
      /restricts first/,
    ],
    [
      'six working days of extension',
      (policy: Policy) => ({ ...policy, extension: { times: 1, maxWorkingDays: 6 } }),
      /at most 5 working days/,
    ],
    ['two kinds of days', (policy: Policy) => ({ ...policy, remediation: { days: 15, workingDays: 3 } }), /not both/],
  ])('%s', (_, change, said) => {
    const programmes = structuredClone(loadConfig({ env: {} }).programmes) as unknown as {
      programmes: Record<string, { policies: Policy[] }>;
    };
    const shell = programmes.programmes['empty-shell'];
    if (shell === undefined) throw new Error('no programme');
    shell.policies = shell.policies.map((policy) => (change as (policy: Policy) => Policy)(policy));
    const folder = mkdtempSync(join(tmpdir(), 'beian-programmes-'));
    const file = join(folder, 'programmes.yaml');
    writeFileSync(file, stringify(programmes));
    try {
      expect(() => loadConfig({ env: {}, overrides: { cases: { programmes: file } } })).toThrow(said);
      expect(() => loadConfig({ env: {}, overrides: { cases: { programmes: '/nowhere.yaml' } } })).toThrow(
        /cases\.programmes/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

type Policy = Record<string, unknown>;
