import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CaseWorld } from '../support/case-world.ts';
import { ConsoleBrowser } from '../support/console-browser.ts';
import { type ConsoleWorld, openConsole } from '../support/console-world.ts';

let world: CaseWorld;
let served: ConsoleWorld;
let vera: ConsoleBrowser;

/** Serve the world's console to somebody who may only look. */
async function open(options: Parameters<typeof openConsole>[1] = {}): Promise<void> {
  served = await openConsole(world, options);
  await served.figures.refresh();
  vera = await ConsoleBrowser.signIn(served.console.address, 'vera');
}

beforeEach(async () => {
  world = await CaseWorld.open('2026-08-03 10:00');
});
afterEach(async () => {
  await served.close();
  world.close();
});

describe('what needs a hand', () => {
  it('an empty ledger says where to begin', async () => {
    await open();
    const { text } = await vera.get('/');
    expect(text).toContain('还没有备案数据');
    expect(text).toContain('href="/imports"');
  });

  it('nothing: it says so', async () => {
    world.look(world.addSite(1));
    await open();
    expect((await vera.get('/')).text).toContain('没有需要处理的事项');
  });

  it('a fifth of the sites unseen: our own network comes first, and nobody is accused', async () => {
    for (let index = 1; index <= 24; index++) {
      const siteId = world.addSite(index);
      if (index <= 4) world.set(siteId, 'icp-footer', 'inconclusive', []);
      world.look(siteId);
    }
    await open();
    // Four of twenty-four are a sixth: not yet.
    expect((await vera.get('/')).text).not.toContain('请先检查巡检机自己的网络');
    world.set(5, 'icp-footer', 'inconclusive', []);
    world.look(5);
    await served.figures.refresh();
    const { text } = await vera.get('/');
    expect(text).toContain('21% 的网站未能核实');
    expect(text).toContain('请先检查巡检机自己的网络');
    expect(world.cases()).toEqual([]);
  });

  it('of a few sites it takes half', async () => {
    for (let index = 1; index <= 4; index++) {
      const siteId = world.addSite(index);
      if (index === 1) world.set(siteId, 'icp-footer', 'inconclusive', []);
      world.look(siteId);
    }
    await open();
    expect((await vera.get('/')).text).not.toContain('未能核实</a>：请先检查');
    world.set(2, 'icp-footer', 'inconclusive', []);
    world.look(2);
    await served.figures.refresh();
    expect((await vera.get('/')).text).toContain('50% 的网站未能核实</a>：请先检查');
  });

  it('notices that failed are counted, and lead to their list', async () => {
    world.channels.email.answer = () => ({ kind: 'refused', code: '550', message: 'no such user', blame: 'address' });
    const siteId = world.addSite(1);
    world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
    await world.until('2026-08-03 12:00');
    await open();
    const { text } = await vera.get('/');
    expect(text).toMatch(/href="\/notices\?state=stuck">未送达或结果未知的通知：[1-9]/);
  });
});

describe('alarms of one sort', () => {
  it('stand together: two to be seen, the others folded and counted, other sorts beside them', async () => {
    world.look(world.addSite(1));
    for (let index = 0; index < 150; index++) {
      const code = `${String(index).padStart(9, '0')}A`;
      world.ledger.raiseAlert(`no-address-${code}`, { en: `nobody ${code}`, zh: `无人可告知 ${code}` }, world.now());
    }
    world.ledger.raiseAlert('ranges-old', { en: 'old', zh: '网段表过期' }, world.now());
    await open();
    const { text } = await vera.get('/');
    expect(text).toContain('同类告警另有 148 条');
    const shown = text.replace(/<details>[\s\S]*?<\/details>/g, '');
    expect(shown.match(/无人可告知/g)).toHaveLength(2);
    expect(shown).toContain('网段表过期');
  });
});

