import { beijingShort } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { fillText } from '../checks/conclude.ts';
import type { MessageContent, Notice } from '../ledger/outbox-store.ts';
import { type CaseNotice, caseLetter, type LetterSettings } from './case-letter.ts';
import { viewCase } from './case-view.ts';
import { earlyWarningLetter, type WarningNotice } from './early-warning-letter.ts';
import { type Letter, letterHtml, letterText } from './letter.ts';
import { alertLetter, digestLetter, type RenewalNotice, renewalLetter, verificationLetter } from './other-letters.ts';
import { programmeLetter, programmeSms } from './programme-letters.ts';
import { fillSms, SMS_TEMPLATES, smsValue } from './sms-templates.ts';
import { isProgrammeNotice, type NoticeKind, type ProgrammeNoticeKind } from './types.ts';

/** Stands for a one-time secret in what is kept; the secret itself goes on the wire only. */
export const SECRET_MARK = '{{one-time-secret}}';

/** Write one message for notices of one kind, channel and recipient. `now`: the instant of writing (epoch ms). */
export function compose(keeper: CaseKeeper, notices: Notice[], now: number): MessageContent {
  const first = notices[0] as Notice;
  const settings = letterSettings(keeper);
  switch (first.kind) {
    case 'renewal':
      return composeRenewal(keeper, notices, settings);
    case 'early-warning':
      return composeWarnings(keeper, notices, settings);
    case 'contact-verification':
      return composeVerification(keeper, first, settings);
    case 'admin-alert':
      return content(
        alertLetter(
          notices.map(({ params }) => ({ key: String(params['key']), message: String(params['message']) })),
          keeper.rules.settings.notices.admins.language,
        ),
      );
    case 'admin-digest': {
      const { date, facts, waiting } = first.params as {
        date: string;
        facts: { label: string; value: string }[];
        waiting: string[];
      };
      return content(digestLetter(date, facts, waiting, keeper.rules.settings.notices.admins.language));
    }
    default:
      if (isProgrammeNotice(first.kind)) return composeProgramme(first.kind, first, settings);
      return composeCases(keeper, first, notices, settings, now);
  }
}

/** An address of the owners' portal. */
export const portalPath = (portalUrl: string, path: string): string =>
  `${portalUrl.replace(/\/$/, '')}/r${path === '' ? '' : `/${path}`}`;

/** What every letter says of its sender. */
export function letterSettings(keeper: CaseKeeper): LetterSettings {
  const { signature, askAt, portalUrl } = keeper.rules.settings.notices;
  return { signature, askAt, portalUrl };
}

function content(letter: Letter, sms: MessageContent['sms'] = null): MessageContent {
  return { title: letter.subject, text: letterText(letter), html: letterHtml(letter), sms };
}

function composeCases(
  keeper: CaseKeeper,
  first: Notice,
  notices: Notice[],
  settings: LetterSettings,
  now: number,
): MessageContent {
  const cases = notices.flatMap(({ caseId, params }): CaseNotice[] => {
    const record = caseId === null ? null : keeper.ledger.cases.get(caseId);
    return record === null ? [] : [{ view: viewCase(keeper, record, now), params }];
  });
  // A key of its own for each message: it opens these cases, for who reads it. Elsewhere than in mails it is typed.
  if (settings.portalUrl !== null && first.channel !== 'email')
    for (const one of cases) one.view = { ...one.view, code: SECRET_MARK };
  const own =
    settings.portalUrl === null
      ? null
      : portalPath(settings.portalUrl, first.channel === 'email' ? `l/${SECRET_MARK}` : '');
  const letter = caseLetter(
    first.kind,
    cases,
    first,
    { ...settings, portalUrl: own, keyed: own !== null && first.channel === 'email' },
    now,
  );
  return content(letter, first.channel === 'sms' ? caseSms(first.kind, cases, settings) : null);
}

function caseSms(kind: NoticeKind, cases: CaseNotice[], settings: LetterSettings): MessageContent['sms'] {
  const sorted = [...cases].sort((a, b) => a.view.deadlineAt - b.view.deadlineAt);
  const { view } = sorted[0] as CaseNotice;
  const issue = view.findings.find(({ standing }) => standing)?.title ?? view.findings[0]?.title ?? '';
  const values: Record<string, string> = {
    // Two cases of one site are one site to its owner.
    count: String(new Set(sorted.map((one) => one.view.number)).size),
    number: view.number,
    programme: view.programme,
    issue: smsValue(issue) || view.programme,
    deadline: beijingShort(smsDeadline(kind, view)),
    code: view.code,
  };
  if (kind === 'enforced' && view.appealsLeft === 0) return sms('enforced-again', values, settings);
  // One case without acts among them is enough: its site must not be threatened.
  const threatens = sorted.every((one) => one.view.acts.length > 0);
  const base = !threatens && SMS_TEMPLATES[`${kind}-told`] !== undefined ? (`${kind}-told` as const) : kind;
  const many = `${base}-many` as keyof typeof SMS_TEMPLATES;
  return sms(sorted.length > 1 && SMS_TEMPLATES[many] !== undefined ? many : base, values, settings);
}

