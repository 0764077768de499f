import { html } from 'ghtml';
import { STATES } from '../../cases/moves.ts';
import type { Evidence, Finding } from '../../checks/types.ts';
import { InputError } from '../../errors.ts';
import type { AuditBundle } from '../../judge/bundle.ts';
import type { SiteRecord } from '../../ledger/filings-store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { CheckState, VerdictRow } from '../../ledger/types.ts';
import { maskEmail, maskName, maskPhone } from '../../log.ts';
import { openFinding, openName } from '../../privacy/open-names.ts';
import { endOf, partsByNumber, snippetOf } from '../../view/snippet.ts';
import { describeFindings } from '../../view/verdict-view.ts';
import { dnsHtml, footerHtml, registrationHtml, tlsHtml } from './evidence.ts';
import { listHtml, queryOf, tableHtml, timeHtml, unmaskHtml, verdictHtml, verdictText } from './frame.ts';
import { type ConsoleKit, type ConsoleParts, demandReason, type Visit } from './kit.ts';
import { siteStateText } from './sites.ts';
import { checkTitle, evidenceOf, wordOf } from './words.ts';

const HISTORY = 20;
const WORST = ['fail', 'warn', 'inconclusive', 'pass'];
/** Stored artifacts larger than this are offered for download, not read into the page. */
const MAX_BUNDLE_BYTES = 2_000_000;
/** Signs of the end of a page. */
const PAGE_END = 800;

const idOf = (params: unknown): number => Number((params as { id: string }).id);

/** `/sites/:id`: one site, its verdicts over time, and the evidence they stand on. */
export function addSite(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/sites/:id',
    ({ say }, request) => {
      const host = parts.ledger.sites.firstHost(idOf(request.params));
      return say(`网站 ${host}`, `Site ${host}`);
    },
    (visit, request) => {
      const record = parts.ledger.filings.load(idOf(request.params));
      const past = Number(queryOf(request.query, ['verdict'])['verdict'] ?? 0);
      return record === null ? null : sitePage(parts, visit, record, { clear: false, past });
    },
  );
  kit.data('/sites/:id/mark', (_visit, request) => ({ mark: siteMark(parts, idOf(request.params)) }));
  kit.deed(
    '/sites/:id/rescan',
    'operator',
    'rescan',
    (request) => `/sites/${idOf(request.params)}`,
    (visit, _form, request) => {
      const record = demandSite(parts, idOf(request.params));
      if (record.state !== 'active')
        throw new InputError(
          `site ${record.filing.siteNumber} is ${record.state}`,
          'only active filings are re-checked (R15)',
          '该备案已不在有效状态，不再核查（R15）',
        );
      parts.ledger.sweeps.requestRescan([record.siteId], visit.admin.name, parts.now());
      return {
        to: `/sites/${record.siteId}`,
        said: visit.say('已请求复查，结果会自动显示在本页。', 'Asked for: the result arrives on this page by itself.'),
        object: `site ${record.filing.siteNumber}`,
      };
    },
  );
  kit.deed(
    '/sites/:id/unmask',
    'operator',
    'unmask',
    (request) => `/sites/${idOf(request.params)}`,
    (visit, form, request) => {
      const record = demandSite(parts, idOf(request.params));
      const reason = demandReason(visit, form['reason']);
      const body = sitePage(parts, visit, record, { clear: true, past: 0 });
      // Shown once, on this answer alone: the page itself stays masked.
      return {
        to: '',
        page: { title: record.filing.siteNumber, body },
        object: `site ${record.filing.siteNumber}`,
        detail: reason,
      };
    },
  );
  kit.data('/sites/:id/evidence/:verdict/:hash', (visit, request, reply) => {
    const { id, verdict, hash } = request.params as { id: string; verdict: string; hash: string };
    const { ledger } = parts;
    const owner = ledger.verdicts.siteOf(Number(verdict));
    const piece = ledger.evidence.listOfVerdict(Number(verdict)).find((one) => one.hash === hash);
    if (owner !== Number(id) || piece === undefined) return reply.callNotFound();
    const bytes = ledger.evidence.bytes(hash);
    if (bytes === null) return reply.callNotFound();
    if (piece.kind === 'screenshot') return reply.type('image/jpeg').send(bytes);
    // What a verdict was judged from names persons.
    if (!visit.may('operator')) return reply.code(403).send({});
    // Pages of strangers are never shown as pages of ours.
    kit.access.audit(visit.admin.name, 'download evidence', `verdict ${verdict}`, 'done', piece.name, parts.now());
    return reply
      .type('application/octet-stream')
      .header(
        'content-disposition',
        `attachment; filename="${hash.slice(0, 12)}-${piece.kind}.${piece.kind === 'artifacts' ? 'json' : 'txt'}"`,
      )
      .send(bytes);
  });
}

