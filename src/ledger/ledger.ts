import { createHash } from 'node:crypto';
import type { LedgerConnection } from '../../db/client.ts';
import type { Bilingual } from '../bilingual.ts';
import type { PublishedVerdict } from '../cases/types.ts';
import { messageOf } from '../errors.ts';
import type { ImportRecord } from '../filing/import-filings.ts';
import type { FilingRow } from '../filing/validate-row.ts';
import { maskText } from '../log.ts';
import { AdminsStore } from './admins-store.ts';
import { ApiStore } from './api-store.ts';
import { BureauStore } from './bureau-store.ts';
import { CampaignsStore } from './campaigns-store.ts';
import { CasesStore } from './cases-store.ts';
import { ContactsStore } from './contacts-store.ts';
import { EnforcementsStore, type Hold } from './enforcements-store.ts';
import { EvidenceStore } from './evidence-store.ts';
import { FiledStore } from './filed-store.ts';
import { type CheckSchedule, FilingsStore, type UpsertOutcome } from './filings-store.ts';
import { ImportsStore } from './imports-store.ts';
import { KnownPagesStore } from './known-pages-store.ts';
import { MarksStore } from './marks-store.ts';
import { OrdersStore } from './orders-store.ts';
import { OutboxStore, STOPPED } from './outbox-store.ts';
import { PortalStore } from './portal-store.ts';
import { PrivacyStore } from './privacy-store.ts';
import { RegistryStore } from './registry-store.ts';
import { ReviewsStore } from './reviews-store.ts';
import { SiteListStore } from './site-list-store.ts';
import { Statements } from './statements.ts';
import { SweepsStore } from './sweeps-store.ts';
import { type VerdictSettings, VerdictsStore } from './verdicts-store.ts';
import { ViolationsStore } from './violations-store.ts';

const DAY_MS = 86_400_000;

/** Hears what the ledger writes, inside the transaction. */
export interface LedgerListener {
  /** False when nothing can follow: said before anything is written, since most verdicts pass at sites without a case. */
  concerned: (verdict: PublishedVerdict) => boolean;
  published: (verdict: PublishedVerdict, now: number) => void;
  filingChanged: (siteId: number, state: string, now: number) => void;
}

/** The ledger: one SQLite database, its stores, and nothing that knows a network. */
export class Ledger {
  readonly connection: LedgerConnection;
  readonly filings: FilingsStore;
  readonly sweeps: SweepsStore;
  readonly verdicts: VerdictsStore;
  readonly evidence: EvidenceStore;
  readonly registries: RegistryStore;
  readonly cases: CasesStore;
  readonly outbox: OutboxStore;
  readonly contacts: ContactsStore;
  readonly enforcements: EnforcementsStore;
  readonly filed: FiledStore;
  readonly reviews: ReviewsStore;
  readonly bureau: BureauStore;
  readonly campaigns: CampaignsStore;
  readonly orders: OrdersStore;
  readonly violations: ViolationsStore;
  readonly portal: PortalStore;
  readonly admins: AdminsStore;
  readonly api: ApiStore;
  readonly sites: SiteListStore;
  readonly imports: ImportsStore;
  readonly knownPages: KnownPagesStore;
  readonly marks: MarksStore;
  readonly privacy: PrivacyStore;
  readonly #db: Statements;
  readonly #schedules: readonly CheckSchedule[];

