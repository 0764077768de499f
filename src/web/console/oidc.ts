import { randomBytes } from 'node:crypto';
import { html } from 'ghtml';
import * as client from 'openid-client';
import { messageOf } from '../../errors.ts';
import { type Admin, type AdminRole, ROLES } from '../../ledger/admins-store.ts';
import { hashOf } from '../../notify/one-time-secret.ts';
import { isLoopbackHost } from '../../provider/address.ts';
import { formOf, isOurs, placeOf } from '../web-app.ts';
import { framed } from './frame.ts';
import type { ConsoleKit, ConsoleParts } from './kit.ts';

/** What a sign-in that is under way must come back with. */
interface Pending {
  state: string;
  nonce: string;
  verifier: string;
  /** Where somebody was going: a place of this very site. */
  place: string;
  at: number;
}

const PENDING_MS = 10 * 60_000;
const MAX_PENDING = 1000;
const COOKIE = 'patrol_oidc';

/** Sign-in by an identity provider: authorization code with PKCE, by openid-client. */
export class Oidc {
  readonly #parts: ConsoleParts;
  readonly #settings: NonNullable<ConsoleParts['config']['settings']['console']['oidc']>;
  readonly #callback: string;
  readonly #pending = new Map<string, Pending>();
  #discovered: Promise<client.Configuration> | null = null;

  private constructor(parts: ConsoleParts, settings: Oidc['settings'], origin: string) {
    this.#parts = parts;
    this.#settings = settings;
    this.#callback = `${origin}/login/oidc/callback`;
  }

  get settings(): NonNullable<ConsoleParts['config']['settings']['console']['oidc']> {
    return this.#settings;
  }

  /** The configured provider, or null. */
  static open(parts: ConsoleParts): Oidc | null {
    const { oidc, url } = parts.config.settings.console;
    return oidc === null || url === null ? null : new Oidc(parts, oidc, new URL(url).origin);
  }

