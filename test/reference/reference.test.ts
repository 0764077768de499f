import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { diagnoseData } from '../../src/cli/doctor-data.ts';
import { loadConfig, ROOT } from '../../src/config.ts';
import { openReferenceData } from '../../src/reference/open-reference.ts';
import { type Reference, recording, replaying } from '../../src/reference/reference.ts';
import { checkInput } from '../support/check-input.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'beian-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SHIPPED = join(ROOT, 'config/data');
const open = (over: Partial<Parameters<typeof openReferenceData>[0]> = {}) =>
  openReferenceData({
    folder: SHIPPED,
    ownFolder: join(folder, 'own'),
    addressProvinces: null,
    mobileSegments: null,
    ...over,
  });
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
  return path;
};

describe('data files', () => {
  it('each says source, date and how to refresh it', () => {
    const { files } = open();
    expect(files.map(({ name }) => name).sort()).toEqual([
      'content-words.yaml',
      'registrars.yaml',
      'server-kinds.yaml',
      'site-name-words.yaml',
      'tlds.yaml',
    ]);
    for (const { source, refresh, date, maxAgeDays } of files) {
      expect(source.length).toBeGreaterThan(20);
      expect(refresh.length).toBeGreaterThan(20);
      expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
      expect(maxAgeDays).toBeGreaterThan(0);
    }
  });
  it('an own file wins over the shipped one, and shows in the version', () => {
    const text = readFileSync(join(SHIPPED, 'tlds.yaml'), 'utf8').replace('refused:\n  [', 'refused:\n  [ "zzz", ');
    file('own/tlds.yaml', text);
    const own = open();
    expect(own.reference.tldStatus('a.zzz')).toBe('refused');
    expect(open({ ownFolder: join(folder, 'none') }).reference.tldStatus('a.zzz')).toBe('unknown');
    expect(own.version).not.toBe(open({ ownFolder: join(folder, 'none') }).version);
  });
  it.each([
    ['approved: nothing\n', /tlds\.yaml: /],
    ['x: [', /not YAML/],
  ])('a broken one is named: %j', (text, said) => {
    file('own/tlds.yaml', text);
    expect(() => open()).toThrow(said);
  });
  it('lists of addresses and mobile segments are read, and a bad line is named', () => {
    const addressProvinces = file('a.txt', '# own\n47.92.0.0/14 河北省\n47.92.1.0/24, 北京\n');
    const mobileSegments = file('m.txt', '1380013 北京\n1391000,上海市\n');
    const data = open({ addressProvinces, mobileSegments });
    expect(['47.93.0.1', '47.92.1.9', '8.8.8.8'].map((one) => data.reference.addressProvince(one))).toEqual([
      '河北',
      '北京',
      null,
    ]);
    expect(['13800138000', '13910001234', '19912345678'].map((one) => data.mobileSegments?.find(one))).toEqual([
      '北京',
      '上海',
      null,
    ]);
    expect(() => open({ mobileSegments: file('bad.txt', '1380013 北京\n138 北京\n') })).toThrow(/line 2/);
    expect(() => open({ addressProvinces: file('bad2.txt', 'x 北京\n') })).toThrow(/line 1/);
    expect(() => open({ addressProvinces: join(folder, 'absent') })).toThrow(/ENOENT/);
  });
  it('doctor warns of stale ones, each with how to refresh it', () => {
    const config = loadConfig({ env: {}, overrides: { ledger: { path: ':memory:' } } });
    const today = Date.parse('2026-11-22T04:00:00Z');
    const warned = (now: number) =>
      diagnoseData(config, null, now).filter(({ state, said }) => state === 'warn' && said.includes('older than'));
    expect(warned(today)).toEqual([]);
    const later = warned(today + 800 * 86_400_000);
    expect(later.map(({ said }) => said.split(' ')[0])).toEqual(
      expect.arrayContaining(['tlds.yaml', 'registrars.yaml', 'content-words.yaml']),
    );
    for (const { remedy } of later) expect(remedy).toMatch(/data\.ownFolder/);
  });
});

it('every answer a verdict used is kept, and heard again offline whatever the lists say by then (R16.3)', () => {
  const { reference } = checkInput({ artifacts: {} });
  const answers = {};
  const live = recording(reference, answers);
  const ask = (one: Reference) => [
    one.tldStatus('a.cn'),
    one.tldAcceptedIn('北京', 'a.art'),
    one.registrar('GoDaddy.com, LLC'),
    one.registrar('nobody'),
    one.bannedInName('中国团购', 'individual', '北京'),
    one.serverKind('ecs'),
    one.addressProvince('1.2.3.4'),
    one.bureauNumber('x'),
  ];
  const first = ask(live);
  expect(ask(replaying(JSON.parse(JSON.stringify(answers))))).toEqual(first);
  expect(replaying({}).tldStatus('a.cn')).toBe('unknown');
});
