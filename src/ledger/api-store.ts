import type { Statements } from './statements.ts';

/** A key of another system; what it opens is in `scopes`. The key itself is kept by its hash alone. */
export interface ApiKey {
  id: number;
  name: string;
  scopes: string[];
  createdBy: string;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  lastUsedAt: number | null;
}

/** An answer kept for a repeated call; `status` null: the first call is under way. */
export interface KeptAnswer {
  digest: string;
  status: number | null;
  body: string;
  createdAt: number;
}

/** A system that is told of case events. */
export interface Webhook {
  id: number;
  url: string;
  secret: string;
  /** Moves told of; empty: all. */
  moves: string[];
  cursor: number;
  attempts: number;
  lastError: string | null;
  createdBy: string;
  createdAt: number;
  nextAt: number | null;
  removedAt: number | null;
}

/** One event of the feed of all cases. */
export interface FeedEvent {
  feedId: number;
  caseId: number;
  seq: number;
  at: number;
  actorKind: string;
  actorName: string;
  move: string;
  fromState: string | null;
  toState: string;
  /** As the event left it; null of events before it was kept with them. */
  deadlineAt: number | null;
}

type KeyRow = Omit<ApiKey, 'scopes'> & { scopes: string };
type WebhookRow = Omit<Webhook, 'moves'> & { moves: string };
const keyOf = (row: KeyRow): ApiKey => ({ ...row, scopes: JSON.parse(row.scopes) as string[] });
const webhookOf = (row: WebhookRow): Webhook => ({ ...row, moves: JSON.parse(row.moves) as string[] });

/** Keys, kept answers, and webhooks of the API. */
export class ApiStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Keep a new key by its hash. Gives its id. */
  insertKey(key: Pick<ApiKey, 'name' | 'scopes' | 'createdBy' | 'expiresAt'>, hash: string, now: number): number {
    const { name, scopes, createdBy, expiresAt } = key;
    const row = this.#db.get<{ id: number }>(
      'keyInsert',
      name,
      hash,
      JSON.stringify(scopes),
      createdBy,
      now,
      expiresAt,
    );
    return (row as { id: number }).id;
  }

  keyByHash(hash: string): ApiKey | null {
    const row = this.#db.get<KeyRow>('keyByHash', hash);
    return row === undefined ? null : keyOf(row);
  }

  keyByName(name: string): ApiKey | null {
    const row = this.#db.get<KeyRow>('keyByName', name);
    return row === undefined ? null : keyOf(row);
  }

  keys(): ApiKey[] {
    return this.#db.all<KeyRow>('keysAll').map(keyOf);
  }

  /** True when it was not revoked before. */
  revokeKey(id: number, now: number): boolean {
    return this.#db.run('keyRevoke', now, id) === 1;
  }

  keyUsed(id: number, now: number): void {
    this.#db.run('keyUsed', now, id);
  }

  /** Take an idempotency key for a call. True for the first caller alone. */
  takeAnswer(keyId: number, idempotencyKey: string, digest: string, now: number): boolean {
    return this.#db.run('answerTake', keyId, idempotencyKey, digest, now) === 1;
  }

  answer(keyId: number, idempotencyKey: string): KeptAnswer | null {
    return this.#db.get<KeptAnswer>('answerGet', keyId, idempotencyKey) ?? null;
  }

  putAnswer(keyId: number, idempotencyKey: string, status: number, body: string): void {
    this.#db.run('answerPut', status, body, keyId, idempotencyKey);
  }

  /** The call came to nothing: it may be made again. */
  dropAnswer(keyId: number, idempotencyKey: string): void {
    this.#db.run('answerDrop', keyId, idempotencyKey);
  }

  /** Calls that were under way when the worker ended: nobody answers them any more. */
  freeAnswers(): void {
    this.#db.run('answersFree');
  }

  /** Forget answers older than `before`. */
  prune(before: number): number {
    return this.#db.run('answersPrune', before);
  }

  /** The last event of the feed; 0 when there is none. */
  feedHead(): number {
    return this.#db.get<{ id: number | null }>('caseFeedHead')?.id ?? 0;
  }

  /** Events after one, in the order they were written. */
  feedAfter(feedId: number, limit: number): FeedEvent[] {
    return this.#db.all('caseFeedAfter', feedId, limit);
  }

  /** Add a webhook; it hears what comes after now. Gives its id. */
  insertWebhook(hook: Pick<Webhook, 'url' | 'secret' | 'moves' | 'createdBy'>, now: number): number {
    const { url, secret, moves, createdBy } = hook;
    const values = [url, secret, JSON.stringify(moves), this.feedHead(), createdBy, now, now] as const;
    return (this.#db.get<{ id: number }>('webhookInsert', ...values) as { id: number }).id;
  }

  webhooks(): Webhook[] {
    return this.#db.all<WebhookRow>('webhooksAll').map(webhookOf);
  }

  dueWebhooks(now: number): Webhook[] {
    return this.#db.all<WebhookRow>('webhooksDue', now).map(webhookOf);
  }

  /** What became of a delivery. False where the webhook was removed meanwhile. */
  moveWebhook(id: number, to: Pick<Webhook, 'cursor' | 'attempts' | 'lastError' | 'nextAt'>): boolean {
    return this.#db.run('webhookMove', to.cursor, to.attempts, to.lastError, to.nextAt, id) === 1;
  }

  removeWebhook(id: number, now: number): boolean {
    return this.#db.run('webhookRemove', now, id) === 1;
  }
}
