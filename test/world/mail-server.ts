import { appendFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { SMTPServer } from 'smtp-server';

/** What the server does with a mail. */
export type MailFault =
  | 'ok'
  | 'accept-then-hang'
  | 'accept-then-reset'
  | 'reset-before-data'
  | 'reset-in-data'
  | 'greylist'
  | 'no-such-user'
  | 'refuse-content'
  | 'policy';

/** A mail it took: the oracle. */
export interface TakenMail {
  to: string;
  messageId: string;
  subject: string;
  raw: string;
}

/** A running mail server with TLS and log-in. */
export interface MailServer {
  port: number;
  mails: TakenMail[];
  fault: (to: string, attempt: number) => MailFault;
  secureSessions: number;
  close: () => Promise<void>;
}

/** The account it knows. */
export const MAIL_ACCOUNT = { user: 'patrol', password: 'mail-password' };

const failure = (responseCode: number, message: string): Error => Object.assign(new Error(message), { responseCode });

/** A header of a raw mail, unfolded and decoded where it is an encoded word. */
export function headerOf(raw: string, name: string): string {
  const unfolded = raw.split(/\r?\n\r?\n/)[0]?.replace(/\r?\n[ \t]+/g, ' ') ?? '';
  const value = new RegExp(`^${name}:\\s*(.*)$`, 'im').exec(unfolded)?.[1] ?? '';
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(
      /=\?utf-8\?b\?([^?]*)\?=/gi,
      (_, text: string) => `\u0000${Buffer.from(text, 'base64').toString('latin1')}\u0000`,
    )
    .replace(
      /=\?utf-8\?q\?([^?]*)\?=/gi,
      (_, text: string) =>
        `\u0000${text.replaceAll('_', ' ').replace(/=([0-9A-F]{2})/gi, (__, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))}\u0000`,
    )
    .replace(/\u0000([^\u0000]*(?:\u0000\u0000[^\u0000]*)*)\u0000/g, (_, bytes: string) =>
      Buffer.from(bytes.replaceAll('\u0000', ''), 'latin1').toString('utf8'),
    );
}

/** Start an SMTP server on loopback: STARTTLS, log-in demanded, faults on request. */
export async function startMailServer(options: { log?: string } = {}): Promise<MailServer> {
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  const attempts = new Map<string, number>();
  const state: MailServer = { port: 0, mails: [], fault: () => 'ok', secureSessions: 0, close: async () => undefined };
  const server = new SMTPServer({
    key: pems.private,
    cert: pems.cert,
    authMethods: ['PLAIN', 'LOGIN'],
    logger: false,
    onAuth: ({ username, password }, session, callback) => {
      if (session.secure) state.secureSessions++;
      if (username === MAIL_ACCOUNT.user && password === MAIL_ACCOUNT.password) callback(null, { user: username });
      else callback(failure(535, '5.7.8 authentication failed'));
    },
    onRcptTo: ({ address }, session, callback) => {
      const attempt = (attempts.get(address) ?? 0) + 1;
      attempts.set(address, attempt);
      const fault = state.fault(address, attempt);
      (session as { fault?: MailFault }).fault = fault;
      if (fault === 'greylist') callback(failure(451, '4.7.1 greylisted, try again'));
      else if (fault === 'no-such-user') callback(failure(550, '5.1.1 no such user'));
      else if (fault === 'policy') callback(failure(550, '5.7.1 blocked by policy'));
      else if (fault === 'reset-before-data') destroy(session);
      else callback();
    },
    onData: (stream, session, callback) => {
      const fault = (session as { fault?: MailFault }).fault ?? 'ok';
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (fault === 'reset-in-data') destroy(session);
      });
      stream.on('end', () => {
        if (fault === 'reset-in-data') return;
        if (fault === 'refuse-content') return callback(failure(554, '5.6.0 content refused'));
        const raw = Buffer.concat(chunks).toString('utf8');
        const mail = {
          to: session.envelope.rcptTo[0]?.address ?? '',
          messageId: headerOf(raw, 'Message-ID'),
          subject: headerOf(raw, 'Subject'),
          raw,
        };
        state.mails.push(mail);
        if (options.log !== undefined)
          appendFileSync(options.log, `${JSON.stringify({ to: mail.to, messageId: mail.messageId })}\n`);
        if (fault === 'accept-then-reset') return destroy(session);
        if (fault !== 'accept-then-hang') callback(null, 'queued as 1');
      });
    },
  });
  server.on('error', () => undefined);
  const sockets = new Map<string, { destroy: () => void }>();
  server.server.on('connection', (socket) => sockets.set(`${socket.remotePort}`, socket));
  const destroy = (session: { remotePort: number }): void => sockets.get(`${session.remotePort}`)?.destroy();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  state.port = (server.server.address() as AddressInfo).port;
  state.close = () => {
    for (const socket of sockets.values()) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return state;
}
