import { createServer, type Socket } from 'node:net';
import { type Config, loadConfig, mergeSettings } from '../../src/config.ts';
import { createGatherContext, type GatherContext } from '../../src/gather/context.ts';
import type { Dialer } from '../../src/gather/dialer.ts';
import { hurriedRegistries, loopbackSettings } from '../world/harness.ts';
import { type DnsAnswer, type DnsQuestion, startDnsServer } from './dns-server.ts';
import { listen, stop } from './listen.ts';

/** Sockets nobody may ever reach; each connection is counted. */
export interface Canaries {
  port: number;
  /** Connections so far. */
  touched: () => number;
  close: () => Promise<void>;
}

/** Start a canary: it takes every connection, counts it and answers like a page, so that a hole would be seen as one. */
export async function startCanaries(): Promise<Canaries> {
  let touched = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    touched++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\ninside'));
  });
  const port = await listen(server);
  return {
    port,
    touched: () => touched,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await stop(server);
    },
  };
}

/** Gatherers over resolvers of the test's own making. */
export interface HostileNet {
  context: GatherContext;
  config: Config;
  /** What `config` was made of: for a process of its own. */
  settings: object;
  /** DNS questions so far, all resolvers. */
  asked: () => number;
  close: () => Promise<void>;
}

/** Well-known names stay known, so that resolvers are listened to; everything else is the test's. */
const WELL_KNOWN: Record<string, string> = {
  'beian.miit.gov.cn': '116.236.20.1',
  'www.gov.cn': '116.236.20.2',
  'www.baidu.com': '116.236.20.3',
  'www.qq.com': '116.236.20.4',
};

/** Resolvers that answer with `answer`, and gatherers that ask them and dial where `dialer` says. */
export async function hostileNet(options: {
  answer: (question: DnsQuestion, resolver: number) => DnsAnswer;
  addressReply: (question: DnsQuestion, addresses: readonly string[]) => Buffer;
  dialer: Dialer;
  resolvers?: number;
  overrides?: object;
}): Promise<HostileNet> {
  const servers = await Promise.all(
    Array.from({ length: options.resolvers ?? 1 }, (_, index) =>
      startDnsServer((question) => {
        const known = WELL_KNOWN[question.name];
        return known === undefined ? options.answer(question, index) : [options.addressReply(question, [known])];
      }),
    ),
  );
  const settings = mergeSettings(
    loopbackSettings(
      '/nowhere',
      servers.map(({ port }) => `127.0.0.1:${port}`),
    ),
    { dns: { minConfirmResolvers: 2, confirmResolvers: 3 } },
  );
  // One resolver is enough for suites that are not about agreement.
  const padded = servers.length >= 2 ? {} : { resolvers: [`127.0.0.1:${servers[0]?.port}`, '127.0.0.1:1'] };
  const merged = [padded, options.overrides ?? {}].reduce<object>(
    (all, one) => mergeSettings(all, one) as object,
    settings as object,
  );
  const base = loadConfig({ env: {}, overrides: merged });
  const config = { ...base, registries: hurriedRegistries() };
  const context = createGatherContext(config, { dialer: options.dialer });
  return {
    context,
    config,
    settings: merged,
    asked: () => servers.reduce((sum, server) => sum + server.asked(), 0),
    close: async () => {
      await context.close();
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
