import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { messagesTo, openDeliveryWorld } from '../support/delivery-world.ts';
import { headerOf, type MailFault } from '../world/mail-server.ts';
import type { ReceiptFault, SendFault } from '../world/sms-gateway.ts';

type World = Awaited<ReturnType<typeof openDeliveryWorld>>;
let open: World | null = null;
afterEach(async () => {
  await open?.close();
  open = null;
});

/** A shell found at a site whose only person has the two addresses. */
async function start(provider: 'aliyun' | 'tencent', overrides: object = {}, persons = 1): Promise<World> {
  open = await openDeliveryWorld(provider, overrides);
  const { world } = open;
  const people = [
    { role: 'site-head' as const, name: '李四', phone: '13800000002', email: 'li@owner.example' },
    { role: 'subject-head' as const, name: '张三', phone: '13800000001', email: 'zhang@owner.example' },
  ];
  const siteId = world.addSite(1, { persons: people.slice(0, persons) });
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  return open;
}

const SMS_FAULTS: [SendFault, { taken: number; state: string; requests?: RegExp }][] = [
  ['ok', { taken: 1, state: 'delivered' }],
  ['accept-then-hang', { taken: 1, state: 'delivered' }],
  ['accept-then-reset', { taken: 1, state: 'delivered' }],
  ['reset-before', { taken: 1, state: 'delivered' }],
  ['throttle', { taken: 1, state: 'delivered' }],
  ['internal-after-accept', { taken: 1, state: 'delivered' }],
  ['internal-before', { taken: 1, state: 'delivered' }],
  ['bad-number', { taken: 0, state: 'failed' }],
];

describe.each(['aliyun', 'tencent'] as const)('SMS by %s, really signed, over real sockets', (provider) => {
  it.each(SMS_FAULTS)('%s: sent once, whatever the wire says', async (fault, expected) => {
    const { world, wires } = await start(provider);
    let first = true;
    wires.sms.send = () => {
      if (!first) return 'ok';
      first = false;
      return fault;
    };
    await world.until('2026-11-23 13:00');
    expect(wires.sms.unsigned).toEqual([]);
    expect(wires.sms.taken).toHaveLength(expected.taken);
    const [message] = messagesTo(world, '13800000002');
    expect(message?.state).toBe(expected.state);
    if (expected.taken > 0) expect(wires.sms.taken[0]?.correlationId).toBe(message?.correlationId);
  });

  it.each<[ReceiptFault, string]>([
    ['delivered', 'delivered'],
    ['double', 'delivered'],
    ['late', 'delivered'],
    ['failed', 'failed'],
    ['dead-number', 'failed'],
    ['missing', 'accepted'],
  ])('a receipt that is %s leaves the message %s, and is never a reason to send again', async (receipt, state) => {
    const { world, wires } = await start(provider);
    wires.sms.receipt = () => receipt;
    await world.until('2026-11-27 10:00');
    const [found] = messagesTo(world, '13800000002').filter(({ kind }) => kind === 'found');
    expect(found?.state).toBe(state);
    expect(found?.nextAt).toBeNull();
    expect(wires.sms.taken.filter(({ correlationId }) => correlationId === found?.correlationId)).toHaveLength(1);
    expect(world.ledger.contacts.dead('sms', '13800000002') !== null).toBe(receipt === 'dead-number');
  });

  it('waits and tells the admins when the gateway refuses our own settings, then goes on', async () => {
    const { world, wires } = await start(provider);
    wires.sms.send = () => 'bad-template';
    await world.until('2026-11-23 11:00');
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain('channel-sms');
    expect(world.ledger.contacts.dead('sms', '13800000002')).toBeNull();
    wires.sms.send = () => 'ok';
    await world.until('2026-11-23 18:00');
    expect(wires.sms.taken).toHaveLength(1);
  });

  it('refuses nothing silently when the secret is wrong', async () => {
    const { world, wires } = await start(provider, { notices: { sms: { keySecret: 'another' } } });
    await world.until('2026-11-23 10:30');
    expect(wires.sms.unsigned.length).toBeGreaterThan(0);
    expect(wires.sms.taken).toEqual([]);
    expect(messagesTo(world, '13800000002')[0]?.state).toBe('retry');
  });
});

const MAIL_FAULTS: [MailFault, { taken: number; state: string; possibleDuplicates: number }][] = [
  ['ok', { taken: 1, state: 'accepted', possibleDuplicates: 0 }],
  ['greylist', { taken: 1, state: 'accepted', possibleDuplicates: 0 }],
  ['accept-then-hang', { taken: 2, state: 'accepted', possibleDuplicates: 1 }],
  ['accept-then-reset', { taken: 2, state: 'accepted', possibleDuplicates: 1 }],
  ['reset-in-data', { taken: 1, state: 'accepted', possibleDuplicates: 1 }],
  ['reset-before-data', { taken: 1, state: 'accepted', possibleDuplicates: 1 }],
  ['no-such-user', { taken: 0, state: 'failed', possibleDuplicates: 0 }],
  ['refuse-content', { taken: 0, state: 'failed', possibleDuplicates: 0 }],
  ['policy', { taken: 0, state: 'failed', possibleDuplicates: 0 }],
];

