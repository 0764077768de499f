import { afterEach, beforeEach, expect, it } from 'vitest';
import { CaseWorld } from '../support/case-world.ts';

let world: CaseWorld;
beforeEach(async () => {
  world = await CaseWorld.open('2026-11-23 10:00');
});
afterEach(() => world.close());

const person = (role: 'subject-head' | 'site-head', name: string, phone: string) => ({
  role,
  name,
  phone,
  email: `${name}@x.example`,
});
const persons = (siteId: number) =>
  world.ledger.filed.persons(siteId, (mobile) => (mobile.startsWith('138') ? '北京' : null));

it('counts other subjects behind a mobile, active ones only', () => {
  const heads = [person('subject-head', 'a', '13800000001'), person('site-head', 'b', '+86 138-0000-0002')];
  const one = world.addSite(1, { persons: heads });
  world.addSite(2, { persons: heads });
  world.addSite(3, { persons: heads, state: 'revoked' });
  expect(persons(one)?.persons).toMatchObject([
    { role: 'subject-head', mobileOfOtherSubjects: 1, servesOtherSubjects: 1, mobileProvince: '北京' },
    { role: 'site-head', phone: 'mobile', mobileOfOtherSubjects: 1, servesOtherSubjects: 1 },
  ]);
});

it.each([
  ['13800000001', 'mobile'],
  ['+86 13800000001', 'mobile'],
  ['010-62345678', 'landline'],
  ['086-0535-6700763', 'landline'],
  ['400-800-8000', 'landline'],
  ['12345', 'invalid'],
  ['无', 'invalid'],
  ['', 'missing'],
])('%s is %s', (phone, form) => {
  const siteId = world.addSite(1, { persons: [person('subject-head', 'a', phone)] });
  expect(persons(siteId)?.persons[0]?.phone).toBe(form);
});

it('knows what delivery learned', () => {
  const siteId = world.addSite(1, { persons: [person('subject-head', 'a', '13800000001')] });
  world.ledger.contacts.markDead({
    channel: 'sms',
    address: '13800000001',
    code: 'X',
    reason: 'no such number',
    since: 1,
    messageId: null,
  });
  world.ledger.contacts.markDead({
    channel: 'email',
    address: 'a@x.example',
    code: '550',
    reason: 'no such user',
    since: 1,
    messageId: null,
  });
  expect(persons(siteId)?.persons[0]).toMatchObject({ phoneDead: true, emailDead: true });
});

it('compares heads with each other and with the legal representative', () => {
  const heads = [person('subject-head', '张 三', '13800000001'), person('site-head', '张三', '13800000001')];
  const siteId = world.addSite(1, { persons: heads, subjectDetails: { legalRepresentative: '李四' } });
  expect(persons(siteId)).toMatchObject({
    sameHead: true,
    headsShareMobile: false,
    subjectHeadIsLegalRepresentative: false,
  });
});

it('counts the sites of a server, whatever their state (R14)', () => {
  const siteId = world.addSite(1, { serverId: 'i-1' });
  world.addSite(2, { serverId: 'i-1', state: 'access-cancelled' });
  world.addSite(3, { serverId: 'i-2' });
  expect(world.ledger.filed.details(siteId)).toMatchObject({ sitesOnServer: 2 });
});

it('says nothing of persons but forms and counts', () => {
  const siteId = world.addSite(1);
  const text = JSON.stringify(persons(siteId));
  for (const secret of ['张三', '13800000001', 'zhang@owner.example']) expect(text).not.toContain(secret);
});
