import { afterEach, describe, expect, it } from 'vitest';
import { verifyHistory } from '../../src/cases/history.ts';
import { MOVES, type Move, moveOf, STATES } from '../../src/cases/moves.ts';
import { applyMove, MoveRefused } from '../../src/cases/transition.ts';
import { type Actor, type CaseState, SYSTEM } from '../../src/cases/types.ts';
import { emptyShell } from '../../src/checks/empty-shell.ts';
import { loadConfig } from '../../src/config.ts';
import { CaseWorld, diary } from '../support/case-world.ts';

const OWNER: Actor = { kind: 'owner', name: 'owner' };
const ADMIN: Actor = { kind: 'admin', name: 'admin' };

let world: CaseWorld | null = null;
afterEach(() => {
  world?.close();
  world = null;
});

async function found(
  start = '2026-03-02 10:00',
  overrides: object = {},
): Promise<{ world: CaseWorld; siteId: number; code: string }> {
  world = await CaseWorld.open(start, overrides);
  const siteId = world.addSite();
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  return { world, siteId, code: world.case().code };
}

describe('the table of moves', () => {
  const moves = Object.keys(MOVES) as Move[];
  const states = Object.keys(STATES) as CaseState[];

  it('leads from every state that is not an end to an end, and from an end nowhere', () => {
    const next = (state: CaseState): CaseState[] =>
      moves.map(moveOf).flatMap(({ from, to }) => (to !== 'same' && from.includes(state) ? [to] : []));
    for (const state of states) {
      const seen = new Set<CaseState>([state]);
      for (const one of seen) for (const to of next(one)) seen.add(to);
      const ends = [...seen].filter((one) => STATES[one].terminal === true);
      expect.soft(ends.length, state).toBeGreaterThan(0);
      if (STATES[state].terminal === true) expect.soft(next(state), state).toEqual([]);
    }
  });

  it('reaches every state from the opening', () => {
    const seen = new Set<CaseState>(['open']);
    for (const state of seen)
      for (const { from, to } of moves.map(moveOf)) if (to !== 'same' && from.includes(state)) seen.add(to);
    expect([...seen].sort()).toEqual([...states].sort());
  });

  it('lets every live case close when its filing leaves (R15)', () => {
    for (const state of states.filter((one) => STATES[one].terminal !== true))
      expect.soft(moveOf('filing-left').from, state).toContain(state);
  });

  it('makes no move the table does not hold, and none by the wrong person', async () => {
    const { world: one } = await found();
    const record = one.case();
    for (const move of moves) {
      const { from, by } = moveOf(move);
      const possible = from.includes('open') || ['notice-sent', 'notice-failed', 'noted'].includes(move);
      const data = { workingDays: 1, deadlineAt: one.now() + 1, from: one.now(), period: { days: 1 }, timer: 't' };
      const make = (actor: Actor) => () =>
        applyMove(record, move, { now: one.now(), actor, data }, one.keeper.rules.calendar);
      const actor = [SYSTEM, OWNER, ADMIN].find(({ kind }) => (by as readonly string[]).includes(kind)) as Actor;
      if (possible) expect.soft(make(actor), move).not.toThrow();
      else expect.soft(make(actor), move).toThrow(MoveRefused);
      for (const other of [SYSTEM, OWNER, ADMIN].filter(({ kind }) => !(by as readonly string[]).includes(kind)))
        expect.soft(make(other), `${move} by ${other.kind}`).toThrow(MoveRefused);
    }
  });
});

