import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { provincePolicy, provinceTable } from '../../src/checks/policy.ts';
import type { CheckInput } from '../../src/checks/types.ts';
import { loadConfig, ROOT } from '../../src/config.ts';
import type { FiledDetails, FiledNames, FiledPerson, FiledPersons } from '../../src/facts/filed.ts';
import { readPage } from '../../src/facts/page-reader.ts';
import type { PageFacts, RegistrationFacts } from '../../src/facts/types.ts';
import { parseIcpNumber } from '../../src/filing/site-number.ts';
import type { Filing } from '../../src/filing/types.ts';
import type {
  Artifact,
  Artifacts,
  DnsValue,
  PageHop,
  PageValue,
  RegistrationValue,
  ResolverAnswer,
} from '../../src/gather/types.ts';
import { referenceWith } from '../../src/reference/open-reference.ts';
import { rangesForTests } from '../world/harness.ts';

/** The instant of every unit test: 22 November 2026, 12:00 in Beijing. */
export const NOW = Date.parse('2026-11-22T12:00:00+08:00');
const config = loadConfig({ env: {} });
const { contentWords } = config.data;
const provinces = provinceTable.parse(parse(readFileSync(join(ROOT, 'config/provinces.yaml'), 'utf8')));

/** A healthy filing, altered by a field or two. */
export function filingOf(over: Partial<Filing> = {}): Filing {
  const siteNumber = over.siteNumber ?? '京ICP备05070218号-1';
  const parsed = parseIcpNumber(siteNumber);
  return {
    siteNumber,
    subjectNumber: parsed.ok ? parsed.number.subject : siteNumber,
    subjectKind: 'company',
    province: '北京',
    licenceNumber: null,
    domains: ['example.cn'],
    hosts: [],
    accessProvider: 'aliyun',
    product: 'ecs',
    filedAddresses: [],
    approvedAt: '2021-06-30',
    service: parsed.ok ? parsed.number.service : 'site',
    ...over,
  };
}

/** A check's input over the shipped lists and policies. */
export function checkInput(over: {
  filing?: Filing;
  artifacts: Artifacts;
  policy?: Partial<CheckInput['policy']>;
  reference?: Partial<CheckInput['reference']>;
  rulings?: CheckInput['rulings'];
}): CheckInput {
  const filing = over.filing ?? filingOf();
  const { table } = rangesForTests();
  return {
    filing,
    artifacts: over.artifacts,
    policy: {
      version: 'test',
      province: provincePolicy(provinces, filing.province),
      minResolvers: 2,
      hostRule: 'any',
      bogusAddresses: [],
      outdatedLinkSeverity: 'warn',
      policeNotFiledSeverity: 'warn',
      windows: config.settings.windows,
      verifyDomainsSince: '2018-01-01',
      maxSubjectsPerMobile: 5,
      content: { rules: contentWords.rules, approvals: contentWords.approvals },
      ...over.policy,
    } as CheckInput['policy'],
    stage: 'confirm',
    observedAt: NOW,
    whoseAddress: (address) => table.whoseAddress(address),
    whoseName: (name) => table.whoseName(name),
    knowsProvider: (provider) => table.knowsProvider(provider),
    reference: { ...referenceWith(config.data, () => null), ...over.reference },
    rulings: over.rulings ?? [],
  };
}

const seen = <T>(value: T): Artifact<T> => ({ ok: true, observedAt: NOW, tookMs: 1, value });

/** One resolver's answer: addresses, or an outcome. */
export function answer(resolver: string, over: Partial<ResolverAnswer>): ResolverAnswer {
  return { resolver, outcome: 'answer', a: [], aaaa: [], cnames: [], ...over };
}

/** DNS as three resolvers saw it; give one answer for all, or one each. */
export function dnsArtifact(
  hosts: Record<string, Partial<ResolverAnswer> | Partial<ResolverAnswer>[]>,
): Artifact<DnsValue> {
  return seen({
    hosts: Object.entries(hosts).map(([host, answers]) => ({
      host,
      answers: (Array.isArray(answers) ? answers : [answers, answers, answers]).map((one, index) =>
        answer(`r${index}`, one),
      ),
    })),
  });
}

/** A page as read, from HTML or facts. */
export function pageArtifact(page: string | PageFacts, host = 'example.cn', status = 200): Artifact<PageValue> {
  const facts = typeof page === 'string' ? readPage(page, contentWords) : page;
  const hop: PageHop = { url: `http://${host}/`, address: '47.92.0.1', status, location: null, failure: null };
  const document = {
    url: `http://${host}/`,
    host,
    status,
    contentType: 'text/html',
    charset: 'utf-8',
    bytes: 1000,
    bodyDigest: '',
    facts,
  };
  return seen({ attempts: [{ host, hops: [hop] }], document });
}

/** What is filed, beside what every check needs. */
export function filedArtifact(over: Partial<FiledDetails> = {}): Artifact<FiledDetails> {
  return seen({ leaseEndsAt: null, sitesOnServer: null, confirmedAt: NOW, seenAt: null, ...over });
}

/** The names of the filing. */
export function namesArtifact(over: Partial<FiledNames> = {}): Artifact<FiledNames> {
  return seen({
    siteName: '蓝海示例网',
    subjectName: '蓝海科技有限公司',
    legalRepresentative: null,
    insiders: [],
    subjectHead: '张三',
    siteHead: '李四',
    domainHolder: null,
    subjectNameSince: '2024-01-01',
    confirmedOn: '2026-11-22',
    ...over,
  });
}

/** One healthy person. */
export function personOf(over: Partial<FiledPerson> = {}): FiledPerson {
  return {
    role: 'subject-head',
    phone: 'mobile',
    mobileProvince: '北京',
    email: 'valid',
    phoneDelivery: 'ok',
    emailDead: false,
    mobileOfOtherSubjects: 0,
    servesOtherSubjects: 0,
    documentExpiresAt: 'long-term',
    ...over,
  };
}

/** The persons of the filing: two healthy ones. */
export function personsArtifact(over: Partial<FiledPersons> = {}): Artifact<FiledPersons> {
  return seen({
    confirmedAt: NOW,
    persons: [personOf(), personOf({ role: 'site-head' })],
    sameHead: false,
    headsShareMobile: false,
    subjectHeadIsLegalRepresentative: null,
    siteHeadIsLegalRepresentative: null,
    ...over,
  });
}

/** Attempts that found no page. */
export function noPage(hops: Partial<PageHop>[]): Artifact<PageValue> {
  const full = hops.map(
    (hop): PageHop => ({
      url: 'http://example.cn/',
      address: '47.92.0.1',
      status: null,
      location: null,
      failure: null,
      ...hop,
    }),
  );
  return seen({ attempts: full.map((hop) => ({ host: 'example.cn', hops: [hop] })), document: null });
}

/** What the registry said of example.cn. */
export function registrationArtifact(
  facts: Partial<RegistrationFacts>,
  domain = 'example.cn',
): Artifact<RegistrationValue> {
  const value: RegistrationFacts = {
    protocol: 'rdap',
    domain,
    found: true,
    expiresAt: '2028-01-01T00:00:00Z',
    createdAt: '2015-01-01T00:00:00Z',
    registrar: 'R',
    registrant: null,
    statuses: ['active'],
    ...facts,
  };
  return seen({ domains: [{ domain, registry: 'test', artifact: seen(value) }] });
}

/** A small page with a footer. */
export function pageWith(footer: string): string {
  return `<html><head><title>示例</title></head><body><div>${'<p>这是一家公司的介绍文字，讲产品与服务。</p>'.repeat(20)}</div><footer>${footer}</footer></body></html>`;
}
