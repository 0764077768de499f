import { blind, type Draft, fail, individual, type Oddity, type Tools, warn } from './oddity.ts';
import { footerLine } from './page-html.ts';

const filed = (
  id: string,
  about: string,
  alter: (draft: Draft, tools: Tools) => void,
  truth?: Oddity['truth'],
  more: Partial<Oddity> = {},
): Oddity => ({ id, about, alter, ...(truth === undefined ? {} : { truth }), ...more });

const set =
  (columns: Record<string, string>) =>
  (draft: Draft): void => {
    Object.assign(draft.columns, columns);
  };

const GUANGDONG = { abbreviation: '粤', name: '广东' };
const SHANGHAI = { abbreviation: '沪', name: '上海' };
const TIANJIN = { abbreviation: '津', name: '天津' };
const ZHEJIANG = { abbreviation: '浙', name: '浙江' };
const CHONGQING = { abbreviation: '渝', name: '重庆' };
const LIAONING = { abbreviation: '辽', name: '辽宁' };
const GUANGXI = { abbreviation: '桂', name: '广西' };
const HEILONGJIANG = { abbreviation: '黑', name: '黑龙江' };
const HUNAN = { abbreviation: '湘', name: '湖南' };

/** Give the heads mobiles of known segments. */
const segments = (draft: Draft, subject: '广东' | '广西', site: '广东' | '广西'): void => {
  const own = draft.subjectNumber.replace(/\D/g, '').slice(-4);
  const prefix = { 广东: '1371113', 广西: '1371112' };
  for (const [province, digits] of Object.entries(prefix)) draft.lists.segments.set(digits, province);
  draft.columns['主体负责人手机'] = `${prefix[subject]}${own}`;
  draft.columns['网站负责人手机'] = `${prefix[site]}${own.split('').toReversed().join('')}`;
};

const personalPage = (draft: Draft, tools: Tools): void => {
  individual(draft);
  draft.web.body = tools.page(draft, footerLine(draft.siteNumber));
};

