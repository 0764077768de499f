import { beijingText, DAY_MS } from '../calendar/beijing-time.ts';
import type { CaseView } from './case-view.ts';
import { recordLine } from './dns-records.ts';
import type { Block, Fact, Letter } from './letter.ts';
import type { NoticeKind } from './types.ts';

/** One case of a notice, with what its move said (an appeal's reason, an extension's why). */
export interface CaseNotice {
  view: CaseView;
  params: Record<string, unknown>;
}

/** What all letters of a provider share. */
export interface LetterSettings {
  signature: string;
  askAt: string;
  portalUrl: string | null;
  /** The link is a key of its own: the code, which cannot be taken back, is left out beside it. */
  keyed?: boolean;
}

const GREETING = (name: string | null): string => `${name ?? '网站负责人'}，您好：`;

/**
 * Write a letter for one recipient about one or more cases, all of one kind: each risk, its reason, how it is put right, until when
 * (R4.8). `now` is the instant of writing (epoch ms).
 */
export function caseLetter(
  kind: NoticeKind,
  notices: CaseNotice[],
  recipient: { name: string | null },
  settings: LetterSettings,
  now: number,
): Letter {
  const sorted = [...notices].sort((a, b) => a.view.deadlineAt - b.view.deadlineAt);
  const first = sorted[0] as CaseNotice;
  const words = WORDS[kind] ?? (WORDS['found'] as Words);
  const subject =
    sorted.length === 1
      ? words.subject(first)
      : `${words.tag}${sorted.length} 个备案网站${words.many}，最早期限 ${beijingText(first.view.deadlineAt)}`;
  const whole = sorted.slice(0, WHOLE_CASES);
  const rest = sorted.slice(WHOLE_CASES);
  const blocks = whole.flatMap((notice) => caseBlocks(kind, notice, settings, now));
  if (rest.length > 0)
    blocks.push({
      heading: `其余 ${rest.length} 个网站`,
      facts: rest.map(({ view }) => restFact(view, settings.keyed === true)),
    });
  const appendix = [...new Set(sorted.map(({ view }) => view.consequence))];
  if (words.consequence) blocks.push({ heading: '逾期的后果', paragraphs: appendix });
  return {
    subject,
    greeting: GREETING(recipient.name),
    // One case without acts among them is enough: the lead must be true of all.
    lead: words.lead(sorted.find((notice) => !enforceable(notice)) ?? first),
    blocks,
    ...(settings.portalUrl !== null &&
      words.portal && {
        link: { label: settings.keyed === true ? '查看并处理（无需登录）' : '查看并处理', url: settings.portalUrl },
      }),
    footer: footerLines(settings),
  };
}

/** Closing lines of every owner's letter. */
export function footerLines({ signature, askAt }: LetterSettings): string[] {
  return [
    `如有疑问请联系：${askAt}`,
    `${signature}（备案核查由系统自动进行；如您认为结果有误，请联系我们人工复核）`,
    '本通知由系统发出，时间均为北京时间。',
  ];
}

/** Cases told in full in one digest; the others are listed. */
const WHOLE_CASES = 20;

const restFact = (view: CaseView, keyed: boolean): Fact => ({
  label: `${view.number}${view.siteName === null ? '' : ` ${view.siteName}`}${keyed ? '' : `（案件码 ${view.code}）`}`,
  value: `${view.programme}，期限 ${beijingText(view.deadlineAt)}`,
});

interface Words {
  tag: string;
  many: string;
  subject: (notice: CaseNotice) => string;
  lead: (notice: CaseNotice) => string;
  /** What the body holds beside the facts. */
  findings: boolean;
  consequence: boolean;
  portal: boolean;
  steps: (notice: CaseNotice, settings: LetterSettings) => string[];
}

const nameOf = ({ view }: CaseNotice): string =>
  view.siteName === null ? `主体 ${view.number}` : `${view.number}（${view.siteName}）`;
const reasonOf = ({ params }: CaseNotice): string => String(params['reason'] ?? '').trim();
const by = (instant: number): string => beijingText(instant);

