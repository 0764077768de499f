import { randomUUID } from 'node:crypto';
import { beijingDate } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { SYSTEM } from '../cases/types.ts';
import type { Message, Notice } from '../ledger/outbox-store.ts';
import { type Logger, maskText } from '../log.ts';
import type { Channel } from './channels/types.ts';
import { compose } from './compose.ts';
import { giveUp, onRefusedAddress } from './fallback.ts';
import { admission, admitPlanned, countWire } from './gate.ts';
import { withSecret } from './one-time-secret.ts';
import { afterLookup, afterSend, type DeliveryPolicy } from './outcome.ts';
import { type ChannelId, DIGESTED } from './types.ts';

/** What delivering needs. `onStep` is told of every step (tests kill the process there). */
export interface DelivererOptions {
  keeper: CaseKeeper;
  channels: Partial<Record<ChannelId, Channel>>;
  policy: DeliveryPolicy;
  log: Logger;
  now: () => number;
  onStep?: (step: string) => void;
  /** Messages on the wire at once. */
  concurrency?: number;
}

/**
 * Delivers what is owed, exactly as design §5: the message and its correlation id are committed (and on the disk) as `sending`
 * before the wire is touched; what the wire says is committed after. A crash between leaves `sending`, which becomes `unknown`
 * when its lease is over, never `failed`.
 */
export class Deliverer {
  readonly #options: DelivererOptions;

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Do everything that is due, at most `limit` messages of each sort. Gives how many were touched. */
  async run(limit = 200): Promise<number> {
    const { keeper, now } = this.#options;
    const due = keeper.ledger.outbox.dueMessages(now(), limit);
    await this.#each(due, (message) => this.#again(message.id));
    const prepared = this.#enclose(limit);
    await this.#each(prepared, (messageId) => this.#send(messageId, 1));
    return due.length + prepared.length;
  }

