import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { originOf } from '../../src/config.ts';
import { makeKey } from '../../src/web/api/keys.ts';
import { CaseWorld } from '../support/case-world.ts';
import { ConsoleBrowser } from '../support/console-browser.ts';
import { type ConsoleWorld, openConsole } from '../support/console-world.ts';

let world: CaseWorld;
let served: ConsoleWorld;
let anna: ConsoleBrowser;
let vera: ConsoleBrowser;
const subject = encodeURIComponent('京ICP备2021000001号');

beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00', {
    queue: { url: 'redis://:queue-password@127.0.0.1:6379' },
    notices: { portalUrl: 'https://beian.example', email: { password: 'the smtp password', user: 'u' } },
  });
  for (let i = 1; i <= 4; i++) {
    const siteId = world.addSite(i, { province: i === 4 ? '广东' : '北京' });
    if (i < 4) world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
  }
  await world.until('2026-11-23 11:00');
  served = await openConsole(world);
  await served.figures.refresh();
  anna = await ConsoleBrowser.signIn(served.console.address, 'anna');
  vera = await ConsoleBrowser.signIn(served.console.address, 'vera');
});
afterAll(async () => {
  await served.close();
  world.close();
});

describe('sites', () => {
  it('a filter is kept by name, for its owner alone, and deleted', async () => {
    const kept = await anna.submit('/sites?verdict=fail', '/sites/views', {
      name: '不通过',
      query: 'verdict=fail&evil=1',
    });
    expect(kept.text).toContain('href="/sites?verdict&#61;fail">不通过');
    expect((await vera.get('/sites')).text).not.toContain('不通过</a>');
    const [view] = world.ledger.admins.views(world.ledger.admins.byName('anna')?.id ?? 0, 'sites');
    expect((await anna.submit('/sites', `/sites/views/${view?.id}/delete`)).text).not.toContain('不通过</a>');
  });

  it('a selection is looked at again; a filter tells its number first, and goes behind single ones', async () => {
    await anna.submit('/sites', '/sites/rescan', { site: ['1', '2', '999', 'x'], query: '' });
    expect(world.ledger.sweeps.rescansWaiting()).toEqual({ single: 2, bulk: 0 });
    const preview = await anna.submit('/sites?verdict=fail', '/sites/rescan/preview', { query: 'verdict=fail' });
    expect(preview.text).toContain('将复查 3 个有效网站');
    expect(world.ledger.sweeps.rescansWaiting().bulk).toBe(0);
    const token =
      /action="\/sites\/rescan\/filter"[^>]*><input type="hidden" name="form" value="([^"]+)"/.exec(
        preview.text,
      )?.[1] ?? '';
    await fetch(`${served.console.address}/sites/rescan/filter`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: served.console.address, cookie: anna.cookie },
      body: new URLSearchParams({ form: token, query: 'verdict=fail' }),
    });
    // Two of the three were asked for by themselves before: they stay single.
    await expect.poll(() => world.ledger.sweeps.rescansWaiting()).toEqual({ single: 2, bulk: 1 });
    await world.settle();
  });

  it('a search by text keeps to its other filters', async () => {
    const found = await anna.get('/sites?text=site-&verdict=fail');
    for (const [site, shown] of [
      ['site-1.cn', true],
      ['site-4.cn', false],
    ] as const)
      expect(found.text.includes(`>${site}<`), site).toBe(shown);
    const cases = await anna.get('/cases?text=site-1&state=restricted');
    expect(cases.text).toContain('没有符合条件的整改单');
  });

  it('an earlier verdict is looked at with its own evidence', async () => {
    world.set(4, 'icp-footer', 'fail');
    world.look(4);
    const history = world.ledger.verdicts.history(4, 'icp-footer');
    expect(history).toHaveLength(2);
    const { text } = await anna.get(`/sites/4?verdict=${history[1]?.id}`);
    expect(text).toContain('以下为此前一次的结果与证据');
    world.set(4, 'icp-footer', 'pass');
    world.look(4);
  });

  it('evidence is given out with its own site alone', async () => {
    const [verdict] = world.ledger.verdicts.history(1, 'icp-footer', 1);
    const [piece] = world.ledger.evidence.listOfVerdict(verdict?.id ?? 0);
    expect((await anna.get(`/sites/1/evidence/${verdict?.id}/${piece?.hash}`)).status).toBe(200);
    expect((await anna.get(`/sites/2/evidence/${verdict?.id}/${piece?.hash}`)).status).toBe(404);
    expect((await anna.get(`/sites/1/evidence/${verdict?.id}/${'0'.repeat(64)}`)).status).toBe(404);
  });

  it('what strangers wrote is text, never markup', async () => {
    world.addSite(5, { siteName: '<script>alert(1)</script>"\'&', subjectName: '<img src=x onerror=alert(1)>' });
    for (const path of [
      '/sites',
      '/sites/5',
      '/contacts?text=site-5.cn',
      `/sites?text=${encodeURIComponent('"><script>')}`,
    ]) {
      const { text, status } = await anna.get(path);
      expect(status).toBe(200);
      expect(text).not.toMatch(/<script>alert|<img src=x|"><script>/);
    }
  });
});