/** Where an owner asks: the portal's button where there is one, else the people who answer. */
const where = ({ portalUrl, askAt, keyed = false }: LetterSettings, code: string): string =>
  portalUrl === null
    ? `联系 ${askAt}（提供案件码 ${code}）`
    : keyed
      ? '点击下方按钮'
      : `点击下方按钮（案件码 ${code}）`;

/** Does anything follow here when the deadline passes? */
const enforceable = ({ view }: CaseNotice): boolean => view.acts.length > 0;

const beforeAct = ({ view }: CaseNotice): string =>
  view.acts.length === 0
    ? ''
    : `；管理员批准后即${view.acts.includes('restrict-access') ? '限制访问' : '取消接入'}，不再另行预告`;

const remedySteps = ({ view }: CaseNotice, settings: LetterSettings): string[] => [
  '按上面每个问题的“如何整改”处理，并确认网站可以正常访问。',
  `处理后无需报备：系统每天自动复查，通过后会通知您；想立即复查，请${where(settings, view.code)}。`,
  ...(view.extensionsLeft > 0 && (view.state === 'open' || view.state === 'extended')
    ? [
        `期限内来不及的，可申请延期一次，最多 ${view.maxExtensionDays} 个工作日，当场得到结果：请${where(settings, view.code)}。`,
      ]
    : []),
];

const define = (words: Partial<Words> & Pick<Words, 'tag' | 'many' | 'subject' | 'lead'>): Words => ({
  findings: true,
  consequence: false,
  portal: true,
  steps: () => [],
  ...words,
});

/** Why a deadline moved, where it was not the owner who asked. */
const EXTENDED_BY: Record<string, (params: Record<string, unknown>) => string> = {
  'deadline-moved': (params) => `管理员调整了整改期限。原因：${String(params['reason'] ?? '')}`,
  'deadline-corrected': () => '国务院办公厅放假安排已公布，整改期限相应顺延。',
};

