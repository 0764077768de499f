import { describe, expect, it } from 'vitest';
import { parseAddress, parseCidr } from '../../src/provider/address.ts';
import { formatProviderList, parseProviderList } from '../../src/provider/list-file.ts';
import { readPublishedRanges } from '../../src/provider/published.ts';
import { RangeTable } from '../../src/provider/range-table.ts';
import type { ProviderList } from '../../src/provider/types.ts';
import { rangesForTests } from '../world/harness.ts';
import { SeededRandom } from '../world/random.ts';

const list = (id: string, rows: [string, boolean, string?][], cnames: ProviderList['cnames'] = []): ProviderList => ({
  id,
  name: { en: id, zh: id },
  version: '1',
  date: '2026-01-01',
  source: 'test',
  ranges: rows.map(([cidr, mainland, region]) => ({ cidr, mainland, region: region ?? null, product: null })),
  cnames,
});

describe('look-up', () => {
  const table = new RangeTable(
    [
      list(
        'a',
        [
          ['10.0.0.0/8', true],
          ['10.1.0.0/16', false, 'HK'],
          ['10.1.2.0/24', true],
          ['2400:3200::/32', true],
          ['2400:3200:1::/48', false],
        ],
        [
          { suffix: 'cdn.a.com', product: 'cdn', region: null, mainland: null },
          { suffix: 'hk.cdn.a.com', product: 'cdn', region: 'HK', mainland: false },
        ],
      ),
      list('unknown', [
        ['10.1.2.0/24', true],
        ['99.0.0.0/8', true],
      ]),
    ],
    'v',
  );

  it.each([
    ['9.255.255.255', null],
    ['10.0.0.0', '10.0.0.0/8'],
    ['10.1.0.0', '10.1.0.0/16'],
    ['10.1.2.3', '10.1.2.0/24'],
    ['10.1.3.0', '10.1.0.0/16'],
    ['10.2.0.0', '10.0.0.0/8'],
    ['10.255.255.255', '10.0.0.0/8'],
    ['11.0.0.0', null],
    ['::ffff:10.1.2.3', '10.1.2.0/24'],
    ['2400:3200::1', '2400:3200::/32'],
    ['2400:3200:1:ffff::', '2400:3200:1::/48'],
    ['2400:3200:2::', '2400:3200::/32'],
    ['2400:3201::', null],
    ['nonsense', null],
  ])('%s → %s', (address, range) => expect(table.whoseAddress(address)?.range ?? null).toBe(range));

  it('prefers a named provider to the fallback of the same block', () =>
    expect(table.whoseAddress('10.1.2.3')?.provider).toBe('a'));
  it('takes the longest suffix, on label boundaries', () => {
    expect(table.whoseName('x.hk.cdn.a.com.')?.region).toBe('HK');
    expect(table.whoseName('x.CDN.a.com')?.mainland).toBeNull();
    expect(table.whoseName('notcdn.a.com')).toBeNull();
  });

  it('agrees with a plain walk over all ranges', () => {
    const random = new SeededRandom(7);
    const rows = Array.from({ length: 300 }, (): [string, boolean] => {
      const prefix = 8 + random.int(25);
      const base = Math.floor(random.next() * 2 ** prefix) * 2 ** (32 - prefix);
      return [
        `${[24, 16, 8, 0].map((shift) => Math.floor(base / 2 ** shift) % 256).join('.')}/${prefix}`,
        random.next() < 0.5,
      ];
    });
    const unique = [...new Map(rows.map((row) => [row[0], row])).values()];
    const built = new RangeTable([list('r', unique)], 'v');
    for (let i = 0; i < 3000; i++) {
      const value = random.int(2 ** 32);
      const address = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
      const holding = unique.filter(([cidr]) => {
        const [network, prefix] = cidr.split('/') as [string, string];
        const start = network.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
        return value >= start && value < start + 2 ** (32 - Number(prefix));
      });
      const expected = holding.sort((a, b) => Number(b[0].split('/')[1]) - Number(a[0].split('/')[1]))[0]?.[0] ?? null;
      expect(built.whoseAddress(address)?.range ?? null).toBe(expected);
    }
  });
});

