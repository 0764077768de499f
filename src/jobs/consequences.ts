import { readFileSync } from 'node:fs';
import type { CaseKeeper } from '../cases/keeper.ts';
import { programmeOfCheck } from '../cases/programme-policy.ts';
import { tickCases } from '../cases/tick.ts';
import type { Config } from '../config.ts';
import { Enforcer } from '../enforce/enforcer.ts';
import { type AccessSystem, WebhookAccessSystem } from '../enforce/webhook.ts';
import { InputError, messageOf } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { type Logger, maskText } from '../log.ts';
import { planAdminNotices } from '../notify/admin.ts';
import { RobotChannel } from '../notify/channels/robot.ts';
import type { Channel } from '../notify/channels/types.ts';
import { Deliverer } from '../notify/deliverer.ts';
import { DELIVERY_POLICY, type DeliveryPolicy } from '../notify/outcome.ts';
import type { ChannelId } from '../notify/types.ts';
import { AnnualReview } from '../programmes/annual-review.ts';
import { OrderCleanup } from '../programmes/order-cleanup.ts';
import { ViolationEnforcer } from '../programmes/violation-enforcer.ts';
import { Violations } from '../programmes/violations.ts';
import type { ProviderList } from '../provider/types.ts';
import { keeperFor } from './open-configured.ts';

/** The pieces of work that follow from verdicts; each is woken when the database says that something is due. */
export const CONSEQUENCE_JOBS = ['cases', 'deliver', 'enforce', 'programmes'] as const;
export type ConsequenceJob = (typeof CONSEQUENCE_JOBS)[number];

/** Failures without a case looked through a tick. */
const RECONCILE_PAGE = 2000;

/** What consequences need. Channels and the access system are the configured ones unless given. */
export interface ConsequencesOptions {
  ledger: Ledger;
  config: Config;
  log: Logger;
  now: () => number;
  /** Providers, by whose names owners know them. */
  lists?: readonly ProviderList[];
  channels?: Partial<Record<ChannelId, Channel>>;
  accessSystem?: AccessSystem;
  policy?: DeliveryPolicy;
  onStep?: (step: string) => void;
}

/** Cases, delivery and enforcement of one ledger. */
export class Consequences {
  readonly keeper: CaseKeeper;
  readonly #options: ConsequencesOptions;
  readonly #channels: Partial<Record<ChannelId, Channel>>;
  readonly #deliverer: Deliverer;
  readonly #enforcer: Enforcer;
  readonly #violationEnforcer: ViolationEnforcer;
  #alertsToldUntil = 0;
  #failing: { siteId: number; checkId: string; programme: string }[] = [];

