import { describe, expect, it } from 'vitest';
import { nextStep } from '../../src/judge/next-step.ts';
import { spread } from '../../src/judge/spread.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-11-22T04:00:00Z');

/** When a check that passes at `at` is due next. */
function nextDue(siteId: number, at: number, intervalMs: number): number {
  const state = { siteId, suspectLooks: 0, suspectFails: 0, inconclusiveRuns: 0 };
  const confirm = { pauseMs: 1, looks: 2, inconclusiveBackoffMs: 1 };
  const step = nextStep(state, { verdict: 'pass', findings: [] }, { confirm, intervalMs, now: at });
  if (step.kind !== 'publish') throw new Error('a pass stands at once');
  return step.nextDueAt;
}

describe('when sites are due', () => {
  it('the load of daily looks stays level for weeks after an import', () => {
    const sites = 4000;
    const perHour = new Map<number, number>();
    for (let siteId = 1; siteId <= sites; siteId++) {
      for (let at = NOW + spread(siteId, DAY); at < NOW + 45 * DAY; at = nextDue(siteId, at, DAY)) {
        const hour = Math.floor((at - NOW) / HOUR);
        perHour.set(hour, (perHour.get(hour) ?? 0) + 1);
      }
    }
    const counts = Array.from({ length: 45 * 24 }, (_, hour) => perHour.get(hour) ?? 0);
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    // Looks are up to a tenth of a day early, so that the first days' ends overlap with the next ones' beginnings.
    expect(Math.max(...counts) / mean).toBeLessThan(2);
    expect(Math.max(...counts.slice(20 * 24)) / mean).toBeLessThan(1.4);
    expect(Math.min(...counts) / mean).toBeGreaterThan(0.5);
  });

  it('nobody can tell when: no two gaps are the same, and none is longer than the interval', () => {
    const gaps = new Set<number>();
    for (let at = NOW, look = 0; look < 30; look++) {
      const next = nextDue(7, at, DAY);
      expect(next - at).toBeLessThanOrEqual(DAY);
      expect(next - at).toBeGreaterThanOrEqual(0.9 * DAY);
      gaps.add(next - at);
      at = next;
    }
    expect(gaps.size).toBeGreaterThan(25);
  });
});
