import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { beijingDate } from '../../calendar/beijing-time.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import type { Actor } from '../../cases/types.ts';
import type { Config } from '../../config.ts';
import { InputError, messageOf } from '../../errors.ts';
import { type Admin, type AdminRole, reachesRole } from '../../ledger/admins-store.ts';
import type { FiguresCounter } from '../../ledger/figures.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Logger } from '../../log.ts';
import { hashOf } from '../../notify/one-time-secret.ts';
import type { LoadedRanges } from '../../provider/list-file.ts';
import { clientOf } from '../client-of.ts';
import type { Exports, Format, Table } from '../exports.ts';
import { type Form, formOf, isOurs, sendHtml } from '../web-app.ts';
import { WindowCount } from '../window-count.ts';
import type { ConsoleAccess } from './access.ts';
import { framed } from './frame.ts';

/** What of the running worker the console shows. */
export interface WorkerView {
  /** Jobs by queue and state. */
  queues: () => Promise<Record<string, Record<string, number>>>;
  /** When the scheduler was last heard of (epoch ms); null: no worker in this process. */
  lastTickAt: () => number | null;
  kind: string;
}

/** Everything pages are made from. */
export interface ConsoleParts {
  keeper: CaseKeeper;
  ledger: Ledger;
  config: Config;
  ranges: LoadedRanges | null;
  worker: WorkerView;
  figures: FiguresCounter;
  log: Logger;
  now: () => number;
  /** How often an open page asks whether it changed (ms). */
  pollMs: number;
  /** How long a page waits for the queue's figures (ms). */
  queueWaitMs: number;
}

/** What the last form of a session did, told on its next page. */
export interface Told {
  text: string;
  bad: boolean;
  /** The form that could not be taken, and what was typed into it. */
  path?: string;
  typed?: Form;
}

/** One admin at one request. */
export interface Visit {
  admin: Admin;
  token: string;
  /** An open page asks by itself: that is no use of the session, and nobody is told anything. */
  byItself: boolean;
  /** A text in the admin's language. */
  say: (zh: string, en: string) => string;
  /** Has the admin this role? */
  may: (role: AdminRole) => boolean;
  actor: Actor;
  /** A form of this session that posts to a path; `inner` is markup. */
  form: (path: string, inner: string, attributes?: string) => string;
  /** What was typed into a field of a form that could not be taken. */
  typed: (path: string, field: string) => string;
}

/** A mutating route, for those who check that none is open. */
export interface DeedRoute {
  url: string;
  role: AdminRole;
}

type Answer = string | Promise<string>;

/** What a deed did: where to go on, and what to say there. */
export interface Done {
  to: string;
  said?: string;
  /** For the audit log. */
  object?: string;
  detail?: string;
  /** A page instead of going on: nothing was changed, or it may be shown once only. */
  page?: { title: string; body: string };
}

const COOKIE_LENGTH = 64;
/** Said by an open page that asks whether it changed, or renews itself. */
const BY_ITSELF = 'x-patrol-by-itself';
/** Fields whose text is not kept with a refusal. */
const UNKEPT = /password|secret|code|^(?:old|new|again)$/;
/** Refusals of one address without a sign-in that go into the audit log in a minute; the others stand in the log alone. */
const STRANGERS_A_MINUTE = 60;
/** Sessions that have something to be told. */
const MAX_TOLD = 1000;

/** Registers pages and forms so that none forgets who may use it: sign-in, role, origin, form token, audit log. */
export class ConsoleKit {
  readonly app: FastifyInstance;
  readonly parts: ConsoleParts;
  readonly access: ConsoleAccess;
  readonly deeds: DeedRoute[] = [];
  /** Every address that is only looked at. */
  readonly pages: string[] = [];
  readonly cookie: string;
  readonly secure: boolean;
  readonly publicOrigin: string | null;
  readonly #told = new Map<string, Told>();
  readonly #strangers = new WindowCount(60_000);

  constructor(app: FastifyInstance, parts: ConsoleParts, access: ConsoleAccess) {
    this.app = app;
    this.parts = parts;
    this.access = access;
    const { url } = parts.config.settings.console;
    this.publicOrigin = url === null ? null : new URL(url).origin;
    this.secure = this.publicOrigin?.startsWith('https:') ?? false;
    // Bound to this very host where that can be said: no sibling of it may set one.
    this.cookie = this.secure ? '__Host-patrol_console' : 'patrol_console';
  }

  tokenOf(request: FastifyRequest): string {
    const token = request.cookies[this.cookie] ?? '';
    return token.length > COOKIE_LENGTH ? '' : token;
  }

