import { beijingDate } from '../calendar/beijing-time.ts';
import type { WorkCalendar } from '../calendar/workdays.ts';
import { MoveRefused } from './transition.ts';
import type { CaseRecord } from './types.ts';

/** An owner's (or admin's) request for more time. */
export interface ExtensionRequest {
  reason: string;
  description: string;
  workingDays: number;
}

/** A request judged at once (R4.4). */
export type ExtensionJudgement =
  | { granted: true; workingDays: number; deadlineAt: number }
  | { granted: false; why: { zh: string; en: string } };

/**
 * Judge a request for extension: once a period, at most five working days, inside the period, with a reason from the list
 * ("other" needs a description). Throws MoveRefused for what is no request at all (an unknown reason, no number of days).
 */
export function judgeExtension(
  record: CaseRecord,
  request: ExtensionRequest,
  options: { now: number; calendar: WorkCalendar; reasons: Record<string, string> },
): ExtensionJudgement {
  demandReason(record, request, options.reasons, 'extension');
  if (!Number.isInteger(request.workingDays) || request.workingDays < 1) {
    throw new MoveRefused(
      `case ${record.code}: ${request.workingDays} is no number of working days`,
      `give 1 to ${record.policy.extension.maxWorkingDays}`,
      `请选择 1 到 ${record.policy.extension.maxWorkingDays} 个工作日`,
    );
  }
  const refuse = (zh: string, en: string): ExtensionJudgement => ({ granted: false, why: { zh, en } });
  const { times, maxWorkingDays } = record.policy.extension;
  if (record.extensions >= times)
    return refuse(`每次整改期仅可延期 ${times} 次`, `a period is extended ${times} time(s) at most`);
  if (record.state !== 'open' && record.state !== 'extended')
    return refuse('当前状态不可申请延期', `no extension while the case is ${record.state}`);
  if (options.now >= record.deadlineAt) return refuse('整改期限已过，不可延期', 'the deadline has passed');
  if (request.workingDays > maxWorkingDays)
    return refuse(`最多可延期 ${maxWorkingDays} 个工作日`, `at most ${maxWorkingDays} working days`);
  const { at } = options.calendar.extended(record.deadlineAt, { workingDays: request.workingDays });
  return { granted: true, workingDays: request.workingDays, deadlineAt: at };
}

/** Check an appeal (R4.5): once a period, after restriction, with a reason. Throws MoveRefused with what is possible instead. */
export function demandAppeal(
  record: CaseRecord,
  request: { reason: string; description: string },
  reasons: Record<string, string>,
): void {
  demandReason(record, request, reasons, 'appeal');
  if (record.state === 'cancelled') {
    throw new MoveRefused(
      `case ${record.code}: access was cancelled, which cannot be taken back (R17.8)`,
      'file access anew (接入备案)',
      '接入已取消，不能申诉：请重新办理“接入备案”',
    );
  }
  const restricted = record.state === 'restricted' || record.state === 'cancellation-asked';
  if (!restricted || record.restrictedAt === null) {
    throw new MoveRefused(
      `case ${record.code}: an appeal is possible once access was restricted, now it is ${record.state}`,
      'put the site right and ask for a re-check, or ask for an extension',
      '限制访问后才能申诉：请整改后复查，或申请延期',
    );
  }
  if (record.appeals >= record.policy.appeal.times) {
    throw new MoveRefused(
      `case ${record.code}: a period allows ${record.policy.appeal.times} appeal(s) (R4.5)`,
      'put the site right and ask for a re-check',
      '本期申诉次数已用完：请整改后复查',
    );
  }
}

function demandReason(
  record: CaseRecord,
  request: { reason: string; description: string },
  reasons: Record<string, string>,
  what: string,
): void {
  if (!Object.hasOwn(reasons, request.reason)) {
    throw new MoveRefused(
      `case ${record.code}: ${what} for "${request.reason}" is not on the list`,
      `give one of: ${Object.entries(reasons)
        .map(([id, text]) => `${id} (${text})`)
        .join(', ')}`,
      '请选择原因',
    );
  }
  if (request.reason === 'other' && request.description.trim() === '') {
    throw new MoveRefused(
      `case ${record.code}: the reason "other" needs a description`,
      'describe it: --text "…"',
      '选“其他”时请填写说明',
    );
  }
}

/** How often an owner may ask for a re-check. */
export interface RecheckLimits {
  minIntervalMs: number;
  perDay: number;
}

/** May a re-check be asked for now? Throws MoveRefused saying when. `asked`: instants of earlier askings. */
export function demandRecheck(record: CaseRecord, asked: number[], now: number, limits: RecheckLimits): void {
  const last = Math.max(0, ...asked);
  if (now - last < limits.minIntervalMs) {
    const minutes = Math.ceil((limits.minIntervalMs - (now - last)) / 60_000);
    throw new MoveRefused(
      `case ${record.code}: a re-check was asked for just now`,
      `try again in ${minutes} minute(s)`,
      `刚刚已提交过复查，请 ${minutes} 分钟后再试`,
    );
  }
  const today = asked.filter((at) => beijingDate(at) === beijingDate(now)).length;
  if (today >= limits.perDay)
    throw new MoveRefused(
      `case ${record.code}: ${limits.perDay} re-checks were asked for today`,
      'the site is looked at every day anyway; try again tomorrow',
      '今天的复查次数已用完，系统每天会自动复查，请明天再试',
    );
}
