import { newCode } from '../cases/case-code.ts';
import { canonicalJson, eventHash, GENESIS } from '../cases/history.ts';
import type { Actor, CaseEvent, CaseFinding, CaseRecord, CaseState } from '../cases/types.ts';
import type { Finding } from '../checks/types.ts';
import type { Statements } from './statements.ts';

/** Cases, what they hold, and their history. */
export class CasesStore {
  readonly #db: Statements;
  #asked: { turn: number; siteId: number; open: boolean } | null = null;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Insert a case; gives it with its id and code. */
  insert(draft: Omit<CaseRecord, 'id' | 'code' | 'seq' | 'headHash'>): CaseRecord {
    this.#asked = null;
    const record: CaseRecord = { ...draft, id: 0, code: newCode(), seq: 0, headHash: GENESIS };
    const row = this.#db.get<{ id: number }>(
      'caseInsert',
      record.code,
      record.programme,
      record.scope,
      record.subjectId,
      record.siteId,
      record.state,
      record.openedAt,
      record.closedAt,
      record.deadlineAt,
      record.toldAt,
      record.dryRun ? 1 : 0,
      record.policy.version,
      '{}',
      0,
      GENESIS,
      record.openedAt,
    ) as { id: number };
    return { ...record, id: row.id };
  }

  /**
   * Write what a move made of a case together with its event: the only way a case changes. Gives the record with the new head
   * of the history. Call it inside a transaction.
   */
  append(
    record: CaseRecord,
    event: { at: number; actor: Actor; move: string; from: CaseState | null; data: Record<string, unknown> },
    dueAt: number | null,
  ): CaseRecord {
    const entry: Omit<CaseEvent, 'hash'> = {
      caseId: record.id,
      seq: record.seq + 1,
      at: event.at,
      actor: event.actor,
      move: event.move,
      from: event.from,
      to: record.state,
      data: JSON.parse(canonicalJson(event.data)) as Record<string, unknown>,
      prevHash: record.headHash,
    };
    const hash = eventHash(entry);
    this.#db.run(
      'caseEventInsert',
      entry.caseId,
      entry.seq,
      entry.at,
      entry.actor.kind,
      entry.actor.name,
      entry.move,
      entry.from,
      entry.to,
      canonicalJson(entry.data),
      entry.prevHash,
      hash,
    );
    this.#db.run('caseFeedInsert', entry.caseId, entry.seq, record.deadlineAt);
    const next: CaseRecord = { ...record, seq: entry.seq, headHash: hash };
    this.#save(next, dueAt);
    return next;
  }

  /** Write fields that are no move (the daily look's next time). */
  save(record: CaseRecord, dueAt: number | null): void {
    this.#save(record, dueAt);
  }

  #save(record: CaseRecord, dueAt: number | null): void {
    this.#asked = null;
    this.#db.run(
      'caseUpdate',
      record.state,
      record.closedAt,
      record.deadlineAt,
      record.toldAt,
      record.dryRun ? 1 : 0,
      JSON.stringify(record),
      record.seq,
      record.headHash,
      record.closedAt === null ? dueAt : null,
      record.id,
    );
  }

  /** Look after a case sooner than planned. */
  wake(caseId: number, at: number): void {
    this.#db.run('caseDueAt', at, caseId, at);
  }

  /** Look after a case later: it cannot go on now. */
  putOff(caseId: number, until: number): void {
    this.#db.run('casePutOff', until, caseId);
  }

  /** A case by id, or null. */
  get(caseId: number): CaseRecord | null {
    return parsed(this.#db.get<Row>('caseById', caseId));
  }

  /** A case by the code owners have, whatever the case of its letters. */
  byCode(code: string): CaseRecord | null {
    return parsed(this.#db.get<Row>('caseByCode', code.trim().toUpperCase()));
  }

  /** The open case of a programme at a site, or of its subject. */
  openCase(scope: 'site' | 'subject', id: number, programme: string): CaseRecord | null {
    return parsed(this.#db.get<Row>(scope === 'site' ? 'openCaseOfSite' : 'openCaseOfSubject', id, programme));
  }

  /** Every open case a site has a part in: its own, and its subject's. */
  openCasesTouching(siteId: number, subjectId: number): CaseRecord[] {
    const own = this.#db.all<Row>('openCasesOfSite', siteId);
    return [...own, ...this.#db.all<Row>('openCasesOfSubject', subjectId)].flatMap((row) => parsed(row) ?? []);
  }

  /** Has a site, or its subject, an open case? */
  anyOpenAt(siteId: number): boolean {
    // Asked for each of a site's verdicts: nobody else writes meanwhile, and what we write forgets the answer.
    const { turn } = this.#db;
    if (this.#asked !== null && this.#asked.turn === turn && this.#asked.siteId === siteId) return this.#asked.open;
    const open = this.#db.get<{ open: number }>('anyOpenCase', siteId, siteId)?.open === 1;
    this.#asked = turn === null ? null : { turn, siteId, open };
    return open;
  }

  /** A site's cases, newest first. */
  ofSite(siteId: number, limit = 20): CaseRecord[] {
    return this.#db.all<Row>('casesOfSite', siteId, limit).flatMap((row) => parsed(row) ?? []);
  }

  /** Cases in a state, soonest deadline first. */
  inState(state: CaseState, limit = 1000): CaseRecord[] {
    return this.#db.all<Row>('casesByState', state, limit).flatMap((row) => parsed(row) ?? []);
  }

  /** A page of the cases in a state (of one programme where given), soonest deadline first, after a place. */
  pageInState(
    state: CaseState,
    programme: string | null,
    after: { deadlineAt: number; id: number },
    limit: number,
  ): CaseRecord[] {
    const place = [after.deadlineAt, after.id, limit] as const;
    const rows =
      programme === null
        ? this.#db.all<Row>('casesOfStateAfter', state, ...place)
        : this.#db.all<Row>('casesOfProgrammeAfter', programme, state, ...place);
    return rows.flatMap((row) => parsed(row) ?? []);
  }

  /** A page of the cases in any of some states, soonest deadline first; `after`, `next`: a place between pages, null at its ends. */
  page(
    states: readonly CaseState[],
    programme: string | null,
    after: string | null,
    limit: number,
  ): { records: CaseRecord[]; next: string | null } {
    const [deadlineAt = 0, id = 0] = (after ?? '').split('.').map((part) => Number(part) || 0);
    const records = states
      .flatMap((state) => this.pageInState(state, programme, { deadlineAt, id }, limit + 1))
      .sort((a, b) => a.deadlineAt - b.deadlineAt || a.id - b.id);
    const shown = records.slice(0, limit);
    const last = shown.at(-1);
    const more = records.length > limit && last !== undefined;
    return { records: shown, next: more ? `${last.deadlineAt}.${last.id}` : null };
  }

  /** A subject's cases, newest first. */
  ofSubject(subjectId: number, limit = 50): CaseRecord[] {
    return this.#db.all<Row>('casesOfSubject', subjectId, limit).flatMap((row) => parsed(row) ?? []);
  }

  /** Ids of cases something is due for, most overdue first. */
  due(now: number, limit: number): number[] {
    return this.#db.all<{ id: number }>('casesDue', now, limit).map(({ id }) => id);
  }

  /** When the next case falls due (epoch ms), or null. */
  nextDueAt(): number | null {
    return this.#db.get<{ at: number | null }>('casesNextDue')?.at ?? null;
  }

  /** Cases counted by programme and state. */
  totals(): { programme: string; state: CaseState; count: number }[] {
    return this.#db.all('caseTotals');
  }

  /** All case ids, in pages. */
  *ids(page = 1000): Generator<number> {
    for (let after = 0; ; ) {
      const rows = this.#db.all<{ id: number }>('caseIdsAfter', after, page);
      for (const { id } of rows) yield id;
      if (rows.length < page) return;
      after = rows.at(-1)?.id ?? after;
    }
  }

  /** A case's history, oldest first. */
  events(caseId: number): CaseEvent[] {
    return this.#db.all<EventRow>('caseEvents', caseId).map(({ actorKind, actorName, fromState, toState, ...row }) => ({
      ...row,
      actor: { kind: actorKind, name: actorName },
      from: fromState,
      to: toState,
      data: JSON.parse(row.data) as Record<string, unknown>,
    }));
  }

  /** Add a finding, or see it again. */
  putFinding(
    caseId: number,
    siteId: number,
    checkId: string,
    finding: Finding,
    seen: { verdictId: number | null; at: number },
  ): void {
    const { code, about, params, evidence } = finding;
    this.#db.run(
      'caseFindingUpsert',
      caseId,
      siteId,
      checkId,
      code,
      about ?? '',
      JSON.stringify(params),
      JSON.stringify(evidence),
      seen.verdictId,
      seen.at,
      seen.at,
    );
  }

  /** A look passed: the check's findings at the site are cleared. Gives how many stood. */
  clearFindings(caseId: number, siteId: number, checkId: string, now: number): number {
    return this.#db.run('caseFindingsClear', now, caseId, siteId, checkId);
  }

  /** One finding was not seen any more while others of its check were. */
  clearFinding(caseId: number, finding: CaseFinding, now: number): void {
    this.#db.run('caseFindingClear', now, caseId, finding.siteId, finding.checkId, finding.code, finding.about ?? '');
  }

  /** The findings of a case, oldest first. */
  findings(caseId: number): CaseFinding[] {
    return this.#db.all<FindingRow>('caseFindings', caseId).map((row) => ({
      ...row,
      about: row.about === '' ? null : row.about,
      params: JSON.parse(row.params) as CaseFinding['params'],
      evidence: JSON.parse(row.evidence) as CaseFinding['evidence'],
    }));
  }

  /** Sites whose standing verdict of a check is a failure that counts. */
  failingSites(checkId: string): number[] {
    return this.#db.all<{ siteId: number }>('failingStates', checkId).map(({ siteId }) => siteId);
  }
}

interface Row {
  record: string;
}

type EventRow = Omit<CaseEvent, 'actor' | 'from' | 'to' | 'data'> & {
  actorKind: Actor['kind'];
  actorName: string;
  fromState: CaseState | null;
  toState: CaseState;
  data: string;
};

type FindingRow = Omit<CaseFinding, 'about' | 'params' | 'evidence'> & {
  about: string;
  params: string;
  evidence: string;
};

const parsed = (row: Row | undefined): CaseRecord | null =>
  row === undefined ? null : (JSON.parse(row.record) as CaseRecord);