function demandSite({ ledger }: ConsoleParts, siteId: number): SiteRecord {
  const record = ledger.filings.load(siteId);
  if (record === null)
    throw new InputError(`no site ${siteId}`, 'it may have been deleted', '没有该网站，可能已被删除');
  return record;
}

/** Changes whenever a verdict of the site, or what waits for one, does. */
function siteMark({ ledger }: ConsoleParts, siteId: number): string {
  const states = ledger.verdicts
    .standing(siteId)
    .map(({ checkId, verdict, checkedAt, suspectLooks }) => [checkId, verdict, checkedAt, suspectLooks]);
  return JSON.stringify([states, ledger.sweeps.rescanOf(siteId)?.requestedAt ?? null]);
}

/** How the page is shown: persons in clear; a verdict of the past with its own evidence. */
interface Shown {
  clear: boolean;
  past: number;
}

function sitePage(parts: ConsoleParts, visit: Visit, record: SiteRecord, shown: Shown): string {
  const { ledger } = parts;
  const { say } = visit;
  const { filing } = record;
  const states = ledger.verdicts
    .standing(record.siteId)
    .sort((a, b) => WORST.indexOf(a.verdict ?? '') - WORST.indexOf(b.verdict ?? ''));
  const pieces = new Pieces();
  const waiting = ledger.sweeps.rescanOf(record.siteId);
  const looking = states.some(
    ({ suspectLooks, sweepId, judgedSweepId }) => suspectLooks > 0 || (sweepId !== null && judgedSweepId !== sweepId),
  );
  const rescanForm =
    visit.may('operator') && record.state === 'active'
      ? visit.form(`/sites/${record.siteId}/rescan`, html`<button>${say('立即复查', 'Look again now')}</button>`)
      : '';
  return html`<div data-live="site" data-news="${visit.say('核查结果已更新', 'The verdicts were renewed')}" data-mark="${siteMark(parts, record.siteId)}" data-mark-from="/sites/${record.siteId}/mark">
<p class="lead"><strong>${filing.domains.join(', ')}</strong> · ${filing.siteNumber} · ${record.siteName}</p>
!${waiting !== null || looking ? html`<p class="said" role="status">${waiting !== null ? say('已请求复查，等待开始。', 'A look was asked for.') : say('正在复查或确认，结果会自动显示。', 'Being looked at; the result arrives by itself.')}</p>` : ''}
!${rescanForm}
<div class="grid"><section class="card"><h2>${say('备案信息', 'Filing')}</h2>!${listHtml([
    [
      say('主体', 'Subject'),
      html`${shown.clear ? record.subjectName : openName(record.subjectName, filing.subjectKind)} <a href="/contacts/${encodeURIComponent(filing.subjectNumber)}">${filing.subjectNumber}</a>`,
    ],
    [say('域名', 'Domains'), html`${[...filing.domains, ...filing.hosts].join(', ')}`],
    [
      say('接入商', 'Access provider'),
      html`${filing.accessProvider}${filing.product === null ? '' : ` (${filing.product})`}`,
    ],
    [say('省份', 'Province'), html`${filing.province}`],
    [say('备案地址', 'Filed addresses'), html`${filing.filedAddresses.join(', ') || '—'}`],
    [say('状态', 'State'), html`${siteStateText(visit, record.state)}`],
    [say('审核通过', 'Approved'), html`${filing.approvedAt ?? '—'}`],
  ])}</section>
<section class="card"><h2>${say('负责人', 'Persons')}</h2>!${personsHtml(parts, visit, record, shown)}</section>
<section class="card"><h2>${say('整改单', 'Cases')}</h2>!${casesHtml(parts, visit, record)}</section></div>
<h2>${say('核查结果与证据', 'Verdicts and evidence')}</h2>
!${states.length === 0 ? html`<p class="soft">${say('没有核查项目。', 'No checks.')}</p>` : states.map((state, index) => checkHtml(parts, visit, record.siteId, state, { pieces, past: shown.past, open: index < 3 && state.verdict !== 'pass' })).join('')}</div>`;
}

function personsHtml({ ledger }: ConsoleParts, visit: Visit, { siteId }: SiteRecord, shown: Shown): string {
  const { say } = visit;
  const phoneOf = (text: string | null): string => (text === null ? '—' : shown.clear ? text : maskPhone(text));
  const mailOf = (text: string | null): string => (text === null ? '—' : shown.clear ? text : maskEmail(text));
  const name = (text: string | null): string => (text === null ? '—' : shown.clear ? text : maskName(text));
  const rows = ledger.contacts
    .ofSite(siteId)
    .map((person) => [
      html`${person.role === 'subject-head' ? say('主体负责人', 'subject head') : say('网站负责人', 'site head')}`,
      html`${name(person.name)}`,
      html`${phoneOf(person.phone)}`,
      html`${mailOf(person.email)}`,
    ]);
  const path = `/sites/${siteId}/unmask`;
  const unmask = shown.clear ? '' : unmaskHtml(visit, path);
  return html`!${tableHtml([say('角色', 'Role'), say('姓名', 'Name'), say('电话', 'Phone'), say('邮箱', 'Mail')], rows, say('导入数据中没有。', 'None in the import.'), say('负责人', 'Persons'))}!${unmask}`;
}

