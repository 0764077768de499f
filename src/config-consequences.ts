import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { CASE_NOTICE_KINDS } from './cases/notice-kinds.ts';
import { InputError, messageOf } from './errors.ts';
import { PROGRAMME_NOTICE_KINDS } from './notify/types.ts';
import { isLoopbackHost, parseAddress, parseCidr } from './provider/address.ts';

const ms = z.int().min(0).max(4_000_000_000_000);
const positive = z.int().min(1);
const text = z.string().min(1);
const secret = text.nullable();
const httpUrl = z.url({ protocol: /^https?$/, error: 'is a URL that starts with https://' });
const email = z.string().regex(/^[^\s@,<>]+@[^\s@,<>]+\.[A-Za-z]{2,}$/, 'is one e-mail address');
const hour = z.number().min(0).max(23.99);

const KINDS = [
  ...CASE_NOTICE_KINDS,
  'renewal',
  'early-warning',
  ...PROGRAMME_NOTICE_KINDS,
  'contact-verification',
] as const;

/** `cases:` of the configuration. */
export const casesShape = z.strictObject({
  programmes: text,
  calendar: text,
  freshLookMs: ms.min(60_000),
  lookWaitMs: ms.min(1000),
  lookPatienceMs: ms,
  unobservedRetryMs: ms.min(60_000),
  dailyLookMs: ms.min(3_600_000),
  seesThroughRestriction: z.boolean(),
  ownerRecheck: z.strictObject({ minIntervalMs: ms, perDay: positive }),
});

/** `notices:` of the configuration. */
export const noticesShape = z.strictObject({
  live: z.boolean(),
  signature: text.max(20),
  askAt: text,
  portalUrl: httpUrl.nullable(),
  digestMs: ms,
  quietHours: z.strictObject({ from: hour, to: hour }),
  perAddressPerDay: z.strictObject({ email: positive, sms: positive }),
  maxPerHour: positive,
  renewalDays: z.array(positive).min(1),
  email: z.strictObject({
    host: text.nullable(),
    port: z.int().min(1).max(65_535),
    secure: z.boolean(),
    requireTls: z.boolean(),
    rejectUnauthorized: z.boolean(),
    user: text.nullable(),
    password: secret,
    from: z.strictObject({ name: text, address: email }),
    replyTo: email.nullable(),
    timeoutMs: ms.min(1000).max(60_000),
    maxConnections: positive.max(50),
    dkim: z.strictObject({ domainName: text, keySelector: text, privateKeyFile: text }).nullable(),
  }),
  sms: z.strictObject({
    provider: z.enum(['aliyun', 'tencent']).nullable(),
    kinds: z.array(z.enum(KINDS)),
    endpoint: text.nullable(),
    protocol: z.enum(['https', 'http']),
    keyId: secret,
    keySecret: secret,
    region: text,
    sdkAppId: text.nullable(),
    signName: text.nullable(),
    templates: z.record(z.string(), text),
    timeoutMs: ms.min(1000).max(60_000),
  }),
  admins: z.strictObject({
    language: z.enum(['zh', 'en'], 'is zh or en'),
    emails: z.array(email),
    robots: z.array(
      z.strictObject({
        id: z.string().regex(/^[a-z0-9-]+$/, 'holds only a-z, 0-9 and -'),
        kind: z.enum(['wecom', 'dingtalk', 'feishu', 'webhook']),
        url: httpUrl,
        secret: secret.default(null),
        timeoutMs: ms.min(1000).default(10_000),
      }),
    ),
  }),
});

/** `enforcement:` of the configuration. */
export const enforcementShape = z.strictObject({
  live: z.boolean(),
  url: httpUrl.nullable(),
  secret,
  approvals: z.strictObject({ 'restrict-access': z.int().min(0).max(2), 'cancel-access': z.int().min(0).max(2) }),
  maxPerDay: positive,
  timeoutMs: ms.min(1000).max(120_000),
  pollMs: ms.min(1000),
});

/** `orders:` of the configuration (R11). */
export const ordersShape = z.strictObject({ live: z.boolean(), maxPerDay: positive });

