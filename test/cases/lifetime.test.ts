import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { beijingDate } from '../../src/calendar/beijing-time.ts';
import type { Actor } from '../../src/cases/types.ts';
import { CaseWorld, diary } from '../support/case-world.ts';
import { CALENDAR_LIVES } from './calendar-lives.ts';
import { ENFORCED_LIVES } from './enforced-lives.ts';
import { LIVES, type Life } from './lives.ts';

const OWNER: Actor = { kind: 'owner', name: 'owner' };
const ADMIN: Actor = { kind: 'admin', name: 'admin' };
const SECOND: Actor = { kind: 'admin', name: 'second' };

async function live(life: Life): Promise<string[]> {
  const [first] = life.deeds;
  world = await CaseWorld.open(first?.[0] ?? '2026-01-01', life.overrides ?? {});
  const siteId = world.addSite();
  const check = life.check ?? 'empty-shell';
  for (const [when, deed] of life.deeds) {
    await world.until(when);
    const [verb = '', word = ''] = deed.split(' ');
    const code = world.cases()[0]?.code ?? '';
    DEEDS[verb]?.(world, { siteId, check, code, word });
    await world.settle();
  }
  await world.until(life.until);
  return diary(world, world.case().id);
}

/** Everything that can happen to a site and its case. */
const DEEDS: Record<
  string,
  (one: CaseWorld, about: { siteId: number; check: string; code: string; word: string }) => unknown
> = {
  found: (one, { siteId, check }) => {
    one.set(siteId, check, 'fail');
    one.look(siteId);
  },
  fail: (one, { siteId, check }) => one.set(siteId, check, 'fail'),
  pass: (one, { siteId, check }) => one.set(siteId, check, 'pass'),
  warn: (one, { siteId, check }) => one.set(siteId, check, 'warn'),
  inconclusive: (one, { siteId, check }) => one.set(siteId, check, 'inconclusive'),
  look: (one, { siteId }) => one.look(siteId),
  recheck: (one, { code }) => one.desk.askRecheck(code, OWNER, one.now()),
  extend: (one, { code, word }) =>
    one.desk.askExtension(
      code,
      { reason: 'person-travelling', description: '', workingDays: Number(word) },
      OWNER,
      one.now(),
    ),
  appeal: (one, { code }) => one.desk.appeal(code, { reason: 'change-submitted', description: '' }, OWNER, one.now()),
  accept: (one, { code }) => one.desk.judgeAppeal(code, true, '已核实', ADMIN, one.now()),
  refuse: (one, { code }) => one.desk.judgeAppeal(code, false, '问题仍在', ADMIN, one.now()),
  approve: (one, { code, word }) => one.desk.approve(code, word === 'second' ? SECOND : ADMIN, one.now()),
  decline: (one, { code }) => one.desk.decline(code, '再给几天', ADMIN, one.now()),
  waive: (one, { code }) => one.desk.waive(code, '误判', ADMIN, one.now()),
  restore: (one, { code }) => one.desk.restore(code, '先恢复以便复查', ADMIN, one.now()),
  move: (one, { code, word }) => one.desk.moveDeadline(code, word, '特殊情况', ADMIN, one.now()),
  leave: (one, { word }) => one.addSite(1, { state: word === 'revoked' ? 'revoked' : 'access-cancelled' }),
};

let world: CaseWorld | null = null;
afterEach(() => {
  world?.close();
  world = null;
});

describe('the lifetime of a case: told (R1.4, R4.3, R16.5), extended (R4.4), appealed, restored, cancelled (R1.5)', () => {
  it.each([...LIVES, ...ENFORCED_LIVES, ...CALENDAR_LIVES])('$name', async (life) => {
    expect(await live(life)).toEqual(life.diary);
    const { deadlineAt, deadlineProvisional } = (world as CaseWorld).case();
    expect(`${beijingDate(deadlineAt - 1)}${deadlineProvisional ? ' provisional' : ''}`).toBe(life.deadline);
  });
});

describe.each([
  ['America/New_York', 240],
  ['Pacific/Kiritimati', -840],
])('on a machine set to %s', (zone, minutesBehindInSummer) => {
  const before = process.env['TZ'];
  beforeAll(() => {
    process.env['TZ'] = zone;
  });
  afterAll(() => {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  });

  it('the zone is really another', () =>
    expect(new Date('2026-07-01T12:00:00Z').getTimezoneOffset()).toBe(minutesBehindInSummer));
  it.each(CALENDAR_LIVES)('$name', async (life) => expect(await live(life)).toEqual(life.diary));
});
