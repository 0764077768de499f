import type { FastifyReply } from 'fastify';
import { html } from 'ghtml';
import { renderSVG } from 'uqr';
import { InputError } from '../../errors.ts';
import { hashOf } from '../../notify/one-time-secret.ts';
import { formOf, isOurs, placeOf, sendHtml } from '../web-app.ts';
import { framed, listHtml, roleText } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import type { Oidc } from './oidc.ts';
import { demandPassword, hashPassword, MIN_PASSWORD } from './passwords.ts';
import { newTotpSecret, totpStep, totpUri } from './totp.ts';

/** Sign-ins an address may try in a minute, right or wrong: each costs a quarter of a second. */
const SIGN_INS_A_MINUTE = 30;

/** `/login`, `/logout`, `/language`, `/account`: who somebody is, and how they prove it. */
export function addAccount(kit: ConsoleKit, oidc: Oidc | null): void {
  const { app, parts, access } = kit;
  const send = (reply: FastifyReply, status: number, body: string): FastifyReply =>
    sendHtml(reply, status, framed(null, '登录 Sign in', body, { told: null, path: '', pollMs: 0 }));
  app.get<{ Querystring: { to?: unknown } }>('/login', (request, reply) => {
    const to = placeOf(request.query.to);
    if (kit.visit(request) !== null) return reply.redirect(to, 303);
    return send(reply, 200, loginForm(parts, null, '', oidc, to));
  });
  const limit = { max: SIGN_INS_A_MINUTE, timeWindow: 60_000 };
  app.post('/login', { config: { rateLimit: limit } }, async (request, reply) => {
    if (!isOurs(request, kit.publicOrigin))
      return kit.refuse(request, reply, null, 'cross-origin', '请在本网站登录。 Sign in on this site.');
    const { name = '', password = '', code = '', to } = formOf(request.body);
    const result = await access.signIn({ name: name.trim(), password, code }, request.ip, parts.now());
    if (!result.ok) {
      parts.log.warn({ reason: result.reason }, 'console refused a sign-in');
      const words = {
        wrong:
          '用户名、密码或动态码不正确；连续输错 5 次的账号锁定 15 分钟。 Name, password or code is wrong; five wrong ones lock an account for 15 minutes.',
        busy: '尝试过于频繁，请一分钟后再试。 Too many tries: wait a minute.',
      };
      return send(
        reply,
        result.reason === 'busy' ? 429 : 403,
        loginForm(parts, words[result.reason], name.slice(0, 60), oidc, placeOf(to)),
      );
    }
    kit.startSession(request, reply, result.token);
    return reply.redirect(placeOf(to), 303);
  });
  kit.deed(
    '/logout',
    'viewer',
    'sign-out',
    () => '/',
    (visit, _form, _request, reply) => {
      access.end(visit.token);
      reply.clearCookie(kit.cookie, { path: '/' });
      return { to: '/login', object: `admin ${visit.admin.name}` };
    },
  );
  kit.deed(
    '/language',
    'viewer',
    'language',
    () => '/',
    (visit, form) => {
      const language = visit.admin.language === 'zh' ? 'en' : 'zh';
      parts.ledger.admins.save({ ...visit.admin, language });
      return { to: placeOf(form['back']) };
    },
  );
  kit.page(
    '/account',
    ({ say }) => say('我的账号', 'My account'),
    (visit) => accountPage(visit, null),
  );
  kit.deed(
    '/account/password',
    'viewer',
    'change password',
    () => '/account',
    async (visit, form) => {
      const { admin, say } = visit;
      demandOwnPassword(visit);
      const proved = await access.prove(admin.id, form['old'] ?? '', parts.now());
      if (proved === null)
        throw new InputError(say('原密码不正确', 'the present password is wrong'), say('请重新输入', 'type it again'));
      demandPassword(form['new'] ?? '', admin.name);
      if (form['new'] !== form['again'])
        throw new InputError(
          say('两次输入的新密码不同', 'the two new passwords differ'),
          say('请重新输入', 'type them again'),
        );
      const passwordHash = await hashPassword(form['new'] ?? '');
      // As it is by now: hashing takes a while, and somebody may have reset it on the server.
      const now = parts.ledger.admins.get(admin.id);
      if (now === null || now.passwordHash !== proved.passwordHash)
        throw new InputError(
          say('密码刚刚已被重置', 'the password was just reset'),
          say('请用新密码登录', 'sign in with the new one'),
        );
      parts.ledger.admins.save({ ...now, passwordHash, failures: 0 });
      parts.ledger.admins.endSessions(admin.id, hashOf(visit.token));
      return {
        to: '/account',
        said: say('密码已更改，其他登录已退出。', 'Changed; other sign-ins were ended.'),
        object: `admin ${admin.name}`,
      };
    },
  );
  // A secret that is not in force yet lives with the form that made it: nothing is kept before its code was given.
  kit.deed(
    '/account/totp/new',
    'viewer',
    'show authenticator secret',
    () => '/account',
    (visit) => ({
      to: '/account',
      page: {
        title: visit.say('启用动态码', 'Switch the authenticator on'),
        body: accountPage(visit, newTotpSecret()),
      },
    }),
  );
  kit.deed(
    '/account/totp/on',
    'viewer',
    'switch authenticator on',
    () => '/account',
    async (visit, form) => {
      const { say } = visit;
      demandOwnPassword(visit);
      const admin = await access.prove(visit.admin.id, form['password'] ?? '', parts.now());
      if (admin === null)
        throw new InputError(say('密码不正确', 'the password is wrong'), say('请重新输入', 'type it again'));
      const secret = form['secret'] ?? '';
      const isSecret = /^[A-Z2-7]{32}$/.test(secret) && admin.totpSecret === null;
      const step = isSecret ? totpStep(secret, form['code'] ?? '', null, parts.now()) : null;
      if (!isSecret)
        throw new InputError(say('密钥不可用', 'that secret cannot be used'), say('请重新开始', 'begin anew'));
      // What was scanned stays good: only the code is asked for again.
      if (step === null)
        return {
          to: '/account',
          page: {
            title: say('启用动态码', 'Switch the authenticator on'),
            body: html`<p class="said bad" role="alert">${say('动态码不正确，请等它变化后再输入一次。', 'The code is wrong: wait for the next one and type that.')}</p>!${accountPage(visit, secret)}`,
          },
        };
      parts.ledger.admins.save({ ...admin, totpSecret: secret, totpStep: step });
      return {
        to: '/account',
        said: say('动态码已启用，下次登录需要输入。', 'On: the next sign-in wants a code.'),
        object: `admin ${admin.name}`,
      };
    },
  );
  kit.deed(
    '/account/totp/off',
    'viewer',
    'switch authenticator off',
    () => '/account',
    async (visit, form) => {
      const { admin, say } = visit;
      demandOwnPassword(visit);
      const proved = await access.prove(admin.id, form['password'] ?? '', parts.now());
      if (proved === null)
        throw new InputError(say('密码不正确', 'the password is wrong'), say('请重新输入', 'type it again'));
      parts.ledger.admins.save({ ...proved, totpSecret: null, totpStep: null });
      return { to: '/account', said: say('动态码已停用。', 'Off.'), object: `admin ${admin.name}` };
    },
  );
}

