import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedCase, PortalWorld } from '../support/portal-world.ts';

/** What must not move whatever is forged. */
const TABLES = [
  'cases',
  'case_events',
  'notices',
  'extra_contacts',
  'contact_tokens',
  'rescan_requests',
  'enforcements',
];

describe('every form of the portal, forged in every way', () => {
  let served: PortalWorld;
  let one: OpenedCase;
  let two: OpenedCase;
  const state = (): string =>
    JSON.stringify(
      TABLES.map((table) => served.world.ledger.connection.sqlite.prepare(`SELECT * FROM ${table}`).all()),
    );
  const FIELDS = { reason: 'vendor-at-work', days: '3', text: 'evil@else.example' };

  beforeAll(async () => {
    served = await PortalWorld.open();
    // Something to be taken back.
    const named = await served.openCase(1);
    await served.post(
      `${named.path}/contacts`,
      { form: named.form, text: 'a@studio.example' },
      { cookie: named.cookie },
    );
    await served.world.settle();
    one = await served.openCase(1);
    two = await served.openCase(2);
  });
  afterAll(() => served.close());

  /** The forms of a case: what the portal says it has, not a list of ours. */
  const caseForms = (): string[] => served.portal.forms.filter((url) => url.startsWith('/r/case/'));
  const at = (url: string, { path }: OpenedCase): string => url.replace('/r/case/:place', path).replace(':id', '1');

  it('are all known', () => {
    expect([...served.portal.forms].sort()).toEqual(
      [
        '/r',
        '/r/case/:place/appeal',
        '/r/case/:place/contacts',
        '/r/case/:place/contacts/:id/remove',
        '/r/case/:place/extension',
        '/r/case/:place/recheck',
        '/r/l',
        '/r/leave',
        '/r/verify',
      ].sort(),
    );
  });

  const ways: [string, (url: string) => Promise<Response>][] = [
    ['without a session', (url) => served.post(at(url, one), { ...FIELDS, form: one.form })],
    [
      'with an altered session',
      (url) => served.post(at(url, one), { ...FIELDS, form: one.form }, { cookie: `${one.cookie}x` }),
    ],
    [
      'with another case’s session',
      (url) => served.post(at(url, one), { ...FIELDS, form: one.form }, { cookie: two.cookie }),
    ],
    [
      'with another case’s session and token',
      (url) => served.post(at(url, one), { ...FIELDS, form: two.form }, { cookie: two.cookie }),
    ],
    [
      'with its session and another case’s token',
      (url) => served.post(at(url, one), { ...FIELDS, form: two.form }, { cookie: one.cookie }),
    ],
    ['without a token', (url) => served.post(at(url, one), FIELDS, { cookie: one.cookie })],
    [
      'with an altered token',
      (url) =>
        served.post(
          at(url, one),
          { ...FIELDS, form: `${one.form.slice(0, -1)}${one.form.endsWith('A') ? 'B' : 'A'}` },
          { cookie: one.cookie },
        ),
    ],
    [
      'by the code as handle',
      (url) =>
        served.post(
          url.replace(':place', one.code).replace(':id', '1'),
          { ...FIELDS, form: one.form },
          { cookie: one.cookie },
        ),
    ],
    [
      'from another site',
      (url) =>
        served.post(
          at(url, one),
          { ...FIELDS, form: one.form },
          { cookie: one.cookie, origin: 'https://evil.example' },
        ),
    ],
    [
      'from a sandboxed page',
      (url) => served.post(at(url, one), { ...FIELDS, form: one.form }, { cookie: one.cookie, origin: 'null' }),
    ],
  ];
  it.each(ways)('%s: refused, logged, nothing moved', async (_what, forge) => {
    const before = state();
    for (const url of caseForms()) {
      served.logged.length = 0;
      expect((await forge(url)).status, url).toBe(403);
      expect(
        served.logged.map(({ msg }) => msg),
        url,
      ).toContain('portal refused a request');
    }
    expect(state()).toBe(before);
  });

  it('with the token of a session that was left: refused, logged, nothing moved', async () => {
    const left = await served.openCase(1);
    const leave =
      /action="\/r\/leave"[^>]*><input type="hidden" name="form" value="([\w-]+)"/.exec(left.page)?.[1] ?? '';
    expect((await served.post('/r/leave', { form: leave }, { cookie: left.cookie })).status).toBe(200);
    const now = await served.openCase(1);
    const before = state();
    for (const url of caseForms()) {
      served.logged.length = 0;
      expect(
        (await served.post(at(url, left), { ...FIELDS, form: left.form }, { cookie: left.cookie })).status,
        url,
      ).toBe(403);
      // The old token in a new session is none either.
      expect(
        (await served.post(at(url, now), { ...FIELDS, form: left.form }, { cookie: now.cookie })).status,
        url,
      ).toBe(403);
      expect(
        served.logged.filter(({ msg }) => msg === 'portal refused a request'),
        url,
      ).toHaveLength(2);
    }
    expect(state()).toBe(before);
  });

  it.each([
    ['/r', () => ({ code: one.code })],
    ['/r/l', () => ({ key: served.linkOf() })],
    ['/r/verify', () => ({ phone: '13700000009', code: '12345678' })],
    ['/r/leave', () => ({ form: one.form })],
  ])('%s from another site: refused, logged, nothing opened', async (url, form) => {
    served.logged.length = 0;
    const before = state();
    const answer = await served.post(url, form(), { cookie: one.cookie, origin: 'https://evil.example' });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
    expect(served.logged.map(({ msg }) => msg)).toContain('portal refused a request');
    expect(state()).toBe(before);
  });

  it('a proof of a contact is used up once, opens nothing altered, and nothing for another number', async () => {
    const mail = served.world.channels.email.sent.findLast(({ message }) => message.kind === 'contact-verification');
    const token = /verify\?token=([\w-]+)/.exec(mail?.message.content.text ?? '')?.[1] ?? '';
    const altered = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    expect((await served.post('/r/verify', { token: altered })).status).toBe(400);
    // A key of a case is no proof, and a proof is no key.
    expect((await served.post('/r/verify', { token: served.linkOf() })).status).toBe(400);
    expect((await served.post('/r/l', { key: token })).status).toBe(403);
    expect([
      (await served.post('/r/verify', { token })).status,
      (await served.post('/r/verify', { token })).status,
    ]).toEqual([200, 400]);
  });

  it('what is really offered is done by the same forms: the forgeries failed for their own reasons', async () => {
    for (const url of caseForms().filter((one) => !one.endsWith('/appeal'))) {
      const fresh = await served.openCase(1);
      const fields = { ...FIELDS, text: 'b@studio.example', form: fresh.form };
      expect((await served.post(at(url, fresh), fields, { cookie: fresh.cookie })).status, url).toBe(303);
    }
  });
});
