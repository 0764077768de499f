import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readXlsxRows } from '../../src/filing/read-xlsx.ts';
import { Exports, type Table } from '../../src/web/exports.ts';
import { countedSites } from '../../src/web/rescan-filter.ts';
import { CaseWorld } from '../support/case-world.ts';
import { ConsoleBrowser } from '../support/console-browser.ts';
import { type ConsoleWorld, openConsole } from '../support/console-world.ts';
import { ledgerState } from '../support/ledger-state.ts';

let world: CaseWorld;
let served: ConsoleWorld;
let anna: ConsoleBrowser;
let omar: ConsoleBrowser;
let vera: ConsoleBrowser;

beforeAll(async () => {
  world = await CaseWorld.open('2026-11-23 10:00', { notices: { portalUrl: 'https://beian.example' } });
  for (let index = 1; index <= 4; index++) {
    const siteId = world.addSite(index, {
      ...(index === 2 && { subjectName: '欧阳小明', subjectKind: 'individual' as const }),
    });
    if (index <= 2) world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
  }
  await world.until('2026-11-23 11:00');
  served = await openConsole(world);
  await served.figures.refresh();
  const { address } = served.console;
  anna = await ConsoleBrowser.signIn(address, 'anna');
  omar = await ConsoleBrowser.signIn(address, 'omar');
  vera = await ConsoleBrowser.signIn(address, 'vera');
});
afterAll(async () => {
  await served.close();
  world.close();
});

const secretOf = (): string => {
  const sms = world.channels.sms.sent
    .map(({ message }) => JSON.stringify(message.content))
    .find((one) => one.includes('site-1.cn') || one.includes('京ICP备2021000001号'));
  const found = [...(sms ?? '').matchAll(/\b[0-9A-HJKMNP-TV-Z]{10}\b/g)].map(([code]) => code);
  return found.find((code) => code !== '2021000001') ?? '';
};
const first = () => world.cases().find(({ siteId }) => siteId === 1);

