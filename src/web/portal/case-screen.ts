import { createHash } from 'node:crypto';
import { beijingDate } from '../../calendar/beijing-time.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import { isTerminal, MOVES, type Move } from '../../cases/moves.ts';
import { demandRecheck } from '../../cases/requests.ts';
import { heldByOther } from '../../cases/restrictions.ts';
import { cannotLook, isMuted } from '../../cases/sight.ts';
import type { CaseEvent, CaseRecord } from '../../cases/types.ts';
import { InputError } from '../../errors.ts';
import type { ContactToken } from '../../ledger/contacts-store.ts';
import { maskText } from '../../log.ts';
import { type CaseView, viewCase } from '../../notify/case-view.ts';
import { ContactDesk } from '../../notify/contact-desk.ts';
import { MAX_MISSES } from '../../notify/one-time-secret.ts';
import { endOf, snippetOf } from '../../view/snippet.ts';

/** Something an owner may ask for, or why not (in Chinese). */
export type Offer = { possible: true } | { possible: false; why: string };

/** What an owner may do in the portal. */
export type DeedName = 'recheck' | 'extension' | 'appeal' | 'contacts';

/** Somebody the owner named to be told of this case. */
export interface NamedContact {
  id: number;
  channel: 'email' | 'sms';
  /** Masked. */
  address: string;
  state: 'verified' | 'waiting' | 'expired' | 'dead';
}

/** One line of a case's history as its owner reads it. */
export interface HistoryLine {
  at: number;
  what: string;
}

/** Everything the one screen of a case shows. */
export interface CaseScreen {
  view: CaseView;
  /** Changes whenever something an owner reads does. */
  mark: string;
  ended: boolean;
  /** Another case keeps the same site restricted. Which one is not told: its code is a key. */
  held: boolean;
  /** The check is paused: nothing accuses by it. */
  muted: boolean;
  offers: Record<DeedName, Offer>;
  /** Who was named to be told of this case alone. */
  named: NamedContact[];
  /** A look that was asked for: on its way, or without an answer for long; null: none, or answered. */
  looking: 'under-way' | 'late' | null;
  /** What the last look that was asked for gave, where the case stands since; null: none, or it passed. */
  answered: { at: number; result: string } | null;
  /** Why the last appeal was refused, where nothing followed it yet. */
  appealRefused: string | null;
  /** Days an extension may have, with the deadline each would give (epoch ms). */
  extensionDays: { days: number; until: number }[];
  history: HistoryLine[];
  /** What stood on the page when it was looked at, by finding; null where nothing was kept. */
  snippets: (string | null)[];
  /** Hashes of pictures kept for the findings. */
  pictures: string[];
}

/** A look that has no answer after this long is told as such. */
const LATE_MS = 30 * 60_000;
const GIVEN_UP_MS = 24 * 3_600_000;

/** Moves an owner reads in the history; what goes on between admins and systems stays inside. */
const SHOWN: ReadonlySet<Move> = new Set<Move>([
  'opened',
  'finding-joined',
  'finding-cleared',
  'deadline-corrected',
  'recheck-asked',
  'recheck-answered',
  'reminded',
  'extension-granted',
  'extension-refused',
  'deadline-moved',
  'deadline-passed',
  'access-restricted',
  'appeal-received',
  'appeal-accepted',
  'appeal-refused',
  'access-restored',
  'access-cancelled',
  'recheck-passed',
  'recheck-passed-restricted',
  'waived',
  'waived-restricted',
  'restriction-lifted',
  'waiver-carried-out',
]);
/** Moves whose reason owners are told. */
const REASONED: ReadonlySet<Move> = new Set<Move>(['appeal-refused', 'deadline-moved', 'waived', 'waived-restricted']);

/** What became of somebody an owner named (`portal` of a remark). */
const CONTACT_WORDS: Record<string, string> = {
  'contact-named': '添加通知联系人',
  'contact-verified': '通知联系人已验证',
  'contact-removed': '删除通知联系人',
};

/** Those an owner named to be told of a case, as they stand. */
function namedFor(keeper: CaseKeeper, record: CaseRecord, now: number): NamedContact[] {
  const { contacts } = keeper.ledger;
  return new ContactDesk(keeper).ofCase(record).map(({ id, email, phone, emailVerifiedAt, phoneVerifiedAt }) => {
    const channel = email === null ? 'sms' : 'email';
    const address = email ?? phone ?? '';
    const state =
      contacts.dead(channel, address) !== null
        ? 'dead'
        : (emailVerifiedAt ?? phoneVerifiedAt) !== null
          ? 'verified'
          : isOver(contacts.lastToken(id, channel), now)
            ? 'expired'
            : 'waiting';
    return { id, channel, address: maskText(address), state };
  });
}

/** Was somebody asked, and can say yes to that no more? Who is still to be asked can. */
const isOver = (token: ContactToken | null, now: number): boolean =>
  token !== null && (token.expiresAt <= now || token.misses >= MAX_MISSES || token.usedAt !== null);