describe('mail over a real SMTP conversation', () => {
  it.each(MAIL_FAULTS)('%s: never lost, every possible duplicate counted', async (fault, expected) => {
    const { world, wires } = await start('aliyun');
    wires.mail.fault = (_, attempt) => (attempt === 1 ? fault : 'ok');
    await world.until('2026-11-23 13:00');
    const mails = wires.mail.mails.filter(({ to }) => to === 'li@owner.example');
    expect(mails).toHaveLength(expected.taken);
    const [message] = messagesTo(world, 'li@owner.example');
    expect(message).toMatchObject({ state: expected.state, possibleDuplicates: expected.possibleDuplicates });
    // Every copy carries the same Message-ID, so that a mailbox shows one.
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBeLessThanOrEqual(1);
    expect(mails.length - 1).toBeLessThanOrEqual(expected.possibleDuplicates);
    expect(world.ledger.contacts.dead('email', 'li@owner.example') !== null).toBe(fault === 'no-such-user');
  });

  it('comes with TLS, both parts (risk, reason, remedy, deadline: R4.8), the sender and no foreign content', async () => {
    const { world, wires } = await start('aliyun');
    await world.until('2026-11-23 10:05');
    const [mail] = wires.mail.mails;
    expect(wires.mail.secureSessions).toBe(1);
    expect(mail?.subject).toMatch(/^【整改通知】京ICP备2021000001号-1（某某官网1）未通过空壳网站核查/);
    expect(mail?.raw).toMatch(/Content-Type: multipart\/alternative/);
    expect(mail?.raw).toMatch(/Auto-Submitted: auto-generated/i);
    const [message] = messagesTo(world, 'li@owner.example');
    expect(message?.content.html).not.toMatch(/<script|<img|src=|url\(/);
    expect(message?.content.text).toContain('北京某某科技有限公司1');
  });

  it('is signed with DKIM where a key is given', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'beian-dkim-'));
    const privateKeyFile = join(folder, 'dkim.pem');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    try {
      const dkim = { domainName: 'cloud.example', keySelector: 's1', privateKeyFile };
      const { world, wires } = await start('aliyun', { notices: { email: { dkim } } });
      await world.until('2026-11-23 10:05');
      expect(headerOf(wires.mail.mails[0]?.raw ?? '', 'DKIM-Signature')).toMatch(
        /a=rsa-sha256;.*d=cloud\.example;.*s=s1;/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('leaves a message that is refused to both channels of a person to the next person, then to the admins', async () => {
    const { world, wires } = await start('aliyun', {}, 1);
    // The same subject's other site has another person: the reserve.
    world.addSite(2, {
      siteNumber: '京ICP备2021000001号-2',
      persons: [{ role: 'site-head', name: '王五', phone: '13800000003', email: null }],
    });
    wires.mail.fault = () => 'no-such-user';
    wires.sms.send = (_, phone) => (phone === '13800000002' ? 'bad-number' : 'ok');
    await world.until('2026-11-23 11:00');
    expect(wires.sms.taken.map(({ phone }) => phone)).toEqual(['13800000003']);
    expect(world.ledger.contacts.allDead()).toHaveLength(2);
    wires.sms.send = () => 'bad-number';
    const other = world.addSite(3, {
      persons: [{ role: 'site-head', name: '赵六', phone: '13800000004', email: 'zhao@owner.example' }],
    });
    world.set(other, 'empty-shell', 'fail');
    world.look(other);
    await world.until('2026-11-23 12:00');
    const code = world.cases().find(({ siteId }) => siteId === other)?.code;
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain(`unreachable-${code}`);
  });
});

describe('one person with many sites', () => {
  it('gets one mail and one SMS a stage, and the message of each case says so', async () => {
    open = await openDeliveryWorld('aliyun', { notices: { digestMs: 600_000 } });
    const { world, wires } = open;
    const persons = [{ role: 'site-head' as const, name: '李四', phone: '13800000002', email: 'li@owner.example' }];
    for (let index = 1; index <= 30; index++) {
      const siteId = world.addSite(index, { siteNumber: `京ICP备2021000001号-${index}`, persons });
      world.set(siteId, 'empty-shell', 'fail');
      world.look(siteId);
    }
    await world.until('2026-11-23 11:00');
    expect(wires.sms.taken).toHaveLength(1);
    expect(wires.sms.taken[0]?.params).toContain('"count":"30"');
    expect(wires.mail.mails).toHaveLength(1);
    const [message] = messagesTo(world, 'li@owner.example');
    for (const { code } of world.cases()) expect(message?.content.text).toContain(code);
    expect(world.cases().every(({ toldAt }) => toldAt !== null)).toBe(true);
  });
});
