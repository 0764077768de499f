import { afterEach, describe, expect, it } from 'vitest';
import type { Actor } from '../../src/cases/types.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import type { Message } from '../../src/ledger/outbox-store.ts';
import { at, CaseWorld } from '../support/case-world.ts';

const ADMIN: Actor = { kind: 'admin', name: 'admin' };
let world: CaseWorld | null = null;
afterEach(() => {
  world?.close();
  world = null;
});

async function found(
  overrides: object = {},
  check = 'empty-shell',
  programmes?: Config['programmes'],
): Promise<{ world: CaseWorld; siteId: number; code: string }> {
  world = await CaseWorld.open('2026-03-02 10:00', overrides, programmes);
  const siteId = world.addSite();
  world.set(siteId, check, 'fail');
  world.look(siteId);
  return { world, siteId, code: world.case().code };
}

const acts = (one: CaseWorld): unknown[] => one.acts.map(({ body }) => body['act']);
const codeOf = (one: CaseWorld, programme: string): string =>
  one.cases().find((record) => record.programme === programme)?.code ?? '';

/** The shipped programmes with other acts for one of them. */
function withActs(programme: string, given: ('restrict-access' | 'cancel-access')[]): Config['programmes'] {
  const programmes = structuredClone(loadConfig({ env: {} }).programmes);
  for (const policy of programmes.programmes[programme]?.policies ?? []) policy.acts = given;
  return programmes;
}

describe('acts once more', () => {
  it('one answer of 503 does not blind a page case to its own act', async () => {
    const { world: one, code } = await found({}, 'icp-footer');
    await one.until('2026-03-17 10:00');
    one.act = () => ({ kind: 'retry', message: 'HTTP 503' });
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.act = () => ({ kind: 'done', receipt: 'r' });
    await one.until('2026-03-17 14:00');
    expect(one.case().state).toBe('restricted');
    expect(acts(one)).toEqual(['restrict-access', 'restrict-access']);
  });

  it('a programme without acts reminds once a rung and then leaves it to people', async () => {
    const { world: one } = await found({}, 'empty-shell', withActs('empty-shell', []));
    await one.until('2026-04-10 10:00');
    expect(one.case().state).toBe('overdue');
    expect(one.ledger.cases.events(one.case().id).filter(({ move }) => move === 'reminded')).toHaveLength(3);
  });

  it('no appeal is granted, and nobody is told that access is back, while another case restricts the site', async () => {
    const { world: one, siteId } = await found();
    one.set(siteId, 'domain-expiry', 'fail');
    one.look(siteId);
    await one.until('2026-03-18 09:00');
    for (const record of one.cases()) one.desk.approve(record.code, ADMIN, one.now());
    await one.settle();
    const [shell, domain] = [codeOf(one, 'empty-shell'), codeOf(one, 'domain-verification')];
    one.desk.appeal(shell, { reason: 'filing-correct', description: '' }, ADMIN, one.now());
    expect(() => one.desk.judgeAppeal(shell, true, '属实', ADMIN, one.now())).toThrow(
      new RegExp(`case ${domain} restricts the same site`),
    );
    one.set(siteId, 'domain-expiry', 'pass');
    one.look(siteId);
    await one.until('2026-03-18 10:00');
    const said = one.channels.email.sent
      .filter(({ message }) => message.kind === 'resolved')
      .map(({ message }) => message.content.text);
    // Its code is a key, and its circle of readers another: it is not told.
    expect(said[0]).toContain('另一案件仍处于限制访问');
    expect(said[0]).not.toContain(shell);
    one.desk.judgeAppeal(shell, true, '属实', ADMIN, one.now());
    await one.settle();
    expect(acts(one)).toEqual(['restrict-access', 'restrict-access', 'restore-access']);
  });

  it('another case’s restriction neither accuses nor acquits by the pages it hides', async () => {
    const { world: one, siteId } = await found({}, 'icp-footer');
    one.set(siteId, 'empty-shell', 'fail');
    one.look(siteId);
    await one.until('2026-03-03 10:00');
    one.desk.moveDeadline(codeOf(one, 'special-verification'), '2026-04-10', '另行安排', ADMIN, one.now());
    await one.until('2026-03-18 09:00');
    one.desk.approve(codeOf(one, 'empty-shell'), ADMIN, one.now());
    await one.until('2026-04-13 12:00');
    expect(
      one
        .cases()
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['cancellation-asked', 'extended']);
  });

  it('a waiver while the act is on the wire stays a waiver', async () => {
    const { world: one, code } = await found();
    await one.until('2026-03-18 09:00');
    one.act = () => {
      // The answer is a timeout, and in the meantime somebody waived.
      if (one.case().state === 'enforcement-approved') one.desk.waive(code, '误判', ADMIN, one.now());
      return { kind: 'retry', message: 'timeout' };
    };
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.act = () => ({ kind: 'done', receipt: 'r' });
    await one.until('2026-03-19 12:00');
    expect(one.case().state).toBe('closed');
    expect(acts(one).filter((act) => act === 'restrict-access')).toHaveLength(1);
    expect(acts(one).at(-1)).toBe('restore-access');
  });

  it('a give-back refused after the case ended is asked for again every day', async () => {
    const { world: one, siteId, code } = await found();
    await one.until('2026-03-18 09:00');
    one.act = ({ act }) =>
      act === 'restore-access' ? { kind: 'done', receipt: 'r2' } : { kind: 'pending', receipt: 'r1' };
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.set(siteId, 'empty-shell', 'pass');
    one.look(siteId);
    await one.settle();
    // The late restriction takes effect; giving it back is refused at first.
    one.act = ({ act }) =>
      act === 'restore-access' ? { kind: 'refused', message: 'HTTP 401' } : { kind: 'done', receipt: 'r3' };
    await one.until('2026-03-18 12:00');
    one.act = () => ({ kind: 'done', receipt: 'r4' });
    const before = one.acts.length;
    await one.until('2026-03-20 12:00');
    expect(acts(one).slice(before)).toEqual(['restore-access']);
  });

  it('with cancelling alone, a case can be waived, and put right, while it waits', async () => {
    for (const end of ['waive', 'pass']) {
      const { world: one, siteId, code } = await found({}, 'empty-shell', withActs('empty-shell', ['cancel-access']));
      await one.until('2026-03-18 09:00');
      expect(one.case().state).toBe('cancellation-asked');
      if (end === 'waive') one.desk.waive(code, '误判', ADMIN, one.now());
      else {
        one.set(siteId, 'empty-shell', 'pass');
        one.look(siteId);
      }
      await one.settle();
      expect(one.case().state).toBe(end === 'waive' ? 'closed' : 'resolved');
      expect(acts(one)).toEqual([]);
      one.close();
      world = null;
    }
  });
});