  constructor(connection: LedgerConnection, settings: VerdictSettings & { schedules: readonly CheckSchedule[] }) {
    this.connection = connection;
    this.#db = new Statements(connection.sqlite);
    this.#schedules = settings.schedules;
    this.filings = new FilingsStore(this.#db, settings.schedules);
    this.sweeps = new SweepsStore(this.#db, settings);
    this.evidence = new EvidenceStore(this.#db);
    this.reviews = new ReviewsStore(this.#db);
    this.verdicts = new VerdictsStore(this.#db, this.evidence, this.reviews, settings);
    this.registries = new RegistryStore(this.#db);
    this.cases = new CasesStore(this.#db);
    this.outbox = new OutboxStore(this.#db);
    this.contacts = new ContactsStore(this.#db);
    this.enforcements = new EnforcementsStore(this.#db);
    this.filed = new FiledStore(this.#db);
    this.bureau = new BureauStore(this.#db);
    this.campaigns = new CampaignsStore(this.#db);
    this.portal = new PortalStore(this.#db);
    this.admins = new AdminsStore(this.#db);
    this.api = new ApiStore(this.#db);
    this.sites = new SiteListStore(this.#db);
    this.imports = new ImportsStore(this.#db);
    this.knownPages = new KnownPagesStore(this.#db);
    this.marks = new MarksStore(this.#db);
    this.privacy = new PrivacyStore(this.#db);
    this.orders = new OrdersStore(this.#db);
    this.violations = new ViolationsStore(this.#db);
  }

  /** After checks were switched on or off: see {@link FilingsStore.reconcile}. Costs nothing when they are as at the last start. */
  reconcileChecks(now: number): void {
    const ids = this.#schedules.map(({ id }) => id).sort();
    const mark = createHash('sha1').update(ids.join()).digest().readUInt32BE(0) >>> 1;
    const { sqlite } = this.connection;
    if (sqlite.pragma('user_version', { simple: true }) === mark) return;
    this.filings.reconcile(now);
    sqlite.pragma(`user_version = ${mark}`);
  }

  /**
   * Whoever keeps cases hears of verdicts and of filings that change, inside the transaction that writes them. A fault of theirs
   * takes back what they wrote, not the verdict: an alert tells it, and the daily reconciliation looks at the site again.
   */
  listen(listener: LedgerListener): void {
    const guarded = (what: string, now: number, work: () => void): void => {
      try {
        this.#db.transaction(work);
      } catch (error) {
        this.raiseAlert(
          'case-keeper',
          {
            en: `a case could not follow ${what}: ${messageOf(error)}; this is a fault of ours`,
            zh: `整改单未能跟上核查结果（${what}）：${messageOf(error)}；这是程序自身的故障，请反馈`,
          },
          now,
        );
      }
    };
    this.verdicts.onPublished = (verdict, now) => {
      const what = `the verdict of ${verdict.checkId} at site ${verdict.siteId}`;
      if (listener.concerned(verdict)) guarded(what, now, () => listener.published(verdict, now));
    };
    this.filings.onChanged = (siteId, state, now) =>
      guarded(`the change of site ${siteId}`, now, () => listener.filingChanged(siteId, state, now));
  }

  /**
   * One write transaction that is on the disk when this returns: what goes on a wire next must not be forgotten, even when
   * the power fails (design §5). Only the outermost call can promise that.
   */
  durably<T>(work: () => T): T {
    const { sqlite } = this.connection;
    if (sqlite.inTransaction) return this.#db.transaction(work);
    sqlite.pragma('synchronous = FULL');
    try {
      return this.#db.transaction(work);
    } finally {
      sqlite.pragma('synchronous = NORMAL');
    }
  }

  /**
   * After a clock that ran ahead was set right: what it put off lies days or years ahead, and is due now. `latestMs` is how far ahead
   * a check may lie by its own interval; `tickMs` how long a slot of the tick is. Gives the checks of sites pulled in.
   */
  pullIn(now: number, latestMs: readonly { checkId: string; ms: number }[], tickMs: number): number {
    return this.#db.transaction(() => {
      let pulled = 0;
      for (const { checkId, ms } of latestMs) pulled += this.#db.run('statesPullIn', now, checkId, now + ms);
      // Slots of days that have not come: taken by the wrong clock, they would be missed by the right one.
      this.#db.run('slotsPullIn', 'tick', Math.floor(now / tickMs) + 1);
      this.#db.run('confirmsPullIn', now, now + DAY_MS);
      // Nothing of these waits longer by itself; a case that is looked at too early sets its own time again.
      this.#db.run('noticesPullIn', now, now + 2 * DAY_MS);
      this.#db.run('messagesPullIn', now, now + 4 * DAY_MS);
      this.#db.run('enforcementsPullIn', now, now + 4 * DAY_MS);
      this.#db.run('casesPullIn', now, now + 2 * DAY_MS);
      return pulled;
    });
  }

  /** Let something that was stopped go on, at once. True when it was stopped. */
  release(key: Hold['key'], now: number): boolean {
    return this.#db.transaction(() => {
      const released = this.enforcements.release(key, now);
      this.resolveAlert(`hold-${key}`, now);
      if (released && key === 'notices') this.#db.run('noticesUnstop', now, STOPPED.en);
      // A wrong clock or list had stopped both.
      if (released && key !== 'notices') this.#db.run('enforcementsUnstop', now);
      return released;
    });
  }

  /** One write transaction over several stores. */
  transaction<T>(work: () => T): T {
    return this.#db.transaction(work);
  }

  /** See {@link FilingsStore.upsert}. */
  upsertFilings(rows: FilingRow[], startedAt: number): UpsertOutcome[] {
    return this.filings.upsert(rows, startedAt);
  }

  /** Remember that an import ran, and what it did not take. */
  recordImport(summary: ImportRecord, startedAt: number, finishedAt: number): void {
    this.imports.record(summary, startedAt, finishedAt);
  }

  /** Tell the admins something, once a key until it is resolved; `again` tells them anew. */
  raiseAlert(key: string, { en, zh }: Bilingual, now: number, options: { again?: boolean } = {}): void {
    const name = options.again === true ? 'alertRaiseAgain' : 'alertRaise';
    this.#db.run(name, key, maskText(en), maskText(zh), now, now);
  }

  /** What an alert was about is over. */
  resolveAlert(key: string, now: number): void {
    this.#db.run('alertResolve', now, key);
  }

  /** Alerts nobody resolved. */
  openAlerts(): { key: string; message: string; messageZh: string | null; raisedAt: number }[] {
    return this.#db.all('alertsOpen');
  }

  /** When the most overdue check was due (epoch ms), or null when nothing is scheduled. */
  oldestDueAt(): number | null {
    return this.#db.get<{ dueAt: number | null }>('oldestDue')?.dueAt ?? null;
  }

  /** Sites, subjects and scheduled checks: how big the ledger is. */
  size(): { sites: number; active: number; scheduled: number } {
    return (
      this.#db.get<{ sites: number; active: number; scheduled: number }>('ledgerSize') ?? {
        sites: 0,
        active: 0,
        scheduled: 0,
      }
    );
  }

  /** Copy the whole ledger to a file while it is in use (SQLite's online backup). Gives pages copied. */
  async backup(target: string, onProgress?: (share: number) => void): Promise<void> {
    await this.connection.sqlite.backup(target, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress?.(totalPages === 0 ? 1 : 1 - remainingPages / totalPages);
        return 500;
      },
    });
  }

  /** Close the database. */
  close(): void {
    this.connection.close();
  }
}
