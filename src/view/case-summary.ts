import type { Bilingual } from '../bilingual.ts';
import { beijingText } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { STATES } from '../cases/moves.ts';
import { timersOf } from '../cases/timers.ts';
import type { CaseEvent, CaseRecord } from '../cases/types.ts';
import { fillText } from '../checks/conclude.ts';
import type { Notice } from '../ledger/outbox-store.ts';
import { maskEmail, maskPhone, maskText } from '../log.ts';

/** A case as JSON and as tables want it. */
export function caseSummary(keeper: CaseKeeper, record: CaseRecord) {
  const site = record.siteId === null ? null : keeper.ledger.filings.load(record.siteId);
  const subject = keeper.ledger.contacts.subject(record.subjectId);
  const [next] = timersOf(record);
  return {
    code: record.code,
    programme: record.programme,
    number: site?.filing.siteNumber ?? subject?.subjectNumber ?? '',
    domain: site?.filing.domains[0] ?? null,
    state: record.state,
    stateZh: STATES[record.state].zh,
    openedAt: new Date(record.openedAt).toISOString(),
    deadlineAt: new Date(record.deadlineAt).toISOString(),
    deadlineBeijing: beijingText(record.deadlineAt),
    deadlineProvisional: record.deadlineProvisional,
    toldAt: record.toldAt === null ? null : new Date(record.toldAt).toISOString(),
    dryRun: record.dryRun,
    policyVersion: record.policy.version,
    algorithms: record.algorithms,
    next: next === undefined ? null : { what: next.kind, at: new Date(next.at).toISOString() },
  };
}

/** Everything about one case: what `cases show --json` gives. */
export function caseDetail(keeper: CaseKeeper, record: CaseRecord) {
  const { cases, outbox, enforcements } = keeper.ledger;
  return {
    ...caseSummary(keeper, record),
    findings: cases
      .findings(record.id)
      .map((finding) => ({ ...finding, title: findingTitle(keeper, finding.checkId, finding) })),
    history: cases.events(record.id).map(({ caseId: _, ...event }) => event),
    notices: outbox.noticesOfCase(record.id).map((notice) => noticeSummary(keeper, notice)),
    enforcement: enforcements.ofCase(record.id).map(({ payload: _, ...act }) => act),
  };
}

/** A notice with the fate of its message; addresses masked unless asked for. */
export function noticeSummary(keeper: CaseKeeper, notice: Notice, unmask = false) {
  const message = notice.messageId === null ? null : keeper.ledger.outbox.message(notice.messageId);
  const { id, topic, stage, kind, channel, state, reason, reasonZh, messageId } = notice;
  return {
    id,
    topic,
    about: aboutOf(keeper, notice),
    stage,
    kind,
    channel,
    recipient: recipientOf(keeper, notice, unmask),
    state: message === null ? state : message.state,
    reason: maskOrNull(reason ?? message?.error ?? null),
    reasonZh: maskOrNull(reason === null ? (message?.error ?? null) : (reasonZh ?? reason)),
    code: message?.code ?? null,
    possibleDuplicates: message?.possibleDuplicates ?? 0,
    messageId,
    sentAt: message === null || message.state === 'dry-run' ? null : new Date(message.createdAt).toISOString(),
    notBefore: new Date(notice.notBefore).toISOString(),
  };
}

const maskOrNull = (text: string | null): string | null => (text === null ? null : maskText(text));

/** Which case, domain or contact a notice is about. */
function aboutOf(keeper: CaseKeeper, { caseId, topic }: Notice): string {
  return caseId === null ? topic.replace(/@.*/, '') : (keeper.ledger.cases.get(caseId)?.code ?? topic);
}

function recipientOf(keeper: CaseKeeper, { channel, recipient, subjectId }: Notice, unmask: boolean): string {
  if (channel === 'in-site' && subjectId !== null)
    return keeper.ledger.contacts.subject(subjectId)?.subjectNumber ?? recipient;
  if (unmask) return recipient;
  // By what it should be: an address that is none is told as little as one that is.
  return channel === 'sms' ? maskPhone(recipient) : channel === 'email' ? maskEmail(recipient) : maskText(recipient);
}

/** What a finding is called. */
export function findingTitle(
  keeper: CaseKeeper,
  checkId: string,
  finding: { code: string; params: Record<string, string | number>; about: string | null },
  language: 'zh' | 'en' = 'zh',
): string {
  const check = keeper.rules.checks.find(({ id }) => id === checkId);
  return fillText(check?.codes[finding.code]?.title[language] ?? finding.code, finding);
}

/** Keys of a move whose values are words of ours, and what sort of words. */
const OWN_WORDS: Record<string, string> = {
  kind: 'notice',
  channel: 'channel',
  act: 'act',
  portal: 'portal',
  reason: 'reason',
};

/** What a move said, in a few words; `wordOf` tells our own words (`kind`, `channel`, `act`, `portal`, `reason`) in another language. */
export function eventWords(
  { move, data }: CaseEvent,
  wordOf: (kind: string, word: string) => string = (_kind, word) => word,
  language: 'zh' | 'en' = 'zh',
): string {
  const said = [
    'portal',
    'codes',
    'kind',
    'channel',
    'to',
    'reason',
    'description',
    'workingDays',
    'until',
    'checkId',
    'result',
    'why',
    'how',
    'text',
    'code',
    'told',
    'skipped',
    'error',
    'act',
  ]
    .filter((key) => data[key] !== undefined && data[key] !== '')
    .map((key) => {
      const value = data[key];
      if (typeof value === 'object' && value !== null && !Array.isArray(value))
        return (value as Partial<Bilingual>)[language] ?? '';
      const words = Array.isArray(value) ? value.join(',') : String(value);
      return OWN_WORDS[key] === undefined ? words : wordOf(OWN_WORDS[key], words);
    });
  if (move === 'finding-joined') said.push((data['joined'] as { code: string }[]).map(({ code }) => code).join(','));
  return said.join(' ');
}
