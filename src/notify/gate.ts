import type { Bilingual } from '../bilingual.ts';
import { addDays, beijingDate, beijingHour, beijingInstant, nextAtHour } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { freshness, isMuted } from '../cases/sight.ts';
import { movedOn, stillTrue } from '../cases/still-true.ts';
import { type Notice, STOPPED } from '../ledger/outbox-store.ts';
import { standstill } from '../ledger/standstill.ts';
import { giveUp } from './fallback.ts';
import { givenUp } from './given-up.ts';
import { programmeOutdated } from './programme-truth.ts';
import { ACCUSING, type NoticeKind } from './types.ts';

const HOUR_MS = 3_600_000;
/** How long what is stopped waits before it asks again; a release wakes it at once. */
const HELD_MS = 600_000;
const WIRE: ReadonlySet<string> = new Set(['email', 'sms']);

/** What is to become of a notice now. */
export type Admission =
  | { kind: 'go' }
  | { kind: 'later'; until: number; reason: Bilingual; asksLook?: true }
  | { kind: 'cancel' | 'fail'; reason: Bilingual };

/** What somebody waits for, or what has an hour: also told at night. */
const URGENT: ReadonlySet<NoticeKind> = new Set([
  'contact-verification',
  'violation-found',
  'violation-suspended',
  'violation-closed',
  'review-reported',
  'review-refused',
]);

/** What has an hour to be answered is not kept back because the owner heard of other things today. */
const UNCAPPED: ReadonlySet<NoticeKind> = new Set(['violation-found', 'violation-suspended', 'violation-closed']);

/** How often a day an address is asked whether it says yes (R7), whoever named it. */
const VERIFICATIONS_A_DAY = 2;

const GO: Admission = { kind: 'go' };
const later = (until: number, reason: Bilingual): Admission => ({ kind: 'later', until, reason });
const cancel = (en: string, zh: string): Admission => ({ kind: 'cancel', reason: { en, zh } });

/**
 * May a notice go out now? Not while sending is stopped or switched off, a sweep is held, the address is dead or the night is
 * quiet; not when the case moved on; and, for everything that accuses, not without a fresh look. The same question is asked
 * before a first sending and before every later one.
 */
export function admission(keeper: CaseKeeper, notice: Notice, now: number): Admission {
  const { ledger, rules } = keeper;
  const owners = !notice.kind.startsWith('admin-');
  if (owners && ledger.enforcements.held('notices') !== null) return later(now + HELD_MS, STOPPED);
  if (owners && !notice.dryRun && !keeper.live)
    return later(now + HELD_MS, { en: 'notices are switched off', zh: '通知未启用' });
  const warns = notice.kind === 'renewal' || notice.kind === 'early-warning';
  const stopped = ACCUSING.has(notice.kind) || warns ? standstill(ledger) : null;
  if (stopped !== null) return later(now + HELD_MS, stopped);
  const dead = ledger.contacts.dead(notice.channel, notice.recipient);
  if (dead !== null) return { kind: 'fail', reason: givenUp(dead) };
  // Whom an owner named is no party yet: nobody is woken by it.
  const asksStranger = notice.kind === 'contact-verification' && notice.params['named'] === 'by owner';
  if (notice.channel === 'sms' && owners && (!URGENT.has(notice.kind) || asksStranger)) {
    const { from, to } = rules.settings.notices.quietHours;
    if (isQuiet(beijingHour(now), from, to))
      return later(nextAtHour(now, to), { en: 'quiet hours', zh: '夜间不发短信' });
  }
  if (warns && !stillExpiring(keeper, notice))
    return notice.kind === 'renewal'
      ? cancel('renewed before it was sent', '发送前已续费')
      : cancel('put right before it was sent', '发送前已办妥');
  if (notice.caseId !== null) return caseAdmission(keeper, notice, now);
  const outdated = programmeOutdated(ledger, notice);
  return outdated === null ? GO : { kind: 'cancel', reason: outdated };
}