describe('what a case is opened by', () => {
  it('one case a site and programme; a new finding joins without moving the deadline', async () => {
    const { world: one, siteId } = await found();
    const before = one.case();
    one.set(siteId, 'empty-shell', 'fail', [
      {
        code: 'resolves-overseas',
        severity: 'fail',
        about: 'site-1.cn',
        params: { host: 'site-1.cn', region: '香港' },
        evidence: [],
      },
      { code: 'no-host-resolves-here', severity: 'fail', about: null, params: { host: 'site-1.cn' }, evidence: [] },
    ]);
    await one.until('2026-03-05 11:00');
    const after = one.case();
    expect(after.deadlineAt).toBe(before.deadlineAt);
    const findings = one.ledger.cases.findings(after.id);
    expect(findings.map(({ code }) => code).sort()).toEqual(['no-host-resolves-here', 'resolves-overseas']);
    expect(one.ledger.cases.events(after.id).map(({ move }) => move)).toContain('finding-joined');
  });

  it('each programme has its own case', async () => {
    const { world: one, siteId } = await found();
    one.set(siteId, 'icp-footer', 'fail');
    one.look(siteId);
    expect(
      one
        .cases()
        .map(({ programme }) => programme)
        .sort(),
    ).toEqual(['empty-shell', 'special-verification']);
  });

  it('nothing that could not be observed, no warning, no check in shadow mode', async () => {
    world = await CaseWorld.open('2026-03-02 10:00', { checks: { 'icp-footer': { shadow: true } } });
    const siteId = world.addSite();
    world.set(siteId, 'empty-shell', 'inconclusive');
    world.set(siteId, 'domain-expiry', 'warn');
    world.set(siteId, 'icp-footer', 'fail');
    world.look(siteId);
    expect(world.cases()).toEqual([]);
  });

  it('nothing while the circuit breaker holds a sweep; afterwards the failure is looked at again', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    const siteId = world.addSite();
    world.set(siteId, 'empty-shell', 'fail');
    const held = world.ledger.sweeps.open('scheduled', world.now());
    world.ledger.sweeps.setState(held, 'held', { en: 'too many failures', zh: '失败过多' }, world.now());
    world.look(siteId);
    expect(world.cases()).toEqual([]);
    world.ledger.sweeps.setState(held, 'discarded', null, world.now());
    expect(world.consequences.reconcile()).toBe(1);
    await world.settle();
    expect(world.case().state).toBe('open');
    expect(world.consequences.reconcile()).toBe(0);
  });

  it('keeps the policy it was opened by when a later one comes into force', async () => {
    const { programmes } = loadConfig({ env: {} });
    const later = structuredClone(programmes);
    const shell = later.programmes['empty-shell'] as (typeof later.programmes)[string];
    const [first] = shell.policies;
    if (first === undefined) throw new Error('no policy');
    shell.policies.push({ ...first, version: 'empty-shell/2026-03-10', from: '2026-03-10', remediation: { days: 30 } });
    world = await CaseWorld.open('2026-03-02 10:00', {}, later);
    const [old, young] = [world.addSite(1), world.addSite(2)];
    world.set(old, 'empty-shell', 'fail');
    world.look(old);
    await world.until('2026-03-11 10:00');
    world.set(young, 'empty-shell', 'fail');
    world.look(young);
    const [a, b] = world.cases();
    expect([a?.policy.version, b?.policy.version]).toEqual(['empty-shell/2026-01', 'empty-shell/2026-03-10']);
    expect((b?.deadlineAt ?? 0) - world.now()).toBeGreaterThan(29 * 86_400_000);
    expect(a?.algorithms).toEqual([`empty-shell@${emptyShell.version}`]);
  });
});

describe('a fault of the case keeper', () => {
  it('takes back what it wrote, not the verdict, and is told', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    const siteId = world.addSite();
    const { ledger, keeper } = world;
    ledger.listen({
      concerned: () => true,
      published: (verdict, now) => {
        keeper.published(verdict, now);
        throw new Error('boom');
      },
      filingChanged: () => undefined,
    });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    expect(ledger.verdicts.standing(siteId).find(({ checkId }) => checkId === 'empty-shell')?.verdict).toBe('fail');
    expect(world.cases()).toEqual([]);
    expect(ledger.openAlerts()[0]?.message).toMatch(/could not follow .*boom/);
    ledger.listen(keeper);
    expect(world.consequences.reconcile()).toBe(1);
    await world.settle();
    expect(world.case().state).toBe('open');
  });
});

