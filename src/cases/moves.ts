import type { CaseNoticeKind } from './notice-kinds.ts';
import type { Act, Actor, CaseState } from './types.ts';

/** What a state means to the people who read it. */
export interface StateDefinition {
  zh: string;
  en: string;
  /** Nothing follows any more. */
  terminal?: true;
}

export const STATES: Record<CaseState, StateDefinition> = {
  open: { zh: '整改中', en: 'the remediation period runs' },
  extended: { zh: '已延期', en: 'the remediation period runs, moved once' },
  overdue: { zh: '已逾期', en: 'the deadline passed and a fresh look still failed' },
  'enforcement-asked': { zh: '处置待批', en: 'restricting access waits for approval' },
  'enforcement-approved': { zh: '处置已批准', en: 'restricting access is on its way to the access system' },
  restricted: { zh: '已限制访问', en: 'access is restricted; the owner may appeal once' },
  appealed: { zh: '申诉审核中', en: 'an appeal waits for its judgement' },
  restoring: { zh: '恢复中', en: 'access is being given back for a time' },
  restored: { zh: '已临时恢复', en: 'access is back for a time; the owner still has to put it right' },
  'cancellation-asked': { zh: '取消接入待批', en: 'cancelling access waits for approval' },
  'cancellation-approved': { zh: '取消接入已批准', en: 'cancelling access is on its way; submitted it is irrevocable' },
  lifting: { zh: '解除限制中', en: 'mended or waived; access is being given back for good' },
  resolved: { zh: '已整改', en: 'put right', terminal: true },
  cancelled: { zh: '已取消接入', en: 'access was cancelled; access must be filed anew', terminal: true },
  closed: { zh: '已结案', en: 'ended without judgement: the filing left, or an admin waived it', terminal: true },
};

export type Move = keyof typeof MOVES;

/** One move of a case. `to: 'same'`: something happened that leaves the state as it is. */
export interface MoveDefinition {
  from: readonly CaseState[];
  to: CaseState | 'same';
  by: readonly Actor['kind'][];
  zh: string;
  en: string;
  rules: readonly string[];
  /** What owners are told. */
  notice?: CaseNoticeKind;
  /** What the access system is asked. */
  act?: Act;
}

const RUNNING = ['open', 'extended'] as const;
const BEFORE_ACT = ['open', 'extended', 'overdue', 'enforcement-asked'] as const;
const UNDER_RESTRICTION = [
  'enforcement-approved',
  'restricted',
  'appealed',
  'cancellation-asked',
  'cancellation-approved',
  'restoring',
] as const;
const LIVE = [...BEFORE_ACT, ...UNDER_RESTRICTION, 'restored', 'lifting'] as const;
const ALL_KINDS = ['system', 'owner', 'admin'] as const;

const define = (definition: MoveDefinition): MoveDefinition => definition;