describe('telling once more', () => {
  it('a check that a newer policy adds joins the case the older one opened', async () => {
    const programmes = structuredClone(loadConfig({ env: {} }).programmes);
    const special = programmes.programmes['special-verification'];
    const [first] = special?.policies ?? [];
    if (special === undefined || first === undefined) throw new Error('no programme');
    special.policies = [
      { ...first, checks: ['icp-footer'] },
      {
        ...first,
        version: 'special-verification/2026-03-05',
        from: '2026-03-05',
        checks: ['icp-footer', 'reachability'],
      },
    ];
    const { world: one, siteId } = await found({}, 'icp-footer', programmes);
    await one.until('2026-03-06 11:00');
    one.set(siteId, 'reachability', 'fail', [
      {
        code: 'unreachable',
        severity: 'fail',
        about: null,
        params: { host: 'site-1.cn', reason: 'timeout' },
        evidence: [],
      },
    ]);
    one.look(siteId);
    expect(one.ledger.openAlerts()).toEqual([]);
    expect(
      one.ledger.cases
        .findings(one.case().id)
        .map(({ checkId }) => checkId)
        .sort(),
    ).toEqual(['icp-footer', 'reachability']);
  });

  it('a retry that waits for a site nobody can observe is brought to the admins', async () => {
    const { world: one, siteId } = await found({ notices: { email: { host: null } } });
    one.channels.sms.answer = () => ({
      kind: 'not-sent',
      code: 'ECONNREFUSED',
      message: 'down',
      retryAfterMs: 3 * 3_600_000,
    });
    await one.until('2026-03-02 11:00');
    one.set(siteId, 'empty-shell', 'inconclusive');
    await one.until('2026-03-05 12:00');
    expect(one.ledger.openAlerts().map(({ key }) => key)).toContain(`unobserved-${one.case().code}`);
    expect(one.case().toldAt).toBeNull();
  });

  it('who heard only on paper does not hear that it is over', async () => {
    const { world: one, siteId } = await found({
      notices: { live: false, email: { host: null }, sms: { provider: null } },
      enforcement: { live: false },
    });
    await one.until('2026-03-04 10:05');
    Object.assign(one.config.settings.notices, { live: true });
    Object.assign(one.config.settings.notices.sms, { provider: 'aliyun' });
    one.set(siteId, 'empty-shell', 'pass');
    await one.until('2026-03-06 12:00');
    expect(one.case().state).toBe('resolved');
    expect(one.channels.sms.sent).toEqual([]);
  });

  it('who may have read a mail that was given up on hears that it is over', async () => {
    const { world: one, siteId } = await found();
    one.channels.email.answer = () => ({ kind: 'unknown', code: 'ECONNECTION', message: 'the connection broke' });
    await one.until('2026-03-04 10:05');
    const mails = (): Message[] => one.ledger.outbox.messages(null, 100).filter(({ channel }) => channel === 'email');
    const mail = mails().find(({ kind }) => kind === 'found');
    expect(mail).toMatchObject({ kind: 'found', state: 'unknown', nextAt: null, possibleDuplicates: 3 });
    one.channels.email.answer = () => ({ kind: 'accepted', providerId: 'x' });
    one.set(siteId, 'empty-shell', 'pass');
    await one.until('2026-03-06 12:00');
    expect(mails().map(({ kind, state }) => `${kind} ${state}`)).toContain('resolved accepted');
  });

  it('told by telephone after the admin’s date: the period starts that day', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    const siteId = world.addSite(1, { persons: [] });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-03-03 10:00');
    world.desk.moveDeadline(world.case().code, '2026-03-20', '特殊情况', ADMIN, world.now());
    await world.until('2026-04-10 10:00');
    world.desk.told(world.case().code, '电话通知', ADMIN, world.now());
    expect(world.case().deadlineAt).toBe(at('2026-04-25 24:00'));
    await world.until('2026-04-12 10:00');
    expect(world.case().state).toBe('extended');
  });
});
