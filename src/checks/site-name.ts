import { foldText } from '../filing/site-number.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import type { CheckDefinition, CheckInput, CodeDefinition, Finding, Judgement } from './types.ts';

const RENAME = {
  zh: '请办理变更备案，按命名规范修改网站名称（三个汉字以上，与主体和内容相关，不含禁用词）。',
  en: 'Change the filing and rename the site by the naming rules (R6).',
};

/** Rules of names are asked of new filings; the bureau approved this one, so a human judges each before anything follows. */
const suspicion = (zh: string, en: string): CodeDefinition => ({
  severity: 'warn',
  asksHuman: true,
  title: { zh, en },
  remedy: RENAME,
});

/** Site name 网站名称 (R6, S0 §10): length, signs, the domain itself, national beginnings, banned words. */
export const siteName: CheckDefinition = {
  id: 'site-name',
  version: 1,
  title: { zh: '网站名称核查', en: 'Site name' },
  rules: ['R6'],
  needs: ['names'],
  codes: {
    ...commonCodes,
    'too-short': suspicion('网站名称“{name}”不足三个汉字', 'The name {name} has fewer than three Chinese characters'),
    'no-letters': suspicion(
      '网站名称“{name}”为纯数字、纯字母或含特殊符号',
      'The name {name} is digits or letters alone, or holds special signs',
    ),
    'is-domain': suspicion('网站名称“{name}”直接使用了域名', 'The name {name} is the domain itself'),
    'national-prefix': suspicion(
      '网站名称“{name}”以“{words}”开头，仅限国家级单位使用',
      'The name {name} begins with {words}, which only national bodies may use',
    ),
    'sensitive-word': suspicion('网站名称“{name}”含敏感词：{words}', 'The name {name} holds sensitive words: {words}'),
    'individual-word': suspicion(
      '个人网站名称“{name}”含禁用词：{words}',
      "An individual's site name holds banned words: {words}",
    ),
    'province-word': suspicion(
      '个人网站名称“{name}”含{province}禁用词：{words}',
      "An individual's site name holds words {province} bans: {words}",
    ),
    'jiangsu-form': suspicion(
      '江苏个人网站名称应为“某某的个人博客”或“某某的个人主页”',
      "An individual's site in Jiangsu is named …的个人博客 or …的个人主页",
    ),
    'not-known': {
      severity: 'note',
      title: { zh: '导入数据没有网站名称，未核查', en: 'The import gives no site name' },
      remedy: { zh: '无需操作。', en: 'Admins: import site_name.' },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: { zh: '未能读取网站名称（{reason}），暂不判定', en: 'The name could not be read ({reason})' },
      remedy: { zh: '无需操作。', en: 'Nothing to do.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

/** What an import writes where it has no name. */
const NOT_GIVEN = '（未提供）';
/** Signs names may hold. */
const SIGNS = /[^\p{Script=Han}A-Za-z0-9·()\s-]/u;

function judge(input: CheckInput): Judgement {
  const { names } = input.artifacts;
  if (names === undefined || !names.ok)
    return { ...conclude([finding(siteName, 'not-observed', { params: { reason: 'no names' } })]), settled: true };
  const { siteName: name } = names.value;
  if (name === NOT_GIVEN || name === '') return conclude([finding(siteName, 'not-known')]);
  return conclude([...judgeForm(name, input), ...judgeWords(name, input)]);
}

function judgeForm(name: string, { filing }: CheckInput): Finding[] {
  const params = { name };
  const text = foldText(name).trim();
  const bare = text.toLowerCase().replace(/^www\./, '');
  if (filing.domains.some((domain) => bare === domain || bare === domain.replace(/^www\./, '')))
    return [finding(siteName, 'is-domain', { params, reviewKey: text })];
  if (SIGNS.test(text) || !/\p{Script=Han}/u.test(text))
    return [finding(siteName, 'no-letters', { params, reviewKey: text })];
  const characters = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  return characters < 3 ? [finding(siteName, 'too-short', { params, reviewKey: text })] : [];
}

function judgeWords(name: string, { filing, reference }: CheckInput): Finding[] {
  const { subjectKind, province } = filing;
  const banned = reference.bannedInName(name, subjectKind, province);
  const personal = province === '江苏' && subjectKind === 'individual';
  const findings: Finding[] = [];
  if (personal && !/的个人(?:博客|主页)$/.test(name.trim()))
    findings.push(finding(siteName, 'jiangsu-form', { params: { name }, reviewKey: name }));
  const codes = {
    'national-prefix': 'national-prefix',
    sensitive: 'sensitive-word',
    individual: 'individual-word',
    'individual-province': 'province-word',
  } as const;
  for (const list of Object.keys(codes) as (keyof typeof codes)[]) {
    const words = banned
      .filter((one) => one.list === list)
      .map(({ word }) => word)
      // Jiangsu prescribes what is banned elsewhere.
      .filter((word) => !(personal && ['博客', '主页'].includes(word)));
    if (words.length === 0) continue;
    const params = { name, province, words: words.join('、') };
    const evidence = [{ label: 'words', value: words.join('、') }];
    findings.push(finding(siteName, codes[list], { params, evidence, reviewKey: `${name}: ${words.join()}` }));
  }
  return findings;
}
