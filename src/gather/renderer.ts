import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { messageOf } from '../errors.ts';
import { readPage } from '../facts/page-reader.ts';
import type { ContentWords } from '../reference/content-words.ts';
import type { Dialer } from './dialer.ts';
import type { DnsOptions } from './dns.ts';
import { findBrowser } from './find-browser.ts';
import { GuardProxy } from './guard-proxy.ts';
import { KeyedLimiter } from './limiter.ts';
import { watchTraffic } from './page-traffic.ts';
import { assemble, calm, openSight, scrollDown, shoot, VIEW } from './page-view.ts';
import { type Artifact, failed, type RawEvidence, type RenderedValue } from './types.ts';

/** `render:` of the configuration. */
export interface RenderSettings {
  enabled: boolean;
  /** Null: one is looked for on the machine. */
  executable: string | null;
  concurrency: number;
  totalTimeoutMs: number;
  quietMs: number;
  maxBytes: number;
  maxRequests: number;
  /** The browser's own sandbox; it needs an unprivileged user and user namespaces. */
  sandbox: boolean;
}

/** What a renderer needs. */
export interface RenderOptions extends RenderSettings {
  dns: DnsOptions;
  dialer: Dialer;
  connectTimeoutMs: number;
  userAgent: string;
  contentWords: ContentWords | null;
  now: () => number;
}

/** What drawing one page gave. */
export interface RenderLook {
  rendered: Artifact<RenderedValue>;
  raw: RawEvidence[];
}

/** Pages drawn before the browser is started anew: none lives for ever. */
const PAGES_A_BROWSER = 100;

/**
 * Draws pages in a real headless Chromium whose only way out is the guard's proxy. It never throws: without a browser, or when one
 * fails, that is said as a failed artifact of our own.
 */
export class Renderer {
  readonly #options: RenderOptions;
  readonly #slots: KeyedLimiter;
  #browser: Promise<Browser> | null = null;
  #home: string | null = null;
  #pages = 0;
  #open = 0;
  #closed = false;

  constructor(options: RenderOptions) {
    this.#options = options;
    this.#slots = new KeyedLimiter(options.concurrency);
  }

