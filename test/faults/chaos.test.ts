import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyHistory } from '../../src/cases/history.ts';
import { loadConfig, mergeSettings } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { DELIVERY_POLICY } from '../../src/notify/outcome.ts';
import { stuckNotices } from '../../src/notify/stuck.ts';
import { beginChaos, CHAOS_SETTINGS, type ChaosPlan, clockOf, openChaos, PERIODS } from '../support/chaos-world.ts';
import { liveOnce } from '../support/child-life.ts';
import { startWires, type Wires, wireSettings } from '../support/delivery-world.ts';
import { FULL, figure } from '../support/figures.ts';
import { logLines } from '../support/log-lines.ts';
import type { MailFault } from '../world/mail-server.ts';
import { SeededRandom } from '../world/random.ts';
import type { SendFault } from '../world/sms-gateway.ts';

/** The full count comes in two worlds, so that two processors can share it (`-t 'world 1'`, `-t 'world 2'`). */
const PLAIN = (FULL ? [1, 2] : [1]).map((world) => ({
  period: 'plain' as const,
  world,
  sites: FULL ? 400 : 15,
  wanted: FULL ? 500 : 30,
}));

const STEPS = [
  'case-moved',
  'before-enclose',
  'enclosed',
  'before-wire',
  'after-wire',
  'settled',
  'looked-up',
  'resend-committed',
  'act-committed',
  'act-on-wire',
  'act-settled',
] as const;
const SMS_FAULTS: readonly SendFault[] = [
  'accept-then-reset',
  'reset-before',
  'throttle',
  'internal-before',
  'internal-after-accept',
];
const MAIL_FAULTS: readonly MailFault[] = ['accept-then-reset', 'reset-before-data', 'reset-in-data', 'greylist'];

let folder: string;
let wires: Wires;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'beian-chaos-'));
  wires = await startWires('aliyun', folder);
});
afterAll(async () => {
  await wires.close();
  rmSync(folder, { recursive: true, force: true });
});

const linesOf = (name: string): Record<string, string>[] => logLines(join(folder, `${name}.log`));

function planOf(name: string, period: ChaosPlan['period']): ChaosPlan {
  const clockFile = join(folder, `${name}.clock`);
  wires.sms.clock = () => clockOf(clockFile);
  const settings = mergeSettings(mergeSettings(wireSettings(wires, 'aliyun'), CHAOS_SETTINGS), {
    ledger: { path: join(folder, `${name}.db`) },
  }) as object;
  return { settings, clockFile, period };
}

const live = (task: ChaosPlan, killAt: string, nth: number, killAfterMs: number | null) =>
  liveOnce('chaos-child.ts', task, killAt, nth, killAfterMs);

/** What was owed and sent, without ids and times: the same however often the worker died. */
function toldOf(ledger: Ledger): string[] {
  const told: string[] = [];
  for (const message of ledger.outbox.messages(null, 1_000_000)) {
    for (const notice of ledger.outbox.noticesOfMessage(message.id))
      told.push(
        `${notice.siteId} ${notice.kind} ${notice.stage.replace(/:\d+$/, '')} ${notice.channel} ${notice.recipient}`,
      );
  }
  return told.sort();
}

const openOf = (plan: ChaosPlan): Ledger => openConfiguredLedger(loadConfig({ env: {}, overrides: plan.settings }));

