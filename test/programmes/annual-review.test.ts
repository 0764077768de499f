import { afterEach, describe, expect, it } from 'vitest';
import { AnnualReview } from '../../src/programmes/annual-review.ts';
import { campaignState, nextCampaignAt, revocationOn } from '../../src/programmes/campaign-clock.ts';
import { parseReport } from '../../src/programmes/report-message.ts';
import { at, CaseWorld, short } from '../support/case-world.ts';

let world: CaseWorld;
afterEach(() => world?.close());

const DRAFT = {
  name: '湖北省2026年度核查',
  province: '湖北',
  providerCode: '001',
  reportTo: '106509719767',
  opensOn: '2026-04-01',
  closesOn: '2026-05-31',
  lettersUntil: '2026-08-31',
};
const hubei = (world: CaseWorld, index: number, over: Parameters<CaseWorld['addSite']>[1] = {}): number =>
  world.addSite(index, {
    siteNumber: `鄂ICP备${2021000000 + index}号-1`,
    province: '湖北',
    persons: [
      { role: 'subject-head', name: `张${index}`, phone: `1390000000${index}`, email: `a${index}@owner.example` },
    ],
    ...over,
  });
const said = (world: CaseWorld, channel: 'email' | 'sms' = 'sms'): string[] =>
  world.channels[channel].sent.map(({ at: when, message }) => `${short(when)} ${message.kind} ${message.recipient}`);

describe('an owner’s message (R10)', () => {
  it.each([
    ['#001#鄂ICP备2021000001号-1#已更新#', '已更新'],
    ['＃001＃鄂ICP备2021000001号－1＃无变化＃', '无变化'],
    ['您好，#001#鄂ICP备2021000001号-1#没有变更#谢谢！', '无变化'],
    ['##001##鄂ICP备2021000001号-1##已修改##', '已更新'],
    ['#001#鄂ICP备2021000001号-1#已註銷。', '已注销'],
    ['“#001#鄂ICP备2021000001号-1#未变更#”', '无变化'],
    ['#001#鄂ICP备2021000001号-1#已注销', '已注销'],
    [' #001# 鄂ICP备2021000001号-1 # 已更新 # ', '已更新'],
    ['#001#鄂icp備2021000001號-1#無變化#', '无变化'],
  ])('%s', (text, status) =>
    expect(parseReport(text)).toMatchObject({ ok: true, report: { providerCode: '001', status } }),
  );
  it.each([
    ['已更新', '格式不符'],
    ['#001#鄂ICP备2021000001号#已更新#', '网站备案号不正确'],
    ['#abc#鄂ICP备2021000001号-1#已更新#', '接入商编号不正确'],
    ['#001#鄂ICP备2021000001号-1#好的#', '状态应为无变化、已更新或已注销'],
    ['#001#鄂ICP备2021****号-1#已更新#', '网站备案号不正确'],
    ['#001#鄂ICP备2021000001号-1#未注销#', '状态应为无变化、已更新或已注销'],
    ['#001#鄂ICP备2021000001号-1#已更新#001#鄂ICP备2021000001号-2#已更新#', '一条短信只能报送一个网站'],
    ['', '格式不符'],
  ])('%s is refused', (text, reason) => expect(parseReport(text)).toEqual({ ok: false, reason }));
});

describe('the clock of a campaign', () => {
  it.each([
    ['2026-04-01 08:59', 'planned'],
    ['2026-04-01 09:00', 'open'],
    ['2026-06-01 08:59', 'open'],
    ['2026-06-01 09:00', 'publicity'],
    ['2026-07-01 08:59', 'publicity'],
    ['2026-07-01 09:00', 'over'],
  ])('%s: %s', (when, state) => expect(campaignState({ ...DRAFT, publishedOn: '2026-06-01' }, at(when))).toBe(state));
  it('one month later, also where the month is shorter', () => {
    expect(revocationOn('2026-06-01')).toBe('2026-07-01');
    expect(revocationOn('2026-01-31')).toBe('2026-02-28');
    expect(revocationOn('2026-12-31')).toBe('2027-01-31');
  });
  it('nobody is to be revoked as long as the list is not public', () =>
    expect(campaignState({ ...DRAFT, publishedOn: null }, at('2027-01-01 00:00'))).toBe('publicity'));
  it('ends', () => expect(nextCampaignAt({ ...DRAFT, publishedOn: '2026-06-01' }, at('2026-09-02 00:00'))).toBeNull());
});

