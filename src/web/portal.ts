import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { CaseDesk } from '../cases/desk.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import type { Actor, CaseRecord } from '../cases/types.ts';
import { InputError, messageOf } from '../errors.ts';
import { type Logger, maskText } from '../log.ts';
import { viewCase } from '../notify/case-view.ts';
import { ContactDesk } from '../notify/contact-desk.ts';
import { audienceOf } from '../notify/recipients.ts';
import { PortalAccess, SESSION_MS, type Visit } from './portal/access.ts';
import { type DeedName, markOf, offersOf, pictureOf, readScreen } from './portal/case-screen.ts';
import { caseBody, codeForm, keyForm, listBody, messageBody, pageHtml } from './portal/pages.ts';
import { addVerifyRoutes } from './portal/verify-routes.ts';
import { createWebApp, type Form, formOf, isOurs, listenAt, sendHtml, serveAssets, textOf } from './web-app.ts';

/** What the portal needs. */
export interface PortalOptions {
  host: string;
  port: number;
  /** Addresses of proxies whose X-Forwarded-For is believed; empty: none. */
  trustedProxies: readonly string[];
  keeper: CaseKeeper;
  log: Logger;
  now: () => number;
  /** How often an open page asks whether its case moved (ms). */
  pollMs?: number;
}

/** A running portal. */
export interface RunningPortal {
  address: string;
  /** Every route that may change something, for those who check that none is open. */
  forms: readonly string[];
  close: () => Promise<void>;
}

/** Longest form taken. */
const MAX_FORM_BYTES = 16_384;
/** Requests an address may make in a minute: pages, and what open pages ask by themselves. */
const PAGES_A_MINUTE = 300;
const MARKS_A_MINUTE = 1200;
/** A cookie of ours is not longer. */
const TOKEN_CHARACTERS = 64;

/** What the last form did, told on the page it leads back to. */
const SAID: Record<string, { text: string; bad: boolean }> = {
  recheck: { text: '复查已提交。', bad: false },
  extended: { text: '延期申请已通过，新的整改期限见下。', bad: false },
  appealed: { text: '申诉已提交，审核期间不会进一步处理。', bad: false },
  'no-text': { text: '未提交：选“其他”时请填写说明。', bad: true },
  'contact-added': { text: '已添加，验证通过后才会收到本事项的通知，验证方法见下。', bad: false },
  'contact-removed': { text: '已删除，不会再收到本事项的通知。', bad: false },
  'not-now': { text: '未能办理：当前不符合办理条件，请看下方提示。', bad: true },
  busy: { text: '一小时内提交次数过多，请稍后再试。', bad: true },
};

/**
 * The owners' portal (R4.8): the case behind a code or a mail's link on one screen, with what its owner may ask for; and the page by
 * which an extra contact says yes (R7). Opening a page changes nothing (mail scanners open every link); only forms do. Throws
 * InputError when the port cannot be had.
 */
export async function startPortal(options: PortalOptions): Promise<RunningPortal> {
  const { host, port, trustedProxies, log } = options;
  const app = await createWebApp({
    trustedProxies,
    maxFormBytes: MAX_FORM_BYTES,
    requestsAMinute: PAGES_A_MINUTE,
    unreadable: '请检查链接是否完整。',
    proxySetting: 'portal.trustedProxies',
    log,
  });
  const forms: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    if ([method].flat().some((one) => one !== 'GET' && one !== 'HEAD')) forms.push(url);
  });
  route(app, options);
  const address = await listenAt(app, host, port, 'portal');
  return { address, forms, close: () => app.close() };
}

