import { asks, type CheckDefinition } from '../checks/types.ts';
import type { Settings } from '../config.ts';
import { hostsToCheck } from '../gather/gather-site.ts';
import type { RegistryDirectory } from '../gather/registries.ts';
import { type ArtifactName, isLedgerArtifact, type Stage } from '../gather/types.ts';
import type { SiteRecord } from '../ledger/filings-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Claim } from '../ledger/types.ts';
import type { JobQueue } from './backend.ts';
import type { Judge } from './judge.ts';
import { type GatherItem, type GatherJob, type JudgeJob, PRIORITY, type RegistrationJob } from './payloads.ts';

/** What dispatching needs: the ledger and the two queues of observing. */
export interface DispatcherOptions {
  ledger: Ledger;
  judge: Judge;
  gather: JobQueue<GatherJob>;
  urgent: JobQueue<GatherJob>;
  /** Results on their way to the judge: gatherers may be faster than the ledger. */
  results: JobQueue<JudgeJob>;
  registration: JobQueue<RegistrationJob>;
  directory: RegistryDirectory;
  checks: readonly CheckDefinition[];
  settings: Settings;
  now: () => number;
  /** Told of every step (tests kill the process there). */
  onStep?: (step: string) => void;
}

/** Turns claims (taken-up sites) into jobs, never more than the queue should hold. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #moreIsDue = false;
  #running: Promise<number> | null = null;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  /**
   * Sites that may still be queued (back-pressure): those waiting to be taken in hand, and those whose look waits for the judge. What gatherers
   * have in hand is bounded by themselves, and must not keep others idle.
   */
  async room(): Promise<number> {
    const { gather, urgent, results } = this.#options;
    const counts = await Promise.all([
      ...[gather, urgent].map((queue) => queue.getJobCounts('waiting', 'prioritized', 'delayed')),
      results.getJobCounts('waiting', 'prioritized', 'active', 'delayed'),
    ]);
    const jobs = counts.flatMap(Object.values<number>).reduce((sum, count) => sum + count, 0);
    const { maxQueuedSites } = this.#options.settings.sweep;
    return Math.max(0, maxQueuedSites - jobs * this.#options.settings.gather.sitesPerJob);
  }

  /** Take up what is due: confirmations, then rescans, then the scheduled sweep. Gives sites dispatched. */
  dispatchDue(): Promise<number> {
    // A tick and a beat may both ask: together they must not fill the queue twice.
    this.#running ??= this.#dispatchDue().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #dispatchDue(): Promise<number> {
    const { ledger, settings, now } = this.#options;
    let dispatched = await this.dispatchUrgent();
    let room = 0;
    if (!ledger.sweeps.isHeld()) {
      room = await this.room();
      this.#moreIsDue = room <= 0;
    }
    while (room > 0) {
      const limit = Math.min(room, settings.sweep.batchSites);
      const slack = Math.min(...Object.values(settings.checks).map(({ intervalMs }) => intervalMs)) * 0.1;
      const claims = ledger.transaction(() => {
        const sweepId = ledger.sweeps.scheduled(settings.sweep.slotMs, now());
        return ledger.sweeps.claimDue(sweepId, now(), limit, slack);
      });
      await this.dispatch(claims, PRIORITY.sweep);
      dispatched += claims.length;
      room -= claims.length;
      if (claims.length < limit) break;
      this.#moreIsDue = room <= 0;
    }
    ledger.sweeps.finish(settings.sweep.slotMs, now());
    return dispatched;
  }

  /** Only the queue's room ended the last taking up: what is due goes on without waiting for a tick. */
  get moreIsDue(): boolean {
    return this.#moreIsDue;
  }

  /** What does not wait for a tick: rescans somebody asked for, and confirmations whose pause is over. */
  async dispatchUrgent(): Promise<number> {
    return (await this.#dispatchRescans()) + (await this.#dispatchConfirms());
  }

  async #dispatchConfirms(): Promise<number> {
    const claims = this.#options.ledger.sweeps.claimConfirms(
      this.#options.now(),
      this.#options.settings.sweep.batchSites,
    );
    await this.dispatch(claims, PRIORITY.confirm);
    return claims.length;
  }

  /** Single ones at once; those asked for by the thousand as far as the queue has room, ahead of the sweep. */
  async #dispatchRescans(): Promise<number> {
    const { sweep } = this.#options.settings;
    const single = await this.#takeRescans(sweep.batchSites, false);
    if (this.#options.ledger.sweeps.rescansWaiting(1).bulk === 0) return single;
    const room = Math.min(await this.room(), sweep.batchSites);
    return single + (room === 0 ? 0 : await this.#takeRescans(room, true));
  }

  async #takeRescans(limit: number, bulk: boolean): Promise<number> {
    const { ledger, now } = this.#options;
    const claims = ledger.transaction(() => {
      const siteIds = ledger.sweeps.takeRescans(limit, bulk);
      return siteIds.length === 0 ? [] : ledger.sweeps.claimSites(ledger.sweeps.open('rescan', now()), siteIds, now());
    });
    await this.dispatch(claims, bulk ? PRIORITY.bulkRescan : PRIORITY.rescan);
    return claims.length;
  }

  /** Make jobs of claims. Sites gone from the ledger are dropped; the lease frees what is lost on the way. */
  async dispatch(claims: Claim[], priority: number): Promise<void> {
    if (claims.length > 0) this.#options.onStep?.('claimed');
    const { settings, ledger } = this.#options;
    const byStage: Record<Stage, GatherItem[]> = { screen: [], confirm: [] };
    const lookups: { job: RegistrationJob; delay: number }[] = [];
    const known: { claim: Claim; record: SiteRecord; stage: Stage }[] = [];
    for (const claim of claims) {
      const record = ledger.filings.load(claim.siteId);
      if (record === null || record.state !== 'active') continue;
      const stage: Stage = claim.look === 0 ? 'screen' : 'confirm';
      if (record.filing.service !== 'site') {
        known.push({ claim, record, stage: 'screen' });
        continue;
      }
      const needed = this.#artifactsFor(claim.checkIds);
      if (needed.ledger.length > 0) known.push({ claim: { ...claim, checkIds: needed.ledger }, record, stage });
      if (needed.direct.checkIds.length > 0) {
        const known =
          stage === 'screen' && needed.direct.byNumber
            ? ledger.knownPages.keyOf(claim.siteId, this.#options.now())
            : null;
        byStage[stage].push(gatherItem(claim, record, needed.direct, known));
      }
      if (needed.registration.length > 0)
        lookups.push(...this.#planRegistration(claim, record, needed.registration, stage, priority));
    }
    this.#options.judge.judgeWithout(known);
    const options = {
      priority,
      attempts: settings.gather.jobAttempts,
      backoff: { type: 'exponential', delay: 5000 },
      removeOnComplete: true,
      removeOnFail: 1000,
    };
    const jobs = (Object.keys(byStage) as Stage[]).flatMap((stage) =>
      chunk(
        byStage[stage],
        stage === 'confirm' ? Math.ceil(settings.gather.sitesPerJob / 4) : settings.gather.sitesPerJob,
      ).map((items) => ({
        name: 'gather',
        data: { stage, priority, items },
        opts: options,
      })),
    );
    const { gather, urgent } = this.#options;
    if (jobs.length > 0) await (priority === PRIORITY.rescan ? urgent : gather).addBulk(jobs);
    if (lookups.length > 0) {
      await this.#options.registration.addBulk(
        lookups.map(({ job, delay }) => ({ name: 'registration', data: job, opts: { ...options, delay } })),
      );
    }
  }

  /** Checks that need the registry go their own way: its budget must not hold up the others. */
  #artifactsFor(checkIds: string[]): {
    direct: Direct;
    registration: string[];
    /** Checks of what the ledger itself knows. */
    ledger: string[];
  } {
    const want = new Set<ArtifactName>();
    const direct: string[] = [];
    const registration: string[] = [];
    const ledger: string[] = [];
    let content = false;
    let byNumber = true;
    for (const id of checkIds) {
      const check = this.#options.checks.find((one) => one.id === id);
      if (check === undefined) continue;
      if (check.needs.includes('registration')) registration.push(id);
      else if (check.needs.every(isLedgerArtifact)) ledger.push(id);
      else {
        direct.push(id);
        content ||= check.readsContent === true;
        byNumber &&= check.settledByNumber === true || !asks(check, 'page');
        for (const name of [...check.needs, ...(check.wants ?? [])])
          if (name !== 'registration' && !isLedgerArtifact(name)) want.add(name);
      }
    }
    return { direct: { checkIds: direct, want: [...want], content, byNumber }, registration, ledger };
  }

  /**
   * One look-up a domain, at the start its registry's budget gives. While screening, recent answers are used again; a
   * confirmation always asks anew. Where a budget is spent nothing was observed: that is said, never guessed from old answers.
   */
  #planRegistration(
    claim: Claim,
    record: SiteRecord,
    checkIds: string[],
    stage: Stage,
    priority: number,
  ): { job: RegistrationJob; delay: number }[] {
    const { ledger, settings, directory, judge } = this.#options;
    const { minRefreshMs, horizonMs } = settings.registration;
    const now = this.#options.now();
    const asked = record.registrable.filter((domain) => {
      const stored = ledger.registries.get(domain);
      const fresh = stored?.artifact.ok === true && now - stored.observedAt < minRefreshMs;
      return stage === 'confirm' || !fresh;
    });
    if (asked.length === 0) {
      judge.judgeStoredRegistration(claim, checkIds, stage);
      return [];
    }
    const spent = asked
      .map((domain) => directory.find(domain))
      .find((registry) => registry !== null && ledger.registries.busyBeyond(registry.id, now + horizonMs));
    if (spent !== undefined && spent !== null) {
      judge.judgeUnasked(claim, checkIds, stage, `the rate budget of registry ${spent.id} is spent`);
      return [];
    }
    const lookups = asked.map((domain) => {
      const registry = directory.find(domain);
      const startAt = ledger.registries.reserve(registry?.id ?? 'unknown', registry?.intervalMs ?? 0, now);
      const job: RegistrationJob = { stage, priority, domain, sweepId: claim.sweepId, look: claim.look };
      return { job, delay: Math.max(0, startAt - now) };
    });
    const last = now + Math.max(...lookups.map(({ delay }) => delay));
    for (const checkId of checkIds) ledger.sweeps.extendLease(claim.siteId, checkId, last + settings.sweep.leaseMs);
    return lookups;
  }
}

/** What is asked of the gatherers for a site, and by which checks. */
type Direct = Pick<GatherItem, 'checkIds' | 'want'> & { content: boolean; byNumber: boolean };

function gatherItem(
  claim: Claim,
  record: SiteRecord,
  { checkIds, want, content, byNumber }: Direct,
  known: string | null,
): GatherItem {
  const hosts = hostsToCheck(record.filing, record.registrable);
  // The filed home page first: an apex may show something else.
  const pageHosts = [...new Set([...record.filing.hosts, ...record.filing.domains, ...hosts])].slice(0, 4);
  return {
    siteId: claim.siteId,
    sweepId: claim.sweepId,
    look: claim.look,
    checkIds,
    want,
    content,
    ...(byNumber && { siteNumber: record.filing.siteNumber }),
    ...(known !== null && { known }),
    hosts,
    pageHosts,
  };
}

function chunk<T>(items: T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}
