/**
 * Addresses the worker must never connect to, and spellings of them. The blocks are IANA's special-purpose registries
 * (RFC 6890 and what followed) and the metadata services of clouds; the spellings follow what the tables of Smokescreen,
 * ssrf_filter, request-filtering-agent and SSRF-Testing try, written anew.
 */

/** Blocks nobody on the internet is behind: first address and prefix length. */
const INSIDE_V4: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

/** Addresses of clouds' insides by name: AWS, Google, Azure (wire server), Alibaba, Tencent, Oracle, Huawei, Kubernetes. */
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.169.253',
  '169.254.169.123',
  '100.100.100.200',
  '100.100.100.204',
  '100.100.2.136',
  '169.254.0.23',
  '169.254.0.55',
  '168.63.129.16',
  '192.0.0.192',
  '169.254.169.249',
  '10.96.0.1',
  '172.17.0.1',
];

const INSIDE_V6 = [
  '::',
  '::1',
  '::2',
  '::ffff',
  '::127.0.0.1',
  '::10.0.0.1',
  '::1.2.3.4',
  '::ffff:0:127.0.0.1',
  '::ffff:0:0a00:1',
  '64:ff9b::1',
  '64:ff9b:1::',
  '64:ff9b:1:7f00:0:100::',
  '64:ff9b:2::1',
  '100::',
  '100::1',
  '100::ffff:ffff:ffff:ffff',
  '100:0:0:1::',
  '100:0:0:1::1',
  '2001::1',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  '2001:1::1',
  '2001:1::2',
  '2001:2::',
  '2001:2::1',
  '2001:3::1',
  '2001:4:112::1',
  '2001:5::1',
  '2001:10::1',
  '2001:1f:ffff::1',
  '2001:20::1',
  '2001:2f::1',
  '2001:30::1',
  '2001:1ff:ffff:ffff::1',
  '2001:db8::',
  '2001:db8::1',
  '2001:db8:ffff:ffff::1',
  '2002::1',
  '2002:7f00:1::',
  '2002:a00:1::1',
  '2002:c0a8:101::1',
  '2002:a9fe:a9fe::1',
  '2002:2f5c:1::1',
  '2620:4f:8000::1',
  '3fff::1',
  '3fff:fff:ffff:ffff::1',
  '5f00::1',
  '5f00:ffff::1',
  '4000::1',
  '6000::1',
  '8000::1',
  'a000::1',
  'c000::1',
  'e000::1',
  'fb00::1',
  'fc00::',
  'fc00::1',
  'fd00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  'fe00::1',
  'fe80::',
  'fe80::1',
  'fe80::a9fe:a9fe',
  'febf:ffff::1',
  'fec0::1',
  'feff::1',
  'ff00::',
  'ff01::1',
  'ff02::1',
  'ff02::fb',
  'ff05::2',
  'ff0e::1',
  'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
  '1::1',
  '0200::1',
  '1fff:ffff::1',
];

/** Public neighbours of the blocks: a guard that refused everything would pass every other test. */
export const OUTSIDE = [
  '1.0.0.0',
  '1.1.1.1',
  '8.8.8.8',
  '9.255.255.255',
  '11.0.0.0',
  '47.92.0.1',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '168.63.129.15',
  '168.63.129.17',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '191.255.255.255',
  '192.0.1.0',
  '192.0.3.0',
  '192.31.195.255',
  '192.88.98.255',
  '192.88.100.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '198.51.99.255',
  '198.51.101.0',
  '203.0.112.255',
  '203.0.114.0',
  '223.255.255.255',
  '2001:200::1',
  '2001:da8::1',
  '2001:4860:4860::8888',
  '2400:3200::1',
  '2408:4000::1',
  '2606:4700:4700::1111',
  '3ffe::1',
  '2a00:1450::1',
];

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** First, last, middle and a spread of addresses of every block, with the metadata services: IPv4. */
export function insideV4(perBlock: number): string[] {
  const all = INSIDE_V4.flatMap(([first, prefix]) => {
    const start = toNumber(first);
    const size = 2 ** (32 - prefix);
    const spread = Array.from({ length: perBlock }, (_, index) => Math.floor((size * (index + 0.5)) / perBlock));
    return [0, 1, size - 1, ...spread].map((offset) => toAddress(start + offset));
  });
  return [...new Set([...all, ...METADATA])];
}