/** `violations:` of the configuration (R13). */
export const violationsShape = z.strictObject({
  live: z.boolean(),
  approvals: z.strictObject({
    'suspend-service': z.int().min(0).max(2),
    'resume-service': z.int().min(0).max(2),
    'close-service': z.int().min(0).max(2),
  }),
});

/** `inbound:` of the configuration. */
export const inboundShape = z.strictObject({
  host: text,
  port: z.int().min(0).max(65_535),
  /** At least 16 characters; null: the endpoint is closed. */
  secret: z.string().min(16, 'has at least 16 characters').nullable(),
  /** For the SMS paths alone, since gateways put it into their address; null: those take `secret` only. */
  smsSecret: z.string().min(16, 'has at least 16 characters').nullable(),
});

/** An address or a network. */
function isNetwork(given: string): boolean {
  return given.includes('/') ? parseCidr(given) !== null : parseAddress(given) !== null;
}

/** `portal:` of the configuration. */
export const portalShape = z.strictObject({
  host: text,
  port: z.int().min(0).max(65_535),
  enabled: z.boolean(),
  trustedProxies: z.array(text.refine(isNetwork, 'is an address or network, like 127.0.0.1 or 10.0.0.0/8')),
});

/** `console:` of the configuration: the admins' pages and the API. */
export const consoleShape = z.strictObject({
  host: text,
  port: z.int().min(0).max(65_535),
  enabled: z.boolean(),
  /** Public address, an origin; null: whatever host is asked. */
  url: httpUrl.nullable(),
  trustedProxies: z.array(text.refine(isNetwork, 'is an address or network, like 127.0.0.1 or 10.0.0.0/8')),
  sessionMs: ms.min(300_000),
  idleMs: ms.min(60_000),
  /** Sign-in by an identity provider; null: passwords only. */
  oidc: z
    .strictObject({
      issuer: httpUrl,
      clientId: text,
      clientSecret: secret,
      name: text,
      scope: text,
      /** A claim that holds the role, or a list of them; null: admins are made by hand and linked. */
      roleClaim: text.nullable(),
      /** Value of that claim → role. */
      roles: z.record(z.string(), z.enum(['viewer', 'operator', 'approver'])),
    })
    .nullable(),
});

/** `api:` of the configuration. */
export const apiShape = z.strictObject({
  enabled: z.boolean(),
  requestsAMinute: positive,
  webhooks: z.strictObject({ timeoutMs: ms.min(1000).max(60_000), giveUpMs: ms.min(3_600_000) }),
});

/** Secrets come from the environment, or from a file it names (`…_FILE`): never needed in a settings file. */
export const SECRETS: [string, (value: string) => object][] = [
  ['PATROL_DATA_KEY', (dataKey) => ({ ledger: { dataKey } })],
  ['PATROL_SMTP_PASSWORD', (password) => ({ notices: { email: { password } } })],
  ['PATROL_SMS_KEY_ID', (keyId) => ({ notices: { sms: { keyId } } })],
  ['PATROL_SMS_KEY_SECRET', (keySecret) => ({ notices: { sms: { keySecret } } })],
  ['PATROL_ENFORCEMENT_SECRET', (value) => ({ enforcement: { secret: value } })],
  ['PATROL_INBOUND_SECRET', (value) => ({ inbound: { secret: value } })],
  ['PATROL_OIDC_CLIENT_SECRET', (clientSecret) => ({ console: { oidc: { clientSecret } } })],
  ['PATROL_INBOUND_SMS_SECRET', (value) => ({ inbound: { smsSecret: value } })],
];

/** The value of a secret: `NAME`, or the content of the file `NAME_FILE` names. Throws InputError when it cannot be read. */
export function readSecret(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct !== '') return direct;
  const file = env[`${name}_FILE`];
  if (file === undefined || file === '') return undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new InputError(`${name}_FILE: ${messageOf(error)}`, 'give a file this process may read');
  }
}

