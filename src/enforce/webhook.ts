import { createHmac, timingSafeEqual } from 'node:crypto';
import { request } from 'undici';
import { codeOf, messageOf } from '../errors.ts';

/** What the access system answered. */
export type ActOutcome =
  | { kind: 'done'; receipt: string | null }
  | { kind: 'pending'; receipt: string }
  | { kind: 'refused'; message: string }
  | { kind: 'retry'; message: string };

/** The access system's side of enforcement. */
export interface AccessSystem {
  submit: (idempotencyKey: string, body: Record<string, unknown>, at: number) => Promise<ActOutcome>;
  poll: (idempotencyKey: string, receipt: string, at: number) => Promise<ActOutcome>;
}

/** How it is reached. The secret signs every request. */
export interface AccessSystemSettings {
  url: string;
  secret: string;
  timeoutMs: number;
}

/**
 * The signature of a request, as in the Standard Webhooks specification: `v1,` and the base64 HMAC-SHA256 of
 * `id.timestamp.body`.
 */
export function signature(secret: string, id: string, timestampSeconds: number, body: string): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestampSeconds}.${body}`).digest('base64')}`;
}

/** Check a signature in constant time; for receivers and tests. */
export function verifySignature(
  secret: string,
  headers: { id: string; timestamp: string; signature: string },
  body: string,
): boolean {
  const expected = Buffer.from(signature(secret, headers.id, Number(headers.timestamp), body));
  const given = Buffer.from(headers.signature);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** Longest answer read from the access system. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * The access system over HTTP: `POST url` with the act, `GET url/<receipt>` while it is pending. Every attempt of an act has
 * the same Idempotency-Key, so trying again after a timeout is safe. Answers: 2xx `{ "status": "done" | "pending", "receipt" }`,
 * 409 with the same body (it had the act already), other 4xx refuse it for good; 408, 425, 429, 5xx and silence are tried again.
 */
export class WebhookAccessSystem implements AccessSystem {
  readonly #settings: AccessSystemSettings;

  constructor(settings: AccessSystemSettings) {
    this.#settings = settings;
  }

  submit(idempotencyKey: string, body: Record<string, unknown>, at: number): Promise<ActOutcome> {
    return this.#call('POST', this.#settings.url, idempotencyKey, JSON.stringify({ id: idempotencyKey, ...body }), at);
  }

  poll(idempotencyKey: string, receipt: string, at: number): Promise<ActOutcome> {
    const url = `${this.#settings.url.replace(/\/$/, '')}/${encodeURIComponent(receipt)}`;
    return this.#call('GET', url, idempotencyKey, '', at);
  }

  async #call(method: 'POST' | 'GET', url: string, id: string, body: string, at: number): Promise<ActOutcome> {
    const timestamp = Math.floor(at / 1000);
    try {
      const response = await request(url, {
        method,
        headers: {
          'content-type': 'application/json',
          'idempotency-key': id,
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signature(this.#settings.secret, id, timestamp, body),
        },
        ...(method === 'POST' && { body }),
        signal: AbortSignal.timeout(this.#settings.timeoutMs),
      });
      const text = await limitedText(response.body);
      return outcomeOf(response.statusCode, text);
    } catch (error) {
      return { kind: 'retry', message: `${codeOf(error)} ${messageOf(error)}`.trim() };
    }
  }
}

async function limitedText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function outcomeOf(status: number, text: string): ActOutcome {
  const excerpt = text.slice(0, 300);
  const temporary = status === 408 || status === 425 || status === 429 || status >= 500;
  if (temporary) return { kind: 'retry', message: `HTTP ${status}: ${excerpt}` };
  if (status >= 200 && status < 300 ? false : status !== 409)
    return { kind: 'refused', message: `HTTP ${status}: ${excerpt}` };
  try {
    const answer = JSON.parse(text) as { status?: unknown; receipt?: unknown };
    const receipt = typeof answer.receipt === 'string' && answer.receipt !== '' ? answer.receipt.slice(0, 200) : null;
    if (answer.status === 'done') return { kind: 'done', receipt };
    if (answer.status === 'pending' && receipt !== null) return { kind: 'pending', receipt };
    if (answer.status === 'refused') return { kind: 'refused', message: excerpt };
  } catch {
    // Falls through: an answer that is no JSON says nothing of what was done.
  }
  return { kind: 'retry', message: `HTTP ${status} with an answer nobody understands: ${excerpt}` };
}
