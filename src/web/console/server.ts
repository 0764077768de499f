import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Queue } from 'bullmq';
import type { FastifyInstance } from 'fastify';
import { html } from 'ghtml';
import { messageOf } from '../../errors.ts';
import { createWebApp, listenAt, sendHtml, serveAssets } from '../web-app.ts';
import { ConsoleAccess } from './access.ts';
import { addAccount } from './account.ts';
import { addAuditLog } from './audit-log.ts';
import { addCase } from './case.ts';
import { addCases } from './cases.ts';
import { addConfiguration } from './configuration.ts';
import { addContacts } from './contacts.ts';
import { framed } from './frame.ts';
import { addImports } from './imports.ts';
import { addIntegrations } from './integrations.ts';
import { ConsoleKit, type ConsoleParts, type DeedRoute } from './kit.ts';
import { addNotices } from './notices.ts';
import { addOidc, Oidc } from './oidc.ts';
import { addOverview } from './overview.ts';
import { addQueues } from './queues.ts';
import { addRanges } from './ranges.ts';
import { addSite } from './site.ts';
import { addSites } from './sites.ts';
import { addSuspicions } from './suspicions.ts';
import { addSweeps } from './sweeps.ts';

/** What the console needs beside what its pages are made from. */
export interface ConsoleOptions extends ConsoleParts {
  host: string;
  port: number;
  trustedProxies: readonly string[];
  /** Queues that Bull Board shows. */
  queues: readonly Queue[];
  /** More below the same address (the API). */
  extend?: (app: FastifyInstance) => Promise<void>;
}

/** A running console. */
export interface RunningConsole {
  address: string;
  /** Every route that changes something through a form. */
  deeds: readonly DeedRoute[];
  /** Every address of the console that is only looked at. */
  pages: readonly string[];
  /** Every route there is, those of the API and the queues' board included. */
  routes: readonly { method: string; url: string }[];
  close: () => Promise<void>;
}

/** Longest form taken: a selection of cases. */
const MAX_FORM_BYTES = 65_536;
const PAGES_A_MINUTE = 1200;
/** An import of half a gigabyte over a slow line. */
const UPLOAD_MS = 30 * 60_000;

/** The admins' console. Throws InputError when the port cannot be had. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const { host, port, trustedProxies, log, config, ledger } = options;
  const oidc = Oidc.open(options);
  const app = await createWebApp({
    trustedProxies,
    maxFormBytes: MAX_FORM_BYTES,
    requestTimeoutMs: UPLOAD_MS,
    requestsAMinute: PAGES_A_MINUTE,
    unreadable: 'the address cannot be read',
    proxySetting: 'console.trustedProxies',
    formTargets: oidc === null ? [] : [new URL(oidc.settings.issuer).origin],
    log,
  });
  const routes: { method: string; url: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
  const kit = new ConsoleKit(app, options, new ConsoleAccess(ledger, config.settings.console));
  answerFaults(app, kit);
  const idiomorph = join(dirname(fileURLToPath(import.meta.resolve('idiomorph'))), 'idiomorph.min.js');
  serveAssets(app, '/assets', ['console.css', 'console.js'], { 'idiomorph.js': idiomorph });
  addAccount(kit, oidc);
  if (oidc !== null) addOidc(kit, oidc);
  addOverview(kit);
  addSites(kit);
  addSite(kit);
  addCases(kit);
  addCase(kit);
  addSuspicions(kit);
  addNotices(kit);
  addContacts(kit);
  await addImports(kit);
  addSweeps(kit);
  addRanges(kit);
  addConfiguration(kit);
  addAuditLog(kit);
  addIntegrations(kit);
  await addQueues(kit, options.queues);
  await options.extend?.(app);
  const address = await listenAt(app, host, port, 'console');
  return { address, deeds: kit.deeds, pages: kit.pages, routes, close: () => app.close() };
}

function answerFaults(app: FastifyInstance, kit: ConsoleKit): void {
  const { log } = kit.parts;
  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500)
      log.error({ route: request.routeOptions.url ?? '', error: messageOf(error) }, 'console request failed');
    const visit = kit.visit(request);
    const text =
      status === 429
        ? '请求过于频繁，请稍等一分钟。 Too many requests: wait a minute.'
        : status === 413
          ? '提交的内容过大。 That is too large.'
          : status < 500
            ? '请求有误，请返回重试。 The request cannot be understood.'
            : '出错了，详情见日志。 Something failed; the log tells what.';
    return sendHtml(
      reply,
      status,
      framed(visit, String(status), html`<p class="said bad" role="alert">${text}</p>`, {
        told: null,
        path: '',
        pollMs: 0,
      }),
    );
  });
  app.setNotFoundHandler((request, reply) => {
    const visit = kit.visit(request);
    if (visit === null) return reply.redirect('/login', 303);
    const body = html`<p>${visit.say('没有这个页面。', 'There is no such page.')} <a href="/">${visit.say('回到概览', 'To the overview')}</a></p>`;
    return kit.show(reply, visit, 404, visit.say('没有这个页面', 'Not found'), body, '');
  });
}
