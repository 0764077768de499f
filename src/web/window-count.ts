/** Counts by key within windows of time, in memory: a restart forgives the window under way. */
export class WindowCount {
  readonly #windowMs: number;
  readonly #counts = new Map<string, { window: number; count: number }>();

  /** `windowMs`: how long a window lasts. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** How often a key was counted in the window of `now` (epoch ms). */
  of(key: string, now: number): number {
    const known = this.#counts.get(key);
    return known?.window === this.#windowAt(now) ? known.count : 0;
  }

  /** Count a key once more. Gives its count in the window. */
  add(key: string, now: number): number {
    const count = this.of(key, now) + 1;
    if (this.#counts.size >= MAX_KEYS) this.#forget(now);
    this.#counts.set(key, { window: this.#windowAt(now), count });
    return count;
  }

  #windowAt(now: number): number {
    return Math.floor(now / this.#windowMs);
  }

  /** Windows that are over; all of them where a crowd of keys fills the present one. */
  #forget(now: number): void {
    for (const [key, { window }] of this.#counts) if (window !== this.#windowAt(now)) this.#counts.delete(key);
    if (this.#counts.size >= MAX_KEYS) this.#counts.clear();
  }
}

const MAX_KEYS = 10_000;
