import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addDays, beijingInstant } from '../../src/calendar/beijing-time.ts';
import { CaseDesk } from '../../src/cases/desk.ts';
import type { CaseKeeper } from '../../src/cases/keeper.ts';
import type { CaseRecord } from '../../src/cases/types.ts';
import type { Finding, Judgement, Verdict } from '../../src/checks/types.ts';
import { type Config, loadConfig, mergeSettings } from '../../src/config.ts';
import type { AccessSystem, ActOutcome } from '../../src/enforce/webhook.ts';
import type { FilingRow } from '../../src/filing/validate-row.ts';
import type { RawEvidence } from '../../src/gather/types.ts';
import { Consequences } from '../../src/jobs/consequences.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Message } from '../../src/ledger/outbox-store.ts';
import { createLogger } from '../../src/log.ts';
import type { Channel, LookupOutcome, SendOutcome } from '../../src/notify/channels/types.ts';
import type { DeliveryPolicy } from '../../src/notify/outcome.ts';
import type { ChannelId } from '../../src/notify/types.ts';

/** An instant of Beijing time, `2026-09-20 10:00`. */
export const at = (text: string): number => {
  const [date = '', time = '00:00'] = text.split(' ');
  return beijingInstant(date, time);
};

/** A channel that writes down what it was given; what it answers can be scripted. */
export class RecordingChannel implements Channel {
  readonly provider = 'recorder';
  readonly unknown: 'ask' | 'resend';
  readonly sent: { at: number; message: Message }[] = [];
  answer: (message: Message) => SendOutcome = () => ({ kind: 'accepted', providerId: null });
  receipt: (message: Message) => LookupOutcome = () => ({ kind: 'delivered', providerId: null });
  readonly #now: () => number;

  constructor(unknown: 'ask' | 'resend', now: () => number) {
    this.unknown = unknown;
    this.#now = now;
  }