describe('a campaign’s life (R10, S2 §2.4)', () => {
  it('tells, reminds, takes reports, publishes, and lists for revocation', async () => {
    world = await CaseWorld.open('2026-03-15 10:00');
    const [one, two, three] = [hubei(world, 1), hubei(world, 2), hubei(world, 3)];
    world.addSite(9);
    hubei(world, 4, { licenceNumber: '鄂ICP证030173号' });
    const review = new AnnualReview(world.keeper);
    await review.create(DRAFT, world.now());
    await world.until('2026-04-01 12:00');
    expect(said(world)).toEqual([
      '04-01 09:00 review-open 13900000001',
      '04-01 09:00 review-open 13900000002',
      '04-01 09:00 review-open 13900000003',
    ]);
    expect(world.channels.sms.sent[0]?.message.content.sms?.text).toContain(
      '#001#鄂ICP备2021000001号-1#状态# 至106509719767',
    );
    const receive = (mobile: string, text: string, id: string) =>
      review.receive({ source: 'aliyun', externalId: id, mobile, text, receivedAt: world.now() }, world.now());
    expect(receive('13900000001', '#001#鄂ICP备2021000001号-1#已更新#', 'm1')).toBe('reported');
    expect(receive('13900000001', '#001#鄂ICP备2021000001号-1#已更新#', 'm1')).toBe('duplicate');
    await world.until('2026-06-01 08:00');
    await expect(review.publish(DRAFT.name, world.now())).rejects.toThrow(/is open/);
    await world.until('2026-06-01 10:00');
    // Nobody is told before an admin looked at the list.
    expect(said(world).filter((line) => line.includes('publicity'))).toEqual([]);
    expect(world.ledger.openAlerts().map(({ message }) => message)).toEqual([
      expect.stringMatching(/2 sites are on the publicity list .*patrol campaigns publish/),
    ]);
    expect(await review.publish(DRAFT.name, world.now())).toBe(2);
    await expect(review.publish(DRAFT.name, world.now())).rejects.toThrow(/is public since 2026-06-01/);
    expect(world.ledger.openAlerts()).toEqual([]);
    await world.until('2026-06-02 12:00');
    const owed = said(world).filter((line) => line.includes('13900000001'));
    expect(owed).toEqual(['04-01 09:00 review-open 13900000001', expect.stringContaining('review-reported')]);
    expect(said(world).filter((line) => line.includes('13900000002'))).toEqual([
      '04-01 09:00 review-open 13900000002',
      '05-01 09:00 review-reminder 13900000002',
      '05-24 09:00 review-reminder 13900000002',
      '05-28 09:00 review-reminder 13900000002',
      '05-30 09:00 review-reminder 13900000002',
      '06-01 10:00 review-publicity 13900000002',
    ]);
    const sites = (state: 'publicity' | 'revocation' | 'reported' | 'letter') =>
      [...world.ledger.campaigns.sites(review.find(DRAFT.name).id, state)].map(({ siteId }) => siteId);
    expect(sites('publicity')).toEqual([two, three]);
    review.letter(DRAFT.name, three, world.now());
    await expect(review.revoke(DRAFT.name, world.now())).rejects.toThrow(/has no revocation list yet/);
    await world.until('2026-09-02 12:00');
    expect([sites('reported'), sites('letter'), sites('revocation')]).toEqual([[one], [three], [two]]);
    expect(world.ledger.openAlerts().map(({ key }) => key)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^review-revocation-/)]),
    );
    // Whose letter the bureau has is known there: nobody is told before an admin handed the list over.
    expect(said(world).filter((line) => line.includes('review-revocation'))).toEqual([]);
    expect(await review.revoke(DRAFT.name, world.now())).toBe(1);
    await world.settle();
    expect(said(world, 'email').filter((line) => line.includes('review-revocation'))).toEqual([
      '09-02 12:00 review-revocation a2@owner.example',
    ]);
    expect(world.ledger.openAlerts()).toEqual([]);
    await expect(review.revoke(DRAFT.name, world.now())).rejects.toThrow(/was handed over on 2026-09-02/);
    // Nothing was told twice, and nothing is due any more.
    expect(new Set(said(world)).size).toBe(said(world).length);
    expect(review.find(DRAFT.name).dueAt).toBeNull();
  });

  it('published by another process while others were told: the month runs, and nobody is told after reporting', async () => {
    world = await CaseWorld.open('2026-03-15 10:00');
    for (let index = 1; index <= 3; index++) hubei(world, index);
    const review = new AnnualReview(world.keeper);
    const first = await review.create({ ...DRAFT, name: 'a' }, world.now());
    const second = await review.create({ ...DRAFT, name: 'b', closesOn: '2026-04-30' }, world.now());
    await world.until('2026-04-01 12:00');
    const now = at('2026-05-01 12:00');
    // What the worker read of `b` before it told those of `a`, and what an admin wrote meanwhile.
    const all = world.ledger.campaigns.all.bind(world.ledger.campaigns);
    world.ledger.campaigns.all = () => {
      const rows = all();
      world.ledger.campaigns.publish(second.id, '2026-05-01', now);
      world.ledger.campaigns.put(first.id, 1, 'reported', '已更新', now);
      return rows;
    };
    await review.tick(now);
    expect(world.ledger.campaigns.get(second.id)).toMatchObject({ publishedOn: '2026-05-01', state: 'publicity' });
    expect(world.ledger.campaigns.get(second.id)?.dueAt).toBe(at('2026-06-01 09:00'));
  });

  it('a site filed while it is open joins and is told once', async () => {
    world = await CaseWorld.open('2026-04-10 10:00');
    const review = new AnnualReview(world.keeper);
    await review.create(DRAFT, world.now());
    hubei(world, 1);
    await world.until('2026-04-20 12:00');
    expect(said(world)).toEqual(['04-11 09:00 review-open 13900000001']);
  });

  it('late after days of standing still: reminders that passed are not made up', async () => {
    world = await CaseWorld.open('2026-04-01 12:00');
    hubei(world, 1);
    const review = new AnnualReview(world.keeper);
    await review.create(DRAFT, world.now());
    await world.settle();
    const jump = at('2026-05-29 15:00');
    await review.tick(jump);
    await review.tick(jump);
    const kinds = world.ledger.outbox.notices(null, 100).map(({ stage }) => stage);
    expect(new Set(kinds)).toEqual(new Set(['open']));
  });

  it('a site that left is neither published nor revoked', async () => {
    world = await CaseWorld.open('2026-04-01 12:00');
    const gone = hubei(world, 1);
    const review = new AnnualReview(world.keeper);
    const { id } = await review.create(DRAFT, world.now());
    world.ledger.filings.leave(gone, 'revoked', world.now());
    await world.until('2026-09-10 00:00');
    expect(world.ledger.campaigns.totals(id)).toEqual([{ state: 'done', count: 1 }]);
    expect(said(world).filter((line) => /publicity|revocation/.test(line))).toEqual([]);
  });
});