  /** The provider's own words about itself: asked for at the first sign-in, and again where that failed. */
  #configuration(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const server = new URL(issuer);
    // On this machine itself tests and side-cars speak plainly.
    const execute =
      server.protocol === 'http:' && isLoopbackHost(server.hostname) ? [client.allowInsecureRequests] : [];
    this.#discovered ??= client
      .discovery(server, clientId, {}, clientSecret === null ? client.None() : client.ClientSecretPost(clientSecret), {
        execute,
        timeout: 10,
      })
      .catch((error: unknown) => {
        this.#discovered = null;
        throw error;
      });
    return this.#discovered;
  }

  /** Begin: gives where to send the browser, and what it must bring back in a cookie. */
  async begin(place: string, now: number): Promise<{ to: string; ticket: string }> {
    const configuration = await this.#configuration();
    for (const [ticket, { at }] of this.#pending)
      if (now - at > PENDING_MS || this.#pending.size >= MAX_PENDING) this.#pending.delete(ticket);
    const ticket = randomBytes(24).toString('base64url');
    const pending: Pending = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
      place,
      at: now,
    };
    this.#pending.set(ticket, pending);
    const to = client.buildAuthorizationUrl(configuration, {
      redirect_uri: this.#callback,
      scope: this.#settings.scope,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    });
    return { to: to.href, ticket };
  }

  /**
   * End: who came back. Each ticket is good once. Throws where the answer is not the provider's; gives null where nobody here
   * is linked to that person and the provider's claim gives no role.
   */
  async end(ticket: string, query: string, now: number): Promise<{ admin: Admin | null; place: string }> {
    const pending = this.#pending.get(ticket);
    this.#pending.delete(ticket);
    if (pending === undefined || now - pending.at > PENDING_MS)
      throw new Error('the sign-in was not begun here, or is too old');
    const tokens = await client.authorizationCodeGrant(
      await this.#configuration(),
      new URL(`${this.#callback}${query}`),
      {
        pkceCodeVerifier: pending.verifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      },
    );
    const claims = tokens.claims();
    if (claims === undefined) throw new Error('the provider gave no identity');
    return { admin: this.#adminOf(`${claims.iss} ${claims.sub}`, claims, now), place: pending.place };
  }

  #adminOf(subject: string, claims: client.IDToken, now: number): Admin | null {
    const { admins } = this.#parts.ledger;
    const role = this.#roleOf(claims);
    const known = admins.byOidc(subject);
    if (known !== null) {
      if (known.disabledAt !== null) return null;
      // Where the provider gives roles, it also takes them.
      if (this.#settings.roleClaim === null) return known;
      if (role === null) {
        // What the provider took away ends at once, not with the session.
        admins.endSessions(known.id, '');
        this.#audit(known.name, 'role by the identity provider', `${known.role} → none`, now);
        return null;
      }
      if (role !== known.role) this.#audit(known.name, 'role by the identity provider', `${known.role} → ${role}`, now);
      admins.save({ ...known, role });
      return { ...known, role };
    }
    if (role === null) return null;
    // As the command line makes them: `key:…` and the like stand for others in the audit log.
    const given = String(claims['preferred_username'] ?? claims['name'] ?? claims.sub);
    const wanted = given.replace(/[^\p{L}\p{N}._@-]/gu, '').slice(0, 50) || 'oidc';
    // Never into somebody else's account: a name that is taken gets the person's own mark.
    const name = admins.byName(wanted) === null ? wanted : `${wanted}-${hashOf(subject).slice(0, 8)}`;
    const id = admins.insert({ name, passwordHash: null, role, language: 'zh', oidcSubject: subject }, now);
    this.#audit(name, 'account by the identity provider', role, now);
    return admins.get(id);
  }

  #audit(name: string, action: string, detail: string, now: number): void {
    const entry = { at: now, actor: name, action, object: `admin ${name}`, outcome: 'done' as const, detail };
    this.#parts.ledger.admins.audit(entry);
  }

  /** The highest role the provider's claim gives. */
  #roleOf(claims: client.IDToken): AdminRole | null {
    const { roleClaim, roles } = this.#settings;
    const given = roleClaim === null ? [] : [claims[roleClaim]].flat();
    const found = given.flatMap((one) => (typeof one === 'string' && Object.hasOwn(roles, one) ? [roles[one]] : []));
    return ROLES.toReversed().find((role) => found.includes(role)) ?? null;
  }
}

/** `/login/oidc` and its way back. */
export function addOidc(kit: ConsoleKit, oidc: Oidc): void {
  const { app, parts, access } = kit;
  const cookie = { path: '/login', httpOnly: true, sameSite: 'lax' as const, secure: kit.secure };
  const limit = { config: { rateLimit: { max: 30, timeWindow: 60_000 } } };
  app.post('/login/oidc', limit, async (request, reply) => {
    if (!isOurs(request, kit.publicOrigin))
      return kit.refuse(request, reply, null, 'cross-origin', '请在本网站登录。 Sign in on this site.');
    const begun = await oidc.begin(placeOf(formOf(request.body)['to']), parts.now()).catch((error: unknown) => {
      parts.log.error({ error: messageOf(error) }, 'the identity provider does not answer');
      return null;
    });
    if (begun === null)
      return kit.refuse(
        request,
        reply,
        null,
        'identity provider silent',
        '统一认证暂时无法使用，请稍后再试。 The identity provider does not answer.',
      );
    return reply.setCookie(COOKIE, begun.ticket, { ...cookie, maxAge: PENDING_MS / 1000 }).redirect(begun.to, 303);
  });
  app.get('/login/oidc/callback', limit, async (request, reply) => {
    const ticket = request.cookies[COOKIE] ?? '';
    reply.clearCookie(COOKIE, cookie);
    const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : '';
    let came: { admin: Admin | null; place: string };
    try {
      came = await oidc.end(ticket, query, parts.now());
    } catch (error) {
      return kit.refuse(
        request,
        reply,
        null,
        `identity provider: ${messageOf(error)}`,
        '统一认证未成功，请重新登录。 Signing in did not succeed.',
      );
    }
    const { admin, place } = came;
    if (admin === null)
      return kit.refuse(
        request,
        reply,
        null,
        'identity without a role',
        '您没有使用权限，请联系管理员。 You have no role here.',
      );
    kit.startSession(request, reply, access.start(admin, 'identity provider', parts.now()));
    // A page of ours first: a browser that comes from elsewhere does not send a strict cookie on a redirect.
    const body = html`<p>${admin.name}</p><p><a href="${place}">继续 Continue</a></p>`;
    return reply
      .header('refresh', `0; url=${place}`)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(framed(null, '已登录 Signed in', body, { told: null, path: '', pollMs: 0 }));
  });
}
