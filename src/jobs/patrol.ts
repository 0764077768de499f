import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { InputError } from '../errors.ts';
import { createGatherContext, type GatherContext } from '../gather/context.ts';
import type { Dialer } from '../gather/dialer.ts';
import { ClockGuard } from '../judge/clock-guard.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Recorded } from '../ledger/verdicts-store.ts';
import type { Logger } from '../log.ts';
import { WebhookSender } from '../notify/case-webhooks.ts';
import { erasedTotal, retainTurn } from '../privacy/retention.ts';
import type { LoadedRanges } from '../provider/list-file.ts';
import { type JobQueue, openBackend, type QueueBackend } from './backend.ts';
import { Consequences, type ConsequencesOptions } from './consequences.ts';
import { Dispatcher } from './dispatcher.ts';
import { startGatherWorkers } from './gather-worker.ts';
import { Judge } from './judge.ts';
import { enabledChecks, loadConfiguredRanges, openConfiguredLedger } from './open-configured.ts';
import { heedClock, heedRanges } from './own-eyes.ts';
import { type ActJob, type GatherJob, type JudgeJob, QUEUES, type RegistrationJob, type TickJob } from './payloads.ts';

/** What a process does. `gather` needs only the queue; `ledger` judges and schedules, on the ledger's machine. */
export type Role = 'gather' | 'ledger';

/** Everything injected into a patrol. */
export interface PatrolOptions {
  config: Config;
  log: Logger;
  roles: readonly Role[];
  /** Keep sweeping on the schedule; a scan drives itself. */
  schedule: boolean;
  now?: () => number;
  dialer?: Dialer;
  onRecorded?: (recorded: Recorded[]) => void;
  /** Told of every step of sweeping (tests kill the process there). */
  onStep?: (step: string) => void;
  /** A clock nobody can set (ms); the process's own unless `now` is injected. */
  monotonic?: () => number;
  /** Channels, access system and delivery times other than the configured ones. */
  consequences?: Pick<ConsequencesOptions, 'channels' | 'accessSystem' | 'policy' | 'onStep'>;
}

/** How often timed work is looked after: what somebody waits for (a rescan) waits half of this on average. */
const BEAT_MS = 500;
/** How often gather processes count each other. */
const SHARE_MS = 10_000;
/** A registry's next look lies no further ahead. */
const REGISTRY_AHEAD_MS = 60 * 86_400_000;
/** How long the answer of a call is kept for a repeated one (ms). */
const IDEMPOTENCY_MS = 24 * 3_600_000;

/** A running patrol: queue, workers, and (with the ledger role) judge, dispatcher and scheduler. */
export class Patrol {
  readonly config: Config;
  readonly backend: QueueBackend;
  readonly gatherContext: GatherContext;
  readonly ledger: Ledger | null;
  readonly ranges: LoadedRanges | null;
  readonly dispatcher: Dispatcher | null;
  /** Cases, notices and enforcement; with the ledger role only. */
  readonly consequences: Consequences | null;
  readonly queues: {
    gather: JobQueue<GatherJob>;
    urgent: JobQueue<GatherJob>;
    registration: JobQueue<RegistrationJob>;
    judge: JobQueue<JudgeJob>;
  };
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #monotonic: (() => number) | null;
  readonly #clock: ClockGuard;
  /** Tells other systems of case events; with the ledger role only. */
  readonly webhooks: WebhookSender | null;
  #ticks: JobQueue<TickJob> | null = null;
  #acts: JobQueue<ActJob> | null = null;
  #heartbeat: NodeJS.Timeout | null = null;
  #sharing: NodeJS.Timeout | null = null;
  #working: Promise<unknown> | null = null;
  #lastTickAt: number;
  #schedulerAstray = false;
  #stopped = false;

