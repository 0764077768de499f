import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { letterHtml, letterText } from '../../src/notify/letter.ts';
import {
  fillSms,
  MAX_PARAM_CHARACTERS,
  MAX_TEXT_CHARACTERS,
  SMS_TEMPLATES,
  smsValue,
} from '../../src/notify/sms-templates.ts';
import { CaseWorld } from '../support/case-world.ts';

let world: CaseWorld | null = null;
afterEach(() => {
  world?.close();
  world = null;
});

const persons = (index: number) => [
  {
    role: 'site-head' as const,
    name: `人${index}`,
    phone: `138${String(index).padStart(8, '0')}`,
    email: `p${index}@owner.example`,
  },
];

describe('stops and caps', () => {
  it('the mass-send stop holds everything to owners until an admin looks, and nothing is lost', async () => {
    world = await CaseWorld.open('2026-03-02 10:00', { notices: { maxPerHour: 20 } });
    for (let index = 1; index <= 30; index++) {
      const siteId = world.addSite(index, { persons: persons(index) });
      world.set(siteId, 'empty-shell', 'fail');
      world.look(siteId);
    }
    await world.until('2026-03-02 12:00');
    const sent = (): number =>
      (world as CaseWorld).channels.email.sent.length + (world as CaseWorld).channels.sms.sent.length;
    expect(sent()).toBe(20);
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain('hold-notices');
    await world.until('2026-03-03 12:00');
    expect(sent()).toBe(20);
    for (let hour = 13; hour <= 16; hour++) {
      world.ledger.release('notices', world.now());
      await world.until(`2026-03-03 ${hour}:00`);
    }
    expect(sent()).toBe(60);
  });

  it('one number gets five SMS a day at most; the sixth comes the next morning', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    for (let index = 1; index <= 7; index++) {
      const siteId = world.addSite(index, { persons: persons(1) });
      world.set(siteId, 'empty-shell', 'fail');
      world.look(siteId);
      await world.until(`2026-03-02 ${10 + index}:00`);
    }
    const days = world.channels.sms.sent.map(({ at }) => new Date(at + 8 * 3_600_000).toISOString().slice(0, 13));
    expect(days).toHaveLength(5);
    await world.until('2026-03-03 09:00');
    expect(world.channels.sms.sent).toHaveLength(6);
    expect(world.channels.sms.sent[5]?.message.content.sms?.params['count']).toBe('2');
  });

  it('a held sweep stops what accuses, and lets the rest go', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    const siteId = world.addSite();
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-03-02 11:00');
    const held = world.ledger.sweeps.open('scheduled', world.now());
    world.ledger.sweeps.setState(held, 'held', { en: 'too many failures', zh: '失败过多' }, world.now());
    await world.until('2026-03-18 10:00');
    expect(world.case().state).toBe('open');
    expect(new Set(world.channels.email.sent.map(({ message }) => message.kind))).toEqual(new Set(['found']));
    world.ledger.sweeps.setState(held, 'discarded', null, world.now());
    await world.until('2026-03-18 13:00');
    expect(world.case().state).toBe('enforcement-asked');
  });

  it('enforcement stops at its daily cap until an admin looks; giving access back never waits', async () => {
    world = await CaseWorld.open('2026-03-02 10:00', {
      enforcement: { maxPerDay: 3, approvals: { 'restrict-access': 0, 'cancel-access': 1 } },
    });
    const sites = [1, 2, 3, 4, 5].map((index) => (world as CaseWorld).addSite(index, { persons: persons(index) }));
    for (const siteId of sites) {
      world.set(siteId, 'empty-shell', 'fail');
      world.look(siteId);
    }
    await world.until('2026-03-18 09:00');
    expect(world.acts).toHaveLength(3);
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain('hold-enforcement');
    const restricted = world.cases().find(({ state }) => state === 'restricted');
    world.set(restricted?.siteId as number, 'empty-shell', 'pass');
    world.look(restricted?.siteId as number);
    await world.until('2026-03-18 09:30');
    expect(world.acts.map(({ body }) => body['act'])).toEqual([
      'restrict-access',
      'restrict-access',
      'restrict-access',
      'restore-access',
    ]);
    await world.until('2026-03-19 09:00');
    expect(world.acts).toHaveLength(4);
    world.ledger.release('enforcement', world.now());
    await world.until('2026-03-19 10:00');
    expect(world.acts).toHaveLength(6);
  });

  it('tells the admins of an alert once, and of the day once', async () => {
    world = await CaseWorld.open('2026-03-02 08:00', {
      notices: { admins: { emails: ['admin@cloud.example'], robots: [] } },
    });
    world.ledger.raiseAlert(
      'blind-empty-shell',
      { en: 'almost nothing could be observed', zh: '几乎全部未能观测' },
      world.now(),
    );
    for (const time of ['2026-03-02 08:10', '2026-03-02 09:10', '2026-03-02 12:00', '2026-03-03 09:30']) {
      await world.until(time);
      world.consequences.tick();
      await world.settle();
    }
    const sent = world.channels.email.sent.filter(({ message }) => message.recipient === 'admin@cloud.example');
    expect(sent.map(({ message }) => message.kind)).toEqual(['admin-alert', 'admin-digest', 'admin-digest']);
  });
});