  /** Give a browser its session; the one it had ends. */
  startSession(request: FastifyRequest, reply: FastifyReply, token: string): void {
    this.access.end(this.tokenOf(request));
    reply.setCookie(this.cookie, token, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure: this.secure,
      maxAge: this.parts.config.settings.console.sessionMs / 1000,
    });
  }

  /** Who asks; null: nobody who is signed in. */
  visit(request: FastifyRequest): Visit | null {
    const token = this.tokenOf(request);
    const byItself = request.headers[BY_ITSELF] !== undefined || isPolled(request);
    const admin = this.access.visit(token, this.parts.now(), byItself);
    if (admin === null) return null;
    const told = byItself ? undefined : this.#told.get(hashOf(token));
    return {
      admin,
      token,
      byItself,
      say: (zh, en) => (admin.language === 'zh' ? zh : en),
      may: (role) => reachesRole(admin.role, role),
      actor: { kind: 'admin', name: admin.name },
      form: (path, inner, attributes = '') =>
        html`<form method="post" action="${path}" !${attributes}><input type="hidden" name="form" value="${this.access.formToken(token, path)}">!${inner}</form>`,
      typed: (path, field) => (told?.path === path ? (told.typed?.[field] ?? '') : ''),
    };
  }

  /** Send a page in the frame of the console. */
  show(reply: FastifyReply, visit: Visit, status: number, title: string, body: string, path: string): FastifyReply {
    const key = hashOf(visit.token);
    // What is to be told waits for the page somebody opens.
    const told = visit.byItself ? null : (this.#told.get(key) ?? null);
    if (!visit.byItself) this.#told.delete(key);
    return sendHtml(reply, status, framed(visit, title, body, { told, path, pollMs: this.parts.pollMs }));
  }

  /** Refuse, and leave it in the log and the audit log. */
  refuse(request: FastifyRequest, reply: FastifyReply, visit: Visit | null, why: string, text: string): FastifyReply {
    const route = request.routeOptions.url ?? '';
    this.parts.log.warn({ route, why }, 'console refused a request');
    // Whoever is nobody may not fill what cannot be emptied.
    const now = this.parts.now();
    if (visit !== null || this.#strangers.add(clientOf(request.ip), now) <= STRANGERS_A_MINUTE)
      this.access.audit(visit?.admin.name ?? '-', `${request.method} ${route}`, '', 'refused', why, now);
    if (visit === null)
      return sendHtml(
        reply,
        403,
        framed(
          null,
          '请先登录 Sign in',
          html`<p class="said bad" role="alert">${text}</p><p><a href="/login">登录 Sign in</a></p>`,
          { told: null, path: '', pollMs: 0 },
        ),
      );
    return this.show(
      reply,
      visit,
      403,
      visit.say('不允许的操作', 'Not allowed'),
      html`<p class="said bad" role="alert">${text}</p>`,
      '',
    );
  }

  #refuseRole(request: FastifyRequest, reply: FastifyReply, visit: Visit, role: AdminRole): FastifyReply {
    const text = visit.say('您的角色不能查看此页或执行此操作。', 'Your role may not see or do this.');
    return this.refuse(request, reply, visit, `needs ${role}`, text);
  }

  /** A page for those who have a role. `render` gives the body, or null where there is no such thing. */
  page(
    url: string,
    title: (visit: Visit, request: FastifyRequest) => string,
    render: (visit: Visit, request: FastifyRequest) => Answer | null,
    role: AdminRole = 'viewer',
  ): void {
    this.pages.push(url);
    this.app.get(url, async (request, reply) => {
      const visit = this.visit(request);
      if (visit === null) return reply.redirect(`/login?to=${encodeURIComponent(request.url)}`, 303);
      if (!visit.may(role)) return this.#refuseRole(request, reply, visit, role);
      const body = await render(visit, request);
      if (body === null)
        return this.show(
          reply,
          visit,
          404,
          visit.say('没有这一项', 'No such thing'),
          html`<p>${visit.say('可能已被删除，或地址有误。', 'It may have been deleted, or the address is wrong.')}</p>`,
          '',
        );
      return this.show(reply, visit, 200, title(visit, request), body, request.url);
    });
  }

  /** Bytes or JSON for those who are signed in. */
  data(url: string, send: (visit: Visit, request: FastifyRequest, reply: FastifyReply) => unknown): void {
    this.pages.push(url);
    // Without HEAD: nobody asks what a file would be, and making it would be work for nothing.
    this.app.get(url, { exposeHeadRoute: false }, async (request, reply) => {
      const visit = this.visit(request);
      reply.header('cache-control', 'no-store');
      if (visit === null) return reply.code(403).send({});
      return send(visit, request, reply);
    });
  }

  /** A whole list as a file; what cannot be made is told on a page. It stands in the audit log. */
  async download(
    visit: Visit,
    reply: FastifyReply,
    exports: Exports,
    format: Format,
    tableOf: () => Table,
  ): Promise<FastifyReply> {
    try {
      const table = tableOf();
      const now = this.parts.now();
      const sent = await exports.send(reply, table, format, visit.admin.name, beijingDate(now));
      const words = reply.request.url.split('?')[1] ?? '';
      this.access.audit(visit.admin.name, `export ${table.name}`, format, 'done', words, now);
      return sent;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const said =
        error.zh !== null
          ? visit.say(error.zh, `${error.message} → ${error.remedy}`)
          : `${error.message} → ${error.remedy}`;
      return this.show(
        reply,
        visit,
        409,
        visit.say('未能导出', 'Not exported'),
        html`<p class="said bad" role="alert">${said}</p>`,
        '',
      );
    }
  }

  /**
   * A form that changes something, for those who have a role. What it throws as InputError is told on the page it came from
   * (`back`), with what was typed; what it did stands in the audit log under `action`. `preHandler` reads a body of its own kind.
   */
  deed(
    url: string,
    role: AdminRole,
    action: string,
    back: (request: FastifyRequest) => string,
    act: (visit: Visit, form: Form, request: FastifyRequest, reply: FastifyReply) => Done | Promise<Done>,
    {
      app = this.app,
      preHandler,
      longBody = false,
    }: { app?: FastifyInstance; preHandler?: (request: FastifyRequest) => Promise<void>; longBody?: boolean } = {},
  ): void {
    this.deeds.push({ url, role });
    // Before the body is read: nobody may make us take in what they may not send.
    const onRequest = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
      const visit = this.visit(request);
      if (!isOurs(request, this.publicOrigin))
        return this.refuse(request, reply, visit, 'cross-origin', '请在本网站操作。 Use this site itself.');
      if (visit === null)
        return this.refuse(request, reply, null, 'not signed in', '登录已过期，请重新登录。 Sign in again.');
      if (!visit.may(role)) return this.#refuseRole(request, reply, visit, role);
      return undefined;
    };
    app.post(
      url,
      { onRequest, config: { longBody }, ...(preHandler !== undefined && { preHandler }) },
      async (request, reply) => {
        const visit = this.visit(request);
        if (visit === null)
          return this.refuse(request, reply, null, 'not signed in', '登录已过期，请重新登录。 Sign in again.');
        const form = formOf(request.body);
        const path = request.url.split('?')[0] ?? '';
        if (!this.access.isFormToken(visit.token, path, form['form']))
          return this.refuse(
            request,
            reply,
            visit,
            'no form of ours',
            visit.say('页面已过期，请重新打开后再提交。', 'The page is out of date: open it again.'),
          );
        try {
          const done = await act(visit, form, request, reply);
          if (done.object !== undefined || done.detail !== undefined)
            this.access.audit(visit.admin.name, action, done.object ?? '', 'done', done.detail ?? '', this.parts.now());
          if (done.page !== undefined) return this.show(reply, visit, 200, done.page.title, done.page.body, '');
          if (done.said !== undefined) this.tell(visit, { text: done.said, bad: false });
          return reply.redirect(done.to, 303);
        } catch (error) {
          if (!(error instanceof InputError)) {
            this.access.audit(visit.admin.name, action, path, 'refused', 'a fault of ours', this.parts.now());
            throw error;
          }
          this.access.audit(visit.admin.name, action, path, 'refused', messageOf(error), this.parts.now());
          const lead = visit.say('未能办理：', 'Not done: ');
          const said =
            error.zh !== null
              ? visit.say(error.zh, `${error.message} → ${error.remedy}`)
              : `${error.message} → ${error.remedy}`;
          const typed = Object.fromEntries(Object.entries(form).filter(([field]) => !UNKEPT.test(field)));
          this.tell(visit, { text: `${lead}${said}`, bad: true, path, typed });
          return reply.redirect(back(request), 303);
        }
      },
    );
  }

  /** Something to be told on the next page of a session. */
  tell(visit: Visit, told: Told): void {
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.set(hashOf(visit.token), told);
  }
}

/** The queues' board asks by itself as long as it is open. */
const isPolled = ({ method, url }: FastifyRequest): boolean => method === 'GET' && url.startsWith('/queues/api/');

/** A reason for something that is written down. Throws InputError where there is none. */
export function demandReason({ say }: Visit, reason: string | undefined): string {
  const text = (reason ?? '').trim();
  if (text.length < 2)
    throw new InputError(
      say('没有填写理由', 'no reason was given'),
      say('请填写理由，会记入审计', 'give one: it stands in the audit log'),
    );
  return text.slice(0, 300);
}
