import type { CaseDesk } from '../cases/desk.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { MOVES, type Move, STATES } from '../cases/moves.ts';
import { restrictedSites } from '../cases/restrictions.ts';
import { cannotLook } from '../cases/sight.ts';
import type { Actor, CaseRecord } from '../cases/types.ts';
import { InputError } from '../errors.ts';
import type { AdminRole } from '../ledger/admins-store.ts';
import type { Form } from './web-app.ts';

/** What an act wants beside the case. */
export type Field = 'reason' | 'date' | 'days' | 'extension' | 'appeal';

/** Something an admin may do to a case. */
export interface CaseAct {
  role: AdminRole;
  zh: string;
  en: string;
  /** What it does, before it is done. */
  effect: { zh: string; en: string };
  fields: readonly Field[];
  /** Cannot be taken back, or takes a site down: its button says so. */
  grave?: true;
  /** Can be done to many at once. */
  bulk?: true;
  offered: (keeper: CaseKeeper, record: CaseRecord) => boolean;
  act: (desk: CaseDesk, code: string, form: Form, actor: Actor, now: number) => unknown;
}

const from =
  (move: Move) =>
  (_keeper: CaseKeeper, { state }: CaseRecord): boolean =>
    MOVES[move].from.includes(state);
const live = (_keeper: CaseKeeper, { state }: CaseRecord): boolean => STATES[state].terminal !== true;
const reasonOf = (form: Form): string => (form['reason'] ?? '').trim().slice(0, 500);
const onOwnersWord = (actor: Actor): Actor => ({ kind: 'owner', name: `via ${actor.name}` });

