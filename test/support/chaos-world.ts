import { readFileSync, writeFileSync } from 'node:fs';
import { mergeSettings } from '../../src/config.ts';
import { openChannels } from '../../src/jobs/consequences.ts';
import { DELIVERY_POLICY } from '../../src/notify/outcome.ts';
import { at, CaseWorld, type Condition } from './case-world.ts';

/** The lives sites of the chaos suites have: found, told, reminded, overdue, restricted, cancelled or put right. */
export const PERIODS = {
  /** From a Monday on. */
  plain: { start: at('2026-11-23 10:00'), end: at('2027-01-20 10:00') },
  /** From the last working day before a week of holidays on, with its working weekend: deadlines fall into it and right behind it. */
  holidays: { start: at('2026-09-30 17:30'), end: at('2026-11-27 10:00') },
} as const;

/** What the chaos worlds share. */
export interface ChaosPlan {
  settings: object;
  period: keyof typeof PERIODS;
  /** Holds the instant the world has come to, over all its lives. */
  clockFile: string;
}

/** Nobody has to approve, no cap stops anything: what is owed is owed to all. */
export const CHAOS_SETTINGS = {
  cases: { freshLookMs: 3_600_000 },
  notices: { maxPerHour: 1_000_000, perAddressPerDay: { email: 1000, sms: 1000 } },
  enforcement: { approvals: { 'restrict-access': 0, 'cancel-access': 0 }, maxPerDay: 1_000_000 },
};

/** By its number a site is never mended, mended on the fourth day, or mended after it was restricted. */
export function fateOf(siteId: number, checkId: string, now: number, start: number): Condition | null {
  if (checkId !== 'empty-shell') return null;
  const day = (now - start) / 86_400_000;
  const kind = siteId % 5;
  return (kind === 0 && day > 4) || (kind === 1 && day > 18) ? 'pass' : 'fail';
}

/** The instant a world has come to. */
export const clockOf = (file: string): number => Number(readFileSync(file, 'utf8'));

/** Open the world where it stands. */
export async function openChaos(plan: ChaosPlan, onStep: (step: string) => void): Promise<CaseWorld> {
  const start = clockOf(plan.clockFile);
  const world = await CaseWorld.open(start, plan.settings, undefined, {
    channels: async (now) =>
      openChannels(
        (await import('../../src/config.ts')).loadConfig({
          env: {},
          overrides: mergeSettings({ log: { level: 'silent' } }, plan.settings) as object,
        }),
        now,
      ),
    realAccessSystem: true,
    policy: DELIVERY_POLICY,
    keepLedger: true,
    onStep,
    fate: (siteId, checkId, now) => fateOf(siteId, checkId, now, PERIODS[plan.period].start),
    onAdvance: (now) => writeFileSync(plan.clockFile, String(now)),
  });
  return world;
}

/** Make the sites and look at them for the first time. */
export async function beginChaos(plan: ChaosPlan, sites: number): Promise<void> {
  writeFileSync(plan.clockFile, String(PERIODS[plan.period].start));
  const world = await openChaos(plan, () => {});
  for (let index = 1; index <= sites; index++) {
    const phone = (person: number): string => `13${String(index * 10 + person).padStart(9, '0')}`;
    const siteId = world.addSite(index, {
      persons: [
        { role: 'subject-head', name: '张三', phone: phone(1), email: `zhang${index}@owner.example` },
        { role: 'site-head', name: '李四', phone: phone(2), email: `li${index}@owner.example` },
      ],
    });
    world.look(siteId);
  }
  world.close();
}
