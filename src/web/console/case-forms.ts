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
  const button = html`<p><button class="!${act.grave === true ? 'grave' : ''}">${say(act.zh, act.en)}</button></p>`;
  const inner = html`<p class="soft">${say(act.effect.zh, act.effect.en)}</p>!${act.fields.map((field) => fieldHtml(keeper, visit, record, path, field)).join('')}!${button}`;
  if (act.fields.length === 0 && act.grave !== true) return html`<div class="act">!${visit.form(path, button)}</div>`;
  return html`<details class="act" !${failed ? 'open' : ''}><summary>${say(act.zh, act.en)}</summary>!${visit.form(path, inner)}</details>`;
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
