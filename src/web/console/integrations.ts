import { randomBytes } from 'node:crypto';
import { html } from 'ghtml';
import { beijingInstant } from '../../calendar/beijing-time.ts';
import { MOVES } from '../../cases/moves.ts';
import { InputError } from '../../errors.ts';
import { readWebhook } from '../../notify/case-webhooks.ts';
import { makeKey, SCOPES } from '../api/keys.ts';
import { tableHtml, timeHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';

/** `/access`: keys of other systems, and those who are told of case events. */
export function addIntegrations(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/access',
    ({ say }) => say('接口密钥与回调', 'API keys and webhooks'),
    (visit) => page(parts, visit),
  );
  kit.deed(
    '/access/keys',
    'approver',
    'make API key',
    () => '/access',
    (visit, form, request) => {
      const given = (request.body as { scope?: unknown }).scope;
      const scopes = (Array.isArray(given) ? given : [given]).filter((one): one is string => typeof one === 'string');
      const until = form['until'] ?? '';
      const expiresAt = until === '' ? null : beijingInstant(until, '24:00');
      if (expiresAt !== null && Number.isNaN(expiresAt))
        throw new InputError(
          `${until} is no date`,
          'write it like 2027-12-31',
          `${until} 不是日期，请按 2027-12-31 填写`,
        );
      const { name = '' } = form;
      const made = makeKey(
        parts.ledger.api,
        { name, scopes, by: visit.admin.name, role: visit.admin.role, expiresAt },
        parts.now(),
      );
      const body = html`<p class="said" role="status">${visit.say('密钥只显示这一次，请立即保存：', 'The key is shown this once; keep it now:')}</p><pre class="paste"><code>${made.key}</code></pre><p><a href="/access">${visit.say('返回', 'Back')}</a></p>`;
      return {
        to: '/access',
        page: { title: visit.say('新密钥', 'New key'), body },
        object: `key ${name}`,
        detail: scopes.join(' '),
      };
    },
  );
  kit.deed(
    '/access/keys/:id/revoke',
    'approver',
    'revoke API key',
    () => '/access',
    (visit, _form, request) => {
      const id = Number((request.params as { id: string }).id);
      const name = parts.ledger.api.keys().find((key) => key.id === id)?.name;
      if (name === undefined || !parts.ledger.api.revokeKey(id, parts.now()))
        throw new InputError(`no key ${id} in force`, 'open the page again', '没有该密钥，或已吊销，请刷新页面');
      return { to: '/access', said: visit.say('密钥已吊销。', 'Revoked.'), object: `key ${name}` };
    },
  );
  kit.deed(
    '/access/webhooks',
    'approver',
    'add webhook',
    () => '/access',
    (visit, form) => {
      const read = readWebhook({
        url: form['url'] ?? '',
        moves: (form['moves'] ?? '').split(/[\s,]+/).filter((one) => one !== ''),
      });
      const secret = randomBytes(32).toString('base64url');
      const id = parts.ledger.api.insertWebhook({ ...read, secret, createdBy: visit.admin.name }, parts.now());
      const body = html`<p class="said" role="status">${visit.say('签名密钥只显示这一次，请立即保存：', 'The signing secret is shown this once; keep it now:')}</p><pre class="paste"><code>${secret}</code></pre><p><a href="/access">${visit.say('返回', 'Back')}</a></p>`;
      return {
        to: '/access',
        page: { title: visit.say('新回调', 'New webhook'), body },
        object: `webhook ${id}`,
        detail: new URL(read.url).host,
      };
    },
  );
  kit.deed(
    '/access/webhooks/:id/remove',
    'approver',
    'remove webhook',
    () => '/access',
    (visit, _form, request) => {
      const id = Number((request.params as { id: string }).id);
      if (!parts.ledger.api.removeWebhook(id, parts.now()))
        throw new InputError(`no webhook ${id}`, 'open the page again', '没有该回调，或已删除，请刷新页面');
      parts.ledger.resolveAlert(`webhook-${id}`, parts.now());
      return { to: '/access', said: visit.say('回调已删除。', 'Removed.'), object: `webhook ${id}` };
    },
  );
}