describe('personal data', () => {
  it('is masked for everybody, and shown once for a reason', async () => {
    for (const path of [
      '/sites/1',
      `/contacts/${subject}`,
      '/notices',
      '/notices/2',
      `/cases/${world.cases()[0]?.code}`,
    ]) {
      const { text } = await anna.get(path);
      expect(text, path).not.toMatch(/1380000000\d|[a-z]{2,}@owner|张三/);
    }
    const clear = await anna.submit(`/contacts/${subject}`, `/contacts/${subject}/unmask`, { reason: '核对号码' });
    expect(clear.text).toContain('13800000001');
    expect(clear.text).toContain('张三');
    expect((await anna.get(`/contacts/${subject}`)).text).not.toContain('13800000001');
    expect(world.ledger.admins.auditLog({ action: 'unmask' }, null, 1)[0]).toMatchObject({
      actor: 'anna',
      object: 'subject 京ICP备2021000001号',
      detail: '核对号码',
    });
    const without = await anna.submit(`/contacts/${subject}`, `/contacts/${subject}/unmask`, { reason: ' ' });
    expect(without.text).toContain('没有填写理由');
    expect(without.text).not.toContain('13800000001');
  });
});

describe('persons in other forms', () => {
  it('numbers however written, names in letters, and private persons’ own names are masked', async () => {
    const persons = [
      { role: 'subject-head' as const, name: '欧阳某某', phone: '0571-8234567', email: 'odd address@host' },
      { role: 'site-head' as const, name: null, phone: '8613812345678', email: null },
    ];
    const siteId = world.addSite(60, { subjectKind: 'individual', subjectName: '司马某某', persons });
    for (const path of [
      `/sites/${siteId}`,
      '/sites?text=site-60',
      `/contacts/${encodeURIComponent('京ICP备2021000060号')}`,
    ]) {
      const { text } = await vera.get(path);
      expect(text, path).not.toMatch(/8234567|12345678|欧阳某某|司马某某|odd address/);
    }
    expect((await anna.submit(`/sites/${siteId}`, `/sites/${siteId}/unmask`, { reason: '核实' })).text).toContain(
      '司马某某',
    );
  });

  it('holders of domains that may be persons, and addresses that are none, are masked', async () => {
    const evidence = [
      { label: 'holder', value: '诸葛某' },
      { label: 'subject', value: '北京某某科技有限公司1' },
    ];
    const finding = {
      code: 'holder-differs',
      severity: 'fail' as const,
      about: 'site-1.cn',
      params: { domain: 'site-1.cn', holder: '诸葛某' },
      evidence,
    };
    world.set(1, 'domain-verification', 'fail', [finding]);
    world.look(1);
    const code = world
      .cases()
      .findLast(({ siteId, programme }) => siteId === 1 && programme === 'domain-verification')?.code;
    for (const path of ['/sites/1', `/cases/${code}`]) {
      const { text } = await vera.get(path);
      expect(text, path).not.toContain('诸葛某');
      expect(text, path).toContain('诸**');
    }
    world.ledger.outbox.plan(
      [
        {
          topic: 'case:1',
          stage: 'odd',
          kind: 'found',
          channel: 'sms',
          recipient: '138-1234-5678',
          person: 'p',
          name: null,
          caseId: 1,
          subjectId: 1,
          siteId: 1,
          params: {},
          dryRun: true,
          notBefore: world.now(),
          failed: { en: 'no mobile number', zh: '没有手机号' },
        },
      ],
      world.now(),
    );
    expect((await vera.get('/notices')).text).not.toContain('1234-5678');
  });

  it('a notice names nobody', async () => {
    for (const { id } of world.ledger.outbox.notices(null, 20))
      expect((await vera.get(`/notices/${id}`)).text).not.toMatch(/张三|李四/);
  });
});