/** Accusing notices rest on a look made just before; what was mended, or is not so any more, is not sent. */
function caseAdmission(keeper: CaseKeeper, notice: Notice, now: number): Admission {
  const { ledger, rules } = keeper;
  const record = ledger.cases.get(notice.caseId as number);
  if (record === null) return cancel('there is no such case', '没有该整改单');
  if (!stillTrue(notice.kind, record.state)) return { kind: 'cancel', reason: movedOn(record.state) };
  if (!ACCUSING.has(notice.kind)) return GO;
  if (notice.kind === 'reminder' && !notice.stage.includes(`:${beijingDate(record.deadlineAt - 1)}:`))
    return cancel('the deadline moved', '期限已调整');
  const { lookWaitMs, lookPatienceMs } = rules.settings.cases;
  if (isMuted(keeper, record))
    return later(now + HELD_MS * 6, {
      en: 'its checks are switched off or in shadow mode',
      zh: '相关核查项目已停用或在影子模式',
    });
  // A found notice rests on the looks that confirmed it; what follows rests on a look made for it.
  const { kind } = freshness(keeper, record, now, notice.kind === 'found' ? 0 : notice.createdAt);
  if (kind === 'fails') return GO;
  const patient = notice.lookAskedAt === null || now - notice.lookAskedAt < lookPatienceMs;
  if (!patient && notice.kind === 'reminder') {
    // The mail says plainly that the last look had no result; an SMS has no room for that.
    return notice.channel === 'sms' ? cancel('the last looks had no result', '最近的核查没有结果') : GO;
  }
  if (!patient) {
    const message = {
      en: `case ${record.code}: a notice waits, because the site cannot be observed; nothing is sent until a look fails or passes`,
      zh: `整改单 ${record.code}：网站未能观测，通知暂缓；核查得出结果之前不会发送`,
    };
    ledger.raiseAlert(`unobserved-${record.code}`, message, now);
  }
  const reason =
    kind === 'stale'
      ? { en: 'waits for a fresh look', zh: '等待重新核查' }
      : { en: 'the last look had no result', zh: '最近一次核查没有结果' };
  return { kind: 'later', until: now + lookWaitMs, reason, asksLook: true };
}

/** Do to a planned notice what its admission says. True when it may go. */
export function admitPlanned(keeper: CaseKeeper, notice: Notice, now: number): boolean {
  const { outbox, cases } = keeper.ledger;
  const decision = admission(keeper, notice, now);
  switch (decision.kind) {
    case 'go':
      return true;
    case 'later':
      if (decision.asksLook === true) {
        const record = cases.get(notice.caseId as number);
        if (record !== null) keeper.askLook(record, now);
        outbox.lookAsked(notice.id, now, decision.until, decision.reason);
      } else outbox.postpone(notice.id, decision.until, decision.reason);
      return false;
    case 'cancel':
      outbox.setNotice(notice.id, 'cancelled', decision.reason);
      return false;
    case 'fail':
      outbox.setNotice(notice.id, 'failed', decision.reason);
      giveUp(keeper, notice, decision.reason.en, now);
      return false;
  }
}

/** Night-time, also over midnight (21 to 8). */
function isQuiet(hour: number, from: number, to: number): boolean {
  if (from === to) return false;
  return from < to ? hour >= from && hour < to : hour >= from || hour < to;
}

function stillExpiring(keeper: CaseKeeper, { siteId, params }: Notice): boolean {
  if (siteId === null) return false;
  const states = keeper.ledger.verdicts.standing(siteId);
  const told = { checkId: String(params['checkId'] ?? 'domain-expiry'), code: String(params['code'] ?? 'expiring') };
  const state = states.find(({ checkId }) => checkId === told.checkId);
  if (state === undefined || state.nextDueAt === null) return false;
  return (JSON.parse(state.codes) as string[]).includes(told.code);
}

/**
 * Caps, counted in the database: messages to one number or address a day, and mails and SMS in all an hour. At the hourly cap
 * everything to owners stops until an admin looks (mass-send stop). True when the message may be made.
 */
export function countWire(keeper: CaseKeeper, first: Notice, notices: Notice[], now: number): boolean {
  if (first.dryRun || !WIRE.has(first.channel) || first.kind.startsWith('admin-')) return true;
  const { ledger, rules } = keeper;
  const { perAddressPerDay, maxPerHour } = rules.settings.notices;
  const channel = first.channel as 'email' | 'sms';
  const today = beijingDate(now);
  const hurried = notices.some(({ kind }) => UNCAPPED.has(kind));
  // Asking whether an address says yes can be brought about by owners of other sites: it never takes the room of what its own is owed.
  const asks = first.kind === 'contact-verification';
  const most = asks ? Math.min(VERIFICATIONS_A_DAY, perAddressPerDay[channel]) : perAddressPerDay[channel];
  if (!hurried && ledger.outbox.sentOn(channel, first.recipient, today, asks) >= most) {
    const tomorrow = beijingInstant(addDays(today, 1), `${rules.settings.notices.quietHours.to}:00`);
    for (const { id } of notices)
      ledger.outbox.postpone(id, tomorrow, {
        en: `${most} a day to one address`,
        zh: `同一地址每天最多 ${most} 条`,
      });
    return false;
  }
  const since = Math.max(now - HOUR_MS, ledger.enforcements.countFrom('notices'));
  if (ledger.outbox.madeSince(since) < maxPerHour) return true;
  const reason = {
    en: `${maxPerHour} mails and SMS within an hour (notices.maxPerHour)`,
    zh: `一小时内已发 ${maxPerHour} 封邮件和短信（notices.maxPerHour）`,
  };
  ledger.enforcements.hold('notices', reason, 'mass-send stop', now);
  ledger.raiseAlert(
    'hold-notices',
    {
      en: `sending is stopped: ${reason.en}; look at patrol notices list, then: patrol notices release`,
      zh: `已停止发送：${reason.zh}；请在“通知”页核对后恢复`,
    },
    now,
  );
  return false;
}