function page({ ledger }: ConsoleParts, visit: Visit): string {
  const { say } = visit;
  const approver = visit.may('approver');
  const keys = ledger.api
    .keys()
    .map((key) => [
      html`${key.name}`,
      html`${key.scopes.join(', ')}`,
      html`${key.createdBy} !${timeHtml(key.createdAt)}`,
      timeHtml(key.lastUsedAt),
      key.revokedAt !== null
        ? html`<span class="badge none">${say('已吊销', 'revoked')}</span>`
        : key.expiresAt === null
          ? say('长期', 'no end')
          : timeHtml(key.expiresAt),
      approver && key.revokedAt === null
        ? html`<details><summary>${say('吊销', 'Revoke')}<span class="sr"> ${key.name}</span></summary><p class="soft">${say('使用它的系统会立即失去访问，不可恢复。', 'What uses it is cut off at once; it cannot be taken back.')}</p>!${visit.form(
            `/access/keys/${key.id}/revoke`,
            html`<button class="grave small">${say('确认吊销', 'Revoke it')}</button>`,
          )}</details>`
        : '',
    ]);
  const head = ledger.api.feedHead();
  const hooks = ledger.api
    .webhooks()
    .map((hook) => [
      html`${approver ? hook.url : new URL(hook.url).host}`,
      html`${hook.moves.join(', ') || say('全部', 'all')}`,
      html`${head - hook.cursor} ${say('条待推送', 'events behind')}`,
      html`${approver ? (hook.lastError ?? '') : hook.lastError === null ? '' : say('有错误', 'faults')}`,
      approver
        ? html`<details><summary>${say('删除', 'Remove')}<span class="sr"> ${hook.url}</span></summary><p class="soft">${say('未推送的事件不再推送。', 'What was not delivered yet is not delivered any more.')}</p>!${visit.form(
            `/access/webhooks/${hook.id}/remove`,
            html`<button class="grave small">${say('确认删除', 'Remove it')}</button>`,
          )}</details>`
        : '',
    ]);
  const keyPath = '/access/keys';
  const hookPath = '/access/webhooks';
  const forms = approver
    ? html`<div class="grid"><section class="card"><h2>${say('新建密钥', 'Make a key')}</h2>!${visit.form(
        keyPath,
        html`<p><label for="key-name">${say('名称（不可与已有的重复）', 'Name (none that is taken)')}</label><input id="key-name" name="name" value="${visit.typed(keyPath, 'name')}" maxlength="60" required></p>
<fieldset><legend>${say('权限', 'Scopes')}</legend>!${Object.entries(SCOPES)
          .map(
            ([scope, { zh, en }]) =>
              html`<p><label class="check"><input type="checkbox" name="scope" value="${scope}"> ${scope} <span class="soft">${say(zh, en)}</span></label></p>`,
          )
          .join('')}</fieldset>
<p><label for="key-until">${say('有效期至（可不填）', 'Good until (may be empty)')}</label><input id="key-until" name="until" type="date" value="${visit.typed(keyPath, 'until')}"></p><p><button>${say('新建', 'Make')}</button></p>`,
      )}</section>
<section class="card"><h2>${say('新建回调', 'Add a webhook')}</h2><p class="soft">${say('整改单有变化时推送，带签名，按顺序，至少一次。', 'Told of case events: signed, in order, at least once.')}</p>!${visit.form(
        hookPath,
        html`<p><label for="hook-url">URL</label><input id="hook-url" name="url" type="url" value="${visit.typed(hookPath, 'url')}" required></p><p><label for="hook-moves">${say('事件（空：全部）', 'Moves (empty: all)')}</label><input id="hook-moves" name="moves" value="${visit.typed(hookPath, 'moves')}" placeholder="opened recheck-passed" aria-describedby="hook-moves-list"></p>!${movesHtml(visit)}<p><button>${say('新建', 'Add')}</button></p>`,
      )}</section></div>`
    : html`<p class="soft">${say('新建和吊销需要审批人。', 'Making and revoking needs an approver.')}</p>`;
  return html`<p><a href="/api/v1/docs">${say('接口文档', 'The API, to be tried out')}</a> · <a href="/api/v1/openapi.json">OpenAPI 3.1</a></p>
<h2>${say('密钥', 'Keys')}</h2>!${tableHtml([say('名称', 'Name'), say('权限', 'Scopes'), say('创建', 'Made'), say('最近使用', 'Last used'), say('有效期', 'Good until'), ''], keys, say('没有。', 'None.'), say('密钥', 'Keys'))}
<h2>${say('回调', 'Webhooks')}</h2>!${tableHtml(['URL', say('事件', 'Moves'), say('进度', 'Progress'), say('最近错误', 'Last fault'), ''], hooks, say('没有。', 'None.'), say('回调', 'Webhooks'))}
!${forms}`;
}

/** The events there are, by their names. */
function movesHtml({ say }: Visit): string {
  const names = Object.keys(MOVES).map((move) => html`<code>${move}</code>`);
  return html`<details id="hook-moves-list"><summary>${say('事件名称（多个用空格分开）', 'Names of events (several: with spaces between)')}</summary><p class="soft">!${names.join('、 ')}</p></details>`;
}
