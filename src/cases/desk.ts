import { beijingDate, beijingInstant } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from './keeper.ts';
import {
  demandAppeal,
  demandRecheck,
  type ExtensionJudgement,
  type ExtensionRequest,
  judgeExtension,
} from './requests.ts';
import { heldByOther, restrictedSites } from './restrictions.ts';
import { cannotLook } from './sight.ts';
import { MoveRefused } from './transition.ts';
import type { Actor, CaseRecord } from './types.ts';

/** What people ask of a case: owners for time, a look or an appeal; admins for judgement. Every refusal says what is possible. */
export class CaseDesk {
  readonly #keeper: CaseKeeper;

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** A case by its code. Throws MoveRefused when there is none. */
  find(code: string): CaseRecord {
    const record = this.#keeper.ledger.cases.byCode(code);
    if (record === null)
      throw new MoveRefused(
        `no case ${code}`,
        'patrol cases list shows the codes; patrol cases list --all --site DOMAIN finds one by its site',
        `没有整改单 ${code}，请按域名或备案号查找`,
      );
    return record;
  }

  /** Ask for a re-check (R4.6); owners are rate-limited. */
  askRecheck(code: string, actor: Actor, now: number): void {
    const { ledger, rules } = this.#keeper;
    ledger.transaction(() => {
      const record = this.find(code);
      if (cannotLook(this.#keeper, record))
        throw new MoveRefused(
          `case ${record.code}: while access is restricted the page cannot be looked at (限制访问期间无法复查页面)`,
          'appeal (申诉), or let an admin give access back for a time: patrol cases restore',
          '限制访问期间无法复查页面：请提交申诉，或由管理员先临时恢复访问',
        );
      const asked = ledger.cases.events(record.id).filter(({ move }) => move === 'recheck-asked');
      const limits = rules.settings.cases.ownerRecheck;
      if (actor.kind === 'owner')
        demandRecheck(
          record,
          asked.map(({ at }) => at),
          now,
          limits,
        );
      this.#keeper.move(record.id, 'recheck-asked', { now, actor });
      this.#keeper.askLook(record, now);
    });
  }

  /** Ask for more time (R4.4): judged at once; the deadline moves at once. */
  askExtension(code: string, request: ExtensionRequest, actor: Actor, now: number): ExtensionJudgement {
    const { ledger, rules } = this.#keeper;
    return ledger.transaction(() => {
      const record = this.find(code);
      const reasons = rules.programmes.extensionReasons;
      const judgement = judgeExtension(record, request, { now, calendar: rules.calendar, reasons });
      const { reason, description, workingDays } = request;
      const data = {
        reason,
        description,
        workingDays,
        ...(judgement.granted ? { until: beijingDate(judgement.deadlineAt - 1) } : { why: judgement.why }),
      };
      this.#keeper.move(record.id, judgement.granted ? 'extension-granted' : 'extension-refused', { now, actor, data });
      return judgement;
    });
  }

  /** Appeal (R4.5): once a period, after restriction. */
  appeal(code: string, request: { reason: string; description: string }, actor: Actor, now: number): CaseRecord {
    const { ledger, rules } = this.#keeper;
    return ledger.transaction(() => {
      const record = this.find(code);
      demandAppeal(record, request, rules.programmes.appealReasons);
      const saved = this.#keeper.move(record.id, 'appeal-received', { now, actor, data: { ...request } });
      ledger.resolveAlert(`approval-${record.code}`, now);
      ledger.raiseAlert(
        `appeal-${record.code}`,
        {
          en: `appeal in case ${record.code}: patrol cases show ${record.code}`,
          zh: `整改单 ${record.code} 收到申诉，请审核`,
        },
        now,
      );
      return saved;
    });
  }

  /** Judge an appeal; the reason goes to the owner. */
  judgeAppeal(code: string, accepted: boolean, reason: string, actor: Actor, now: number): CaseRecord {
    demandText(code, reason);
    const record = this.find(code);
    if (accepted)
      this.#demandOwnRestriction(
        record,
        restrictedSites(this.#keeper, record).map(({ siteId }) => siteId),
      );
    const saved = this.#keeper.move(record.id, accepted ? 'appeal-accepted' : 'appeal-refused', {
      now,
      actor,
      data: { reason },
    });
    return saved;
  }