/** IPv6 addresses of the inside: the blocks themselves, and every inside IPv4 carried in another form. */
export function insideV6(v4: readonly string[]): string[] {
  const hex = (address: string): string => {
    const value = toNumber(address);
    return `${Math.floor(value / 65_536).toString(16)}:${(value % 65_536).toString(16)}`;
  };
  const inverted = (address: string): string => hex(toAddress(2 ** 32 - 1 - toNumber(address)));
  const carried = v4.flatMap((address) => [
    `::ffff:${address}`,
    `::ffff:${hex(address)}`,
    `::${hex(address)}`,
    `64:ff9b::${hex(address)}`,
    `2002:${hex(address)}::1`,
    `2001:0:2f5c:1:8000:1:${inverted(address)}`,
  ]);
  return [...new Set([...INSIDE_V6, ...carried])];
}

/** Spellings of an IPv4 address that URL parsers, resolvers and C libraries take for it. */
export function spellingsOf(address: string): string[] {
  const parts = address.split('.').map(Number) as [number, number, number, number];
  const value = toNumber(address);
  const octal = (part: number): string => `0${part.toString(8)}`;
  const hex = (part: number): string => `0x${part.toString(16)}`;
  const [a, b, c, d] = parts;
  const fullWidth = address.replace(/[0-9.]/g, (one) =>
    one === '.' ? '．' : String.fromCharCode(0xff10 + Number(one)),
  );
  const circled = address
    .replace(/[1-9]/g, (one) => String.fromCharCode(0x2460 + Number(one) - 1))
    .replaceAll('0', '⓪');
  return [
    address,
    `${address}.`,
    String(value),
    `0x${value.toString(16)}`,
    `0X${value.toString(16).toUpperCase()}`,
    `0${value.toString(8)}`,
    parts.map(octal).join('.'),
    parts.map((part) => `000${part.toString(8).padStart(3, '0')}`).join('.'),
    parts.map(hex).join('.'),
    [hex(a), octal(b), String(c), hex(d)].join('.'),
    `${a}.${b}.${c * 256 + d}`,
    `${a}.${b * 65_536 + c * 256 + d}`,
    `${octal(a)}.${b * 65_536 + c * 256 + d}`,
    fullWidth,
    circled,
    address.replaceAll('.', '。'),
    address.replaceAll('.', '｡'),
    address.replaceAll('.', '%2e'),
    [...address].map((one) => `%${one.charCodeAt(0).toString(16)}`).join(''),
    `[::ffff:${address}]`,
    `[::ffff:${hex(a * 256 + b).slice(2)}:${hex(c * 256 + d).slice(2)}]`,
    `[0:0:0:0:0:ffff:${address}]`,
    `[::${address}]`,
    `[64:ff9b::${address}]`,
    `[::ffff:0:${address}]`,
  ];
}

/** Whole URLs that lead careless parsers to the inside; the standard's parser takes some of them to 47.92.0.10, a public address. */
export function trickUrls(address: string): string[] {
  return [
    `http://user@${address}/`,
    `http://user:pass@${address}/`,
    `http://47.92.0.10@${address}/`,
    `http://47.92.0.10:80@${address}/`,
    `http://47.92.0.10%00@${address}/`,
    `http://47.92.0.10%23@${address}/`,
    `http://47.92.0.10\\@${address}/`,
    `http://${address}\\@47.92.0.10/`,
    `http://${address}#@47.92.0.10/`,
    `http://${address}?@47.92.0.10/`,
    `http://${address}:80/`,
    `http://${address}:443/`,
    `http://${address}:0080/`,
    `http:///${address}/`,
    `http:${address}`,
    `http:/${address}`,
    `http:\\\\${address}\\`,
    `//${address}/`,
    `\\\\${address}\\`,
    `/\\${address}/`,
    `///${address}/`,
    `https://${address}/`,
    `hTTp://${address}/`,
    `\thttp://${address}/`,
    `http://\t${address}/`,
    `ht\ntp://${address}/`,
    `http://${address}/%2e%2e/`,
    `http://${address};@47.92.0.10/`,
    `http://[${address}]/`,
  ];
}

/** Schemes and ports a redirect may not lead to, wherever they point. */
export const FORBIDDEN_URLS = [
  'ftp://47.92.0.1/',
  'file:///etc/passwd',
  'gopher://127.0.0.1:6379/_FLUSHALL',
  'dict://127.0.0.1:6379/info',
  'ldap://127.0.0.1/',
  'tftp://127.0.0.1/x',
  'jar:http://127.0.0.1!/',
  'data:text/html,x',
  'javascript:alert(1)',
  'ws://47.92.0.1/',
  'blob:http://47.92.0.1/x',
  'about:blank',
  'view-source:http://127.0.0.1/',
  'http://47.92.0.1:22/',
  'http://47.92.0.1:25/',
  'http://47.92.0.1:6379/',
  'http://47.92.0.1:8080/',
  'http://47.92.0.1:65535/',
  'https://47.92.0.1:8443/',
];
