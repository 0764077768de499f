import { setImmediate } from 'node:timers/promises';
import { addDays, beijingDate, beijingInstant } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { parseIcpNumber } from '../filing/site-number.ts';
import type { SiteRecord } from '../ledger/filings-store.ts';
import type { Order } from '../ledger/orders-store.ts';
import { smsValue } from '../notify/sms-templates.ts';
import { tellPerson } from './notify-site.ts';
import {
  ageOf,
  CHECKED_KINDS,
  deletionOn,
  nextOrderAt,
  type OrderKind,
  type OrderState,
  orderStep,
  toldEntry,
  toldOf,
} from './order-clock.ts';

/** Kinds that end with a filing approved. */
const FILES: ReadonlySet<OrderKind> = new Set(['first', 'add-site', 'add-site-elsewhere', 'access']);
/** Orders handled in one transaction. */
const PAGE = 200;

/**
 * Cleans filing orders up 备案订单清理 (R11): tells, deletes, and marks those the bureau's data make pointless. Until `orders.live`
 * all of that is on paper: notices are planned as dry-run, and no order changes its state.
 */
export class OrderCleanup {
  readonly #keeper: CaseKeeper;

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Do what is due, a page at a time. Gives orders touched. */
  async tick(now: number): Promise<number> {
    const { ledger } = this.#keeper;
    let touched = 0;
    for (;;) {
      const done = ledger.transaction(() => {
        const due = ledger.orders.due(now, PAGE);
        for (const order of due) this.#step(order, now);
        return due.length;
      });
      touched += done;
      if (done < PAGE) return touched;
      await setImmediate();
    }
  }

