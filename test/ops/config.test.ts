import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { provincePolicy } from '../../src/checks/policy.ts';
import { loadConfig, parseResolver } from '../../src/config.ts';
import type { InputError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'beian-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const load = (yaml: string, env: NodeJS.ProcessEnv = {}) => {
  const file = join(folder, 'c.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, env });
};

describe('configuration', () => {
  it.each<[string, string, RegExp]>([
    ['an unknown key', 'resolver: []', /resolver: unknown key; known here: .*resolvers/],
    ['an unknown key further in', 'dns: { timeout: 5 }', /dns\.timeout: unknown key; known here: timeoutMs/],
    ['a wrong type', 'dns: { tries: many }', /dns\.tries: .*default: 3/],
    ['out of range', 'ops: { port: 70000 }', /ops\.port/],
    ['an unreadable resolver', 'resolvers: [dns.example]', /resolvers\.0: .*is an IP address/],
    ['no resolver', 'resolvers: []', /needs at least one resolver/],
    ['an unusable queue address', 'queue: { url: "mysql://x" }', /queue\.url: .*redis:\/\//],
    ['a word that is not a level', 'log: { level: loud }', /log\.level/],
    [
      'more confirmations than resolvers asked',
      'dns: { confirmResolvers: 2, minConfirmResolvers: 3 }',
      /minConfirmResolvers is larger/,
    ],
    [
      'more confirmations than resolvers given',
      'resolvers: [1.1.1.1]\ndns: { minConfirmResolvers: 2 }',
      /only 1 resolver\(s\) are given/,
    ],
    [
      'a connection longer than the page',
      'page: { connectTimeoutMs: 9000, totalTimeoutMs: 8000 }',
      /connectTimeoutMs is larger/,
    ],
    ['a lease shorter than the work', 'sweep: { leaseMs: 2000 }', /leaseMs is shorter/],
    [
      'a check without settings',
      'checks: { empty-shell: { enabled: "yes", shadow: false, intervalMs: 1000 } }',
      /checks\.empty-shell\.enabled/,
    ],
    ['no YAML', 'a: [1', /not YAML/],
  ])('%s: names the key and the remedy', (_name, yaml, message) => {
    expect(() => load(yaml)).toThrow(message);
    try {
      load(yaml);
    } catch (error) {
      expect((error as InputError).remedy.length).toBeGreaterThan(10);
    }
  });

  it('names every wrong key at once', () => {
    expect(() => load('dns: { tries: x }\nops: { port: y }')).toThrow(/dns\.tries[\s\S]*ops\.port/);
  });

  it('a missing file is said', () =>
    expect(() => loadConfig({ file: '/nonexistent.yaml', env: {} })).toThrow(/does not exist/));

  it('environment wins over the file, the file over the defaults', () => {
    const { settings, origin } = load('ledger: { path: a.db }\nops: { port: 1 }', {
      PATROL_LEDGER: 'b.db',
      QUEUE_URL: 'redis://h:1',
      PATROL_RESOLVERS: '1.1.1.1, 9.9.9.9:53',
      PATROL_HTTP_PORT: '99',
    });
    expect([
      settings.ledger.path,
      settings.ops.port,
      settings.queue.url,
      settings.resolvers.length,
      settings.dns.tries,
    ]).toEqual(['b.db', 99, 'redis://h:1', 2, 3]);
    expect(origin).toContain('environment QUEUE_URL');
  });

  it.each([
    ['223.5.5.5', { host: '223.5.5.5', port: 53 }],
    ['1.1.1.1:5353', { host: '1.1.1.1', port: 5353 }],
    ['[2400:3200::1]:53', { host: '2400:3200::1', port: 53 }],
    ['2400:3200::1', { host: '2400:3200::1', port: 53 }],
    ['x', null],
    ['1.1.1.1:0', null],
  ])('resolver %s', (text, parsed) => expect(parseResolver(text)).toEqual(parsed));
});

describe('the provincial table (R5)', () => {
  const { provinces } = loadConfig({ env: {} });
  const rows: [string, number, number, boolean, string][] = [
    ['黑龙江', 90, 2, false, 'as-everywhere'],
    ['吉林', 90, 2, false, 'as-everywhere'],
    ['辽宁', 90, 2, true, 'as-everywhere'],
    ['北京', 90, 1, false, 'as-everywhere'],
    ['河北', 90, 2, false, 'as-everywhere'],
    ['内蒙古', 90, 2, false, 'as-everywhere'],
    ['山西', 90, 1, false, 'as-everywhere'],
    ['天津', 90, 3, false, 'after-half-a-year'],
    ['安徽', 90, 2, false, 'as-everywhere'],
    ['福建', 90, 2, false, 'as-everywhere'],
    ['江苏', 90, 2, true, 'as-everywhere'],
    ['山东', 45, 2, false, 'as-everywhere'],
    ['上海', 180, 2, false, 'always'],
    ['浙江', 90, 3, false, 'as-everywhere'],
    ['江西', 90, 3, false, 'as-everywhere'],
    ['广东', 90, 1, false, 'always'],
    ['广西', 90, 1, true, 'as-everywhere'],
    ['海南', 90, 2, false, 'as-everywhere'],
    ['河南', 90, 1, false, 'always'],
    ['湖北', 90, 2, false, 'as-everywhere'],
    ['湖南', 90, 1, true, 'as-everywhere'],
    ['甘肃', 90, 1, true, 'as-everywhere'],
    ['宁夏', 90, 2, false, 'as-everywhere'],
    ['青海', 90, 2, false, 'as-everywhere'],
    ['陕西', 90, 2, true, 'as-everywhere'],
    ['新疆', 90, 1, false, 'as-everywhere'],
    ['重庆', 90, 3, false, 'as-everywhere'],
    ['贵州', 90, 1, false, 'as-everywhere'],
    ['四川', 90, 3, true, 'as-everywhere'],
    ['西藏', 90, 1, false, 'always'],
    ['云南', 90, 3, false, 'as-everywhere'],
  ];
  it.each(rows)('%s', (province, remainingDays, holder, localMobile, mustShow) =>
    expect(provincePolicy(provinces, province)).toMatchObject({ remainingDays, holder, localMobile, mustShow }),
  );
  it('holds all 31 provinces and no other', () =>
    expect(Object.keys(provinces.provinces).sort()).toEqual(rows.map(([province]) => province).sort()));
});
