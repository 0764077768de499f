import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import { beijingDate } from '../calendar/beijing-time.ts';
import { CaseDesk } from '../cases/desk.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import type { CaseRecord } from '../cases/types.ts';
import { codeOf, InputError, messageOf } from '../errors.ts';
import type { PortalPass } from '../ledger/portal-store.ts';
import { type Logger, maskText } from '../log.ts';
import { viewCase } from '../notify/case-view.ts';
import { ContactDesk, type Verification } from '../notify/contact-desk.ts';
import { audienceOf } from '../notify/recipients.ts';
import { ownerOf, PortalAccess, SESSION_MS } from './portal/access.ts';
import { pictureOf, readScreen } from './portal/case-screen.ts';
import { caseBody, codeForm, keyForm, listBody, messageBody, pageHtml } from './portal/pages.ts';

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

/** Longest form taken. */
const MAX_FORM_BYTES = 16_384;
const COOKIE = 'patrol_r';
/** Contacts a case's owner may name in a day: each is sent a verification. */
const CONTACTS_A_DAY = 5;
/** Requests an address may make in a minute: pages, and codes tried. */
const PAGES_A_MINUTE = 120;
const CODES_A_MINUTE = 10;
/** Wrong codes of all addresses in a minute before nobody's code is taken: a crowd of addresses guesses no faster. */
const MISSES_A_MINUTE = 300;

/** What the last form did, told on the page it leads back to. */
const SAID: Record<string, { text: string; bad: boolean }> = {
  recheck: { text: '复查已提交。', bad: false },
  extended: { text: '延期申请已通过，新的整改期限见下。', bad: false },
  'not-extended': { text: '延期申请未通过，原整改期限不变。', bad: true },
  appealed: { text: '申诉已提交，约 1 个工作日内审核。审核期间不会进一步处理。', bad: false },
  'contact-added': { text: '已添加：对方会收到验证信息，验证后才会收到通知。', bad: false },
  'contact-refused': {
    text: '未能添加：请核对手机号（11 位）或邮箱；已添加过的地址、超过 15 人或当天添加过多时不能再添加。',
    bad: true,
  },
  refused: { text: '未能办理：当前不符合办理条件，或缺少说明。请看下方提示。', bad: true },
};

/**
 * The owners' portal (R4.8): the case behind a code or a mail's link on one screen, with what its owner may ask for; and the page by
 * which an extra contact says yes (R7). Opening a page changes nothing (mail scanners open every link); only forms do. Throws
 * InputError when the port cannot be had.
 */
export async function startPortal(options: PortalOptions): Promise<{ address: string; close: () => Promise<void> }> {
  const { host, port, trustedProxies } = options;
  const app = fastify({
    bodyLimit: MAX_FORM_BYTES,
    requestTimeout: 10_000,
    trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
    // Addresses of pages hold keys and codes: our own log names routes only.
    logger: false,
  });
  await app.register(cookie);
  await app.register(formbody, { bodyLimit: MAX_FORM_BYTES });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        scriptSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
      },
    },
    // Not `no-referrer`: a browser then hides where a form came from.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: false,
  });
  await app.register(rateLimit, { max: PAGES_A_MINUTE, timeWindow: 60_000 });
  route(app, options);
  try {
    await app.listen({ host, port });
  } catch (error) {
    const remedy =
      codeOf(error) === 'EADDRINUSE'
        ? 'another process has the port: set portal.port'
        : 'correct portal.host and portal.port';
    throw new InputError(`portal ${host}:${port}: ${messageOf(error)}`, remedy);
  }
  const bound = app.server.address() as AddressInfo;
  return { address: `http://${host}:${bound.port}`, close: () => app.close() };
}

type Form = Record<string, string>;

