import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { evidenceZh, isHowWeLooked, paramsZh, reasonZh } from '../../src/checks/evidence-words.ts';

const folder = join(import.meta.dirname, '../../src/checks');
const sources = readdirSync(folder)
  .filter((name) => name.endsWith('.ts') && name !== 'evidence-words.ts')
  .map((name) => readFileSync(join(folder, name), 'utf8'))
  .join('\n');
const literals = (pattern: RegExp): string[] => [
  ...new Set([...sources.matchAll(pattern)].map(([, text]) => text ?? '')),
];

describe('evidence in Chinese', () => {
  it.each(literals(/\blabel: '([^']+)'/g))('the label "%s" has a word', (label) => {
    expect(evidenceZh({ label, value: 'x' }).label).toMatch(/[\u4e00-\u9fff]/);
  });
  it.each(literals(/\breason: '([^']+)'/g))('the reason "%s" has words', (reason) => {
    expect(reasonZh(reason)).toMatch(/[\u4e00-\u9fff]/);
  });
  it.each([
    [
      { label: 'site-1.cn @223.5.5.5', value: 'answer: a.cdn.example → 128.32.16.190' },
      '解析到 a.cdn.example → 128.32.16.190',
    ],
    [{ label: 'site-1.cn @223.5.5.5', value: 'no-data: -' }, '没有解析记录'],
    [
      { label: 'registry', value: 'expires 2026-11-24T12:00:00+08:00; status pendingDelete, serverHold; registrar X' },
      '到期日 2026-11-24；状态 待删除、注册局暂停解析；注册商 X',
    ],
    [{ label: "bureau's list of 2026-11-30", value: 'alive, 别家商贸有限公司' }, '有效，主办单位：别家商贸有限公司'],
    [{ label: 'page', value: '天成文化 (686 visible characters, 7bf6fc179ca9)' }, '天成文化（可见文字 686 字）'],
    [{ label: 'link', value: '-' }, '（无）'],
    [{ label: 'http://a.cn/', value: '203.0.113.7 timeout: operation was aborted' }, '203.0.113.7 连接超时'],
  ])('%o', (evidence, said) => {
    expect(evidenceZh(evidence).value).toBe(said);
  });
  it.each([
    ['赌博 ×3', 'Win big at example.com'],
    ['text', 'How to reset a TLS timeout: no-data'],
    ['link', 'https://www.example.cn/account/reset'],
    ['title', 'timeout'],
    ['title', 'answer: 42'],
    ['url', 'https://tls.example.cn/nxdomain'],
    ['holder', 'Reset Timeout Ltd'],
    ['http://a.cn/', 'HTTP 301 → http://reset.a.cn/timeout'],
    ['registrar', 'tls servfail Inc.'],
  ])('what is somebody else’s words stays as it was found: %s %s', (label, value) => {
    expect(evidenceZh({ label, value }).value).toBe(value);
  });
  it('where a name leads is told by the name, whatever words are in it', () =>
    expect(evidenceZh({ label: 'a.cn @223.5.5.5', value: 'answer: reset.tls.com → timeout.cn' }).value).toBe(
      '解析到 reset.tls.com → timeout.cn',
    ));
  it('parameters: states and regions by their names', () => {
    expect(paramsZh({ status: 'redemption period', region: 'HK', number: '京ICP备1号' })).toEqual({
      status: '赎回期',
      region: '中国香港特别行政区',
      number: '京ICP备1号',
    });
  });
  it('how we looked is of no use to owners', () =>
    expect(['screenshot', 'drawn by', 'text'].map((label) => isHowWeLooked({ label, value: '' }))).toEqual([
      true,
      true,
      false,
    ]));
});
