import { createHash } from 'node:crypto';
import { DAY_MS } from '../calendar/beijing-time.ts';
import type { SiteDetails } from '../facts/filed.ts';
import { normaliseName } from '../facts/holder-name.ts';
import { filedMobile } from '../filing/phone.ts';
import type { Filing, ProductKind, SubjectKind } from '../filing/types.ts';
import type { FilingRow } from '../filing/validate-row.ts';
import { spread } from '../judge/spread.ts';
import type { Statements } from './statements.ts';
import type { CheckState } from './types.ts';

/** What became of one row; `index` is its place in the batch. */
export interface UpsertOutcome {
  index: number;
  result: 'created' | 'updated' | 'unchanged';
  siteId: number;
}

/** A site as loaded for judging, with the names people read. */
export interface SiteRecord {
  siteId: number;
  siteName: string;
  subjectName: string;
  state: string;
  /** When its row last changed (epoch ms). */
  updatedAt: number;
  filing: Filing;
  /** Registrable domains of the filed domains, without doubles. */
  registrable: string[];
}

/** The checks a site is due for, and how its first look is spread. */
export interface CheckSchedule {
  id: string;
  intervalMs: number;
}

/** Filings in the ledger. */
export class FilingsStore {
  readonly #db: Statements;
  readonly #checks: readonly CheckSchedule[];
  /** Told when a filing changed, inside the import's transaction. */
  onChanged: ((siteId: number, state: string, now: number) => void) | null = null;

  constructor(db: Statements, checks: readonly CheckSchedule[]) {
    this.#db = db;
    this.#checks = checks;
  }

  /**
   * Insert or update a batch in one transaction. A site already touched by the same import (same `startedAt`) with other data
   * counts as updated.
   */
  upsert(rows: FilingRow[], startedAt: number): UpsertOutcome[] {
    return this.#db.transaction(() => rows.map((row, index) => this.#upsertOne(row, index, startedAt)));
  }

