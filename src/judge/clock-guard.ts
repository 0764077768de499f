import type { Bilingual } from '../bilingual.ts';

/** What the clock guard allows. All in milliseconds. */
export interface ClockPolicy {
  /** The ledger's clock may be off by this much against the servers looked at. */
  maxSkewMs: number;
  /** The clock may step by this much while the process runs. */
  maxStepMs: number;
  /** A worker that was away for longer asks for a reference before it believes its clock. */
  maxAwayMs: number;
}

/** One comparison with the world outside: our instant, and theirs. */
export interface ClockReference {
  at: number;
  /** The median of what servers on different addresses said. */
  referenceAt: number;
  /** How many said it. */
  servers: number;
}

/** Fewer servers than this could be one owner's joke. */
const MIN_SERVERS = 5;
const KEPT = 12;

/**
 * Is this machine's clock to be believed? A wrong one makes domains expire, deadlines pass and orders fall due by the thousand. It
 * is doubted when it steps against the monotonic clock, when the worker finds itself before its own last tick or long after it, and
 * when the servers looked at say another time; their word, and nothing else, clears it by itself. Pure but for what it remembers.
 */
export class ClockGuard {
  readonly #policy: ClockPolicy;
  readonly #references: ClockReference[] = [];
  #last: { wallMs: number; monotonicMs: number } | null = null;
  #doubt: Bilingual | null = null;
  /** Something was stopped for the doubt in force. */
  #stopped = false;

  constructor(policy: ClockPolicy) {
    this.#policy = policy;
  }

  /** At the start: the instant of the last tick the ledger remembers, and why an earlier run stopped; null when neither is known. */
  started(now: number, lastTickAt: number | null, stoppedFor: Bilingual | null): void {
    if (stoppedFor !== null) {
      this.#doubt = stoppedFor;
      this.#stopped = true;
      return;
    }
    if (lastTickAt === null) return;
    const awayMs = now - lastTickAt;
    if (awayMs < -this.#policy.maxStepMs)
      this.#doubt = say(
        (span) => `the clock is ${span} before the last tick of this ledger`,
        (span) => `本机时钟比账本最近一次记录早 ${span}`,
        -awayMs,
      );
    else if (awayMs > this.#policy.maxAwayMs)
      this.#doubt = say(
        (span) => `the last tick of this ledger was ${span} ago`,
        (span) => `账本最近一次记录在 ${span}前`,
        awayMs,
      );
  }

  /** At every beat: the clock, and one that cannot be set. True when it stepped. */
  beat(now: number, monotonicMs: number): boolean {
    const last = this.#last;
    this.#last = { wallMs: now, monotonicMs };
    if (last === null) return false;
    const stepMs = now - last.wallMs - (monotonicMs - last.monotonicMs);
    if (Math.abs(stepMs) <= this.#policy.maxStepMs) return false;
    this.#references.length = 0;
    this.#doubt = say(
      (span) => `the clock stepped ${stepMs > 0 ? 'forward' : 'back'} by ${span}`,
      (span) => `本机时钟${stepMs > 0 ? '前跳' : '回跳'}了 ${span}`,
      Math.abs(stepMs),
    );
    return true;
  }

  /** Servers said what time it is. */
  refer(reference: ClockReference): void {
    if (reference.servers < MIN_SERVERS) return;
    this.#references.push(reference);
    if (this.#references.length > KEPT) this.#references.shift();
    const skews = this.#references.map(({ at, referenceAt }) => at - referenceAt);
    // Results wait in queues, which looks like a clock that is ahead: the quickest of them tells.
    const least = Math.min(...skews);
    const most = Math.max(...skews);
    if (least > this.#policy.maxSkewMs)
      this.#doubt = say(
        (span) => `the clock is ${span} ahead of the servers looked at`,
        (span) => `本机时钟比被访问的服务器快 ${span}`,
        least,
      );
    else if (most < -this.#policy.maxSkewMs)
      this.#doubt = say(
        (span) => `the clock is ${span} behind the servers looked at`,
        (span) => `本机时钟比被访问的服务器慢 ${span}`,
        -most,
      );
    else if (Math.abs(least) <= this.#policy.maxSkewMs) {
      this.#doubt = null;
      this.#stopped = false;
    }
  }

  /** What accuses was stopped for the doubt in force. */
  stopped(): void {
    this.#stopped = true;
  }

  /** Was what accuses stopped for it, and let go on by a person since? Then it is believed, until it is doubted anew. */
  forgiven(): boolean {
    if (!this.#stopped) return false;
    this.#stopped = false;
    this.#references.length = 0;
    this.#doubt = null;
    return true;
  }

  /** Why the clock is not believed now; null when it is. */
  get doubt(): Bilingual | null {
    return this.#doubt;
  }
}

/** A sentence about a span of time. */
function say(en: (span: string) => string, zh: (span: string) => string, ms: number): Bilingual {
  const hours = ms / 3_600_000;
  const [count, unit, unitZh] =
    hours < 1
      ? [String(Math.round(ms / 60_000)), 'minutes', '分钟']
      : hours < 72
        ? [hours.toFixed(1), 'hours', '小时']
        : [String(Math.round(hours / 24)), 'days', '天'];
  return { en: en(`${count} ${unit}`), zh: zh(`${count} ${unitZh}`) };
}
