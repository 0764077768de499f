/** Counts by key within windows of time, in memory: a restart forgives the window under way. */
export class WindowCount {
  readonly #windowMs: number;
  readonly #maxKeys: number;
  /** Those counted last stand last. */
  readonly #counts = new Map<string, { window: number; count: number }>();

  /** `windowMs`: how long a window lasts. Beyond `maxKeys` those counted longest ago are forgotten. */
  constructor(windowMs: number, maxKeys = MAX_KEYS) {
    this.#windowMs = windowMs;
    this.#maxKeys = maxKeys;
  }

  /** How often a key was counted in the window of `now` (epoch ms). */
  of(key: string, now: number): number {
    const known = this.#counts.get(key);
    return known?.window === this.#windowAt(now) ? known.count : 0;
  }

  /** Count a key once more. Gives its count in the window. */
  add(key: string, now: number): number {
    const count = this.of(key, now) + 1;
    this.#counts.delete(key);
    if (this.#counts.size >= this.#maxKeys)
      for (const oldest of this.#counts.keys()) {
        this.#counts.delete(oldest);
        break;
      }
    this.#counts.set(key, { window: this.#windowAt(now), count });
    return count;
  }

  #windowAt(now: number): number {
    return Math.floor(now / this.#windowMs);
  }
}

const MAX_KEYS = 100_000;
