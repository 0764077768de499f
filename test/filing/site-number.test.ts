import { describe, expect, it } from 'vitest';
import {
  findIcpNumbers,
  foldText,
  isPlaceholderSerial,
  parseIcpNumber,
  provinceOfNumber,
  sameSite,
  sameSubject,
} from '../../src/filing/site-number.ts';

const read = (text: string): string[] =>
  findIcpNumbers(foldText(text)).map(
    ({ number, placeholder }) => number.canonical + (placeholder ? ' placeholder' : ''),
  );

describe('numbers in running text', () => {
  it.each([
    ['京ICP备05070218号-1', ['京ICP备05070218号-1']],
    ['京ICP備05070218號－1', ['京ICP备05070218号-1']],
    ['京 ICP 备 2024061305 - 1 号', ['京ICP备2024061305号-1']],
    ['粤ＩＣＰ备０９０２８３３３号', ['粤ICP备09028333号']],
    ['鄂ICP证:020001-5', ['鄂ICP证020001号-5']],
    ['京icp备14012047-1 京公网安备11010102001187号', ['京ICP备14012047号-1']],
    ['京ICP备19015436号-11010802020134', ['京ICP备19015436号']],
    ['京ICP备11223344号-2021 公司', ['京ICP备11223344号']],
    ['京ICP备12345679 2020 公司', ['京ICP备12345679号']],
    ['京ICP备 1901 9015 号 2020', ['京ICP备19019015号']],
    ['京ICP备08017521号-2A', ['京ICP备08017521号-2A']],
    ['京ICP证080047号[京ICP备08010314号-6]', ['京ICP证080047号', '京ICP备08010314号-6']],
    ['沪ICP证：沪B2-20170116', []],
    ['萌ICP备20210618号', []],
    ['ICP备案号: 2023000456-1', []],
    ['京ICP备XXXXXXXX号', ['京ICP备XXXXXXXX号 placeholder']],
    ['京ICP备********号', ['京ICP备********号 placeholder']],
    ['京ICP备12345678号', ['京ICP备12345678号 placeholder']],
    ['ICP备案号 ,如：陇ICP备07500075号', ['陇ICP备07500075号 placeholder']],
    ['京\u200bICP备05\u00ad070218号', ['京ICP备05070218号']],
  ])('%s', (text, numbers) => expect(read(text)).toEqual(numbers));

  // A pattern that backtracks would run into the test's own limit here.
  it('comes to an end on text made to be slow', () =>
    expect(read(`京ICP备${'1 '.repeat(200_000)}`.repeat(3))).toEqual([]));
});

describe('one number in a field', () => {
  it('gives the parts', () => {
    const parsed = parseIcpNumber(' 蜀ICP备2021000123号-12 ');
    expect(parsed).toMatchObject({
      ok: true,
      number: {
        province: '蜀',
        kind: '备',
        serial: '2021000123',
        suffix: 12,
        service: 'site',
        subject: '蜀ICP备2021000123号',
      },
    });
    expect(parsed.ok && provinceOfNumber(parsed.number)).toBe('四川');
  });

  it.each([
    ['', 'empty'],
    ['hello', 'not-a-number'],
    ['网站 京ICP备05070218号', 'not-a-number'],
    ['京ICP备05070218号-1 备注', 'trailing-text'],
    ['京ICP备XXXXXXXX号', 'placeholder'],
    ['京ICP备12345号', 'wrong-length'],
    ['京ICP备202106181234号', 'wrong-length'],
  ])('refuses %j: %s', (field, reason) => {
    const parsed = parseIcpNumber(field);
    expect(parsed.ok ? null : parsed.problem.reason).toBe(reason);
    expect(parsed.ok ? '' : parsed.problem.remedy).not.toBe('');
  });

  it.each([
    ['京ICP备05070218号-2A', 'app'],
    ['京ICP备05070218号-3X', 'mini-program'],
    ['京ICP备05070218号-4K', 'quick-app'],
  ])('%s is a %s (R17.4)', (field, service) =>
    expect(parseIcpNumber(field)).toMatchObject({ ok: true, number: { service } }),
  );
});

describe('comparison', () => {
  const number = (text: string) => {
    const parsed = parseIcpNumber(text);
    if (!parsed.ok) throw new Error(text);
    return parsed.number;
  };
  it('knows both abbreviations of a province', () =>
    expect(sameSubject(number('川ICP备05070218号'), number('蜀ICP备05070218号-1'))).toBe(true));
  it('tells suffixes apart', () =>
    expect(sameSite(number('京ICP备05070218号-1'), number('京ICP备05070218号-2'))).toBe(false));
  it('tells a licence from a filing', () =>
    expect(sameSubject(number('京ICP备050702号'), number('京ICP证050702号'))).toBe(false));
  it('tells an app from a site', () =>
    expect(sameSite(number('京ICP备05070218号-2A'), number('京ICP备05070218号-2'))).toBe(false));
});

describe('placeholder digits', () => {
  it.each(['12345678', '1234567', '88888888', '00000000', '87654321', '2021123456', '21888888'])('%s', (serial) =>
    expect(isPlaceholderSerial(serial)).toBe(true),
  );
  it.each(['05070218', '2021007302', '19004658', '030173', '08010314'])('%s is real', (serial) =>
    expect(isPlaceholderSerial(serial)).toBe(false),
  );
});