  #step(order: Order, now: number): void {
    const { ledger, rules } = this.#keeper;
    const { orders } = ledger;
    const { live } = rules.settings.orders;
    const later = (state: OrderState): number | null => nextOrderAt({ state }, now);
    const invalidOn = order.state === 'invalid' ? beijingDate(order.stateSince) : null;
    const told = toldOf(order.told, live);
    const step = orderStep({ ...order, told, invalidOn }, now);
    if (this.#approved(order)) {
      const done = { state: 'done' as const, reason: '备案已通过', dueAt: null };
      orders.move(order, live ? done : { dueAt: later(order.state) }, now);
      return;
    }
    const pointless = CHECKED_KINDS.has(order.kind) ? this.#whyInvalid(order) : null;
    if (order.state === 'invalid' && pointless === null) {
      // What made it pointless is no longer so (another domain, a corrected list): it goes on.
      orders.move(order, { state: 'open', reason: null, dueAt: now }, now);
      return;
    }
    const ends = step.kind === 'delete' || (order.state === 'open' && pointless !== null);
    if (ends && live && this.#tooMany(now)) {
      orders.move(order, { dueAt: later(order.state) }, now);
      return;
    }
    if (step.kind === 'delete') {
      const reason = step.why === 'expired' ? '超过45天未完成' : (pointless ?? '订单无效');
      orders.move(order, live ? { state: 'deleted', reason, dueAt: null } : { dueAt: later(order.state) }, now);
      this.#tell(order, 'order-deleted', 'deleted', { reason }, now);
      return;
    }
    if (order.state === 'open' && pointless !== null) {
      const date = addDays(beijingDate(now), 1);
      const change = live ? { state: 'invalid' as const, reason: pointless } : {};
      orders.move(order, { ...change, dueAt: later('invalid') }, now);
      this.#tell(order, 'order-invalid', `invalid:${beijingDate(now)}`, { reason: pointless, date }, now);
      return;
    }
    if (step.kind === 'tell') {
      const days = String(ageOf(order.createdOn, now));
      this.#tell(
        order,
        'order-stale',
        `stale:${step.day}`,
        { days, daysLeft: String(step.daysLeft), date: deletionOn({ ...order, told }, now) },
        now,
      );
      orders.move(order, { told: [...order.told, toldEntry(step.day, now, live)], dueAt: later(order.state) }, now);
      return;
    }
    orders.move(order, { dueAt: later(order.state) }, now);
  }

  /** True, and admins hear of it, when as many orders ended today as are allowed: a broken import must not end them all. */
  #tooMany(now: number): boolean {
    const { ledger, rules } = this.#keeper;
    const { maxPerDay } = rules.settings.orders;
    if (ledger.orders.endedSince(beijingInstant(beijingDate(now), '00:00') - 1) < maxPerDay) return false;
    ledger.raiseAlert(
      'orders-held',
      {
        en: `${maxPerDay} orders were deleted or found invalid today (orders.maxPerDay); the others wait until tomorrow: patrol orders list`,
        zh: `今天已删除或作废 ${maxPerDay} 个备案订单（orders.maxPerDay），其余等到明天`,
      },
      now,
    );
    return true;
  }

  /** The filing an order asked for was approved since: it is done, whatever the order system says yet. */
  #approved({ kind, domains, createdOn, subjectNumber }: Order): boolean {
    return (
      FILES.has(kind) &&
      domains.length > 0 &&
      domains.every((domain) =>
        this.#filings(domain).some(
          ({ filing }) =>
            filing.approvedAt !== null &&
            filing.approvedAt > createdOn &&
            (subjectNumber === null || isSubject(subjectNumber, filing.subjectNumber)),
        ),
      )
    );
  }

  /** Why the bureau's data make an order pointless; null when they do not (or nobody can tell). */
  #whyInvalid({ kind, domains, subjectNumber, createdOn }: Order): string | null {
    // A filing that may be the very one asked for makes nothing pointless: it must have stood before, or be another's.
    const filed = domains.find((domain) =>
      this.#filings(domain).some(
        ({ filing }) =>
          (filing.approvedAt !== null && filing.approvedAt < createdOn) ||
          (subjectNumber !== null && !isSubject(subjectNumber, filing.subjectNumber)),
      ),
    );
    const subject = subjectNumber === null ? null : this.#subjectState(subjectNumber);
    switch (kind) {
      case 'first':
        if (subject === 'alive') return '主体已在管局备案';
        return filed === undefined ? null : '域名已在管局备案';
      case 'add-site':
      case 'add-site-elsewhere':
        if (subject === 'revoked') return '主体备案号已注销';
        return filed === undefined ? null : '域名已在管局备案';
      case 'access': {
        if (subject === 'revoked') return '主体备案号已注销';
        const ours = domains.every((domain) =>
          this.#filings(domain).some(
            // Taken in before the order was made: else it may be the very access that was asked for.
            ({ state, updatedAt }) => state === 'active' && beijingDate(updatedAt) < createdOn,
          ),
        );
        return domains.length > 0 && ours ? '域名已接入本服务商' : null;
      }
      case 'change':
        return subject === 'revoked' ? '主体备案号已注销' : null;
      default:
        return null;
    }
  }

  #filings(domain: string): SiteRecord[] {
    const { filings } = this.#keeper.ledger;
    return filings.find({ host: domain }).flatMap((siteId) => {
      const record = filings.load(siteId);
      return record !== null && record.state !== 'revoked' && record.filing.domains.includes(domain) ? [record] : [];
    });
  }

  #subjectState(subjectNumber: string): 'alive' | 'revoked' | null {
    const { ledger } = this.#keeper;
    const parsed = parseIcpNumber(subjectNumber);
    if (!parsed.ok) return null;
    const listed = ledger.filed.bureauNumber(parsed.number.subject);
    if (listed !== null) return listed.state;
    const subject = ledger.contacts.subjectByNumber(parsed.number.subject);
    return subject !== null && ledger.contacts.activeSites(subject.id).length > 0 ? 'alive' : null;
  }

  #tell(
    order: Order,
    kind: 'order-stale' | 'order-deleted' | 'order-invalid',
    stage: string,
    params: Record<string, string>,
    now: number,
  ): void {
    const { ledger, rules } = this.#keeper;
    const subject = order.subjectNumber === null ? null : ledger.contacts.subjectByNumber(order.subjectNumber);
    const notice = {
      kind,
      topic: `order:${order.orderNumber}`,
      stage,
      params: { order: smsValue(order.orderNumber) || '备案订单', ...params },
      paper: !rules.settings.orders.live,
    };
    tellPerson(this.#keeper, notice, order.contact, subject?.id ?? null, now);
  }
}

/** Is a number, however it was written, of a subject of ours? */
function isSubject(given: string, subjectNumber: string): boolean {
  const parsed = parseIcpNumber(given);
  return parsed.ok && parsed.number.subject === subjectNumber;
}