  /** Draw the page at an address. */
  async render(url: string): Promise<RenderLook> {
    const startedAt = this.#options.now();
    if (!this.#options.enabled)
      return { rendered: failed('not-requested', 'render.enabled is false', startedAt, 0, true), raw: [] };
    if (!/^https?:\/\//.test(url))
      return { rendered: failed('bad-redirect', 'not an http address', startedAt), raw: [] };
    // No browser on this machine is known beforehand, and another matter than one that failed.
    if (findBrowser(this.#options.executable) === null)
      return {
        rendered: failed(
          'not-requested',
          'no Chromium was found on this machine (render.executable)',
          startedAt,
          0,
          true,
        ),
        raw: [],
      };
    return this.#slots.run('page', async () => {
      try {
        return await this.#draw(url, startedAt);
      } catch (error) {
        return {
          rendered: failed(
            'internal',
            `the browser failed: ${messageOf(error).slice(0, 200)}`,
            startedAt,
            this.#options.now() - startedAt,
            true,
          ),
          raw: [],
        };
      }
    });
  }

  async #draw(url: string, startedAt: number): Promise<RenderLook> {
    this.#open++;
    const browser = await this.#launch().catch((error: unknown) => {
      this.#open--;
      throw error;
    });
    const { dns, dialer, connectTimeoutMs, maxBytes, maxRequests, userAgent } = this.#options;
    const proxy = await GuardProxy.start({ dns, dialer, connectTimeoutMs, maxBytes, maxConnections: maxRequests * 2 });
    let context: BrowserContext | null = null;
    try {
      context = await browser.newContext({
        proxy: { server: proxy.url, bypass: '<-loopback>' },
        viewport: VIEW,
        userAgent,
        locale: 'zh-CN',
        timezoneId: 'Asia/Shanghai',
        ignoreHTTPSErrors: true,
        serviceWorkers: 'block',
        acceptDownloads: false,
        permissions: [],
      });
      const page = await context.newPage();
      const look = this.#look(page, url, startedAt, browser.version());
      const late = await within(look, this.#options.totalTimeoutMs + GRACE_MS);
      if (late !== null) return late;
      look.catch(() => {});
      const message = `timeout: the page was not drawn within ${this.#options.totalTimeoutMs} ms`;
      return { rendered: failed('timeout', message, startedAt, this.#options.now() - startedAt), raw: [] };
    } finally {
      this.#open--;
      await proxy.close();
      // A page that keeps its process busy may never close: then its browser goes.
      const closed = await within(
        context === null
          ? Promise.resolve(true)
          : context.close().then(
              () => true,
              () => false,
            ),
        CLOSE_MS,
      );
      if (closed !== true) await this.#kill(browser);
    }
  }

  async #look(page: Page, url: string, startedAt: number, version: string): Promise<RenderLook> {
    const { totalTimeoutMs, quietMs, maxRequests, contentWords, now } = this.#options;
    const deadline = Date.now() + totalTimeoutMs;
    const left = (): number => Math.max(1, deadline - Date.now());
    const traffic = await watchTraffic(page, maxRequests);
    page.on('dialog', (dialog) => void dialog.dismiss().catch(() => {}));
    page.context().on('page', (other) => void (other !== page && other.close().catch(() => {})));
    let status = 0;
    // The page finally shown counts, not the first on the way to it.
    page.on('response', (answer) => {
      const main = answer.request().isNavigationRequest() && answer.frame() === page.mainFrame();
      if (main && (answer.status() < 300 || answer.status() >= 400)) status = answer.status();
    });
    await page.goto(url, { waitUntil: 'domcontentloaded', timeout: left() });
    await traffic.quiet(quietMs, left());
    // What loads only when it comes into view is part of the footer, also in boxes that scroll by themselves.
    const sight = await openSight(page);
    await scrollDown(sight);
    const settled = (await traffic.quiet(quietMs, left())) && (await calm(sight, left()));
    const { html, doubts } = await assemble(sight);
    const facts = readPage(html, contentWords);
    if (facts.visibleCharacters < MIN_CHARACTERS) doubts.push('the page shows next to nothing');
    const picture = await shoot(page, sight, left()).catch(() => null);
    const final = new URL(page.url());
    const value: RenderedValue = {
      url: final.href.slice(0, 500),
      host: final.hostname,
      status,
      facts,
      requests: traffic.requests(),
      failedRequests: traffic.failures(),
      settled,
      doubts: doubts.slice(0, 10),
      screenshotDigest: picture === null ? null : createHash('sha256').update(picture).digest('hex'),
      browser: `Chromium ${version}`,
    };
    const raw: RawEvidence[] = [
      {
        kind: 'rendered-page',
        name: `as seen ${value.url.slice(0, 200)}`,
        base64: Buffer.from(html.slice(-500_000)).toString('base64'),
      },
    ];
    if (picture !== null)
      raw.unshift({ kind: 'screenshot', name: 'screenshot.jpg', base64: picture.toString('base64') });
    return { rendered: { ok: true, observedAt: startedAt, tookMs: now() - startedAt, value }, raw };
  }

  /** One browser for all pages, started when first needed, replaced after some pages or when it died. */
  async #launch(): Promise<Browser> {
    if (this.#closed) throw new Error('the renderer is closed');
    if (this.#browser !== null && this.#pages >= PAGES_A_BROWSER && this.#open === 1) await this.#stop();
    this.#pages++;
    this.#browser ??= this.#start();
    const mine = this.#browser;
    try {
      const browser = await mine;
      if (browser.isConnected()) return browser;
    } catch (error) {
      if (this.#browser === mine) this.#browser = null;
      throw error;
    }
    // It died: whoever notices first starts the next one, the others wait for that.
    if (this.#browser === mine) this.#browser = this.#start();
    return this.#browser ?? this.#launch();
  }

  /** End a browser that does not listen any more. */
  async #kill(browser: Browser): Promise<void> {
    this.#browser = null;
    await within(
      browser.close().then(
        () => true,
        () => true,
      ),
      CLOSE_MS,
    );
  }

  async #start(): Promise<Browser> {
    const executablePath = findBrowser(this.#options.executable);
    if (executablePath === null) throw new Error('no Chromium was found on this machine (render.executable)');
    const { chromium } = await import('playwright-core');
    this.#pages = 0;
    this.#home ??= mkdtempSync(join(tmpdir(), 'beian-browser-'));
    const root = process.getuid?.() === 0;
    const browser = await chromium.launch({
      // The worker drains by itself: the browser must not end the process.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      executablePath,
      headless: true,
      chromiumSandbox: this.#options.sandbox && !root,
      // Nothing of our environment: it may hold secrets.
      env: { PATH: process.env['PATH'] ?? '', HOME: this.#home, LANG: 'zh_CN.UTF-8' },
      // Whatever belongs to no page finds a closed door.
      proxy: { server: 'http://127.0.0.1:9', bypass: '<-loopback>' },
      args: [
        '--disable-quic',
        '--webrtc-ip-handling-policy=disable_non_proxied_udp',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        '--no-pings',
        '--disable-domain-reliability',
        '--gaia-url=http://127.0.0.1:9/',
        '--component-updater=url-source=http://127.0.0.1:9/',
      ],
    });
    return browser;
  }

  async #stop(): Promise<void> {
    const browser = await this.#browser?.catch(() => null);
    this.#browser = null;
    await browser?.close().catch(() => {});
  }

  /** Stop the browser. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#stop();
    if (this.#home !== null) rmSync(this.#home, { recursive: true, force: true });
  }
}

/** Fewer characters are a page that has not begun. */
const MIN_CHARACTERS = 30;
/** How long the browser may take to hand a finished look over, and to close a page. */
const GRACE_MS = 2000;
const CLOSE_MS = 3000;

/** The result of some work, or null when it takes longer. The work goes on. */
async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, null);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