/** Every act of the console on a case, by the word in its address. */
export const CASE_ACTS: Record<string, CaseAct> = {
  recheck: {
    role: 'operator',
    zh: '立即复查',
    en: 'Look again',
    effect: { zh: '马上复查，结果写入处理记录。', en: 'The site is looked at now; the answer goes into the history.' },
    fields: [],
    bulk: true,
    offered: (keeper, record) => live(keeper, record) && !cannotLook(keeper, record),
    act: (desk, code, _form, actor, now) => desk.askRecheck(code, actor, now),
  },
  approve: {
    role: 'approver',
    zh: '批准',
    en: 'Approve',
    effect: {
      zh: '批准限制访问或取消接入；取消接入执行后不可撤回（R17.8）。执行前仍会再复查一次。',
      en: 'Restricting, or irrevocably cancelling, access goes on (R17.8); a fresh look comes before it.',
    },
    fields: ['reason'],
    grave: true,
    bulk: true,
    offered: (_keeper, { state }) => state === 'enforcement-asked' || state === 'cancellation-asked',
    act: (desk, code, form, actor, now) => {
      desk.note(code, reasonOf(form), actor, now);
      desk.approve(code, actor, now);
    },
  },
  decline: {
    role: 'approver',
    zh: '不予批准',
    en: 'Decline',
    effect: { zh: '暂不处置，三个工作日后再次请示。', en: 'Not now: it is asked again in three working days.' },
    fields: ['reason'],
    bulk: true,
    offered: from('enforcement-declined'),
    act: (desk, code, form, actor, now) => desk.decline(code, reasonOf(form), actor, now),
  },
  accept: {
    role: 'approver',
    zh: '申诉成立',
    en: 'Accept the appeal',
    effect: {
      zh: '临时恢复访问，理由会告知网站负责人。',
      en: 'Access comes back for a time; the reason goes to the owner.',
    },
    fields: ['reason'],
    offered: (_keeper, { state }) => state === 'appealed',
    act: (desk, code, form, actor, now) => desk.judgeAppeal(code, true, reasonOf(form), actor, now),
  },
  refuse: {
    role: 'approver',
    zh: '申诉不成立',
    en: 'Refuse the appeal',
    effect: { zh: '维持限制，理由会告知网站负责人。', en: 'It stays restricted; the reason goes to the owner.' },
    fields: ['reason'],
    grave: true,
    offered: (_keeper, { state }) => state === 'appealed',
    act: (desk, code, form, actor, now) => desk.judgeAppeal(code, false, reasonOf(form), actor, now),
  },
  deadline: {
    role: 'approver',
    zh: '调整期限',
    en: 'Move the deadline',
    effect: {
      zh: '期限移到所填日期的 24:00，理由会告知网站负责人。',
      en: 'To the end of a Beijing date; the reason goes to the owner.',
    },
    fields: ['date', 'reason'],
    bulk: true,
    offered: (keeper, record) => from('deadline-moved')(keeper, record) && restrictedSites(keeper, record).length === 0,
    act: (desk, code, form, actor, now) => desk.moveDeadline(code, form['date'] ?? '', reasonOf(form), actor, now),
  },
  restore: {
    role: 'approver',
    zh: '临时恢复访问',
    en: 'Give access back for a time',
    effect: { zh: '临时恢复访问以便复查。', en: 'So that the site can be looked at.' },
    fields: ['reason'],
    offered: (keeper, record) =>
      (from('restore-granted')(keeper, record) || from('restore-asked-again')(keeper, record)) &&
      restrictedSites(keeper, record).length > 0,
    act: (desk, code, form, actor, now) => desk.restore(code, reasonOf(form), actor, now),
  },
  waive: {
    role: 'approver',
    zh: '撤销整改要求并结案',
    en: 'Waive',
    effect: {
      zh: '不作结论直接结案，网站方会收到撤销通知；已限制的访问会恢复。这不是豁免：以后的核查再次确认不通过，会重新立案。若是误报，请先更正备案数据或规则再结案。',
      en: 'Ends without judgement, and its owner hears so; what was restricted is given back. It is no exemption: what a later look confirms again opens a new case. Where it was a false alarm, mend the filing or the rules first.',
    },
    fields: ['reason'],
    grave: true,
    bulk: true,
    offered: (keeper, record) => from('waived')(keeper, record) || from('waived-restricted')(keeper, record),
    act: (desk, code, form, actor, now) => desk.waive(code, reasonOf(form), actor, now),
  },
  extend: {
    role: 'operator',
    zh: '代申请延期',
    en: 'Extend on the owner’s word',
    effect: { zh: '按规则当场判定（R4.4）。', en: 'Judged at once by the rules (R4.4).' },
    fields: ['extension', 'days', 'reason'],
    offered: (keeper, record) =>
      from('extension-granted')(keeper, record) &&
      record.extensions < record.policy.extension.times &&
      record.policy.extension.maxWorkingDays > 0,
    act: (desk, code, form, actor, now) => {
      const request = {
        reason: form['extension'] ?? '',
        description: reasonOf(form),
        workingDays: Number(form['days']),
      };
      const judged = desk.askExtension(code, request, onOwnersWord(actor), now);
      if (!judged.granted) throw new InputError(judged.why.en, 'the rules of the programme', judged.why.zh);
    },
  },
  appeal: {
    role: 'operator',
    zh: '代提交申诉',
    en: 'Enter the owner’s appeal',
    effect: { zh: '进入申诉审核（R4.5）。', en: 'It waits for its judgement (R4.5).' },
    fields: ['appeal', 'reason'],
    offered: (_keeper, record) =>
      (record.state === 'restricted' || record.state === 'cancellation-asked') &&
      record.restrictedAt !== null &&
      record.appeals < record.policy.appeal.times,
    act: (desk, code, form, actor, now) =>
      desk.appeal(code, { reason: form['appeal'] ?? '', description: reasonOf(form) }, onOwnersWord(actor), now),
  },
  told: {
    role: 'operator',
    zh: '已另行告知',
    en: 'Told in another way',
    effect: {
      zh: '例如已电话告知：从现在起期限开始计算（R4.3）。',
      en: 'By a call, say: from here on the deadline counts (R4.3).',
    },
    fields: ['reason'],
    offered: (keeper, record) => live(keeper, record) && !record.dryRun,
    act: (desk, code, form, actor, now) => desk.told(code, reasonOf(form), actor, now),
  },
  note: {
    role: 'operator',
    zh: '添加备注',
    en: 'Note',
    effect: { zh: '写入处理记录，不通知任何人。', en: 'Goes into the history; nobody is told.' },
    fields: ['reason'],
    bulk: true,
    offered: () => true,
    act: (desk, code, form, actor, now) => desk.note(code, reasonOf(form), actor, now),
  },
};