  async send(message: Message): Promise<SendOutcome> {
    this.sent.push({ at: this.#now(), message });
    return this.answer(message);
  }

  async lookup(message: Message): Promise<LookupOutcome> {
    return this.receipt(message);
  }

  close(): void {}
}

/** Settings with everything switched on; the channels are given beside. */
export const LIVE = {
  notices: {
    live: true,
    signature: '某云备案',
    askAt: '400-000-0000',
    email: { host: 'mail.invalid', from: { name: '某云备案', address: 'beian@cloud.example' } },
    sms: { provider: 'aliyun', keyId: 'k', keySecret: 's', signName: '某云备案' },
  },
  enforcement: { live: true, url: 'http://access.invalid/', secret: 's' },
};

/** Real wires instead of recorders. */
export interface WorldWires {
  channels?: (now: () => number) => Promise<Partial<Record<ChannelId, Channel>>>;
  realAccessSystem?: boolean;
  policy?: DeliveryPolicy;
  /** The ledger stands in a folder of the test's own. */
  keepLedger?: boolean;
  /** Told of every step and of every instant the clock is moved to. */
  onStep?: (step: string) => void;
  onAdvance?: (now: number) => void;
  /** What a check says of a site at an instant; goes before what `set` said. */
  fate?: (siteId: number, checkId: string, now: number) => Condition | null;
}

/** What a check says of a site from now on. */
export type Condition = Verdict | 'unasked';

const FINDINGS: Record<string, Finding> = {
  'empty-shell': {
    code: 'no-host-resolves-here',
    severity: 'fail',
    about: null,
    params: { host: 'site-1.cn', provider: 'aliyun', hosts: 2 },
    evidence: [{ label: 'site-1.cn @223.5.5.5', value: 'answer: 93.184.216.34' }],
  },
  'icp-footer': {
    code: 'not-linked',
    severity: 'fail',
    about: null,
    params: { number: '京ICP备2021000001号-1', expected: '京ICP备2021000001号-1', shown: '京ICP备2021000001号-1' },
    evidence: [],
  },
  'domain-expiry': {
    code: 'expired',
    severity: 'fail',
    about: 'site-1.cn',
    params: { domain: 'site-1.cn', expiresAt: '2026-09-01' },
    evidence: [],
  },
  'subject-papers': { code: 'expired-papers', severity: 'fail', about: null, params: {}, evidence: [] },
};

/** A ledger whose sites fare as the test says, on a clock the test moves: no wire, everything else real. */
export class CaseWorld {
  readonly config: Config;
  readonly ledger: Ledger;
  readonly consequences: Consequences;
  readonly keeper: CaseKeeper;
  readonly desk: CaseDesk;
  readonly channels: { email: RecordingChannel; sms: RecordingChannel };
  readonly acts: { at: number; body: Record<string, unknown> }[] = [];
  act: (body: Record<string, unknown>) => ActOutcome = () => ({ kind: 'done', receipt: 'r1' });
  readonly #conditions = new Map<string, { verdict: Condition; findings?: Finding[] }>();
  /** What looks at a site keep as evidence. */
  readonly evidence = new Map<number, RawEvidence[]>();
  #now: number;
  readonly #folder: string | null;
  #wires: WorldWires = {};

  private constructor(start: number, config: Config, ledger: Ledger, open: () => Consequences, folder: string | null) {
    this.#folder = folder;
    this.#now = start;
    this.config = config;
    this.ledger = ledger;
    this.channels = { email: new RecordingChannel('resend', this.now), sms: new RecordingChannel('ask', this.now) };
    this.consequences = open();
    this.keeper = this.consequences.keeper;
    this.desk = new CaseDesk(this.keeper);
  }

  /** A world at a Beijing time. `overrides` lie over everything switched on. */
  static async open(
    start: string | number,
    overrides: object = {},
    programmes?: Config['programmes'],
    wires: WorldWires = {},
  ): Promise<CaseWorld> {
    const folder = wires.keepLedger === true ? null : mkdtempSync(join(tmpdir(), 'beian-cases-'));
    const base = {
      ...(folder !== null && { ledger: { path: join(folder, 'ledger.db') } }),
      confirm: { pauseMs: 0 },
      log: { level: 'silent' },
    };
    const loaded = loadConfig({ env: {}, overrides: mergeSettings(mergeSettings(base, LIVE), overrides) as object });
    const config = programmes === undefined ? loaded : { ...loaded, programmes };
    const ledger = openConfiguredLedger(config);
    let consequences: Consequences | null = null;
    const holder: { world?: CaseWorld } = {};
    const now = (): number => (holder.world as CaseWorld).now();
    const system: AccessSystem = {
      submit: async (_, body) => {
        (holder.world as CaseWorld).acts.push({ at: now(), body });
        return (holder.world as CaseWorld).act(body);
      },
      poll: async () => (holder.world as CaseWorld).act({}),
    };
    const channelOf = (id: 'email' | 'sms'): Channel => ({
      provider: 'recorder',
      unknown: id === 'sms' ? 'ask' : 'resend',
      send: (message) => (holder.world as CaseWorld).channels[id].send(message),
      lookup: (message) => (holder.world as CaseWorld).channels[id].lookup(message),
      close: () => undefined,
    });
    const channels = (await wires.channels?.(now)) ?? { email: channelOf('email'), sms: channelOf('sms') };
    const log = createLogger('silent');
    consequences = await Consequences.open({
      ledger,
      config,
      log,
      now,
      channels,
      ...(wires.realAccessSystem !== true && { accessSystem: system }),
      ...(wires.policy !== undefined && { policy: wires.policy }),
      ...(wires.onStep !== undefined && { onStep: wires.onStep }),
    });
    const opened = consequences;
    const world = new CaseWorld(typeof start === 'number' ? start : at(start), config, ledger, () => opened, folder);
    world.#wires = wires;
    holder.world = world;
    return world;
  }

  now = (): number => this.#now;

  /** Add a filing. Gives the site's id. */
  addSite(index = 1, row: Partial<FilingRow> = {}): number {
    const siteNumber = row.siteNumber ?? `京ICP备${2021000000 + index}号-1`;
    const [outcome] = this.ledger.upsertFilings(
      [
        {
          siteNumber,
          subjectNumber: siteNumber.replace(/-\d+$/, ''),
          subjectName: `北京某某科技有限公司${index}`,
          subjectKind: 'company',
          province: '北京',
          licenceNumber: null,
          siteName: `某某官网${index}`,
          service: 'site',
          hosts: [{ host: `site-${index}.cn`, kind: 'domain', registrable: `site-${index}.cn` }],
          accessProvider: 'aliyun',
          product: 'ecs',
          addresses: [],
          approvedAt: null,
          leaseEndsAt: null,
          state: 'active',
          persons: [
            { role: 'subject-head', name: '张三', phone: '13800000001', email: 'zhang@owner.example' },
            { role: 'site-head', name: '李四', phone: '13800000002', email: 'li@owner.example' },
          ],
          ...row,
        },
      ],
      this.#now,
    );
    return (outcome as { siteId: number }).siteId;
  }

  /** From now on a check says this of a site; `look` makes the looks at once. */
  set(siteId: number, checkId: string, verdict: Condition, findings?: Finding[]): void {
    this.#conditions.set(`${siteId} ${checkId}`, { verdict, ...(findings !== undefined && { findings }) });
  }

  /** Look at a site now, as often as a confirmation takes. */
  look(siteId: number): void {
    const sweepId = this.ledger.sweeps.open('rescan', this.#now);
    for (const claim of this.ledger.sweeps.claimSites(sweepId, [siteId], this.#now)) {
      for (let look = 0; look <= this.config.settings.confirm.looks; look++)
        this.#record(siteId, sweepId, look, claim.checkIds);
    }
    this.ledger.sweeps.setState(sweepId, 'done', null, this.#now);
  }

  #record(siteId: number, sweepId: number, look: number, checkIds: string[]): void {
    this.ledger.sweeps.claimConfirms(this.#now, 100);
    const judgements = new Map<string, Judgement>();
    for (const checkId of checkIds) {
      const fate = this.#wires.fate?.(siteId, checkId, this.#now) ?? null;
      const condition =
        fate !== null
          ? { verdict: fate }
          : (this.#conditions.get(`${siteId} ${checkId}`) ?? { verdict: 'pass' as const });
      if (condition.verdict === 'unasked') continue;
      const { verdict } = condition;
      const known = condition.findings ?? (verdict === 'fail' ? [FINDINGS[checkId] as Finding] : []);
      judgements.set(checkId, { verdict, findings: known });
    }
    const bundle = {
      observedAt: this.#now,
      rangesVersion: 'r1',
      policy: { version: 'p1' },
      artifacts: {},
      verdicts: [],
    };
    const stage = look === 0 ? 'screen' : 'confirm';
    this.ledger.verdicts.record(
      [{ siteId, sweepId, look, stage, judgements, bundle: bundle as never, raw: this.evidence.get(siteId) ?? [] }],
      this.#now,
    );
  }

  /** Looks that cases asked for. */
  #asked(): number {
    const sites = [...this.ledger.sweeps.takeRescans(100), ...this.ledger.sweeps.takeRescans(100, true)];
    for (const siteId of sites) this.look(siteId);
    return sites.length;
  }

  /** Do everything that is due at this instant. */
  async settle(): Promise<void> {
    for (let round = 0; round < 100; round++) {
      const touched = await this.consequences.settle();
      const looked = this.#asked();
      if (looked + touched === 0) return;
    }
    throw new Error('the world does not settle');
  }

  /** Move the clock to a Beijing time, doing what falls due on the way at its own time. */
  async until(when: string | number): Promise<void> {
    const end = typeof when === 'number' ? when : at(when);
    if (end < this.#now) throw new Error(`${when} is in the past`);
    await this.settle();
    for (;;) {
      const next = this.consequences.nextDueAt();
      if (next === null || next > end) break;
      this.#now = Math.max(this.#now, next);
      this.#wires.onAdvance?.(this.#now);
      await this.settle();
    }
    this.#now = end;
    await this.settle();
  }

  /** Move the clock, a day at a time, until restricting access is asked for in so many cases. Gives their codes. */
  async untilAsked(count: number): Promise<string[]> {
    const asked = (): string[] =>
      this.cases()
        .filter(({ state }) => state === 'enforcement-asked')
        .map(({ code }) => code);
    for (let day = 0; day < 60 && asked().length < count; day++) await this.until(this.#now + 86_400_000);
    if (asked().length < count) throw new Error(`asked for in ${asked().length} cases, not ${count}`);
    return asked();
  }

  /** The one case there is. */
  case(): CaseRecord {
    const [first, ...more] = this.cases();
    if (first === undefined || more.length > 0)
      throw new Error(`${more.length + (first === undefined ? 0 : 1)} cases, not one`);
    return first;
  }

  /** All cases. */
  cases(): CaseRecord[] {
    return [...this.ledger.cases.ids()].flatMap((id) => this.ledger.cases.get(id) ?? []);
  }

  close(): void {
    this.consequences.close();
    this.ledger.close();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** `09-20 10:00` in Beijing. */
export const short = (instant: number): string =>
  new Date(instant + 8 * 3_600_000).toISOString().slice(5, 16).replace('T', ' ');

/** What happened to a case and who was told, one line each: moves of state, and messages by channel and recipient. */
export function diary(world: CaseWorld, caseId: number): string[] {
  const { cases, outbox } = world.ledger;
  const lines: [number, number, string][] = [];
  for (const { at: when, seq, move, from, to } of cases.events(caseId)) {
    if (from !== to || move === 'deadline-corrected') lines.push([when, seq, `${short(when)} ${move} → ${to}`]);
  }
  const told = new Map<string, string[]>();
  for (const notice of outbox.noticesOfCase(caseId)) {
    const message = notice.messageId === null ? null : outbox.message(notice.messageId);
    if (message === null || message.state === 'failed') continue;
    const key = `${message.createdAt} ${notice.kind}`;
    told.set(key, [...(told.get(key) ?? []), `${notice.channel}:${notice.person.replace(/:.*/, '')}`]);
  }
  for (const [key, to] of told) {
    const [when = '0', kind = ''] = key.split(' ');
    lines.push([Number(when), 10_000, `${short(Number(when))} ${kind} to ${compact(to)}`]);
  }
  return lines.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , line]) => line);
}

/** Both persons over a channel are "both"; everything to everyone is "all". */
function compact(to: string[]): string {
  const sorted = [...to].sort().join(' ');
  if (sorted === 'email:site-head email:subject-head in-site:subject sms:site-head sms:subject-head') return 'all';
  if (sorted === 'sms:site-head sms:subject-head') return 'both by SMS';
  if (sorted === 'email:site-head email:subject-head in-site:subject') return 'both by mail, and in-site';
  return sorted;
}

/** Days from a date, for tables. */
export const after = (date: string, days: number): string => addDays(date, days);
