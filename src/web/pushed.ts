import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import { instantOf } from '../calendar/read-instant.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { InputError } from '../errors.ts';
import { parseIcpNumber } from '../filing/site-number.ts';
import type { Logger } from '../log.ts';
import { AnnualReview, type InboundSms } from '../programmes/annual-review.ts';
import { OrderCleanup } from '../programmes/order-cleanup.ts';
import type { OrderState } from '../programmes/order-clock.ts';
import { type RowFault, readOrder } from '../programmes/read-orders.ts';
import { Violations } from '../programmes/violations.ts';

/** What taking in pushed things needs. */
export interface PushedContext {
  keeper: CaseKeeper;
  log: Logger;
  now: () => number;
}

/** An answer: status and body. */
export type Reply = [status: number, body: unknown];

/** Rows taken in before others may work. */
const ROWS_AT_ONCE = 50;

/** Do something with every row, letting others work in between. */
export async function eachInTurn<Row, Result>(
  rows: Row[],
  work: (row: Row, index: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, row] of rows.entries()) {
    results.push(work(row, index));
    if (index % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await setImmediate();
  }
  return results;
}

export const asList = (body: unknown): unknown[] => (Array.isArray(body) ? body : [body]);
export const problem = (error: z.ZodError, row: number): { row: number; field: string; remedy: string } => ({
  row,
  field: error.issues[0]?.path.join('.') || '(row)',
  remedy: error.issues[0]?.message ?? 'mend it',
});

/** When a gateway says an SMS came; the present where it does not say so readably. */
export const sentAt = (text: string | undefined, now: number): number =>
  (text === undefined ? null : instantOf(text)) ?? now;

const smsShape = z.object({
  id: z.string('is the id of the SMS, a text').min(1, 'is the id of the SMS').max(100, 'has at most 100 characters'),
  mobile: z.string('is the sender’s number, a text'),
  text: z.string('is what the SMS says, a text'),
  received_at: z.string('is a text like 2026-11-22 10:00').optional(),
});

export async function genericSms(body: unknown, options: PushedContext): Promise<Reply> {
  const outcomes = await eachInTurn(asList(body), (one, row) => {
    const read = smsShape.safeParse(one);
    if (!read.success) return problem(read.error, row);
    const { id, mobile, text, received_at } = read.data;
    return {
      id,
      outcome: receive(
        { source: 'generic', externalId: id, mobile, text, receivedAt: sentAt(received_at, options.now()) },
        options,
      ),
    };
  });
  return [outcomes.every((one) => 'outcome' in one) ? 200 : 400, outcomes];
}

export function receive(sms: InboundSms, { keeper, now, log }: PushedContext): string {
  // Answered with "taken" only once it is on the disk.
  const outcome = keeper.ledger.durably(() => new AnnualReview(keeper).receive(sms, now()));
  log.info({ source: sms.source, outcome }, 'inbound SMS');
  return outcome;
}

/** Orders written at once: a large push must not hold up the worker. */
const ROWS_A_TRANSACTION = 200;

/** Orders pushed by the order system: good ones are taken, bad ones are named with field and remedy. */
export async function takeOrders(body: unknown, { keeper, now }: PushedContext): Promise<Reply> {
  const rows = asList(body);
  const results: ({ order_number: string; state: OrderState } | RowFault)[] = [];
  for (let from = 0; from < rows.length; from += ROWS_A_TRANSACTION) {
    const part = rows.slice(from, from + ROWS_A_TRANSACTION);
    keeper.ledger.durably(() => {
      for (const [index, one] of part.entries()) {
        const read = readOrder(one, from + index, now());
        if (!read.ok) results.push(read.fault);
        else results.push({ order_number: read.order.orderNumber, state: keeper.ledger.orders.put(read.order, now()) });
      }
    });
    await setImmediate();
  }
  await new OrderCleanup(keeper).tick(now());
  const told = results.map((one) =>
    'order_number' in one
      ? { ...one, state: keeper.ledger.orders.byNumber(one.order_number)?.state ?? one.state }
      : one,
  );
  return [told.every((one) => 'order_number' in one) ? 200 : 400, told];
}

/** Orders told at once; the next page begins after the last one's id. */
export const ORDERS_A_PAGE = 1000;

/** Orders in a state, for the order system to delete them on its side. */
export function listOrders(query: { state?: string | null; after?: string | null }, { keeper }: PushedContext): Reply {
  const states: OrderState[] = ['open', 'invalid', 'deleted', 'done'];
  const state = states.find((one) => one === (query.state ?? 'deleted'));
  if (state === undefined) return [400, { error: `state is one of ${states.join(', ')}` }];
  const after = Number(query.after ?? 0);
  if (!Number.isSafeInteger(after) || after < 0) return [400, { error: 'after is the id of the last order you have' }];
  const orders = keeper.ledger.orders.inState(state, ORDERS_A_PAGE, after);
  return [
    200,
    orders.map(({ id, orderNumber, reason, createdOn }) => ({
      id,
      order_number: orderNumber,
      reason,
      created_on: createdOn,
    })),
  ];
}

const violationShape = z.object({
  event_id: z
    .string('is the id of the event, a text')
    .min(1, 'is the id of the event')
    .max(100, 'has at most 100 characters'),
  site: z.string('is the site number or a filed domain').min(1, 'is the site number or a filed domain'),
  description: z.string('says what was found').min(1, 'says what was found'),
  reported_at: z.string('is a text like 2026-11-22 10:00').optional(),
});

export async function takeViolations(body: unknown, { keeper, now }: PushedContext): Promise<Reply> {
  const results = await eachInTurn(asList(body), (one, row) => {
    const read = violationShape.safeParse(one);
    if (!read.success) return problem(read.error, row);
    const { event_id, site, description, reported_at } = read.data;
    const siteId = siteOf(site, keeper);
    if (siteId === null)
      return { row, field: 'site', remedy: 'give the site number or filed domain of exactly one active site of ours' };
    const at = reported_at === undefined ? now() : instantOf(reported_at);
    // Three within a day close a site: a time that cannot be read must not count as the present.
    if (at === null)
      return {
        row,
        field: 'reported_at',
        remedy: 'write Beijing time like 2026-11-22 10:00, or an ISO instant with its zone',
      };
    const event = { eventId: event_id, siteId, description: description.slice(0, 2000), reportedAt: at, by: 'inbound' };
    try {
      const taken = keeper.ledger.durably(() => new Violations(keeper).report(event, now()));
      return { event_id, state: taken?.state ?? 'known' };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { row, field: at > now() ? 'reported_at' : 'event_id', remedy: `${error.message}: ${error.remedy}` };
    }
  });
  return [results.every((one) => 'event_id' in one) ? 200 : 400, results];
}

function siteOf(key: string, { ledger }: CaseKeeper): number | null {
  const number = parseIcpNumber(key);
  const found = number.ok
    ? ledger.filings.find({ siteNumber: number.number.canonical })
    : ledger.filings.find({ host: key.toLowerCase() });
  const active = found.filter((siteId) => ledger.filings.load(siteId)?.state === 'active');
  return active.length === 1 ? (active[0] ?? null) : null;
}
