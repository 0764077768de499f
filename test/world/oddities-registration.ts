import { blind, fail, type Oddity, warn } from './oddity.ts';

const reg = (
  id: string,
  about: string,
  alter: Oddity['alter'],
  verdict?: NonNullable<Oddity['truth']>[string],
  more: Partial<Oddity> = {},
): Oddity => ({
  id,
  about,
  alter,
  ...(verdict === undefined ? {} : { truth: { 'domain-expiry': verdict } }),
  ...more,
});

/** What domain verification says beside the expiry. */
const verified = (oddity: Oddity, truth: NonNullable<Oddity['truth']>[string]): Oddity => ({
  ...oddity,
  truth: { ...oddity.truth, 'domain-verification': truth },
});

/** What registries say (R3.3, R3.7, R17.9). */
export const registrationOddities: Oddity[] = [
  reg('whois-cn', '.cn: WHOIS only', () => {}, undefined, { tld: 'cn' }),
  reg(
    'expired-cn',
    '.cn, expired',
    (d, t) => {
      d.registry.expires = t.day(-5);
    },
    fail('expired'),
    { tld: 'cn' },
  ),
  reg(
    'expired-com',
    '.com, expired',
    (d, t) => {
      d.registry.expires = t.day(-3);
    },
    fail('expired'),
    { tld: 'com' },
  ),
  reg(
    'expires-today',
    'ends today somewhere on earth: not yet expired',
    (d, t) => {
      d.registry.expires = t.day(1);
    },
    warn('expiring'),
  ),
  reg(
    'expiring-60',
    '60 days left, 90 wanted',
    (d, t) => {
      d.registry.expires = t.day(60);
    },
    warn('expiring'),
  ),
  reg(
    'expiring-89',
    '89 days left',
    (d, t) => {
      d.registry.expires = t.day(89);
    },
    warn('expiring'),
  ),
  reg('left-100', '100 days left: fine', (d, t) => {
    d.registry.expires = t.day(100);
  }),
  reg(
    'shandong-60',
    '60 days left in Shandong, which wants 45',
    (d, t) => {
      d.registry.expires = t.day(60);
    },
    undefined,
    { province: { abbreviation: '鲁', name: '山东' } },
  ),
  reg(
    'shanghai-120',
    '120 days left in Shanghai, which wants 180',
    (d, t) => {
      d.registry.expires = t.day(120);
    },
    warn('expiring'),
    { province: { abbreviation: '沪', name: '上海' } },
  ),
  reg(
    'redemption',
    'redemption period',
    (d, t) => {
      d.registry.expires = t.day(300);
      d.registry.statuses = ['redemption period'];
    },
    fail('redemption'),
    { tld: 'com' },
  ),
  reg(
    'pending-delete',
    'pending delete, at a WHOIS registry',
    (d) => {
      d.registry.statuses = ['pendingDelete'];
    },
    fail('redemption'),
    { tld: 'cn' },
  ),
  verified(
    reg(
      'client-hold',
      'client hold',
      (d) => {
        d.registry.statuses = ['client hold'];
      },
      fail('on-hold'),
      { tld: 'com' },
    ),
    warn('real-name-doubt'),
  ),
  verified(
    reg(
      'server-hold',
      'server hold, at a WHOIS registry',
      (d) => {
        d.registry.statuses = ['serverHold'];
      },
      fail('on-hold'),
      { tld: 'cn' },
    ),
    warn('real-name-doubt'),
  ),
  reg(
    'transfer-lock',
    'ordinary locks are no trouble',
    (d) => {
      d.registry.statuses = ['client transfer prohibited', 'server delete prohibited'];
    },
    undefined,
    { tld: 'com' },
  ),
  verified(
    reg(
      'redacted',
      'the holder is redacted',
      (d) => {
        d.registry.registrant = 'REDACTED FOR PRIVACY';
      },
      undefined,
      { tld: 'com' },
    ),
    blind('holder-hidden'),
  ),
  reg(
    'not-registered',
    'deleted, and gone from DNS',
    (d) => {
      d.registry.found = false;
      d.apex = [{ rcode: 3 }];
      d.www = d.apex;
    },
    undefined,
    {
      truth: {
        'domain-expiry': fail('not-registered'),
        'empty-shell': fail('does-not-resolve', 'no-host-resolves-here'),
        'icp-footer': blind('not-observed'),
        'access-record': { verdict: 'pass', codes: [] },
        reachability: warn('unreachable'),
      },
    },
  ),
  reg(
    'not-found-but-resolves',
    'the registry says no, DNS says yes',
    (d) => {
      d.registry.found = false;
    },
    blind('registry-contradicts-dns'),
    { slow: true, tld: 'cn' },
  ),
  reg(
    'no-expiry',
    'the registry shows no date',
    (d) => {
      delete d.registry.expires;
    },
    blind('no-expiry-shown'),
    { slow: true, tld: 'cn' },
  ),
  verified(
    reg(
      'throttled',
      'throttled for ever',
      (d) => {
        d.registry.fault = 'throttled';
      },
      blind('not-observed'),
      { slow: true, tld: 'hk.cn' },
    ),
    blind('not-observed'),
  ),
  reg(
    'throttled-once',
    'throttled once, then answered',
    (d) => {
      d.registry.fault = 'throttled-once';
    },
    undefined,
    { slow: true, tld: 'top' },
  ),
  reg(
    'rdap-429',
    'RDAP refuses, WHOIS answers',
    (d) => {
      d.registry.fault = 'rdap-429';
    },
    undefined,
    { tld: 'com' },
  ),
  reg(
    'rdap-garbage',
    'RDAP answers with HTML, WHOIS answers',
    (d) => {
      d.registry.fault = 'rdap-garbage';
    },
    undefined,
    { tld: 'com' },
  ),
  reg(
    'rdap-silent',
    'RDAP is silent, WHOIS answers',
    (d) => {
      d.registry.fault = 'rdap-silent';
    },
    undefined,
    { slow: true, tld: 'net' },
  ),
  verified(
    reg(
      'registry-silent',
      'nobody answers',
      (d) => {
        d.registry.fault = 'all-silent';
      },
      blind('not-observed'),
      { slow: true, tld: 'org' },
    ),
    blind('not-observed', 'tld-not-in-province-list'),
  ),
  verified(
    reg('unknown-tld', 'no registry known for the TLD', () => {}, blind('not-observed'), { slow: true, tld: 'museum' }),
    blind('not-observed', 'tld-not-in-province-list'),
  ),
];
