import { html } from 'ghtml';
import type { CaseKeeper } from '../../cases/keeper.ts';
import type { CaseRecord } from '../../cases/types.ts';
import type { CaseAct, Field } from '../case-acts.ts';
import { optionsHtml } from './frame.ts';
import type { Visit } from './kit.ts';

/** The form of one act on one case; grave ones are folded, and say what they do first. */
export function actForm(keeper: CaseKeeper, visit: Visit, record: CaseRecord, name: string, act: CaseAct): string {
  const { say } = visit;
  const path = `/cases/${record.code}/${name}`;
  const failed = act.fields.some((field) => visit.typed(path, field) !== '');
  const cancels = name === 'approve' && record.state === 'cancellation-asked';
  const known = cancels
    ? html`<p><label class="check"><input type="checkbox" name="irrevocable" value="yes" required> ${say('我知道取消接入不可撤回', 'I know that cancelling access cannot be taken back')}</label></p>`
    : '';
  // The same word must not stand for what can be taken back and what cannot.
  const label =
    name !== 'approve'
      ? say(act.zh, act.en)
      : cancels
        ? say('批准取消接入（不可撤回）', 'Approve cancelling access (irrevocable)')
        : say('批准限制访问', 'Approve restricting access');
  const button = html`!${known}<p><button class="!${act.grave === true ? 'grave' : ''}">${label}</button></p>`;
  const inner = html`<p class="soft">${say(act.effect.zh, act.effect.en)}</p>!${act.fields.map((field) => fieldHtml(keeper, visit, record, path, field)).join('')}!${button}`;
  if (act.fields.length === 0 && act.grave !== true) return html`<div class="act">!${visit.form(path, button)}</div>`;
  return html`<details class="act" !${failed ? 'open' : ''}><summary>${label}</summary>!${visit.form(path, inner)}</details>`;
}

function fieldHtml(keeper: CaseKeeper, visit: Visit, record: CaseRecord, path: string, field: Field): string {
  const { say } = visit;
  const id = `${path.split('/').at(-1)}-${field}`;
  const typed = visit.typed(path, field);
  const { extensionReasons, appealReasons } = keeper.rules.programmes;
  switch (field) {
    case 'reason':
      return html`<p><label for="${id}">${say('理由或说明', 'Reason')}</label><textarea id="${id}" name="reason" rows="2" maxlength="500" !${path.endsWith('/extend') || path.endsWith('/appeal') ? '' : 'required'}>${typed}</textarea></p>`;
    case 'date':
      return html`<p><label for="${id}">${say('新期限（当日 24:00 止）', 'New deadline (the end of that day)')}</label><input id="${id}" name="date" type="date" value="${typed}" required></p>`;
    case 'days': {
      const days = Array.from({ length: record.policy.extension.maxWorkingDays }, (_, index) => String(index + 1));
      return html`<p><label for="${id}">${say('工作日', 'Working days')}</label><select id="${id}" name="days">!${optionsHtml(
        days.map((day) => [day, day]),
        typed,
      )}</select></p>`;
    }
    case 'extension':
      return html`<p><label for="${id}">${say('延期原因', 'Why')}</label><select id="${id}" name="extension">!${optionsHtml(Object.entries(extensionReasons), typed)}</select></p>`;
    case 'appeal':
      return html`<p><label for="${id}">${say('申诉原因', 'Why')}</label><select id="${id}" name="appeal">!${optionsHtml(Object.entries(appealReasons), typed)}</select></p>`;
  }
}