  private constructor(
    options: PatrolOptions,
    parts: Pick<Patrol, 'backend' | 'gatherContext' | 'ledger' | 'ranges' | 'consequences'>,
  ) {
    this.config = options.config;
    this.#log = options.log;
    this.#now = options.now ?? Date.now;
    this.#monotonic = options.monotonic ?? (options.now === undefined ? () => performance.now() : null);
    this.#clock = new ClockGuard(this.config.settings.clock);
    this.#lastTickAt = this.#now();
    this.backend = parts.backend;
    this.gatherContext = parts.gatherContext;
    this.ledger = parts.ledger;
    this.ranges = parts.ranges;
    this.consequences = parts.consequences;
    if (this.ledger !== null) {
      const { enforcements, marks } = this.ledger;
      // A scan by hand may come weeks after the last tick.
      const lastTickAt = options.schedule ? marks.lastSlotAt('tick') : null;
      const held = enforcements.held('clock');
      const stoppedFor = held === null ? null : { en: held.reason, zh: held.reasonZh ?? held.reason };
      this.#clock.started(this.#now(), lastTickAt, stoppedFor);
      if (this.#clock.doubt !== null) this.#pullIn();
    }
    this.webhooks =
      parts.ledger === null
        ? null
        : new WebhookSender(parts.ledger, this.config.settings.api.webhooks, this.#now, this.#log);
    this.queues = {
      gather: this.backend.queue<GatherJob>(QUEUES.gather),
      urgent: this.backend.queue<GatherJob>(QUEUES.urgent),
      registration: this.backend.queue<RegistrationJob>(QUEUES.registration),
      judge: this.backend.queue<JudgeJob>(QUEUES.judge),
    };
    const ledgerRole = this.#startLedgerRole(options);
    this.dispatcher = ledgerRole?.dispatcher ?? null;
    if (options.roles.includes('gather')) {
      startGatherWorkers({
        backend: this.backend,
        context: this.gatherContext,
        settings: this.config.settings,
        now: this.#now,
        ...(ledgerRole !== null && {
          judgeHere: (result) => void ledgerRole.judge.process(result),
          onJudgeFailed: (error) => this.#log.warn({ error }, 'the ledger could not take a result; the queue keeps it'),
        }),
        ...(options.onStep && { onStep: options.onStep }),
      });
      if (this.backend.kind !== 'embedded') {
        const share = (): Promise<unknown> =>
          // A queue that does not tell (or is away just now): the part taken last stays.
          this.shareAddresses().catch((error: unknown) => this.#log.debug({ error }, 'gather processes not counted'));
        void share();
        this.#sharing = setInterval(() => void share(), SHARE_MS);
        this.#sharing.unref();
      }
    }
  }

  /** Politeness towards an address is one budget over all gather processes: count them, and take this one's part of it. */
  async shareAddresses(): Promise<{ gatherers: number; perAddress: number }> {
    const gatherers = await this.queues.gather.getWorkersCount();
    return { gatherers, perAddress: this.gatherContext.shareAmong(gatherers) };
  }

  /** Open everything and start the workers. Throws InputError when queue, ledger or lists are unusable. */
  static async start(options: PatrolOptions): Promise<Patrol> {
    const { config, roles, log } = options;
    const { settings } = config;
    if (settings.queue.url === null && roles.length === 1) {
      throw new InputError(
        `role ${roles[0]} alone needs a queue that several processes share`,
        'set QUEUE_URL=redis://…, or run all roles',
      );
    }
    const ledgerRole = roles.includes('ledger');
    const ranges = ledgerRole ? loadConfiguredRanges(config) : null;
    const ledger = ledgerRole ? openConfiguredLedger(config) : null;
    ledger?.reconcileChecks((options.now ?? Date.now)());
    if (ledger !== null && ranges !== null) heedRanges(ledger, ranges, config, log, (options.now ?? Date.now)());
    try {
      const backend = await openBackend({ ...settings.queue, log });
      const { now, dialer } = options;
      const gatherContext = createGatherContext(config, { ...(now && { now }), ...(dialer && { dialer }) });
      const consequences =
        ledger === null
          ? null
          : await Consequences.open({
              ledger,
              config,
              log,
              now: now ?? Date.now,
              lists: ranges?.lists ?? [],
              ...options.consequences,
            });
      const patrol = new Patrol(options, { backend, gatherContext, ledger, ranges, consequences });
      if (options.schedule && ledgerRole) await patrol.#startSchedule();
      return patrol;
    } catch (error) {
      ledger?.close();
      throw error;
    }
  }

  #startLedgerRole(options: PatrolOptions): { judge: Judge; dispatcher: Dispatcher } | null {
    const { ledger, ranges } = this;
    if (ledger === null || ranges === null) return null;
    const checks = enabledChecks(this.config);
    const judge = new Judge({
      ledger,
      config: this.config,
      checks,
      clock: this.#clock,
      ranges: () => ranges.table,
      log: this.#log,
      now: this.#now,
      ...(options.onRecorded && { onRecorded: options.onRecorded }),
      ...(options.onStep && { onStep: options.onStep }),
    });
    this.backend.worker<JudgeJob>(QUEUES.judge, async (job) => void judge.process(job.data), {
      concurrency: 1,
      maxStalledCount: 10,
    });
    const dispatcher = new Dispatcher({
      ledger,
      judge,
      gather: this.queues.gather,
      urgent: this.queues.urgent,
      results: this.queues.judge,
      registration: this.queues.registration,
      directory: this.gatherContext.directory,
      checks,
      settings: this.config.settings,
      now: this.#now,
      ...(options.onStep && { onStep: options.onStep }),
    });
    return { judge, dispatcher };
  }

  /** The queue's scheduler wakes us up; a heartbeat of our own takes over when it stops (design §2). */
  async #startSchedule(): Promise<void> {
    const { tickMs } = this.config.settings.sweep;
    const ticks = this.backend.queue<TickJob>(QUEUES.tick);
    this.#ticks = ticks;
    this.backend.worker<TickJob>(QUEUES.tick, () => this.tick(), { concurrency: 1 });
    const acts = this.backend.queue<ActJob>(QUEUES.act);
    this.#acts = acts;
    this.backend.worker<ActJob>(QUEUES.act, async (job) => void (await this.consequences?.run(job.data.job)), {
      concurrency: 3,
      maxStalledCount: 10,
    });
    const install = async (): Promise<unknown> => {
      if (this.#schedulerAstray) await ticks.removeJobScheduler('tick');
      this.#schedulerAstray = false;
      return ticks.upsertJobScheduler(
        'tick',
        { every: tickMs },
        { name: 'tick', data: {}, opts: { removeOnComplete: true, removeOnFail: 10 } },
      );
    };
    await install();
    this.#heartbeat = setInterval(
      () => {
        void this.#guarded(async () => {
          this.#heedClock();
          await this.#quickWork();
          if (this.#now() - this.#lastTickAt < tickMs * 3) return;
          this.#log.warn({ tickMs }, 'scheduler is silent; heartbeat takes over');
          await install();
          await this.tick();
        });
      },
      Math.min(tickMs, BEAT_MS),
    );
    await this.tick();
  }

