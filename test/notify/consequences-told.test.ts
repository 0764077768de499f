import { afterEach, describe, expect, it } from 'vitest';
import { findCheck } from '../../src/checks/index.ts';
import type { Finding } from '../../src/checks/types.ts';
import { loadConfig } from '../../src/config.ts';
import { CaseWorld } from '../support/case-world.ts';

let world: CaseWorld;
afterEach(() => world?.close());

const { programmes } = loadConfig({ env: {} }).programmes;
/** A failure of a check, as its look would give it. */
const failing = (check: string): Finding[] => {
  const codes = findCheck(check)?.codes ?? {};
  const code = Object.keys(codes).find((one) => codes[one]?.severity === 'fail') ?? '';
  return [{ code, severity: 'fail', about: null, params: { number: '京公网安备11010502030143号' }, evidence: [] }];
};
const SANCTION = /限制|取消接入|关停/;

/** One case of a programme from its opening past its deadline; gives what its owner was told. */
async function life(check: string): Promise<string[]> {
  world = await CaseWorld.open('2026-11-23 10:00');
  const siteId = world.addSite(1, { state: 'active' });
  world.set(siteId, check, 'fail', failing(check));
  world.look(siteId);
  await world.until('2027-01-20 12:00');
  const told = ['found', 'reminder', 'overdue'];
  return [...world.channels.sms.sent, ...world.channels.email.sent]
    .filter(({ message }) => told.includes(message.kind))
    .flatMap(({ message: { content } }) => [content.title, content.text, content.sms?.text ?? '']);
}

// R1.5, R4.8: what follows is told; R12: where nothing of ours follows, nothing is threatened.
describe('what a notice says will follow (R4.8)', () => {
  it.each(Object.entries(programmes))('%s', async (_id, { policies }) => {
    const policy = policies.at(-1);
    const texts = await life(policy?.checks[0] ?? '');
    expect(texts.length).toBeGreaterThan(6);
    expect(texts.some((text) => SANCTION.test(text))).toBe((policy?.acts.length ?? 0) > 0);
  });
  it('a digest in which one site is threatened by nothing threatens none of them', async () => {
    world = await CaseWorld.open('2026-11-23 10:00');
    for (const [index, check] of ['police-footer', 'icp-footer'].entries()) {
      const siteId = world.addSite(index + 1);
      world.set(siteId, check, 'fail', failing(check));
      world.look(siteId);
    }
    await world.until('2026-11-23 13:00');
    const [first] = world.channels.sms.sent;
    expect(first?.message.content.sms).toMatchObject({ template: 'found-told-many' });
    expect(first?.message.content.sms?.text).not.toMatch(SANCTION);
  });
});
