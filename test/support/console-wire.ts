import { createHmac } from 'node:crypto';
import { PASSWORD } from './console-world.ts';

/** What the console answered. */
export interface Sent {
  status: number;
  text: string;
  location: string | null;
  cookie: string;
}

/** Requests as a browser, or a forger, sends them. */
export interface ConsoleWire {
  post: (
    path: string,
    cookie: string,
    fields: Record<string, string> | [string, string][],
    headers?: Record<string, string>,
  ) => Promise<Sent>;
  get: (path: string, cookie?: string) => Promise<{ status: number; text: string; headers: Headers }>;
  signIn: (name: string, password?: string, code?: string) => Promise<Sent>;
}

/** Speak to a console at an address. */
export function consoleWire(address: string): ConsoleWire {
  /** What a browser of this site would send; `headers` change that. */
  const post: ConsoleWire['post'] = async (path, cookie, fields, headers = {}) => {
    const response = await fetch(`${address}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: address, cookie, 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(fields),
    });
    return {
      status: response.status,
      text: await response.text(),
      location: response.headers.get('location'),
      cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '',
    };
  };
  return {
    post,
    get: async (path, cookie = '') => {
      const response = await fetch(`${address}${path}`, { headers: { cookie }, redirect: 'manual' });
      return { status: response.status, text: await response.text(), headers: response.headers };
    },
    signIn: (name, password = PASSWORD, code = '') => post('/login', '', { name, password, code }),
  };
}

/** The token a page carries for one of its forms. */
export function tokenIn(page: string, path: string): string {
  const form = page.split('<form').find((part) => part.includes(`action="${path}"`)) ?? '';
  return /name="form" value="([^"]+)"/.exec(form)?.[1] ?? '';
}

/** The token that a form of a session carries: as the console makes it, to be sure that nothing else is what refuses. */
export const tokenOf = (token: string, path: string): string =>
  createHmac('sha256', token).update(`form ${path}`).digest('base64url');