  private constructor(options: ConsequencesOptions, channels: Partial<Record<ChannelId, Channel>>) {
    const { ledger, config, log, now, onStep } = options;
    const { enforcement } = config.settings;
    this.#options = options;
    this.keeper = keeperFor(ledger, config, options.lists);
    this.#channels = channels;
    const steps = onStep === undefined ? {} : { onStep };
    if (onStep !== undefined) this.keeper.onMove = () => onStep('case-moved');
    this.#deliverer = new Deliverer({
      keeper: this.keeper,
      channels,
      policy: options.policy ?? DELIVERY_POLICY,
      log,
      now,
      ...steps,
    });
    const configured =
      enforcement.live && enforcement.url !== null && enforcement.secret !== null
        ? new WebhookAccessSystem({
            url: enforcement.url,
            secret: enforcement.secret,
            timeoutMs: enforcement.timeoutMs,
          })
        : null;
    const system = options.accessSystem ?? configured;
    this.#violationEnforcer = new ViolationEnforcer(this.keeper, system, log);
    this.#enforcer = new Enforcer({
      keeper: this.keeper,
      system,
      log,
      now,
      ...steps,
    });
  }

  /** Open the configured channels. Throws InputError when one cannot be (a missing key file). */
  static async open(options: ConsequencesOptions): Promise<Consequences> {
    return new Consequences(options, options.channels ?? (await openChannels(options.config, options.now)));
  }

  /** Which pieces of work something is due for now. */
  due(): ConsequenceJob[] {
    const { ledger, now } = this.#options;
    const passed = (at: number | null): boolean => at !== null && at <= now();
    const due: ConsequenceJob[] = [];
    if (passed(ledger.cases.nextDueAt())) due.push('cases');
    if (passed(ledger.outbox.nextDueAt())) due.push('deliver');
    if (passed(ledger.enforcements.nextDueAt())) due.push('enforce');
    if (this.#programmesDueAt().some(passed)) due.push('programmes');
    return due;
  }

  #programmesDueAt(): (number | null)[] {
    const { campaigns, orders, violations } = this.#options.ledger;
    return [campaigns.nextDueAt(), orders.nextDueAt(), violations.nextDueAt()];
  }

  /** When the next piece of work falls due (epoch ms), or null. */
  nextDueAt(): number | null {
    const { ledger } = this.#options;
    const ats = [
      ledger.cases.nextDueAt(),
      ledger.outbox.nextDueAt(),
      ledger.enforcements.nextDueAt(),
      ...this.#programmesDueAt(),
    ];
    const known = ats.filter((at): at is number => at !== null);
    return known.length === 0 ? null : Math.min(...known);
  }

  /** Do one piece of work. Gives how much was touched. */
  async run(job: ConsequenceJob): Promise<number> {
    // By a wrong clock every deadline is past: what only time brings about waits.
    // (Enforcement asks itself: giving access back never waits.)
    if ((job === 'cases' || job === 'programmes') && this.#options.ledger.enforcements.held('clock') !== null) return 0;
    switch (job) {
      case 'cases':
        return tickCases(this.keeper, this.#options.now());
      case 'deliver':
        return this.#deliverer.run();
      case 'enforce':
        return this.#enforcer.run();
      case 'programmes':
        return this.#programmes();
    }
  }

  /** Programmes without cases: annual reviews (R10), orders (R11), violations (R13). */
  async #programmes(): Promise<number> {
    const { now, log, ledger } = this.#options;
    // One programme that fails by our own fault must not hold up the others: violations have an hour.
    const guarded = async (name: string, work: () => number | Promise<number>): Promise<number> => {
      try {
        const touched = await work();
        ledger.resolveAlert(`programme-${name}`, now());
        return touched;
      } catch (error) {
        log.error({ error: messageOf(error), programme: name }, 'programme failed by our own fault');
        const fault = maskText(messageOf(error)).slice(0, 200);
        const message = {
          en: `${name} failed by our own fault: ${fault}`,
          zh: `${name} 因程序自身故障未能执行：${fault}`,
        };
        ledger.raiseAlert(`programme-${name}`, message, now());
        return 0;
      }
    };
    return (
      (await guarded('violations', () => new Violations(this.keeper).tick(now()))) +
      (await guarded('violation-acts', () => this.#violationEnforcer.run(now))) +
      (await guarded('annual-review', () => new AnnualReview(this.keeper).tick(now()))) +
      (await guarded('orders', () => new OrderCleanup(this.keeper).tick(now())))
    );
  }

  /** Once a tick: tell admins what was raised, and (once a day) look again at failures that have no case. */
  tick(): void {
    const { ledger, now } = this.#options;
    ledger.transaction(() => {
      this.#alertsToldUntil = planAdminNotices(this.keeper, this.#alertsToldUntil, now());
    });
    if (ledger.sweeps.takeSlot('case-reconcile', Math.floor(now() / 86_400_000), now()))
      this.#failing = this.#failures();
    this.#reconcileSome();
  }

  /**
   * Failures without a case (confirmed while a sweep was held, or before cases were kept) are looked at again: a case is opened
   * by a fresh look only. Gives the sites asked for.
   */
  reconcile(): number {
    this.#failing = this.#failures();
    let asked = 0;
    while (this.#failing.length > 0) asked += this.#reconcileSome();
    return asked;
  }

  #failures(): { siteId: number; checkId: string; programme: string }[] {
    const { ledger, config, now } = this.#options;
    return this.keeper.rules.checks.flatMap(({ id }) => {
      const programme = programmeOfCheck(config.programmes, id, now());
      return programme === null
        ? []
        : ledger.cases.failingSites(id).map((siteId) => ({ siteId, checkId: id, programme }));
    });
  }

  /** A page at a time: a tick must not hold up the loop. */
  #reconcileSome(): number {
    const { ledger, now } = this.#options;
    const sites = new Set<number>();
    for (const { siteId, checkId, programme } of this.#failing.splice(0, RECONCILE_PAGE)) {
      const owner = ledger.contacts.siteOwner(siteId);
      const touching = owner === null ? [] : ledger.cases.openCasesTouching(siteId, owner.subjectId);
      if (!touching.some((record) => record.programme === programme || record.policy.checks.includes(checkId)))
        sites.add(siteId);
    }
    ledger.sweeps.requestRescan([...sites], 'failure without a case', now(), true);
    return sites.size;
  }

  /** Work until nothing is due at this instant, at most `rounds` times. Gives how much was touched. */
  async settle(rounds = 50): Promise<number> {
    let touched = 0;
    for (let round = 0; round < rounds; round++) {
      const due = this.due();
      if (due.length === 0) break;
      let done = 0;
      for (const job of due) done += await this.run(job);
      touched += done;
      if (done === 0) break;
    }
    return touched;
  }

  /** Close the channels. */
  close(): void {
    for (const channel of Object.values(this.#channels)) channel.close();
  }
}

/** The channels the configuration names. SDKs are loaded only where they are used. */
export async function openChannels(config: Config, now: () => number): Promise<Partial<Record<ChannelId, Channel>>> {
  const { notices } = config.settings;
  const channels: Partial<Record<ChannelId, Channel>> = {};
  const { email, sms, admins } = notices;
  if (email.host !== null) {
    const { EmailChannel } = await import('../notify/channels/email.ts');
    const { dkim } = email;
    const key =
      dkim === null
        ? null
        : { domainName: dkim.domainName, keySelector: dkim.keySelector, privateKey: readKey(dkim.privateKeyFile) };
    channels.email = new EmailChannel({ ...email, host: email.host, dkim: key });
  }
  const { keyId, keySecret, signName, templates, protocol, timeoutMs, region } = sms;
  if (sms.provider === 'aliyun' && keyId !== null && keySecret !== null && signName !== null) {
    const { AliyunSmsChannel } = await import('../notify/channels/sms-aliyun.ts');
    const endpoint = sms.endpoint ?? 'dysmsapi.aliyuncs.com';
    channels.sms = new AliyunSmsChannel({
      endpoint,
      protocol,
      accessKeyId: keyId,
      accessKeySecret: keySecret,
      signName,
      templates,
      timeoutMs,
    });
  }
  if (
    sms.provider === 'tencent' &&
    keyId !== null &&
    keySecret !== null &&
    signName !== null &&
    sms.sdkAppId !== null
  ) {
    const { TencentSmsChannel } = await import('../notify/channels/sms-tencent.ts');
    const endpoint = sms.endpoint ?? 'sms.tencentcloudapi.com';
    const { sdkAppId } = sms;
    channels.sms = new TencentSmsChannel({
      endpoint,
      protocol,
      region,
      secretId: keyId,
      secretKey: keySecret,
      sdkAppId,
      signName,
      templates,
      timeoutMs,
    });
  }
  for (const kind of new Set(admins.robots.map((robot) => robot.kind)))
    channels[kind] = new RobotChannel(
      kind,
      admins.robots.filter((robot) => robot.kind === kind),
      now,
    );
  return channels;
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputError(
      `notices.email.dkim.privateKeyFile: ${messageOf(error)}`,
      'give a PEM file this process may read',
    );
  }
}
