import { createHmac } from 'node:crypto';
import { OAuth2Server } from 'oauth2-mock-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CaseWorld } from '../support/case-world.ts';
import { type ConsoleWorld, openConsole } from '../support/console-world.ts';
import { freePort } from '../support/redis.ts';

// An identity provider that speaks the real protocol on loopback: discovery, keys, codes, signed identities.
let provider: OAuth2Server;
let world: CaseWorld;
let served: ConsoleWorld;
let address: string;
let claims: Record<string, unknown> = {};
let tamper: ((token: { header: Record<string, unknown>; payload: Record<string, unknown> }) => void) | null = null;

beforeAll(async () => {
  provider = new OAuth2Server();
  await provider.issuer.keys.generate('RS256');
  await provider.start(0, '127.0.0.1');
  provider.issuer.url = `http://127.0.0.1:${provider.address().port}`;
  provider.service.on(
    'beforeTokenSigning',
    (token: { header: Record<string, unknown>; payload: Record<string, unknown> }) => {
      Object.assign(token.payload, claims);
      tamper?.(token);
    },
  );
  const port = await freePort();
  world = await CaseWorld.open('2026-11-23 10:00', {
    console: {
      url: `http://127.0.0.1:${port}`,
      oidc: {
        issuer: provider.issuer.url,
        clientId: 'patrol',
        clientSecret: 's',
        name: '统一认证',
        scope: 'openid profile',
        roleClaim: 'groups',
        roles: { 'beian-look': 'viewer', 'beian-work': 'operator' },
      },
    },
  });
  // Tokens are dated by the real clock: the provider's, and the library's.
  served = await openConsole(world, { port });
  address = served.console.address;
});
afterAll(async () => {
  await served.close();
  world.close();
  await provider.stop();
});
beforeEach(() => {
  claims = {};
  tamper = null;
});

const cookieOf = (response: Response, name: string): string =>
  response.headers
    .getSetCookie()
    .find((one) => one.startsWith(`${name}=`) && !one.startsWith(`${name}=;`))
    ?.split(';')[0] ?? '';

/** As a browser goes: button, provider, way back. Gives the way back's answer and the session it set. */
async function signIn(
  change: (back: URL) => void = () => undefined,
  ticketOf = (ticket: string): string => ticket,
  to = '/',
): Promise<{ response: Response; session: string; back: URL; ticket: string }> {
  const begun = await fetch(`${address}/login/oidc`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: address },
    body: new URLSearchParams({ to }),
  });
  expect(begun.status).toBe(303);
  const ticket = cookieOf(begun, 'patrol_oidc');
  const asked = await fetch(begun.headers.get('location') ?? '', { redirect: 'manual' });
  const back = new URL(asked.headers.get('location') ?? '');
  change(back);
  const response = await fetch(back, { redirect: 'manual', headers: { cookie: ticketOf(ticket) } });
  return { response, session: cookieOf(response, 'patrol_console'), back, ticket };
}

const page = async (session: string): Promise<string> =>
  (await fetch(`${address}/account`, { headers: { cookie: session }, redirect: 'manual' })).text();