describe('kill -9 at named steps and at random, over whole lives of cases, over wires that fail', () => {
  it.each([...PLAIN, { period: 'holidays' as const, world: 1, sites: FULL ? 100 : 5, wanted: FULL ? 60 : 8 }])(
    '$period, world $world, $wanted kills: nothing lost, no SMS twice, mail duplicates counted, acts once',
    async ({ period, world, sites, wanted }) => {
      const { end } = PERIODS[period];
      // The twin lives the same life without a fault: what it told is what is owed.
      const wired = (): number => linesOf('sms').length + linesOf('mail').length;
      const begun = wired();
      const twin = planOf(`twin-${period}-${world}`, period);
      await beginChaos(twin, sites);
      const calm = await openChaos(twin, () => {});
      await calm.until(end);
      const owed = toldOf(calm.ledger);
      calm.close();
      const before = { sms: linesOf('sms').length, mail: linesOf('mail').length, access: linesOf('access').length };

      const plan = planOf(`chaos-${period}-${world}`, period);
      await beginChaos(plan, sites);
      const random = new SeededRandom(5 + world);
      const faulty = new Set<string>();
      wires.sms.send = (correlationId) => {
        if (faulty.has(correlationId) || random.next() > 0.1) return 'ok';
        faulty.add(correlationId);
        return SMS_FAULTS[random.int(SMS_FAULTS.length)] as SendFault;
      };
      wires.mail.fault = () =>
        random.next() > 0.1 ? 'ok' : (MAIL_FAULTS[random.int(MAIL_FAULTS.length)] as MailFault);
      const kills = { named: 0, random: 0 };
      // Lives short enough that what is owed lasts for all the kills.
      const perLife = Math.max(3, Math.floor((owed.length / wanted) * 0.25));
      const inPeace = wired() - begun;
      let over = false;
      let patience = 1;
      while (!over && kills.named + kills.random < wanted) {
        const named = random.next() < 0.6;
        const step = named ? (STEPS[random.int(STEPS.length)] as string) : '';
        const nth = 1 + random.int(/^(?:act|looked|resend)/.test(step) ? 2 : perLife);
        // A step that is not reached in time ends as a random kill: each life ends early.
        const limitMs = named ? 3000 : random.int(FULL ? 300 : 120);
        const how = await live(plan, step, nth, Math.ceil(limitMs * patience));
        if (how === 'ended') over = true;
        else kills[how === 'at-step' ? 'named' : 'random']++;
        // A quick machine gets on further in a life: then lives are cut shorter, so that some are left for every kill.
        // The last fifth of what is sent is not counted on.
        const ahead = (wired() - begun - inPeace) / (0.8 * inPeace) > (kills.named + kills.random) / wanted;
        patience = ahead ? Math.max(0.05, patience * 0.7) : Math.min(1, patience * 1.3);
      }
      // The last life is left alone.
      while (!over) over = (await live(plan, '', 1, null)) === 'ended';

      const ledger = openOf(plan);
      const sms = linesOf('sms').slice(before.sms);
      const mails = linesOf('mail').slice(before.mail);
      const acts = linesOf('access').slice(before.access);
      const messages = ledger.outbox.messages(null, 1_000_000);

      // Nothing lost, nothing invented: the same people heard the same things.
      const told = toldOf(ledger);
      const isOverdue = (line: string): boolean => line.includes(' overdue overdue:');
      expect(told.filter((line) => !isOverdue(line))).toEqual(owed.filter((line) => !isOverdue(line)));
      // "The deadline has passed" is owed until access is restricted, which may be minutes later: whoever was told of it in one of the two
      // lives only was told of the restriction in both.
      const inOneLife = [
        ...told.filter((line) => isOverdue(line) && !owed.includes(line)),
        ...owed.filter((line) => isOverdue(line) && !told.includes(line)),
      ];
      const enforcedOf = (line: string): string => line.replace(/ overdue overdue:\S+ /, ' enforced enforced ');
      const [restricted, restrictedInPeace] = [new Set(told), new Set(owed)];
      expect(inOneLife.map(enforcedOf).filter((line) => !restricted.has(line) || !restrictedInPeace.has(line))).toEqual(
        [],
      );
      expect(ledger.outbox.notices('planned', 1000)).toEqual([]);

      // No SMS twice, by the gateway's own log.
      expect(new Set(sms.map((one) => one['correlationId'])).size).toBe(sms.length);
      const smsMessages = messages.filter(({ channel }) => channel === 'sms');
      // What a fault held up until it was not true any more is not sent late (the case was restricted meanwhile, and that was told).
      const late = messages.filter(({ state }) => !['accepted', 'delivered'].includes(state));
      // A mail whose fate stayed unknown as often as the policy sends it is left to the admins, who are shown it.
      const givenUp = late.filter(
        ({ channel, state, possibleDuplicates }) =>
          channel === 'email' && state === 'unknown' && possibleDuplicates + 1 >= DELIVERY_POLICY.maxUnknownAttempts,
      );
      const shown = new Set(stuckNotices(ledger.outbox, end, 1000).map(({ messageId }) => messageId));
      expect(givenUp.filter(({ id }) => !shown.has(id))).toEqual([]);
      const untrue = late.filter((one) => !givenUp.includes(one));
      expect(
        untrue.filter(({ kind, error }) => kind !== 'overdue' || !/nothing of it is true any more/.test(error ?? '')),
      ).toEqual([]);
      // How many they are depends on how busy this machine is; whoever missed one was told what came of it.
      const toldOfIt = new Set(
        messages
          // What was given up is shown to the admins, who tell it: that was asked above.
          .filter((one) => one.kind === 'enforced' && (!late.includes(one) || givenUp.includes(one)))
          .map(({ channel, recipient }) => `${channel} ${recipient}`),
      );
      expect(untrue.filter(({ channel, recipient }) => !toldOfIt.has(`${channel} ${recipient}`))).toEqual([]);
      const arrived = smsMessages.filter((one) => !late.includes(one));
      const taken = new Set(sms.map((one) => one['correlationId']));
      expect(arrived.filter(({ correlationId }) => !taken.has(correlationId))).toEqual([]);

      // Mail: each at least once; every copy beyond the first was counted as possible before it was made.
      const copies = new Map<string, number>();
      for (const { messageId = '' } of mails) {
        const id = /<([^@]+)@/.exec(messageId)?.[1] ?? '';
        copies.set(id, (copies.get(id) ?? 0) + 1);
      }
      let duplicates = 0;
      let counted = 0;
      for (const message of messages.filter(({ channel }) => channel === 'email')) {
        const made = copies.get(message.correlationId) ?? 0;
        if (!late.includes(message)) expect(made).toBeGreaterThanOrEqual(1);
        expect(made - 1).toBeLessThanOrEqual(message.possibleDuplicates);
        duplicates += Math.max(0, made - 1);
        counted += message.possibleDuplicates;
      }

      // No more of them were given up than chance makes: every attempt of theirs ended unknown, one after the other.
      const unknownShare = counted / (counted + mails.length);
      // A kill is no chance: lives cut short one after the other cut the same mails.
      const byChance = givenUp.filter(({ id }) => !ledger.outbox.attempts(id).some(({ what }) => what === 'lease'));
      expect(byChance.length).toBeLessThanOrEqual(
        Math.ceil(unknownShare ** DELIVERY_POLICY.maxUnknownAttempts * (mails.length - duplicates)),
      );

      // Acts: each key carried out once.
      expect(new Set(acts.map((one) => one['key'])).size).toBe(acts.length);

      // Histories unbroken, database whole.
      for (const id of ledger.cases.ids()) {
        const record = ledger.cases.get(id);
        if (record !== null) expect(verifyHistory(ledger.cases.events(id), record)).toBeNull();
      }
      expect(ledger.connection.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
      ledger.close();
      // Last, so that a busy machine on which the lives ended sooner hides nothing of the above.
      expect(kills.named + kills.random).toBeGreaterThanOrEqual(FULL ? wanted : wanted / 3);
      if (FULL) expect(kills.named).toBeGreaterThanOrEqual(wanted / 10);
      figure({
        fault: `kill -9 (${kills.named} at named steps, ${kills.random} at random) over ${sites} cases' lives${period === 'holidays' ? ' around a week of holidays' : ''}, wires failing every tenth time`,
        count: kills.named + kills.random,
        result: `${owed.length} notices owed, all told once but ${untrue.length} that were no longer true when they could be sent and ${givenUp.length} mails of unknown fate after ${DELIVERY_POLICY.maxUnknownAttempts} attempts; ${sms.length} SMS, 0 twice; ${mails.length} mails, ${duplicates} duplicates, ${counted} counted as possible; ${acts.length} acts, 0 twice; integrity ok`,
      });
    },
    FULL ? 5_400_000 : 600_000,
  );
});

describe('kill -9 while addresses and texts are refused for good', () => {
  const [sites, wanted] = FULL ? [150, 150] : [6, 8];
  it(
    `${wanted} kills: nothing twice, everything ends, nobody unreachable without an admin knowing`,
    async () => {
      const plan = planOf('refusals', 'plain');
      await beginChaos(plan, sites);
      const random = new SeededRandom(16);
      const before = { sms: linesOf('sms').length, mail: linesOf('mail').length };
      // By the address, so that a life that follows finds the same world: a third of the numbers and mailboxes do not exist.
      const share = (text: string, of: number): boolean =>
        [...text].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7) % of === 0;
      wires.sms.send = (_, phone) =>
        share(phone, 3)
          ? 'bad-number'
          : share(phone, 5)
            ? 'bad-template'
            : random.next() > 0.1
              ? 'ok'
              : 'accept-then-hang';
      wires.mail.fault = (to) =>
        share(to, 3)
          ? 'no-such-user'
          : share(to, 5)
            ? share(to, 2)
              ? 'policy'
              : 'refuse-content'
            : random.next() > 0.1
              ? 'ok'
              : 'accept-then-hang';
      let kills = 0;
      let over = false;
      while (!over && kills < wanted) {
        const step = random.next() < 0.6 ? (STEPS[random.int(STEPS.length)] as string) : '';
        const how = await live(plan, step, 1 + random.int(6), step === '' ? 40 + random.int(FULL ? 600 : 120) : 3000);
        if (how === 'ended') over = true;
        else kills++;
      }
      while (!over) over = (await live(plan, '', 1, null)) === 'ended';

      const ledger = openOf(plan);
      const messages = ledger.outbox.messages(null, 1_000_000);
      const sms = linesOf('sms').slice(before.sms);
      const mails = linesOf('mail').slice(before.mail);
      expect(kills).toBeGreaterThanOrEqual(wanted / 2);
      expect(new Set(sms.map((one) => one['correlationId'])).size).toBe(sms.length);
      expect(ledger.outbox.notices('planned', 1000)).toEqual([]);
      expect(
        messages.filter(({ nextAt }) => nextAt !== null).map(({ channel, state, code }) => [channel, state, code]),
      ).toEqual([]);
      for (const message of messages.filter(({ channel }) => channel === 'email')) {
        const made = mails.filter(({ messageId }) => messageId?.includes(message.correlationId) === true).length;
        expect(made - 1).toBeLessThanOrEqual(message.possibleDuplicates);
        if (message.state === 'accepted') expect(made).toBeGreaterThanOrEqual(1);
      }
      // Only what the gateways called unknown is given up; what was refused for its text is not the address's fault.
      const dead = ledger.contacts.allDead(10_000).map(({ address }) => address);
      expect(dead.length).toBeGreaterThan(0);
      expect(dead.filter((address) => !share(address, 3))).toEqual([]);
      // Whoever heard nothing of a case by any wire: an admin was told to call.
      const alerts = new Set(ledger.connection.sqlite.prepare('SELECT key FROM alerts').pluck().all() as string[]);
      let unreachable = 0;
      for (const id of ledger.cases.ids()) {
        const record = ledger.cases.get(id);
        if (record === null) continue;
        expect(verifyHistory(ledger.cases.events(id), record)).toBeNull();
        const heard = ledger.outbox
          .noticesOfCase(id)
          .map(({ messageId, channel }) =>
            messageId === null || channel === 'in-site' ? null : ledger.outbox.message(messageId),
          )
          .some((message) => message !== null && ['accepted', 'delivered', 'unknown'].includes(message.state));
        if (heard) continue;
        unreachable++;
        expect([record.code, alerts.has(`unreachable-${record.code}`)]).toEqual([record.code, true]);
      }
      expect(ledger.connection.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
      ledger.close();
      figure({
        fault: `kill -9 over ${sites} cases' lives while a third of all numbers and mailboxes do not exist, and texts are refused or hang`,
        count: kills,
        result: `${messages.length} messages, all ended; ${sms.length} SMS, 0 twice; ${dead.length} addresses given up, none wrongly; ${unreachable} owners nobody could reach, each told to admins; integrity ok`,
      });
    },
    FULL ? 3_600_000 : 600_000,
  );
});
