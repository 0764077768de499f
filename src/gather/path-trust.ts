import { registrableDomain } from '../filing/registrable-domain.ts';
import { type GuardedGetOptions, guardedGet } from './guarded-get.ts';

/** A page everybody knows, and words that stand on it and on no sign-in page of a network. */
export interface WellKnownPage {
  url: string;
  shows: string;
}

/** How long an answer is believed. */
const CLEAR_MS = 60_000;
const BLOCKED_MS = 10_000;

/**
 * Do pages reach us as they are? Behind a captive portal or a filtering proxy every site shows the same foreign page: none of them
 * may be accused by it (R16.1). Known by pages everybody knows; one that reads right is enough.
 */
export class PathTrust {
  readonly #pages: readonly WellKnownPage[];
  readonly #options: GuardedGetOptions;
  readonly #now: () => number;
  #known: { until: number; blocked: Promise<string | null> } | null = null;

  constructor(pages: readonly WellKnownPage[], options: GuardedGetOptions, now: () => number) {
    this.#pages = pages;
    this.#options = options;
    this.#now = now;
  }

  /** Why pages cannot be believed now; null when they can, or when no page is configured. Asked at most once a minute. */
  async whyBlocked(): Promise<string | null> {
    if (this.#pages.length === 0) return null;
    const left = (this.#known?.until ?? 0) - this.#now();
    // More left than was given: the clock was set back since.
    if (this.#known !== null && left > 0 && left <= CLEAR_MS) return this.#known.blocked;
    const entry = { until: this.#now() + CLEAR_MS, blocked: this.#ask() };
    this.#known = entry;
    const blocked = await entry.blocked;
    if (blocked !== null) entry.until = this.#now() + BLOCKED_MS;
    return blocked;
  }

  async #ask(): Promise<string | null> {
    const looks = await Promise.all(this.#pages.map((page) => this.#reads(page)));
    if (looks.includes('right')) return null;
    return looks.includes('wrong')
      ? 'well-known pages show something else: a captive portal or a filter stands between us and the sites'
      : 'well-known pages cannot be read: the network is broken on our side';
  }

  async #reads({ url, shows }: WellKnownPage): Promise<'right' | 'wrong' | 'unread'> {
    try {
      const answer = await guardedGet(url, this.#options);
      const shown = answer.body.includes(shows) || new TextDecoder('gb18030').decode(answer.body).includes(shows);
      const right = answer.status === 200 && shown;
      return right && siteOf(answer.url) === siteOf(url) ? 'right' : 'wrong';
    } catch {
      return 'unread';
    }
  }
}

const siteOf = (url: string): string | null => registrableDomain(new URL(url).hostname);
