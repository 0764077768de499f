import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';
import type { SiteDetails, SubjectDetails } from '../facts/filed.ts';
import type { Field } from './columns.ts';
import { readDateText } from './read-date.ts';
import { readSiteDetails, readSubjectDetails } from './read-details.ts';
import { registrableDomain } from './registrable-domain.ts';
import { foldText, type IcpNumber, parseIcpNumber, provinceOfNumber, sameSubject } from './site-number.ts';
import type { FilingState, ProductKind, SubjectKind } from './types.ts';

/** What is wrong with one cell. */
export interface RowProblem {
  field: Field;
  value: string;
  remedy: string;
}

/** A person of the filing. */
export interface PersonRow {
  role: 'subject-head' | 'site-head';
  name: string | null;
  phone: string | null;
  email: string | null;
  /** `YYYY-MM-DD` or `long-term`; absent where the file does not say. */
  documentExpiresAt?: string;
}

/** A row ready for the ledger. */
export interface FilingRow {
  siteNumber: string;
  subjectNumber: string;
  subjectName: string;
  subjectKind: SubjectKind;
  province: string;
  licenceNumber: string | null;
  siteName: string;
  service: IcpNumber['service'];
  hosts: { host: string; kind: 'domain' | 'host'; registrable: string }[];
  accessProvider: string;
  product: ProductKind | null;
  addresses: string[];
  approvedAt: string | null;
  leaseEndsAt: string | null;
  state: FilingState;
  persons: PersonRow[];
  /** Present only where the file has such columns, so that files without them keep their digests. */
  details?: SiteDetails;
  subjectDetails?: SubjectDetails;
  serverId?: string;
}

const KINDS: [RegExp, SubjectKind][] = [
  [/^(?:individual|个人)$/i, 'individual'],
  [/^(?:company|企业|公司|个体工商户)$/i, 'company'],
  [/^(?:institution|事业单位)$/i, 'institution'],
  [/^(?:government|政府机关|国家机关|国防机构|军队)$/i, 'government'],
  [/^(?:association|社会团体|民办非企业单位|基金会|社会服务机构|群众性团体组织|宗教团体)$/i, 'association'],
  [
    /^(?:other|其他|其它|律师事务所|境外机构|外国在华文化中心|医疗机构|司法鉴定机构|公证机构|仲裁机构|村民委员会|居民委员会|农民专业合作社)$/i,
    'other',
  ],
];

const STATES: [RegExp, FilingState][] = [
  [/^(?:active|正常|已备案|在用|有效|接入中|)$/i, 'active'],
  [/^(?:access-cancelled|access_cancelled|取消接入|已取消接入)$/i, 'access-cancelled'],
  [/^(?:revoked|注销|已注销|吊销)$/i, 'revoked'],
];

const PRODUCTS: [RegExp, ProductKind][] = [
  [/^(?:ecs|cvm|云服务器|云主机|弹性云主机)$/i, 'ecs'],
  [/^(?:virtual-host|虚拟主机|云虚拟主机|建站)$/i, 'virtual-host'],
  [/^(?:light-server|轻量应用服务器|轻量)$/i, 'light-server'],
  [/^(?:load-balancer|slb|clb|负载均衡)$/i, 'load-balancer'],
  [/^(?:nat|nat网关)$/i, 'nat'],
  [/^(?:ens|边缘节点|边缘节点服务)$/i, 'ens'],
  [/^(?:elastic-web|弹性web托管)$/i, 'elastic-web'],
  [/^(?:ipv6-gateway|ipv6转换服务|ipv6网关)$/i, 'ipv6-gateway'],
  [/^(?:iot|物联网套餐包|物联网)$/i, 'iot'],
  [/^(?:market|建站市场|云市场|建站市场产品)$/i, 'market'],
  [/^(?:oss|对象存储)$/i, 'oss'],
  [/^(?:cdn|内容分发)$/i, 'cdn'],
  [/^(?:waf|web应用防火墙)$/i, 'waf'],
  [/^(?:ddos|高防|ddos高防)$/i, 'ddos'],
  [/^(?:other|其他|其它)$/i, 'other'],
];

/** The provinces a filing can be of, by their short names. */
export const PROVINCES: ReadonlySet<string> = new Set(
  '北京 天津 上海 重庆 河北 河南 云南 辽宁 黑龙江 湖南 安徽 山东 新疆 江苏 浙江 江西 湖北 广西 甘肃 山西 内蒙古 陕西 吉林 福建 贵州 广东 四川 青海 西藏 海南 宁夏'.split(
    ' ',
  ),
);

/**
 * Validate one row. Gives the row for the ledger, or every problem it has, each with its field, value and remedy; never
 * throws. `defaults.accessProvider` stands in where the file names none; `providers` are the ids known.
 */
