import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CaseRecord } from '../../src/cases/types.ts';
import { createLogger } from '../../src/log.ts';
import { ContactDesk } from '../../src/notify/contact-desk.ts';
import { giveOutCode } from '../../src/notify/one-time-secret.ts';
import { startPortal } from '../../src/web/portal.ts';
import { CaseWorld } from '../support/case-world.ts';
import { cookieOf, PortalWorld, personsOf } from '../support/portal-world.ts';

let served: PortalWorld;
let world: CaseWorld;
let { codeOf, get, post, openCase: open, linkOf, eventsOf }: PortalWorld = {} as PortalWorld;
let logged: Record<string, unknown>[] = [];

beforeEach(async () => {
  served = await PortalWorld.open();
  ({ world, logged, codeOf, get, post, openCase: open, linkOf, eventsOf } = served);
});
afterEach(() => served.close());

describe('the one screen of a case (R4.8)', () => {
  it('says what is wrong, until when, how to mend it, and what may be asked for', async () => {
    const { page } = await open();
    for (const said of [
      '某某官网1',
      '北京某某科技有限公司1',
      '京ICP备2021000001号-1',
      '整改中',
      '还剩 15 天',
      '如何整改',
      '我已整改，立即复查',
      '申请延期',
      '最近确认时间',
    ])
      expect(page).toContain(said);
    expect(page).toContain('限制访问后方可申诉');
    expect(page).not.toMatch(/某某官网2|undefined|null|\[object/);
  });
  it('the code may be typed with blanks, small and full-width', async () => {
    const code = codeOf(1);
    const typed = ` ${code.slice(0, 5).toLowerCase()}-${code.slice(5)} `.replace(/[A-Z]/g, (letter) =>
      String.fromCharCode(letter.charCodeAt(0) + 0xfee0),
    );
    expect((await post('/r', { code: typed })).status).toBe(303);
    // What is read out wrongly over a telephone is the same code.
    const misread = code.replace(/0/g, 'O').replaceAll('1', 'l');
    expect((await post('/r', { code: misread })).status).toBe(303);
  });
  it.each([
    ['marks around it', (code: string) => `“${code}”。`],
    ['the word before it', (code: string) => `案件码${code}`],
    ['blanks of no width', (code: string) => `\u200b${code}\u200b`],
    [
      'the whole SMS',
      (code: string) =>
        `【某云备案】您备案的网站京ICP备2021000001号-1未通过空壳网站核查：备案域名均未解析到本服务商中国内地服务器。请于12月8日24:00前整改，逾期将限制并取消接入。整改办法见邮件和站内信；复查、延期请凭案件码${code}登录 example.cn/r 。`,
    ],
    ['a telephone number beside it', (code: string) => `13800000001 ${code}`],
  ])('the code may be pasted with %s', async (_what, paste) => {
    expect((await post('/r', { code: paste(codeOf(1)) })).status).toBe(303);
  });
  it('what can be no code is no guess', async () => {
    for (let i = 0; i < 12; i++)
      expect((await post('/r', { code: '京ICP备2021000001号-1 是我的网站' })).status).toBe(404);
    expect((await post('/r', { code: codeOf(1) })).status).toBe(303);
  });
  it('the code of an SMS is that SMS’s own: the case’s reference opens nothing, nor does it once its number is told no more', async () => {
    const code = codeOf(1);
    const [record] = world.cases();
    expect(code).not.toBe(record?.code);
    expect((await post('/r', { code: record?.code ?? '' })).status).toBe(404);
    // Guesses of codes are counted: none goes in by the way of links.
    expect([(await post('/r/l', { key: code })).status, (await get(`/r/l/${code}`)).status]).toEqual([403, 404]);
    expect((await post('/r', { code })).status).toBe(303);
    world.addSite(1, { persons: [{ role: 'site-head', name: '王五', phone: '13700000000', email: 'w@else.example' }] });
    expect((await post('/r', { code })).status).toBe(404);
  });
  it('an in-site message has a code of its own', async () => {
    const [message] = world.ledger.outbox.inbox(1);
    const code = /案件码：?\s*([0-9A-Z]{10})/.exec(message?.body ?? '')?.[1] ?? '';
    expect(code).not.toBe(codeOf(1));
    expect((await post('/r', { code })).status).toBe(303);
    expect(JSON.stringify(world.ledger.outbox.messages(null, 100))).not.toContain(code);
  });
  it('a code that staff gave out opens one case for a day, and the history tells who gave it out', async () => {
    const [record] = world.cases();
    const code = giveOutCode(world.keeper, record as CaseRecord, { kind: 'admin', name: 'anna' }, world.now());
    const cookie = cookieOf(await post('/r', { code }));
    expect((await get('/r/cases', cookie)).headers.get('location')).toMatch(/^\/r\/case\//);
    const noted = world.ledger.cases.events(record?.id ?? 0).filter(({ data }) => data['portal'] !== undefined);
    expect(noted.map(({ actor, data }) => [actor.kind, actor.name, data['portal']])).toEqual([
      ['admin', 'anna', 'code-given-out'],
      ['owner', 'case code by anna', 'opened'],
    ]);
    await world.until('2026-11-24 11:01');
    expect((await post('/r', { code })).status).toBe(404);
  });
  it('a link of the mail shows a button first, and opens its own cases', async () => {
    const first = await get(`/r/l/${linkOf()}`);
    expect([first.status, await first.text()]).toEqual([200, expect.stringContaining('查看整改要求')]);
    const opened = await post('/r/l', { key: linkOf() });
    expect([opened.status, opened.headers.get('location')]).toEqual([303, '/r/cases']);
    expect((await get('/r/cases', cookieOf(opened))).status).toBeLessThan(400);
  });
  it('who read it stands in the history, and only once they pressed the button', async () => {
    for (let i = 0; i < 3; i++) await get(`/r/l/${linkOf()}`);
    const receipts = (): number => eventsOf(1).filter((move) => move === 'noted').length;
    expect(receipts()).toBe(0);
    await post('/r/l', { key: linkOf() });
    expect(receipts()).toBe(1);
  });
  it('a re-check, an extension: done at once, told once on the page, in the history as the owner’s', async () => {
    const opened = await open();
    expect((await served.act(opened, 'recheck')).done).toContain('已提交复查');
    // Told once: a reload says nothing that was.
    expect(await (await get(opened.path, opened.cookie)).text()).not.toContain('已提交复查，结果');
    // Asked for again at once: refused in words, nothing happens.
    expect((await served.act(opened, 'recheck')).refused).toMatch(/未能办理：刚刚已提交过复查/);
    const extended = await served.act(opened, 'extension', { reason: 'vendor-at-work', days: '5' });
    expect(extended.done).toContain('延期申请已通过');
    expect(extended.page).toContain('本次整改期的延期次数已用完');
    expect(extended.page).toContain('延期通过：建站/解析服务商正在处理');
    expect(extended.page).toMatch(/请 \d+ 分钟后再试/);
    expect(eventsOf(1)).toEqual(expect.arrayContaining(['recheck-asked', 'extension-granted']));
    const owner = world.ledger.cases.events(world.cases()[0]?.id ?? 0).find(({ move }) => move === 'extension-granted');
    expect(owner?.actor).toEqual({ kind: 'owner', name: '138****0002' });
  });
  it('a re-check that failed is told where it is looked for, and that it may be asked for again', async () => {
    const opened = await open();
    await served.act(opened, 'recheck');
    world.look(1);
    const page = await (await get(opened.path, opened.cookie)).text();
    expect(/class="standing[\s\S]*?<\/section>/.exec(page)?.[0]).toMatch(/最近一次复查（11月23日11:00）：仍未通过/);
  });
  it('what a form led to can be reloaded and gone back to', async () => {
    const { path, cookie } = await open();
    for (const deed of ['recheck', 'extension', 'appeal', 'contacts']) {
      const answer = await get(`${path}/${deed}`, cookie);
      expect([answer.status, answer.headers.get('location')]).toEqual([303, path]);
    }
  });
  it('"other" without words is refused, and everything that was chosen stays in the form', async () => {
    const opened = await open();
    const asked = await served.act(opened, 'extension', { reason: 'other', days: '2' });
    expect(asked.refused).toContain('请填写说明');
    expect(asked.page).toMatch(/<option value="other" selected>/);
    expect(asked.page).toMatch(/<option value="2" selected>/);
    const late = await served.act(opened, 'extension', { reason: 'person-travelling', days: '9', text: '出差中' });
    expect(late.refused).toContain('请选择 1 到 5 个工作日');
    expect(late.page).toContain('出差中</textarea>');
    expect((await served.act(opened, 'extension', { reason: '', days: '3' })).refused).toContain('请选择原因');
    expect(eventsOf(1)).not.toContain('extension-granted');
  });
  it('the records to set are told, with the filed address, and where the hosts lead now (R1.6)', async () => {
    const siteId = world.addSite(3, { addresses: ['47.92.93.239'], persons: personsOf(3) });
    world.set(siteId, 'empty-shell', 'fail', [
      {
        code: 'no-host-resolves-here',
        severity: 'fail',
        about: null,
        params: { host: 'site-3.cn', provider: 'aliyun' },
        evidence: [],
      },
      {
        code: 'does-not-resolve',
        severity: 'fail',
        about: 'site-3.cn',
        params: { host: 'site-3.cn' },
        evidence: [{ label: 'site-3.cn @223.5.5.5', value: 'no-data: -' }],
      },
      {
        code: 'does-not-resolve',
        severity: 'fail',
        about: 'www.site-3.cn',
        params: { host: 'www.site-3.cn' },
        evidence: [{ label: 'www.site-3.cn @223.5.5.5', value: 'nxdomain: -' }],
      },
    ]);
    world.look(siteId);
    await world.until('2026-11-23 12:00');
    const { page } = await open(3);
    const records = [...page.matchAll(/<dt>(主机记录|记录类型|记录值|现在)<\/dt><dd>(.*?)<\/dd>/g)].map(([, , value]) =>
      value?.replace(/<[^>]*>|（备案登记.*/g, ''),
    );
    expect(records).toEqual([
      ...['@（即 site-3.cn）', 'A', '47.92.93.239', '没有解析记录'],
      ...['www（即 www.site-3.cn）', 'A', '47.92.93.239', '域名不存在'],
    ]);
    const mail = world.channels.email.sent.findLast(({ message }) => message.content.text.includes('site-3.cn'));
    expect(mail?.message.content.text).toContain('主机记录 @，记录类型 A，记录值 47.92.93.239');
  });
  it('tells who is told, masked', async () => {
    const { page } = await open();
    expect(page).toContain('138****0001');
    expect(page).not.toMatch(/13800000001|zhang@owner/);
  });
  it('what was extended is not refused afterwards: nothing moves, nobody is told anything', async () => {
    const opened = await open();
    const ask = () => served.act(opened, 'extension', { reason: 'vendor-at-work', days: '5' });
    expect((await ask()).refused).toBeNull();
    for (let i = 0; i < 5; i++) expect((await ask()).refused).toContain('延期次数已用完');
    expect(eventsOf(1).filter((move) => move.startsWith('extension'))).toEqual(['extension-granted']);
    const other = await open(2);
    for (const days of ['9', '-3', '1.5', '0', ''])
      expect((await served.act(other, 'extension', { reason: 'vendor-at-work', days })).refused).toContain(
        '请选择 1 到 5',
      );
    expect(eventsOf(2).filter((move) => move.startsWith('extension'))).toEqual([]);
  });
  it('a second code adds its cases, and prolongs nothing of the first', async () => {
    const first = await served.openCase(1);
    let cookie = first.cookie;
    for (let round = 0; round < 3; round++) {
      await served.world.until(served.world.now() + 100 * 60_000);
      cookie = cookieOf(await served.post('/r', { code: served.codeOf(2) }, { cookie }));
      const list = await (await served.get('/r/cases', cookie)).text();
      // The first case is there for its own two hours.
      expect(list.includes('京ICP备2021000001号-1'), String(round)).toBe(round === 0);
    }
  });

  it('a code leads to its own case, also where the browser has others', async () => {
    const first = await served.openCase(1);
    const answer = await served.post('/r', { code: served.codeOf(2) }, { cookie: first.cookie });
    const place = answer.headers.get('location') ?? '';
    expect(place).toMatch(/^\/r\/case\/\w+$/);
    expect(await (await served.get(place, cookieOf(answer))).text()).toContain('京ICP备2021000002号-1');
  });

  it('what was said of one case is not told on another', async () => {
    const first = await served.openCase(1);
    const cookie = cookieOf(await served.post('/r', { code: served.codeOf(2) }, { cookie: first.cookie }));
    const list = await (await served.get('/r/cases', cookie)).text();
    const [one = '', two = ''] = [...list.matchAll(/href="(\/r\/case\/\w+)"/g)].map(([, path]) => path);
    const page = await (await served.get(one, cookie)).text();
    const form = /name="form" value="([\w-]+)"/.exec(page)?.[1] ?? '';
    await served.post(`${one}/extension`, { form, reason: 'other', text: '', days: '2' }, { cookie });
    expect(await (await served.get(two, cookie)).text()).not.toContain('选“其他”时请填写说明');
    expect(await (await served.get(one, cookie)).text()).toContain('选“其他”时请填写说明');
  });

  it('a code given out anew voids the one before', async () => {
    const { keeper, cases } = served.world;
    const [record] = cases.call(served.world);
    if (record === undefined) throw new Error('no case');
    const actor = { kind: 'admin' as const, name: 'omar' };
    const [old, fresh] = [1, 2].map(() => giveOutCode(keeper, record, actor, served.world.now()));
    expect((await served.post('/r', { code: old ?? '' })).status).toBe(404);
    expect((await served.post('/r', { code: fresh ?? '' })).status).toBe(303);
    // Those of messages stay.
    expect((await served.post('/r', { code: served.codeOf(1) })).status).toBe(303);
  });

  it('somebody who has the code too cannot use up what others may ask', async () => {
    const bad = await open();
    for (let i = 0; i < 30; i++)
      await post(`${bad.path}/extension`, { form: bad.form, reason: 'other' }, { cookie: bad.cookie });
    const owner = await open();
    expect((await post(`${owner.path}/recheck`, { form: owner.form }, { cookie: owner.cookie })).status).toBe(303);
  });
  it('reasons that are none, and forms of odd shapes, do nothing and break nothing', async () => {
    const opened = await open();
    const { cookie, path } = opened;
    expect((await served.act(opened, 'extension', { reason: 'constructor', days: '5' })).refused).toContain(
      '请选择原因',
    );
    const twice = new URLSearchParams([
      ['code', 'A'],
      ['code', 'B'],
    ]);
    const headers = { origin: served.portal.address, cookie };
    expect((await fetch(`${served.portal.address}/r`, { method: 'POST', body: twice, headers })).status).toBe(404);
    const json = { ...headers, 'content-type': 'application/json' };
    expect(
      (await fetch(`${served.portal.address}/r`, { method: 'POST', body: '{"code":{}}', headers: json })).status,
    ).toBe(415);
    expect((await get(`${path}?said=constructor`, cookie)).status).toBe(200);
    expect((await get('/r/verify?token=a&token=b')).status).toBe(200);
    expect((await get('/r/%zz')).status).toBe(400);
    expect(eventsOf(1)).not.toContain('extension-granted');
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
  it('the mark changes with the case, so that an open page can tell', async () => {
    const { cookie, form, path } = await open();
    const mark = async (): Promise<unknown> => (await get(`${path}/mark`, cookie)).json();
    const before = await mark();
    expect(await mark()).toEqual(before);
    await post(`${path}/recheck`, { form }, { cookie });
    expect(await mark()).not.toEqual(before);
  });
});

describe('who may not', () => {
  const refusedAll = (): boolean => logged.some(({ msg }) => String(msg).startsWith('portal refused'));
  it.each(['ABCDEFGHJK', '', 'x', "' OR 1=1 --"])('a code that is none: %s', async (code) => {
    const answer = await post('/r', { code });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([404, null]);
    expect(refusedAll()).toBe(true);
  });
  it('without login, for every page and form of a case', async () => {
    const { path } = await open();
    for (const page of ['', '/mark', `/picture/${'a'.repeat(64)}`])
      expect((await get(`${path}${page}`)).status, page).toBe(403);
    for (const deed of ['recheck', 'extension', 'appeal'])
      expect((await post(`${path}/${deed}`, { form: 'x' })).status, deed).toBe(403);
    expect(eventsOf(1)).not.toContain('recheck-asked');
    expect(refusedAll()).toBe(true);
  });
  it('a session sees its own cases, and nothing by another’s handle, code or number', async () => {
    const one = await open(1);
    const two = await open(2);
    const answers: string[] = [];
    for (const place of [
      two.path.split('/').at(-1) ?? '',
      '1',
      '0',
      codeOf(1),
      codeOf(2),
      String(world.cases()[1]?.id),
    ]) {
      const answer = await get(`/r/case/${place}`, one.cookie);
      expect.soft(answer.status, place).toBe(403);
      answers.push(await answer.text());
      for (const deed of ['recheck', 'extension', 'appeal'])
        expect
          .soft(
            (await post(`/r/case/${place}/${deed}`, { form: two.form }, { cookie: one.cookie })).status,
            `${place} ${deed}`,
          )
          .toBe(403);
    }
    expect(new Set(answers).size).toBe(1);
    expect(eventsOf(2)).not.toContain('recheck-asked');
  });
  it('a second code in the same browser: both cases stay open, and each page does what is its own', async () => {
    const first = await open(1);
    const cookie = cookieOf(await post('/r', { code: codeOf(2) }, { cookie: first.cookie }));
    expect(await (await get('/r/cases', cookie)).text()).toMatch(/某某官网1[\s\S]*某某官网2/);
    // The token is a new one, so that none can be planted; the page of the first goes on.
    expect((await get(first.path, first.cookie)).status).toBe(403);
    expect((await served.act({ ...first, cookie }, 'recheck')).done).toContain('已提交复查');
    expect(eventsOf(1)).toContain('recheck-asked');
    expect(eventsOf(2)).not.toContain('recheck-asked');
  });
  it('a session that is over gives back what was typed', async () => {
    const { path, form } = await open();
    const answer = await post(
      `${path}/appeal`,
      { form, reason: 'other', text: '我已经改好了 <b>' },
      { cookie: 'patrol_r=gone' },
    );
    expect(answer.status).toBe(403);
    expect(await answer.text()).toMatch(/<textarea[^>]*readonly[^>]*>我已经改好了 &#60;b/);
  });
  it('guessing by a crowd of addresses leaves one try to each, and tells the admins', async () => {
    await served.portal.close();
    await served.serve(['127.0.0.1']);
    const guess = (from: string): Promise<Response> => post('/r', { code: 'ABCDEFGHJK' }, { 'x-forwarded-for': from });
    // One network of IPv6 is one guesser, whatever its last half.
    for (let i = 0; i < 10; i++) expect((await guess(`2001:db8:1:1::${i}`)).status).toBe(404);
    expect((await guess('2001:db8:1:1:ffff::1')).status).toBe(429);
    for (let i = 0; i < 29; i++) for (let n = 0; n < 10; n++) await guess(`2001:db8:2:${i}::1`);
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain('portal-guessing');
    expect([(await guess('203.0.113.9')).status, (await guess('203.0.113.9')).status]).toEqual([404, 429]);
    // Who knows a code gets in all the same.
    expect((await post('/r', { code: codeOf(1) }, { 'x-forwarded-for': '203.0.113.10' })).status).toBe(303);
  });
  it('of several cases one ends: the others’ pages stay theirs', async () => {
    const cookie = cookieOf(await post('/r/l', { key: linkOf() }));
    const list = await (await get('/r/cases', cookie)).text();
    const [one = '', two = ''] = [...list.matchAll(/href="(\/r\/case\/\w+)"/g)].map(([, path]) => path);
    const title = async (path: string): Promise<string> =>
      /<h1>(.*?)<\/h1>/.exec(await (await get(path, cookie)).text())?.[1] ?? '';
    const before = [await title(one), await title(two)];
    expect(before[0]).not.toBe(before[1]);
    // The first one’s persons are others now: it is not opened by this address any more.
    world.addSite(1, { persons: [{ role: 'site-head', name: '王五', phone: '13700000000', email: 'w@else.example' }] });
    expect([(await get(one, cookie)).status, await title(two)]).toEqual([403, before[1]]);
  });
  it.each([
    ['another site', { origin: 'https://evil.example' }],
    ['nowhere', { origin: 'null' }],
    ['a host that looks alike', { origin: 'http://127.0.0.1.evil.example' }],
    ['who does not say', { origin: '' }],
  ])('a form from %s', async (_what, headers) => {
    const { cookie, code, form, path } = await open();
    for (const [target, body] of [
      [`${path}/recheck`, { form }],
      ['/r', { code }],
      ['/r/l', { key: linkOf() }],
      ['/r/leave', { form }],
    ] as const)
      expect((await post(target, body, { cookie, ...headers })).status, target).toBe(403);
    expect(eventsOf(1)).not.toContain('recheck-asked');
  });
  it('a form without its token, with another session’s, or another case’s', async () => {
    const one = await open(1);
    const two = await open(2);
    for (const form of ['', 'x', two.form]) {
      logged.length = 0;
      expect((await post(`${one.path}/recheck`, { form }, { cookie: one.cookie })).status).toBe(403);
      expect(logged.map(({ why }) => why)).toContain('no form of ours');
    }
    expect(eventsOf(1)).not.toContain('recheck-asked');
    expect((await post(`${one.path}/recheck`, { form: one.form }, { cookie: one.cookie })).status).toBe(303);
  });
  it('an altered key, an altered cookie, and a session that ended', async () => {
    const key = linkOf();
    const altered = `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`;
    expect([(await get(`/r/l/${altered}`)).status, (await post('/r/l', { key: altered })).status]).toEqual([404, 403]);
    const { cookie, form, path, page } = await open();
    expect((await get(path, `${cookie}x`)).status).toBe(403);
    const leave = /action="\/r\/leave"[^>]*><input type="hidden" name="form" value="([\w-]+)"/.exec(page)?.[1] ?? '';
    expect((await post('/r/leave', { form: leave }, { cookie })).status).toBe(200);
    expect((await get(path, cookie)).status).toBe(403);
    expect((await post(`${path}/recheck`, { form }, { cookie })).status).toBe(403);
  });
  it('a contact that was removed sees nothing any more: not by its key, not by an open session', async () => {
    const desk = new ContactDesk(world.keeper);
    const { id } = desk.add('京ICP备2021000001号', { name: '运维', email: 'ops@owner.example' }, world.now());
    world.ledger.contacts.saveExtra({ ...desk.get(id), emailVerifiedAt: world.now() });
    await world.until('2026-12-02 12:00');
    const mail = world.channels.email.sent.findLast(({ message }) => message.recipient === 'ops@owner.example');
    const key = /\/r\/l\/([\w-]+)/.exec(mail?.message.content.text ?? '')?.[1] ?? '';
    const cookie = cookieOf(await post('/r/l', { key }));
    const path = (await get('/r/cases', cookie)).headers.get('location') ?? '';
    expect((await get(path, cookie)).status).toBe(200);
    desk.remove(id, world.now());
    expect([(await get(path, cookie)).status, (await get(`/r/l/${key}`)).status]).toEqual([403, 404]);
  });
  it('a case that ended opens for thirty days', async () => {
    const code = codeOf(1);
    world.set(1, 'empty-shell', 'pass');
    world.look(1);
    expect(world.cases()[0]?.state).toBe('resolved');
    expect((await post('/r', { code })).status).toBe(303);
    await world.until('2026-12-24 12:00');
    expect((await post('/r', { code })).status).toBe(404);
  });
  it('a session lasts two hours, a key sixty days', async () => {
    const { cookie, path } = await open();
    const key = linkOf();
    await world.until('2026-11-23 12:59');
    expect((await get(path, cookie)).status).toBe(200);
    await world.until('2026-11-23 13:01');
    expect((await get(path, cookie)).status).toBe(403);
    expect((await get(`/r/l/${key}`)).status).toBe(200);
    await world.until('2027-01-23 12:00');
    expect((await get(`/r/l/${key}`)).status).toBe(404);
  });
  it('guessing is slowed down', async () => {
    const answers: number[] = [];
    for (let i = 0; i < 12; i++) answers.push((await post('/r', { code: 'ABCDEFGHJK' })).status);
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 404), 429, 429]);
  });
  it('GET changes nothing, whatever is asked', async () => {
    const { cookie, path } = await open();
    const tables = ['cases', 'case_events', 'portal_visits', 'portal_keys', 'notices', 'messages', 'extra_contacts'];
    const state = (): string =>
      JSON.stringify(tables.map((table) => world.ledger.connection.sqlite.prepare(`SELECT * FROM ${table}`).all()));
    const before = state();
    for (const page of [
      '/r',
      '/',
      '/R/',
      '/r/cases',
      path,
      `${path}?said=appealed`,
      `${path}/mark`,
      `${path}/recheck`,
      `/r/l/${linkOf()}`,
      '/r/leave',
    ])
      await get(page, cookie);
    expect(state()).toBe(before);
  });
  it('guesses count by who really asks: only a proxy of ours may say so', async () => {
    const guess = (forwarded: string): Promise<Response> =>
      post('/r', { code: 'ABCDEFGHJK' }, { 'x-forwarded-for': forwarded });
    for (let i = 0; i < 10; i++) await guess(`203.0.113.${i}`);
    expect((await guess('203.0.113.99')).status).toBe(429);
    expect(logged.filter(({ msg }) => String(msg).includes('proxy that is not trusted'))).toHaveLength(1);
    await served.portal.close();
    await served.serve(['127.0.0.1']);
    for (let i = 0; i < 12; i++) expect((await guess(`203.0.113.${i}`)).status).toBe(404);
    // A client's own header stands left of what the proxy adds: it does not count.
    for (let i = 0; i < 10; i++) await guess(`198.51.100.${i}, 203.0.113.200`);
    expect((await guess('198.51.100.77, 203.0.113.200')).status).toBe(429);
    // A right code is no guess.
    expect((await post('/r', { code: codeOf(1) }, { 'x-forwarded-for': '203.0.113.5' })).status).toBe(303);
  });
  it('a case of a dry-run was told to nobody, and opens for nobody', async () => {
    const dry = await CaseWorld.open('2026-11-23 10:00', { notices: { live: false }, enforcement: { live: false } });
    const siteId = dry.addSite(1);
    dry.set(siteId, 'empty-shell', 'fail');
    dry.look(siteId);
    await dry.settle();
    const { address, close } = await startPortal({
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      keeper: dry.keeper,
      log: createLogger('silent'),
      now: dry.now,
    });
    const body = new URLSearchParams({ code: dry.case().code });
    const answer = await fetch(`${address}/r`, { method: 'POST', body, headers: { origin: address } });
    expect(answer.status).toBe(404);
    await close();
    dry.close();
  });
});

describe('what leaves the machine', () => {
  it('keys, codes and cookies are in no log, and the ledger keeps hashes', async () => {
    const { cookie, code, path, form } = await open();
    await post('/r/l', { key: linkOf() });
    for (const deed of ['recheck', 'recheck', 'extension', 'appeal'])
      await post(`${path}/${deed}`, { form, reason: 'vendor-at-work', days: '3' }, { cookie });
    const text = JSON.stringify(logged);
    for (const secret of [code, linkOf(), cookie.split('=')[1] ?? '']) expect(text).not.toContain(secret);
    const kept = world.ledger.connection.sqlite.prepare('SELECT * FROM portal_visits').all();
    const keys = world.ledger.connection.sqlite.prepare('SELECT * FROM portal_keys').all();
    expect(kept.length).toBeGreaterThan(0);
    expect(JSON.stringify([kept, keys])).not.toContain(linkOf());
    expect(JSON.stringify([kept, keys])).not.toContain('zhang@owner.example');
    expect(JSON.stringify([kept, keys, world.ledger.outbox.messages(null, 100)])).not.toContain(code);
    // The copy kept of a mail holds no key either.
    expect(JSON.stringify(world.ledger.outbox.messages(null, 100))).not.toContain(linkOf());
  });
  it('a strict policy, no referrer to others, nothing from elsewhere', async () => {
    const { cookie, code, path } = await open();
    const response = await get(path, cookie);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(response.headers.get('referrer-policy')).toBe('strict-origin');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.text()).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    const set = (await post('/r', { code })).headers.get('set-cookie') ?? '';
    expect(set).toMatch(/HttpOnly/);
    expect(set).toMatch(/SameSite=Strict/);
  });
  it('markup in a filing stays text', async () => {
    const siteId = world.addSite(3, { siteName: '<img src=x onerror=alert(1)>' });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-11-23 12:00');
    const { page } = await open(siteId);
    expect(page).toContain('&#60;img');
    expect(page).not.toContain('<img src=x');
  });
});
