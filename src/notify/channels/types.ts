import type { Message } from '../../ledger/outbox-store.ts';

/** Whose fault a refusal is: it decides whether the address, the text or our own settings need mending. */
export type Blame = 'address' | 'content' | 'settings';

/** What a channel knows after it touched the wire. */
export type SendOutcome =
  | { kind: 'accepted'; providerId: string | null }
  /** Surely not sent: trying again cannot double it. */
  | { kind: 'not-sent'; code: string; message: string; retryAfterMs?: number }
  | { kind: 'refused'; code: string; message: string; blame: Blame }
  /** It may have been sent: never taken for a failure (design §5). */
  | { kind: 'unknown'; code: string; message: string };

/** What a provider says of a message sent before. */
export type LookupOutcome =
  | { kind: 'delivered'; providerId: string | null }
  | { kind: 'failed'; code: string; message: string; blame: Blame; providerId: string | null }
  /** Known to the provider, no receipt yet. */
  | { kind: 'waiting'; providerId: string | null }
  | { kind: 'absent' }
  | { kind: 'unreachable'; message: string };

/** What a look-up may use beside the message: ids of other messages to the same number, which are not this one. */
export interface LookupContext {
  otherProviderIds: ReadonlySet<string>;
  /** Other messages to the same number whose fate is open and that have no provider id. */
  unsettledOthers: number;
  now: number;
}

/** One way out of the house. A channel never throws for what the wire does. */
export interface Channel {
  /** Names the provider in the ledger: smtp, aliyun, tencent, a robot's kind. */
  provider: string;
  /** What may be done with a message whose fate is unknown: ask the provider, or send it again under the same id. */
  unknown: 'ask' | 'resend';
  send: (message: Message) => Promise<SendOutcome>;
  lookup?: (message: Message, context: LookupContext) => Promise<LookupOutcome>;
  close: () => void;
}