/** Every move there is: the one table that code, tests and docs follow. */
export const MOVES = {
  opened: define({
    from: [],
    to: 'open',
    by: ['system'],
    zh: '发现问题，立案',
    en: 'a confirmed failure opens the case',
    rules: ['R1.4', 'R4.3', 'R16.2'],
    notice: 'found',
  }),
  'finding-joined': define({
    from: LIVE,
    to: 'same',
    by: ['system'],
    zh: '新增问题（期限不变）',
    en: 'a further finding joins; the deadline stays',
    rules: ['R4'],
  }),
  'finding-cleared': define({
    from: LIVE,
    to: 'same',
    by: ['system'],
    zh: '部分问题复查通过',
    en: 'a finding was put right, others stand',
    rules: ['R4.6'],
  }),
  told: define({
    from: LIVE,
    to: 'same',
    by: ['system', 'admin'],
    zh: '已通知责任人',
    en: 'mail or SMS took the first notice, or an admin told by telephone: from here on the owner knows',
    rules: ['R1.4'],
  }),
  untold: define({
    from: LIVE,
    to: 'same',
    by: ['system'],
    zh: '通知未能送达任何人',
    en: 'what a channel took turned out undeliverable everywhere: nobody was told after all',
    rules: ['R1.4', 'R4.3'],
  }),
  'deadline-corrected': define({
    from: [...RUNNING, 'restored'],
    to: 'same',
    by: ['system'],
    zh: '期限顺延',
    en: 'the deadline moved later: told later than opened, or a calendar arrived',
    rules: ['R16.4', 'R16.5'],
  }),
  'recheck-asked': define({
    from: LIVE,
    to: 'same',
    by: ['owner', 'admin'],
    zh: '申请复查',
    en: 'a re-check was asked for',
    rules: ['R4.6'],
  }),
  'recheck-answered': define({
    from: LIVE,
    to: 'same',
    by: ['system'],
    zh: '复查结果',
    en: 'the re-check that was asked for still failed, or had no result',
    rules: ['R4.6'],
  }),
  reminded: define({
    from: [...RUNNING, 'restored'],
    to: 'same',
    by: ['system'],
    zh: '到期提醒',
    en: 'a reminder fell due',
    rules: ['R16.5'],
    notice: 'reminder',
  }),
  'extension-granted': define({
    from: RUNNING,
    to: 'extended',
    by: ['owner', 'admin'],
    zh: '延期通过',
    en: 'the extension was judged at once and granted',
    rules: ['R4.4'],
    notice: 'extended',
  }),
  'extension-refused': define({
    from: LIVE,
    to: 'same',
    by: ['owner', 'admin'],
    zh: '延期未通过',
    en: 'the extension was judged at once and refused',
    rules: ['R4.4'],
    notice: 'extension-refused',
  }),
  'deadline-moved': define({
    from: BEFORE_ACT,
    to: 'extended',
    by: ['admin'],
    zh: '管理员调整期限',
    en: 'an admin moved the deadline, with a reason',
    rules: ['R16.5'],
    notice: 'extended',
  }),
  'deadline-passed': define({
    from: [...RUNNING, 'restored'],
    to: 'overdue',
    by: ['system'],
    zh: '逾期未整改',
    en: 'the deadline passed and a fresh look still failed',
    rules: ['R1.5', 'R4.5'],
    notice: 'overdue',
  }),
  'enforcement-asked': define({
    from: ['overdue'],
    to: 'enforcement-asked',
    by: ['system', 'admin'],
    zh: '申请限制访问',
    en: 'restricting access is asked for',
    rules: ['R1.5', 'R4.5', 'R4.7'],
  }),
  'approval-given': define({
    from: ['enforcement-asked', 'cancellation-asked'],
    to: 'same',
    by: ['admin'],
    zh: '第一人批准',
    en: 'a first admin approved; a second must',
    rules: ['R4.7'],
  }),
  'enforcement-approved': define({
    from: ['enforcement-asked'],
    to: 'enforcement-approved',
    by: ['system', 'admin'],
    zh: '批准限制访问',
    en: 'restricting access was approved',
    rules: ['R4.5'],
    act: 'restrict-access',
  }),
  'enforcement-declined': define({
    from: ['enforcement-asked', 'enforcement-approved', 'cancellation-asked', 'cancellation-approved'],
    to: 'overdue',
    by: ['admin'],
    zh: '不予限制访问',
    en: 'an admin declined before anything was restricted; it is asked again later',
    rules: ['R4.5'],
  }),
  'enforcement-failed': define({
    from: ['enforcement-approved'],
    to: 'enforcement-asked',
    by: ['system'],
    zh: '限制访问未成功',
    en: 'the access system refused for good; a person must look',
    rules: ['R4.5'],
  }),
  'access-restricted': define({
    from: ['enforcement-approved'],
    to: 'restricted',
    by: ['system'],
    zh: '已限制访问',
    en: 'the access system confirmed the restriction',
    rules: ['R4.5'],
    notice: 'enforced',
  }),
  'appeal-received': define({
    from: ['restricted', 'cancellation-asked'],
    to: 'appealed',
    by: ['owner', 'admin'],
    zh: '提交申诉',
    en: 'the owner appealed: once a period, after restriction',
    rules: ['R4.5'],
    notice: 'appeal-received',
  }),
  'appeal-accepted': define({
    from: ['appealed'],
    to: 'restoring',
    by: ['admin'],
    zh: '申诉通过',
    en: 'the appeal was accepted: access comes back for a time',
    rules: ['R4.5'],
    act: 'restore-access',
  }),
  'appeal-refused': define({
    from: ['appealed'],
    to: 'restricted',
    by: ['admin'],
    zh: '申诉未通过',
    en: 'the appeal was refused, with the reason',
    rules: ['R4.5'],
    notice: 'appeal-refused',
  }),
  'restore-granted': define({
    from: ['overdue', 'enforcement-asked', 'enforcement-approved', 'restricted', 'cancellation-asked'],
    to: 'restoring',
    by: ['admin'],
    zh: '管理员临时恢复访问',
    en: 'an admin gives access back for a time, so that the site can be looked at',
    rules: ['R4.5'],
    act: 'restore-access',
  }),
  'access-restored': define({
    from: ['restoring'],
    to: 'restored',
    by: ['system'],
    zh: '已临时恢复访问',
    en: 'the access system gave access back for a time; only now is the owner told, with the new deadline',
    rules: ['R4.5'],
    notice: 'appeal-accepted',
  }),
  'cancellation-asked': define({
    from: ['restricted', 'overdue'],
    to: 'cancellation-asked',
    by: ['system', 'admin'],
    zh: '申请取消接入',
    en: 'cancelling access is asked for (irrevocable once submitted)',
    rules: ['R1.5', 'R4.7', 'R17.8'],
  }),
  'cancellation-approved': define({
    from: ['cancellation-asked'],
    to: 'cancellation-approved',
    by: ['system', 'admin'],
    zh: '批准取消接入',
    en: 'cancelling access was approved',
    rules: ['R1.5', 'R17.8'],
    act: 'cancel-access',
  }),
  'cancellation-declined': define({
    from: ['cancellation-asked', 'cancellation-approved'],
    to: 'restricted',
    by: ['admin'],
    zh: '不予取消接入',
    en: 'an admin declined; it is asked again later',
    rules: ['R17.8'],
  }),
  'cancellation-failed': define({
    from: ['cancellation-approved'],
    to: 'cancellation-asked',
    by: ['system'],
    zh: '取消接入未成功',
    en: 'the access system refused for good; a person must look',
    rules: ['R17.8'],
  }),
  'act-submitted': define({
    from: LIVE,
    to: 'same',
    by: ['system'],
    zh: '已提交，等待管局生效',
    en: 'the access system took the act; it is pending there (cancelling: irrevocable)',
    rules: ['R17.8'],
  }),
  'access-cancelled': define({
    from: ['cancellation-approved'],
    to: 'cancelled',
    by: ['system'],
    zh: '已取消接入',
    en: 'access is cancelled',
    rules: ['R1.5', 'R1.6', 'R17.8'],
    notice: 'cancelled',
  }),
  'recheck-passed': define({
    from: [...BEFORE_ACT, 'enforcement-approved', 'cancellation-asked', 'cancellation-approved', 'restored'],
    to: 'resolved',
    by: ['system'],
    zh: '复查通过',
    en: 'every finding was put right',
    rules: ['R1.6', 'R4.6'],
    notice: 'resolved',
  }),
  'recheck-passed-restricted': define({
    from: [...UNDER_RESTRICTION, ...BEFORE_ACT, 'restored'],
    to: 'lifting',
    by: ['system'],
    zh: '复查通过，解除限制',
    en: 'every finding was put right while access was restricted: it is given back',
    rules: ['R1.6', 'R4.6'],
    act: 'restore-access',
  }),
  waived: define({
    from: [...BEFORE_ACT, 'enforcement-approved', 'cancellation-asked', 'cancellation-approved', 'restored'],
    to: 'closed',
    by: ['admin'],
    zh: '管理员撤销',
    en: 'an admin waived the case, with a reason',
    rules: ['R16.1'],
    notice: 'withdrawn',
  }),
  'waived-restricted': define({
    from: [...UNDER_RESTRICTION, ...BEFORE_ACT, 'restored'],
    to: 'lifting',
    by: ['admin'],
    zh: '管理员撤销，解除限制',
    en: 'an admin waived the case while access was restricted: it is given back',
    rules: ['R16.1'],
    act: 'restore-access',
  }),
  'restriction-lifted': define({
    from: ['lifting'],
    to: 'resolved',
    by: ['system'],
    zh: '已解除限制',
    en: 'the access system gave access back for good',
    rules: ['R4.6'],
    notice: 'resolved',
  }),
  'waiver-carried-out': define({
    from: ['lifting'],
    to: 'closed',
    by: ['system'],
    zh: '已撤销并解除限制',
    en: 'waived, and the access system gave access back',
    rules: ['R16.1'],
    notice: 'withdrawn',
  }),
  'restore-asked-again': define({
    from: ['restoring', 'lifting'],
    to: 'same',
    by: ['system', 'admin'],
    zh: '再次申请恢复访问',
    en: 'giving access back was refused before and is asked for again (once a day, or by an admin)',
    rules: ['R4.5'],
    act: 'restore-access',
  }),
  'restore-failed': define({
    from: ['restoring', 'lifting'],
    to: 'same',
    by: ['system'],
    zh: '恢复访问未成功',
    en: 'the access system refused to give access back; a person must look',
    rules: ['R4.5'],
  }),
  'filing-left': define({
    from: LIVE,
    to: 'closed',
    by: ['system'],
    zh: '备案已取消接入或注销',
    en: 'the filing left: access cancelled or number revoked',
    rules: ['R15'],
  }),
  'went-live': define({
    from: LIVE,
    to: 'open',
    by: ['system'],
    zh: '转为正式运行，期限重新起算',
    en: 'notices were switched on: a case nobody was told of starts anew',
    rules: ['R16.5'],
    notice: 'found',
  }),
  'notice-sent': define({
    from: [],
    to: 'same',
    by: ['system'],
    zh: '通知已发出',
    en: 'a channel took a notice',
    rules: ['R1.4', 'R4.3'],
  }),
  'notice-failed': define({
    from: [],
    to: 'same',
    by: ['system'],
    zh: '通知未送达',
    en: 'a notice could not be delivered',
    rules: ['R7'],
  }),
  noted: define({ from: [], to: 'same', by: ALL_KINDS, zh: '备注', en: 'a remark', rules: [] }),
} as const satisfies Record<string, MoveDefinition>;

/** A move's definition, widened. */
export const moveOf = (move: Move): MoveDefinition => MOVES[move];

/** True when nothing follows any more. */
export const isTerminal = (state: CaseState): boolean => STATES[state].terminal === true;

/** Moves that may be noted whatever the state, terminal ones included. */
export const ANY_STATE: readonly Move[] = ['notice-sent', 'notice-failed', 'noted'];
