import { foldText } from './site-number.ts';

/** The fields of an import row. */
export const FIELDS = [
  'siteNumber',
  'subjectNumber',
  'subjectName',
  'subjectKind',
  'siteName',
  'domains',
  'hosts',
  'province',
  'accessProvider',
  'product',
  'addresses',
  'approvedAt',
  'leaseEndsAt',
  'state',
  'licenceNumber',
  'subjectHeadName',
  'subjectHeadPhone',
  'subjectHeadEmail',
  'siteHeadName',
  'siteHeadPhone',
  'siteHeadEmail',
  'legalRepresentative',
  'shareholders',
  'subjectHeadDocumentExpiresAt',
  'siteHeadDocumentExpiresAt',
  'openedAt',
  'leaseStartsAt',
  'lastVisitAt',
  'serverId',
  'policeNumber',
  'policeApprovedAt',
  'contractAddresses',
  'reportedAddresses',
  'city',
  'priorApprovals',
  'otherProviders',
  'domainHolder',
  'realNameChangedAt',
] as const;

export type Field = (typeof FIELDS)[number];

/** What each field is called: first the English name of the template, then what operators' exports say. */
export const COLUMN_NAMES: Record<Field, readonly string[]> = {
  siteNumber: [
    'site_number',
    '网站备案号',
    '网站备案编号',
    '网站备案/许可证号',
    '备案号',
    '备案编号',
    'ICP备案号',
    '服务备案号',
  ],
  subjectNumber: ['subject_number', '主体备案号', '主体备案编号', 'ICP主体备案号'],
  subjectName: ['subject_name', '主办单位名称', '主办者名称', '主体名称', '单位名称', '主办单位'],
  subjectKind: ['subject_kind', '主办单位性质', '单位性质', '主体性质', '主办者性质'],
  siteName: ['site_name', '网站名称', '服务名称'],
  domains: ['domains', '域名', 'domain', '网站域名', '备案域名', '域名列表'],
  hosts: ['hosts', '网站首页网址', 'home_page', '首页网址', '首页URL', '主机名', '网址'],
  province: ['province', '省份', '所属省份', '主体所在省', '备案省份', '省'],
  accessProvider: ['access_provider', '接入服务商', '接入商', '接入单位'],
  product: ['product', '接入产品', '服务器类型', '接入方式', '产品类型', '网站接入方式'],
  addresses: ['addresses', 'IP地址', 'ip', '网站IP', 'IP', '服务器IP', '网站IP地址'],
  approvedAt: ['approved_at', '审核通过日期', '审核时间', '备案通过日期', '审核日期', '审核通过时间', '备案时间'],
  leaseEndsAt: ['lease_ends_at', '服务器到期日', '服务器到期时间', '实例到期日期', '到期时间'],
  state: ['state', '状态', '备案状态', '接入状态'],
  licenceNumber: ['licence_number', '经营许可证号', '电信业务经营许可证号', '许可证号'],
  subjectHeadName: ['subject_head_name', '主体负责人姓名', '主体负责人', '主办单位负责人', '负责人姓名'],
  subjectHeadPhone: ['subject_head_phone', '主体负责人手机', '主体负责人手机号', '主体负责人电话'],
  subjectHeadEmail: ['subject_head_email', '主体负责人邮箱', '主体负责人电子邮件'],
  siteHeadName: ['site_head_name', '网站负责人姓名', '网站负责人'],
  siteHeadPhone: ['site_head_phone', '网站负责人手机', '网站负责人手机号', '网站负责人电话'],
  siteHeadEmail: ['site_head_email', '网站负责人邮箱', '网站负责人电子邮件'],
  legalRepresentative: ['legal_representative', '法定代表人', '法人代表', '法人姓名'],
  shareholders: ['shareholders', '股东及高管', '股东', '股东高管'],
  subjectHeadDocumentExpiresAt: ['subject_head_document_expires_at', '主体负责人证件有效期', '主体负责人证件到期日'],
  siteHeadDocumentExpiresAt: ['site_head_document_expires_at', '网站负责人证件有效期', '网站负责人证件到期日'],
  openedAt: ['opened_at', '网站开通日期', '开通日期'],
  leaseStartsAt: ['lease_starts_at', '服务器购买日期', '实例创建日期'],
  lastVisitAt: ['last_visit_at', '最近访问日期', '最后访问日期'],
  serverId: ['server_id', '服务器实例ID', '实例ID'],
  policeNumber: ['police_number', '公安备案号', '公安联网备案号'],
  policeApprovedAt: ['police_approved_at', '公安备案通过日期', '公安备案日期'],
  contractAddresses: ['contract_addresses', '合同IP'],
  reportedAddresses: ['reported_addresses', '报备IP'],
  city: ['city', '城市', '所在城市', '主体所在市'],
  priorApprovals: ['prior_approvals', '前置审批', '前置审批号'],
  otherProviders: ['other_providers', '其他接入服务商', '其他接入商'],
  domainHolder: ['domain_holder', '域名持有者', '域名所有者'],
  realNameChangedAt: ['real_name_changed_at', '域名实名变更日期', '域名过户日期'],
};