describe('contacts', () => {
  it('an extra contact is named, asked to say yes, and removed; what was typed wrong stays', async () => {
    const wrong = await anna.submit(`/contacts/${subject}`, `/contacts/${subject}/add`, {
      name: '王五',
      email: 'nonsense',
      phone: '',
    });
    expect(wrong.text).toContain('未能办理');
    expect(wrong.text).toContain('value="nonsense"');
    const added = await anna.submit(`/contacts/${subject}`, `/contacts/${subject}/add`, {
      name: '王五',
      email: 'wang@extra.example',
      phone: '',
    });
    expect(added.text).toContain('未验证');
    const extra = world.ledger.contacts.extras(
      world.ledger.contacts.subjectByNumber('京ICP备2021000001号')?.id ?? 0,
    )[0];
    const removed = await anna.submit(`/contacts/${subject}`, `/contacts/${subject}/${extra?.id}/remove`);
    expect(removed.text).toContain('已删除');
  });

  it('an address that was given up is used again', async () => {
    const dead = {
      channel: 'email' as const,
      code: '550',
      reason: 'no such user',
      since: world.now(),
      messageId: null,
    };
    // Given up at one instant for one reason: each is revived by itself.
    for (const address of ['gone@owner.example', 'lost@owner.example', 'moved@owner.example'])
      world.ledger.contacts.markDead({ ...dead, address });
    const row = /l\*\*\*@owner\.example.*?name="which" value="([^"]+)"/s;
    const page = await anna.get('/contacts');
    await anna.submit('/contacts', '/contacts/revive', { which: row.exec(page.text)?.[1] ?? '' });
    expect(world.ledger.contacts.allDead().map(({ address }) => address)).toEqual(
      expect.arrayContaining(['gone@owner.example', 'moved@owner.example']),
    );
    expect(world.ledger.contacts.dead('email', 'lost@owner.example')).toBeNull();
  });
});

describe('imports', () => {
  const upload = (name: string, content: string): FormData => {
    const form = new FormData();
    // Browsers send the token first: it stands first in the form.
    form.set('form', '');
    form.set('file', new Blob([content]), name);
    return form;
  };
  const leftovers = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('patrol-import-'));

  it('a file is taken in, its rejects are told, and nothing is left behind', async () => {
    const before = leftovers();
    const csv =
      'site_number,subject_name,subject_kind,site_name,domains,province,access_provider\n京ICP备2021000050号-1,北京甲科技有限公司,company,甲,jia.cn,北京,aliyun\nnonsense,北京乙科技有限公司,company,乙,yi.cn,北京,aliyun\n';
    const started = await anna.submit('/imports', '/imports', upload('备案 数据.csv', csv));
    expect(started.text).toContain('导入已开始');
    await expect.poll(async () => (await anna.get('/imports')).text).toContain('已导入，2 行，1 行被拒');
    const run = world.ledger.imports.recent(null, 1)[0];
    expect(run).toMatchObject({ file: '备案 数据.csv', created: 1, rejected: 1 });
    await expect
      .poll(() => world.ledger.admins.auditLog({ action: 'import' }, null, 5).map(({ detail }) => detail))
      .toEqual(['2 rows, 1 rejected']);
    expect(started.text).toContain('<p>网站备案号、');
    const one = await anna.get(`/imports/${run?.id}`);
    expect(one.text).toContain('nonsense');
    expect((await anna.get(`/imports/${run?.id}/rejects.csv`)).text).toContain('3,site_number,nonsense');
    await expect.poll(leftovers).toEqual(before);
  });

  it('somebody who hangs up leaves nothing behind', async () => {
    const before = leftovers();
    const boundary = 'y'.repeat(20);
    const page = (await anna.get('/imports')).text;
    const token = /action="\/imports"[^>]*><input type="hidden" name="form" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const { hostname, port, host } = new URL(served.console.address);
    const part = (name: string, more: string, text: string): string =>
      `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${text}\r\n`;
    const body = `${part('form', '', token)}${part('file', '; filename="a.exe"', 'x'.repeat(5000))}--${boundary}--\r\n`;
    for (const whole of [true, false]) {
      const socket = connect(Number(port), hostname);
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
      const head = `POST /imports HTTP/1.1\r\nhost: ${host}\r\norigin: ${served.console.address}\r\ncookie: ${anna.cookie}\r\ncontent-type: multipart/form-data; boundary=${boundary}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`;
      await new Promise<void>((resolve) => socket.write(head + (whole ? body : body.slice(0, 3000)), () => resolve()));
      socket.destroy();
    }
    await anna.get('/imports');
    await expect.poll(leftovers).toEqual(before);
  });

  it('a form without a file is told so; one that is not ours writes nothing', async () => {
    const before = leftovers();
    const boundary = 'x'.repeat(20);
    const send = (token: string, filename: string) =>
      fetch(`${served.console.address}/imports`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          origin: served.console.address,
          cookie: anna.cookie,
          'content-type': `multipart/form-data; boundary=${boundary}`,
        },
        body: `--${boundary}\r\ncontent-disposition: form-data; name="form"\r\n\r\n${token}\r\n--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${filename}"\r\ncontent-type: text/csv\r\n\r\na,b\r\n--${boundary}--\r\n`,
      });
    const page = (await anna.get('/imports')).text;
    const token = /action="\/imports"[^>]*><input type="hidden" name="form" value="([^"]+)"/.exec(page)?.[1] ?? '';
    expect((await send(token, '')).status).toBe(303);
    expect((await anna.get('/imports')).text).toContain('没有选择文件');
    expect((await send('nonsense', 'x.csv')).status).toBe(403);
    // Other forms take no files at all.
    const stray = await fetch(`${served.console.address}/login`, {
      method: 'POST',
      headers: { origin: served.console.address },
      body: upload('x.csv', 'a'),
    });
    expect(stray.status).toBe(415);
    expect(leftovers()).toEqual(before);
  });

  it.each([
    ['a picture', 'x.png', 'PNG', '不支持 x.png'],
    ['a table without the columns', 'x.csv', 'a,b\n1,2\n', '未能导入'],
  ])('%s is refused with a reason', async (_name, file, content, said) => {
    const before = leftovers();
    const answer = await anna.submit('/imports', '/imports', upload(file, content));
    await expect.poll(async () => answer.text + (await anna.get('/imports')).text).toContain(said);
    await expect.poll(leftovers).toEqual(before);
  });
});

