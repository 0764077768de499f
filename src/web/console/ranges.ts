import { html } from 'ghtml';
import { parseAddress } from '../../provider/address.ts';
import { queryOf, tableHtml } from './frame.ts';
import type { ConsoleKit, ConsoleParts, Visit } from './kit.ts';

/** `/ranges`: the lists judgements rest on, and whose an address is. */
export function addRanges(kit: ConsoleKit): void {
  kit.page(
    '/ranges',
    ({ say }) => say('服务商网段', 'Provider ranges'),
    (visit, request) => rangesPage(kit.parts, visit, request.query),
  );
}

function rangesPage({ ranges, config, now }: ConsoleParts, visit: Visit, given: unknown): string {
  const { say, admin } = visit;
  const { address } = queryOf(given, ['address']);
  const lists = ranges?.lists ?? [];
  const { maxAgeMs } = config.settings.ranges;
  const rows = lists.map((list) => {
    const old = now() - Date.parse(list.date) > maxAgeMs;
    return [
      html`${list.id}`,
      html`${list.name[admin.language]}`,
      html`${list.date} !${old ? html`<span class="badge warn">${say('过期', 'old')}</span>` : ''}`,
      html`${list.ranges.length.toLocaleString('en')}`,
      html`${list.cnames.length.toLocaleString('en')}`,
      html`${list.source}`,
    ];
  });
  const problems = (ranges?.problems ?? [])
    .slice(0, 50)
    .map((one) => [html`${one.file}`, html`${one.line}`, html`${one.value}`, html`${one.remedy}`]);
  return html`<form method="get" action="/ranges" class="filters" role="search"><p class="grow"><label for="f-address">${say('这个地址或 CNAME 属于谁？', 'Whose is this address or CNAME?')}</label><input id="f-address" name="address" value="${address ?? ''}" required></p><p><button>${say('查询', 'Look up')}</button></p></form>
!${address === undefined ? '' : whoseHtml({ ranges }, visit, address)}
<p class="soft">${say('版本', 'Version')} ${ranges?.table.version ?? '—'}</p>
!${tableHtml(['ID', say('服务商', 'Provider'), say('数据日期', 'Date'), say('网段', 'Ranges'), 'CNAME', say('来源', 'Source')], rows, say('没有网段表。', 'No lists.'), say('网段表', 'Lists'))}
!${problems.length === 0 ? '' : html`<h2>${say('不能使用的行', 'Lines that cannot be used')}</h2>!${tableHtml([say('文件', 'File'), say('行', 'Line'), say('值', 'Value'), say('改法', 'Remedy')], problems, '', say('问题', 'Problems'))}`}`;
}

function whoseHtml({ ranges }: Pick<ConsoleParts, 'ranges'>, { say }: Visit, text: string): string {
  const table = ranges?.table;
  if (table === undefined) return '';
  const parsed = parseAddress(text);
  const name = text.toLowerCase().replace(/\.$/, '');
  if (parsed === null && !/^(?=.{1,253}$)([\p{L}\p{N}_-]{1,63}\.)+[\p{L}\p{N}-]{2,63}$/u.test(name))
    return html`<p class="said bad" role="alert">${text}：${say('不是 IP 地址，也不是域名。请按 47.92.0.10、2408:4000::1 或 example.cname.cn 填写。', 'neither an address nor a name. Write it like 47.92.0.10, 2408:4000::1 or example.cname.cn.')}</p>`;
  const owner = parsed === null ? table.whoseName(name) : table.whoseAddress(text);
  if (owner === null) return html`<p class="said">${text}：${say('不在任何网段表中。', 'in no list.')}</p>`;
  const side =
    owner.mainland === null
      ? say('未知', 'unknown')
      : owner.mainland
        ? say('境内', 'mainland')
        : say('境外', 'overseas');
  return html`<p class="said">${text}：<strong>${owner.provider}</strong> ${owner.product ?? ''} ${owner.region ?? ''} · ${side} · ${owner.range}</p>`;
}