describe('sign-in by an identity provider', () => {
  it('makes an admin of who has a role there, and takes the role away again', async () => {
    claims = { sub: 'u1', preferred_username: 'li', groups: ['everybody', 'beian-look'] };
    const first = await signIn();
    expect(first.response.status).toBe(200);
    expect(await page(first.session)).toContain('只读');
    expect(world.ledger.admins.byName('li')).toMatchObject({ role: 'viewer', passwordHash: null });
    claims = { sub: 'u1', groups: 'beian-work' };
    expect(await page((await signIn()).session)).toContain('操作员');
    claims = { sub: 'u1', groups: [] };
    const gone = await signIn();
    expect(gone.response.status).toBe(403);
    expect(gone.session).toBe('');
    expect(world.ledger.admins.auditLog({}, null, 1)[0]).toMatchObject({
      outcome: 'refused',
      detail: 'identity without a role',
    });
  });

  it('leads to where one was going, and to no other site', async () => {
    claims = { sub: 'u1', preferred_username: 'li', groups: ['beian-look'] };
    for (const [to, place] of [
      ['/cases?state=open', '/cases?state=open'],
      ['https://evil.example/', '/'],
      ['//evil.example/', '/'],
    ]) {
      const { response } = await signIn(undefined, undefined, to);
      expect(response.headers.get('refresh')).toBe(`0; url=${place}`);
    }
  });

  it('gives no second door: no password here, and what is taken away there ends at once', async () => {
    claims = { sub: 'u9', preferred_username: 'key:root cli', groups: ['beian-look'] };
    const { session } = await signIn();
    const admin = world.ledger.admins.byOidc(`${provider.issuer.url} u9`);
    expect(admin?.name).toBe('keyrootcli');
    expect(await page(session)).not.toContain('/account/password');
    const form = createHmac('sha256', session.split('=')[1] ?? '')
      .update('form /account/password')
      .digest('base64url');
    const chosen = 'chosen by myself 12';
    await fetch(`${address}/account/password`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: address, cookie: session, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ form, new: chosen, again: chosen }),
    });
    expect(world.ledger.admins.byOidc(`${provider.issuer.url} u9`)?.passwordHash).toBeNull();
    claims = { sub: 'u9', groups: [] };
    expect((await signIn()).response.status).toBe(403);
    expect((await fetch(`${address}/`, { headers: { cookie: session }, redirect: 'manual' })).status).toBe(303);
  });

  it('never lets somebody into an account that is called the same', async () => {
    claims = { sub: 'stranger', preferred_username: 'anna', groups: ['beian-look'] };
    const { session } = await signIn();
    expect(await page(session)).toContain('只读');
    expect(world.ledger.admins.byName('anna')).toMatchObject({ role: 'approver', oidcSubject: null });
  });

  it.each([
    ['another state', (back: URL) => back.searchParams.set('state', 'x')],
    ['no code', (back: URL) => back.searchParams.delete('code')],
    ['a code nobody gave', (back: URL) => back.searchParams.set('code', 'nonsense')],
  ])('refuses a way back with %s', async (_name, change) => {
    claims = { sub: 'u2', groups: ['beian-look'] };
    const { response, session } = await signIn(change);
    expect(response.status).toBe(403);
    expect(session).toBe('');
  });

  it('refuses a way back that was not begun in this browser, and the same one again', async () => {
    claims = { sub: 'u3', groups: ['beian-look'] };
    expect((await signIn(undefined, () => '')).response.status).toBe(403);
    const { back, ticket } = await signIn();
    expect((await fetch(back, { redirect: 'manual', headers: { cookie: ticket } })).status).toBe(403);
  });

  it.each([
    [
      'for another client',
      (token: { payload: Record<string, unknown> }) => Object.assign(token.payload, { aud: 'other' }),
    ],
    [
      'of another issuer',
      (token: { payload: Record<string, unknown> }) => Object.assign(token.payload, { iss: 'http://127.0.0.1:1' }),
    ],
    ['that is over', (token: { payload: Record<string, unknown> }) => Object.assign(token.payload, { exp: 1000 })],
    [
      'with another nonce',
      (token: { payload: Record<string, unknown> }) => Object.assign(token.payload, { nonce: 'x' }),
    ],
  ])('refuses an identity %s', async (_name, change) => {
    claims = { sub: 'u4', groups: ['beian-look'] };
    tamper = change as typeof tamper;
    const { response, session } = await signIn();
    expect(response.status).toBe(403);
    expect(session).toBe('');
    expect(world.ledger.admins.byOidc(`${provider.issuer.url} u4`)).toBeNull();
  });

  it('is begun from here alone, by a button at the door', async () => {
    expect(
      (
        await fetch(`${address}/login/oidc`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: 'https://evil.example' },
        })
      ).status,
    ).toBe(403);
    expect(await (await fetch(`${address}/login`)).text()).toContain('统一认证');
  });
});