function route(app: FastifyInstance, { keeper, log, now, pollMs = 5000 }: PortalOptions): void {
  const access = new PortalAccess(keeper);
  const desk = new CaseDesk(keeper);
  const contacts = new ContactDesk(keeper);
  const { notices } = keeper.rules.settings;
  const publicHost = notices.portalUrl === null ? null : new URL(notices.portalUrl).host;
  const secure = notices.portalUrl?.startsWith('https:') ?? false;
  const frame = { signature: notices.signature, askAt: notices.askAt };
  const misses = { minute: 0, count: 0 };
  const assets = new Map(
    (
      [
        ['portal.css', 'text/css; charset=utf-8'],
        ['portal.js', 'text/javascript; charset=utf-8'],
      ] as const
    ).map(([name, type]) => [name, { type, bytes: readFileSync(join(import.meta.dirname, 'assets', name)) }]),
  );

  const show = (reply: FastifyReply, status: number, title: string, body: string): FastifyReply =>
    reply
      .code(status)
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(pageHtml(title, body, frame));
  const refuse = (request: FastifyRequest, reply: FastifyReply, why: string, text: string): FastifyReply => {
    log.warn({ route: request.routeOptions.url ?? '', why }, 'portal refused a request');
    return show(reply, 403, '不支持的操作', messageBody(text));
  };
  const form = (request: FastifyRequest): Form => (request.body ?? {}) as Form;
  /** Another site's form is not ours: a browser says where it came from. */
  const isOurs = ({ headers }: FastifyRequest): boolean => {
    const from = headers.origin === undefined ? null : (URL.parse(headers.origin)?.host ?? '');
    return from !== null && (from === headers.host || from === publicHost);
  };
  const tokenOf = (request: FastifyRequest): string => request.cookies[COOKIE] ?? '';
  const enter = (reply: FastifyReply, token: string): void =>
    void reply.setCookie(COOKIE, token, {
      path: '/r',
      httpOnly: true,
      sameSite: 'strict',
      secure,
      maxAge: SESSION_MS / 1000,
    });

  app.setErrorHandler((error: { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 429) return show(reply, 429, '请求过于频繁', messageBody('请稍等一分钟再试。'));
    if (status < 500) return show(reply, status, '不支持的操作', messageBody('请返回重试。'));
    log.error({ route: request.routeOptions.url ?? '', error: messageOf(error) }, 'portal request failed');
    return show(reply, 500, '出错了', messageBody('请稍后再试。'));
  });
  app.setNotFoundHandler((_request, reply) => show(reply, 404, '没有这个页面', messageBody('请检查链接是否完整。')));

  app.get<{ Params: { name: string } }>('/r/assets/:name', (request, reply) => {
    const asset = assets.get(request.params.name as 'portal.css');
    if (asset === undefined) return reply.callNotFound();
    return reply.type(asset.type).header('cache-control', 'public, max-age=3600').send(asset.bytes);
  });

  app.get('/r', (_request, reply) => show(reply, 200, '查询整改事项', codeForm(null)));
  app.post('/r', { config: { rateLimit: { max: CODES_A_MINUTE, timeWindow: 60_000 } } }, (request, reply) => {
    if (!isOurs(request)) return refuse(request, reply, 'cross-origin', '请在本网站输入案件码。');
    const minute = Math.floor(now() / 60_000);
    if (misses.minute !== minute) Object.assign(misses, { minute, count: 0 });
    if (misses.count >= MISSES_A_MINUTE) return show(reply, 429, '请求过于频繁', messageBody('请稍等一分钟再试。'));
    const opened = access.openByCode(form(request)['code'] ?? '', now());
    if (!opened.ok) {
      misses.count++;
      log.warn({ reason: opened.reason }, 'portal refused a code');
      const text =
        opened.reason === 'busy'
          ? '该案件码一小时内打开次数过多，请稍后再试。'
          : '案件码不正确。请核对短信中的 10 位字母和数字（没有 0、1、I、L、O、U）。';
      return show(reply, opened.reason === 'busy' ? 429 : 404, '查询整改事项', codeForm(text));
    }
    enter(reply, opened.token);
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
    return show(reply, 200, '备案整改事项', keyForm(request.params.key, pass.caseIds.length));
  });
  app.post('/r/l', (request, reply) => {
    if (!isOurs(request)) return refuse(request, reply, 'cross-origin', '请从邮件中的链接打开。');
    const opened = access.openByKey(form(request)['key'] ?? '', now());
    if (!opened.ok) return refuse(request, reply, 'unknown key', '链接已失效，请使用最新一封通知邮件中的链接。');
    enter(reply, opened.token);
    return reply.redirect('/r/cases', 303);
  });

  app.get('/r/cases', (request, reply) => {
    const session = access.session(tokenOf(request), now());
    if (session === null) return reply.redirect('/r', 303);
    const records = session.caseIds.flatMap((id) => keeper.ledger.cases.get(id) ?? []);
    const [only, ...others] = records;
    if (only !== undefined && others.length === 0) return reply.redirect(`/r/case/${only.code}`, 303);
    return show(reply, 200, '整改事项', listBody(records.map((record) => viewCase(keeper, record, now()))));
  });

  /** The session and case of a request, or the refusal that was sent. The same answer for another's case and for none. */
  const caseFor = (
    request: FastifyRequest,
    reply: FastifyReply,
  ): { session: PortalPass; record: CaseRecord } | null => {
    const session = access.session(tokenOf(request), now());
    const record = session === null ? null : access.caseOf(session, (request.params as { code: string }).code);
    if (session !== null && record !== null) return { session, record };
    log.warn(
      { route: request.routeOptions.url ?? '', why: session === null ? 'no session' : 'not this case' },
      'portal refused a request',
    );
    const text = session === null ? '登录已过期，请重新输入案件码，或从邮件中的链接打开。' : '没有这个整改事项。';
    void show(reply, 403, '请重新打开', html`!${messageBody(text)}!${codeForm(null)}`);
    return null;
  };

  app.get<{ Params: { code: string }; Querystring: { said?: string } }>('/r/case/:code', (request, reply) => {
    const found = caseFor(request, reply);
    if (found === null) return reply;
    const screen = readScreen(keeper, found.record, now());
    const { extensionReasons, appealReasons } = keeper.rules.programmes;
    const said = SAID[request.query.said ?? ''] ?? null;
    const formToken = access.formToken(tokenOf(request));
    const body = caseBody({
      screen,
      formToken,
      extensionReasons,
      appealReasons,
      contacts: toldOf(keeper, found.record),
      said,
      now: now(),
      pollMs,
    });
    return show(reply, 200, `${screen.view.siteName ?? screen.view.number}：${screen.view.programme}`, body);
  });
  app.get('/r/case/:code/mark', (request, reply) => {
    const session = access.session(tokenOf(request), now());
    const record = session === null ? null : access.caseOf(session, (request.params as { code: string }).code);
    reply.header('cache-control', 'no-store');
    return record === null ? reply.code(403).send({}) : reply.send({ mark: `${record.seq}` });
  });
  app.get<{ Params: { code: string; hash: string } }>('/r/case/:code/picture/:hash', (request, reply) => {
    const found = caseFor(request, reply);
    if (found === null) return reply;
    const bytes = pictureOf(keeper, found.record, request.params.hash);
    if (bytes === null) return reply.callNotFound();
    return reply.type('image/jpeg').header('cache-control', 'private, max-age=600').send(bytes);
  });

  /** A form of a case: does it, and leads back to the screen. */
  const deed = (
    name: string,
    act: (found: { session: PortalPass; record: CaseRecord }, given: Form) => keyof typeof SAID,
  ): void => {
    app.post(`/r/case/:code/${name}`, (request, reply) => {
      if (!isOurs(request)) return refuse(request, reply, 'cross-origin', '请在本网站办理。');
      const found = caseFor(request, reply);
      if (found === null) return reply;
      if (!access.isFormToken(tokenOf(request), form(request)['form']))
        return refuse(request, reply, 'no form of ours', '页面已过期，请重新打开后再提交。');
      let said: keyof typeof SAID;
      try {
        said = act(found, form(request));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        log.info({ deed: name, why: error.message }, 'portal could not do what an owner asked');
        said = 'refused';
      }
      log.info({ deed: name, said }, 'portal did what an owner asked');
      return reply.redirect(`/r/case/${found.record.code}?said=${said}`, 303);
    });
  };
  deed('recheck', ({ session, record }) => {
    desk.askRecheck(record.code, ownerOf(session), now());
    return 'recheck';
  });
  deed('extension', ({ session, record }, { reason = '', text = '', days = '' }) => {
    const request = { reason, description: text.slice(0, 500), workingDays: Number(days) };
    return desk.askExtension(record.code, request, ownerOf(session), now()).granted ? 'extended' : 'not-extended';
  });
  deed('appeal', ({ session, record }, { reason = '', text = '' }) => {
    desk.appeal(record.code, { reason, description: text.slice(0, 1000) }, ownerOf(session), now());
    return 'appealed';
  });

  deed('contact', ({ session, record }, { name = '', phone = '', email = '' }) => {
    const added = keeper.ledger.cases
      .events(record.id)
      .filter(({ at, data }) => data['portal'] === 'contact' && beijingDate(at) === beijingDate(now()));
    const subject = keeper.ledger.contacts.subject(record.subjectId);
    if (subject === null || added.length >= CONTACTS_A_DAY || name.trim() === '') return 'contact-refused';
    try {
      keeper.ledger.transaction(() => {
        contacts.add(subject.subjectNumber, { name: name.trim().slice(0, 50), phone, email }, now());
        const note = { now: now(), actor: ownerOf(session), data: { portal: 'contact' } };
        keeper.move(record.id, 'noted', note);
      });
      return 'contact-added';
    } catch (error) {
      if (error instanceof InputError) return 'contact-refused';
      throw error;
    }
  });

  app.post('/r/leave', (request, reply) => {
    const token = tokenOf(request);
    if (!isOurs(request) || !access.isFormToken(token, form(request)['form']))
      return refuse(request, reply, 'no form of ours', '请返回重试。');
    access.end(token);
    reply.clearCookie(COOKIE, { path: '/r' });
    return show(reply, 200, '已退出', messageBody('再次查看请使用短信中的案件码或邮件中的链接。'));
  });

  app.get<{ Querystring: { token?: string } }>('/r/verify', (request, reply) => {
    const { token } = request.query;
    if (token === undefined) return show(reply, 200, '验证手机号', PHONE_FORM);
    const proof = contacts.peek(token, now());
    return proof.ok
      ? show(reply, 200, '确认接收备案通知', confirmForm(token))
      : show(reply, 400, '验证未通过', messageBody(UNPROVEN[proof.reason]));
  });
  app.post('/r/verify', { config: { rateLimit: { max: CODES_A_MINUTE, timeWindow: 60_000 } } }, (request, reply) => {
    if (!isOurs(request)) return refuse(request, reply, 'cross-origin', '请从邮件中的链接打开。');
    const { token, phone = '', code = '' } = form(request);
    const result = token === undefined ? contacts.verifyPhone(phone, code, now()) : contacts.verifyToken(token, now());
    log.info({ ok: result.ok, reason: result.ok ? null : result.reason }, 'contact verification');
    return result.ok
      ? show(reply, 200, '验证成功', messageBody('今后的备案通知会发送给您。您可以关闭本页。'))
      : show(reply, 400, '验证未通过', messageBody(UNPROVEN[result.reason]));
  });
}