export function validateRow(
  cells: Partial<Record<Field, string>>,
  defaults: { accessProvider: string; providers: ReadonlyMap<string, string> },
): { ok: true; row: FilingRow } | { ok: false; problems: RowProblem[] } {
  const problems: RowProblem[] = [];
  const cell = (field: Field): string => (cells[field] ?? '').trim();
  const reject = (field: Field, remedy: string): null => {
    problems.push({ field, value: cell(field).slice(0, 200), remedy });
    return null;
  };
  const pick = <T>(field: Field, table: [RegExp, T][], remedy: string, fallback: T | null): T | null => {
    const value = foldText(cell(field)).trim();
    if (value === '' && fallback !== null) return fallback;
    return table.find(([pattern]) => pattern.test(value))?.[1] ?? reject(field, remedy);
  };

  const number = readNumber('siteNumber', cell, reject);
  const subject = readSubject(number, cell, reject);
  const hosts = readHosts(cell, reject);
  const province = readProvince(number, cell, reject);
  const state = pick('state', STATES, 'write active, access-cancelled or revoked (正常 / 取消接入 / 注销)', null);
  const kind = pick(
    'subjectKind',
    KINDS,
    'write individual, company, institution, government, association or other (个人 / 企业 / …)',
    'other',
  );
  const product =
    cell('product') === ''
      ? null
      : pick(
          'product',
          PRODUCTS,
          'write ecs, virtual-host, light-server, load-balancer, nat, ens, elastic-web, ipv6-gateway, iot, market, oss, cdn, waf, ddos or other',
          null,
        );
  const provider =
    cell('accessProvider') === ''
      ? defaults.accessProvider
      : defaults.providers.get(foldText(cell('accessProvider')).trim().toLowerCase());
  if (provider === undefined)
    reject('accessProvider', 'use a provider id or name of config/providers (patrol ranges list)');
  const addresses = splitList(cell('addresses'));
  for (const address of addresses)
    if (isIP(address) === 0) reject('addresses', `${address} is no IP address: write 47.93.0.1;2408::1`);
  const approvedAt = readDate('approvedAt', cell, reject);
  const leaseEndsAt = readDate('leaseEndsAt', cell, reject);
  const details = readSiteDetails(cell, reject, (field) => readDate(field, cell, reject), defaults.providers);
  const subjectDetails = readSubjectDetails(cell);
  const documents = {
    'subject-head': readDocumentDate('subjectHeadDocumentExpiresAt', cell, reject),
    'site-head': readDocumentDate('siteHeadDocumentExpiresAt', cell, reject),
  };
  const licence = cell('licenceNumber') === '' ? null : readLicence(cell, reject);
  const telecom =
    licence === null && TELECOM_LICENCE.test(foldText(cell('licenceNumber')))
      ? foldText(cell('licenceNumber')).trim()
      : null;
  const tooLong = (['subjectName', 'siteName'] as const).find((field) => cell(field).length > 200);
  if (tooLong !== undefined) reject(tooLong, 'shorten the name to 200 characters');
  for (const field of Object.keys(cells) as Field[]) {
    if (/[\u0000-\u0008\u000e-\u001f]/.test(cells[field] ?? '')) reject(field, 'remove the control characters');
  }
  if (problems.length > 0 || number === null) return { ok: false, problems };
  return {
    ok: true,
    row: {
      siteNumber: number.canonical,
      subjectNumber: subject ?? number.subject,
      subjectName: cell('subjectName') || '（未提供）',
      subjectKind: kind ?? 'other',
      province: province ?? provinceOfNumber(number),
      licenceNumber: licence,
      siteName: cell('siteName') || '（未提供）',
      service: number.service,
      hosts,
      accessProvider: provider as string,
      product,
      addresses,
      approvedAt,
      leaseEndsAt,
      state: state ?? 'active',
      persons: readPersons(cell, documents),
      ...((details !== null || telecom !== null) && {
        details: { ...details, ...(telecom !== null && { telecomLicence: telecom }) },
      }),
      ...(subjectDetails !== null && { subjectDetails }),
      ...(cell('serverId') !== '' && { serverId: cell('serverId').slice(0, 100) }),
    },
  };
}

export type Cell = (field: Field) => string;
export type Reject = (field: Field, remedy: string) => null;
/** Columns that hold a date. */
export type DateField =
  | 'approvedAt'
  | 'leaseEndsAt'
  | 'leaseStartsAt'
  | 'openedAt'
  | 'lastVisitAt'
  | 'policeApprovedAt'
  | 'realNameChangedAt'
  | 'subjectHeadDocumentExpiresAt'
  | 'siteHeadDocumentExpiresAt';

function readNumber(field: 'siteNumber', cell: Cell, reject: Reject): IcpNumber | null {
  const parsed = parseIcpNumber(cell(field));
  return parsed.ok ? parsed.number : reject(field, parsed.problem.remedy);
}

function readSubject(number: IcpNumber | null, cell: Cell, reject: Reject): string | null {
  if (cell('subjectNumber') === '') return null;
  const parsed = parseIcpNumber(cell('subjectNumber'));
  if (!parsed.ok) return reject('subjectNumber', parsed.problem.remedy);
  if (number !== null && !sameSubject(parsed.number, number)) {
    return reject('subjectNumber', `the site number belongs to ${number.subject}: mend one of the two`);
  }
  return parsed.number.subject;
}

