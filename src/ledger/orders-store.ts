import type { OrderKind, OrderState } from '../programmes/order-clock.ts';
import type { Statements } from './statements.ts';

/** A filing order as the order system tells it (R11). */
export interface OrderRow {
  orderNumber: string;
  kind: OrderKind;
  subjectNumber: string | null;
  subjectName: string;
  domains: string[];
  contact: { name: string | null; phone: string | null; email: string | null };
  createdOn: string;
  touchedOn: string;
  /** Null: not said; what is known stays, and a new one is open. */
  state: 'open' | 'done' | null;
}

/** A filing order as kept. */
export interface Order extends Omit<OrderRow, 'state'> {
  id: number;
  state: OrderState;
  reason: string | null;
  stateSince: number;
  told: string[];
  dueAt: number | null;
}

type Raw = Omit<Order, 'domains' | 'contact' | 'told'> & { domains: string; contact: string; told: string };

const orderOf = (row: Raw): Order => ({
  ...row,
  domains: JSON.parse(row.domains) as string[],
  contact: JSON.parse(row.contact) as Order['contact'],
  told: JSON.parse(row.told) as string[],
});

/** Filing orders. */
export class OrdersStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Insert or update by number; a deleted order stays deleted, an invalid one invalid until it is looked at again. Gives its state. */
  put(row: OrderRow, now: number): OrderState {
    const { orderNumber, kind, subjectNumber, subjectName, domains, contact, createdOn, touchedOn } = row;
    const state = row.state ?? (this.byNumber(orderNumber)?.state === 'done' ? 'done' : 'open');
    const given = [
      orderNumber,
      kind,
      subjectNumber,
      subjectName,
      JSON.stringify(domains),
      JSON.stringify(contact),
    ] as const;
    const dueAt = state === 'open' ? now : null;
    const saved = this.#db.get<{ state: OrderState }>(
      'orderUpsert',
      ...given,
      createdOn,
      touchedOn,
      state,
      now,
      dueAt,
      now,
    );
    return saved?.state ?? state;
  }

  byNumber(orderNumber: string): Order | null {
    const row = this.#db.get<Raw>('orderByNumber', orderNumber);
    return row === undefined ? null : orderOf(row);
  }

  due(now: number, limit: number): Order[] {
    return this.#db.all<Raw>('ordersDue', now, limit).map(orderOf);
  }

  nextDueAt(): number | null {
    return this.#db.get<{ at: number | null }>('ordersNextDue')?.at ?? null;
  }

  /** Orders in a state by id, after an id. */
  inState(state: OrderState, limit: number, after = 0): Order[] {
    return this.#db.all<Raw>('ordersByState', state, after, limit).map(orderOf);
  }

  /** Move an order on. */
  move(order: Order, change: Partial<Pick<Order, 'state' | 'reason' | 'told' | 'dueAt'>>, now: number): void {
    const next = { ...order, ...change };
    const since = change.state === undefined ? order.stateSince : now;
    this.#db.run('orderMove', next.state, next.reason, since, JSON.stringify(next.told), next.dueAt, order.id);
  }

  /** Orders deleted or found invalid since an instant. */
  endedSince(instant: number): number {
    return this.#db.get<{ count: number }>('ordersEndedSince', instant)?.count ?? 0;
  }

  totals(): { state: OrderState; count: number }[] {
    return this.#db.all('orderTotals');
  }
}
