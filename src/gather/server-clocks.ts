/** How long a server's word on the time counts. */
const KEPT_MS = 10 * 60_000;
const MOST = 200;

/** What the servers looked at say the time is, told to the ledger with every result: its own clock may be wrong. */
export class ServerClocks {
  readonly #skews = new Map<string, { at: number; skewMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A server on an address sent a `Date` header; anything that is none is ignored. */
  heard(address: string, header: string | null): void {
    if (header === null || !/^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(header)) return;
    const said = Date.parse(header);
    if (Number.isNaN(said)) return;
    this.#skews.delete(address);
    this.#skews.set(address, { at: this.#now(), skewMs: this.#now() - said });
    if (this.#skews.size > MOST) this.#skews.delete(this.#skews.keys().next().value as string);
  }

  /** The median over addresses: what time it is by them, and how many they are; null when nobody said. */
  reference(): { referenceAt: number; servers: number } | null {
    const now = this.#now();
    for (const [address, { at }] of this.#skews) if (Math.abs(now - at) > KEPT_MS) this.#skews.delete(address);
    const skews = [...this.#skews.values()].map(({ skewMs }) => skewMs).sort((a, b) => a - b);
    const middle = skews[Math.floor(skews.length / 2)];
    return middle === undefined ? null : { referenceAt: now - middle, servers: skews.length };
  }
}