describe('sweeps, stops, suspicions', () => {
  it('a held sweep is released by an approver, however many rescans ran since', async () => {
    const id = world.ledger.sweeps.open('scheduled', world.now());
    world.ledger.sweeps.setState(id, 'held', { en: '失败骤增', zh: '失败骤增' }, world.now());
    for (let i = 0; i < 60; i++)
      world.ledger.sweeps.setState(world.ledger.sweeps.open('rescan', world.now()), 'done', null, world.now());
    expect((await vera.get('/')).text).toContain('失败骤增');
    await anna.submit('/sweeps', `/sweeps/${id}/release`);
    expect(world.ledger.sweeps.get(id)?.state).toBe('running');
    world.ledger.sweeps.setState(id, 'done', null, world.now());
  });

  it('sending is stopped with a reason, and goes on', async () => {
    await anna.submit('/notices', '/stops/notices/hold', { reason: '模板有误' });
    expect(world.ledger.enforcements.held('notices')).toMatchObject({ reason: '模板有误', heldBy: 'anna' });
    expect((await vera.get('/')).text).toContain('通知发送已停止');
    await anna.submit('/notices', '/stops/notices/release');
    expect(world.ledger.enforcements.held('notices')).toBeNull();
  });

  it.each(['clock', 'ranges'] as const)(
    'the stop by doubt in our own eyes (%s) is shown, and let go by an approver only',
    async (key) => {
      world.ledger.enforcements.hold(key, 'it looks wrong', 'guard', world.now());
      expect((await vera.get('/notices')).text).toContain('it looks wrong');
      expect((await vera.get('/notices')).text).not.toContain(`/stops/${key}/release`);
      await anna.submit('/notices', `/stops/${key}/release`);
      expect(world.ledger.enforcements.held(key)).toBeNull();
      expect((await anna.get('/notices')).text).not.toContain('it looks wrong');
    },
  );

  it('a suspicion is ruled on with a reason', async () => {
    const finding = {
      code: 'parked',
      severity: 'fail' as const,
      about: null,
      params: {},
      evidence: [{ label: 'words', value: '域名出售' }],
      reviewKey: 'k',
      awaitsHuman: true as const,
    };
    world.ledger.reviews.note(1, 'site-content', [finding], world.now());
    expect((await vera.get('/suspicions')).text).toContain('域名出售');
    expect((await vera.get('/suspicions')).text).not.toContain('/confirmed"');
    const ruled = await anna.submit('/suspicions', '/suspicions/1/dismissed', { reason: '正常出售页面' });
    expect(ruled.text).toContain('已排除');
    expect(world.ledger.reviews.get(1)).toMatchObject({ state: 'dismissed', ruledBy: 'anna', reason: '正常出售页面' });
  });
});

