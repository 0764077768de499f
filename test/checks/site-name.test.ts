import { expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { siteName } from '../../src/checks/site-name.ts';
import type { SubjectKind } from '../../src/filing/types.ts';
import { checkInput, filingOf, namesArtifact } from '../support/check-input.ts';

const judgement = (
  name: string,
  subjectKind: SubjectKind = 'company',
  province = '北京',
  rulings: Parameters<typeof checkInput>[0]['rulings'] = [],
) =>
  runCheck(
    siteName,
    checkInput({
      filing: filingOf({ subjectKind, province }),
      artifacts: { names: namesArtifact({ siteName: name }) },
      rulings,
    }),
  );
const judge = (...given: Parameters<typeof judgement>): string[] => {
  const { verdict, findings } = judgement(...given);
  return [verdict, ...findings.map(({ code }) => code)];
};

it.each([
  ['蓝海科技官网', 'company', '北京', ['pass']],
  ['蓝海', 'company', '北京', ['warn', 'too-short']],
  ['A8音乐网', 'company', '北京', ['pass']],
  ['BlueSea', 'company', '北京', ['warn', 'no-letters']],
  ['12345', 'company', '北京', ['warn', 'no-letters']],
  ['蓝海★科技', 'company', '北京', ['warn', 'no-letters']],
  ['蓝海科技（北京）', 'company', '北京', ['pass']],
  ['example.cn', 'company', '北京', ['warn', 'is-domain']],
  ['中国蓝海网', 'company', '北京', ['warn', 'national-prefix']],
  ['中国政府网', 'government', '北京', ['pass']],
  ['反腐观察', 'company', '北京', ['warn', 'sensitive-word']],
  ['小明摄影工作室', 'individual', '山西', ['warn', 'individual-word']],
  ['小明团购日记', 'individual', '北京', ['warn', 'province-word']],
  ['小明团购日记', 'individual', '山西', ['pass']],
  ['小明团购日记', 'company', '北京', ['pass']],
  ['小明的个人博客', 'individual', '江苏', ['pass']],
  ['小明的随笔', 'individual', '江苏', ['warn', 'jiangsu-form']],
  ['（未提供）', 'company', '北京', ['pass', 'not-known']],
] as [string, SubjectKind, string, string[]][])('a name (R6, S0 §10): %s of %s in %s', (name, kind, province, said) =>
  expect(judge(name, kind, province)).toEqual(said),
);

it('never fails by itself; a human’s ruling makes it fail, for this name only', () => {
  const rulings = [
    {
      checkId: 'site-name',
      code: 'too-short',
      about: null,
      key: '蓝海',
      ruling: 'confirmed' as const,
      words: '',
      by: 'a',
      at: 1,
      reason: 'r',
    },
  ];
  expect(judge('蓝海', 'company', '北京', rulings)).toEqual(['fail', 'too-short']);
  expect(judge('红海', 'company', '北京', rulings)).toEqual(['warn', 'too-short']);
});
