import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { isAbsolute, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseDataKey } from '../db/seal.ts';
import { type CalendarFile, calendarShape } from './calendar/workdays.ts';
import { type Programmes, programmesShape } from './cases/programme-policy.ts';
import { type ProvinceTable, provinceTable } from './checks/policy.ts';
import {
  apiShape,
  casesShape,
  consoleShape,
  crossCheckConsequences,
  enforcementShape,
  inboundShape,
  noticesShape,
  ordersShape,
  portalShape,
  readSecret,
  SECRETS,
  violationsShape,
} from './config-consequences.ts';
import { InputError, messageOf } from './errors.ts';
import type { ResolverAddress } from './gather/dns-transport.ts';
import { type RegistryTable, registryTable } from './gather/registries.ts';
import { openReferenceData, type ReferenceData } from './reference/open-reference.ts';

const ms = z.int().min(0).max(4_000_000_000_000);
const positive = z.int().min(1);

const checkSettings = z.strictObject({ enabled: z.boolean(), shadow: z.boolean(), intervalMs: ms.min(1000) });

const shape = z.strictObject({
  version: z.string().min(1),
  accessProvider: z.string().regex(/^[a-z0-9-]+$/, 'is a provider id such as aliyun'),
  ledger: z.strictObject({
    path: z.string().min(1),
    dataKey: z
      .string()
      .refine(
        (value) => parseDataKey(value) !== null,
        'is 32 bytes in base64 or hexadecimal digits (openssl rand -base64 32)',
      )
      .nullable(),
  }),
  queue: z.strictObject({
    url: z
      .string()
      .regex(/^(?:rediss?|postgres(?:ql)?):\/\//, 'starts with redis://, rediss:// or postgres://')
      .nullable(),
    dataDir: z.string().min(1),
    prefix: z.string().regex(/^[a-z0-9_-]+$/, 'holds only a-z, 0-9, _ and -'),
  }),
  resolvers: z
    .array(z.string().refine((value) => parseResolver(value) !== null, 'is an IP address, or address:port'))
    .min(1, 'needs at least one resolver'),
  dns: z.strictObject({
    timeoutMs: ms.min(50),
    tries: positive.max(10),
    screenResolvers: positive,
    confirmResolvers: positive,
    minConfirmResolvers: z.int().min(2, 'is at least 2: a failure needs more than one resolver (R16.2)'),
    wellKnownNames: z.array(z.string().regex(/^[a-z0-9.-]+$/, 'is a host name')),
    bogusAddresses: z.array(z.string().refine((value) => isIP(value) !== 0, 'is an IP address')),
  }),
  page: z.strictObject({
    totalTimeoutMs: ms.min(100),
    connectTimeoutMs: ms.min(50),
    maxBodyBytes: positive.max(64 * 1024 * 1024),
    maxRedirects: z.int().min(0).max(10),
    perAddressConcurrency: positive,
    wellKnownPages: z.array(z.strictObject({ url: z.url(), shows: z.string().min(2) })),
    evidenceBytes: z.int().min(0),
    userAgent: z.string().min(1),
    infoUrl: z.url(),
  }),
  render: z.strictObject({
    enabled: z.boolean(),
    executable: z.string().min(1).nullable(),
    concurrency: positive.max(32),
    totalTimeoutMs: ms.min(1000).max(120_000),
    quietMs: ms.min(50).max(10_000),
    maxBytes: positive,
    maxRequests: positive.max(5000),
    sandbox: z.boolean(),
  }),
  registration: z.strictObject({
    timeoutMs: ms.min(100),
    maxBytes: positive,
    minRefreshMs: ms,
    horizonMs: ms,
    refusalBackoffMs: ms,
  }),
  gather: z.strictObject({
    concurrency: positive.max(1000),
    sitesPerJob: positive.max(500),
    jobAttempts: positive.max(20),
  }),
  sweep: z.strictObject({
    tickMs: ms.min(100),
    slotMs: ms.min(1000),
    leaseMs: ms.min(1000),
    maxQueuedSites: positive,
    batchSites: positive.max(10_000),
  }),
  confirm: z.strictObject({
    pauseMs: ms,
    looks: z.int().min(2, 'is at least 2: a failure is seen again before it counts (R16.2)').max(10),
    inconclusiveBackoffMs: ms,
  }),
  hostRule: z.enum(['any', 'every']),
  outdatedLink: z.enum(['warn', 'fail']),
  policeNotFiled: z.enum(['warn', 'fail']),
  windows: z.strictObject({
    leaseDays: positive.max(365),
    documentDays: positive.max(365),
    accessRecordDays: positive.max(730),
    policeDays: positive.max(365),
    realNameGraceDays: z.int().min(0).max(30),
  }),
  verifyDomainsSince: z.iso.date(),
  maxSubjectsPerMobile: positive,
  checks: z.record(z.string(), checkSettings),
  breaker: z.strictObject({
    minJudged: positive,
    minFails: positive,
    maxFailShare: z.number().gt(0).max(1),
    jumpFactor: z.number().min(1),
    maxInconclusiveShare: z.number().gt(0).max(1),
  }),
  cases: casesShape,
  notices: noticesShape,
  enforcement: enforcementShape,
  violations: violationsShape,
  orders: ordersShape,
  inbound: inboundShape,
  portal: portalShape,
  console: consoleShape,
  api: apiShape,
  evidence: z.strictObject({ retentionMs: ms }),
  privacy: z.strictObject({
    // The trace of what was told keeps it from being told again.
    messagesMs: ms
      .min(400 * 86_400_000, 'is at least 400 days (34560000000): less would send renewals again')
      .nullable(),
    inboundMs: ms.nullable(),
    formerFilingsMs: ms.nullable(),
    removedContactsMs: ms.nullable(),
    ordersMs: ms.nullable(),
  }),
  data: z.strictObject({
    folder: z.string().min(1),
    ownFolder: z.string().min(1),
    addressProvinces: z.string().min(1).nullable(),
    mobileSegments: z.string().min(1).nullable(),
  }),
  ranges: z.strictObject({
    folders: z.array(z.string().min(1)).min(1),
    ownFolder: z.string().min(1),
    maxAgeMs: ms,
    maxShrinkShare: z.number().gt(0).lt(1),
  }),
  clock: z.strictObject({ maxSkewMs: ms.min(60_000), maxStepMs: ms.min(1000), maxAwayMs: ms.min(60_000) }),
  ops: z.strictObject({ host: z.string().min(1), port: z.int().min(0).max(65_535), drainTimeoutMs: ms }),
  log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']) }),
});

/** Settings, validated. */
export type Settings = z.infer<typeof shape>;

/** Everything configuration gives: settings, provincial table, registries. */
export interface Config {
  settings: Settings;
  provinces: ProvinceTable;
  registries: RegistryTable;
  programmes: Programmes;
  calendar: CalendarFile;
  data: ReferenceData;
  /** Files the settings came from, in order. */
  origin: string[];
  /** What each of them gave: the last that names a key wins. */
  layers: { origin: string; given: unknown }[];
}

/** The repository's root: shipped configuration is found here wherever the command is run. */
export const ROOT = resolve(import.meta.dirname, '..');

const ENVIRONMENT: [string, (value: string) => object][] = [
  ['QUEUE_URL', (value) => ({ queue: { url: value } })],
  ['PATROL_LEDGER', (value) => ({ ledger: { path: value } })],
  ['PATROL_QUEUE_DIR', (value) => ({ queue: { dataDir: value } })],
  ['PATROL_ACCESS_PROVIDER', (value) => ({ accessProvider: value })],
  ['PATROL_RESOLVERS', (value) => ({ resolvers: value.split(',').map((one) => one.trim()) })],
  ['PATROL_HTTP_HOST', (value) => ({ ops: { host: value } })],
  ['PATROL_HTTP_PORT', (value) => ({ ops: { port: Number(value) } })],
  ['PATROL_PORTAL_HOST', (value) => ({ portal: { host: value } })],
  ['PATROL_PORTAL_PORT', (value) => ({ portal: { port: Number(value) } })],
  [
    'PATROL_PORTAL_TRUSTED_PROXIES',
    (value) => ({ portal: { trustedProxies: value.split(',').map((one) => one.trim()) } }),
  ],
  ['PATROL_CONSOLE_HOST', (value) => ({ console: { host: value } })],
  ['PATROL_CONSOLE_PORT', (value) => ({ console: { port: Number(value) } })],
  ['PATROL_CONSOLE_URL', (value) => ({ console: { url: value } })],
  [
    'PATROL_CONSOLE_TRUSTED_PROXIES',
    (value) => ({ console: { trustedProxies: value.split(',').map((one) => one.trim()) } }),
  ],
  ['PATROL_CHROMIUM', (value) => ({ render: { executable: value } })],
  ['PATROL_INBOUND_HOST', (value) => ({ inbound: { host: value } })],
  ['PATROL_INBOUND_PORT', (value) => ({ inbound: { port: Number(value) } })],
  ['PATROL_LOG_LEVEL', (value) => ({ log: { level: value } })],
];

/**
 * Read the configuration: shipped defaults, then the file given (or PATROL_CONFIG), then the environment, then `overrides`.
 * Throws InputError naming every wrong key with its remedy.
 */
export function loadConfig(
  options: { file?: string | undefined; env?: NodeJS.ProcessEnv; overrides?: object } = {},
): Config {
  const env = options.env ?? process.env;
  const file = options.file ?? env['PATROL_CONFIG'];
  const defaults = readYaml(join(ROOT, 'config/default.yaml'));
  const layers: Config['layers'] = [{ origin: 'config/default.yaml', given: defaults }];
  const lay = (origin: string, given: unknown): unknown => layers.push({ origin, given });
  if (file !== undefined && file !== '') lay(file, readYaml(resolve(file)));
  for (const [name, apply] of ENVIRONMENT) {
    const value = env[name];
    if (value === undefined || value === '') continue;
    lay(`environment ${name}`, apply(value));
  }
  for (const [name, apply] of SECRETS) {
    const value = readSecret(env, name);
    if (value === undefined) continue;
    lay(`secret ${name}`, apply(value));
  }
  const origin = layers.map((layer) => layer.origin);
  if (options.overrides !== undefined) lay('command line', options.overrides);
  const merged = layers.reduce<unknown>((base, { given }) => mergeSettings(base, given), {});
  const result = shape.safeParse(merged);
  if (!result.success) throw configError(result.error, defaults, origin);
  const problem = crossCheck(result.data) ?? crossCheckConsequences(result.data);
  if (problem !== null) throw new InputError(`configuration: ${problem[0]}`, problem[1]);
  return {
    settings: result.data,
    provinces: readTable('config/provinces.yaml', provinceTable),
    registries: readTable('config/registries.yaml', registryTable),
    programmes: readTable(result.data.cases.programmes, programmesShape, 'cases.programmes'),
    calendar: readTable(result.data.cases.calendar, calendarShape, 'cases.calendar'),
    data: openReferenceData({ ...result.data.data, folder: configPath(result.data.data.folder) }),
    origin,
    layers,
  };
}

/** Where a setting (a dotted key) comes from: the last layer that gives it. */
export function originOf({ layers }: Config, key: string): string {
  const path = key.split('.');
  return layers.findLast(({ given }) => at(given, path) !== undefined)?.origin ?? '';
}

function readTable<T>(file: string, schema: z.ZodType<T>, key?: string): T {
  const path = configPath(file);
  if (key !== undefined && !existsSync(path))
    throw new InputError(`${key}: the file ${file} does not exist`, `correct ${key} in your configuration`);
  const result = schema.safeParse(readYaml(path));
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new InputError(
    `${file}: ${issue?.path.join('.')}: ${issue?.message}`,
    'mend the file, or restore the shipped one',
  );
}

function readYaml(file: string): unknown {
  if (!existsSync(file))
    throw new InputError(`configuration file ${file} does not exist`, 'check --config or PATROL_CONFIG');
  try {
    return parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new InputError(
      `${file}: not YAML: ${messageOf(error).split('\n')[0]}`,
      'mend the indentation or quoting there',
    );
  }
}

/** Lay settings over others, key by key; lists and plain values are replaced, undefined leaves what was. */
export function mergeSettings(base: unknown, over: unknown): unknown {
  if (!isRecord(base) || !isRecord(over)) return over === undefined ? base : over;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) result[key] = mergeSettings(base[key], value);
  return result;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function configError(error: z.ZodError, defaults: unknown, origin: string[]): InputError {
  const lines = error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const where = issue.path.join('.');
      const known = Object.keys((where === '' ? defaults : at(defaults, issue.path)) as object).join(', ');
      return `${[...issue.path, issue.keys.join(', ')].join('.')}: unknown key; known here: ${known}`;
    }
    return `${issue.path.join('.')}: ${issue.message} (default: ${JSON.stringify(at(defaults, issue.path))})`;
  });
  return new InputError(
    `configuration (${origin.join(' < ')}):\n  ${lines.join('\n  ')}`,
    'mend the keys named; config/default.yaml explains each',
  );
}

