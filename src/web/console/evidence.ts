import { html } from 'ghtml';
import { stateZh } from '../../checks/evidence-words.ts';
import type { AuditBundle } from '../../judge/bundle.ts';
import { listHtml, tableHtml, timeHtml } from './frame.ts';
import type { Visit } from './kit.ts';
import { reasonOf, wordOf } from './words.ts';

/** Answers shown a host: enough to see who disagrees. */
const MAX_ANSWERS = 24;
const MAX_NUMBERS = 10;

/** When something ends, as Beijing time; what cannot be read as a time stays as it was found. */
function dateHtml(text: string | null): string {
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? html`${text ?? '—'}` : timeHtml(at);
}

/** What each resolver answered, the chain it walked, and whose range the address lies in. */
export function dnsHtml(visit: Visit, { artifacts, ownership }: AuditBundle): string {
  const { say } = visit;
  const dns = artifacts.dns;
  if (dns === undefined) return '';
  const title = html`<h4>${say('解析', 'DNS')}</h4>`;
  if (!dns.ok) return html`<section>!${title}<p>${reasonOf(visit, dns.failure.message)}</p></section>`;
  const owner = (address: string): string => {
    const found = ownership.addresses[address];
    // Not looked up is not the same as looked up in vain.
    if (found === undefined) return '';
    if (found === null) return say('不在网段表中', 'in no list');
    const side = found.mainland === null ? '' : found.mainland ? say('境内', 'mainland') : say('境外', 'overseas');
    return `${found.provider} ${found.range} ${side}`;
  };
  const rows = dns.value.hosts.flatMap(({ host, answers }) =>
    answers.slice(0, MAX_ANSWERS).map((answer) => {
      const addresses = [...answer.a, ...answer.aaaa];
      return [
        html`${host}`,
        html`${answer.resolver}`,
        html`${wordOf(visit, 'dns', answer.outcome)}${answer.detail === undefined ? '' : ` (${reasonOf(visit, answer.detail)})`}`,
        html`${answer.cnames.join(' → ') || '—'}`,
        addresses.map((address) => html`${address} <span class="soft">${owner(address)}</span>`).join('<br>') || '—',
      ];
    }),
  );
  return html`<section>!${title}!${tableHtml([say('域名', 'Host'), say('解析器', 'Resolver'), say('结果', 'Outcome'), say('CNAME 链', 'CNAME chain'), say('地址与归属网段', 'Address and matched range')], rows, say('没有回答。', 'No answers.'), say('各解析器的回答', 'Answers per resolver'))}</section>`;
}

/** The numbers a person sees on the page, and where their links lead. */
export function footerHtml(visit: Visit, { artifacts }: AuditBundle): string {
  const { say } = visit;
  const page = artifacts.rendered?.ok === true ? artifacts.rendered.value : null;
  const source = artifacts.page?.ok === true ? artifacts.page.value.document : null;
  const document = page ?? source;
  if (artifacts.page === undefined && artifacts.rendered === undefined) return '';
  const title = html`<h4>${say('页面', 'Page')}</h4>`;
  if (document === null) {
    const failure =
      artifacts.page?.ok === false
        ? reasonOf(visit, artifacts.page.failure.message)
        : say('没有读到页面。', 'No page was read.');
    return html`<section>!${title}<p>${failure}</p></section>`;
  }
  const { facts } = document;
  const rows = facts.icpNumbers
    .slice(0, MAX_NUMBERS)
    .map((shown) => [
      html`<mark>${shown.text}</mark>`,
      html`${shown.inFooter ? say('是', 'yes') : say('否', 'no')}`,
      html`${wordOf(visit, 'link', shown.link)}${shown.href === null ? '' : ` ${shown.href.slice(0, 120)}`}`,
      html`${shown.context}`,
    ]);
  return html`<section>!${title}!${listHtml([
    [say('地址', 'Address'), html`${document.url} (${document.status})`],
    [say('标题', 'Title'), html`${facts.title.slice(0, 200)}`],
    [say('公安备案号', 'Police numbers'), html`${facts.policeNumbers.map(({ text }) => text).join(', ') || '—'}`],
  ])}!${tableHtml([say('页面上的备案号', 'Number shown'), say('在页脚', 'In footer'), say('链接', 'Link'), say('上下文', 'Context')], rows, say('页面上没有备案号。', 'No filing number is shown.'), say('备案号', 'Numbers'))}</section>`;
}

/** What the registries said. */
export function registrationHtml(visit: Visit, { artifacts }: AuditBundle): string {
  const { say } = visit;
  const registration = artifacts.registration;
  if (registration === undefined) return '';
  const title = html`<h4>${say('域名注册', 'Registration')}</h4>`;
  if (!registration.ok)
    return html`<section>!${title}<p>${reasonOf(visit, registration.failure.message)}</p></section>`;
  const rows = registration.value.domains.map(({ domain, registry, artifact }) => {
    const facts = artifact.ok ? artifact.value : null;
    return [
      html`${domain}`,
      html`${registry}`,
      html`${artifact.ok ? (facts?.found === true ? say('已注册', 'found') : facts?.found === 'refused' ? say('被拒绝', 'refused') : say('未注册', 'not found')) : reasonOf(visit, artifact.failure.message)}`,
      dateHtml(facts?.expiresAt ?? null),
      html`${facts?.registrar ?? '—'}`,
      html`${facts?.statuses.map((status) => say(stateZh(status), status)).join(say('、', ', ')) ?? ''}`,
    ];
  });
  return html`<section>!${title}!${tableHtml([say('域名', 'Domain'), say('注册局', 'Registry'), say('结果', 'Answer'), say('到期', 'Expires'), say('注册商', 'Registrar'), say('状态', 'Status')], rows, say('没有查询。', 'Not asked.'), say('注册信息', 'Registration'))}</section>`;
}

/** What TLS handshakes showed. */
export function tlsHtml({ say }: Visit, { artifacts }: AuditBundle): string {
  const tls = artifacts.tls;
  if (tls === undefined || !tls.ok || tls.value.handshakes.length === 0) return '';
  const rows = tls.value.handshakes.map((one) => [
    html`${one.host} ${one.address}`,
    html`${one.protocol ?? '—'}`,
    html`${one.trusted ? say('可信', 'trusted') : (one.problem ?? say('不可信', 'not trusted'))}`,
    dateHtml(one.validTo ?? null),
  ]);
  return html`<section><h4>TLS</h4>!${tableHtml([say('主机', 'Host'), say('协议', 'Protocol'), say('证书', 'Certificate'), say('有效期至', 'Valid to')], rows, '—', 'TLS')}</section>`;
}