/** What may be asked of a case now. */
export function offersOf(keeper: CaseKeeper, record: CaseRecord, now: number): CaseScreen['offers'] {
  const events = keeper.ledger.cases.events(record.id);
  return {
    recheck: offerRecheck(keeper, record, events, now),
    extension: offerExtension(record, now),
    appeal: offerAppeal(record),
    contacts: isTerminal(record.state) ? NOT_NOW : { possible: true },
  };
}

/** Read the screen of a case. Changes nothing. */
export function readScreen(keeper: CaseKeeper, record: CaseRecord, now: number): CaseScreen {
  const { ledger } = keeper;
  const view = viewCase(keeper, record, now);
  const events = told(ledger.cases.events(record.id));
  const ended = isTerminal(record.state);
  const lists = view.findings.map(({ verdictId }) =>
    verdictId === null ? [] : ledger.evidence.listOfVerdict(verdictId),
  );
  const pictures = lists.flat().filter(({ kind }) => kind === 'screenshot');
  const pages = new Map<string, string | null>();
  const pageOf = (hash: string): string | null => {
    const known = pages.get(hash);
    if (known !== undefined) return known;
    const bytes = ledger.evidence.bytes(hash);
    const text = bytes === null ? null : endOf(bytes);
    pages.set(hash, text);
    return text;
  };
  return {
    view,
    mark: markOf(keeper, record, now),
    ended,
    held: isHeld(keeper, record),
    muted: isMuted(keeper, record),
    offers: offersOf(keeper, record, now),
    named: namedFor(keeper, record, now),
    looking: lookOf(keeper, record, events, now),
    answered: ended ? null : answerOf(events),
    appealRefused: ended ? null : refusalOf(events),
    extensionDays: Array.from({ length: record.policy.extension.maxWorkingDays }, (_, index) => ({
      days: index + 1,
      until: keeper.rules.calendar.extended(record.deadlineAt, { workingDays: index + 1 }).at,
    })),
    history: historyOf(keeper, events),
    snippets: view.findings.map(({ numbers }, index) => {
      const page = ended ? undefined : lists[index]?.find(({ kind }) => kind === 'page');
      const text = page === undefined || numbers.length === 0 ? null : pageOf(page.hash);
      return text === null ? null : snippetOf(text, numbers);
    }),
    pictures: [...new Set(pictures.map(({ hash }) => hash))],
  };
}

/** Does another case keep a site of this one restricted? */
function isHeld(keeper: CaseKeeper, record: CaseRecord): boolean {
  const sites = record.siteId === null ? keeper.ledger.contacts.activeSites(record.subjectId) : [record.siteId];
  return heldByOther(keeper, record, sites) !== null;
}

/** Changes whenever something an owner reads of a case does: who else opened it does not count, nor the minutes that pass. */
export function markOf(keeper: CaseKeeper, record: CaseRecord, now: number): string {
  const { ledger } = keeper;
  const { state, deadlineAt, cancelDueAt, reviewDueAt } = record;
  const events = told(ledger.cases.events(record.id));
  const { recheck, extension, appeal } = offersOf(keeper, record, now);
  const shown = [
    [state, deadlineAt, cancelDueAt, reviewDueAt, isHeld(keeper, record), isMuted(keeper, record)],
    [recheck.possible, extension.possible, appeal.possible],
    ledger.cases.findings(record.id).map(({ siteId, code, about, clearedAt }) => [siteId, code, about, clearedAt]),
    lookOf(keeper, record, events, now),
    historyOf(keeper, events),
    namedFor(keeper, record, now).map(({ id, state }) => [id, state]),
  ];
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 16);
}

/** What happened on paper, before notices were switched on, never happened to an owner. */
function told(events: CaseEvent[]): CaseEvent[] {
  return events.slice(events.findLastIndex(({ move }) => move === 'went-live') + 1);
}

/** The bytes of a picture of a case; null when it belongs to no finding of it. */
export function pictureOf({ ledger }: CaseKeeper, record: CaseRecord, hash: string): Buffer | null {
  const belongs = ledger.cases
    .findings(record.id)
    .flatMap(({ verdictId }) => (verdictId === null ? [] : ledger.evidence.listOfVerdict(verdictId)))
    .some((piece) => piece.hash === hash && piece.kind === 'screenshot');
  return belongs ? ledger.evidence.bytes(hash) : null;
}

function lookOf(keeper: CaseKeeper, record: CaseRecord, events: CaseEvent[], now: number): CaseScreen['looking'] {
  const asked = events.findLast(({ move }) => move === 'recheck-asked');
  if (asked === undefined || isTerminal(record.state)) return null;
  if (events.some(({ seq, move }) => seq > asked.seq && move.startsWith('recheck-'))) return null;
  // Nothing will come of it any more: restricted meanwhile, or the check is paused.
  if (now - asked.at > GIVEN_UP_MS || isMuted(keeper, record) || cannotLook(keeper, record)) return null;
  return now - asked.at > LATE_MS ? 'late' : 'under-way';
}

