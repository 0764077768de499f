import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { html } from 'ghtml';
import type { Logger } from '../../log.ts';
import type { ContactDesk, Verification } from '../../notify/contact-desk.ts';
import { HOME, messageBody } from './pages.ts';

/** What the routes of the portal share. */
export interface PortalShell {
  show: (reply: FastifyReply, status: number, title: string, body: string) => FastifyReply;
  refuse: (request: FastifyRequest, reply: FastifyReply, why: string, text: string) => FastifyReply;
  /** Does a form come from a page of ours? */
  isOurs: (request: FastifyRequest) => boolean;
  /** What a form holds: texts, each once. */
  form: (request: FastifyRequest) => Partial<Record<string, string>>;
}

/** Codes of contacts an address may try in a minute. */
const CODES_A_MINUTE = 10;

const UNPROVEN: Record<Extract<Verification, { ok: false }>['reason'], string> = {
  unknown: '链接或验证码无效，或已使用过。',
  expired: '链接或验证码已过期，请联系添加您的人重新发送。',
  changed: '联系方式已变更，请使用最新收到的链接或验证码。',
  misses: '验证码输错次数过多，已作废，请联系添加您的人重新发送。',
};

const phoneForm = (
  phone: string,
): string => html`<form method="post" action="/r/verify"><p><label for="phone">手机号</label><input id="phone" name="phone" value="${phone.slice(0, 30)}" inputmode="numeric" autocomplete="tel" required></p>
<p><label for="code">短信验证码</label><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required></p><p><button>确认接收备案通知</button></p></form>`;

const confirmForm = (token: string): string =>
  html`<p>确认后，备案核查的通知会发送到您的邮箱。</p><form method="post" action="/r/verify"><input type="hidden" name="token" value="${token}"><p><button>确认</button></p></form>`;

/** The page by which an extra contact says yes (R7): by the link of a mail, or the code of an SMS. */
export function addVerifyRoutes(
  app: FastifyInstance,
  { show, refuse, isOurs, form }: PortalShell,
  { contacts, log, now }: { contacts: ContactDesk; log: Logger; now: () => number },
): void {
  app.get<{ Querystring: { token?: unknown } }>('/r/verify', (request, reply) => {
    const { token } = request.query;
    if (typeof token !== 'string') return show(reply, 200, '验证手机号', phoneForm(''));
    const proof = contacts.peek(token, now());
    return proof.ok
      ? show(reply, 200, '确认接收备案通知', confirmForm(token))
      : show(reply, 400, '验证未通过', html`!${messageBody(UNPROVEN[proof.reason], true)}!${HOME}`);
  });
  const limited = { config: { rateLimit: { max: CODES_A_MINUTE, timeWindow: 60_000 } } };
  app.post('/r/verify', limited, (request, reply) => {
    if (!isOurs(request)) return refuse(request, reply, 'cross-origin', '请从邮件中的链接打开。');
    const { token, phone = '', code = '' } = form(request);
    const result = token === undefined ? contacts.verifyPhone(phone, code, now()) : contacts.verifyToken(token, now());
    log.info({ ok: result.ok, reason: result.ok ? null : result.reason }, 'contact verification');
    return result.ok
      ? show(
          reply,
          200,
          '验证成功',
          messageBody(
            result.contact.caseId === null
              ? '今后的备案通知会发送给您。您可以关闭本页。'
              : '该整改事项的后续通知会发送给您。您可以关闭本页。',
            false,
          ),
        )
      : show(
          reply,
          400,
          '验证未通过',
          html`!${messageBody(UNPROVEN[result.reason], true)}!${token === undefined ? phoneForm(phone) : HOME}`,
        );
  });
}
