import { expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { licenceIp } from '../../src/checks/licence-ip.ts';
import { checkInput, dnsArtifact, filedArtifact, filingOf } from '../support/check-input.ts';

const A = '47.92.0.1';
const B = '47.92.0.2';
const C = '47.92.0.3';
const provinces: Record<string, string> = { [A]: '北京', [B]: '广东', [C]: '辽宁' };
interface Case {
  province: string;
  resolved?: Parameters<typeof dnsArtifact>[0][string];
  contract?: string[];
  reported?: string[];
  city?: string;
  licence?: string | null;
}
const judge = ({
  province,
  resolved = { a: [A] },
  contract,
  reported,
  city,
  licence = '京ICP证030173号',
}: Case): string[] => {
  const filed = filedArtifact({
    ...(contract && { contractAddresses: contract }),
    ...(reported && { reportedAddresses: reported }),
    ...(city && { city }),
  });
  const { verdict, findings } = runCheck(
    licenceIp,
    checkInput({
      filing: filingOf({ province, licenceNumber: licence }),
      artifacts: { dns: dnsArtifact({ 'example.cn': resolved }), filed },
      reference: { addressProvince: (address) => provinces[address] ?? null },
    }),
  );
  return [verdict, ...findings.map(({ code }) => code)];
};

it.each([
  [{ province: '北京', contract: [A], reported: [A] }, ['pass']],
  [{ province: '北京', contract: [A], reported: [B] }, ['fail', 'reported-differs']],
  [{ province: '北京', contract: [B], reported: [A] }, ['fail', 'contract-differs']],
  [{ province: '北京', resolved: { a: [B] }, contract: [B], reported: [B] }, ['fail', 'outside-province']],
  [
    { province: '北京', resolved: { a: ['47.92.9.9'] }, contract: ['47.92.9.9'], reported: ['47.92.9.9'] },
    ['inconclusive', 'province-unknown'],
  ],
  [{ province: '辽宁', resolved: { a: [C] }, contract: [C], reported: [C] }, ['pass']],
  [{ province: '辽宁', resolved: { a: [C] }, contract: [C], reported: [B] }, ['fail', 'reported-differs']],
  [{ province: '上海', contract: [A], reported: [B] }, ['pass']],
  [{ province: '河北', contract: [B] }, ['fail', 'contract-differs']],
  [{ province: '辽宁', contract: [A], reported: [A] }, ['fail', 'outside-province']],
  [{ province: '广东', city: '广州', resolved: { a: [B] }, contract: [B], reported: [B] }, ['pass']],
  [{ province: '广东', contract: [A], reported: [A] }, ['pass', 'city-unknown']],
  [{ province: '上海', resolved: { aaaa: ['2408:4003::abcd'] }, contract: ['2408:4003:0:0::ABCD'] }, ['pass']],
  [
    { province: '广东', city: '广州', resolved: { a: [B] }, contract: [A], reported: [B] },
    ['fail', 'outside-province'],
  ],
  [{ province: '上海', resolved: { a: [A], aaaa: ['2408:4003::abcd'] }, contract: [A] }, ['pass']],
  [{ province: '上海', resolved: { a: [B], aaaa: ['2408:4003::abcd'] }, contract: [A] }, ['fail', 'contract-differs']],
  [{ province: '上海', resolved: { aaaa: ['2408:4003::abcd'] }, contract: [A] }, ['warn', 'families-differ']],
  [{ province: '广东', contract: [A], city: '深圳市' }, ['pass']],
  [{ province: '山西', contract: [B] }, ['pass']],
  [{ province: '北京', contract: [B], licence: null }, ['pass']],
  [{ province: '北京' }, ['pass', 'not-reported']],
  [{ province: '北京', resolved: { outcome: 'timeout' }, contract: [B] }, ['inconclusive', 'not-observed']],
  [{ province: '北京', resolved: { outcome: 'nxdomain' }, contract: [B] }, ['inconclusive', 'not-observed']],
  [{ province: '北京', resolved: { a: [A], cnames: ['x.cdn.dnsv1.com'] }, contract: [B] }, ['pass', 'through-front']],
] as [Case, string[]][])('by the rule of the province (R8): %j', (one, said) => expect(judge(one)).toEqual(said));