/** Without these a row says nothing that can be checked. */
export const REQUIRED_FIELDS: readonly Field[] = ['siteNumber', 'domains'];

const fold = (name: string): string =>
  foldText(name)
    .replace(/[\s_*()]/g, '')
    .toLowerCase();

const BY_NAME = new Map<string, Field>();
for (const field of FIELDS) {
  BY_NAME.set(fold(field), field);
  for (const name of COLUMN_NAMES[field]) BY_NAME.set(fold(name), field);
}

/** The field a column head stands for, or null; spaces, width, case and asterisks do not matter. */
export function fieldOfColumn(name: string): Field | null {
  return BY_NAME.get(fold(name)) ?? null;
}

/** The head of every column, as the template writes it. */
export const columnHeads = (language: 'en' | 'zh'): string[] =>
  FIELDS.map((field) => COLUMN_NAMES[field][language === 'en' ? 0 : 1] ?? field);

/** The import template: English heads, one line that shows the forms, CSV with a byte order mark for spreadsheet programs. */
export function importTemplate(language: 'en' | 'zh'): string {
  const heads = columnHeads(language);
  const example: Record<Field, string> = {
    siteNumber: '京ICP备2021000001号-1',
    subjectNumber: '京ICP备2021000001号',
    subjectName: '示例（北京）科技有限公司',
    subjectKind: '企业',
    siteName: '示例网站',
    domains: 'example.cn;example.com.cn',
    hosts: 'shop.example.cn',
    province: '北京',
    accessProvider: 'aliyun',
    product: 'ecs',
    addresses: '47.93.0.1',
    approvedAt: '2021-06-30',
    leaseEndsAt: '2027-06-30',
    state: language === 'en' ? 'active' : '正常',
    licenceNumber: '',
    subjectHeadName: '张三',
    subjectHeadPhone: '13800000000',
    subjectHeadEmail: 'zhangsan@example.cn',
    siteHeadName: '李四',
    siteHeadPhone: '13900000000',
    siteHeadEmail: 'lisi@example.cn',
    legalRepresentative: '张三',
    shareholders: '王五;赵六',
    subjectHeadDocumentExpiresAt: '2030-05-01',
    siteHeadDocumentExpiresAt: language === 'en' ? 'long-term' : '长期',
    openedAt: '2021-07-05',
    leaseStartsAt: '2026-06-30',
    lastVisitAt: '2026-11-20',
    serverId: 'i-2ze0example',
    policeNumber: '京公网安备11010502030143号',
    policeApprovedAt: '2021-08-10',
    contractAddresses: '',
    reportedAddresses: '',
    city: '北京',
    priorApprovals: '',
    otherProviders: '',
    domainHolder: '',
    realNameChangedAt: '',
  };
  return `\ufeff${heads.join(',')}\n${FIELDS.map((field) => example[field]).join(',')}\n`;
}
