import { createHmac } from 'node:crypto';
import { MOVES } from '../cases/moves.ts';
import { InputError, messageOf } from '../errors.ts';
import type { FeedEvent, Webhook } from '../ledger/api-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Logger } from '../log.ts';
import { isLoopbackHost } from '../provider/address.ts';

/** Events one turn hands to one webhook. */
const EVENTS_A_TURN = 100;
/** Waits after failures: 10 s, 20 s, … up to 10 minutes. */
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 600_000;
const IDLE_MS = 1000;
const MAX_ANSWER_BYTES = 10_000;

/** What a webhook may be. Throws InputError. */
export function readWebhook(given: { url: string; moves: readonly string[] }): { url: string; moves: string[] } {
  const url = URL.parse(given.url);
  if (url === null || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname))))
    throw new InputError(
      `${given.url}: no address a webhook may have`,
      'give one that starts with https://',
      '地址须以 https:// 开头',
    );
  if (url.username !== '' || url.password !== '')
    throw new InputError(
      'the address holds a password',
      'webhooks are signed: check the signature instead',
      '地址中不能带密码：推送带有签名',
    );
  const unknown = given.moves.find((move) => !Object.hasOwn(MOVES, move));
  if (unknown !== undefined)
    throw new InputError(`no move ${unknown}`, `give some of: ${Object.keys(MOVES).join(', ')}`, `没有事件 ${unknown}`);
  return { url: url.href, moves: [...new Set(given.moves)] };
}

/** How deliveries are timed (ms). */
interface WebhookTimes {
  timeoutMs: number;
  /** A webhook that takes nothing for this long is told to admins. */
  giveUpMs: number;
}

/**
 * Tells other systems of case events: each webhook in the order of the feed, at least once, the next only after the one before was
 * taken. The receiver knows a repeated event by its id. Nothing personal is in an event: it names case, move and states.
 */
export class WebhookSender {
  readonly #ledger: Ledger;
  readonly #times: WebhookTimes;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #working = new Map<number, Promise<number>>();
  readonly #closed = new AbortController();

  constructor(ledger: Ledger, times: WebhookTimes, now: () => number, log: Logger) {
    this.#ledger = ledger;
    this.#times = times;
    this.#now = now;
    this.#log = log;
  }

  /** Hand over what is due, to each in a turn of its own: a slow receiver holds up none but itself. Gives events handed over. */
  async turn(): Promise<number> {
    if (this.#closed.signal.aborted) return 0;
    const counts = await Promise.all(
      this.#ledger.api.dueWebhooks(this.#now()).map((hook) => {
        const working = this.#working.get(hook.id);
        if (working !== undefined) return 0;
        const begun = this.#serve(hook).finally(() => this.#working.delete(hook.id));
        this.#working.set(hook.id, begun);
        return begun;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Break off what is under way: the event is told again later. */
  async close(): Promise<void> {
    this.#closed.abort();
    await Promise.allSettled(this.#working.values());
  }

  async #serve(hook: Webhook): Promise<number> {
    let { cursor } = hook;
    let sent = 0;
    const { api } = this.#ledger;
    for (const event of api.feedAfter(cursor, EVENTS_A_TURN)) {
      if (hook.moves.length === 0 || hook.moves.includes(event.move)) {
        const fault = await this.#post(hook, event);
        if (this.#closed.signal.aborted) return sent;
        if (fault !== null) {
          this.#failed(hook, cursor, sent === 0 ? hook.attempts : 0, fault);
          return sent;
        }
        sent++;
      }
      cursor = event.feedId;
      // After each: a crash repeats one event, not a hundred.
      const stands = api.moveWebhook(hook.id, { cursor, attempts: 0, lastError: null, nextAt: this.#now() });
      if (!stands) return sent;
    }
    const nextAt = cursor < api.feedHead() ? this.#now() : this.#now() + IDLE_MS;
    api.moveWebhook(hook.id, { cursor, attempts: 0, lastError: null, nextAt });
    this.#ledger.resolveAlert(`webhook-${hook.id}`, this.#now());
    return sent;
  }

  #failed(hook: Webhook, cursor: number, before: number, fault: string): void {
    const attempts = before + 1;
    const now = this.#now();
    const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(20, attempts - 1));
    const stands = this.#ledger.api.moveWebhook(hook.id, { cursor, attempts, lastError: fault, nextAt: now + wait });
    if (!stands) return;
    this.#log.warn({ webhook: hook.id, attempts, fault }, 'a webhook took no event');
    const waited = Array.from({ length: attempts }, (_, index) =>
      Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(20, index)),
    );
    if (waited.reduce((sum, one) => sum + one, 0) >= this.#times.giveUpMs)
      this.#ledger.raiseAlert(
        `webhook-${hook.id}`,
        {
          en: `webhook ${hook.id} takes no events: ${fault}; mend it, or remove it`,
          zh: `回调 ${hook.id} 一直不接收事件：${fault}；请修复，或在“接口”页删除`,
        },
        now,
      );
  }

  /** Gives null once the event was taken, else why not. */
  async #post(hook: Webhook, event: FeedEvent): Promise<string | null> {
    const body = JSON.stringify(eventBody(this.#ledger, event));
    const stamp = String(Math.floor(this.#now() / 1000));
    try {
      const response = await fetch(hook.url, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.any([AbortSignal.timeout(this.#times.timeoutMs), this.#closed.signal]),
        headers: {
          'content-type': 'application/json',
          'x-patrol-event': event.move,
          'x-patrol-delivery': `${event.feedId}`,
          'x-patrol-timestamp': stamp,
          'x-patrol-signature': signEvent(hook.secret, stamp, body),
        },
        body,
      });
      await drain(response);
      return response.ok ? null : `HTTP ${response.status}`;
    } catch (error) {
      return messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
    }
  }
}

/** `sha256=` and the HMAC of timestamp, a full stop, and the body. */
const signEvent = (secret: string, stamp: string, body: string): string =>
  `sha256=${createHmac('sha256', secret).update(`${stamp}.${body}`).digest('hex')}`;

/** An event as other systems get it: in the feed of the API, and in webhooks. */
export function eventBody(ledger: Ledger, event: FeedEvent) {
  const record = ledger.cases.get(event.caseId);
  return {
    id: event.feedId,
    case: record?.code ?? '',
    programme: record?.programme ?? '',
    move: event.move,
    from: event.fromState,
    to: event.toState,
    at: new Date(event.at).toISOString(),
    by: event.actorKind,
    // Of events before it was kept with them the present one is known.
    deadlineAt: isoOf(event.deadlineAt ?? record?.deadlineAt ?? null),
  };
}

const isoOf = (instant: number | null): string | null => (instant === null ? null : new Date(instant).toISOString());

/** Answers are of no use; a receiver that sends for ever must not hold us. */
async function drain(response: Response): Promise<void> {
  let left = MAX_ANSWER_BYTES;
  const reader = response.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    left -= part?.value?.length ?? 0;
    if (part === undefined || part.done) return;
    if (left < 0) return reader?.cancel();
  }
}