/** What the filing itself says: domains' holders, leases, documents, contacts, licences (R3, R1.3, R4.1, R5, R6, R8, R14). */
export const filedOddities: Oddity[] = [
  // domain verification (R3)
  filed(
    'holder-other',
    'another company holds the domain',
    (d) => {
      d.registry.registrant = '别家商贸有限公司';
    },
    { 'domain-verification': fail('holder-differs') },
    { tld: 'cn' },
  ),
  filed('holder-brackets', 'the holder is written with other brackets and width', (d) => {
    d.subjectName = '启明（北京）科技有限公司';
    d.registry.registrant = '启明(北京)科技有限责任公司';
  }),
  filed(
    'holder-hidden',
    'the registry hides the holder',
    (d) => {
      d.registry.registrant = 'REDACTED FOR PRIVACY';
    },
    { 'domain-verification': blind('holder-hidden') },
    { tld: 'com' },
  ),
  filed('holder-imported', 'the registry hides the holder, the operator knows', (d) => {
    d.registry.registrant = 'REDACTED FOR PRIVACY';
    d.columns['域名持有者'] = d.subjectName;
  }),
  filed(
    'holder-english',
    'the holder is written in English',
    (d) => {
      d.registry.registrant = 'Qiming Science Co., Ltd.';
    },
    { 'domain-verification': blind('holder-unreadable') },
    { tld: 'com' },
  ),
  filed(
    'holder-legal',
    'the legal representative holds it, in a province that accepts that',
    (d) => {
      d.registry.registrant = '钱多多';
      d.columns['法定代表人'] = '钱多多';
      d.columns['主体负责人姓名'] = '钱多多';
    },
    undefined,
    { province: SHANGHAI, tld: 'cn' },
  ),
  filed(
    'holder-legal-refused',
    'the legal representative holds it, Beijing wants the subject',
    (d) => {
      d.registry.registrant = '钱多多';
      d.columns['法定代表人'] = '钱多多';
      d.columns['主体负责人姓名'] = '钱多多';
    },
    { 'domain-verification': fail('holder-differs') },
    { tld: 'cn' },
  ),
  filed(
    'holder-shareholder',
    'a shareholder holds it, in Zhejiang',
    (d) => {
      d.registry.registrant = '孙小股';
      Object.assign(d.columns, { 法定代表人: '钱多多', 主体负责人姓名: '钱多多', 股东及高管: '孙小股;李大股' });
    },
    undefined,
    { province: ZHEJIANG, tld: 'cn' },
  ),
  filed(
    'holder-maybe-shareholder',
    'a person holds it whom the import does not name',
    (d) => {
      d.registry.registrant = '孙小股';
    },
    { 'domain-verification': blind('holder-may-be-insider') },
    { province: ZHEJIANG, tld: 'cn' },
  ),
  filed(
    'holder-changed',
    'transferred yesterday: the data are on their way',
    (d, t) => {
      d.registry.registrant = '别家商贸有限公司';
      d.columns['域名实名变更日期'] = t.day(-1);
    },
    { 'domain-verification': blind('holder-changing') },
    { tld: 'com' },
  ),
  filed('approved-2016', 'approved before 2018: verified only when changed', (d) => {
    d.approvedAt = '2016-05-01';
    d.registry.registrant = '别家商贸有限公司';
  }),
  filed(
    'registrar-foreign',
    'the registrar is not approved',
    (d) => {
      d.registry.registrar = 'GoDaddy.com, LLC';
    },
    { 'domain-verification': fail('registrar-not-approved') },
    { tld: 'com' },
  ),
  filed(
    'registered-abroad',
    'registered abroad, in a province that refuses it',
    (d) => {
      d.registry.registrar = 'NameCheap, Inc.';
    },
    { 'domain-verification': fail('registered-abroad') },
    { province: HUNAN, tld: 'com' },
  ),
  filed('registrar-unknown', 'a registrar nobody listed', (d) => {
    d.registry.registrar = 'Little Registrar';
  }),
  filed(
    'two-domains-chongqing',
    'two domains where the province allows one',
    (d) => {
      const second = `second-${d.domain}`;
      d.domains.push(second);
      d.extraNames.set(second, d.apex);
      d.extraNames.set(`www.${second}`, d.www);
    },
    { 'domain-verification': warn('several-domains') },
    { province: CHONGQING },
  ),
  // access record (R1.3, R1.9, R14)
  filed(
    'lease-ending',
    'the server lapses in ten days',
    (d, t) => {
      d.columns['服务器到期日'] = t.day(10);
    },
    {
      'access-record': warn('lease-ending'),
    },
  ),
  filed(
    'lease-ended-served',
    'the lease is over by the import, yet the site answers',
    (d, t) => {
      d.columns['服务器到期日'] = t.day(-5);
    },
    { 'access-record': warn('lease-ended-but-served') },
  ),
  filed(
    'lease-ended-dead',
    'the server lapsed, and its address refuses',
    (d, t) => {
      d.columns['服务器到期日'] = t.day(-5);
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []), ...(d.www[0]?.a ?? []));
    },
    { 'access-record': fail('lease-ended'), reachability: warn('unreachable'), 'icp-footer': blind('not-observed') },
  ),
  filed(
    'no-visits',
    'points here, refuses, and was not visited for a year',
    (d, t) => {
      d.columns['最近访问日期'] = t.day(-365);
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []), ...(d.www[0]?.a ?? []));
    },
    { 'access-record': fail('no-visits'), reachability: warn('unreachable'), 'icp-footer': blind('not-observed') },
  ),
  filed(
    'visited-lately',
    'refuses just now, but was visited last week',
    (d, t) => {
      d.columns['最近访问日期'] = t.day(-7);
      d.refusedAddresses.push(...(d.apex[0]?.a ?? []), ...(d.www[0]?.a ?? []));
    },
    {
      'access-record': { verdict: 'pass', codes: [] },
      reachability: warn('unreachable'),
      'icp-footer': blind('not-observed'),
    },
  ),
  filed(
    'lease-short',
    'bought for a month, three are asked',
    (d, t) => {
      d.columns['服务器到期日'] = t.day(300);
      d.columns['服务器购买日期'] = t.day(270);
    },
    { 'access-record': warn('lease-too-short') },
  ),
  // police filing (R12)
  filed(
    'police-none',
    'open for years without a police number',
    (d, t) => {
      d.columns['公安备案号'] = '';
      d.columns['公安备案通过日期'] = '';
      d.web.body = t.page(d, `<a href="https://beian.miit.gov.cn/">${d.siteNumber}</a>`);
    },
    { 'police-footer': warn('not-filed') },
  ),
  filed(
    'police-new',
    'opened two weeks ago: still time',
    (d, t) => {
      Object.assign(d.columns, { 公安备案号: '', 公安备案通过日期: '', 网站开通日期: t.day(-14) });
      d.web.body = t.page(d, `<a href="https://beian.miit.gov.cn/">${d.siteNumber}</a>`);
    },
    { 'police-footer': warn('filing-due') },
  ),
  filed(
    'police-not-shown',
    'approved, and not shown',
    (d, t) => {
      const number = d.columns['公安备案号'] ?? '';
      d.columns['公安备案号'] = '';
      d.web.body = t.page(d, `<a href="https://beian.miit.gov.cn/">${d.siteNumber}</a>`);
      d.columns['公安备案号'] = number;
    },
    { 'police-footer': fail('number-missing') },
  ),
  filed(
    'police-approved-lately',
    'approved ten days ago, not shown yet',
    (d, t) => {
      const number = d.columns['公安备案号'] ?? '';
      d.columns['公安备案号'] = '';
      d.web.body = t.page(d, `<a href="https://beian.miit.gov.cn/">${d.siteNumber}</a>`);
      Object.assign(d.columns, { 公安备案号: number, 公安备案通过日期: t.day(-10) });
    },
    { 'police-footer': warn('footer-due') },
  ),
  filed(
    'police-old-link',
    'the older address of the police site',
    (d, t) => {
      const number = d.columns['公安备案号'] ?? '';
      d.columns['公安备案号'] = '';
      d.web.body = t.page(
        d,
        `<a href="https://beian.miit.gov.cn/">${d.siteNumber}</a></p><p><a href="http://www.beian.gov.cn/portal/registerSystemInfo?recordcode=1101"><img src="ghs.png">${number}</a>`,
      );
      d.columns['公安备案号'] = number;
    },
    { 'police-footer': warn('outdated-link') },
  ),
  filed(
    'police-other',
    "another site's police number",
    (d, t) => {
      const number = d.columns['公安备案号'] ?? '';
      d.columns['公安备案号'] = '沪公网安备31010602000299号';
      d.web.body = t.page(d, `<a href="https://beian.miit.gov.cn/">${d.siteNumber}</a>`);
      d.columns['公安备案号'] = number;
    },
    { 'police-footer': fail('wrong-number') },
  ),
  // identity documents (R4.1, R5)
  filed(
    'document-expired',
    "the subject head's document expired",
    (d, t) => {
      d.columns['主体负责人证件有效期'] = t.day(-3);
    },
    { 'identity-documents': fail('subject-document-expired') },
  ),
  filed(
    'site-document-expired',
    "the site head's document expired",
    (d, t) => {
      d.columns['网站负责人证件有效期'] = t.day(-1);
    },
    { 'identity-documents': fail('site-document-expired') },
  ),
  filed(
    'document-expiring',
    'a document expires in two months',
    (d, t) => {
      d.columns['网站负责人证件有效期'] = t.day(60);
    },
    { 'identity-documents': warn('document-expiring') },
  ),
  filed(
    'document-unknown',
    'the import does not say when',
    set({ 主体负责人证件有效期: '', 网站负责人证件有效期: '' }),
  ),
  // contacts (R4.1, R5)
  filed('phone-nonsense', 'a phone number that is none', set({ 主体负责人手机: '12345' }), {
    contacts: fail('phone-invalid'),
  }),
  filed('phone-landline', 'a landline with its area code', set({ 主体负责人手机: '010-62345678' })),
  filed('phone-none', 'no phone number at all', set({ 网站负责人手机: '' }), { contacts: warn('phone-missing') }),
  filed('mail-nonsense', 'a mail address that is none', set({ 网站负责人邮箱: '无' }), {
    contacts: warn('email-invalid'),
  }),
  filed(
    'heads-same-tianjin',
    'one person heads subject and site in Tianjin',
    (d) => {
      d.columns['网站负责人姓名'] = d.columns['主体负责人姓名'] ?? '';
      d.columns['网站负责人手机'] = d.columns['主体负责人手机'] ?? '';
    },
    { contacts: fail('heads-same') },
    { province: TIANJIN },
  ),
  filed('heads-same-beijing', 'the same in Beijing: fine', (d) => {
    d.columns['网站负责人姓名'] = d.columns['主体负责人姓名'] ?? '';
  }),
  filed(
    'heads-share-tianjin',
    'two heads share a mobile in Tianjin',
    (d) => {
      d.columns['网站负责人手机'] = d.columns['主体负责人手机'] ?? '';
    },
    { contacts: fail('heads-share-mobile') },
    { province: TIANJIN },
  ),
  filed(
    'head-not-legal',
    'the subject head is not the legal representative: a human is asked',
    set({ 法定代表人: '钱多多' }),
    { contacts: warn('head-not-legal-representative') },
  ),
  filed(
    'phone-dead',
    'the gateway says that the number does not exist',
    (d) => {
      d.lists.deadNumbers.push({ mobile: d.columns['主体负责人手机'] ?? '', code: '空号' });
    },
    { contacts: fail('phone-dead') },
  ),
  filed(
    'phone-undelivered',
    'SMS do not arrive, nobody knows why',
    (d) => {
      d.lists.deadNumbers.push({ mobile: d.columns['网站负责人手机'] ?? '', code: 'MK:0012' });
    },
    { contacts: warn('phone-undelivered') },
  ),
  filed('phone-with-words', 'a number with words around it', (d) => {
    d.columns['主体负责人手机'] = `手机：${d.columns['主体负责人手机'] ?? ''}（微信同号）`;
  }),
  filed('phone-mangled', 'a spreadsheet made 1.38E+10 of the number', set({ 主体负责人手机: '1.38E+10' }), {
    contacts: warn('phone-unreadable'),
  }),
  filed(
    'mobile-not-local',
    'a mobile of Guangdong in Guangxi, which asks for its own',
    (d) => segments(d, '广东', '广西'),
    { contacts: fail('mobile-not-local') },
    { province: GUANGXI },
  ),
  filed('mobile-local', 'both mobiles of Guangxi, by the list', (d) => segments(d, '广西', '广西'), undefined, {
    province: GUANGXI,
  }),
  ...['a', 'b'].map((which) =>
    filed(
      `head-serves-others-${which}`,
      'one site head of two subjects in Heilongjiang: a human is asked',
      set({ 网站负责人姓名: '赵同一', 网站负责人手机: '13700009999' }),
      { contacts: warn('site-head-serves-others') },
      { province: HEILONGJIANG, slow: true },
    ),
  ),
  filed(
    'finance-head',
    'a name of finance in Liaoning, whose heads are not the legal representative: a human is asked',
    (d) => {
      d.siteName = '启明贷款咨询网';
      d.columns['法定代表人'] = '钱多多';
    },
    {
      contacts: warn('finance-head-not-legal', 'head-not-legal-representative'),
      'site-content': warn('name-needs-approval'),
    },
    { province: LIAONING },
  ),
  // the bureau's list (R15)
  filed('bureau-agrees', "the bureau's list says the same", (d) => {
    d.lists.bureau.push({ number: d.subjectNumber, state: 'alive', holder: d.subjectName });
  }),
  filed(
    'bureau-other-holder',
    "the bureau's list gives the number to another",
    (d) => {
      d.lists.bureau.push({ number: d.subjectNumber, state: 'alive', holder: '别家商贸有限公司' });
    },
    { 'registry-state': fail('other-holder') },
  ),
  filed(
    'bureau-revoked',
    'the bureau revoked the number: told, and applied by an admin',
    (d) => {
      d.lists.bureau.push({ number: d.siteNumber, state: 'revoked', holder: d.subjectName });
    },
    { 'registry-state': warn('revoked-at-bureau') },
  ),
  filed(
    'bureau-masked',
    "the holder in the bureau's list is masked",
    (d) => {
      d.lists.bureau.push({ number: d.subjectNumber, state: 'alive', holder: '启**公司' });
    },
    { 'registry-state': blind('holder-unreadable') },
  ),
  // names (R6)
  filed(
    'name-short',
    'a name of two characters',
    (d) => {
      d.siteName = '蓝海';
    },
    {
      'site-name': warn('too-short'),
    },
  ),
  filed(
    'name-domain',
    'the domain as the name',
    (d) => {
      d.siteName = d.domain;
    },
    {
      'site-name': warn('is-domain'),
    },
  ),
  filed(
    'name-national',
    'a national beginning',
    (d) => {
      d.siteName = '中国蓝海网';
    },
    {
      'site-name': warn('national-prefix'),
    },
  ),
  filed(
    'name-individual',
    'a word individuals may not use',
    (d, t) => {
      personalPage(d, t);
      d.siteName = '小明摄影工作室';
    },
    { 'site-name': warn('individual-word') },
  ),
  filed('name-individual-fine', "an individual's site as it should be", personalPage),
  filed(
    'name-sensitive',
    'a sensitive word',
    (d) => {
      d.siteName = '反腐在线观察';
    },
    {
      'site-name': warn('sensitive-word'),
    },
  ),
  // licence addresses (R8)
  filed(
    'licence-agrees',
    'a licence holder whose addresses agree',
    (d) => {
      d.licenceNumber = '沪ICP证030173号';
      d.columns['合同IP'] = [...new Set([...(d.apex[0]?.a ?? []), ...(d.www[0]?.a ?? [])])].join(';');
    },
    undefined,
    { province: SHANGHAI },
  ),
  filed(
    'licence-differs',
    'the contract names another address',
    (d) => {
      d.licenceNumber = '沪ICP证030173号';
      d.columns['合同IP'] = '47.92.1.1';
    },
    { 'licence-ip': fail('contract-differs') },
    { province: SHANGHAI },
  ),
  filed(
    'licence-province-unknown',
    'Guangdong asks for its own addresses, no list tells',
    (d) => {
      d.licenceNumber = '粤ICP证030173号';
      Object.assign(d.columns, { 合同IP: '47.92.1.1', 城市: '广州' });
    },
    { 'licence-ip': blind('province-unknown') },
    { province: GUANGDONG },
  ),
  filed(
    'licence-in-guangdong',
    'all addresses in Guangdong, by the list',
    (d) => {
      d.licenceNumber = '粤ICP证030173号';
      Object.assign(d.columns, { 合同IP: d.apex[0]?.a?.[0] ?? '', 城市: '广州' });
      for (const address of d.apex[0]?.a ?? []) d.lists.provinces.set(`${address}/32`, '广东省');
      for (const address of d.www[0]?.a ?? []) d.lists.provinces.set(`${address}/32`, '广东省');
    },
    undefined,
    { province: GUANGDONG },
  ),
  filed(
    'licence-outside-guangdong',
    'an address in Hebei, Guangdong asks for its own',
    (d) => {
      d.licenceNumber = '粤ICP证030173号';
      Object.assign(d.columns, { 合同IP: d.apex[0]?.a?.[0] ?? '', 城市: '广州' });
      for (const address of [...(d.apex[0]?.a ?? []), ...(d.www[0]?.a ?? [])])
        d.lists.provinces.set(`${address}/32`, '河北');
    },
    { 'licence-ip': fail('outside-province') },
    { province: GUANGDONG },
  ),
  filed(
    'licence-shenzhen',
    'Shenzhen is exempt',
    (d) => {
      d.licenceNumber = '粤ICP证030173号';
      Object.assign(d.columns, { 合同IP: '47.92.1.1', 城市: '深圳' });
    },
    undefined,
    { province: GUANGDONG },
  ),
  // many providers (R1.5)
  filed(
    'second-provider-only',
    'the filing has two providers, the site uses the other',
    (d, t) => {
      d.columns['其他接入服务商'] = 'tencent;huawei';
      d.apex = [{ a: [t.book.otherProvider()] }];
      d.www = d.apex;
    },
    { 'empty-shell': fail('no-host-resolves-here', 'resolves-to-filed-provider') },
  ),
  filed('second-provider-www', 'the other provider serves www, we the apex', (d, t) => {
    d.columns['其他接入服务商'] = 'tencent;huawei';
    d.www = [{ a: [t.book.otherProvider()] }];
  }),
];