/** Who is told of a case, masked, each once. */
function toldOf({ ledger }: CaseKeeper, record: CaseRecord): string[] {
  const ways = { email: '邮件', sms: '短信', 'in-site': '站内信' } as const;
  const lines = audienceOf(ledger.contacts, record).recipients.map(({ channel, address, name }) => {
    const way = ways[channel as keyof typeof ways] ?? channel;
    return channel === 'in-site'
      ? way
      : `${way}：${maskText(address)}${name === null ? '' : `（${name.slice(0, 1)}**）`}`;
  });
  return [...new Set(lines)];
}

const UNPROVEN: Record<Extract<Verification, { ok: false }>['reason'], string> = {
  unknown: '链接或验证码无效，或已使用过。',
  expired: '链接或验证码已过期，请联系添加您的人重新发送。',
  changed: '联系方式已变更，请使用最新收到的链接或验证码。',
  misses: '验证码输错次数过多，已作废，请联系添加您的人重新发送。',
};

const PHONE_FORM = `<form method="post" action="/r/verify"><p><label for="phone">手机号</label><input id="phone" name="phone" inputmode="numeric" autocomplete="tel" required></p>
<p><label for="code">短信验证码</label><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required></p><p><button>确认接收备案通知</button></p></form>`;

const confirmForm = (token: string): string =>
  html`<p>确认后，备案核查的通知会发送到您的邮箱。</p><form method="post" action="/r/verify"><input type="hidden" name="token" value="${token}"><p><button>确认</button></p></form>`;
