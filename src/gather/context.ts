import { type Config, parseResolver } from '../config.ts';
import { type Dialer, directDialer } from './dialer.ts';
import type { DnsOptions } from './dns.ts';
import { DnsTransport, type ResolverAddress } from './dns-transport.ts';
import { KeyedLimiter } from './limiter.ts';
import type { PageOptions } from './page.ts';
import { PathTrust } from './path-trust.ts';
import { readerVersion } from './reader-version.ts';
import { ReadingLane } from './reading-lane.ts';
import type { RegistrationOptions } from './registration.ts';
import { RegistryDirectory } from './registries.ts';
import { Renderer } from './renderer.ts';
import { ResolverTrust } from './resolver-trust.ts';
import { ServerClocks } from './server-clocks.ts';
import type { Stage } from './types.ts';

/** Everything gatherers share in one process. */
export interface GatherContext {
  dns: (stage: Stage) => DnsOptions;
  page: (stage: Stage) => PageOptions;
  registration: (stage: Stage) => RegistrationOptions;
  directory: RegistryDirectory;
  /** What the servers looked at say the time is. */
  clocks: ServerClocks;
  /** Draws pages for confirmations. */
  renderer: Renderer;
  /** Sites being looked at, bounded over all jobs of the process. */
  siteSlots: KeyedLimiter;
  /** So many gather processes share the politeness towards every address, this one among them. Gives its own part of it. */
  shareAmong: (processes: number) => number;
  close: () => Promise<void>;
}

/** Build the gatherers' context from configuration; tests and demo inject `dialer` and `now`. */
export function createGatherContext(
  { settings, registries, data }: Config,
  options: { now?: () => number; dialer?: Dialer } = {},
): GatherContext {
  const now = options.now ?? Date.now;
  const dialer = options.dialer ?? directDialer;
  const transport = new DnsTransport();
  const resolvers = settings.resolvers.map((text) => parseResolver(text) as ResolverAddress);
  const perAddress = new KeyedLimiter(settings.page.perAddressConcurrency);
  const lanes = new KeyedLimiter(1);
  const lane = new ReadingLane();
  const reader = readerVersion();
  const directory = new RegistryDirectory(registries);
  const userAgent = settings.page.userAgent.replace('{infoUrl}', settings.page.infoUrl);
  const trust = new ResolverTrust({
    transport,
    names: settings.dns.wellKnownNames,
    timeoutMs: settings.dns.timeoutMs,
    tries: settings.dns.tries,
    now,
  });
  const dns = (stage: Stage): DnsOptions => ({
    transport,
    trust,
    resolvers: resolvers.slice(0, stage === 'screen' ? settings.dns.screenResolvers : settings.dns.confirmResolvers),
    timeoutMs: settings.dns.timeoutMs,
    tries: settings.dns.tries,
    now,
  });
  const everyResolver: DnsOptions = { ...dns('confirm'), resolvers };
  const clocks = new ServerClocks(now);
  const path = new PathTrust(
    settings.page.wellKnownPages,
    {
      dns: everyResolver,
      dialer,
      timeoutMs: settings.page.totalTimeoutMs,
      connectTimeoutMs: settings.page.connectTimeoutMs,
      maxBytes: 2_000_000,
      maxRedirects: 3,
      userAgent,
      accept: 'text/html',
    },
    now,
  );
  const renderer = new Renderer({
    ...settings.render,
    dns: everyResolver,
    dialer,
    connectTimeoutMs: settings.page.connectTimeoutMs,
    userAgent,
    contentWords: data.contentWords,
    now,
  });
  return {
    dns,
    page: (stage) => ({
      ...settings.page,
      dns: everyResolver,
      dialer,
      keepBytes: stage === 'screen' ? 0 : settings.page.evidenceBytes,
      userAgent,
      contentWords: data.contentWords,
      siteNumber: null,
      known: null,
      readerVersion: reader,
      perAddress,
      lane,
      clocks,
      path,
      now,
    }),
    registration: (stage) => ({
      dns: everyResolver,
      dialer,
      timeoutMs: settings.registration.timeoutMs,
      connectTimeoutMs: Math.min(settings.page.connectTimeoutMs, settings.registration.timeoutMs),
      maxBytes: settings.registration.maxBytes,
      userAgent,
      directory,
      lanes,
      keepRaw: stage === 'confirm',
      now,
    }),
    directory,
    clocks,
    renderer,
    // At least one connection each: more processes than that may be as many as they are.
    shareAmong: (processes) => perAddress.allow(settings.page.perAddressConcurrency / Math.max(1, processes)),
    siteSlots: new KeyedLimiter(settings.gather.concurrency),
    close: async () => {
      transport.close();
      await renderer.close();
    },
  };
}