describe('a failure that concerns the subject (R4.7)', () => {
  it('is one case of the subject, told to the persons of all its sites, and enforced against all of them', async () => {
    const { programmes } = loadConfig({ env: {} });
    world = await CaseWorld.open('2026-03-02 10:00', {}, programmes);
    const shell = world.keeper.rules.checks.find(({ id }) => id === 'empty-shell');
    if (shell === undefined) throw new Error('no check');
    // The same check, said to concern the subject: none of the shipped ones does yet.
    Object.assign(world.keeper.rules, {
      checks: world.keeper.rules.checks.map((check) => (check === shell ? { ...check, concerns: 'subject' } : check)),
    });
    world.ledger.listen(world.keeper);
    const person = (phone: string) => [{ role: 'site-head' as const, name: `人${phone}`, phone, email: null }];
    const sites = [1, 2, 3].map((index) =>
      (world as CaseWorld).addSite(index, {
        siteNumber: `京ICP备2021000001号-${index}`,
        persons: person(`1380000000${index}`),
      }),
    );
    world.set(sites[0] as number, 'empty-shell', 'fail');
    world.look(sites[0] as number);
    await world.until('2026-03-18 09:00');
    expect(world.case()).toMatchObject({ scope: 'subject', siteId: null, state: 'enforcement-asked' });
    const told = new Set(world.channels.sms.sent.map(({ message }) => message.recipient));
    expect([...told].sort()).toEqual(['13800000001', '13800000002', '13800000003']);
    world.desk.approve(world.case().code, ADMIN, world.now());
    await world.until('2026-03-18 12:00');
    expect(world.acts.map(({ body }) => body['siteNumber'])).toEqual([
      '京ICP备2021000001号-1',
      '京ICP备2021000001号-2',
      '京ICP备2021000001号-3',
    ]);
    expect(world.case().state).toBe('restricted');
  });
});