  #upsertOne(row: FilingRow, index: number, startedAt: number): UpsertOutcome {
    const digest = createHash('sha1').update(JSON.stringify(row)).digest('base64');
    const known = this.#db.get<{ id: number; rowDigest: string; state: string; updatedAt: number }>(
      'siteByNumber',
      row.siteNumber,
    );
    // The bureau's word stands against an export that does not know yet, and no longer than that (R15).
    const revoked = known?.state === 'revoked' && this.#isRevoked(row);
    const state = revoked && row.state === 'active' ? 'revoked' : row.state;
    const returns = known?.state === 'revoked' && state === 'active';
    if (known?.rowDigest === digest && !returns) {
      this.#db.run('siteConfirm', startedAt, known.id);
      this.#readMobiles(known.id, row.persons);
      return { index, result: 'unchanged', siteId: known.id };
    }
    const subject = this.#db.get<{ id: number }>(
      'subjectUpsert',
      row.subjectNumber,
      row.subjectName,
      row.subjectKind,
      row.province,
      row.licenceNumber,
      JSON.stringify(row.subjectDetails ?? {}),
      startedAt,
      this.#nameSince(row, startedAt),
    );
    const subjectId = subject?.id as number;
    const values = [
      subjectId,
      row.siteNumber,
      row.siteName,
      row.service,
      row.accessProvider,
      row.product,
      JSON.stringify(row.addresses),
      row.approvedAt,
      row.leaseEndsAt,
      state,
      JSON.stringify(row.details ?? {}),
      row.serverId ?? null,
      digest,
      startedAt,
      startedAt,
    ];
    let siteId: number;
    if (known === undefined) siteId = (this.#db.get<{ id: number }>('siteInsert', ...values) as { id: number }).id;
    else {
      siteId = known.id;
      this.#db.run('siteUpdate', ...values, siteId);
      this.#forgetLooks(siteId);
      this.#db.run('hostsDelete', siteId);
      this.#db.run('siteContactsDelete', siteId);
    }
    for (const { host, kind, registrable } of row.hosts) this.#db.run('hostInsert', siteId, host, kind, registrable);
    for (const { role, name, phone, email, documentExpiresAt = null } of row.persons) {
      const mobile = filedMobile(phone);
      this.#db.run('contactInsert', subjectId, siteId, role, name, phone, email, mobile, documentExpiresAt, startedAt);
    }
    this.#schedule(siteId, state === 'active', startedAt);
    if (known !== undefined) this.onChanged?.(siteId, state, startedAt);
    return { index, result: known === undefined ? 'created' : 'updated', siteId };
  }

  /** Does the bureau's list call the number, or its subject's, revoked? */
  #isRevoked({ siteNumber, subjectNumber }: FilingRow): boolean {
    const own = this.#db.get<{ state: string }>('bureauNumber', siteNumber);
    return (own ?? this.#db.get<{ state: string }>('bureauNumber', subjectNumber))?.state === 'revoked';
  }

  /** From when on a list surely knows the subject by this name: a list of the day it changed may still have the other one. */
  #nameSince({ subjectNumber, subjectName }: FilingRow, now: number): number {
    const known = this.#db.get<{ name: string; since: number }>('subjectNamed', subjectNumber);
    if (known === undefined) return now;
    return normaliseName(known.name) === normaliseName(subjectName) ? known.since : now + DAY_MS;
  }

  /** Numbers imported before they could be read with words around them. */
  #readMobiles(siteId: number, persons: FilingRow['persons']): void {
    for (const { role, phone } of persons) {
      const mobile = filedMobile(phone);
      if (mobile !== null && mobile !== phone) this.#db.run('contactMobile', mobile, siteId, role);
    }
  }

  /** Looks under way were at the filing as it was: their results, and suspicions from them, must not touch the new one. */
  #forgetLooks(siteId: number): void {
    for (const state of this.#db.all<CheckState>('statesOfSite', siteId)) {
      if (state.sweepId === null || state.judgedSweepId === state.sweepId) continue;
      this.#db.run('sweepAddTotal', -1, state.sweepId);
      this.#db.run('stateForget', siteId, state.checkId);
    }
  }

  /** Give every active site the checks switched on, and park those switched off. Run at start. */
  reconcile(now: number): void {
    this.#db.transaction(() => {
      for (const { id, intervalMs } of this.#checks) {
        const span = Math.min(intervalMs, 86_400_000);
        this.#db.run('statesMissing', id, now, now + span, now, span);
      }
      for (const { checkId } of this.#db.all<{ checkId: string }>('checkIdsKnown')) {
        if (!this.#checks.some(({ id }) => id === checkId)) this.#db.run('statesPark', checkId);
      }
    });
  }

  /** R15: only active filings are checked. New ones are spread over the check's interval, so that no wave follows an import. */
  #schedule(siteId: number, active: boolean, now: number): void {
    if (!active) {
      this.#stop(siteId);
      return;
    }
    for (const { id, intervalMs } of this.#checks) {
      const dueAt = now + spread(siteId, Math.min(intervalMs, 86_400_000));
      if (this.#db.run('stateInsert', siteId, id, dueAt) === 0) this.#db.run('stateRestart', dueAt, siteId, id);
    }
  }

  /** A site left: it is not looked at any more, and what its page showed is not kept. */
  #stop(siteId: number): void {
    this.#db.run('stateStop', siteId);
    this.#db.run('knownPageForget', siteId);
  }

  /** A site with its filing, or null. */
  load(siteId: number): SiteRecord | null {
    const row = this.#db.get<SiteRow>('siteById', siteId);
    const subject = row === undefined ? undefined : this.#db.get<SubjectRow>('subjectOfSite', row.subjectId);
    if (row === undefined || subject === undefined) return null;
    const hosts = this.#db
      .all<{ nth: number; host: string; kind: string; registrable: string }>('hostsOfSite', siteId)
      .sort((a, b) => a.nth - b.nth);
    const { otherProviders } = JSON.parse(row.details) as SiteDetails;
    return {
      siteId,
      siteName: row.name,
      subjectName: subject.subjectName,
      state: row.state,
      updatedAt: row.updatedAt,
      registrable: [...new Set(hosts.filter(({ kind }) => kind === 'domain').map(({ registrable }) => registrable))],
      filing: {
        siteNumber: row.siteNumber,
        subjectNumber: subject.subjectNumber,
        subjectKind: subject.subjectKind,
        province: subject.province,
        licenceNumber: subject.licenceNumber,
        domains: hosts.filter(({ kind }) => kind === 'domain').map(({ host }) => host),
        hosts: hosts.filter(({ kind }) => kind === 'host').map(({ host }) => host),
        accessProvider: row.accessProvider,
        product: row.product,
        ...(otherProviders !== undefined && { otherProviders }),
        filedAddresses: JSON.parse(row.filedAddresses) as string[],
        approvedAt: row.approvedAt,
        service: row.service,
      },
    };
  }

  /** Sites for a domain or host, a site number or a subject number (canonical). */
  find(key: { host?: string; siteNumber?: string; subjectNumber?: string }): number[] {
    const ids = new Set<number>();
    if (key.host !== undefined) {
      for (const { siteId } of this.#db.all<{ siteId: number }>('sitesByHost', key.host)) ids.add(siteId);
      if (ids.size === 0)
        for (const { siteId } of this.#db.all<{ siteId: number }>('sitesByRegistrable', key.host)) ids.add(siteId);
    }
    if (key.siteNumber !== undefined) {
      const site = this.#db.get<{ id: number }>('siteByNumber', key.siteNumber);
      if (site !== undefined) ids.add(site.id);
    }
    if (key.subjectNumber !== undefined) {
      for (const { siteId } of this.#db.all<{ siteId: number }>('sitesBySubject', key.subjectNumber)) ids.add(siteId);
    }
    return [...ids];
  }

  /** A site left (its number revoked, R15): its re-checks and cases end. True when it was active. */
  leave(siteId: number, state: 'revoked' | 'access-cancelled', now: number): boolean {
    if (this.#db.run('siteLeave', state, now, siteId) === 0) return false;
    this.#forgetLooks(siteId);
    this.#stop(siteId);
    this.onChanged?.(siteId, state, now);
    return true;
  }

  /** Sites with a host under a registrable domain. */
  findByRegistrable(domain: string): number[] {
    return [...new Set(this.#db.all<{ siteId: number }>('sitesByRegistrable', domain).map(({ siteId }) => siteId))];
  }

  /** All active sites, in pages. */
  *active(page = 1000): Generator<number> {
    let after = 0;
    for (;;) {
      const rows = this.#db.all<{ siteId: number }>('activeSitesAfter', after, page);
      for (const { siteId } of rows) yield siteId;
      if (rows.length < page) return;
      after = rows.at(-1)?.siteId ?? after;
    }
  }
}

interface SubjectRow {
  subjectNumber: string;
  subjectName: string;
  subjectKind: SubjectKind;
  province: string;
  licenceNumber: string | null;
}

interface SiteRow {
  subjectId: number;
  updatedAt: number;
  name: string;
  state: string;
  siteNumber: string;
  accessProvider: string;
  product: ProductKind | null;
  filedAddresses: string;
  details: string;
  approvedAt: string | null;
  service: Filing['service'];
}
