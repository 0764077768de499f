/**
 * Pages that turn out dear to read go on a few at a time: read all at once, a hundred of them would take the memory and the event
 * loop of everything else in the process. A page is charged with its waiting once it has cost more of its own than honest pages do (decision 0016).
 */
export class ReadingLane {
  readonly #limit: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #turns: (() => void)[] = [];

  constructor(limit = 1) {
    this.#limit = limit;
  }

  /** Wait for a place; false when the signal ended first. Whoever got true must leave. */
  async enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.#inside < this.#limit) {
      this.#inside++;
      return true;
    }
    return new Promise((resolve) => {
      const take = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(false);
      };
      this.#waiting.push(take);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** One page's turn a round of the event loop, so that what else is due is never behind more than one slice. */
  async turn(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#turns.push(resolve);
      if (this.#turns.length === 1) setImmediate(this.#next);
    });
  }

  readonly #next = (): void => {
    this.#turns.shift()?.();
    if (this.#turns.length > 0) setImmediate(this.#next);
  };

  /** Give the place to the next. */
  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#inside--;
    else next();
  }
}