function route(app: FastifyInstance, { keeper, log, now, pollMs = 5000 }: PortalOptions): void {
  const access = new PortalAccess(keeper);
  const desk = new CaseDesk(keeper);
  const { notices } = keeper.rules.settings;
  const publicOrigin = notices.portalUrl === null ? null : new URL(notices.portalUrl).origin;
  const secure = publicOrigin?.startsWith('https:') ?? false;
  // Bound to this very host where that can be said: no sibling of it may set one.
  const COOKIE = secure ? '__Host-patrol_r' : 'patrol_r';
  const frame = { signature: notices.signature, askAt: notices.askAt };
  const show = (reply: FastifyReply, status: number, title: string, body: string): FastifyReply =>
    sendHtml(reply, status, pageHtml(title, body, frame));
  const refuse = (request: FastifyRequest, reply: FastifyReply, why: string, text: string): FastifyReply => {
    log.warn({ route: request.routeOptions.url ?? '', why }, 'portal refused a request');
    return show(reply, 403, '不支持的操作', messageBody(text));
  };
  const form = (request: FastifyRequest): Form => formOf(request.body);
  const ours = (request: FastifyRequest): boolean => isOurs(request, publicOrigin);
  const tokenOf = (request: FastifyRequest): string => {
    const token = request.cookies[COOKIE] ?? '';
    return token.length > TOKEN_CHARACTERS ? '' : token;
  };
  const enter = (request: FastifyRequest, reply: FastifyReply, token: string): void => {
    access.end(tokenOf(request));
    reply.setCookie(COOKIE, token, {
      path: '/',
      httpOnly: true,
      sameSite: 'strict',
      secure,
      maxAge: SESSION_MS / 1000,
    });
  };

  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return show(reply, 429, '请求过于频繁', messageBody('请稍等一分钟再试。'));
    if (status < 500) return show(reply, status, '不支持的操作', messageBody('请返回重试。'));
    log.error({ route: request.routeOptions.url ?? '', error: messageOf(error) }, 'portal request failed');
    return show(reply, 500, '出错了', messageBody('请稍后再试。'));
  });
  app.setNotFoundHandler((_request, reply) => show(reply, 404, '没有这个页面', messageBody('请检查链接是否完整。')));

  app.get('/', (_request, reply) => reply.redirect('/r', 303));
  serveAssets(app, '/r/assets', ['portal.css', 'portal.js']);

  app.get('/r', (_request, reply) => show(reply, 200, '查询整改事项', codeForm(null)));
  app.post('/r', (request, reply) => {
    if (!ours(request)) return refuse(request, reply, 'cross-origin', '请在本网站输入案件码。');
    if (!access.admitsGuess(request.ip, now()))
      return show(reply, 429, '请求过于频繁', messageBody('请稍等一分钟再试。'));
    const { code = '' } = form(request);
    const opened = access.openByCode(code, now());
    if (!opened.ok) {
      if (opened.reason === 'unknown') access.missed(request.ip, now());
      log.warn({ reason: opened.reason }, 'portal refused a code');
      const text =
        opened.reason === 'busy'
          ? '该案件码一小时内打开次数过多，请稍后再试。'
          : '案件码不正确。请核对短信中的 10 位字母和数字（没有 0、1、I、L、O、U）。';
      return show(reply, opened.reason === 'busy' ? 429 : 404, '查询整改事项', codeForm(text, code.slice(0, 20)));
    }
    enter(request, reply, opened.token);
    return reply.redirect('/r/cases', 303);
  });

  app.get<{ Params: { key: string } }>('/r/l/:key', (request, reply) => {
    const pass = access.peek(request.params.key, now());
    if (pass === null)
      return show(
        reply,
        404,
        '链接已失效',
        html`!${messageBody('请使用最新一封通知邮件中的链接，或输入短信中的案件码。')}!${codeForm(null)}`,
      );
    return show(reply, 200, '备案整改事项', keyForm(request.params.key, pass.records.length));
  });
  app.post('/r/l', (request, reply) => {
    if (!ours(request)) return refuse(request, reply, 'cross-origin', '请从邮件中的链接打开。');
    const opened = access.openByKey(form(request)['key'] ?? '', now());
    if (!opened.ok && opened.reason === 'busy')
      return show(reply, 429, '请求过于频繁', messageBody('一小时内打开次数过多，请稍后再试。'));
    if (!opened.ok) return refuse(request, reply, 'unknown key', '链接已失效，请使用最新一封通知邮件中的链接。');
    enter(request, reply, opened.token);
    return reply.redirect('/r/cases', 303);
  });

  app.get('/r/cases', (request, reply) => {
    const token = tokenOf(request);
    const visit = access.visit(token, now());
    if (visit === null) return lost(reply);
    const [only, ...others] = visit.records;
    if (only !== undefined && others.length === 0) return reply.redirect(`/r/case/${access.handle(token, only)}`, 303);
    const cases = visit.records.map((record) => ({
      view: viewCase(keeper, record, now()),
      handle: access.handle(token, record),
    }));
    return show(reply, 200, '整改事项', listBody(cases));
  });

  /** The session and case of a request; null when the session has none of that handle. */
  const find = (request: FastifyRequest): { visit: Visit; record: CaseRecord; handle: string } | null => {
    const token = tokenOf(request);
    const visit = access.visit(token, now());
    const { place: handle } = request.params as { place: string };
    const record = visit?.records.find((one) => access.handle(token, one) === handle);
    return visit === null || record === undefined ? null : { visit, record, handle };
  };
  const lost = (reply: FastifyReply): FastifyReply => {
    log.warn(
      { route: reply.request.routeOptions.url ?? '', why: 'no session, or no such case' },
      'portal refused a request',
    );
    return show(
      reply,
      403,
      '请重新打开',
      html`!${messageBody('登录已过期，或浏览器禁用了 Cookie。请重新输入案件码，或从邮件中的链接打开。')}!${codeForm(null)}`,
    );
  };
  /** The screen of a case, with what the last form did and what could not be taken of it. */
  const showCase = (
    request: FastifyRequest,
    reply: FastifyReply,
    { visit, record, handle }: { visit: Visit; record: CaseRecord; handle: string },
    said: { text: string; bad: boolean } | null,
    typed: { deed: DeedName; text: string } | null,
  ): FastifyReply => {
    const screen = readScreen(keeper, record, now());
    const { extensionReasons, appealReasons } = keeper.rules.programmes;
    const body = caseBody({
      screen,
      handle,
      typed,
      several: visit.records.length > 1,
      formToken: access.formToken(tokenOf(request), record),
      leaveToken: access.formToken(tokenOf(request), null),
      extensionReasons,
      appealReasons,
      told: toldOf(keeper, record),
      said,
      now: now(),
      pollMs,
    });
    return show(
      reply,
      typed === null ? 200 : 409,
      `${screen.view.siteName ?? screen.view.number}：${screen.view.programme}`,
      body,
    );
  };

  app.get<{ Querystring: { said?: unknown } }>('/r/case/:place', (request, reply) => {
    const found = find(request);
    const said = textOf(request.query.said) ?? '';
    return found === null
      ? lost(reply)
      : showCase(request, reply, found, Object.hasOwn(SAID, said) ? (SAID[said] ?? null) : null, null);
  });
  const marks = { max: MARKS_A_MINUTE, timeWindow: 60_000 };
  app.get('/r/case/:place/mark', { config: { rateLimit: marks } }, (request, reply) => {
    const found = find(request);
    reply.header('cache-control', 'no-store');
    return found === null ? reply.code(403).send({}) : reply.send({ mark: markOf(keeper, found.record, now()) });
  });
  app.get<{ Params: { hash: string } }>('/r/case/:place/picture/:hash', (request, reply) => {
    const found = find(request);
    if (found === null) return lost(reply);
    const bytes = pictureOf(keeper, found.record, request.params.hash);
    if (bytes === null) return reply.callNotFound();
    return reply.type('image/jpeg').header('cache-control', 'no-store').send(bytes);
  });

  /** A form of a case: does it where it is offered, and leads back to the screen. What is not offered moves nothing. */
  const deed = (
    name: DeedName,
    path: string,
    act: (record: CaseRecord, actor: Actor, given: Form, request: FastifyRequest) => string,
  ): void => {
    app.post(`/r/case/:place/${path}`, (request, reply) => {
      if (!ours(request)) return refuse(request, reply, 'cross-origin', '请在本网站办理。');
      const found = find(request);
      if (found === null) return lost(reply);
      if (!access.isFormToken(tokenOf(request), found.record, form(request)['form']))
        return refuse(request, reply, 'no form of ours', '页面已过期，请重新打开后再提交。');
      const { record, visit, handle } = found;
      const given = form(request);
      let said = 'not-now';
      let why: string | null = null;
      if (given['reason'] === 'other' && (given['text'] ?? '').trim() === '') said = 'no-text';
      else if (offersOf(keeper, record, now())[name].possible)
        try {
          said = access.admitsDeed(tokenOf(request), record, now()) ? act(record, visit.actor, given, request) : 'busy';
        } catch (error) {
          // Refused by the desk after all (somebody was quicker): its words name the case, so they stay out of the log.
          if (!(error instanceof InputError)) throw error;
          if (error.zh !== null) why = `未能办理：${error.zh}。`;
        }
      log.info({ deed: name, said }, 'an owner asked in the portal');
      const told = SAID[said];
      // What was typed is not thrown away with a refusal.
      if (told?.bad === true) {
        const typed = { deed: name, text: (given['text'] ?? '').slice(0, 1000) };
        return showCase(request, reply, found, { text: why ?? told.text, bad: true }, typed);
      }
      return reply.redirect(`/r/case/${handle}?said=${said}`, 303);
    });
  };
  deed('recheck', 'recheck', ({ code }, actor) => {
    desk.askRecheck(code, actor, now());
    return 'recheck';
  });
  deed('extension', 'extension', ({ code, policy }, actor, { reason = '', text = '', days = '' }) => {
    const workingDays = Number(days);
    if (workingDays > policy.extension.maxWorkingDays) return 'not-now';
    const request = { reason, description: text.slice(0, 500), workingDays };
    return desk.askExtension(code, request, actor, now()).granted ? 'extended' : 'not-now';
  });
  deed('appeal', 'appeal', ({ code }, actor, { reason = '', text = '' }) => {
    desk.appeal(code, { reason, description: text.slice(0, 1000) }, actor, now());
    return 'appealed';
  });
  const contacts = new ContactDesk(keeper);
  deed('contacts', 'contacts', (record, actor, { text = '' }) => {
    contacts.addToCase(record, text.slice(0, 200), actor, now());
    return 'contact-added';
  });
  deed('contacts', 'contacts/:id/remove', (record, actor, _given, request) => {
    contacts.removeFromCase(record, Number((request.params as { id: string }).id), actor, now());
    return 'contact-removed';
  });

  app.post('/r/leave', (request, reply) => {
    const token = tokenOf(request);
    if (!ours(request) || !access.isFormToken(token, null, form(request)['form']))
      return refuse(request, reply, 'no form of ours', '请返回重试。');
    access.end(token);
    reply.clearCookie(COOKIE, { path: '/', secure });
    return show(reply, 200, '已退出', messageBody('再次查看请使用短信中的案件码或邮件中的链接。'));
  });

  addVerifyRoutes(app, { show, refuse, isOurs: ours, form }, { contacts, log, now });
}

/** Who is told of a case, masked, each once; those named for it stand by themselves. */
function toldOf({ ledger }: CaseKeeper, record: CaseRecord): string[] {
  const ways = { email: '邮件', sms: '短信', 'in-site': '站内信' } as const;
  const { subjectId, siteId } = record;
  const lines = audienceOf(ledger.contacts, { subjectId, siteId }).recipients.map(({ channel, address, name }) => {
    const way = ways[channel as keyof typeof ways] ?? channel;
    return channel === 'in-site'
      ? way
      : `${way}：${maskText(address)}${name === null ? '' : `（${name.slice(0, 1)}**）`}`;
  });
  return [...new Set(lines)];
}
