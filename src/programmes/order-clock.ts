import { addDays, beijingDate, beijingInstant } from '../calendar/beijing-time.ts';

/** The eight kinds of orders (R11, S2 §1). */
export const ORDER_KINDS = [
  'first',
  'add-site',
  'add-site-elsewhere',
  'access',
  'change',
  'cancel-access',
  'revoke',
  'claim',
] as const;
export type OrderKind = (typeof ORDER_KINDS)[number];

/** The five kinds that can be invalid by what the bureau holds. */
export const CHECKED_KINDS: ReadonlySet<OrderKind> = new Set([
  'first',
  'add-site',
  'add-site-elsewhere',
  'access',
  'change',
]);

/** `invalid`: to be deleted the next day; `done`: submitted to the bureau. */
export type OrderState = 'open' | 'invalid' | 'deleted' | 'done';

/** An order's life in days from its creation (S2 §1): told at 30 and 40 where untouched that day, deleted at 45. */
export const ORDER_DAYS = { first: 30, second: 40, deletion: 45 } as const;

/** Everything falls due at this hour. */
const HOUR = '09:00';

export interface OrderDates {
  state: OrderState;
  createdOn: string;
  touchedOn: string;
  /** Beijing date it was marked invalid; null. */
  invalidOn: string | null;
  /** Notices told already, with their dates: `30:2026-03-31`. */
  told: readonly string[];
}

/** What is to happen to an order at an instant. */
export type OrderStep =
  | { kind: 'tell'; day: '30' | '40'; daysLeft: number }
  | { kind: 'delete'; why: 'expired' | 'invalid' }
  | { kind: 'nothing' };

/** Days since creation. */
export const ageOf = (createdOn: string, now: number): number =>
  Math.round((Date.parse(`${beijingDate(now)}T00:00:00Z`) - Date.parse(`${createdOn}T00:00:00Z`)) / 86_400_000);

/** What the clock says (R11). A notice passed while the worker was down is not made up when the next one is due. */
export function orderStep(order: OrderDates, now: number): OrderStep {
  if (order.state === 'invalid' && order.invalidOn !== null)
    return now >= beijingInstant(addDays(order.invalidOn, 1), HOUR)
      ? { kind: 'delete', why: 'invalid' }
      : { kind: 'nothing' };
  if (order.state !== 'open') return { kind: 'nothing' };
  const reached = (days: number): boolean => now >= beijingInstant(addDays(order.createdOn, days), HOUR);
  const deletedOn = deletionOn(order, now);
  // Nobody loses an order unwarned.
  if (order.told.length > 0 && now >= beijingInstant(deletedOn, HOUR)) return { kind: 'delete', why: 'expired' };
  const today = beijingDate(now);
  const daysLeft = Math.round((Date.parse(deletedOn) - Date.parse(today)) / 86_400_000);
  const untouched = order.touchedOn < today;
  const was = (day: '30' | '40'): boolean => order.told.some((one) => one.startsWith(`${day}:`));
  if (reached(ORDER_DAYS.deletion) && order.told.length === 0) return { kind: 'tell', day: '40', daysLeft };
  if (reached(ORDER_DAYS.second))
    return untouched && !was('40') ? { kind: 'tell', day: '40', daysLeft } : { kind: 'nothing' };
  if (reached(ORDER_DAYS.first) && untouched && !was('30')) return { kind: 'tell', day: '30', daysLeft };
  return { kind: 'nothing' };
}

/** Told on paper (dry-run): kept apart, since once orders are live it was no warning. */
const PAPER = '~';

/** What was told of an order as the clock may count it: on paper everything, in earnest only what really went out. */
export function toldOf(told: readonly string[], live: boolean): string[] {
  return live ? told.filter((one) => !one.startsWith(PAPER)) : told.map((one) => one.replace(PAPER, ''));
}

/** An entry of `told`. */
export const toldEntry = (day: '30' | '40', now: number, live: boolean): string =>
  `${live ? '' : PAPER}${day}:${beijingDate(now)}`;

/** When the clock must be looked at next (epoch ms): every day while it is open, since the bureau is asked daily. */
export function nextOrderAt(order: Pick<OrderDates, 'state'>, now: number): number | null {
  if (order.state !== 'open' && order.state !== 'invalid') return null;
  const today = beijingInstant(beijingDate(now), HOUR);
  return now < today ? today : today + 86_400_000;
}

/** Days between the first notice and the deletion, at least: who is told late is deleted late. */
const WARNING_DAYS = 5;

/** The date an order is deleted: 45 days after its creation, and not before its owner was warned for some days. */
export function deletionOn({ createdOn, told }: Pick<OrderDates, 'createdOn' | 'told'>, now: number): string {
  const due = addDays(createdOn, ORDER_DAYS.deletion);
  const warnedOn = told.map((one) => one.slice(one.indexOf(':') + 1)).sort()[0] ?? beijingDate(now);
  const warned = addDays(warnedOn, WARNING_DAYS);
  return warned > due ? warned : due;
}
