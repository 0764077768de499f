import type { CodeDefinition } from './types.ts';

const again = { zh: '无需操作，系统会再次查询。', en: 'Nothing to do; it is asked again.' };
const TRANSFER = {
  zh: '请到域名注册商处把 {domain} 过户到备案主体名下（或按本省规则过户到允许的持有者），并完成实名认证；变更后约 3 日数据入库，系统会自动复查。',
  en: 'Transfer {domain} to the subject (or to a holder the province accepts) and verify the real name; it shows about 3 days later.',
};
const REPLACE = {
  zh: '该域名不能用于备案：请更换为工信部已批复后缀的域名并办理变更备案，或注销该网站备案。',
  en: 'Use a domain whose top level MIIT approved and change the filing, or revoke the filing of the site.',
};
const MOVE = {
  zh: '请把 {domain} 转入工信部批复的境内域名注册服务机构，并重新完成实名认证。',
  en: 'Transfer {domain} to a registrar that MIIT approved, and verify the real name there.',
};

/** What domain verification can find (R3). */
export const verificationCodes: Record<string, CodeDefinition> = {
  'tld-not-approved': {
    // The bureau approved this very filing: our list may be the one that is behind, so a human rules (docs/decisions/0010).
    severity: 'warn',
    asksHuman: true,
    title: {
      zh: '域名 {domain} 的后缀 {tld} 未经工信部批复',
      en: 'The top level {tld} of {domain} is not approved by MIIT',
    },
    remedy: REPLACE,
  },
  'foreign-country-tld': {
    severity: 'warn',
    asksHuman: true,
    title: {
      zh: '域名 {domain} 使用境外国别后缀 {tld}，不能备案',
      en: '{domain} stands under a foreign country code ({tld})',
    },
    remedy: REPLACE,
  },
  'tld-not-in-province-list': {
    // The bureau approved this very filing, and the list is of 2020: a warning (docs/decisions/0010).
    severity: 'warn',
    title: {
      zh: '{province}不接受后缀 {tld} 的域名备案（{domain}）',
      en: '{province} does not accept {tld} ({domain})',
    },
    remedy: REPLACE,
  },
  'tld-unlisted': {
    severity: 'note',
    title: { zh: '后缀 {tld} 不在本地名单中，未判定', en: 'The top level {tld} is in none of the lists' },
    remedy: { zh: '无需操作。', en: 'Admins: bring config/data/tlds.yaml up to date.' },
  },
  'registrar-not-approved': {
    severity: 'fail',
    title: {
      zh: '域名 {domain} 的注册商（{registrar}）未经工信部批复',
      en: 'The registrar of {domain} ({registrar}) is not approved',
    },
    remedy: MOVE,
  },
  'registered-abroad': {
    severity: 'fail',
    title: {
      zh: '域名 {domain} 在境外注册（{registrar}），本省不予备案',
      en: '{domain} is registered abroad ({registrar}), which the province refuses',
    },
    remedy: MOVE,
  },
  'registrar-unlisted': {
    severity: 'note',
    title: { zh: '注册商 {registrar} 不在本地名单中，未判定', en: 'The registrar {registrar} is in none of the lists' },
    remedy: { zh: '无需操作。', en: 'Admins: bring config/data/registrars.yaml up to date.' },
  },
  'real-name-doubt': {
    severity: 'warn',
    title: {
      zh: '域名 {domain} 可能未完成实名认证（状态 {status}）',
      en: 'The real name of {domain} may not be verified ({status})',
    },
    remedy: {
      zh: '请登录域名注册商查看并完成实名认证。',
      en: 'Look at the registrar whether the real name is verified, and have it verified.',
    },
  },
  'holder-differs': {
    severity: 'fail',
    title: {
      zh: '域名 {domain} 的持有者（{holder}）与备案主体不一致',
      en: 'The holder of {domain} ({holder}) is not the subject',
    },
    remedy: TRANSFER,
  },
  'holder-changing': {
    severity: 'inconclusive',
    leavesOpen: ['holder-differs'],
    title: {
      zh: '域名 {domain} 的持有者近日变更，数据尚未入库，暂不判定',
      en: 'The holder of {domain} was changed within the last days',
    },
    remedy: again,
  },
  'filing-not-updated': {
    severity: 'inconclusive',
    leavesOpen: ['holder-differs'],
    title: {
      zh: '域名 {domain} 的注册信息晚于本服务商的备案数据，无法比对持有者，暂不判定',
      en: 'The registry’s record of {domain} is newer than our data of the filing: the subject may have been renamed',
    },
    remedy: { zh: '无需操作，由服务商更新数据。', en: 'Admins: import the filings again.' },
  },
  'holder-may-be-insider': {
    severity: 'inconclusive',
    leavesOpen: ['holder-differs'],
    title: {
      zh: '域名 {domain} 的持有者 {holder} 可能是法定代表人或股东，备案资料中没有，暂不判定',
      en: 'The holder of {domain} ({holder}) may be the legal representative or a shareholder, whom the import does not name',
    },
    remedy: { zh: '无需操作。', en: 'Admins: import legal_representative and shareholders.' },
  },
  'holder-hidden': {
    severity: 'inconclusive',
    leavesOpen: ['holder-differs'],
    title: { zh: '注册局未公开域名 {domain} 的持有者，无法核对', en: 'The registry hides the holder of {domain}' },
    remedy: {
      zh: '无需操作。',
      en: 'Nothing to do. Operators with a registrar of their own can import domain_holder.',
    },
  },
  'holder-unreadable': {
    severity: 'inconclusive',
    leavesOpen: ['holder-differs'],
    title: {
      zh: '域名 {domain} 的持有者（{holder}）无法与备案主体比对',
      en: 'The holder of {domain} ({holder}) cannot be compared with the subject',
    },
    remedy: { zh: '无需操作。', en: 'Nothing to do; another script, or a masked name.' },
  },
  'several-domains': {
    severity: 'warn',
    title: {
      zh: '本省一个网站只能备案一个域名，现有 {count} 个',
      en: 'The province allows one domain a site, this one has {count}',
    },
    remedy: {
      zh: '变更备案时请为每个域名分别办理网站备案。',
      en: 'File a site of its own for every domain when the filing is next changed (R17.3).',
    },
  },
  'before-verification': {
    severity: 'note',
    title: {
      zh: '{approvedAt} 备案，早于 {since}：变更时才核验域名',
      en: 'Approved {approvedAt}, before {since}: verified only when changed',
    },
    remedy: { zh: '无需操作。', en: 'Nothing to do (R3.11).' },
  },
  'not-observed': {
    severity: 'inconclusive',
    title: { zh: '未能取得 {domain} 的注册信息（{reason}）', en: 'No registration answer for {domain} ({reason})' },
    remedy: again,
  },
};