describe('many cases at once', () => {
  it('what may not be done stays as it is and says why; lower roles are offered and allowed less', async () => {
    const [first, second] = world.cases();
    await anna.submit(`/cases/${second?.code}`, `/cases/${second?.code}/waive`, { reason: '误报' });
    const codes = [first?.code ?? '', second?.code ?? ''];
    const preview = await anna.submit('/cases', '/cases/bulk', {
      act: 'deadline',
      date: '2026-12-31',
      reason: '假期',
      case: codes,
    });
    expect(preview.text).toContain('1 个可以执行，1 个不能');
    expect(world.ledger.cases.get(first?.id ?? 0)?.deadlineAt).toBe(first?.deadlineAt);
    expect(world.ledger.cases.get(first?.id ?? 0)?.seq).toBe(first?.seq);
    const omar = await ConsoleBrowser.signIn(served.console.address, 'omar');
    expect((await omar.get('/cases')).text).not.toContain('value="waive"');
    const refused = await omar.submit('/cases', '/cases/bulk', { act: 'waive', reason: 'x', case: codes });
    expect(refused.text).toContain('您的角色不能执行此操作');
    expect((await vera.get('/cases')).text).not.toContain('/cases/bulk');
  });
});

describe('notices', () => {
  it('are found by case, told as they would be written, and the stuck ones first', async () => {
    const code = world.cases()[0]?.code ?? '';
    const found = await vera.get(`/notices?text=${code}`);
    expect(found.text).toContain(`/cases/${code}`);
    expect(found.text).not.toContain(`/cases/${world.cases()[2]?.code}`);
    world.ledger.outbox.plan(
      [
        {
          topic: 'case:1',
          stage: 'late',
          kind: 'reminder',
          channel: 'email',
          recipient: 'x@owner.example',
          person: 'p',
          name: '张三',
          caseId: 1,
          subjectId: 1,
          siteId: 1,
          params: {},
          dryRun: true,
          notBefore: world.now() + 1e9,
        },
      ],
      world.now() - 2 * 86_400_000,
    );
    const stuck = await vera.get('/notices?state=stuck');
    expect(stuck.text).toContain('到期提醒');
    const late = world.ledger.outbox.plannedBefore(world.now() - 86_400_000, 1)[0];
    const preview = await vera.get(`/notices/${late?.id}`);
    expect(preview.text).toContain('按现在的情况预览');
    expect(preview.text).toContain('整改期限');
  });
});

describe('the configuration', () => {
  it('tells every setting with its origin, and no secret', async () => {
    const { text } = await vera.get('/configuration');
    expect(text).toContain('notices.email.user');
    expect(text).not.toMatch(/the smtp password|queue-password/);
    expect(text).not.toContain('>k<');
    expect(originOf(world.config, 'notices.email.user')).toBe('command line');
    expect(originOf(world.config, 'notices.email.port')).toBe('config/default.yaml');
  });
});

describe('two persons', () => {
  it('are what an approval may demand: a key is none of them', async () => {
    const other = await CaseWorld.open('2026-11-23 10:00', { enforcement: { approvals: { 'restrict-access': 2 } } });
    const siteId = other.addSite(1);
    other.set(siteId, 'icp-footer', 'fail');
    other.look(siteId);
    await other.until('2026-12-31 10:00');
    const there = await openConsole(other);
    const first = await ConsoleBrowser.signIn(there.console.address, 'anna');
    const { code } = other.case();
    expect((await first.submit(`/cases/${code}`, `/cases/${code}/approve`, { reason: '属实' })).text).toContain(
      '已办理',
    );
    expect(other.case().state).toBe('enforcement-asked');
    const again = await first.submit(`/cases/${code}`, `/cases/${code}/approve`, { reason: '属实' });
    expect(again.text).toContain('还需另一人批准');
    const { key } = makeKey(
      other.ledger.api,
      { name: 'k', scopes: ['cases:write', 'cases:decide'], by: 'anna', role: 'approver', expiresAt: null },
      other.now(),
    );
    const answer = await fetch(`${there.console.address}/api/v1/cases/${code}/acts/approve`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"reason":"x"}',
    });
    expect(answer.status).toBe(409);
    expect(other.case().state).toBe('enforcement-asked');
    await there.close();
    other.close();
  });
});

describe('figures of the whole ledger', () => {
  it('are what the ledger holds', async () => {
    await served.figures.refresh();
    const figures = served.figures.latest();
    const failing = figures?.verdicts.find(({ checkId, verdict }) => checkId === 'icp-footer' && verdict === 'fail');
    expect(failing?.count).toBe(3);
    expect(figures?.worst.find(({ worst }) => worst === 4)?.count).toBe(3);
    const active = figures?.sites.filter(({ state }) => state === 'active').reduce((sum, { count }) => sum + count, 0);
    expect(active).toBe(world.ledger.size().active);
  });
});
