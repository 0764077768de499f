import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import { ROOT } from '../../src/config.ts';
import { pageWith } from '../support/check-input.ts';
import { freePort, hasRedis, startRedis } from '../support/redis.ts';

let folder: string;
let config: string;
const N = '京ICP备05070218号-1';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'beian-cli-'));
  config = join(folder, 'patrol.yaml');
  // A resolver nobody runs: without a network every site is inconclusive, and soon.
  writeFileSync(
    config,
    `ledger: { path: ${join(folder, 'ledger.db')} }\nqueue: { dataDir: ${join(folder, 'queue')} }\nresolvers: ["127.0.0.1:1", "127.0.0.1:2"]\ndns: { timeoutMs: 100, tries: 1 }\nops: { port: ${await freePort()} }\nportal: { port: ${await freePort()} }\nconsole: { port: ${await freePort()} }\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (over: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  PATROL_CONFIG: config,
  NO_COLOR: '1',
  ...over,
});
const patrol = (args: string[], over: NodeJS.ProcessEnv = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'src/cli.ts'), ...args], {
    cwd: folder,
    env: environment(over),
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
};
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('help and usage', () => {
  it('every command teaches itself', () => {
    const commands =
      /Commands:\n([\s\S]*?)\n\n/
        .exec(patrol(['--help']).stdout)?.[1]
        ?.match(/^ {2}(\w+)/gm)
        ?.map((name) => name.trim()) ?? [];
    expect(commands).toEqual(
      expect.arrayContaining([
        'start',
        'import',
        'scan',
        'rescan',
        'explain',
        'doctor',
        'ranges',
        'checks',
        'audit',
        'whose',
        'sweeps',
        'backup',
      ]),
    );
    for (const command of commands.filter((name) => name !== 'help'))
      expect
        .soft(patrol([command, '--help']), command)
        .toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: patrol') });
  });
  it.each<[string[], RegExp]>([
    [['frobnicate'], /unknown command/],
    [['scan'], /nothing to check[\s\S]*→/],
    [['scan', 'nofile.csv'], /no such file|does not exist/],
    [['scan', 'nobody-has-this.cn'], /not in the ledger[\s\S]*→ import/],
    [['scan', '--all', '--fail-on', 'pass'], /--fail-on/],
    [['scan', '--all', '--checks', 'nonsense'], /no check nonsense/],
    [['import'], /no file given/],
    [['explain', 'nobody-has-this.cn'], /not in the ledger/],
    [['audit'], /nothing given/],
    [['audit', '--page', 'x.html'], /needs --site-number/],
    [['start', '--roles', 'king'], /no role king/],
    [['sweeps', 'release', '99'], /not held/],
    [['ranges', 'update', '--provider', 'x', '--from', 'none.txt'], /does not exist/],
    [['number', 'abc'], /not-a-number/],
  ])('%j is bad usage: exit 2, no stack', (args, message) => {
    const { status, stderr } = patrol(args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('import', () => {
  it('keeps good rows, writes rejects, exits 2', () => {
    const rows = file('mixed.csv', `网站备案号,域名,接入服务商\n${N},example.cn,阿里云\nabc,,\n`);
    const { status, stdout } = patrol(['import', rows, '--json']);
    expect([status, JSON.parse(stdout)]).toMatchObject([
      2,
      { rows: 2, created: 1, rejected: 1, rejectsFile: 'rejected-mixed.csv' },
    ]);
    expect(readFileSync(join(folder, 'rejected-mixed.csv'), 'utf8')).toMatch(/3,site_number,abc,/);
  });
  it('gives the template', () => expect(patrol(['import', '--template', 'zh']).stdout).toContain('网站备案号'));
});

describe('offline tools', () => {
  it('audits a page in the promised form', () => {
    const page = file(
      'home.html',
      pageWith(
        `<a href="https://beian.miit.gov.cn/">${N}</a> <a href="https://beian.mps.gov.cn/#/query/webSearch?code=11010802020134">京公网安备11010802020134号</a>`,
      ),
    );
    const { status, stdout } = patrol([
      'audit',
      '--page',
      page,
      '--url',
      'https://example.cn/',
      '--site-number',
      N,
      '--json',
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      facts: {
        icpNumbers: [
          { text: N, number: N, inFooter: true, href: 'https://beian.miit.gov.cn/', link: 'miit', placeholder: false },
        ],
        policeNumbers: [{ number: '京公网安备11010802020134号', href: expect.stringContaining('beian.mps.gov.cn') }],
        title: '示例',
        charset: 'utf-8',
      },
      verdicts: [{ check: 'icp-footer', verdict: 'pass', codes: [] }],
    });
  });
  it('audits a registration', () => {
    const answer = file(
      'whois.txt',
      'Domain Name: example.cn\nDomain Status: ok\nSponsoring Registrar: R\nExpiration Time: 2001-03-17 12:48:36\nRegistration Time: 2000-03-17 12:20:05\n',
    );
    const { stdout } = patrol(['audit', '--registration', answer, '--domain', 'example.cn', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      facts: { found: true, expiresAt: '2001-03-17T12:48:36+08:00', registrar: 'R', statuses: ['ok'] },
      verdicts: [{ check: 'domain-expiry', verdict: 'fail', codes: ['expired'] }],
    });
    expect(
      JSON.parse(patrol(['audit', '--registration', answer, '--domain', 'other.cn', '--json']).stdout),
    ).toMatchObject({ facts: { found: true }, verdicts: [{ verdict: 'inconclusive' }] });
    const refused = file('refused.txt', 'Queried interval is too short.');
    expect(
      JSON.parse(patrol(['audit', '--registration', refused, '--domain', 'example.cn', '--json']).stdout),
    ).toMatchObject({ facts: { found: 'refused' }, verdicts: [{ verdict: 'inconclusive' }] });
  });
  it('says whose an address is', () => {
    const rows = JSON.parse(
      patrol(['whose', '47.92.93.239', '103.7.29.209', 'x.w.kunlunsl.com', '203.0.113.1', '--json']).stdout,
    ) as Record<string, unknown>[];
    expect(rows.map(({ provider, mainland }) => [provider, mainland])).toEqual([
      ['aliyun', true],
      ['tencent', false],
      ['aliyun', null],
      [null, null],
    ]);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'query',
      'provider',
      'product',
      'region',
      'mainland',
      'range',
      'listVersion',
    ]);
  });
  it('lists checks and ranges, verifies the lists', () => {
    expect(JSON.parse(patrol(['checks', '--json']).stdout)).toHaveLength(checks.length);
    expect(JSON.parse(patrol(['ranges', 'verify', '--json']).stdout)).toMatchObject({ problems: [] });
  });
  it('updates a list into a folder of its own, and refuses an emptied one', () => {
    const list = file('own.txt', '47.92.0.0/14\nbad\n');
    const { status, stderr, stdout } = patrol(['ranges', 'update', '--provider', 'aliyun', '--from', list]);
    expect([status, stdout]).toEqual([2, expect.stringContaining('less than half')]);
    expect(stderr).toBe('');
    expect(JSON.parse(patrol(['whose', '8.148.125.77', '47.92.0.1', '--json']).stdout)).toMatchObject([
      { provider: null },
      { provider: 'aliyun', listVersion: expect.stringMatching(/^20/) },
    ]);
    rmSync(join(folder, 'data'), { recursive: true });
    expect(
      patrol(['ranges', 'update', '--provider', 'aliyun', '--from', file('empty.txt', '# nothing\n')]),
    ).toMatchObject({ status: 2, stderr: expect.stringContaining('no ranges') });
  });
});

describe('without a network', () => {
  it('a scan is inconclusive with the plain reason, exit 0; audit of its artifacts agrees', () => {
    const rows = file('sites.csv', `site_number,domains\n${N},example.cn\n`);
    const { status, stdout } = patrol(['scan', rows, '--json', '--confirm-pause', '0']);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as {
      counts: { check: string; inconclusive: number; fail: number }[];
      sites: { verdicts: { titles: { en: string }[] }[] }[];
    };
    expect(result.counts.filter(({ fail }) => fail > 0)).toEqual([]);
    expect(result.counts.filter(({ inconclusive }) => inconclusive > 0).map(({ check }) => check)).toEqual(
      expect.arrayContaining(['empty-shell', 'icp-footer', 'domain-expiry', 'reachability', 'site-content']),
    );
    expect(JSON.stringify(result.sites)).toContain('well-known names');
    expect(patrol(['scan', 'example.cn', '--confirm-pause', '0']).stdout).toContain('no resolver can be used');
    const artifacts = join(folder, 'artifacts.json');
    expect(patrol(['explain', 'example.cn', '--export', artifacts, '--lang', 'zh']).stdout).toContain('暂不判定');
    const audited = JSON.parse(patrol(['audit', artifacts, '--json']).stdout) as { verdicts: { same: boolean }[] };
    expect(audited.verdicts.every(({ same }) => same)).toBe(true);
  });
  it('doctor says what to mend', () => {
    const found = JSON.parse(patrol(['doctor', '--json']).stdout) as {
      what: string;
      state: string;
      remedy: string | null;
    }[];
    expect(found.filter(({ state }) => state === 'fail').map(({ what }) => what)).toEqual(['resolvers']);
    expect(found.every(({ state, remedy }) => state === 'ok' || (remedy ?? '').length > 5)).toBe(true);
    expect(patrol(['doctor', '--fail-on', 'fail']).status).toBe(1);
  });
});

describe('in trouble', () => {
  it('an unreachable queue: one line, exit 2, within seconds', async () => {
    const { status, stderr } = patrol(['start'], { QUEUE_URL: `redis://user:secret@127.0.0.1:1` });
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/queue redis:\/\/\*\*\*@127[\s\S]*ECONNREFUSED[\s\S]*→ start Redis/),
    ]);
    expect(stderr).not.toContain('secret');
  });
  it('a file that is no ledger', () => {
    const bad = file(
      'bad.db',
      'this is no database, just some text that is long enough to be read as one page'.repeat(20),
    );
    expect(patrol(['doctor'], { PATROL_LEDGER: bad }).stdout).toMatch(/FAIL[\s\S]*no ledger or is damaged/);
    expect(patrol(['explain', 'x.cn'], { PATROL_LEDGER: bad })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('→'),
    });
  });
  it('a ledger another process holds', () => {
    const path = join(folder, 'held.db');
    patrol(['sweeps', 'list'], { PATROL_LEDGER: path });
    const holder = new Database(path);
    holder.exec('BEGIN EXCLUSIVE');
    const { status, stderr } = patrol(['import', file('one.csv', `site_number,domains\n${N},example.cn\n`)], {
      PATROL_LEDGER: path,
    });
    holder.exec('ROLLBACK');
    holder.close();
    expect([status, stderr]).toEqual([2, expect.stringMatching(/SQLITE_BUSY[\s\S]*another process/)]);
  });
  it('a folder that cannot be written', () => {
    expect(patrol(['sweeps', 'list'], { PATROL_LEDGER: join(config, 'under-a-file', 'ledger.db') })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('→'),
    });
  });
  it.runIf(hasRedis())('a Redis that may evict jobs is refused', async () => {
    const redis = await startRedis(['--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru']);
    const { status, stderr } = patrol(['start'], { QUEUE_URL: redis.url });
    await redis.stop();
    expect([status, stderr]).toEqual([2, expect.stringMatching(/maxmemory-policy is allkeys-lru[\s\S]*noeviction/)]);
  });
});

describe('the worker', () => {
  const untilReady = async (child: ChildProcess, port: number): Promise<void> => {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`ended early with ${child.exitCode}`);
      const response = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
      if (response?.status === 200) return;
      await sleep(50);
    }
  };
  it('starts, gets ready, drains on SIGTERM with exit 0, and keeps the folder for itself', async () => {
    const port = await freePort();
    const child = spawn(process.execPath, [join(ROOT, 'src/cli.ts'), 'start'], {
      cwd: folder,
      env: environment({ PATROL_HTTP_PORT: String(port) }),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let log = '';
    child.stderr?.on('data', (data) => {
      log += String(data);
    });
    await untilReady(child, port);
    expect(patrol(['start'], { PATROL_HTTP_PORT: String(await freePort()) })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('is using it'),
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(log).toMatch(/patrol is running[\s\S]*draining[\s\S]*stopped/);
    expect(log).toMatch(/console 控制台: http:\/\/127\.0\.0\.1:\d+\n[\s\S]*admins add NAME --role approver/);
  });
});