/** The words of each kind: the one place to mend a text. */
const WORDS: Partial<Record<NoticeKind, Words>> = {
  found: define({
    tag: '【整改通知】',
    many: '未通过核查',
    subject: (notice) =>
      `【整改通知】${nameOf(notice)}未通过${notice.view.programme}，请于 ${by(notice.view.deadlineAt)}前整改`,
    lead: () => '您备案的网站在例行核查中发现以下问题，经间隔复查确认。请在整改期限前处理：',
    consequence: true,
    steps: remedySteps,
  }),
  reminder: define({
    tag: '【整改提醒】',
    many: '复查仍未通过',
    subject: (notice) =>
      `【整改提醒】${nameOf(notice)}仍未通过${notice.view.programme}，期限 ${by(notice.view.deadlineAt)}`,
    lead: ({ view }) =>
      view.freshlyConfirmed
        ? '整改期限临近。我们刚刚又复查了一次，以下问题仍然存在：'
        : '整改期限临近。最近一次复查未能取得结果（并非新的认定），以下是上次确认的问题；如已整改，请申请复查：',
    consequence: true,
    steps: remedySteps,
  }),
  extended: define({
    tag: '【期限调整】',
    many: '整改期限已调整',
    subject: (notice) => `【期限调整】${nameOf(notice)}的整改期限调整为 ${by(notice.view.deadlineAt)}`,
    lead: ({ params }) =>
      EXTENDED_BY[String(params['move'])]?.(params) ??
      '您的延期申请已自动审核通过，整改期限即时生效。本次整改期内不能再次延期。',
    consequence: true,
    steps: remedySteps,
  }),
  'extension-refused': define({
    tag: '【延期未通过】',
    many: '延期申请未通过',
    subject: (notice) => `【延期未通过】${nameOf(notice)}的整改期限仍为 ${by(notice.view.deadlineAt)}`,
    lead: ({ params }) =>
      `您的延期申请未通过：${(params['why'] as { zh?: string } | undefined)?.zh ?? '不符合延期条件'}。原整改期限不变。`,
    steps: remedySteps,
  }),
  overdue: define({
    tag: '【逾期通知】',
    many: '整改已逾期',
    subject: (notice) =>
      `【逾期通知】${nameOf(notice)}整改已逾期${enforceable(notice) ? '，将限制并取消接入' : '，复查仍未通过'}`,
    lead: (notice) =>
      enforceable(notice)
        ? '整改期限已过，我们刚刚的复查仍未通过，将按规定处理。如果您已经整改，请立即申请复查，通过后不再处理：'
        : '整改期限已过，我们刚刚的复查仍未通过。请尽快处理，处理后会自动复查：',
    consequence: true,
    steps: (notice, settings) => [
      `已经整改的，请立即${where(settings, notice.view.code)}复查：通过后${enforceable(notice) ? '不再处理' : '即结案'}。`,
      `尚未整改的，请马上按“如何整改”处理${beforeAct(notice)}。`,
      ...(notice.view.acts.includes('restrict-access') && notice.view.appealsLeft > 0
        ? ['限制访问后，如有异议可申诉一次，通过后临时恢复访问。']
        : []),
    ],
  }),
  enforced: define({
    tag: '【处置通知】',
    many: '已限制访问',
    subject: (notice) => `【处置通知】${nameOf(notice)}已被限制访问`,
    lead: ({ view }) => `因逾期未整改，网站已于 ${by(view.restrictedAt ?? view.deadlineAt)}被限制访问。问题如下：`,
    steps: ({ view }, settings) => [
      '按“如何整改”处理。',
      ...(view.appealsLeft > 0
        ? [
            `整改后，或对结果有异议，请提交申诉（本期限一次）：${where(settings, view.code)}。约 1 个工作日内审核，通过后临时恢复访问并复查。`,
          ]
        : [`本期申诉次数已用完：整改后请${where(settings, view.code)}复核。`]),
      '解析类问题整改后，系统也会自动复查并解除限制；页面类问题在限制期间无法复查。',
      ...(view.cancelDueAt === null
        ? []
        : [`${by(view.cancelDueAt)}前仍未整改的，将取消接入：提交后不可撤回，恢复使用须重新办理“接入备案”。`]),
    ],
  }),
  cancelled: define({
    tag: '【取消接入】',
    many: '已取消接入',
    subject: (notice) => `【取消接入】${nameOf(notice)}已取消在本服务商的接入`,
    lead: () => '因逾期未整改，该网站在本服务商的接入已取消。该操作不可撤回。',
    consequence: false,
    steps: () => [
      '工信部的备案号仍然保留；网站在其他服务商的接入不受影响。',
      '若没有其他服务商接入，管局可能很快注销该备案号。',
      '需要恢复使用的，请解决上述问题后重新办理“接入备案”。',
    ],
  }),
  resolved: define({
    tag: '【整改完成】',
    many: '已通过复查',
    subject: (notice) => `【整改完成】${nameOf(notice)}已通过${notice.view.programme}复查`,
    lead: ({ params }) =>
      params['heldBy'] !== undefined
        ? '本案的问题已解决。该网站因另一案件仍处于限制访问状态，请按该案件的通知处理。'
        : params['move'] === 'restriction-lifted'
          ? '问题已解决，访问限制已解除，无需再操作。'
          : '复查通过，问题已解决，无需再操作。',
    findings: false,
    portal: false,
  }),
  withdrawn: define({
    tag: '【撤销通知】',
    many: '整改要求已撤销',
    subject: (notice) => `【撤销通知】${nameOf(notice)}的整改要求已撤销`,
    lead: (notice) => `经人工复核，本次整改要求已撤销，无需操作，给您带来的不便敬请谅解。说明：${reasonOf(notice)}`,
    findings: false,
    portal: false,
  }),
  'appeal-received': define({
    tag: '【申诉已收到】',
    many: '申诉已收到',
    subject: (notice) => `【申诉已收到】${nameOf(notice)}`,
    lead: ({ view }) =>
      `您的申诉已收到，预计在 ${view.reviewDueAt === null ? '1 个工作日内' : `${by(view.reviewDueAt)}前`}审核完毕。审核期间不会进一步处理。`,
    findings: false,
  }),
  'appeal-accepted': define({
    tag: '【临时恢复】',
    many: '已临时恢复访问',
    subject: (notice) => `【临时恢复】${nameOf(notice)}已临时恢复访问，请于 ${by(notice.view.deadlineAt)}前完成整改`,
    lead: () => '网站已临时恢复访问。请尽快完成整改：到期复查仍未通过的，将再次限制访问。',
    consequence: true,
    steps: ({ view }, settings) => [`整改后请${where(settings, view.code)}立即复查，通过后即恢复正常。`],
  }),
  'appeal-refused': define({
    tag: '【申诉未通过】',
    many: '申诉未通过',
    subject: (notice) => `【申诉未通过】${nameOf(notice)}`,
    lead: (notice) => `您的申诉经审核未通过。原因：${reasonOf(notice)}`,
    consequence: true,
    steps: ({ view }, settings) => [
      `请按“如何整改”处理，整改后请${where(settings, view.code)}复核。`,
      ...(view.cancelDueAt === null ? [] : [`${by(view.cancelDueAt)}前仍未整改的，将取消接入；提交后不可撤回。`]),
    ],
  }),
};