/** Cancelling access cannot be taken back: who approves it says that they know. Throws InputError. */
export function demandKnown(name: string, { state }: CaseRecord, form: Form): void {
  if (name === 'approve' && state === 'cancellation-asked' && form['irrevocable'] !== 'yes')
    throw new InputError(
      'cancelling access cannot be taken back (R17.8)',
      'say that you know: tick it, or give "irrevocable": true',
      '取消接入提交后不可撤回，请勾选“我知道取消接入不可撤回”',
    );
}

/** What became, or would become, of a case. */
export interface ActResult {
  code: string;
  from: CaseRecord['state'];
  to: CaseRecord['state'] | null;
  /** The deadline before and after (epoch ms), where it moves. */
  deadline: { from: number; to: number } | null;
  /** Notices that follow. */
  notices: number;
  /** What is still missing though it was done: a second approval. */
  remark: { zh: string; en: string } | null;
  /** Why it is not possible; null where it is. */
  problem: { zh: string; en: string } | null;
}

/** Who acts on what, with what was filled in. */
export interface ActInput {
  act: CaseAct;
  code: string;
  form: Form;
  actor: Actor;
  now: number;
}

/** Undoes a transaction whose outcome was only wanted to be known. */
class Undo extends Error {}

/** What an act would do to a case, by doing it and taking it back. Throws MoveRefused where there is no such case. */
export function tryAct(keeper: CaseKeeper, desk: CaseDesk, input: ActInput): ActResult {
  let result: ActResult | null = null;
  try {
    keeper.ledger.transaction(() => {
      result = doAct(keeper, desk, input);
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return result as unknown as ActResult;
}

/** Do an act to a case; what cannot be done is told, not thrown. Throws MoveRefused where there is no such case. */
export function doAct(keeper: CaseKeeper, desk: CaseDesk, { act, code, form, actor, now }: ActInput): ActResult {
  const record = desk.find(code);
  const planned = (): number => keeper.ledger.outbox.noticesOfCase(record.id).length;
  const before = planned();
  try {
    keeper.ledger.transaction(() => {
      demandOffered(keeper, record, act);
      act.act(desk, code, form, actor, now);
    });
    const after = desk.find(code);
    const remark =
      after.approvals.length > record.approvals.length
        ? {
            zh: `已记录第 ${after.approvals.length} 个批准，还需另一人批准`,
            en: `approval ${after.approvals.length} is noted; a second person must approve too`,
          }
        : null;
    const moved = after.deadlineAt !== record.deadlineAt;
    return {
      code,
      from: record.state,
      to: after.state,
      deadline: moved ? { from: record.deadlineAt, to: after.deadlineAt } : null,
      notices: planned() - before,
      remark,
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const problem = { en: `${error.message} (${error.remedy})`, zh: error.zh ?? error.message };
    return { code, from: record.state, to: null, deadline: null, notices: 0, remark: null, problem };
  }
}

/** Throws InputError where an act is not offered for a case as it stands. */
export function demandOffered(keeper: CaseKeeper, record: CaseRecord, act: CaseAct): void {
  if (!act.offered(keeper, record))
    throw new InputError(
      `not possible while the case is ${record.state}`,
      'it may just have changed: look at it again, `offered` lists what is possible',
      `当前为“${STATES[record.state].zh}”，不能执行；可能刚有变化`,
    );
}
