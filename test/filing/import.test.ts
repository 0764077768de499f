import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import { loadConfig } from '../../src/config.ts';
import { COLUMN_NAMES, FIELDS, fieldOfColumn, importTemplate } from '../../src/filing/columns.ts';
import { importFilings, quoteCell } from '../../src/filing/import-filings.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { xlsx } from '../support/xlsx.ts';
import { gbk } from '../world/oddities-page.ts';

let folder: string;
let ledger: Ledger;
const HEAD = '网站备案号,主办单位名称,域名,省份,接入服务商,IP地址,审核通过日期,状态,主体备案号';
const GOOD = '京ICP备05070218号-1,甲公司,example.cn,北京,阿里云,47.92.0.1,2021-06-30,正常,';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'beian-import-'));
  ledger = openConfiguredLedger(loadConfig({ env: {}, overrides: { ledger: { path: join(folder, 'l.db') } } }));
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const run = (name: string, content: string | Buffer, over = {}) => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return importFilings(file, ledger, {
    dryRun: false,
    rejectsFile: join(folder, 'rejected.csv'),
    accessProvider: 'aliyun',
    providers: new Map([
      ['阿里云', 'aliyun'],
      ['aliyun', 'aliyun'],
      ['tencent', 'tencent'],
    ]),
    now: Date.now,
    ...over,
  });
};
const rejects = (): { row: string; column: string; value: string; remedy: string }[] =>
  parse(readFileSync(join(folder, 'rejected.csv')), { bom: true, columns: true });
const filing = (siteNumber: string) => {
  const [id] = ledger.filings.find({ siteNumber });
  return id === undefined ? null : ledger.filings.load(id);
};

describe('formats', () => {
  const ndjson = JSON.stringify({
    site_number: '京ICP备05070218号-1',
    subject_name: '甲公司',
    domains: ['example.cn', 'www.EXAMPLE.com.cn'],
    province: '北京',
  });
  it.each<[string, string, string | Buffer]>([
    ['Chinese CSV', 'a.csv', `${HEAD}\n${GOOD}\n`],
    [
      'CSV with a byte order mark, semicolons and CRLF',
      'b.csv',
      `\ufeff${`${HEAD}\n${GOOD}\n`.replaceAll(',', ';').replaceAll('\n', '\r\n')}`,
    ],
    ['GBK', 'c.csv', gbk(`${HEAD}\n${GOOD}\n`)],
    ['UTF-16', 'd.csv', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`${HEAD}\n${GOOD}\n`, 'utf16le')])],
    ['tabs', 'e.txt', `${HEAD}\n${GOOD}\n`.replaceAll(',', '\t')],
    ['NDJSON', 'f.ndjson', `${ndjson}\n\n`],
    ['XLSX', 'g.xlsx', xlsx([HEAD.split(','), GOOD.split(',')])],
    ['XLSX with inline strings', 'h.xlsx', xlsx([HEAD.split(','), GOOD.split(',')], { inline: true })],
  ])('%s', async (_name, file, content) => {
    expect(await run(file, content)).toMatchObject({ rows: 1, created: 1, rejected: 0, rejectsFile: null });
    expect(filing('京ICP备05070218号-1')).toMatchObject({
      subjectName: '甲公司',
      filing: { province: '北京', accessProvider: 'aliyun' },
      registrable: expect.arrayContaining(['example.cn']),
    });
  });

  it('imports its own template', async () => {
    for (const language of ['en', 'zh'] as const)
      expect(await run(`${language}.csv`, importTemplate(language))).toMatchObject({
        rows: 1,
        rejected: 0,
        ignoredColumns: [],
      });
  });

  it('knows every column name it promises', () => {
    for (const field of FIELDS)
      for (const name of COLUMN_NAMES[field]) expect.soft(fieldOfColumn(` ${name}*`), name).toBe(field);
  });
});

describe('the same file again', () => {
  it('changes nothing, and a changed row only itself', async () => {
    const other = GOOD.replace('05070218号-1', '05070219号-1').replace('example.cn', 'example.com');
    await run('a.csv', `${HEAD}\n${GOOD}\n${other}\n`);
    expect(await run('a.csv', `${HEAD}\n${GOOD}\n${other}\n`)).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
    expect(await run('a.csv', `${HEAD}\n${GOOD.replace('甲', '乙')}\n${other}\n`)).toMatchObject({
      updated: 1,
      unchanged: 1,
    });
    expect(filing('京ICP备05070218号-1')?.subjectName).toBe('乙公司');
  });

  it('stops and restarts the checks with the filing state (R15)', async () => {
    const due = (): (number | null)[] =>
      ledger.verdicts
        .standing(ledger.filings.find({ siteNumber: '京ICP备05070218号-1' })[0] as number)
        .map(({ nextDueAt }) => nextDueAt);
    await run('a.csv', `${HEAD}\n${GOOD}\n`);
    expect(due()).toHaveLength(checks.length);
    expect(due()).not.toContain(null);
    await run('a.csv', `${HEAD}\n${GOOD.replace('正常', '取消接入')}\n`);
    expect(due()).toEqual(checks.map(() => null));
    await run('a.csv', `${HEAD}\n${GOOD}\n`);
    expect(due()).not.toContain(null);
  });
});