/** Kinds told with a deadline that still runs. */
const WITH_DEADLINE: ReadonlySet<NoticeKind> = new Set([
  'found',
  'reminder',
  'extended',
  'extension-refused',
  'appeal-accepted',
]);

function caseBlocks(kind: NoticeKind, notice: CaseNotice, settings: LetterSettings, now: number): Block[] {
  const { view } = notice;
  const words = WORDS[kind] ?? (WORDS['found'] as Words);
  const facts: Fact[] = [];
  if (WITH_DEADLINE.has(kind))
    facts.push({ label: '整改期限', value: `${by(view.deadlineAt)}${daysLeft(view.deadlineAt, now)}`, strong: true });
  if (WITH_DEADLINE.has(kind) && view.provisional) {
    facts.push({
      label: '期限说明',
      value: '期限跨入尚未公布放假安排的年份，为暂定日期；公布后如有变化只会顺延，并另行通知。',
    });
  }
  if (kind === 'overdue') facts.push({ label: '原整改期限', value: `${by(view.deadlineAt)}（已过）`, strong: true });
  const all = `主体下全部网站：${view.sites.join('、')}`;
  facts.push(
    { label: '网站', value: view.siteName === null ? all : `${view.siteName}（${view.domains.join('、')}）` },
    { label: '备案号', value: view.number },
    { label: '备案主体', value: view.subjectName },
    { label: '核查项目', value: view.programme },
  );
  if (settings.keyed !== true) facts.push({ label: '案件码', value: view.code });
  const standing = view.findings.filter((finding) => finding.standing);
  const shown = standing.length > 0 ? standing : view.findings;
  const steps = words.steps(notice, settings);
  return [
    { heading: nameOf(notice), facts },
    ...(words.findings && shown.length > 0
      ? [
          {
            heading: '发现的问题与整改办法',
            findings: shown.map(({ title, remedy, records, evidence, lastSeenAt }) => ({
              title,
              remedy,
              records: records.map(recordLine),
              evidence: [{ label: '最近确认时间', value: by(lastSeenAt) }, ...evidence],
            })),
          },
        ]
      : []),
    ...(steps.length > 0 ? [{ heading: '接下来怎么做', steps }] : []),
  ];
}

/** `，还剩 15 天`; hours on the last day. */
function daysLeft(deadlineAt: number, now: number): string {
  const left = deadlineAt - now;
  if (left <= 0) return '（已到期）';
  return left >= DAY_MS
    ? `，还剩 ${Math.floor(left / DAY_MS)} 天`
    : `，还剩 ${Math.max(1, Math.floor(left / 3_600_000))} 小时`;
}