/** Telecom licences: 京B2-20080224, 合字B2-20210001. */
const TELECOM_LICENCE = /^.{0,2}[AB][12][.-]?\d{8}/;

function readLicence(cell: Cell, reject: Reject): string | null {
  const parsed = parseIcpNumber(cell('licenceNumber'));
  if (parsed.ok) return parsed.number.canonical;
  return TELECOM_LICENCE.test(foldText(cell('licenceNumber')))
    ? null
    : reject('licenceNumber', 'write 京ICP证030173号, or leave it empty');
}

function readProvince(number: IcpNumber | null, cell: Cell, reject: Reject): string | null {
  const text = cell('province').replace(/(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区)$/, '');
  if (text === '') return null;
  const found = [...PROVINCES].find((province) => province === text);
  if (found === undefined) return reject('province', 'write the province in Chinese, like 广东, or leave it empty');
  if (number !== null && provinceOfNumber(number) !== found) {
    return reject(
      'province',
      `the number is of ${provinceOfNumber(number)}: mend one of the two, or leave the province empty`,
    );
  }
  return found;
}

export const splitList = (text: string): string[] =>
  foldText(text)
    .split(/[;,、|\s，；]+/)
    .filter((part) => part !== '');

/** A filing has 1 to 10 domains. */
const MAX_DOMAINS = 10;

function readHosts(cell: Cell, reject: Reject): FilingRow['hosts'] {
  const hosts = new Map<string, FilingRow['hosts'][number]>();
  const domains = splitList(cell('domains'));
  if (domains.length === 0) reject('domains', 'give at least one domain, several separated by ;');
  if (domains.length > MAX_DOMAINS)
    reject('domains', `a site has at most ${MAX_DOMAINS} domains, this row has ${domains.length}`);
  for (const [field, texts, kind] of [
    ['domains', domains, 'domain'],
    ['hosts', splitList(cell('hosts')), 'host'],
  ] as const) {
    for (const text of texts.slice(0, 50)) {
      const read = readHost(text);
      if ('remedy' in read) reject(field, `${text.slice(0, 80)}: ${read.remedy}`);
      else if (!hosts.has(read.host)) hosts.set(read.host, { ...read, kind });
    }
  }
  return [...hosts.values()];
}

function readHost(text: string): { host: string; registrable: string } | { remedy: string } {
  const bare = text
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .replace(/:\d+$/, '')
    .replace(/\.$/, '');
  if (bare.includes('@')) return { remedy: 'this is an e-mail address: write the domain' };
  if (isIP(bare) !== 0) return { remedy: 'this is an IP address: write the domain' };
  if (bare.includes('*')) return { remedy: 'no wildcards: write the filed domain itself' };
  const ascii = domainToASCII(bare.toLowerCase());
  if (
    ascii === '' ||
    ascii.length > 253 ||
    !/^(?=.)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(ascii)
  ) {
    return { remedy: 'this is no domain: write letters, digits, hyphens and dots, like example.cn' };
  }
  const registrable = registrableDomain(ascii);
  if (registrable === null) return { remedy: 'this is a public suffix: write the whole domain, like example.com.cn' };
  return { host: ascii, registrable };
}

/** When a person's document ends: a date, or 长期. */
function readDocumentDate(field: DateField, cell: Cell, reject: Reject): string | null {
  const text = foldText(cell(field)).trim();
  // Documents carry a period: its end counts.
  const end = text.split(/\s*(?:至|到|~|—|\s-\s|--)\s*/).at(-1) ?? '';
  if (/长期|永久|long-?term|^9999/i.test(text)) return 'long-term';
  return end === text ? readDate(field, cell, reject) : readDate(field, () => end, reject);
}

function readDate(field: DateField, cell: Cell, reject: Reject): string | null {
  const text = foldText(cell(field)).trim();
  if (text === '' || text === '-') return null;
  return readDateText(text) ?? reject(field, 'write the date as YYYY-MM-DD, or leave it empty');
}

function readPersons(cell: Cell, documents: Record<PersonRow['role'], string | null>): PersonRow[] {
  const person = (role: PersonRow['role'], name: Field, phone: Field, email: Field): PersonRow[] => {
    const row = { role, name: cell(name) || null, phone: cell(phone) || null, email: cell(email) || null };
    const documentExpiresAt = documents[role];
    if (row.name === null && row.phone === null && row.email === null && documentExpiresAt === null) return [];
    return [documentExpiresAt === null ? row : { ...row, documentExpiresAt }];
  };
  return [
    ...person('subject-head', 'subjectHeadName', 'subjectHeadPhone', 'subjectHeadEmail'),
    ...person('site-head', 'siteHeadName', 'siteHeadPhone', 'siteHeadEmail'),
  ];
}