describe('bad rows', () => {
  const broken: [string, string, string][] = [
    ['no number', GOOD.replace('京ICP备05070218号-1', ''), 'site_number'],
    ['no filing number at all', GOOD.replace('京ICP备05070218号-1', 'abc'), 'site_number'],
    ['a masked number', GOOD.replace('05070218', 'XXXXXXXX'), 'site_number'],
    ['too few digits', GOOD.replace('05070218', '05071'), 'site_number'],
    ['text behind the number', GOOD.replace('号-1', '号-1 等'), 'site_number'],
    ['an unknown province abbreviation', GOOD.replace('京ICP', '萌ICP'), 'site_number'],
    ['no domain', GOOD.replace('example.cn', ''), 'domains'],
    ['an IP address for a domain', GOOD.replace('example.cn', '47.92.0.1'), 'domains'],
    ['a wildcard', GOOD.replace('example.cn', '*.example.cn'), 'domains'],
    ['a public suffix', GOOD.replace('example.cn', 'com.cn'), 'domains'],
    ['an e-mail address', GOOD.replace('example.cn', 'me@example.cn'), 'domains'],
    ['a domain with a blank label', GOOD.replace('example.cn', 'example..cn'), 'domains'],
    [
      'eleven domains',
      GOOD.replace('example.cn', Array.from({ length: 11 }, (_, i) => `d${i}.cn`).join(';')),
      'domains',
    ],
    ['an unknown province', GOOD.replace('北京', '火星'), 'province'],
    ['another province than the number', GOOD.replace(',北京', ',上海'), 'province'],
    ['an unknown provider', GOOD.replace('阿里云', '某某云'), 'access_provider'],
    ['no IP address', GOOD.replace('47.92.0.1', '47.92.0.999'), 'addresses'],
    ['no date', GOOD.replace('2021-06-30', '去年'), 'approved_at'],
    ['31 February', GOOD.replace('2021-06-30', '2021-02-31'), 'approved_at'],
    ['an unknown state', GOOD.replace('正常', '也许'), 'state'],
    ["another subject's number", `${GOOD}京ICP备09999999号`, 'subject_number'],
    ['control characters', GOOD.replace('甲公司', '甲\u0001公司'), 'subject_name'],
    ['more cells than heads', `${GOOD},x,y`, '(row)'],
  ];

  it('are written with row, column, value and remedy; the good ones are kept', async () => {
    const lines = broken.map(([, row], index) =>
      row.replace('05070218', `0507${String(3000 + index)}`).replace('0507', '0507'),
    );
    const summary = await run(
      'bad.csv',
      `${[HEAD, GOOD, ...lines, GOOD.replace('05070218', '05070299')].join('\n')}\n`,
    );
    expect(summary).toMatchObject({ rows: broken.length + 2, created: 2, rejected: broken.length });
    const written = rejects();
    broken.forEach(([name, , column], index) => {
      const own = written.filter(({ row }) => Number(row) === index + 3);
      expect
        .soft(
          own.map((one) => one.column),
          name,
        )
        .toContain(column);
      for (const { remedy } of own) expect.soft(remedy.length, name).toBeGreaterThan(5);
    });
    expect(filing('京ICP备05070299号-1')).not.toBeNull();
  });

  it('a number twice with other data: the first is kept', async () => {
    expect(await run('twice.csv', `${HEAD}\n${GOOD}\n${GOOD.replace('甲', '乙')}\n`)).toMatchObject({
      created: 1,
      rejected: 1,
    });
    expect(filing('京ICP备05070218号-1')?.subjectName).toBe('甲公司');
    expect(rejects()[0]).toMatchObject({ row: '3', column: 'site_number' });
    // The same file again: still the first.
    expect(await run('twice.csv', `${HEAD}\n${GOOD}\n${GOOD.replace('甲', '乙')}\n`)).toMatchObject({
      unchanged: 1,
      rejected: 1,
    });
    expect(filing('京ICP备05070218号-1')?.subjectName).toBe('甲公司');
  });

  it('broken NDJSON lines', async () => {
    expect(
      await run('x.ndjson', `{"site_number":"京ICP备05070218号-1","domain":"example.cn"}\nnot json\n[1]\n`),
    ).toMatchObject({ created: 1, rejected: 2 });
    expect(rejects().map(({ row }) => row)).toEqual(['2', '3']);
  });

  it('a quotation mark that never closes keeps what stood before', async () => {
    expect(await run('q.csv', `${HEAD}\n${GOOD}\n"${GOOD.replace('05070218', '05070219')}\n`)).toMatchObject({
      created: 1,
      rejected: 1,
    });
    expect(rejects()[0]?.remedy).toContain('quotation mark');
  });

  it('defuses formulas for spreadsheet programs', () =>
    expect([quoteCell('=1+1'), quoteCell('a,b'), quoteCell(5)]).toEqual(["'=1+1", '"a,b"', '5']));
});

describe('files that cannot be used', () => {
  it.each<[string, string, string | Buffer, RegExp]>([
    ['empty', 'a.csv', '', /is empty/],
    ['without the needed columns', 'b.csv', 'x,y\n1,2\n', /no column for site_number \/ 网站备案号, domains \/ 域名/],
    ['an old workbook', 'c.xls', Buffer.from([0xd0, 0xcf, 0x11, 0xe0]), /old Excel format/],
    ['a broken archive', 'd.xlsx', Buffer.from('PK\u0003\u0004garbage'), /not a readable workbook/],
  ])('%s', async (_name, file, content, message) => {
    await expect(run(file, content)).rejects.toThrow(message);
  });
});

describe('a dry run', () => {
  it('says everything and changes nothing', async () => {
    const summary = await run('a.csv', `${HEAD}\n${GOOD}\n${GOOD}\n,,,,,,,,\nx,,,,,,,,\n`, { dryRun: true });
    expect(summary).toMatchObject({ rows: 3, rejected: 2, created: 0, dryRun: true });
    expect(filing('京ICP备05070218号-1')).toBeNull();
  });
});