describe('who is listened to, and what they learn', () => {
  const open = async (): Promise<AnnualReview> => {
    world = await CaseWorld.open('2026-04-02 10:00');
    hubei(world, 1);
    hubei(world, 2);
    const review = new AnnualReview(world.keeper);
    await review.create(DRAFT, world.now());
    await world.settle();
    world.channels.sms.sent.length = 0;
    return review;
  };
  const receive = (review: AnnualReview, mobile: string, text: string): string =>
    review.receive({ source: 'tencent', externalId: null, mobile, text, receivedAt: world.now() }, world.now());

  it('a stranger is not answered', async () => {
    const review = await open();
    expect(receive(review, '13511112222', '#001#鄂ICP备2021000001号-1#已更新#')).toBe('not-filed-mobile');
    await world.settle();
    expect(said(world)).toEqual([]);
  });
  it('an owner reporting another’s site hears the same words as for a number that is none', async () => {
    const review = await open();
    expect(receive(review, '13900000001', '#001#鄂ICP备2021000002号-1#已更新#')).toBe('not-filed-mobile');
    expect(receive(review, '13900000001', '#001#鄂ICP备2021999999号-1#已更新#')).toBe('unknown-site');
    await world.settle();
    const texts = world.channels.sms.sent.map(({ message }) => message.content.sms?.text);
    expect(texts).toHaveLength(2);
    expect(texts[0]).toBe(texts[1]);
  });
  it.each([
    ['#002#鄂ICP备2021000001号-1#已更新#', 'wrong-provider'],
    ['你好', 'bad-format'],
  ])('%s: %s, and is told why', async (text, outcome) => {
    const review = await open();
    expect(receive(review, '13900000001', text)).toBe(outcome);
    await world.settle();
    expect(said(world)).toEqual([expect.stringContaining('review-refused 13900000001')]);
  });
  it('handed over late, what was sent on the last day counts, and takes the site off the list', async () => {
    const review = await open();
    await world.until('2026-06-01 09:30');
    const text = '#001#鄂ICP备2021000001号-1#已更新#';
    const late = {
      source: 'aliyun',
      externalId: 'm1',
      mobile: '13900000001',
      text,
      receivedAt: at('2026-05-31 23:50'),
    };
    expect(review.receive(late, world.now())).toBe('reported');
    expect(world.ledger.campaigns.totals(review.find(DRAFT.name).id)).toEqual([
      { state: 'publicity', count: 1 },
      { state: 'reported', count: 1 },
    ]);
  });
  it('a number that keeps sending nonsense is answered three times a day', async () => {
    const review = await open();
    for (const text of ['你好', '好的', '收到', '谢谢', '再见'])
      expect(receive(review, '13900000001', text)).toBe('bad-format');
    await world.settle();
    expect(said(world)).toHaveLength(3);
    await world.until('2026-04-03 09:30');
    receive(review, '13900000001', '你好吗');
    await world.settle();
    expect(said(world)).toHaveLength(4);
  });
  it('after the last day nothing is taken', async () => {
    const review = await open();
    await world.until('2026-06-01 09:30');
    expect(receive(review, '13900000001', '#001#鄂ICP备2021000001号-1#已更新#')).toBe('no-campaign');
  });
});

