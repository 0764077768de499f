import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { findCode } from '../cases/case-code.ts';
import { CaseDesk } from '../cases/desk.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { isTerminal } from '../cases/moves.ts';
import type { CaseRecord } from '../cases/types.ts';
import { InputError, messageOf } from '../errors.ts';
import { type Logger, maskText } from '../log.ts';
import { viewCase } from '../notify/case-view.ts';
import { ContactDesk } from '../notify/contact-desk.ts';
import { audienceOf } from '../notify/recipients.ts';
import { type OpenCase, type Opening, PortalAccess, SESSION_MS, type Visit } from './portal/access.ts';
import { type DeedName, markOf, offersOf, pictureOf, readScreen } from './portal/case-screen.ts';
import {
  caseBody,
  codeForm,
  HOME,
  keyForm,
  listBody,
  lostBody,
  messageBody,
  pageHtml,
  titleOf,
} from './portal/pages.ts';
import { addVerifyRoutes } from './portal/verify-routes.ts';
import { createWebApp, type Form, formOf, isOurs, listenAt, sendHtml, serveAssets } from './web-app.ts';

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

/** Sessions that have something to be told. */
const MAX_TOLD = 1000;
/** Characters of a code's field: the whole SMS may be pasted. */
const MAX_CODE = 600;

/** What the last form of a session did, told once on the page it leads back to. */
interface Told {
  text: string;
  bad: boolean;
  /** The form that could not be taken, and what was typed into it. */
  deed: DeedName;
  typed: Form | null;
}