interface Consequences {
  cases: z.infer<typeof casesShape>;
  notices: z.infer<typeof noticesShape>;
  enforcement: z.infer<typeof enforcementShape>;
  violations: z.infer<typeof violationsShape>;
  orders: z.infer<typeof ordersShape>;
  inbound: z.infer<typeof inboundShape>;
  console: z.infer<typeof consoleShape>;
  confirm: { pauseMs: number; looks: number };
}

/** What must fit together before anything is switched on: the first problem with its remedy, or null. */
export function crossCheckConsequences({
  cases,
  notices,
  enforcement,
  violations,
  orders,
  inbound,
  console: consoleSettings,
  confirm,
}: Consequences): [string, string] | null {
  if (cases.freshLookMs < confirm.pauseMs * confirm.looks)
    return [
      'cases.freshLookMs is shorter than a confirmation takes (confirm.pauseMs × confirm.looks)',
      'no look could ever be fresh: raise cases.freshLookMs',
    ];
  const ids = notices.admins.robots.map(({ id }) => id);
  if (new Set(ids).size < ids.length)
    return ['notices.admins.robots: two robots have the same id', 'give each its own'];
  if (notices.email.host !== null && notices.email.user !== null && notices.email.password === null)
    return ['notices.email.user is set without a password', 'set PATROL_SMTP_PASSWORD (or PATROL_SMTP_PASSWORD_FILE)'];
  const { provider, keyId, keySecret, signName, sdkAppId } = notices.sms;
  if (provider !== null) {
    if (keyId === null || keySecret === null)
      return [
        'notices.sms.provider is set without its key',
        'set PATROL_SMS_KEY_ID and PATROL_SMS_KEY_SECRET (or …_FILE)',
      ];
    if (signName === null) return ['notices.sms.signName is not set', 'give the signature the gateway approved'];
    if (provider === 'tencent' && sdkAppId === null)
      return ['notices.sms.sdkAppId is not set', 'give the SdkAppId of the Tencent application'];
  }
  if (notices.live && notices.email.host === null && provider === null)
    return [
      'notices.live is on, but there is neither notices.email.host nor notices.sms.provider',
      'configure a channel, or leave notices.live off',
    ];
  if (notices.portalUrl !== null) {
    const { protocol, hostname, href, origin } = new URL(notices.portalUrl);
    if (href !== `${origin}/`)
      return [
        'notices.portalUrl is more than an origin: the portal’s pages stand below /r of its host',
        'give protocol and host alone, like https://beian.example.cn',
      ];
    if (protocol !== 'https:' && !isLoopbackHost(hostname))
      return ['notices.portalUrl is http://: one-time links would travel in clear', 'give the https:// address'];
  }
  if (consoleSettings.url !== null) {
    const { protocol, hostname, href, origin } = new URL(consoleSettings.url);
    if (href !== `${origin}/`)
      return ['console.url is more than an origin', 'give protocol and host alone, like https://patrol.example.cn'];
    if (protocol !== 'https:' && !isLoopbackHost(hostname))
      return ['console.url is http://: sessions would travel in clear', 'give the https:// address'];
  }
  if (consoleSettings.oidc !== null && consoleSettings.url === null)
    return ['console.oidc is set without console.url', 'give the address the identity provider sends people back to'];
  if (enforcement.live) {
    if (!notices.live)
      return [
        'enforcement.live is on while notices.live is off',
        'nobody may be acted against who was not told: switch notices on first',
      ];
    if (enforcement.url === null || enforcement.secret === null)
      return [
        'enforcement.live is on without enforcement.url and its secret',
        'set the URL of the access system and PATROL_ENFORCEMENT_SECRET',
      ];
  }
  if (violations.live && !enforcement.live)
    return [
      'violations.live is on while enforcement.live is off',
      'nothing could be asked of the access system: switch enforcement on first, or leave violations.live off',
    ];
  if (inbound.smsSecret !== null && inbound.smsSecret === inbound.secret)
    return [
      'inbound.smsSecret is inbound.secret',
      'give SMS gateways a secret of their own: theirs stands in their address',
    ];
  if (orders.live && !notices.live)
    return ['orders.live is on while notices.live is off', 'owners would lose orders untold: switch notices on first'];
  return null;
}
