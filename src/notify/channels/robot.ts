import { createHmac } from 'node:crypto';
import { request } from 'undici';
import { signature } from '../../enforce/webhook.ts';
import { codeOf, messageOf } from '../../errors.ts';
import type { Message } from '../../ledger/outbox-store.ts';
import type { Channel, SendOutcome } from './types.ts';

/** One robot of a group chat, or a webhook of the operator's own. */
export interface RobotSettings {
  id: string;
  kind: 'wecom' | 'dingtalk' | 'feishu' | 'webhook';
  url: string;
  secret: string | null;
  timeoutMs: number;
}

/** Longest text each robot takes (WeCom: 2048 bytes of markdown is the least). */
const MAX_BYTES = 1900;

function clipped(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= MAX_BYTES
    ? text
    : `${bytes
        .subarray(0, MAX_BYTES)
        .toString('utf8')
        .replace(/\uFFFD+$/, '')}…`;
}

/** Admin alerts into a group chat. A doubled alert harms nobody, so an unknown fate is sent again. */
export class RobotChannel implements Channel {
  readonly provider: string;
  readonly unknown = 'resend' as const;
  readonly #robots: Map<string, RobotSettings>;
  readonly #now: () => number;

  constructor(kind: RobotSettings['kind'], robots: RobotSettings[], now: () => number) {
    this.provider = kind;
    this.#robots = new Map(robots.map((robot) => [robot.id, robot]));
    this.#now = now;
  }

  async send(message: Message): Promise<SendOutcome> {
    const robot = this.#robots.get(message.recipient);
    if (robot === undefined)
      return {
        kind: 'refused',
        code: 'no-robot',
        message: `notices.admins.robots has no ${message.recipient}`,
        blame: 'settings',
      };
    const { url, headers, body } = robotRequest(robot, message, this.#now());
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(robot.timeoutMs),
      });
      return robotOutcome(response.statusCode, (await response.body.text()).slice(0, 2000));
    } catch (error) {
      const code = codeOf(error);
      const refused = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|UND_ERR_CONNECT_TIMEOUT/.test(code);
      return {
        kind: refused ? 'not-sent' : 'unknown',
        code: code || 'network',
        message: messageOf(error).slice(0, 200),
      };
    }
  }

  close(): void {}
}

/** The request each robot wants: signed by its own rule where it has a secret. */
export function robotRequest(
  robot: RobotSettings,
  message: Pick<Message, 'content' | 'correlationId'>,
  now: number,
): { url: string; headers: Record<string, string>; body: string } {
  const { title, text } = message.content;
  const markdown = clipped(`**${title}**\n${text}`);
  const hmac = (key: string, data: string): string => createHmac('sha256', key).update(data).digest('base64');
  switch (robot.kind) {
    case 'wecom':
      return {
        url: robot.url,
        headers: {},
        body: JSON.stringify({ msgtype: 'markdown', markdown: { content: markdown } }),
      };
    case 'dingtalk': {
      const sign =
        robot.secret === null
          ? ''
          : `&timestamp=${now}&sign=${encodeURIComponent(hmac(robot.secret, `${now}\n${robot.secret}`))}`;
      return {
        url: `${robot.url}${sign}`,
        headers: {},
        body: JSON.stringify({ msgtype: 'markdown', markdown: { title, text: markdown } }),
      };
    }
    case 'feishu': {
      const timestamp = String(Math.floor(now / 1000));
      const sign = robot.secret === null ? {} : { timestamp, sign: hmac(`${timestamp}\n${robot.secret}`, '') };
      return {
        url: robot.url,
        headers: {},
        body: JSON.stringify({ ...sign, msg_type: 'text', content: { text: clipped(`${title}\n${text}`) } }),
      };
    }
    case 'webhook': {
      const body = JSON.stringify({ id: message.correlationId, title, text });
      const timestamp = Math.floor(now / 1000);
      const signed =
        robot.secret === null
          ? {}
          : { 'webhook-signature': signature(robot.secret, message.correlationId, timestamp, body) };
      return {
        url: robot.url,
        headers: {
          'webhook-id': message.correlationId,
          'webhook-timestamp': String(timestamp),
          'idempotency-key': message.correlationId,
          ...signed,
        },
        body,
      };
    }
  }
}

/** Robots answer 200 with a code of their own: 0 is yes. */
function robotOutcome(status: number, text: string): SendOutcome {
  if (status === 429 || status >= 500)
    return { kind: 'not-sent', code: String(status), message: text.slice(0, 200), retryAfterMs: 60_000 };
  if (status >= 400) return { kind: 'refused', code: String(status), message: text.slice(0, 200), blame: 'settings' };
  let code = 0;
  try {
    const answer = JSON.parse(text) as { errcode?: number; code?: number; StatusCode?: number };
    code = answer.errcode ?? answer.code ?? answer.StatusCode ?? 0;
  } catch {
    // A webhook may answer with anything.
  }
  if (code === 0) return { kind: 'accepted', providerId: null };
  // WeCom 45009, DingTalk 130101, Feishu 9499/11232: too many messages a minute.
  const throttled = [45009, 130101, 9499, 11232].includes(code);
  return throttled
    ? { kind: 'not-sent', code: String(code), message: text.slice(0, 200), retryAfterMs: 60_000 }
    : { kind: 'refused', code: String(code), message: text.slice(0, 200), blame: 'settings' };
}