/** The date an SMS of a kind names: the deadline, or what comes next. */
function smsDeadline(kind: NoticeKind, view: CaseNotice['view']): number {
  if (kind === 'appeal-received') return view.reviewDueAt ?? view.deadlineAt;
  return kind === 'enforced' ? (view.cancelDueAt ?? view.deadlineAt) : view.deadlineAt;
}

function sms(
  key: keyof typeof SMS_TEMPLATES,
  values: Record<string, string>,
  settings: LetterSettings,
): MessageContent['sms'] {
  const template = SMS_TEMPLATES[key];
  if (template === undefined) return null;
  const params = Object.fromEntries(template.params.map((name) => [name, values[name] ?? '']));
  return { template: key, params, text: fillSms(key, params, settings) };
}

function composeRenewal(keeper: CaseKeeper, notices: Notice[], settings: LetterSettings): MessageContent {
  const domains = notices.flatMap(({ siteId, params }): RenewalNotice[] => {
    const site = siteId === null ? null : keeper.ledger.filings.load(siteId);
    if (site === null) return [];
    const { domain, expiresAt, daysLeft } = params as { domain: string; expiresAt: string; daysLeft: number };
    return [{ domain, expiresAt, daysLeft, number: site.filing.siteNumber, siteName: site.siteName }];
  });
  const first = notices[0] as Notice;
  const letter = renewalLetter(domains, first, settings);
  const soonest = [...domains].sort((a, b) => a.daysLeft - b.daysLeft)[0];
  if (first.channel !== 'sms' || soonest === undefined) return content(letter);
  const values = {
    count: String(domains.length),
    number: soonest.number,
    date: soonest.expiresAt,
    days: daysInSms(soonest.daysLeft),
  };
  return content(letter, sms(domains.length > 1 ? 'renewal-many' : 'renewal', values, settings));
}

/** `剩余…天`. */
const daysInSms = (days: number): string => (days < 1 ? '不足1' : String(days));

function composeWarnings(keeper: CaseKeeper, notices: Notice[], settings: LetterSettings): MessageContent {
  const warnings = notices.flatMap(({ siteId, params }): WarningNotice[] => {
    const site = siteId === null ? null : keeper.ledger.filings.load(siteId);
    const check = keeper.rules.checks.find(({ id }) => id === params['checkId']);
    const code = check?.codes[String(params['code'])];
    if (site === null || code === undefined) return [];
    const given = { params: params as Record<string, string | number>, about: null };
    return [
      {
        issue: fillText(code.title.zh, given),
        brief: code.brief ?? '有备案事项即将到期',
        step: fillText(code.remedy.zh, given),
        until: String(params['until']),
        daysLeft: Number(params['daysLeft']),
        number: site.filing.siteNumber,
        siteName: site.siteName,
      },
    ];
  });
  const first = notices[0] as Notice;
  const letter = earlyWarningLetter(warnings, first, settings);
  const soonest = warnings.toSorted((a, b) => a.daysLeft - b.daysLeft)[0];
  if (first.channel !== 'sms' || soonest === undefined) return content(letter);
  const values = {
    count: String(warnings.length),
    number: soonest.number,
    issue: soonest.brief,
    date: soonest.until,
    days: daysInSms(soonest.daysLeft),
  };
  return content(letter, sms(warnings.length > 1 ? 'early-warning-many' : 'early-warning', values, settings));
}

function composeProgramme(
  kind: ProgrammeNoticeKind,
  { params, name, channel }: Notice,
  settings: LetterSettings,
): MessageContent {
  const letter = programmeLetter(kind, params as Record<string, string>, { name }, settings);
  if (channel !== 'sms') return content(letter);
  return content(letter, sms(kind, programmeSms(params as Record<string, string>), settings));
}

function composeVerification(
  keeper: CaseKeeper,
  { params, subjectId, channel }: Notice,
  settings: LetterSettings,
): MessageContent {
  const subject = subjectId === null ? null : keeper.ledger.contacts.subject(subjectId);
  const url = `${(settings.portalUrl ?? '').replace(/\/$/, '')}/r/verify?token=${SECRET_MARK}`;
  const caseId = keeper.ledger.contacts.extra(Number(params['contactId']))?.caseId ?? null;
  const record = caseId === null ? null : keeper.ledger.cases.get(caseId);
  const letter = verificationLetter(
    {
      name: String(params['name'] ?? ''),
      subjectName: subject?.name ?? '',
      about:
        record === null
          ? null
          : ((record.siteId === null ? null : keeper.ledger.filings.load(record.siteId)?.filing.siteNumber) ??
            subject?.subjectNumber ??
            ''),
    },
    url,
    settings,
  );
  return content(
    letter,
    channel === 'sms'
      ? sms(
          'contact-verification',
          { code: SECRET_MARK, subject: smsValue(subject?.name ?? '') || '备案主体' },
          settings,
        )
      : null,
  );
}