/** What came of the last look that was asked for: a pass ends the case, so only the others are told. */
function answerOf(events: CaseEvent[]): CaseScreen['answered'] {
  const asked = events.findLast(({ move }) => move === 'recheck-asked');
  const answers = events.filter(
    ({ seq, move }) => asked !== undefined && seq > asked.seq && move === 'recheck-answered',
  );
  const worst = answers.find(({ data }) => data['verdict'] === 'fail') ?? answers.at(-1);
  return worst === undefined ? null : { at: worst.at, result: String(worst.data['result']) };
}

function refusalOf(events: CaseEvent[]): string | null {
  const judged = events.findLast(({ move }) => move === 'appeal-refused' || move === 'appeal-accepted');
  return judged?.move === 'appeal-refused' ? String(judged.data['reason'] ?? '') : null;
}

function historyOf(keeper: CaseKeeper, events: CaseEvent[]): HistoryLine[] {
  return events
    .filter(({ move, data }) => SHOWN.has(move as Move) || Object.hasOwn(CONTACT_WORDS, String(data['portal'])))
    .map(({ at, move, data }) => ({ at, what: historyText(keeper, move as Move, data) }))
    .toReversed();
}

/** What an owner wrote: the reason chosen, and the words beside it. */
function askedWith({ rules }: CaseKeeper, move: Move, data: Record<string, unknown>): string | null {
  const { extensionReasons, appealReasons } = rules.programmes;
  const reasons = move === 'appeal-received' ? appealReasons : move === 'extension-granted' ? extensionReasons : null;
  if (reasons === null) return null;
  const said = [reasons[String(data['reason'])] ?? '', String(data['description'] ?? '')].filter((one) => one !== '');
  return said.length === 0 ? null : said.join('，');
}

function historyText(keeper: CaseKeeper, move: Move, data: Record<string, unknown>): string {
  const contact = CONTACT_WORDS[String(data['portal'])];
  if (move === 'noted' && contact !== undefined) return `${contact}：${String(data['to'])}`;
  if (move === 'recheck-answered') return `复查结果：${String(data['result'])}`;
  if (move === 'opened') return '发现问题，开始整改';
  const asked = askedWith(keeper, move, data);
  if (asked !== null) return `${MOVES[move].zh}：${asked}`;
  const reason = REASONED.has(move) ? data['reason'] : (data['why'] as { zh?: string } | undefined)?.zh;
  return typeof reason === 'string' && reason !== '' ? `${MOVES[move].zh}：${reason}` : MOVES[move].zh;
}

const NOT_NOW: Offer = { possible: false, why: '正在处理中，暂时不能办理。' };

function offerRecheck(keeper: CaseKeeper, record: CaseRecord, events: CaseEvent[], now: number): Offer {
  if (['lifting', 'restoring', 'cancellation-approved'].includes(record.state) || isTerminal(record.state))
    return NOT_NOW;
  if (isMuted(keeper, record)) return { possible: false, why: '该项核查目前暂停，无需操作。' };
  if (cannotLook(keeper, record))
    return {
      possible: false,
      why: offerAppeal(record).possible
        ? '限制访问期间无法复查页面，请提交申诉或联系我们。'
        : '限制访问期间无法复查页面，请联系我们复核。',
    };
  const limits = keeper.rules.settings.cases.ownerRecheck;
  const asked = events.filter(({ move }) => move === 'recheck-asked').map(({ at }) => at);
  try {
    demandRecheck(record, asked, now, limits);
    return { possible: true };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const today = asked.filter((at) => beijingDate(at) === beijingDate(now)).length;
    if (today >= limits.perDay)
      return { possible: false, why: '今天的复查次数已用完，系统每天会自动复查，请明天再试。' };
    const minutes = Math.ceil((limits.minIntervalMs - (now - Math.max(...asked))) / 60_000);
    return { possible: false, why: `刚刚已提交过复查，请 ${minutes} 分钟后再试。` };
  }
}

function offerExtension(record: CaseRecord, now: number): Offer {
  const { times, maxWorkingDays } = record.policy.extension;
  if (record.extensions >= times || maxWorkingDays < 1) return { possible: false, why: '本次整改期的延期次数已用完。' };
  if (record.state !== 'open' && record.state !== 'extended') return { possible: false, why: '整改期间才能申请延期。' };
  if (now >= record.deadlineAt) return { possible: false, why: '整改期限已过，不可延期。' };
  return { possible: true };
}

function offerAppeal(record: CaseRecord): Offer {
  if (record.state === 'appealed') return { possible: false, why: '申诉正在审核中，无需再提交。' };
  if (record.policy.appeal.times === 0)
    return { possible: false, why: '本项核查不限制访问，无需申诉；有异议请联系我们。' };
  if (record.appeals >= record.policy.appeal.times) return { possible: false, why: '本期申诉次数已用完。' };
  if (['lifting', 'restoring', 'cancellation-approved'].includes(record.state) || isTerminal(record.state))
    return NOT_NOW;
  if (record.restrictedAt === null || (record.state !== 'restricted' && record.state !== 'cancellation-asked'))
    return { possible: false, why: '限制访问后方可申诉；现在请整改后立即复查。如果您认为核查有误，请联系我们。' };
  return { possible: true };
}