describe('lists as files', () => {
  const file = async (path: string, who = vera) => {
    const response = await fetch(`${served.console.address}${path}`, { headers: { cookie: who.cookie } });
    return {
      type: response.headers.get('content-type'),
      name: response.headers.get('content-disposition'),
      bytes: Buffer.from(await response.arrayBuffer()),
      status: response.status,
    };
  };

  it('hold what the filter shows, in the reader’s language, without private persons’ names', async () => {
    const { bytes, type, name } = await file('/sites/export.csv?verdict=fail');
    expect(type).toContain('text/csv');
    expect(name).toBe('attachment; filename="sites-2026-11-23.csv"');
    const [head = '', ...lines] = bytes.toString('utf8').replace('\ufeff', '').trim().split('\n');
    expect(head).toContain('网站备案号,域名');
    expect(lines.map((line) => line.split(',')[1]).sort()).toEqual(['site-1.cn', 'site-2.cn']);
    // In words, as the list itself.
    expect(lines[0]).toContain('有效');
    expect(lines[0]).toContain('不通过');
    expect(lines[0]).not.toMatch(/\b(?:active|fail|pass)\b/);
    expect(bytes.toString('utf8')).not.toContain('欧阳小明');
    expect(world.ledger.admins.auditLog({ action: 'export sites' }, null, 1)[0]).toMatchObject({
      actor: 'vera',
      detail: 'verdict=fail',
    });
  });

  it('cases too, and as a spreadsheet that opens', async () => {
    const cases = (await file('/cases/export.ndjson?state=all')).bytes.toString('utf8').trim().split('\n');
    expect(cases.map((line) => (JSON.parse(line) as { code: string }).code).sort()).toEqual(
      world
        .cases()
        .map(({ code }) => code)
        .sort(),
    );
    const { bytes, type } = await file('/cases/export.xlsx');
    expect(type).toContain('spreadsheetml');
    expect(bytes.subarray(0, 2).toString()).toBe('PK');
    expect((await file('/cases/export.doc')).status).toBe(404);
  });

  it('of nothing have their heads all the same; problems are told in words', async () => {
    expect((await file('/sites/export.csv?text=nowhere.example')).bytes.toString('utf8')).toMatch(
      /^\ufeff网站备案号,域名[^\n]*\n$/,
    );
    const cases = (await file('/cases/export.csv')).bytes.toString('utf8');
    expect(cases).toContain('未链接到工信部网站');
    expect(cases).not.toContain('not-linked');
  });

  it('a spreadsheet of twenty thousand rows is put together beside the work, and one row more is refused', async () => {
    let rows = 0;
    const table = (count: number): Table => ({
      name: 'sites',
      columns: ['site_number', 'domain'],
      rows: (async function* () {
        for (rows = 0; rows < count; ) yield { site_number: `n${++rows}`, domain: 'x.cn' };
      })(),
      reader: 'machine',
    });
    const app = Fastify();
    const exports = new Exports();
    app.get('/:count', { exposeHeadRoute: false }, (request, reply) =>
      exports.send(reply, table(Number((request.params as { count: string }).count)), 'xlsx', 'anna'),
    );
    app.setErrorHandler((error, _request, reply) => reply.code(409).send({ said: (error as Error).message }));
    const whole = await app.inject('/20000');
    expect(whole.statusCode).toBe(200);
    const folder = mkdtempSync(join(tmpdir(), 'patrol-xlsx-'));
    try {
      writeFileSync(join(folder, 'sites.xlsx'), whole.rawPayload);
      const read = await Array.fromAsync(readXlsxRows(join(folder, 'sites.xlsx')).rows);
      expect(read).toHaveLength(20_001);
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect((await app.inject('/20001')).json()).toMatchObject({
      said: expect.stringContaining('more than 20000 rows'),
    });
    await app.close();
  });

  it('two at a time a person: the third is told to wait, others are served, and HEAD makes none', async () => {
    const never: Table = {
      name: 'cases',
      columns: ['code'],
      rows: (async function* () {
        yield { code: 'A' };
        await new Promise(() => undefined);
      })(),
      reader: 'machine',
    };
    const app = Fastify();
    const exports = new Exports();
    app.get('/:who', (request, reply) => exports.send(reply, never, 'csv', (request.params as { who: string }).who));
    app.setErrorHandler((error, _request, reply) => reply.code(409).send({ said: (error as Error).message }));
    const address = await app.listen({ port: 0 });
    const held = [new AbortController(), new AbortController(), new AbortController()];
    const ask = (who: string, index: number) => fetch(`${address}/${who}`, { signal: held[index]?.signal ?? null });
    expect([(await ask('anna', 0)).status, (await ask('anna', 1)).status]).toEqual([200, 200]);
    expect((await fetch(`${address}/anna`)).status).toBe(409);
    expect((await ask('omar', 2)).status).toBe(200);
    for (const one of held) one.abort();
    // Who hung up gives the place free.
    await expect
      .poll(async () => {
        const again = new AbortController();
        const { status } = await fetch(`${address}/anna`, { signal: again.signal });
        again.abort();
        return status;
      })
      .toBe(200);
    app.server.closeAllConnections();
    await app.close();
    for (const path of ['/sites/export.csv', '/cases/export.ndjson'])
      expect(
        (
          await fetch(`${served.console.address}${path}`, {
            method: 'HEAD',
            headers: { cookie: vera.cookie },
            redirect: 'manual',
          })
        ).status,
      ).not.toBe(200);
  });

  it('a filter that cannot be worked through is told, not written half', async () => {
    const { status, bytes } = await file('/sites/export.csv?check=icp-footer');
    expect(status).toBe(409);
    expect(bytes.toString('utf8')).toContain('同时选择');
  });
});

describe('limits', () => {
  it('501 sites, or 201 cases, are too many at once: nothing is asked for', async () => {
    const before = ledgerState(world.ledger);
    const sites = await anna.submit('/sites', '/sites/rescan', {
      query: '',
      site: Array.from({ length: 501 }, (_, index) => String(index + 1)),
    });
    expect(sites.text).toContain('一次最多选择 500 个');
    const codes = Array.from({ length: 201 }, (_, index) => `AAAAAAA${String(index).padStart(3, '0')}`);
    const cases = await anna.submit('/cases', '/cases/bulk', { act: 'note', reason: '备注', case: codes });
    expect(cases.text).toContain('一次最多 200 个');
    expect(ledgerState(world.ledger)).toBe(before);
  });

  it('the marks of a page of sites with long numbers are all asked for', async () => {
    const ids = [1, ...Array.from({ length: 49 }, (_, index) => 1_000_000 + index)];
    const { text } = await vera.get(`/sites/mark?ids=${ids.join('.')}`);
    expect(JSON.parse(JSON.parse(text).mark as string)).toHaveLength(50);
  });
});

describe('the preview of moved deadlines', () => {
  it('tells each case’s old and new one; what was told never moves earlier', async () => {
    const before = ledgerState(world.ledger);
    const preview = async (date: string): Promise<string> => {
      const fields = { act: 'deadline', date, reason: '放假', case: first()?.code ?? '' };
      const { text } = await anna.submit('/cases', '/cases/bulk', fields);
      return text.slice(text.indexOf('<tbody>'));
    };
    expect(await preview('2026-12-20')).toMatch(/2026-12-07 24:00<\/time> → <time[^>]*>2026-12-20 24:00<\/time>/);
    expect(await preview('2026-11-25')).toContain('只能顺延，不能提前');
    expect(ledgerState(world.ledger)).toBe(before);
  });
});

describe('evidence as it was kept', () => {
  it('is offered to those who may have it', async () => {
    expect((await anna.get('/sites/1')).text).toContain('href="/sites/1/evidence/');
    expect((await vera.get('/sites/1')).text).not.toContain('href="/sites/1/evidence/');
  });
});

describe('what a rescan would take', () => {
  it('is told beside the pace of the last ones; where it was not counted to its end, from the whole ledger’s figures', async () => {
    const { text } = await anna.submit('/sites', '/sites/rescan/preview', { query: '' });
    expect(text).toContain('将复查 4 个有效网站');
    const figures = served.figures.latest();
    expect(countedSites(figures, { state: 'active' })).toBe(4);
    expect(countedSites(figures, { state: 'active', verdict: 'fail' })).toBe(2);
    expect(countedSites(figures, { state: 'active', verdict: 'fail', checkId: 'icp-footer' })).toBe(2);
    expect(countedSites(figures, { state: 'active', verdict: 'fail', checkId: 'site-name' })).toBe(0);
    // What the figures do not count is not guessed.
    expect(countedSites(figures, { state: 'active', province: '北京' })).toBeNull();
    expect(countedSites(figures, { state: 'active', verdict: 'warn' })).toBeNull();
    expect(countedSites(null, { state: 'active' })).toBeNull();
  });
});

describe('an owner who calls', () => {
  it('is found by the code of his SMS, as it is read out', async () => {
    const code = secretOf();
    expect(code).toHaveLength(10);
    for (const said of [code, code.toLowerCase(), `${code.slice(0, 5)}-${code.slice(5)}`]) {
      const { text } = await vera.get(`/cases?text=${encodeURIComponent(said)}`);
      expect(text, said).toContain(`href="/cases/${first()?.code}"`);
    }
    expect((await vera.get('/cases?text=0123456789')).text).toContain('没有符合条件的整改单');
  });

  it('gets a code for a day, for a reason; it is told once, opens the portal, and stands in both histories', async () => {
    const page = `/cases/${first()?.code}`;
    const form = `${page}/portal-code`;
    expect((await vera.get(page)).text).not.toContain(form);
    const without = await omar.submit(page, form, { reason: ' ' });
    expect(without.text).toContain('没有填写理由');
    const { text } = await omar.submit(page, form, { reason: '网站方来电，已核对身份' });
    const code = /<strong class="code">([0-9A-Z]{10})<\/strong>/.exec(text)?.[1] ?? '';
    expect(code).toHaveLength(10);
    expect((await omar.get(page)).text).not.toContain(code);
    expect((await vera.get(`/cases?text=${code}`)).text).toContain(`href="${page}"`);
    expect(world.ledger.admins.auditLog({ action: 'give out portal code' }, null, 1)[0]).toMatchObject({
      actor: 'omar',
      object: `case ${first()?.code}`,
      detail: '网站方来电，已核对身份',
    });
    expect(JSON.stringify(world.ledger.admins.auditLog({}, null, 50))).not.toContain(code);
    expect((await vera.get(page)).text).toContain('出具临时案件码');
  });
});

describe('the audit log', () => {
  it('is read in Chinese, and filtered by what stands in it', async () => {
    const { text } = await anna.get('/audit?action=export+sites');
    expect(text).toContain('导出网站');
    expect(text).not.toContain('出具临时案件码</a>');
    expect(text).toContain('<option value="case waive">整改单：撤销整改要求并结案</option>');
    expect((await vera.get('/audit')).status).toBe(403);
  });
});
