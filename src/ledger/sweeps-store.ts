import type { Bilingual } from '../bilingual.ts';
import type { Statements } from './statements.ts';
import type { CheckState, Claim, Sweep, SweepKind, SweepState } from './types.ts';

/** How long what is taken up stays taken. */
export interface LeaseSettings {
  leaseMs: number;
}

/** Sweeps: which sites are due, who has taken them up, how far the sweep is. */
export class SweepsStore {
  readonly #db: Statements;
  readonly #lease: LeaseSettings;

  constructor(db: Statements, lease: LeaseSettings) {
    this.#db = db;
    this.#lease = lease;
  }

  /** True for exactly one caller a slot, however many schedulers run (design §1). */
  takeSlot(schedule: string, slot: number, now: number): boolean {
    return this.#db.transaction(() => {
      const won = this.#db.run('slotInsert', schedule, slot, now) === 1;
      if (won) this.#db.run('slotPrune', schedule, slot - 10_000);
      return won;
    });
  }

  /** Open a sweep. */
  open(kind: SweepKind, now: number): number {
    return (this.#db.get<{ id: number }>('sweepInsert', kind, now) as { id: number }).id;
  }

  /** The scheduled sweep of the slot `now` falls into; opened when it is the first call in the slot, and older ones are ended. */
  scheduled(slotMs: number, now: number): number {
    return this.#db.transaction(() => {
      const open = this.#db
        .all<Sweep>('sweepsOpen')
        .filter(({ kind, state }) => kind === 'scheduled' && state === 'running');
      const current = open.find(({ startedAt }) => Math.floor(startedAt / slotMs) === Math.floor(now / slotMs));
      return current?.id ?? this.open('scheduled', now);
    });
  }

  /**
   * Take up due sites: at most `limit`, all their due checks together (those due within `slackMs` come along, so that a site
   * is not visited twice in a row). What nobody judges before the lease ends is due again.
   */
  claimDue(sweepId: number, now: number, limit: number, slackMs: number): Claim[] {
    return this.#db.transaction(() => {
      const sites = new Set<number>();
      // However many checks of a site are due: fewer sites than asked for say that no more are.
      for (const { siteId } of this.#db.iterate<{ siteId: number }>('dueSites', now)) {
        sites.add(siteId);
        if (sites.size >= limit) break;
      }
      return [...sites].flatMap((siteId) =>
        this.#claimSite(
          sweepId,
          siteId,
          now,
          (state) => (state.nextDueAt ?? Number.POSITIVE_INFINITY) <= now + slackMs,
        ),
      );
    });
  }

  /** Take up given sites whatever their due times (scan, rescan); sites that are not active give nothing. */
  claimSites(sweepId: number, siteIds: number[], now: number, checkIds?: ReadonlySet<string>): Claim[] {
    return this.#db.transaction(() =>
      siteIds.flatMap((siteId) =>
        this.#claimSite(
          sweepId,
          siteId,
          now,
          (state) => state.nextDueAt !== null && (checkIds?.has(state.checkId) ?? true),
        ),
      ),
    );
  }

  #claimSite(sweepId: number, siteId: number, now: number, wanted: (state: CheckState) => boolean): Claim[] {
    const states = this.#db.all<CheckState>('statesOfSite', siteId).filter(wanted);
    if (states.length === 0) return [];
    let added = 0;
    for (const state of states) {
      const pending = state.sweepId !== null && state.judgedSweepId !== state.sweepId;
      if (pending && state.sweepId !== sweepId) this.#db.run('sweepAddTotal', -1, state.sweepId as number);
      const again = state.sweepId === sweepId;
      if (!again) added++;
      // Judged in this very sweep already: nothing is checked twice in a slot.
      if (again && !pending) {
        // Moved off the head of the due index, or it would hide the sites behind it.
        this.#db.run('stateLease', now + this.#lease.leaseMs, siteId, state.checkId);
        continue;
      }
      this.#db.run('stateClaim', sweepId, now, now + this.#lease.leaseMs, siteId, state.checkId);
    }
    this.#db.run('sweepAddTotal', added, sweepId);
    const taken = states.filter((state) => state.sweepId !== sweepId || state.judgedSweepId !== sweepId);
    return taken.length === 0 ? [] : [{ siteId, sweepId, look: 0, checkIds: taken.map(({ checkId }) => checkId) }];
  }

  /** Take up what waits for its next look; sweeps held by the circuit breaker give nothing. */
  claimConfirms(now: number, limit: number): Claim[] {
    return this.#db.transaction(() => {
      const claims = new Map<string, Claim>();
      for (const row of this.#db.all<{ siteId: number; checkId: string; sweepId: number; suspectLooks: number }>(
        'confirmsDue',
        now,
        limit,
      )) {
        this.#db.run('confirmClaim', now, now + this.#lease.leaseMs, row.siteId, row.checkId);
        const key = `${row.siteId} ${row.sweepId} ${row.suspectLooks}`;
        const claim = claims.get(key) ?? {
          siteId: row.siteId,
          sweepId: row.sweepId,
          look: row.suspectLooks,
          checkIds: [],
        };
        claim.checkIds.push(row.checkId);
        claims.set(key, claim);
      }
      return [...claims.values()];
    });
  }

  /** Take up again what a sweep lost on the way: claimed, never judged, its lease over. */
  claimLost(sweepId: number, now: number, limit: number): Claim[] {
    return this.#db.transaction(() => {
      const claims = new Map<string, Claim>();
      for (const { siteId, checkId, suspectLooks } of this.#db.all<{
        siteId: number;
        checkId: string;
        suspectLooks: number;
      }>('statesLost', sweepId, now, limit)) {
        this.#db.run('stateLease', now + this.#lease.leaseMs, siteId, checkId);
        const key = `${siteId} ${suspectLooks}`;
        const claim = claims.get(key) ?? { siteId, sweepId, look: suspectLooks, checkIds: [] };
        claim.checkIds.push(checkId);
        claims.set(key, claim);
      }
      return [...claims.values()];
    });
  }

  /** Sweeps that run or are held, newest first, however many ended since. */
  underWay(): Sweep[] {
    return this.#db.all<Sweep>('sweepsOpen').sort((a, b) => b.startedAt - a.startedAt);
  }

  /** True while the circuit breaker holds a scheduled sweep: nothing scheduled is taken up until an admin looks. */
  isHeld(): boolean {
    return this.#db.all<Sweep>('sweepsOpen').some(({ kind, state }) => kind === 'scheduled' && state === 'held');
  }

  /** True while any sweep is held: then nothing is opened, notified or enforced (design §1). */
  anyHeld(): boolean {
    return this.#db.all<Sweep>('sweepsOpen').some(({ state }) => state === 'held');
  }

  /** Move the lease of a claimed check, e.g. when a registry's budget delays it. */
  extendLease(siteId: number, checkId: string, until: number): void {
    this.#db.run('stateLease', until, siteId, checkId);
  }

  /** A sweep, or null. */
  get(sweepId: number): Sweep | null {
    return this.#db.get<Sweep>('sweepById', sweepId) ?? null;
  }

  /** The last sweeps, newest first. */
  recent(limit: number): Sweep[] {
    return this.#db.all<Sweep>('sweepsRecent', limit);
  }

  /** Verdicts of a sweep by check and stage. */
  counts(sweepId: number): { checkId: string; stage: string; verdict: string; count: number }[] {
    return this.#db.all('countsOfSweep', sweepId);
  }

  /** Checks of the sweep not judged yet. */
  pending(sweepId: number): number {
    return this.#db.get<{ count: number }>('pendingOfSweep', sweepId)?.count ?? 0;
  }

  /** Change a sweep's state. */
  setState(sweepId: number, state: SweepState, reason: Bilingual | null, now: number): void {
    const { en = null, zh = null } = reason ?? {};
    this.#db.run('sweepState', state, en, zh, state === 'done' || state === 'discarded' ? now : null, sweepId);
  }

  /** End running sweeps in which everything is judged and, for scheduled ones, whose slot is over. */
  finish(slotMs: number, now: number): void {
    for (const sweep of this.#db.all<Sweep>('sweepsOpen')) {
      const slotOver = sweep.kind !== 'scheduled' || Math.floor(sweep.startedAt / slotMs) < Math.floor(now / slotMs);
      if (sweep.state === 'running' && slotOver && sweep.judged >= sweep.total)
        this.setState(sweep.id, 'done', null, now);
    }
  }

  /** Let a held sweep go on: its suspects are due for their next look. Gives how many. */
  release(sweepId: number, now: number): number {
    return this.#db.transaction(() => {
      this.#db.run('sweepState', 'running', null, null, null, sweepId);
      return this.#db.run('confirmsOfSweepDue', now, sweepId);
    });
  }

  /** Throw a held sweep away: its suspicions are dropped and its sites due again. Gives how many. */
  discard(sweepId: number, checkIds: readonly string[], now: number): number {
    return this.#db.transaction(() => {
      let dropped = 0;
      for (const checkId of checkIds) {
        for (const suspect of this.#db.all<{ siteId: number }>('suspectsOfSweep', sweepId, checkId)) {
          this.#db.run('stateDrop', now, suspect.siteId, checkId);
          dropped++;
        }
      }
      this.setState(sweepId, 'discarded', null, now);
      return dropped;
    });
  }

  /** Ask for sites to be seen again at once; those of a `bulk` go after every single one. */
  requestRescan(siteIds: number[], by: string, now: number, bulk = false): void {
    this.#db.transaction(() => {
      for (const siteId of siteIds) this.#db.run('rescanInsert', siteId, now, by, bulk ? 1 : 0);
    });
  }

  /** Take requests, those that wait longest first; at most `limit`. */
  takeRescans(limit: number, bulk = false): number[] {
    return this.#db.all<{ siteId: number }>('rescansTake', bulk ? 1 : 0, limit).map(({ siteId }) => siteId);
  }

  /** Requests nobody took up yet, counted up to `most` each. */
  rescansWaiting(most = 10_000): { single: number; bulk: number } {
    const of = (bulk: number): number => this.#db.get<{ count: number }>('rescansWaiting', bulk, most)?.count ?? 0;
    return { single: of(0), bulk: of(1) };
  }

  /** The request for a site that waits, or null. */
  rescanOf(siteId: number): { requestedAt: number; requestedBy: string } | null {
    return this.#db.get('rescanOf', siteId) ?? null;
  }

  /** The last sweeps of a kind, newest first. */
  recentOfKind(kind: SweepKind, limit: number): Sweep[] {
    return this.#db.all<Sweep>('sweepsOfKind', kind, limit);
  }
}
