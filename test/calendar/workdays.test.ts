import { describe, expect, it } from 'vitest';
import { beijingShort, beijingText } from '../../src/calendar/beijing-time.ts';
import { WorkCalendar } from '../../src/calendar/workdays.ts';
import { at, CaseWorld } from '../support/case-world.ts';

const calendar = new WorkCalendar({ version: 't', years: {} });
const lastDay = (instant: number): string => new Date(instant - 1 + 8 * 3_600_000).toISOString().slice(0, 10);

describe('working days (R16.4)', () => {
  it.each([
    ['2026-02-14', true],
    ['2026-02-15', false],
    ['2026-02-23', false],
    ['2026-02-28', true],
    ['2026-05-09', true],
    ['2026-09-20', true],
    ['2026-10-07', false],
    ['2026-10-10', true],
    ['2026-10-11', false],
    ['2027-01-01', false],
    ['2027-10-01', false],
    ['2027-01-04', true],
    ['2027-01-02', false],
  ])('%s: %s', (day, expected) => expect(calendar.isWorkday(day)).toBe(expected));

  it.each([
    ['2026-03-06 18:00', { workingDays: 1 }, '2026-03-09', false],
    ['2026-03-06 00:00', { workingDays: 1 }, '2026-03-09', false],
    ['2026-03-05 23:59', { workingDays: 1 }, '2026-03-06', false],
    ['2026-09-30 10:00', { workingDays: 1 }, '2026-10-08', false],
    ['2026-12-25 10:00', { workingDays: 4 }, '2026-12-31', false],
    ['2026-12-25 10:00', { workingDays: 5 }, '2027-01-04', true],
    ['2026-12-25 10:00', { days: 15 }, '2027-01-09', false],
    ['2028-02-28 10:00', { days: 1 }, '2028-02-29', false],
    ['2026-02-28 10:00', { days: 1 }, '2026-03-01', false],
  ])('from %s %j: until the end of %s', (from, period, day, provisional) => {
    const deadline = calendar.deadline(at(from), period);
    expect([lastDay(deadline.at), deadline.provisional]).toEqual([day, provisional]);
  });

  it('takes a year of the operator for a year the library lacks', () => {
    const own = new WorkCalendar({
      version: 't',
      years: { 2027: { holidays: ['2027-01-04'], workdays: ['2027-01-03'] } },
    });
    expect(own.deadline(at('2026-12-31 10:00'), { workingDays: 2 })).toEqual({
      at: at('2027-01-05 24:00'),
      provisional: false,
    });
  });

  it('tells an end of day as 24:00 of that day', () => {
    expect(beijingText(at('2026-10-14 00:00'))).toBe('2026年10月13日 24:00（星期二）');
    expect(beijingText(at('2026-10-14 00:01'))).toBe('2026年10月14日 00:01（星期三）');
    expect(beijingShort(at('2027-01-01 00:00'))).toBe('12月31日24:00');
  });
});

describe('the calendar of 2027 arrives', () => {
  it('moves a provisional deadline later, tells the owner, and never moves one earlier', async () => {
    const world = await CaseWorld.open('2026-12-21 10:00');
    try {
      const siteId = world.addSite();
      world.set(siteId, 'icp-footer', 'fail');
      world.look(siteId);
      await world.until('2026-12-22 12:00');
      expect([lastDay(world.case().deadlineAt), world.case().deadlineProvisional]).toEqual(['2027-01-05', true]);
      expect(world.channels.email.sent[0]?.message.content.text).toContain('暂定');
      Object.assign(world.keeper.rules, {
        calendar: new WorkCalendar({
          version: 't',
          years: { 2027: { holidays: ['2027-01-01', '2027-01-04', '2027-01-05'], workdays: ['2027-01-09'] } },
        }),
      });
      await world.until('2026-12-24 12:00');
      expect([lastDay(world.case().deadlineAt), world.case().deadlineProvisional]).toEqual(['2027-01-07', false]);
      const told = world.channels.email.sent.filter(({ message }) => message.kind === 'extended');
      expect(told).toHaveLength(2);
      expect(told[0]?.message.content.text).toContain('放假安排已公布');
    } finally {
      world.close();
    }
  });
});