describe('texts', () => {
  it('SMS stay inside what both gateways take, whatever the site is called', () => {
    for (const [key, { params }] of Object.entries(SMS_TEMPLATES)) {
      const longest = Object.fromEntries(params.map((name) => [name, smsValue('备'.repeat(80))]));
      expect(Object.values(longest).every((value) => value.length <= MAX_PARAM_CHARACTERS)).toBe(true);
      const text = fillSms(key as keyof typeof SMS_TEMPLATES, longest, {
        signature: '某云备案',
        portalUrl: 'https://beian.cloud.example',
      });
      expect.soft(text.length, key).toBeLessThanOrEqual(MAX_TEXT_CHARACTERS);
      expect.soft(text).not.toMatch(/\$\{|https?:/);
    }
  });

  it.each([
    ['域名 site-1.com 已于 2026-11-01 过期', '域名已于2026-11-01过期'],
    ['备案域名均未解析到本服务商中国内地服务器（空壳网站）', '备案域名均未解析到本服务商中国内地服务器'],
    ['链接 https://evil.cn/a?b 【点击】', '链接点击'],
  ])('an SMS variable holds no domain, link or bracket: %s', (text, expected) => expect(smsValue(text)).toBe(expected));

  it('HTML shows what strangers wrote, and runs none of it', () => {
    const letter = {
      subject: '<script>alert(1)</script>',
      greeting: '"<b>',
      lead: "'&",
      blocks: [
        {
          heading: '<img src=x onerror=1>',
          findings: [
            {
              title: '<a href=x>',
              evidence: [{ label: '<i>', value: '<svg/onload=1>' }],
              remedy: '<a href="https://beian.miit.gov.cn/">京ICP备1号</a>',
            },
          ],
        },
      ],
      footer: ['</div><script>'],
    };
    const html = letterHtml(letter);
    expect(html).not.toMatch(/<script|<img|<svg|<i>|<b>|<a href=x/);
    expect(letterText(letter)).toContain('<a href="https://beian.miit.gov.cn/">京ICP备1号</a>');
  });

  it.each([
    ['notices: { live: true }', { notices: { live: true } }, /neither notices\.email\.host nor notices\.sms\.provider/],
    [
      'enforcement without notices',
      { enforcement: { live: true } },
      /enforcement\.live is on while notices\.live is off/,
    ],
    ['SMS without key', { notices: { sms: { provider: 'aliyun' } } }, /without its key/],
    [
      'a look never fresh',
      { cases: { freshLookMs: 60_000 } },
      /no look could ever be fresh|shorter than a confirmation/,
    ],
  ])('configuration that would surprise is refused: %s', (_, overrides, said) => {
    expect(() => loadConfig({ env: {}, overrides })).toThrow(said);
  });

  it('secrets come from the environment or from files', () => {
    const { settings, origin } = loadConfig({
      env: { PATROL_SMS_KEY_ID: 'id', PATROL_SMS_KEY_SECRET_FILE: import.meta.filename },
    });
    expect(settings.notices.sms.keyId).toBe('id');
    expect(settings.notices.sms.keySecret).toContain('secrets come from');
    expect(origin.join()).not.toContain('secrets come from');
    expect(() => loadConfig({ env: { PATROL_SMTP_PASSWORD_FILE: '/nowhere' } })).toThrow(/PATROL_SMTP_PASSWORD_FILE/);
  });
});
