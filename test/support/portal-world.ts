import type { FilingRow } from '../../src/filing/validate-row.ts';
import { createLogger } from '../../src/log.ts';
import { startPortal } from '../../src/web/portal.ts';
import { CaseWorld } from './case-world.ts';

/** An opened case: its session, screen, and the token its forms carry. */
export interface OpenedCase {
  cookie: string;
  code: string;
  page: string;
  form: string;
  path: string;
}

/** A portal over a world of two sites, each with a case its owners were told of: by an SMS each, and by mails that tell of both. */
export class PortalWorld {
  readonly world: CaseWorld;
  readonly logged: Record<string, unknown>[] = [];
  portal!: Awaited<ReturnType<typeof startPortal>>;

  private constructor(world: CaseWorld) {
    this.world = world;
  }

  static async open(): Promise<PortalWorld> {
    const world = await CaseWorld.open('2026-11-23 10:00', { notices: { portalUrl: 'http://127.0.0.1:8788' } });
    for (const index of [1, 2]) {
      const siteId = world.addSite(index, { persons: personsOf(index) });
      world.set(siteId, 'empty-shell', 'fail');
      world.look(siteId);
    }
    await world.until('2026-11-23 11:00');
    const opened = new PortalWorld(world);
    await opened.serve();
    return opened;
  }

  /** Serve it (anew). */
  async serve(trustedProxies: readonly string[] = []): Promise<void> {
    this.portal = await startPortal({
      host: '127.0.0.1',
      port: 0,
      trustedProxies,
      keeper: this.world.keeper,
      log: createLogger('debug', { write: (line) => this.logged.push(JSON.parse(line) as Record<string, unknown>) }),
      now: this.world.now,
    });
  }

  async close(): Promise<void> {
    await this.portal.close();
    this.world.close();
  }

  /** The code in the newest SMS that told of a site's case. */
  codeOf = (site: number): string => codeInSms(this.world, site);

  get = (path: string, cookie = ''): Promise<Response> =>
    fetch(`${this.portal.address}${path}`, { headers: { cookie }, redirect: 'manual' });

  post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${this.portal.address}${path}`, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: { origin: this.portal.address, ...headers },
      redirect: 'manual',
    });

  /** Open a case by its code. */
  openCase = async (site = 1): Promise<OpenedCase> => {
    const code = this.codeOf(site);
    const cookie = cookieOf(await this.post('/r', { code }));
    const path = (await this.get('/r/cases', cookie)).headers.get('location') ?? '';
    const page = await (await this.get(path, cookie)).text();
    return { cookie, code, page, path, form: /name="form" value="([\w-]+)"/.exec(page)?.[1] ?? '' };
  };

  /** Send a form of an opened case, and read the screen it leads back to: what was done, or why not. */
  act = async (
    { path, cookie, form }: Pick<OpenedCase, 'path' | 'cookie' | 'form'>,
    deed: string,
    fields: Record<string, string> = {},
  ): Promise<{ status: number; done: string | null; refused: string | null; page: string }> => {
    const answer = await this.post(`${path}/${deed}`, { form, ...fields }, { cookie });
    const page = answer.status === 303 ? await (await this.get(path, cookie)).text() : await answer.text();
    const said = (role: string): string | null =>
      new RegExp(`role="${role}" id="said"[^>]*>(.*?)</p>`).exec(page)?.[1] ?? null;
    return { status: answer.status, done: said('status'), refused: said('alert'), page };
  };

  /** The key in the link of a mail that told of a case. */
  linkOf = (index = 0): string =>
    /\/r\/l\/([\w-]+)/.exec(
      this.world.channels.email.sent.filter(({ message }) => message.kind === 'found')[index]?.message.content.text ??
        '',
    )?.[1] ?? '';

  eventsOf = (site: number): string[] => {
    const { ledger } = this.world;
    return ledger.cases
      .events(this.world.cases().find(({ siteId }) => siteId === site)?.id ?? 0)
      .map(({ move }) => move);
  };
}

/** Persons of the n-th site: telephones of their own, and mailboxes that all sites share. */
export const personsOf = (index: number): FilingRow['persons'] => [
  { role: 'subject-head', name: '张三', phone: `1380000000${index * 2 - 1}`, email: 'zhang@owner.example' },
  { role: 'site-head', name: '李四', phone: `1380000000${index * 2}`, email: 'li@owner.example' },
];

/** The code in the newest SMS that told of the case of the world's n-th site. */
export function codeInSms(world: CaseWorld, site: number): string {
  const number = `京ICP备${2021000000 + site}号`;
  const sms = world.channels.sms.sent.findLast(({ message }) => message.content.sms?.text.includes(number) === true);
  return sms?.message.content.sms?.params['code'] ?? '';
}

export const cookieOf = (response: Response): string => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