describe('what ends next', () => {
  it('a deadline, the day an access is cancelled, and an appeal that waits stand in one list, soonest first', async () => {
    for (const index of [1, 2]) {
      const siteId = world.addSite(index);
      world.set(siteId, 'icp-footer', 'fail');
      world.look(siteId);
    }
    for (const code of await world.untilAsked(2)) {
      world.desk.approve(code, { kind: 'admin', name: 'anna' }, world.now());
      await world.until(world.now() + 60_000);
    }
    const [first, second] = world.cases();
    world.desk.appeal(
      first?.code ?? '',
      { reason: 'filing-correct', description: '' },
      { kind: 'owner', name: 'in-site' },
      world.now(),
    );
    const fresh = world.addSite(3);
    world.set(fresh, 'icp-footer', 'fail');
    world.look(fresh);
    await world.until(world.now() + 60_000);
    await open();
    const { text } = await vera.get('/');
    const list = text.slice(text.indexOf('最近的期限'));
    const rows = [...list.matchAll(/href="\/cases\/(\w+)">[\s\S]*?<time datetime="([^"]+)"/g)].slice(0, 3);
    expect(new Set(rows.map(([, code]) => code))).toEqual(
      new Set([first?.code, second?.code, world.cases().find(({ siteId }) => siteId === fresh)?.code]),
    );
    expect(rows.map(([, , at]) => at)).toEqual(rows.map(([, , at]) => at).sort());
    for (const word of ['申诉审核', '取消接入', '整改期限']) expect(list).toContain(word);
  });
});

describe('an appeal that is due soon', () => {
  it('stands before any number of restrictions of long ago', async () => {
    const one = world.addSite(1);
    world.set(one, 'icp-footer', 'fail');
    world.look(one);
    const [code = ''] = await world.untilAsked(1);
    world.desk.approve(code, { kind: 'admin', name: 'anna' }, world.now());
    await world.until(world.now() + 60_000);
    const { sqlite } = world.ledger.connection;
    const record = world.desk.find(code);
    const insert = sqlite.prepare(
      `INSERT INTO cases (code, programme, scope, subject_id, site_id, state, opened_at, closed_at, deadline_at, told_at, dry_run, policy_version, record, seq, head_hash, due_at)
        SELECT ?, programme || ?, scope, subject_id, site_id, state, opened_at, closed_at, ?, told_at, dry_run, policy_version, ?, seq, head_hash, due_at FROM cases WHERE code = ?`,
    );
    for (let index = 0; index < 60; index++) {
      const copy = {
        ...record,
        code: `R${String(index).padStart(9, '0')}`,
        deadlineAt: record.deadlineAt - 1000 - index,
      };
      insert.run(copy.code, `-${index}`, copy.deadlineAt, JSON.stringify(copy), code);
    }
    const owner = { kind: 'owner' as const, name: 'in-site' };
    world.desk.appeal(code, { reason: 'filing-correct', description: '' }, owner, world.now());
    await open();
    const { text } = await vera.get('/');
    const list = text.slice(text.indexOf('最近的期限'));
    expect(/href="\/cases\/(\w+)"/.exec(list)?.[1]).toBe(code);
  });
});

describe('health', () => {
  it('a queue that never answers is said to be silent, and the page comes all the same', async () => {
    world.look(world.addSite(1));
    await open({ queues: () => new Promise(() => undefined) });
    const { status, text } = await vera.get('/');
    expect(status).toBe(200);
    expect(text).toMatch(/队列<\/dt><dd><span class="badge fail">没有响应/);
  });

  it('jobs that failed are told', async () => {
    await open({ queues: async () => ({ gather: { waiting: 3, failed: 2 } }) });
    const { text } = await vera.get('/');
    expect(text).toContain('待处理 3 · 失败 2');
    expect(text).toContain('有失败任务');
  });

  it('lists that are old are named', async () => {
    await open();
    const fresh = (await vera.get('/')).text;
    // Their dates stand in their files: two years on each is old.
    await world.until('2028-08-03 10:00');
    const later = await ConsoleBrowser.signIn(served.console.address, 'vera');
    const old = (await later.get('/')).text;
    expect(fresh).toMatch(/网段列表<\/dt><dd><span class="badge pass">有效/);
    expect(old).toMatch(/网段列表<\/dt><dd><span class="badge warn">\d+ 份过期<\/span> <a href="\/ranges">\D/);
  });
});

describe('provider ranges', () => {
  it('an address of ours is told with its range; what is no address is told so', async () => {
    await open();
    const list = (await vera.get('/ranges?address=47.92.0.10')).text;
    expect(list).toMatch(/47\.92\.0\.10：<strong>aliyun/);
    for (const wrong of ['999.1.1.1', 'no spaces here', '-'])
      expect((await vera.get(`/ranges?address=${encodeURIComponent(wrong)}`)).text, wrong).toContain(
        '不是 IP 地址，也不是域名',
      );
    expect((await vera.get('/ranges?address=example.com')).text).toContain('不在任何网段表中');
  });
});
