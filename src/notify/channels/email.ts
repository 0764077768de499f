import { createTransport, type Transporter } from 'nodemailer';
import { codeOf, messageOf } from '../../errors.ts';
import type { Message } from '../../ledger/outbox-store.ts';
import type { Channel, SendOutcome } from './types.ts';

/** How the mail server is reached. Times in ms. */
export interface EmailSettings {
  host: string;
  port: number;
  /** TLS from the first byte (465); else STARTTLS, demanded unless `requireTls` is false. */
  secure: boolean;
  requireTls: boolean;
  rejectUnauthorized: boolean;
  user: string | null;
  password: string | null;
  from: { name: string; address: string };
  replyTo: string | null;
  timeoutMs: number;
  maxConnections: number;
  dkim: { domainName: string; keySelector: string; privateKey: string } | null;
}

/** Failures before a mail could be on its way: connecting, greeting, TLS, log-in. */
const BEFORE_MAIL = new Set(['EDNS', 'ETLS', 'EAUTH', 'ENOAUTH', 'EOAUTH2', 'EPROXY']);
const NEVER_CONNECTED = /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/;

/**
 * Mail over SMTP. The Message-ID is the correlation id, the same for every attempt, so that a mail sent twice after an unknown
 * fate is recognised as one. The pool's own requeueing is off: it would send again without the ledger knowing.
 */
export class EmailChannel implements Channel {
  readonly provider = 'smtp';
  readonly unknown = 'resend' as const;
  readonly #transport: Transporter;
  readonly #settings: EmailSettings;

  constructor(settings: EmailSettings) {
    this.#settings = settings;
    this.#transport = createTransport({
      host: settings.host,
      port: settings.port,
      secure: settings.secure,
      requireTLS: !settings.secure && settings.requireTls,
      tls: { rejectUnauthorized: settings.rejectUnauthorized },
      ...(settings.user !== null && { auth: { user: settings.user, pass: settings.password ?? '' } }),
      pool: true,
      maxConnections: settings.maxConnections,
      maxMessages: 100,
      maxRequeues: 0,
      connectionTimeout: settings.timeoutMs,
      greetingTimeout: settings.timeoutMs,
      socketTimeout: settings.timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(settings.dkim !== null && { dkim: settings.dkim }),
    });
  }

  async send(message: Message): Promise<SendOutcome> {
    const { title, text, html } = message.content;
    try {
      const info = await this.#transport.sendMail({
        from: this.#settings.from,
        // An object, never a parsed string: an address cannot smuggle a second one.
        to: { name: '', address: message.recipient },
        ...(this.#settings.replyTo !== null && { replyTo: { name: '', address: this.#settings.replyTo } }),
        subject: title,
        text,
        ...(html !== null && { html }),
        messageId: `<${message.correlationId}@${this.#settings.from.address.split('@')[1]}>`,
        headers: { 'Auto-Submitted': 'auto-generated', 'X-Patrol-Id': message.correlationId },
      });
      return { kind: 'accepted', providerId: String(info.response ?? '').slice(0, 200) || null };
    } catch (error) {
      return smtpFailure(error);
    }
  }

  close(): void {
    this.#transport.close();
  }
}

interface SmtpError {
  code?: string;
  originalCode?: string;
  command?: string;
  responseCode?: number;
  timeoutType?: string;
}

/** The mailbox does not exist: the only refusals that are the address's fault for good. */
const NO_MAILBOX =
  /\b5\.1\.(?:1|2|3|6|10)\b|no such user|user (?:unknown|not found|doesn't exist)|unknown user|(?:mailbox|recipient|account|address)[^.]{0,20}(?:not found|does not exist|unavailable|invalid|disabled)|invalid recipient|用户不存在|帐号不存在|账号不存在/i;
/** Full mailboxes and rate limits pass; QQ and NetEase put them into 550. */
const PASSING =
  /\b5\.2\.2\b|\bquota\b|mailbox (?:is )?full|over ?quota|frequency|too many|rate limit|\bRP:|temporar|try again/i;

function recipientRefused(code: string, message: string): SendOutcome {
  if (PASSING.test(message) || code === '552') return { kind: 'not-sent', code, message, retryAfterMs: 3_600_000 };
  return { kind: 'refused', code, message, blame: NO_MAILBOX.test(message) ? 'address' : 'content' };
}

/** What an SMTP failure means: only what surely happened before the mail was taken is "not sent". */
export function smtpFailure(error: unknown): SendOutcome {
  const { code = '', command = '', responseCode, originalCode = '' } = error as SmtpError;
  const message = messageOf(error).slice(0, 300);
  const told = responseCode === undefined ? code || codeOf(error) || 'smtp' : String(responseCode);
  if (responseCode !== undefined && command !== 'CONN') {
    if (command.startsWith('AUTH') || code === 'EAUTH')
      return responseCode < 500
        ? { kind: 'not-sent', code: told, message }
        : { kind: 'refused', code: told, message, blame: 'settings' };
    if (responseCode < 500) return { kind: 'not-sent', code: told, message };
    if (command === 'RCPT TO') return recipientRefused(told, message);
    // Before a mail was even offered: our own set-up (STARTTLS demanded, a name they do not like).
    if (/^(?:EHLO|HELO|LHLO|STARTTLS|CONN)/.test(command))
      return { kind: 'refused', code: told, message, blame: 'settings' };
    return { kind: 'refused', code: told, message, blame: command === 'MAIL FROM' ? 'settings' : 'content' };
  }
  // A 421 on a closing connection, or a refused greeting: the server took nothing.
  if (responseCode !== undefined && responseCode !== 250) return { kind: 'not-sent', code: told, message };
  if (code === 'EENVELOPE') return { kind: 'refused', code: told, message, blame: 'address' };
  if (code === 'EMESSAGE') return { kind: 'refused', code: told, message, blame: 'content' };
  const system = originalCode || codeOf((error as { cause?: unknown }).cause) || code;
  if (BEFORE_MAIL.has(code) || NEVER_CONNECTED.test(system)) return { kind: 'not-sent', code: told, message };
  const early = /Connection timeout|Greeting never received|Invalid greeting|TLS handshake timed out/.test(message);
  if (early) return { kind: 'not-sent', code: told, message };
  return { kind: 'unknown', code: told, message };
}