/** Whoever signs in by the identity provider gets no second door here: what it takes away would stay open. */
function demandOwnPassword({ admin, say }: Visit): void {
  if (admin.passwordHash === null)
    throw new InputError(
      say('您通过统一认证登录', 'you sign in by the identity provider'),
      say('密码和动态码请在那里设置', 'set password and second factor there'),
    );
}

function loginForm(
  { ledger, config }: ConsoleParts,
  said: string | null,
  name: string,
  oidc: Oidc | null,
  to: string,
): string {
  const none = ledger.admins.all().length === 0;
  return html`!${said === null ? '' : html`<p class="said bad" role="alert" id="said">${said}</p>`}
!${none ? html`<p class="said" role="status">还没有管理员。请在服务器上运行： No admin yet; on the server run:</p><pre><code>npm run -s patrol -- admins add NAME --role approver</code></pre>` : ''}
<form method="post" action="/login" class="narrow"><input type="hidden" name="to" value="${to}"><p><label for="name">用户名 Name</label><input id="name" name="name" value="${name}" autocomplete="username" required maxlength="60"></p>
<p><label for="password">密码 Password</label><input id="password" name="password" type="password" autocomplete="current-password" required maxlength="400"></p>
<p><label for="code">动态码（已启用时填写） Code, where switched on</label><input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="10"></p>
<p><button>登录 Sign in</button></p></form>
!${oidc === null ? '' : html`<form method="post" action="/login/oidc"><input type="hidden" name="to" value="${to}"><p><button class="plain">${config.settings.console.oidc?.name ?? 'OpenID Connect'}</button></p></form>`}`;
}