describe('addresses', () => {
  it.each([
    '01.2.3.4',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4 ',
    '0x7f.1',
    '1:2',
    ':::',
    '1::2::3',
    'g::',
    '1:2:3:4:5:6:7:8:9',
    '',
  ])('%j is none', (text) => expect(parseAddress(text)).toBeNull());
  it.each(['1.2.3.4/33', '1.2.3.0/', 'x/8', '::/129', '1.2.3.4/-1'])('%s is no CIDR', (text) =>
    expect(parseCidr(text)).toBeNull(),
  );
  it('sees host bits', () => expect(parseCidr('47.92.0.1/14')?.hostBits).toBe(true));
});

describe('list files', () => {
  const FILE =
    'id: x\nname: { en: X, zh: 甲 }\nversion: "1"\ndate: "2026-01-01"\nsource: test\nranges: |\n  1.2.3.0/24 cn-bj mainland -\n  1.2.3.4/24 cn-bj mainland -\n  5.6.7.0/24 hk sideways -\n  nonsense\ncnames: |\n  x.com cdn - -\n  .bad cdn - -\n';

  it('keeps good rows and reports the others with line and remedy', () => {
    const { list: read, problems } = parseProviderList(FILE, 'x.yaml');
    expect(read.ranges).toEqual([{ cidr: '1.2.3.0/24', region: 'cn-bj', mainland: true, product: null }]);
    expect(read.cnames).toHaveLength(1);
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 2]);
    for (const { remedy } of problems) expect(remedy).not.toBe('');
  });

  it('reads back what it writes', () => {
    const { list: read } = parseProviderList(FILE, 'x.yaml');
    expect(parseProviderList(formatProviderList(read), 'y.yaml').list).toEqual(read);
  });

  it('refuses a head without date', () =>
    expect(() => parseProviderList('id: x\n', 'x.yaml')).toThrow(/x\.yaml: name/));

  it('reads what AWS, Azure and plain lists publish', () => {
    const aws = readPublishedRanges(
      JSON.stringify({
        createDate: '2026-07-01-00-00-00',
        prefixes: [
          { ip_prefix: '52.80.0.0/16', region: 'cn-north-1' },
          { ip_prefix: '18.166.0.0/15', region: 'ap-east-1' },
        ],
        ipv6_prefixes: [{ ipv6_prefix: '2400:7fc0:2000::/40', region: 'cn-north-1' }],
      }),
      { region: null, mainland: true, name: 'aws' },
    );
    expect(aws.ranges.map(({ mainland }) => mainland)).toEqual([true, false, true]);
    expect(aws.date).toBe('2026-07-01');
    const azure = readPublishedRanges(
      JSON.stringify({
        values: [{ properties: { region: 'chinanorth3', addressPrefixes: ['40.162.0.0/19', 'bad'] } }],
      }),
      { region: null, mainland: true, name: 'azure' },
    );
    expect([azure.ranges.length, azure.problems.length]).toEqual([1, 1]);
    const plain = readPublishedRanges('# mine\n47.92.0.0/14\n2400:3200::/32 # v6\n47.92.0.1/14\n', {
      region: 'cn-bj',
      mainland: true,
      name: 'plain',
    });
    expect([plain.ranges.length, plain.problems[0]?.line]).toEqual([2, 4]);
  });
});

describe('the shipped lists', () => {
  it('have no bad row, all seven clouds and a date', () => {
    const { lists, problems, table } = rangesForTests();
    expect(problems).toEqual([]);
    expect(table.size).toBeGreaterThan(10_000);
    for (const id of ['aliyun', 'tencent', 'huawei', 'baidu', 'volcengine', 'aws-china', 'azure-china']) {
      expect.soft(table.knowsProvider(id), id).toBe(true);
      expect.soft(lists.find((one) => one.id === id)?.cnames.length, id).toBeGreaterThan(0);
    }
  });
});
