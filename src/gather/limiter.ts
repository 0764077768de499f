/** Runs at most `limit` tasks a key at once; the rest wait in order. Used for politeness per address (design §3). */
export class KeyedLimiter {
  #limit: number;
  readonly #lanes = new Map<string, { running: number; waiting: (() => void)[]; first: (() => void)[] }>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Run a task in the key's lane; `first`: ahead of all others that wait there. */
  async run<T>(key: string, task: () => Promise<T>, { first = false } = {}): Promise<T> {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { running: 0, waiting: [], first: [] };
      this.#lanes.set(key, lane);
    }
    if (lane.running >= this.#limit) {
      const line = first ? lane.first : lane.waiting;
      await new Promise<void>((resolve) => line.push(resolve));
    } else lane.running++;
    try {
      return await task();
    } finally {
      lane.running--;
      // Fewer may be allowed than run, or more.
      while (lane.running < this.#limit && lane.first.length + lane.waiting.length > 0) {
        lane.running++;
        (lane.first.shift() ?? lane.waiting.shift())?.();
      }
      if (lane.running === 0) this.#lanes.delete(key);
    }
  }

  /** From now on so many at once a key, at least one; what runs goes on. Gives the limit. */
  allow(limit: number): number {
    this.#limit = Math.max(1, Math.floor(limit));
    return this.#limit;
  }

  /** Keys with work under way. */
  get size(): number {
    return this.#lanes.size;
  }
}
