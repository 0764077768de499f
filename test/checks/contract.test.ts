import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillText, runCheck } from '../../src/checks/conclude.ts';
import { checks } from '../../src/checks/index.ts';
import { loadConfig, ROOT } from '../../src/config.ts';
import { checkInput, filingOf } from '../support/check-input.ts';

// A check that lacks its doc page, remedies or tests must not land.
describe.each(checks.map((check) => [check.id, check] as const))('the contract of %s', (id, check) => {
  const page = join(ROOT, `docs/checks/${id}.md`);
  const tests = join(ROOT, `test/checks/${id}.test.ts`);

  it('has a doc page that explains every code and names its rules', () => {
    expect(existsSync(page)).toBe(true);
    const text = readFileSync(page, 'utf8');
    for (const code of Object.keys(check.codes)) expect.soft(text, code).toContain(`\`${code}\``);
    for (const rule of check.rules) expect.soft(text).toContain(rule);
  });

  it('has tests for a pass and a failure', () => {
    const text = readFileSync(tests, 'utf8');
    expect(text).toMatch(/'pass'/);
    expect(text).toMatch(/'fail'/);
  });

  it('tells every code in both languages, with a remedy', () => {
    for (const [code, { title, remedy }] of Object.entries(check.codes)) {
      for (const text of [title.zh, remedy.zh]) expect.soft(text, code).toMatch(/[\u4e00-\u9fff]/);
      for (const text of [title.en, remedy.en]) expect.soft(text.length, code).toBeGreaterThan(4);
    }
  });

  it('never accuses when nothing was gathered', () => {
    const judgement = runCheck(check, checkInput({ artifacts: {} }));
    expect(judgement.verdict).toBe('inconclusive');
    const failedAll = Object.fromEntries(
      ['dns', 'page', 'tls', 'registration'].map((name) => [
        name,
        { ok: false, observedAt: 0, tookMs: 0, failure: { code: 'timeout', message: 't', ours: false } },
      ]),
    );
    expect(runCheck(check, checkInput({ artifacts: failedAll as never })).verdict).toBe('inconclusive');
  });

  it('does not judge apps and mini-programs (R17.4)', () => {
    const judgement = runCheck(
      check,
      checkInput({ filing: filingOf({ siteNumber: '京ICP备05070218号-2A' }), artifacts: {} }),
    );
    expect([judgement.verdict, judgement.findings[0]?.code]).toEqual(['pass', 'not-ours-to-judge']);
  });

  it('turns its own fault into "not observed"', () => {
    const throwing = {
      ...check,
      needs: [],
      judge: () => {
        throw new Error('boom');
      },
    };
    expect(runCheck(throwing, checkInput({ artifacts: {} }))).toMatchObject({
      verdict: 'inconclusive',
      findings: [{ code: 'not-observed' }],
    });
  });

  it('has settings in the shipped configuration', () =>
    expect(loadConfig({ env: {} }).settings.checks[id]).toBeDefined());
});

it('fills texts', () =>
  expect(fillText('{about}: {n} of {unknown}', { about: 'x', params: { n: 3 } })).toBe('x: 3 of {unknown}'));
