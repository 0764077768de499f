import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf, InputError, messageOf } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { ContactDesk, Verification } from '../notify/contact-desk.ts';

/** What the portal needs. */
export interface PortalOptions {
  host: string;
  port: number;
  desk: ContactDesk;
  log: Logger;
  now: () => number;
}

/** Longest form taken. */
const MAX_FORM_BYTES = 2048;

const SAID: Record<Extract<Verification, { ok: false }>['reason'], string> = {
  unknown: '链接或验证码无效，或已使用过。',
  expired: '链接或验证码已过期，请联系添加您的人重新发送。',
  changed: '联系方式已变更，请使用最新收到的链接或验证码。',
  misses: '验证码输错次数过多，已作废，请联系添加您的人重新发送。',
};

/**
 * The page behind the links in mails. Today it does one thing: an extra contact says yes (R7). Opening a page changes nothing
 * (mail scanners open every link); only the button does.
 */
export async function startPortal(options: PortalOptions): Promise<{ address: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    handle(request, response, options).catch((error: unknown) => {
      options.log.error({ error }, 'portal request failed');
      if (!response.headersSent) page(response, 500, '出错了', '<p>请稍后再试。</p>');
    });
  });
  server.requestTimeout = 10_000;
  server.headersTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = codeOf(error) === 'EADDRINUSE';
      reject(
        new InputError(
          `portal ${options.host}:${options.port}: ${messageOf(error)}`,
          taken ? 'another process has the port: set portal.port' : 'correct portal.host and portal.port',
        ),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  return {
    address: `http://${options.host}:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { desk, now, log }: PortalOptions,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://portal');
  if (url.pathname !== '/r/verify') return page(response, 404, '没有这个页面', '<p>请检查链接是否完整。</p>');
  if (request.method === 'GET' || request.method === 'HEAD')
    return showForm(response, url.searchParams.get('token'), desk, now());
  if (request.method !== 'POST') return page(response, 405, '不支持的操作', '<p>请返回重试。</p>');
  // A browser says where a form came from: another site's form is not ours.
  const origin = request.headers.origin;
  if (origin !== undefined && origin !== 'null' && new URL(origin).host !== request.headers.host)
    return page(response, 403, '不支持的操作', '<p>请从邮件中的链接打开。</p>');
  const form = await readForm(request);
  if (form === null) return page(response, 413, '内容过长', '<p>请返回重试。</p>');
  const token = form.get('token');
  const result =
    token === null
      ? desk.verifyPhone(form.get('phone') ?? '', form.get('code') ?? '', now())
      : desk.verifyToken(token, now());
  log.info({ ok: result.ok, reason: result.ok ? null : result.reason }, 'contact verification');
  if (result.ok) return page(response, 200, '验证成功', '<p>今后的备案通知会发送给您。您可以关闭本页。</p>');
  page(response, 400, '验证未通过', `<p>${SAID[result.reason]}</p>`);
}

function showForm(response: ServerResponse, token: string | null, desk: ContactDesk, now: number): void {
  if (token === null) page(response, 200, '验证手机号', PHONE_FORM);
  else {
    const proof = desk.peek(token, now);
    if (proof.ok) page(response, 200, '确认接收备案通知', confirmForm(token));
    else page(response, 400, '验证未通过', `<p>${SAID[proof.reason]}</p>`);
  }
}

const PHONE_FORM = `<form method="post" action="/r/verify"><p><label>手机号<br><input name="phone" inputmode="numeric" autocomplete="tel" required></label></p>
<p><label>短信验证码<br><input name="code" inputmode="numeric" autocomplete="one-time-code" required></label></p><p><button>确认接收备案通知</button></p></form>`;

const confirmForm = (token: string): string =>
  `<p>确认后，备案核查的通知会发送到您的邮箱。</p><form method="post" action="/r/verify"><input type="hidden" name="token" value="${escaped(token)}"><p><button>确认</button></p></form>`;

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_FORM_BYTES) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

const escaped = (text: string): string => text.replace(/[^\w-]/g, (character) => `&#${character.codePointAt(0)};`);

function page(response: ServerResponse, status: number, title: string, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  response.end(`<!DOCTYPE html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<style>body{margin:0 auto;max-width:480px;padding:24px 16px;font:17px/1.7 -apple-system,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;color:#1f2328}
h1{font-size:21px}input{width:100%;box-sizing:border-box;font-size:17px;padding:10px;border:1px solid #8c959f;border-radius:6px}
button{font-size:17px;padding:12px 24px;border:0;border-radius:6px;background:#0b5cad;color:#fff}</style></head>
<body><h1>${title}</h1>${body}</body></html>`);
}