function at(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[String(key)] : undefined), value);
}

function crossCheck({ dns, resolvers, page, sweep, gather }: Settings): [string, string] | null {
  const twice = resolvers.find((resolver, index) => resolvers.indexOf(resolver) !== index);
  if (twice !== undefined)
    return [`resolvers: ${twice} stands twice`, 'one resolver asked twice is one observation: give different ones'];
  if (dns.minConfirmResolvers > dns.confirmResolvers) {
    return [
      'dns.minConfirmResolvers is larger than dns.confirmResolvers',
      'no confirmation could ever succeed: lower it',
    ];
  }
  if (dns.minConfirmResolvers > resolvers.length) {
    return [
      `dns.minConfirmResolvers is ${dns.minConfirmResolvers}, but only ${resolvers.length} resolver(s) are given`,
      'add resolvers, or lower dns.minConfirmResolvers',
    ];
  }
  if (page.connectTimeoutMs > page.totalTimeoutMs) {
    return [
      'page.connectTimeoutMs is larger than page.totalTimeoutMs',
      'a connection may not take longer than the whole page',
    ];
  }
  if (sweep.leaseMs < page.totalTimeoutMs * 2) {
    return ['sweep.leaseMs is shorter than two page timeouts', 'sites would be taken up twice: raise sweep.leaseMs'];
  }
  if (gather.sitesPerJob > sweep.maxQueuedSites) {
    return [
      'gather.sitesPerJob is larger than sweep.maxQueuedSites',
      'no job could ever be queued: lower gather.sitesPerJob',
    ];
  }
  return null;
}

/** `1.2.3.4`, `1.2.3.4:5353`, `2400:3200::1`, `[2400:3200::1]:53`; null when it is none of these. */
export function parseResolver(text: string): ResolverAddress | null {
  if (isIP(text) !== 0) return { host: text, port: 53 };
  const match = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host !== undefined && isIP(host) !== 0 && port > 0 && port < 65_536 ? { host, port } : null;
}

/** A configured folder or file: relative ones are the repository's when they exist there, else the working folder's. */
export function configPath(path: string): string {
  if (isAbsolute(path)) return path;
  const shipped = join(ROOT, path);
  return existsSync(shipped) ? shipped : resolve(path);
}