function accountPage(visit: Visit, fresh: string | null): string {
  const { admin, say, form } = visit;
  const field = (id: string, label: string, attributes: string): string =>
    html`<p><label for="${id}">${label}</label><input id="${id}" !${attributes}></p>`;
  const password = form(
    '/account/password',
    html`!${field('old', say('原密码', 'Present password'), 'name="old" type="password" autocomplete="current-password" required')}!${field('new', say(`新密码（至少 ${MIN_PASSWORD} 个字符）`, `New password (at least ${MIN_PASSWORD} characters)`), `name="new" type="password" autocomplete="new-password" minlength="${MIN_PASSWORD}" required`)}!${field('again', say('再次输入', 'Again'), 'name="again" type="password" autocomplete="new-password" required')}<p><button>${say('更改密码', 'Change')}</button></p>`,
    'class="narrow"',
  );
  const who = listHtml([
    [say('用户名', 'Name'), html`${admin.name}`],
    [say('角色', 'Role'), html`${roleText(visit, admin.role)}`],
  ]);
  if (admin.passwordHash === null)
    return html`!${who}<p>${say('您通过统一认证登录，密码请在那里设置。', 'You sign in by the identity provider: set your password there.')}</p>`;
  return html`!${who}<h2>${say('密码', 'Password')}</h2>!${password}<h2>${say('动态码（TOTP）', 'Authenticator (TOTP)')}</h2>!${totpHtml(visit, fresh)}`;
}

function totpHtml({ admin, say, form }: Visit, fresh: string | null): string {
  if (admin.totpSecret !== null)
    return html`<p>${say('已启用。', 'On.')}</p>!${form('/account/totp/off', html`<p><label for="totp-password">${say('密码', 'Password')}</label><input id="totp-password" name="password" type="password" autocomplete="current-password" required></p><p><button class="plain">${say('停用', 'Switch off')}</button></p>`, 'class="narrow"')}`;
  if (fresh === null)
    return html`<p>${say('未启用。建议审批人启用。', 'Off. Approvers should switch it on.')}</p>!${form('/account/totp/new', html`<button>${say('启用', 'Switch on')}</button>`)}`;
  const picture = renderSVG(totpUri(fresh, admin.name), { border: 2 });
  return html`<p>${say('用验证器应用扫描，再输入它显示的动态码：', 'Scan with an authenticator, then give the code it shows:')}</p>
<div class="qr" role="img" aria-label="${say('二维码', 'QR code')}">!${picture}</div><p class="soft">${say('或手动输入密钥', 'Or type the secret')}：<code>${fresh.replace(/(.{4})/g, '$1 ').trim()}</code></p>
!${form('/account/totp/on', html`<input type="hidden" name="secret" value="${fresh}"><p><label for="totp-password">${say('密码', 'Password')}</label><input id="totp-password" name="password" type="password" autocomplete="current-password" required></p><p><label for="totp-code">${say('动态码', 'Code')}</label><input id="totp-code" name="code" inputmode="numeric" autocomplete="one-time-code" required maxlength="10"></p><p><button>${say('启用', 'Switch on')}</button></p>`, 'class="narrow"')}`;
}
