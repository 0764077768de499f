import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Patrol } from '../jobs/patrol.ts';
import type { FiguresCounter, LedgerFigures } from '../ledger/figures.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Recorded } from '../ledger/verdicts-store.ts';

/** Metrics of one process; gauges are read from the running patrol when asked for. */
export class Metrics {
  readonly registry = new Registry();
  readonly #verdicts: Counter<'check' | 'verdict'>;
  readonly #codes: Counter<'check' | 'code'>;
  readonly #looks: Counter<'check' | 'step'>;
  #patrol: Patrol | null = null;
  #figures: FiguresCounter | null = null;

  constructor(now: () => number) {
    collectDefaultMetrics({ register: this.registry });
    const registers = [this.registry];
    this.#verdicts = new Counter({
      name: 'patrol_verdicts_total',
      help: 'Verdicts published, by check',
      labelNames: ['check', 'verdict'],
      registers,
    });
    this.#codes = new Counter({
      name: 'patrol_findings_total',
      help: 'Findings in published verdicts, by check and code',
      labelNames: ['check', 'code'],
      registers,
    });
    this.#looks = new Counter({
      name: 'patrol_looks_total',
      help: 'Judged looks, by what followed',
      labelNames: ['check', 'step'],
      registers,
    });
    const gauge = (
      name: string,
      help: string,
      read: (patrol: Patrol, set: (value: number, labels?: Record<string, string>) => void) => void | Promise<void>,
      labelNames: string[] = [],
    ): void => {
      const one: Gauge<string> = new Gauge({
        name,
        help,
        labelNames,
        registers,
        collect: async () => {
          one.reset();
          if (this.#patrol !== null) await read(this.#patrol, (value, labels = {}) => one.set(labels, value));
        },
      });
    };
    gauge('patrol_sweep_lag_seconds', 'How long the most overdue check has been due', (patrol, set) =>
      set(Math.max(0, now() - (patrol.ledger?.oldestDueAt() ?? now())) / 1000),
    );
    gauge(
      'patrol_sites',
      'Standing verdicts, by check',
      async (_patrol, set) => {
        for (const { verdict, checkId, count } of await this.#standing()) set(count, { check: checkId, verdict });
      },
      ['check', 'verdict'],
    );
    gauge(
      'patrol_inconclusive_share',
      'Share of standing verdicts that are inconclusive, by check',
      async (_patrol, set) => {
        const totals = await this.#standing();
        for (const checkId of new Set(totals.map((one) => one.checkId))) {
          const own = totals.filter((one) => one.checkId === checkId);
          const blind = own.find(({ verdict }) => verdict === 'inconclusive')?.count ?? 0;
          set(blind / own.reduce((sum, { count }) => sum + count, 0), { check: checkId });
        }
      },
      ['check'],
    );
    gauge(
      'patrol_queue_jobs',
      'Jobs in the queue, by queue and state',
      async (patrol, set) => {
        for (const [queue, one] of Object.entries(patrol.queues)) {
          const counts = await one.getJobCounts('waiting', 'active', 'delayed', 'prioritized', 'failed');
          for (const [state, count] of Object.entries(counts)) set(count, { queue, state });
        }
      },
      ['queue', 'state'],
    );
    gauge(
      'patrol_ranges_age_seconds',
      'Age of the provider lists, by provider',
      (patrol, set) => {
        for (const { id, date } of patrol.ranges?.lists ?? []) set((now() - Date.parse(date)) / 1000, { provider: id });
      },
      ['provider'],
    );
    gauge('patrol_open_alerts', 'Alerts nobody resolved', (patrol, set) =>
      set(patrol.ledger?.openAlerts().length ?? 0),
    );
    // Totals walk whole tables: read once a minute at most, however often somebody scrapes.
    let read = 0;
    let totals: { cases: ReturnType<Ledger['cases']['totals']>; messages: ReturnType<Ledger['outbox']['totals']> } = {
      cases: [],
      messages: [],
    };
    const totalsOf = ({ ledger }: Patrol): typeof totals => {
      if (ledger !== null && now() - read >= 60_000) {
        totals = { cases: ledger.cases.totals(), messages: ledger.outbox.totals() };
        read = now();
      }
      return totals;
    };
    gauge(
      'patrol_cases',
      'Cases, by programme and state',
      (patrol, set) => {
        for (const { programme, state, count } of totalsOf(patrol).cases) set(count, { programme, state });
      },
      ['programme', 'state'],
    );
    gauge(
      'patrol_messages',
      'Messages to owners and admins, by channel and state',
      (patrol, set) => {
        for (const { channel, state, count } of totalsOf(patrol).messages) set(count, { channel, state });
      },
      ['channel', 'state'],
    );
    gauge('patrol_possible_duplicate_mails', 'Mails sent again after an unknown fate', (patrol, set) =>
      set(totalsOf(patrol).messages.reduce((sum, one) => sum + one.possibleDuplicates, 0)),
    );
    gauge(
      'patrol_outbox_lag_seconds',
      'How long the most overdue notice, message, case or act has been due',
      (patrol, set) => set(Math.max(0, now() - (patrol.consequences?.nextDueAt() ?? now())) / 1000),
    );
    gauge('patrol_stopped', 'Emergency stops in force (notices, enforcement)', (patrol, set) =>
      set((patrol.ledger?.enforcements.holds() ?? []).filter(({ releasedAt }) => releasedAt === null).length),
    );
    gauge('patrol_held_sweeps', 'Sweeps held by the circuit breaker', (patrol, set) =>
      set(patrol.ledger?.sweeps.recent(50).filter(({ state }) => state === 'held').length ?? 0),
    );
  }

  /** The patrol whose state the gauges show; whole-ledger figures are counted by a thread of their own. */
  watch(patrol: Patrol, figures: FiguresCounter | null): void {
    this.#patrol = patrol;
    this.#figures = figures;
  }

  async #standing(): Promise<LedgerFigures['verdicts']> {
    const known = this.#figures?.latest() ?? null;
    if (known === null) await this.#figures?.refresh();
    return this.#figures?.latest()?.verdicts ?? [];
  }

  /** Count what was recorded. */
  record(recorded: Recorded[], codesOf: (siteId: number, checkId: string) => string[]): void {
    for (const { siteId, checkId, step, verdict } of recorded) {
      this.#looks.inc({ check: checkId, step });
      if (step !== 'publish') continue;
      this.#verdicts.inc({ check: checkId, verdict });
      if (verdict !== 'pass') for (const code of codesOf(siteId, checkId)) this.#codes.inc({ check: checkId, code });
    }
  }
}