function casesHtml({ keeper, ledger }: ConsoleParts, { say, admin }: Visit, { siteId }: SiteRecord): string {
  const rows = ledger.cases
    .ofSite(siteId)
    .map((record) => [
      html`<a href="/cases/${record.code}">${record.code}</a>`,
      html`${keeper.rules.programmes.programmes[record.programme]?.title[admin.language] ?? record.programme}`,
      html`${say(STATES[record.state].zh, record.state)}`,
      timeHtml(record.deadlineAt),
    ]);
  return tableHtml(
    [say('案件码', 'Code'), say('项目', 'Programme'), say('阶段', 'Stage'), say('期限', 'Deadline')],
    rows,
    say('没有整改单。', 'None.'),
    say('整改单', 'Cases'),
  );
}

function checkHtml(
  parts: ConsoleParts,
  visit: Visit,
  siteId: number,
  state: CheckState,
  how: { past: number; open: boolean; pieces: Pieces },
): string {
  const { ledger } = parts;
  const { say } = visit;
  const history = ledger.verdicts.history(siteId, state.checkId, HISTORY);
  const past = history.find(({ id }) => id === how.past);
  const latest = past ?? history[0];
  const marks = [
    ...(state.shadow === 1 ? [say('影子模式', 'shadow')] : []),
    ...(state.suspectLooks === 0
      ? []
      : state.suspectFails > 0
        ? [say('初查未通过，待确认', 'did not pass at first sight, to be confirmed')]
        : [say('本次未能核实，将再次核查', 'could not be observed, to be looked at again')]),
  ];
  return html`<details class="check" !${how.open || past !== undefined ? 'open' : ''}><summary>!${verdictHtml(visit, state.verdict)} <strong>${checkTitle(visit, state.checkId)}</strong> <span class="soft">${state.checkId}</span> <span class="soft">${marks.join('，')}</span></summary>
!${listHtml([
    [say('起始时间', 'Since'), timeHtml(state.since)],
    [say('最近核查', 'Last looked at'), timeHtml(state.checkedAt)],
    [say('下次核查', 'Next look'), timeHtml(state.nextDueAt)],
  ])}
!${past === undefined ? '' : html`<p class="said">${say('以下为此前一次的结果与证据', 'An earlier verdict, with its evidence')}：!${timeHtml(past.observedAt)} <a href="/sites/${siteId}">${say('回到最新', 'To the latest')}</a></p>`}!${latest === undefined ? '' : verdictBody(parts, visit, siteId, latest, how)}
!${history.length < 2 ? '' : html`<h4>${say('历史', 'Over time')}</h4><ol class="over-time">!${history.map((row) => html`<li>!${verdictHtml(visit, row.verdict)} <a href="/sites/${siteId}?verdict=${row.id}">!${timeHtml(row.observedAt)}</a> <span class="soft">${(JSON.parse(row.findings) as Finding[]).map(({ code }) => code).join(', ')}</span></li>`).join('')}</ol>`}</details>`;
}