  /** One tick: a slot runs once however many schedulers there are. */
  async tick(): Promise<void> {
    const { ledger, dispatcher } = this;
    if (ledger === null || dispatcher === null || this.#stopped) return;
    this.#heedClock();
    // By the lists this very process judges by, whatever stands on the disk by now.
    if (this.ranges !== null) heedRanges(ledger, this.ranges, this.config, this.#log, this.#now(), { running: true });
    this.#lastTickAt = this.#now();
    const slot = Math.floor(this.#now() / this.config.settings.sweep.tickMs);
    if (!ledger.sweeps.takeSlot('tick', slot, this.#now())) return;
    this.consequences?.tick();
    const dispatched = await dispatcher.dispatchDue();
    if (dispatched > 0) this.#log.info({ dispatched }, 'sites taken up');
    // A clock that runs ahead would make everything old.
    if (this.#clock.doubt !== null) return;
    ledger.portal.prune(this.#now());
    ledger.admins.prune(this.#now());
    ledger.api.prune(this.#now() - IDEMPOTENCY_MS);
    const pruned = ledger.evidence.prune(this.#now() - this.config.settings.evidence.retentionMs);
    if (pruned > 0) this.#log.info({ pruned }, 'old evidence deleted');
    const { erased } = retainTurn(ledger, this.config.settings.privacy, this.#now());
    if (erasedTotal(erased) > 0) this.#log.info({ ...erased }, 'personal data past its time erased');
  }

  /** By the right clock, what a wrong one put off for years is due: also what is looked at to know the time. */
  #pullIn(): void {
    const far = (checkId: string): number => {
      // Registries are asked when a date comes near, which may be long after the interval.
      const interval = this.config.settings.checks[checkId]?.intervalMs ?? REGISTRY_AHEAD_MS;
      const asksRegistry = enabledChecks(this.config)
        .find(({ id }) => id === checkId)
        ?.needs.includes('registration');
      return asksRegistry === true ? Math.max(interval * 1.2, REGISTRY_AHEAD_MS) : interval * 1.2;
    };
    const latest = Object.keys(this.config.settings.checks).map((checkId) => ({ checkId, ms: far(checkId) }));
    const pulled = this.ledger?.pullIn(this.#now(), latest, this.config.settings.sweep.tickMs) ?? 0;
    // The queue's own next tick lies where the wrong clock put it: the heartbeat takes over and installs it anew.
    this.#lastTickAt = 0;
    this.#schedulerAstray = true;
    this.#log.warn({ pulled }, 'the clock stepped: what lay too far ahead is due now');
  }

  /** Before anything that depends on the time: is it to be believed? */
  #heedClock(): void {
    if (this.ledger === null) return;
    const stepped = this.#monotonic !== null && this.#clock.beat(this.#now(), this.#monotonic());
    if (stepped) this.#pullIn();
    heedClock(this.ledger, this.#clock, this.#log, this.#now());
  }

  /** Rescans and confirmations do not wait for a tick. */
  async #quickWork(): Promise<void> {
    if (this.dispatcher === null || this.#stopped) return;
    if (this.dispatcher.moreIsDue) await this.dispatcher.dispatchDue();
    else await this.dispatcher.dispatchUrgent();
    // Not waited for: a slow receiver must not hold up anything of ours.
    void this.webhooks?.turn().catch((error: unknown) => this.#log.error({ error }, 'webhooks failed'));
    // One job of a sort at a time: its id keeps a second one out while the first waits or runs.
    for (const job of this.consequences?.due() ?? [])
      await this.#acts?.add('act', { job }, { jobId: `act-${job}`, removeOnComplete: true, removeOnFail: true });
  }

  /** One piece of timed work at a time; its failure is logged and the next beat tries again. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    if (this.#working !== null || this.#stopped) return;
    this.#working = work().catch((error: unknown) => this.#log.error({ error }, 'timed work failed'));
    await this.#working;
    this.#working = null;
  }

  /** Every queue of this process, for people to look into. */
  get everyQueue(): JobQueue<unknown>[] {
    const { gather, urgent, registration, judge } = this.queues;
    return [gather, urgent, registration, judge, this.#acts, this.#ticks].flatMap((queue) =>
      queue === null ? [] : [queue as JobQueue<unknown>],
    );
  }

  /** When the scheduler was last heard of (epoch ms). */
  get lastTickAt(): number {
    return this.#lastTickAt;
  }

  /** Drain and stop: no new work, running jobs get `drainTimeoutMs`, what is left runs again later. */
  async stop(drainTimeoutMs = this.config.settings.ops.drainTimeoutMs): Promise<void> {
    this.#stopped = true;
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat);
    if (this.#sharing !== null) clearInterval(this.#sharing);
    // Timed work may hang on a queue that is gone: it gets the drain's time and no more.
    const limit = new AbortController();
    await Promise.race([
      this.#working,
      sleep(drainTimeoutMs, undefined, { signal: limit.signal }).catch(() => undefined),
    ]);
    limit.abort();
    await this.webhooks?.close();
    await this.backend.close(drainTimeoutMs);
    await this.gatherContext.close();
    this.consequences?.close();
    this.ledger?.close();
  }
}