it('refuses a campaign with wrong dates, and says which', async () => {
  world = await CaseWorld.open('2026-04-02 10:00');
  const review = new AnnualReview(world.keeper);
  await expect(review.create({ ...DRAFT, closesOn: '2026-03-01' }, world.now())).rejects.toThrow(/before it opens/);
  await expect(review.create({ ...DRAFT, province: '湖广' }, world.now())).rejects.toThrow(/no province/);
  await expect(review.create({ ...DRAFT, closesOn: '2026-06-31' }, world.now())).rejects.toThrow(/no date/);
  await expect(review.create({ ...DRAFT, reportTo: 'abc' }, world.now())).rejects.toThrow(/report-to/);
  const past = { opensOn: '2026-01-01', closesOn: '2026-02-01', lettersUntil: '2026-03-01' };
  await expect(review.create({ ...DRAFT, ...past }, world.now())).rejects.toThrow(/has passed/);
  await expect(review.create({ ...DRAFT, opensOn: 'soon' }, world.now())).rejects.toThrow(/--opens soon/);
  await review.create(DRAFT, world.now());
  await expect(review.create(DRAFT, world.now())).rejects.toThrow(/exists already/);
});

it('called off: nothing more is asked, told or listed, and a report is told so', async () => {
  world = await CaseWorld.open('2026-03-15 10:00');
  const site = hubei(world, 1);
  const review = new AnnualReview(world.keeper);
  await review.create({ ...DRAFT, province: '湖北省' }, world.now());
  await world.until('2026-04-01 12:00');
  const before = said(world).length;
  expect(() => review.letter(DRAFT.name, site, world.now())).toThrow(/is owed in this campaign/);
  review.cancel(DRAFT.name, world.now());
  await world.until('2026-09-10 12:00');
  expect(said(world)).toHaveLength(before);
  expect(world.ledger.openAlerts()).toEqual([]);
  const sms = {
    source: 'cli' as const,
    externalId: null,
    mobile: '13900000001',
    text: '#001#鄂ICP备2021000001号-1#已更新#',
  };
  expect(review.receive({ ...sms, receivedAt: at('2026-04-02 10:00') }, at('2026-04-02 10:00'))).toBe('no-campaign');
  await expect(review.publish(DRAFT.name, world.now())).rejects.toThrow(/was cancelled/);
});
