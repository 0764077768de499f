import { html } from 'ghtml';
import { decideHeldSweep } from '../../ledger/held-sweep.ts';
import type { Sweep } from '../../ledger/types.ts';
import { queryOf, tableHtml, timeHtml, verdictText } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';
import { saidOf } from './words.ts';

const SHOWN = 40;
const KINDS = ['scheduled', 'scan', 'rescan'] as const;
const VERDICTS = ['fail', 'warn', 'inconclusive', 'pass'] as const;

/** `/sweeps`: the last runs, what they found, and what the circuit breaker holds. */
export function addSweeps(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/sweeps',
    ({ say }) => say('巡检记录', 'Sweeps'),
    (visit, request) => page(parts, visit, request.query),
  );
  for (const decision of ['release', 'discard'] as const)
    kit.deed(
      `/sweeps/:id/${decision}`,
      'approver',
      `${decision} sweep`,
      () => '/sweeps',
      (visit, _form, request) => {
        const id = Number((request.params as { id: string }).id);
        const touched = decideHeldSweep(parts.ledger, id, decision, parts.now());
        return {
          to: '/sweeps',
          said:
            decision === 'release'
              ? visit.say('已放行：未通过的网站会再次确认。', 'It goes on: what failed is looked at again.')
              : visit.say(`已作废：${touched} 项怀疑被丢弃。`, `Discarded: ${touched} suspicions dropped.`),
          object: `sweep ${id}`,
          detail: `${touched} checks`,
        };
      },
    );
}

function page({ ledger }: ConsoleParts, visit: Visit, given: unknown): string {
  const { say } = visit;
  const kind = KINDS.find((one) => one === queryOf(given, ['kind'])['kind']) ?? 'scheduled';
  const held = ledger.sweeps.underWay().filter((sweep) => sweep.state === 'held');
  const sweeps = [...held, ...ledger.sweeps.recentOfKind(kind, SHOWN).filter(({ state }) => state !== 'held')];
  const words: Record<Sweep['kind'], string> = {
    scheduled: say('定时巡检', 'scheduled'),
    scan: say('扫描', 'scan'),
    rescan: say('复查', 'rescan'),
  };
  const states: Record<Sweep['state'], string> = {
    running: say('进行中', 'running'),
    done: say('完成', 'done'),
    held: say('被熔断暂停', 'held'),
    discarded: say('作废', 'discarded'),
  };
  const rows = sweeps.map((sweep) => {
    // What is held was screened and never confirmed.
    const stageShown = sweep.state === 'held' ? 'screen' : 'final';
    const final = ledger.sweeps.counts(sweep.id).filter(({ stage }) => stage === stageShown);
    const count = (verdict: string): number =>
      final.filter((one) => one.verdict === verdict).reduce((sum, one) => sum + one.count, 0);
    const acts =
      sweep.state === 'held' && visit.may('approver')
        ? html`<p class="soft">${say('数字为初查结果，尚未确认。', 'Counts of the screening; none is confirmed.')}</p>!${visit.form(`/sweeps/${sweep.id}/release`, html`<button>${say('放行', 'Release')}</button>`, 'class="inline"')}!${visit.form(`/sweeps/${sweep.id}/discard`, html`<button class="grave">${say('作废', 'Discard')}</button>`, 'class="inline"')}`
        : '';
    return [
      html`${sweep.id}`,
      html`${words[sweep.kind]}`,
      html`<span class="badge ${sweep.state === 'held' ? 'fail' : 'none'}">${states[sweep.state]}</span> ${saidOf(visit, sweep.heldReason, sweep.heldReasonZh)}!${acts}`,
      timeHtml(sweep.startedAt),
      timeHtml(sweep.finishedAt),
      html`${sweep.judged.toLocaleString('en')} / ${sweep.total.toLocaleString('en')}`,
      ...VERDICTS.map((verdict) => html`${count(verdict).toLocaleString('en')}`),
    ];
  });
  return html`<p>!${KINDS.map((one) => html`<a href="/sweeps?kind=${one}" !${one === kind ? 'aria-current="true"' : ''}>${words[one]}</a>`).join(' · ')}</p>
!${held.length === 0 ? '' : html`<p class="said bad" role="alert">${say('熔断：失败突然增多，暂停确认，等待人工查看。多半是我们这边（网段表、解析器）出了问题。', 'The circuit breaker holds a sweep: failures jumped, so nothing of it is confirmed until somebody looks. Most often the fault is ours (range list, resolvers).')}</p>`}
!${tableHtml(['#', say('类型', 'Kind'), say('状态', 'State'), say('开始', 'Started'), say('结束', 'Ended'), say('已核查', 'Judged'), ...VERDICTS.map((verdict) => html`${verdictText(visit, verdict)}`)], rows, say('没有。', 'None.'), say('巡检记录', 'Sweeps'))}`;
}