  /** Give access back for a time without an appeal, so that the site can be looked at; or ask again where that was refused. */
  restore(code: string, reason: string, actor: Actor, now: number): CaseRecord {
    demandText(code, reason);
    const record = this.find(code);
    const sites = restrictedSites(this.#keeper, record).map(({ siteId }) => siteId);
    if (sites.length === 0)
      throw new MoveRefused(
        `case ${code}: nothing is restricted by it`,
        'patrol cases show CODE tells what was asked and done',
        '本案没有限制任何访问',
      );
    this.#demandOwnRestriction(record, sites);
    const again = record.state === 'restoring' || record.state === 'lifting';
    return this.#keeper.move(record.id, again ? 'restore-asked-again' : 'restore-granted', {
      now,
      actor,
      data: { reason },
    });
  }

  /** Approve what is asked. With a second person demanded, the first approval only counts. */
  approve(code: string, actor: Actor, now: number): CaseRecord {
    const { ledger, rules } = this.#keeper;
    return ledger.transaction(() => {
      const record = this.find(code);
      const cancelling = record.state === 'cancellation-asked';
      if (!cancelling && record.state !== 'enforcement-asked')
        throw new MoveRefused(
          `case ${code}: nothing waits for approval while it is ${record.state}`,
          'patrol cases list --state enforcement-asked shows what does',
          '当前没有待批准的事项',
        );
      const needed = rules.settings.enforcement.approvals[cancelling ? 'cancel-access' : 'restrict-access'];
      if (record.approvals.includes(actor.name))
        throw new MoveRefused(
          `case ${code}: ${actor.name} approved already`,
          'a second person must approve too',
          '您已批准过，还需另一人批准',
        );
      if (record.approvals.length + 1 < needed) return this.#keeper.move(record.id, 'approval-given', { now, actor });
      const move = cancelling ? 'cancellation-approved' : 'enforcement-approved';
      const saved = this.#keeper.move(record.id, move, {
        now,
        actor,
        data: { approvals: [...record.approvals, actor.name] },
      });
      return saved;
    });
  }

  /** Decline what is asked, or was approved and not submitted yet; it is asked again in three working days. */
  decline(code: string, reason: string, actor: Actor, now: number): CaseRecord {
    demandText(code, reason);
    const record = this.find(code);
    this.#demandUnsubmitted(record);
    const cancelling = record.state === 'cancellation-asked' || record.state === 'cancellation-approved';
    const move = cancelling && record.restrictedAt !== null ? 'cancellation-declined' : 'enforcement-declined';
    return this.#keeper.move(record.id, move, { now, actor, data: { reason } });
  }

  /** End a case without judgement; what was restricted is given back. */
  waive(code: string, reason: string, actor: Actor, now: number): CaseRecord {
    demandText(code, reason);
    const record = this.find(code);
    if (record.state === 'cancellation-approved') this.#demandUnsubmitted(record);
    const restricted = restrictedSites(this.#keeper, record).length > 0;
    return this.#keeper.move(record.id, restricted ? 'waived-restricted' : 'waived', { now, actor, data: { reason } });
  }

  /** Access cannot be given back for a time while another case restricts the same site: its owner would be told what is not so. */
  #demandOwnRestriction(record: CaseRecord, sites: number[]): void {
    const other = heldByOther(this.#keeper, record, sites);
    if (other !== null)
      throw new MoveRefused(
        `case ${record.code}: case ${other} restricts the same site`,
        `judge that one first: patrol cases show ${other}`,
        `同一网站另有案件 ${other} 在限制访问，请先处理该案`,
      );
  }

  /** What the access system already has cannot be taken back by declining it. */
  #demandUnsubmitted({ id, code, state }: CaseRecord): void {
    if (state !== 'enforcement-approved' && state !== 'cancellation-approved') return;
    const wanted = state === 'enforcement-approved' ? 'restrict-access' : 'cancel-access';
    const acts = this.#keeper.ledger.enforcements.ofCase(id);
    const round = Math.max(...acts.filter(({ act }) => act === wanted).map((one) => one.round));
    if (acts.some((one) => one.round === round && one.submittedAt !== null))
      throw new MoveRefused(
        `case ${code}: ${wanted} was submitted already`,
        wanted === 'cancel-access'
          ? 'it cannot be taken back (R17.8)'
          : 'wait until it is done, then: patrol cases restore, or waive',
        '已提交接入系统，不能撤回：请等执行完成后再临时恢复或结案',
      );
  }

  /** An admin moves the deadline to the end of a Beijing date. */
  moveDeadline(code: string, date: string, reason: string, actor: Actor, now: number): CaseRecord {
    demandText(code, reason);
    const record = this.find(code);
    if (restrictedSites(this.#keeper, record).length > 0)
      throw new MoveRefused(
        `case ${code}: access is restricted, so a deadline gives no time`,
        'give access back for a time instead: patrol cases restore',
        '访问已被限制，调整期限没有意义：请临时恢复访问',
      );
    const deadlineAt = beijingInstant(date, '24:00');
    if (!/^\d{4}-\d{2}-\d{2}$/.test(date) || Number.isNaN(deadlineAt) || beijingDate(deadlineAt - 1) !== date)
      throw new MoveRefused(
        `case ${code}: ${date} is no date`,
        'write it like 2026-12-31',
        `${date} 不是日期，请按 2026-12-31 填写`,
      );
    if (deadlineAt <= now)
      throw new MoveRefused(`case ${code}: ${date} has passed`, 'give a later date', `${date} 已过，请填更晚的日期`);
    if (deadlineAt < record.deadlineAt && record.toldAt !== null)
      throw new MoveRefused(
        `case ${code}: the owner was told ${beijingDate(record.deadlineAt - 1)}; a deadline never moves earlier`,
        'give that date or a later one',
        '期限已告知网站负责人，只能顺延，不能提前',
      );
    if (deadlineAt > now + MAX_MOVE_MS)
      throw new MoveRefused(
        `case ${code}: ${date} is more than a year away`,
        'waive the case instead, or give an earlier date',
        '不能超过一年，请填更早的日期，或结案',
      );
    return this.#keeper.move(record.id, 'deadline-moved', { now, actor, data: { deadlineAt, reason, until: date } });
  }

  /** The owner was told in another way (a call, a letter): from here on the deadline counts (R4.3). */
  told(code: string, how: string, actor: Actor, now: number): CaseRecord {
    demandText(code, how);
    const { ledger } = this.#keeper;
    return ledger.transaction(() => {
      const record = this.find(code);
      const started = this.#keeper.startPeriod(record.id, now) ?? record;
      ledger.resolveAlert(`untold-${record.code}`, now);
      return this.#keeper.move(started.id, 'told', { now, actor, data: { how } });
    });
  }

  /** A remark for the history. */
  note(code: string, text: string, actor: Actor, now: number): CaseRecord {
    demandText(code, text);
    return this.#keeper.move(this.find(code).id, 'noted', { now, actor, data: { text } });
  }
}

/** How far an admin may move a deadline. */
const MAX_MOVE_MS = 366 * 86_400_000;

function demandText(code: string, text: string): void {
  if (text.trim() === '')
    throw new MoveRefused(`case ${code}: a reason is needed`, 'give it: --reason "…"', '请填写理由');
}