  /** Messages go out side by side; one that fails (our own fault) is logged and does not hold up the others. */
  async #each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
    const queue = [...items];
    const worker = async (): Promise<void> => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        await work(item).catch((error: unknown) =>
          this.#options.log.error({ error }, 'delivery failed by our own fault'),
        );
      }
    };
    await Promise.all(Array.from({ length: this.#options.concurrency ?? 8 }, worker));
  }

  /** Put due notices into messages, one a recipient, channel and kind. Gives messages ready for the wire. */
  #enclose(limit: number): number[] {
    const { keeper, now } = this.#options;
    const { outbox } = keeper.ledger;
    const groups = new Map<string, number[]>();
    for (const { id, channel, recipient, kind, dryRun, topic } of outbox.dueNotices(now(), limit * 5)) {
      // A digest only where one text can speak for many cases; everything else says one thing to one person.
      const key = [channel, recipient, kind, dryRun, DIGESTED.has(kind) ? '' : topic].join(' ');
      groups.set(key, [...(groups.get(key) ?? []), id]);
      if (groups.size >= limit) break;
    }
    const ready: number[] = [];
    for (const ids of groups.values()) {
      this.#options.onStep?.('before-enclose');
      try {
        const messageId = keeper.ledger.durably(() => this.#encloseGroup(ids, now()));
        if (messageId !== null) ready.push(messageId);
      } catch (error) {
        // A text that cannot be written is our own fault: it waits, and the others go out.
        this.#options.log.error({ error, notices: ids }, 'a notice could not be written');
        for (const id of ids)
          outbox.postpone(id, now() + 3_600_000, {
            en: 'it could not be written: our own fault',
            zh: '程序故障，未能写成',
          });
      }
      this.#options.onStep?.('enclosed');
    }
    return ready;
  }

  #encloseGroup(ids: number[], now: number): number | null {
    const { keeper, channels } = this.#options;
    const { outbox } = keeper.ledger;
    const admitted: Notice[] = [];
    for (const id of ids) {
      const notice = outbox.notice(id);
      // Read again inside the transaction: a case that moved may have cancelled it.
      if (notice?.state === 'planned' && notice.notBefore <= now && admitPlanned(keeper, notice, now))
        admitted.push(notice);
    }
    const [first] = admitted;
    if (first === undefined || !countWire(keeper, first, admitted, now)) return null;
    const channel = channels[first.channel];
    if (!first.dryRun && first.channel !== 'in-site' && channel === undefined) {
      for (const { id } of admitted)
        outbox.setNotice(id, 'cancelled', {
          en: `the channel ${first.channel} is not configured`,
          zh: '该渠道没有配置',
        });
      return null;
    }
    for (const { caseId, kind } of admitted) if (caseId !== null && kind === 'found') keeper.startPeriod(caseId, now);
    const content = compose(keeper, admitted, now);
    const inSite = first.channel === 'in-site' && !first.dryRun;
    const messageId = outbox.insertMessage({
      correlationId: randomUUID().replaceAll('-', ''),
      channel: first.channel,
      recipient: first.recipient,
      kind: first.kind,
      content,
      state: first.dryRun ? 'dry-run' : 'sending',
      provider: first.dryRun ? null : (channel?.provider ?? 'ledger'),
      sentDay: beijingDate(now),
      now,
      nextAt: first.dryRun || inSite ? null : now + this.#options.policy.leaseMs,
    });
    for (const { id } of admitted) outbox.setNotice(id, 'enclosed', null, messageId);
    if (inSite) this.#putInSite(messageId, first.subjectId, now);
    return first.dryRun || inSite ? null : messageId;
  }

  /** An in-site message touches no wire: it is delivered by the transaction that encloses it. */
  #putInSite(messageId: number, subjectId: number | null, now: number): void {
    const { outbox } = this.#options.keeper.ledger;
    const message = outbox.message(messageId) as Message;
    const { content } = withSecret(this.#options.keeper, message, now);
    if (subjectId !== null) outbox.putInSite(subjectId, messageId, content.title, content.text, now);
    const change = { state: 'delivered', acceptedAt: now, settledAt: now } as const;
    outbox.updateMessage(message, change, { what: 'put', outcome: 'delivered', detail: 'in-site', at: now });
    this.#accepted(messageId, now);
  }

  /** Put a message on the wire: the attempt it was committed for, and no other. */
  async #send(messageId: number, attempt: number): Promise<void> {
    const { keeper, channels, policy, now, log } = this.#options;
    const { outbox } = keeper.ledger;
    const message = outbox.message(messageId) as Message;
    const channel = channels[message.channel];
    if (channel === undefined) return;
    const wire = keeper.ledger.durably(() => this.#takeUp(messageId, attempt));
    if (wire === null) return;
    this.#options.onStep?.('before-wire');
    const outcome = await channel.send(wire);
    this.#options.onStep?.('after-wire');
    const at = now();
    keeper.ledger.durably(() => {
      const current = outbox.message(messageId) as Message;
      const { change, settled } = afterSend(current, outcome, channel.unknown, policy, at);
      outbox.updateMessage(current, change, { what: 'send', outcome: outcome.kind, detail: detailOf(outcome), at });
      if (settled === 'accepted') this.#accepted(messageId, at);
      if (outcome.kind === 'refused') onRefusedAddress(keeper, current, outcome, at);
      if (settled === 'failed') this.#failed(messageId, outcome.kind === 'accepted' ? '' : outcome.code, at);
    });
    this.#options.onStep?.('settled');
    log.info({ messageId, channel: message.channel, kind: message.kind, outcome: outcome.kind }, 'message sent');
  }

  /** Still ours to send, and from now on for a whole lease: what waited in a queue too long belongs to whoever took it since. */
  #takeUp(messageId: number, attempt: number): Message | null {
    const { keeper, policy, now } = this.#options;
    const { outbox } = keeper.ledger;
    const current = outbox.message(messageId);
    // The lease is over: somebody may have called it unknown in this very moment.
    const ours = current?.state === 'sending' && current.attempts === attempt && (current.nextAt ?? 0) > now();
    if (!ours) return null;
    const change = { sendingAt: now(), nextAt: now() + policy.leaseMs };
    outbox.updateMessage(current, change, {
      what: 'wire',
      outcome: 'sending',
      detail: `attempt ${current.attempts}`,
      at: now(),
    });
    return withSecret(keeper, { ...current, ...change }, now());
  }

  /** A message that is not at its end: a lease that ran out, a retry, an unknown fate, a receipt to come. */
  async #again(messageId: number): Promise<void> {
    const { keeper, channels, policy, now } = this.#options;
    const { outbox } = keeper.ledger;
    const message = outbox.message(messageId);
    if (message === null || message.nextAt === null || message.nextAt > now()) return;
    const channel = channels[message.channel];
    if (message.state === 'sending') {
      // Whoever sent it is gone: it may be on its way.
      const wait = channel?.unknown === 'resend' ? policy.resendAfterMs : policy.lookupMs[0];
      const change = {
        state: 'unknown',
        code: 'lease',
        error: 'the process sending it ended',
        nextAt: now() + (wait ?? 60_000),
      } as const;
      keeper.ledger.transaction(() => {
        const current = outbox.message(messageId);
        if (current?.state === 'sending' && current.nextAt === message.nextAt)
          outbox.updateMessage(current, change, { what: 'lease', outcome: 'unknown', detail: 'lease over', at: now() });
      });
      return;
    }
    if (channel === undefined) return this.#putOff(message, 'the channel is not configured');
    if (message.state === 'retry') return this.#resend(message, 0);
    if (message.provider !== channel.provider) return this.#abandon(message, channel.provider);
    if (message.state === 'unknown' && channel.unknown === 'resend') return this.#resend(message, 1);
    if (channel.lookup === undefined) return this.#putOff(message, 'nothing to look up');
    const outcome = await channel.lookup(message, {
      otherProviderIds: outbox.otherProviderIds(message),
      unsettledOthers: outbox.unsettledOthers(message),
      now: now(),
    });
    this.#options.onStep?.('looked-up');
    const at = now();
    const again = keeper.ledger.durably(() => {
      const current = outbox.message(messageId) as Message;
      if (current.nextAt !== message.nextAt) return false;
      const { change, settled, resend } = afterLookup(current, outcome, policy, at);
      outbox.updateMessage(current, change, { what: 'lookup', outcome: outcome.kind, detail: detailOf(outcome), at });
      if (settled === 'accepted') this.#accepted(messageId, at);
      if (outcome.kind === 'failed') onRefusedAddress(keeper, current, outcome, at);
      if (settled === 'failed') this.#failed(messageId, outcome.kind === 'failed' ? outcome.code : 'no-receipt', at);
      return resend;
    });
    if (again) await this.#resend(outbox.message(messageId) as Message, 0);
  }

  async #resend(message: Message, possibleDuplicates: number): Promise<void> {
    const { keeper, policy, now } = this.#options;
    const { outbox } = keeper.ledger;
    const taken = keeper.ledger.durably(() => {
      const current = outbox.message(message.id) as Message;
      // Another process, or a job run twice, may have taken it up since: only one of them sends.
      if (current.state !== message.state || current.attempts !== message.attempts || current.nextAt !== message.nextAt)
        return false;
      const content = this.#readmit(current);
      if (content === null) return false;
      const change = {
        content,
        state: 'sending',
        attempts: current.attempts + 1,
        possibleDuplicates: current.possibleDuplicates + possibleDuplicates,
        sendingAt: now(),
        nextAt: now() + policy.leaseMs,
        absences: 0,
        lookups: 0,
        provider: this.#options.channels[current.channel]?.provider ?? current.provider,
      } as const;
      const log = { what: 'again', outcome: current.state, detail: `attempt ${current.attempts + 1}`, at: now() };
      outbox.updateMessage(current, change, log);
      return true;
    });
    if (!taken) return;
    this.#options.onStep?.('resend-committed');
    await this.#send(message.id, message.attempts + 1);
  }

  /**
   * What goes out again is asked about again, and written anew: the case may have moved on, the deadline too. Null when it does
   * not go out now; the message is then put off, or at its end.
   */
  #readmit(message: Message): Message['content'] | null {
    const { keeper, now } = this.#options;
    const { outbox } = keeper.ledger;
    const going: Notice[] = [];
    for (const notice of outbox.noticesOfMessage(message.id).filter(({ state }) => state === 'enclosed')) {
      const decision = admission(keeper, notice, now());
      if (decision.kind === 'later') {
        const record =
          decision.asksLook === true && notice.caseId !== null ? keeper.ledger.cases.get(notice.caseId) : null;
        if (record !== null) {
          keeper.askLook(record, now());
          outbox.lookAsked(notice.id, now(), decision.until, decision.reason);
        }
        const log = { what: 'wait', outcome: message.state, detail: decision.reason.en, at: now() };
        outbox.updateMessage(message, { nextAt: decision.until, error: decision.reason.en }, log);
        return null;
      }
      if (decision.kind === 'go') going.push(notice);
      else {
        outbox.setNotice(notice.id, decision.kind === 'cancel' ? 'cancelled' : 'failed', decision.reason, message.id);
        if (decision.kind === 'fail') giveUp(keeper, notice, decision.reason.en, now());
      }
    }
    if (going.length === 0) {
      // Of unknown fate it stays so; what surely was not sent ends here.
      const state = message.state === 'unknown' ? 'unknown' : 'failed';
      const log = { what: 'end', outcome: state, detail: 'nothing of it is true any more', at: now() };
      outbox.updateMessage(message, { state, nextAt: null, settledAt: now(), error: log.detail }, log);
      return null;
    }
    for (const { caseId, kind } of going) if (caseId !== null && kind === 'found') keeper.startPeriod(caseId, now());
    return compose(keeper, going, now());
  }

  /** The gateway it went to is not the configured one any more: it cannot be asked, so nothing is sent again. */
  #abandon(message: Message, provider: string): void {
    const { keeper, now } = this.#options;
    const error = `it went to ${message.provider}, configured is ${provider}: its fate stays ${message.state}`;
    const log = { what: 'abandon', outcome: message.state, detail: error, at: now() };
    keeper.ledger.outbox.updateMessage(message, { error, nextAt: null, settledAt: now() }, log);
    if (message.state === 'unknown')
      keeper.ledger.raiseAlert(
        'messages-abandoned',
        {
          en: 'messages of unknown fate belong to a gateway that is not configured any more: patrol notices list --stuck',
          zh: '部分结果未知的消息属于已不再配置的网关，请在“通知”页查看“需要处理”',
        },
        now(),
      );
  }

  #putOff(message: Message, reason: string): void {
    const { keeper, now } = this.#options;
    keeper.ledger.outbox.updateMessage(
      message,
      { nextAt: now() + 600_000, error: reason },
      { what: 'wait', outcome: message.state, detail: reason, at: now() },
    );
  }

  /** A channel took it: the cases it tells of know that the owner was told. */
  #accepted(messageId: number, now: number): void {
    const { keeper } = this.#options;
    for (const { caseId, kind, channel, recipient, stage } of keeper.ledger.outbox.noticesOfMessage(messageId)) {
      if (caseId === null) continue;
      const data = { kind, stage, channel, to: maskText(recipient), messageId };
      keeper.move(caseId, 'notice-sent', { now, actor: SYSTEM, data });
      const record = keeper.ledger.cases.get(caseId);
      // The in-site inbox alone tells nobody for certain (R1.4).
      if (kind === 'found' && channel !== 'in-site' && record?.toldAt === null && record.closedAt === null)
        keeper.move(caseId, 'told', { now, actor: SYSTEM, data: { channel } });
    }
  }

  /** It will not arrive. */
  #failed(messageId: number, code: string, now: number): void {
    const { keeper } = this.#options;
    for (const notice of keeper.ledger.outbox.noticesOfMessage(messageId)) {
      if (notice.state !== 'enclosed') continue;
      keeper.ledger.outbox.setNotice(notice.id, 'failed', { en: code, zh: code }, messageId);
      giveUp(keeper, notice, code, now);
    }
  }
}

function detailOf(outcome: { kind: string; code?: string; message?: string; providerId?: string | null }): string {
  return maskText(
    [outcome.code, outcome.message, outcome.providerId].filter((part) => part !== undefined && part !== null).join(' '),
  ).slice(0, 300);
}
