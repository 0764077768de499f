import { html } from 'ghtml';
import { originOf } from '../../config.ts';
import { tableHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';

/** Settings whose value is nobody's business. */
const SECRET = /secret|password|keyId|key$/i;

/** `/configuration`: what is set, and from where. */
export function addConfiguration(kit: ConsoleKit): void {
  kit.page(
    '/configuration',
    ({ say }) => say('配置（只读）', 'Configuration (read-only)'),
    (visit) => configurationPage(kit.parts, visit),
  );
}

function configurationPage({ config }: ConsoleParts, { say }: Visit): string {
  const rows = flatten(config.settings).map(([key, value]) => [
    html`<code>${key}</code>`,
    SECRET.test(key.split('.').at(-1) ?? '') && value !== 'null'
      ? html`<span class="soft">${say('已设置（不显示）', 'set (not shown)')}</span>`
      : html`<code>${value}</code>`,
    html`<span class="origin">${originOf(config, key)}</span>`,
  ]);
  return html`<p>${say('配置来自文件和环境变量，修改后重启生效。', 'Settings come from files and the environment; a restart takes changes up.')} <span class="soft">${config.origin.join(' < ')}</span></p>
!${tableHtml([say('键', 'Key'), say('值', 'Value'), say('来源', 'From')], rows, '', say('配置', 'Settings'))}`;
}

/** An address by its host alone: paths and queries of robots are keys, and users and passwords stand in those of queues. */
function openUrl(value: unknown): unknown {
  const url = typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? URL.parse(value) : null;
  return url === null || url.href === `${url.origin}/` ? value : `${url.protocol}//${url.host}/…`;
}

/** Settings as dotted keys; short lists stay one value. */
function flatten(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    return Object.entries(value).flatMap(([key, one]) => flatten(one, path === '' ? key : `${path}.${key}`));
  const text =
    JSON.stringify(value, (key, one: unknown) => (SECRET.test(key) && one !== null ? '***' : openUrl(one))) ?? 'null';
  return [[path, text.length > 300 ? `${text.slice(0, 300)}…` : text]];
}