describe('requests', () => {
  it.each([
    ['a reason that is not listed', { reason: 'because', description: '', workingDays: 2 }, /not on the list/],
    ['"other" without words', { reason: 'other', description: ' ', workingDays: 2 }, /needs a description/],
    ['no days', { reason: 'other', description: '…', workingDays: 0 }, /no number of working days/],
    ['half a day', { reason: 'other', description: '…', workingDays: 1.5 }, /no number of working days/],
  ])('an extension with %s is no request', async (_, request, said) => {
    const { world: one, code } = await found();
    expect(() => one.desk.askExtension(code, request, OWNER, one.now())).toThrow(said);
    expect(one.ledger.cases.events(one.case().id).map(({ move }) => move)).not.toContain('extension-refused');
  });

  it('an appeal before restriction, a second one, and one after cancellation are refused with what is possible', async () => {
    const { world: one, code } = await found();
    const appeal = () => one.desk.appeal(code, { reason: 'filing-correct', description: '' }, OWNER, one.now());
    expect(appeal).toThrow(/once access was restricted/);
    await one.until('2026-03-18 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    appeal();
    one.desk.judgeAppeal(code, false, '问题仍在', ADMIN, one.now());
    expect(appeal).toThrow(/allows 1 appeal/);
    await one.until('2026-04-02 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    expect(one.case().state).toBe('cancelled');
    expect(appeal).toThrow(/cannot be taken back/);
  });

  it('an appeal that waits is brought to the admins again and again, and when it is late (R4.5)', async () => {
    const { world: one, code } = await found();
    await one.until('2026-03-18 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.settle();
    one.desk.appeal(code, { reason: 'filing-correct', description: '' }, OWNER, one.now());
    const alert = () => one.ledger.openAlerts().find(({ key }) => key === `appeal-${code}`);
    const raised = [alert()?.raisedAt];
    for (const time of ['2026-03-18 15:00', '2026-03-18 19:00', '2026-03-19 11:00', '2026-03-20 00:01']) {
      await one.until(time);
      raised.push(alert()?.raisedAt);
    }
    expect(new Set(raised).size).toBe(5);
    expect(alert()?.message).toMatch(/not judged in time/);
    one.desk.judgeAppeal(code, true, '属实', ADMIN, one.now());
    expect(alert()).toBeUndefined();
  });

  it('an owner may ask for a look every ten minutes, six times a day; an admin always (R4.6)', async () => {
    const { world: one, code } = await found();
    one.desk.askRecheck(code, OWNER, one.now());
    expect(() => one.desk.askRecheck(code, OWNER, one.now())).toThrow(/just now/);
    one.desk.askRecheck(code, ADMIN, one.now());
    for (let hour = 11; hour <= 15; hour++) {
      await one.until(`2026-03-02 ${hour}:00`);
      if (hour < 15) one.desk.askRecheck(code, OWNER, one.now());
    }
    expect(() => one.desk.askRecheck(code, OWNER, one.now())).toThrow(/today/);
    await one.until('2026-03-03 10:30');
    one.desk.askRecheck(code, OWNER, one.now());
  });

  it('one admin cannot approve twice where two persons must', async () => {
    const { world: one, code } = await found('2026-03-02 10:00', {
      enforcement: { approvals: { 'restrict-access': 2, 'cancel-access': 2 } },
    });
    await one.until('2026-03-18 10:00');
    one.desk.approve(code, ADMIN, one.now());
    expect(() => one.desk.approve(code, ADMIN, one.now())).toThrow(/approved already/);
    await one.settle();
    expect(one.acts).toEqual([]);
  });
});

describe('the history', () => {
  it('is append-only in the database itself', async () => {
    const { world: one } = await found();
    const { sqlite } = one.ledger.connection;
    expect(() => sqlite.exec("UPDATE case_events SET data = '{}'")).toThrow(/append-only/);
    expect(() => sqlite.exec('DELETE FROM case_events')).toThrow(/append-only/);
  });

  it.each([
    ['a changed line', 'UPDATE case_events SET data = \'{"codes":["nothing"]}\' WHERE seq = 1', /changed after/],
    ['another actor', "UPDATE case_events SET actor_name = 'somebody' WHERE seq = 2", /changed after/],
    ['a line taken out', 'DELETE FROM case_events WHERE seq = 2', /missing or doubled/],
    ['the end cut off', 'DELETE FROM case_events WHERE seq = (SELECT max(seq) FROM case_events)', /cut off/],
    ['two lines swapped', 'UPDATE case_events SET at = at + 1 WHERE seq = 3', /changed after/],
  ])('shows %s even when the triggers were taken away', async (_, sql, said) => {
    const { world: one } = await found();
    await one.until('2026-03-10 12:00');
    const check = (): string | null => verifyHistory(one.ledger.cases.events(one.case().id), one.case());
    expect(check()).toBeNull();
    const { sqlite } = one.ledger.connection;
    sqlite.exec('DROP TRIGGER case_events_no_update; DROP TRIGGER case_events_no_delete;');
    sqlite.exec(sql);
    expect(check()).toMatch(said);
  });

  it('holds no address in clear', async () => {
    const { world: one } = await found();
    await one.until('2026-03-10 12:00');
    const text = JSON.stringify(one.ledger.cases.events(one.case().id));
    expect(text).not.toMatch(/13800000001|zhang@owner/);
    expect(text).toMatch(/138\*\*\*\*0001/);
  });
});

describe('dry-run, the default', () => {
  const DRY = {
    notices: { live: false, email: { host: null }, sms: { provider: null } },
    enforcement: { live: false },
  };

  it('lives the whole life on paper: every text is written, nothing touches a wire', async () => {
    const { world: one, code } = await found('2026-03-02 10:00', DRY);
    await one.until('2026-03-18 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.until('2026-03-19 10:00');
    expect(one.case().state).toBe('restricted');
    expect([one.channels.email.sent, one.channels.sms.sent, one.acts]).toEqual([[], [], []]);
    const messages = one.ledger.outbox.messages(null, 100);
    expect(messages.length).toBeGreaterThan(20);
    expect(new Set(messages.map(({ state }) => state))).toEqual(new Set(['dry-run']));
    expect(one.ledger.outbox.inbox(one.case().subjectId)).toEqual([]);
  });

  it('switched on later, nobody is met by a deadline they never heard of', async () => {
    const { world: one, siteId } = await found('2026-03-02 10:00', DRY);
    await one.until('2026-03-16 10:00');
    Object.assign(one.config.settings.notices, { live: true });
    Object.assign(one.config.settings.notices.email, { host: 'mail.invalid' });
    Object.assign(one.config.settings.notices.sms, { provider: 'aliyun' });
    await one.until('2026-03-17 12:00');
    expect(diary(one, one.case().id).at(-1)).toMatch(/found to all$/);
    const record = one.case();
    expect(record).toMatchObject({ dryRun: false, state: 'open' });
    expect(record.deadlineAt - one.now()).toBeGreaterThan(13 * 86_400_000);
    expect(one.channels.sms.sent.map(({ message }) => message.kind)).toEqual(['found', 'found']);
    expect(siteId).toBe(record.siteId);
  });

  it('with notices live and enforcement not, nobody is told of a restriction that never was', async () => {
    const { world: one, code } = await found('2026-03-02 10:00', { enforcement: { live: false } });
    await one.until('2026-03-18 10:00');
    one.desk.approve(code, ADMIN, one.now());
    await one.until('2026-03-20 10:00');
    expect(one.case().state).toBe('enforcement-approved');
    expect(one.acts).toEqual([]);
    expect(one.channels.sms.sent.some(({ message }) => message.kind === 'enforced')).toBe(false);
    Object.assign(one.config.settings.enforcement, { live: true });
    await one.until('2026-03-21 12:00');
    expect(one.case().state).toBe('enforcement-asked');
  });
});

describe('nobody could be told', () => {
  it('no deadline counts until somebody is: by mended contacts, or by a call', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    const persons = [{ role: 'site-head' as const, name: '李四', phone: '010-1234', email: 'nobody' }];
    // The in-site inbox is one the owner may never open: it does not stand for being told by mail or SMS.
    const siteId = world.addSite(1, { persons });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-03-03 10:00');
    const { code } = world.case();
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain(`no-address-${code}`);
    expect(world.ledger.outbox.notices('failed', 10).map(({ reason }) => reason)).toEqual([
      'this is no usable address',
      'this is no usable address',
    ]);
    await world.until('2026-03-25 10:00');
    expect(world.case()).toMatchObject({ state: 'open', toldAt: null });
    expect(world.ledger.openAlerts().map(({ key }) => key)).toContain(`untold-${code}`);
    world.addSite(1, { persons: [{ role: 'site-head', name: '李四', phone: '13800000009', email: null }] });
    await world.until('2026-03-25 11:00');
    expect(world.channels.sms.sent.map(({ message }) => message.recipient)).toEqual(['13800000009']);
    expect(world.case().deadlineAt - world.now()).toBeGreaterThan(14 * 86_400_000);
  });

  it('a call counts from the day it was made', async () => {
    world = await CaseWorld.open('2026-03-02 10:00');
    const siteId = world.addSite(1, { persons: [] });
    world.set(siteId, 'empty-shell', 'fail');
    world.look(siteId);
    await world.until('2026-03-20 10:00');
    const { code } = world.case();
    world.desk.told(code, '电话通知李四', ADMIN, world.now());
    await world.until('2026-04-04 23:59');
    expect(world.case().state).toBe('open');
    await world.until('2026-04-05 00:30');
    expect(world.case().state).toBe('enforcement-asked');
  });
});