/** What a deed did, in words. */
const DONE = {
  recheck: '已提交复查，结果会自动显示在本页（通常几分钟内）。',
  extended: '延期申请已通过，新的整改期限见下。',
  appealed: '申诉已提交，审核期间不会进一步处理。',
  'contact-added': '已添加，验证通过后才会收到本事项的通知，验证方法见下。',
  'contact-removed': '已删除，不会再收到本事项的通知。',
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
  // By session and case: what was said of one is not told on another.
  const told = new Map<string, Told>();
  const placeIn = ({ salt }: Visit, handle: string): string => `${salt} ${handle}`;
  const show = (reply: FastifyReply, status: number, title: string, body: string): FastifyReply =>
    sendHtml(reply, status, pageHtml(title, body, frame));
  /** A page that says why not, and leads on. */
  const say = (reply: FastifyReply, status: number, title: string, text: string): FastifyReply =>
    show(reply, status, title, html`!${messageBody(text, true)}!${HOME}`);
  const refuse = (request: FastifyRequest, reply: FastifyReply, why: string, text: string): FastifyReply => {
    log.warn({ route: request.routeOptions.url ?? '', why }, 'portal refused a request');
    return say(reply, 403, '不支持的操作', text);
  };
  const form = (request: FastifyRequest): Form => formOf(request.body);
  const ours = (request: FastifyRequest): boolean => isOurs(request, publicOrigin);
  const tokenOf = (request: FastifyRequest): string => {
    const token = request.cookies[COOKIE] ?? '';
    return token.length > TOKEN_CHARACTERS ? '' : token;
  };
  const enter = (reply: FastifyReply, token: string): void => {
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
    if (status === 429) return say(reply, 429, '请求过于频繁', '请稍等一分钟再试。');
    if (status < 500) return say(reply, status, '不支持的操作', '请返回重试。');
    log.error({ route: request.routeOptions.url ?? '', error: messageOf(error) }, 'portal request failed');
    return say(reply, 500, '出错了', '请稍后再试。');
  });
  app.setNotFoundHandler((_request, reply) => say(reply, 404, '没有这个页面', '请检查链接是否完整，或输入案件码。'));

  /** Where a code or link leads: to its one case, also where the session has others. */
  const placeOf = ({ token, opened: [only, ...others] }: Extract<Opening, { ok: true }>): string => {
    const visit = access.visit(token, now());
    return visit === null || only === undefined || others.length > 0
      ? '/r/cases'
      : `/r/case/${access.handle(visit, only)}`;
  };

  app.get('/', (_request, reply) => reply.redirect('/r', 303));
  serveAssets(app, '/r/assets', ['portal.css', 'portal.js']);

  app.get('/r', (_request, reply) => show(reply, 200, '查询整改事项', codeForm(null)));
  app.post('/r', (request, reply) => {
    if (!ours(request)) return refuse(request, reply, 'cross-origin', '请在本网站输入案件码。');
    const given = (form(request)['code'] ?? '').slice(0, MAX_CODE);
    const code = findCode(given);
    // What can be no code is no guess.
    if (code === null) {
      log.warn({ reason: 'no code' }, 'portal refused a code');
      return show(reply, 404, '查询整改事项', codeForm('没有找到案件码。案件码是短信中的 10 位字母和数字。', given));
    }
    if (!access.admitsGuess(request.ip, now()))
      return show(reply, 429, '请求过于频繁', codeForm('尝试次数过多，请等一分钟再试。', given));
    const opened = access.openByCode(code, tokenOf(request), now());
    if (!opened.ok) {
      if (opened.reason === 'unknown') access.missed(request.ip, now());
      log.warn({ reason: opened.reason }, 'portal refused a code');
      const text =
        opened.reason === 'busy'
          ? '该案件码一小时内打开次数过多，请稍后再试。'
          : '案件码不正确、已失效，或该事项已办结超过 30 天。请核对最新一条短信中的 10 位字母和数字。';
      return show(reply, opened.reason === 'busy' ? 429 : 404, '查询整改事项', codeForm(text, given));
    }
    enter(reply, opened.token);
    return reply.redirect(placeOf(opened), 303);
  });

  app.get<{ Params: { key: string } }>('/r/l/:key', (request, reply) => {
    const cases = access.peek(request.params.key, now());
    if (cases === 0)
      return show(
        reply,
        404,
        '链接已失效',
        html`!${messageBody('请使用最新一封通知邮件中的链接，或输入短信中的案件码。', true)}!${codeForm(null)}`,
      );
    return show(reply, 200, '备案整改事项', keyForm(request.params.key, cases));
  });
  app.post('/r/l', (request, reply) => {
    if (!ours(request)) return refuse(request, reply, 'cross-origin', '请从邮件中的链接打开。');
    const opened = access.openByKey(form(request)['key'] ?? '', tokenOf(request), now());
    if (!opened.ok && opened.reason === 'busy')
      return say(reply, 429, '请求过于频繁', '一小时内打开次数过多，请稍后再试。');
    if (!opened.ok) return refuse(request, reply, 'unknown key', '链接已失效，请使用最新一封通知邮件中的链接。');
    enter(reply, opened.token);
    return reply.redirect(placeOf(opened), 303);
  });

  app.get('/r/cases', (request, reply) => {
    const visit = access.visit(tokenOf(request), now());
    if (visit === null) return lost(reply);
    const [only, ...others] = visit.cases;
    if (only !== undefined && others.length === 0)
      return reply.redirect(`/r/case/${access.handle(visit, only.record)}`, 303);
    const cases = visit.cases.map(({ record }) => ({
      view: viewCase(keeper, record, now()),
      handle: access.handle(visit, record),
    }));
    const open = cases.filter(({ view }) => !isTerminal(view.state)).length;
    return show(reply, 200, `您有 ${open} 个整改事项`, listBody(cases, now()));
  });

  /** The session and case of a request; null when the session has none of that handle. */
  const find = (request: FastifyRequest): Found | null => {
    const visit = access.visit(tokenOf(request), now());
    const { place: handle } = request.params as { place: string };
    const open = visit?.cases.find(({ record }) => access.handle(visit, record) === handle);
    return visit === null || open === undefined ? null : { visit, handle, ...open };
  };
  /** The session is over: what was typed is given back, so that it is not typed again. */
  const lost = (reply: FastifyReply, typed = ''): FastifyReply => {
    log.warn(
      { route: reply.request.routeOptions.url ?? '', why: 'no session, or no such case' },
      'portal refused a request',
    );
    return show(reply, 403, '请重新打开', lostBody(typed));
  };
  const showCase = (reply: FastifyReply, { visit, record, handle }: Found): FastifyReply => {
    const said = told.get(placeIn(visit, handle)) ?? null;
    told.delete(placeIn(visit, handle));
    const { extensionReasons, appealReasons } = keeper.rules.programmes;
    const screen = readScreen(keeper, record, now());
    const body = caseBody({
      screen,
      handle,
      typed: said?.typed === undefined || said.typed === null ? null : { deed: said.deed, values: said.typed },
      several: visit.cases.length > 1,
      formToken: access.formToken(visit, record),
      leaveToken: access.formToken(visit, null),
      extensionReasons,
      appealReasons,
      told: toldOf(keeper, record),
      askAt: notices.askAt,
      said,
      now: now(),
      pollMs,
    });
    const lead = said?.bad === true ? '未能办理：' : '';
    return show(reply, 200, `${lead}${titleOf(screen)}`, body);
  };

  app.get('/r/case/:place', (request, reply) => {
    const found = find(request);
    return found === null ? lost(reply) : showCase(reply, found);
  });
  // Where somebody reloads, or goes back to, what a form led to.
  for (const name of ['recheck', 'extension', 'appeal', 'contacts'])
    app.get(`/r/case/:place/${name}`, (request, reply) => {
      const found = find(request);
      return found === null ? lost(reply) : reply.redirect(`/r/case/${found.handle}`, 303);
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
    act: (found: Found, given: Form, request: FastifyRequest) => keyof typeof DONE,
  ): void => {
    app.post(`/r/case/:place/${path}`, (request, reply) => {
      if (!ours(request)) return refuse(request, reply, 'cross-origin', '请在本网站办理。');
      const found = find(request);
      const given = form(request);
      const typed = Object.fromEntries(
        (['reason', 'days', 'text'] as const).map((field) => [field, (given[field] ?? '').slice(0, 1000)]),
      );
      if (found === null) return lost(reply, typed['text']);
      if (!access.isFormToken(found.visit, found.record, given['form']))
        return refuse(request, reply, 'no form of ours', '页面已过期，请重新打开后再提交。');
      const { record, visit, handle } = found;
      const tell = (text: string, bad: boolean): void => {
        for (const oldest of told.size >= MAX_TOLD ? told.keys() : []) {
          told.delete(oldest);
          break;
        }
        told.set(placeIn(visit, handle), { text, bad, deed: name, typed: bad ? typed : null });
      };
      const offer = offersOf(keeper, record, now())[name];
      let said: string = offer.possible ? 'refused' : 'not offered';
      if (!offer.possible) tell(`未能办理：${offer.why}`, true);
      else if (given['reason'] === 'other' && (given['text'] ?? '').trim() === '')
        tell('未提交：选“其他”时请填写说明。', true);
      else if (!access.admitsDeed(tokenOf(request), record, now())) tell('一小时内提交次数过多，请稍后再试。', true);
      else
        try {
          const done = act(found, given, request);
          said = done;
          tell(DONE[done], false);
        } catch (error) {
          // Refused by the desk after all (somebody was quicker): its words name the case, so they stay out of the log.
          if (!(error instanceof InputError)) throw error;
          tell(error.zh === null ? '未能办理：请刷新页面后再试，或联系我们。' : `未能办理：${error.zh}。`, true);
        }
      log.info({ deed: name, said }, 'an owner asked in the portal');
      return reply.redirect(`/r/case/${handle}#said`, 303);
    });
  };
  deed('recheck', 'recheck', ({ record, actor }) => {
    desk.askRecheck(record.code, actor, now());
    return 'recheck';
  });
  deed('extension', 'extension', ({ record, actor }, { reason = '', text = '', days = '' }) => {
    const workingDays = Number(days);
    const { maxWorkingDays } = record.policy.extension;
    // Refused by the desk it would be mailed to everybody as a refused extension.
    if (!Number.isInteger(workingDays) || workingDays < 1 || workingDays > maxWorkingDays)
      throw new InputError('no such number of days', 'choose one', `请选择 1 到 ${maxWorkingDays} 个工作日`);
    const request = { reason, description: text.slice(0, 500), workingDays };
    const judged = desk.askExtension(record.code, request, actor, now());
    if (!judged.granted) throw new InputError(judged.why.en, 'the rules of the programme', judged.why.zh);
    return 'extended';
  });
  deed('appeal', 'appeal', ({ record, actor }, { reason = '', text = '' }) => {
    desk.appeal(record.code, { reason, description: text.slice(0, 1000) }, actor, now());
    return 'appealed';
  });
  const contacts = new ContactDesk(keeper);
  deed('contacts', 'contacts', ({ record, actor }, { text = '' }) => {
    contacts.addToCase(record, text.slice(0, 200), actor, now());
    return 'contact-added';
  });
  deed('contacts', 'contacts/:id/remove', ({ record, actor }, _given, request) => {
    contacts.removeFromCase(record, Number((request.params as { id: string }).id), actor, now());
    return 'contact-removed';
  });

  app.post('/r/leave', (request, reply) => {
    const token = tokenOf(request);
    const visit = access.visit(token, now());
    if (!ours(request)) return refuse(request, reply, 'cross-origin', '请在本网站退出。');
    if (visit === null || !access.isFormToken(visit, null, form(request)['form']))
      return refuse(request, reply, 'no form of ours', '请返回重试。');
    access.end(token);
    reply.clearCookie(COOKIE, { path: '/', secure });
    return show(
      reply,
      200,
      '已退出',
      html`!${messageBody('再次查看请使用短信中的案件码或邮件中的链接。', false)}!${HOME}`,
    );
  });

  addVerifyRoutes(app, { show, refuse, isOurs: ours, form }, { contacts, log, now });
}

/** A case of a session, as a request named it. */
interface Found extends OpenCase {
  visit: Visit;
  handle: string;
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
