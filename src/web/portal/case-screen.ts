import { beijingDate } from '../../calendar/beijing-time.ts';
import type { CaseKeeper } from '../../cases/keeper.ts';
import { isTerminal, MOVES, type Move } from '../../cases/moves.ts';
import { demandRecheck } from '../../cases/requests.ts';
import { cannotLook } from '../../cases/sight.ts';
import type { CaseEvent, CaseRecord } from '../../cases/types.ts';
import { InputError } from '../../errors.ts';
import { footerHtml } from '../../facts/footer-html.ts';
import { sniffCharset } from '../../gather/charset.ts';
import { type CaseView, viewCase } from '../../notify/case-view.ts';

/** Something an owner may ask for, or why not (in Chinese). */
export type Offer = { possible: true } | { possible: false; why: string };

/** One line of a case's history as its owner reads it. */
export interface HistoryLine {
  at: number;
  what: string;
}

/** Everything the one screen of a case shows. */
export interface CaseScreen {
  view: CaseView;
  /** Changes whenever something about the case does. */
  mark: string;
  ended: boolean;
  offers: { recheck: Offer; extension: Offer; appeal: Offer };
  /** A look was asked for and has no answer yet. */
  looking: boolean;
  history: HistoryLine[];
  /** What stands on the page now, by finding; null where nothing was kept. */
  snippets: (string | null)[];
  /** Hashes of pictures kept for the findings. */
  pictures: string[];
}

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

/** Read the screen of a case. Changes nothing. */
export function readScreen(keeper: CaseKeeper, record: CaseRecord, now: number): CaseScreen {
  const view = viewCase(keeper, record, now);
  const events = keeper.ledger.cases.events(record.id);
  const asked = events.findLast(({ move }) => move === 'recheck-asked');
  const answered =
    asked !== undefined && events.some(({ seq, move }) => seq > asked.seq && move.startsWith('recheck-'));
  const ended = isTerminal(record.state);
  const evidence = view.findings.map(({ verdictId }) => (verdictId === null ? [] : piecesOf(keeper, verdictId)));
  return {
    view,
    mark: `${record.seq}`,
    ended,
    offers: {
      recheck: offerRecheck(keeper, record, events, now),
      extension: offerExtension(record, now),
      appeal: offerAppeal(record),
    },
    looking: asked !== undefined && !answered && !ended,
    history: events
      .filter(({ move }) => SHOWN.has(move as Move))
      .map(({ at, move, data }) => ({ at, what: historyText(move as Move, data) }))
      .toReversed(),
    snippets: view.findings.map((finding, index) => snippetOf(evidence[index] ?? [], finding.numbers)),
    pictures: [
      ...new Set(
        evidence
          .flat()
          .filter(({ kind }) => kind === 'screenshot')
          .map(({ hash }) => hash),
      ),
    ],
  };
}

/** The bytes of a picture of a case; null when it belongs to no finding of it. */
export function pictureOf(keeper: CaseKeeper, record: CaseRecord, hash: string): Buffer | null {
  for (const { verdictId } of keeper.ledger.cases.findings(record.id)) {
    const piece = verdictId === null ? undefined : piecesOf(keeper, verdictId).find((one) => one.hash === hash);
    if (piece?.kind === 'screenshot') return piece.bytes;
  }
  return null;
}

const piecesOf = (keeper: CaseKeeper, verdictId: number) => keeper.ledger.evidence.ofVerdict(verdictId);

function historyText(move: Move, { result }: Record<string, unknown>): string {
  return move === 'recheck-answered' ? `复查结果：${String(result)}` : MOVES[move].zh;
}

function offerRecheck(keeper: CaseKeeper, record: CaseRecord, events: CaseEvent[], now: number): Offer {
  if (isTerminal(record.state)) return { possible: false, why: '本案已结束，无需复查。' };
  if (cannotLook(keeper, record)) return { possible: false, why: '限制访问期间无法复查页面，请提交申诉或联系我们。' };
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
  if (record.state !== 'open' && record.state !== 'extended') return { possible: false, why: '当前状态不可申请延期。' };
  if (now >= record.deadlineAt) return { possible: false, why: '整改期限已过，不可延期。' };
  if (record.extensions >= times || maxWorkingDays < 1) return { possible: false, why: '本次整改期的延期次数已用完。' };
  return { possible: true };
}

function offerAppeal(record: CaseRecord): Offer {
  if (record.state === 'cancelled')
    return { possible: false, why: '接入已取消，不能申诉；恢复使用请重新办理接入备案。' };
  if (record.policy.appeal.times === 0)
    return { possible: false, why: '本项核查不限制访问，无需申诉；有异议请联系我们。' };
  if (record.appeals >= record.policy.appeal.times) return { possible: false, why: '本期申诉次数已用完。' };
  if (record.restrictedAt === null || (record.state !== 'restricted' && record.state !== 'cancellation-asked'))
    return { possible: false, why: '限制访问后方可申诉；现在请整改后立即复查。' };
  return { possible: true };
}

/** The page's own markup around a number that was found, as it was received. */
function snippetOf(pieces: ReturnType<typeof piecesOf>, numbers: string[]): string | null {
  const page = pieces.find(({ kind }) => kind === 'page');
  if (page === undefined) return null;
  const html = new TextDecoder(sniffCharset(null, page.bytes, true)).decode(page.bytes);
  for (const number of numbers) {
    const markup = footerHtml(html, number);
    if (markup !== null) return markup.slice(0, 1000);
  }
  return null;
}
