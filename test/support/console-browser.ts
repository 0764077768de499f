import { PASSWORD } from './console-world.ts';

/** What an answer of the console is made of. */
export interface Seen {
  status: number;
  text: string;
  location: string | null;
}

/** A browser without a screen: signed in, sends the forms that pages carry, follows where they lead. */
export class ConsoleBrowser {
  readonly #address: string;
  readonly cookie: string;

  private constructor(address: string, cookie: string) {
    this.#address = address;
    this.cookie = cookie;
  }

  static async signIn(address: string, name: string, password = PASSWORD): Promise<ConsoleBrowser> {
    const response = await fetch(`${address}/login`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: address, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ name, password }),
    });
    if (response.status !== 303) throw new Error(`${name} may not sign in: ${response.status}`);
    return new ConsoleBrowser(address, (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '');
  }

  async get(path: string): Promise<Seen> {
    return this.#seen(await fetch(`${this.#address}${path}`, { headers: { cookie: this.cookie }, redirect: 'manual' }));
  }

  /** Send a form that stands on a page, with fields filled in; gives the page it leads to. */
  async submit(page: string, action: string, fields: Record<string, string | string[]> | FormData = {}): Promise<Seen> {
    const { text } = await this.get(page);
    const form = text.split('<form').find((part) => part.includes(`action="${action}"`));
    if (form === undefined) throw new Error(`${page} has no form for ${action}`);
    const token = /name="form" value="([^"]+)"/.exec(form)?.[1] ?? '';
    let body: URLSearchParams | FormData;
    if (fields instanceof FormData) {
      fields.set('form', token);
      body = fields;
    } else {
      body = new URLSearchParams({ form: token });
      for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one);
    }
    const answer = await this.#seen(
      await fetch(`${this.#address}${action}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: this.#address, cookie: this.cookie },
        body,
      }),
    );
    return answer.status === 303 ? this.get(answer.location ?? '/') : answer;
  }

  async #seen(response: Response): Promise<Seen> {
    return { status: response.status, text: await response.text(), location: response.headers.get('location') };
  }
}
