import { afterEach, beforeEach, expect, it } from 'vitest';
import { at, CaseWorld } from '../support/case-world.ts';

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
  ['13800000001（微信同号）', 'mobile'],
  ['手机：138 0000 0001 张三', 'mobile'],
  ['13800000001.0', 'mobile'],
  ['010-62345678或13800000001', 'mobile'],
  ['013800000001', 'mobile'],
  ['86-10-62345678', 'landline'],
  ['010-62345678-801', 'landline'],
  ['010-62345678转801', 'landline'],
  ['(0755) 8888 8888', 'landline'],
  ['95588', 'landline'],
  ['无', 'missing'],
  ['暂无', 'missing'],
  ['--', 'missing'],
  ['1.38E+10', 'unreadable'],
  ['138****0001', 'unreadable'],
  ['00852 2345 6789', 'foreign'],
  ['+1 650 253 0000', 'foreign'],
  ['1380000000', 'invalid'],
  ['138000000012', 'invalid'],
  ['110101199001011234', 'invalid'],
  ['张三', 'unreadable'],
  ['同上', 'unreadable'],
  ['(138)00138000', 'mobile'],
  ['138（0013）8000', 'mobile'],
  ['138.0013.8000', 'mobile'],
  ['138/0013/8000', 'mobile'],
  ['13,800,138,000', 'mobile'],
  ['138  0013  8000', 'mobile'],
  ['138-0013 - 8000', 'mobile'],
  ['+8613800000001', 'mobile'],
  ['+15712345678', 'foreign'],
  ['+1571-234-5678', 'foreign'],
  ['+49 151 23456789', 'foreign'],
  ['+49-17612345678', 'foreign'],
  ['1-571-234-5678', 'foreign'],
  ['886-2-12345678', 'foreign'],
  ['138-xxxx-8000', 'unreadable'],
  ['138 XXXX 8000', 'unreadable'],
  ['0755-26001388(8020)', 'landline'],
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
  expect(persons(siteId)?.persons[0]).toMatchObject({ phoneDelivery: 'undelivered', emailDead: true });
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

it('a row is confirmed by every import, changed or not; a name is as old as its last change', async () => {
  const put = async (day: string, subjectName: string): Promise<number> => {
    await world.until(`${day} 10:00`);
    return world.addSite(1, { subjectName });
  };
  const siteId = await put('2026-12-01', '旧名称有限公司');
  const known = () => [
    world.ledger.filed.details(siteId)?.confirmedAt,
    world.ledger.filed.names(siteId)?.subjectNameSince,
  ];
  expect(known()).toEqual([at('2026-12-01 10:00'), '2026-12-01']);
  await put('2026-12-02', '旧名称有限公司');
  expect(known()).toEqual([at('2026-12-02 10:00'), '2026-12-01']);
  await put('2026-12-03', '新名称有限公司');
  // A list of that very day may still have the other one.
  expect(known()).toEqual([at('2026-12-03 10:00'), '2026-12-04']);
  await put('2026-12-04', '新名称有限责任公司');
  expect(known()).toEqual([at('2026-12-04 10:00'), '2026-12-04']);
});