function verdictBody(
  { ledger }: ConsoleParts,
  visit: Visit,
  siteId: number,
  row: VerdictRow,
  how: { pieces: Pieces },
): string {
  const { say, admin } = visit;
  const findings = describeFindings(row.checkId, (JSON.parse(row.findings) as Finding[]).map(openFinding));
  const pieces = ledger.evidence.listOfVerdict(row.id);
  const link = (hash: string): string => `/sites/${siteId}/evidence/${row.id}/${hash}`;
  const bundlePiece = pieces.find(({ kind }) => kind === 'artifacts');
  const bundle =
    bundlePiece === undefined || bundlePiece.size > MAX_BUNDLE_BYTES
      ? null
      : how.pieces.bundle(ledger, bundlePiece.hash);
  const page = pieces.find(({ kind }) => kind === 'page');
  const numbers = findings.flatMap(({ numbers: own }) => own);
  const end = page === undefined || findings.length === 0 ? null : how.pieces.end(ledger, page.hash);
  // Where no number is on the page its end is what there is to see.
  const snippet = end === null ? null : (snippetOf(end, numbers) ?? end.slice(-PAGE_END).trim());
  const pictures = pieces.filter(({ kind }) => kind === 'screenshot');
  return html`!${findings
    .map(
      (
        finding,
      ) => html`<div class="finding"><h4>${finding.title[admin.language]} <span class="soft">${finding.code}</span></h4>
!${finding.awaits ? html`<p class="said">${say('疑似：须人工研判后才生效。', 'A suspicion: weighs nothing before a human rules.')} <a href="/suspicions">${say('去研判', 'Rule')}</a></p>` : ''}
!${finding.evidence.length === 0 ? '' : foldedEvidence(visit, finding.evidence)}
!${finding.remedy[admin.language] === '' ? '' : html`<p><strong>${say('整改办法', 'Remedy')}：</strong>${finding.remedy[admin.language]}</p>`}</div>`,
    )
    .join('')}
!${findings.length === 0 ? html`<p class="soft">${say('没有发现问题。', 'Nothing found.')}</p>` : ''}
<div class="side-by-side">!${bundle === null ? '' : html`!${dnsHtml(visit, bundle)}!${footerHtml(visit, bundle)}!${registrationHtml(visit, bundle)}!${tlsHtml(visit, bundle)}`}
!${snippet === null ? '' : html`<section><h4>${say('页面原文', 'As found on the page')}</h4><pre><code>!${markedHtml(snippet, numbers)}</code></pre></section>`}
!${pictures.map(({ hash }) => html`<section><h4>${say('截图', 'Screenshot')}</h4><a href="${link(hash)}"><img src="${link(hash)}" alt="${say('核查时的页面截图', 'The page as drawn')}" loading="lazy"></a></section>`).join('')}</div>
<details class="small"><summary>${say('判定依据的版本与证据文件', 'Versions it was judged by, and its evidence')}</summary>!${listHtml(
    [
      [say('结论', 'Verdict'), html`${verdictText(visit, row.verdict)}（${wordOf(visit, 'stage', row.stage)}）`],
      [say('算法', 'Algorithm'), html`${row.algorithmVersion}`],
      [say('网段表', 'Ranges'), html`${row.rangesVersion}`],
      [say('规则', 'Policy'), html`${row.policyVersion}`],
      ...(pieces.length === 0
        ? []
        : ([
            [
              say('证据', 'Evidence'),
              pieces
                .map(
                  ({ name, hash, size }) =>
                    html`!${visit.may('operator') ? html`<a href="${link(hash)}">${wordOf(visit, 'evidence', name)}</a>` : html`${wordOf(visit, 'evidence', name)}`} <span class="soft">${size.toLocaleString('en')} B · ${hash.slice(0, 12)}</span>`,
                )
                .join('<br>'),
            ],
          ] as [string, string][])),
    ],
  )}</details>`;
}

/** The numbers that were found, marked in the markup as it stood. */
const markedHtml = (text: string, numbers: string[]): string =>
  partsByNumber(text, numbers)
    .map(({ text: part, isNumber }) => (isNumber ? html`<mark>${part}</mark>` : html`${part}`))
    .join('');

/** Evidence of a finding; the many answers of resolvers, which the table beside shows too, are folded. */
function foldedEvidence(visit: Visit, evidence: readonly Evidence[]): string {
  const told = evidence.map((one) => evidenceOf(visit, one));
  const answers = told.filter((_, index) => /^\S+ @\S+$/.test(evidence[index]?.label ?? ''));
  const others = told.filter((one) => !answers.includes(one));
  const list = (lines: readonly Evidence[]): string =>
    lines.length === 0 ? '' : listHtml(lines.map(({ label, value }): [string, string] => [label, html`${value}`]));
  const folded =
    answers.length === 0
      ? ''
      : html`<details class="small"><summary>${visit.say(`各解析服务器的回答（${answers.length} 条）`, `What resolvers answered (${answers.length})`)}</summary>!${list(answers)}</details>`;
  return html`!${list(others)}!${folded}`;
}

/** What the checks of a look share is read once a page. */
class Pieces {
  readonly #bundles = new Map<string, AuditBundle | null>();
  readonly #ends = new Map<string, string | null>();

  bundle(ledger: Ledger, hash: string): AuditBundle | null {
    if (!this.#bundles.has(hash)) this.#bundles.set(hash, readBundle(ledger.evidence.bytes(hash)));
    return this.#bundles.get(hash) ?? null;
  }

  /** The end of a page as text. */
  end(ledger: Ledger, hash: string): string | null {
    if (!this.#ends.has(hash)) {
      const bytes = ledger.evidence.bytes(hash);
      this.#ends.set(hash, bytes === null ? null : endOf(bytes));
    }
    return this.#ends.get(hash) ?? null;
  }
}

function readBundle(bytes: Buffer | null): AuditBundle | null {
  if (bytes === null) return null;
  try {
    return JSON.parse(bytes.toString('utf8')) as AuditBundle;
  } catch {
    return null;
  }
}
