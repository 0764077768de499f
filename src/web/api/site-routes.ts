import { setImmediate } from 'node:timers/promises';
import { z } from 'zod';
import type { Finding } from '../../checks/types.ts';
import { FIELDS, type Field } from '../../filing/columns.ts';
import { type FilingRow, validateRow } from '../../filing/validate-row.ts';
import type { SiteRecord, UpsertOutcome } from '../../ledger/filings-store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openFinding, openName } from '../../privacy/open-names.ts';
import { providerNames } from '../../provider/provider-names.ts';
import { describeFindings } from '../../view/verdict-view.ts';
import { ApiFault, type ApiKit } from './kit.ts';
import { cursorOf, isoOf, nextShape, pageQuery, placeOf } from './paging.ts';
import { demandVerdict, filterShape, queryOf, VERDICTS } from './site-filter.ts';
import { sitesOf } from './sites-of.ts';

const MAX_ROWS = 1000;
/** Filings written in one transaction: the worker goes on in between. */
const ROWS_AT_ONCE = 100;

const rowShape = z.object({
  siteNumber: z.string(),
  name: z.string(),
  domain: z.string(),
  subjectName: z.string(),
  province: z.string(),
  accessProvider: z.string(),
  state: z.string(),
});

const findingShape = z.object({
  code: z.string(),
  severity: z.string(),
  title: z.object({ zh: z.string(), en: z.string() }),
  remedy: z.object({ zh: z.string(), en: z.string() }),
  evidence: z.array(z.object({ label: z.string(), value: z.string() })),
  awaitsHuman: z.boolean().describe('a suspicion: weighs nothing before a human rules'),
});

const siteShape = rowShape.extend({
  subjectNumber: z.string(),
  domains: z.array(z.string()),
  filedAddresses: z.array(z.string()),
  approvedAt: z.string().nullable(),
  rescanAskedAt: z.string().nullable().describe('a look was asked for and has not begun'),
  checks: z.array(
    z.object({
      check: z.string(),
      verdict: z.enum(VERDICTS).nullable(),
      since: z.string().nullable(),
      checkedAt: z.string().nullable(),
      nextLookAt: z.string().nullable(),
      shadow: z.boolean(),
      findings: z.array(findingShape),
      verdictId: z.int().nullable(),
      evidence: z
        .array(z.object({ name: z.string(), kind: z.string(), bytes: z.int(), hash: z.string() }))
        .describe('what the verdict stands on: GET /sites/{number}/evidence/{verdictId}/{hash}'),
    }),
  ),
  persons: z
    .array(
      z.object({
        role: z.string(),
        name: z.string().nullable(),
        phone: z.string().nullable(),
        email: z.string().nullable(),
      }),
    )
    .optional(),
});

/** Filings with their verdicts and evidence. */
export function addSiteRoutes(kit: ApiKit): void {
  addReading(kit);
  addEvidence(kit);
  addWriting(kit);
}

function addReading({ app, parts, needs, demand, audit }: ApiKit): void {
  const { ledger } = parts;
  const list = needs('filings:read', 'Sites, a page at a time', 'filings');
  app.get(
    '/sites',
    {
      config: list.config,
      schema: {
        summary: list.summary,
        tags: [list.tag],
        querystring: z.strictObject({ ...filterShape, ...pageQuery }),
        response: {
          200: z.object({
            sites: z.array(
              rowShape.extend({
                verdicts: z.record(z.string(), z.enum(VERDICTS)).describe('by check; those in force'),
                checkedAt: z.string().nullable().describe('the last look'),
              }),
            ),
            next: nextShape,
            partial: z
              .boolean()
              .describe(
                'the search stopped at its budget: go on with next; with a text and no next, too many match: give more of it',
              ),
          }),
        },
      },
    },
    (request) => {
      const { limit, cursor } = request.query;
      demandVerdict(request.query);
      const page = ledger.sites.page(queryOf(request.query), placeOf(cursor), limit);
      const sites = page.rows.map(
        ({ id, host, siteNumber, name, subjectName, subjectKind, province, accessProvider, state }) => {
          const states = ledger.verdicts.standing(id).filter(({ nextDueAt }) => nextDueAt !== null);
          const looked = states.flatMap(({ checkedAt }) => checkedAt ?? []);
          return {
            siteNumber,
            name,
            domain: host,
            subjectName: openName(subjectName, subjectKind),
            province,
            accessProvider,
            state,
            verdicts: Object.fromEntries(
              states.flatMap(({ checkId, verdict }) => (verdict === null ? [] : [[checkId, verdict] as const])),
            ),
            checkedAt: isoOf(looked.length === 0 ? null : Math.max(...looked)),
          };
        },
      );
      return { sites, next: cursorOf(page.next), partial: page.stopped || page.truncated };
    },
  );
  const one = needs('filings:read', 'A site with its verdicts, findings and evidence', 'filings');
  app.get(
    '/sites/:number',
    {
      config: one.config,
      schema: {
        summary: one.summary,
        tags: [one.tag],
        params: z.object({
          number: z.string().describe('the site number, like 京ICP备12345678号-1, or a filed domain'),
        }),
        querystring: z.strictObject({
          persons: z
            .enum(['true', 'false'])
            .default('false')
            .describe('persons in clear; needs personal:read and stands in the audit log'),
        }),
        response: { 200: siteShape },
      },
    },
    (request) => {
      const record = siteByNumber(ledger, request.params.number);
      if (request.query.persons !== 'true') return siteBody(ledger, record);
      demand(request, 'personal:read');
      audit(request, `site ${record.filing.siteNumber}`, 'persons in clear');
      return { ...siteBody(ledger, record), persons: ledger.contacts.ofSite(record.siteId) };
    },
  );
}

function addEvidence({ app, parts, needs, demand, audit }: ApiKit): void {
  const { ledger } = parts;
  const piece = needs(
    'filings:read',
    'The bytes of a piece of evidence, as they were kept; needs personal:read, since they name persons',
    'filings',
  );
  app.get(
    '/sites/:number/evidence/:verdict/:hash',
    {
      config: piece.config,
      schema: {
        summary: piece.summary,
        tags: [piece.tag],
        params: z.object({
          number: z.string(),
          verdict: z.coerce.number().int(),
          hash: z.string().regex(/^[0-9a-f]{64}$/),
        }),
      },
    },
    (request, reply) => {
      const { number, verdict, hash } = request.params;
      const record = siteByNumber(ledger, number);
      const belongs =
        ledger.verdicts.siteOf(verdict) === record.siteId &&
        ledger.evidence.listOfVerdict(verdict).some((one) => one.hash === hash);
      const bytes = belongs ? ledger.evidence.bytes(hash) : null;
      if (bytes === null)
        throw new ApiFault(404, 'no such evidence of this site', 'GET the site: `evidence` lists what is kept');
      demand(request, 'personal:read');
      audit(request, `site ${record.filing.siteNumber}`, `evidence ${hash.slice(0, 12)}`);
      // Pages of strangers are bytes here, never pages of ours.
      return reply
        .type('application/octet-stream')
        .header('content-disposition', `attachment; filename="${hash.slice(0, 12)}"`)
        .send(bytes);
    },
  );
}

/** The site of a number or a filed domain. Throws ApiFault where there is none, or the domain stands in several filings. */
function siteByNumber(ledger: Ledger, text: string): SiteRecord {
  const records = sitesOf(ledger, text).flatMap((id) => ledger.filings.load(id) ?? []);
  const active = records.filter(({ state }) => state === 'active');
  const found = active.length > 0 ? active : records;
  const [record, ...others] = found;
  if (record === undefined)
    throw new ApiFault(
      404,
      `no site ${text}`,
      'give a site number of the ledger, like 京ICP备12345678号-1, or a domain',
    );
  if (others.length > 0)
    throw new ApiFault(
      409,
      `${text} stands in ${found.length} filings`,
      `give a site number: ${found.map(({ filing }) => filing.siteNumber).join(', ')}`,
    );
  return record;
}

function siteBody(ledger: Ledger, record: SiteRecord): z.infer<typeof siteShape> {
  const { filing, siteId } = record;
  return {
    siteNumber: filing.siteNumber,
    subjectNumber: filing.subjectNumber,
    name: record.siteName,
    domain: filing.domains[0] ?? '',
    domains: [...filing.domains, ...filing.hosts],
    subjectName: openName(record.subjectName, filing.subjectKind),
    province: filing.province,
    accessProvider: filing.accessProvider,
    filedAddresses: filing.filedAddresses,
    approvedAt: filing.approvedAt,
    state: record.state,
    rescanAskedAt: isoOf(ledger.sweeps.rescanOf(siteId)?.requestedAt ?? null),
    checks: ledger.verdicts.standing(siteId).map((state) => {
      const [latest] = ledger.verdicts.history(siteId, state.checkId, 1);
      const findings = latest === undefined ? [] : (JSON.parse(latest.findings) as Finding[]);
      return {
        check: state.checkId,
        verdict: state.verdict,
        since: isoOf(state.since),
        checkedAt: isoOf(state.checkedAt),
        nextLookAt: isoOf(state.nextDueAt),
        shadow: state.shadow === 1,
        verdictId: latest?.id ?? null,
        evidence: (latest === undefined ? [] : ledger.evidence.listOfVerdict(latest.id)).map(
          ({ name, kind, size, hash }) => ({ name, kind, bytes: size, hash }),
        ),
        findings: describeFindings(state.checkId, findings.map(openFinding)).map(
          ({ code, severity, title, remedy, evidence, awaits }) => ({
            code,
            severity,
            title,
            remedy,
            evidence,
            awaitsHuman: awaits,
          }),
        ),
      };
    }),
  };
}

/** Columns that hold several values. */
const LISTS: ReadonlySet<string> = new Set(['domains', 'hosts', 'addresses', 'shareholders', 'otherProviders']);
const MAX_CELL = 4000;

/** A row's cells as texts; lists as GET gives them are taken too. What is no text, or no column, is a problem of that row alone. */
function textsOf(given: Record<string, unknown>): {
  texts: Partial<Record<Field, string>>;
  problems: { field: string; value: string; remedy: string }[];
} {
  const texts: Partial<Record<Field, string>> = {};
  const problems: { field: string; value: string; remedy: string }[] = [];
  for (const [field, value] of Object.entries(given)) {
    const known = FIELDS.find((one) => one === field);
    const text =
      Array.isArray(value) && LISTS.has(field) && value.every((one) => typeof one === 'string')
        ? value.join(';')
        : value === null
          ? ''
          : value;
    if (known === undefined)
      problems.push({
        field: field.slice(0, 60),
        value: '',
        remedy: 'there is no such field: /api/v1/docs lists them',
      });
    else if (typeof text !== 'string' || text.length > MAX_CELL)
      problems.push({
        field,
        value: '',
        remedy: LISTS.has(field) ? 'give a text, or a list of texts' : `give a text of at most ${MAX_CELL} characters`,
      });
    else texts[known] = text;
  }
  return { texts, problems };
}

function addWriting({ app, parts, needs, audit }: ApiKit): void {
  const { ledger, config, ranges, now } = parts;
  const write = needs(
    'filings:write',
    'Insert or update filings; good rows are kept whatever the others are',
    'filings',
  );
  // Read a row at a time: one that cannot be read must not cost the others.
  const cells = z.looseObject(
    Object.fromEntries(
      FIELDS.map((field) => [
        field,
        z
          .unknown()
          .optional()
          .describe(LISTS.has(field) ? 'a text separated by ; or a list of texts' : 'a text'),
      ]),
    ),
  );
  app.post(
    '/filings',
    {
      config: write.config,
      schema: {
        summary: write.summary,
        tags: [write.tag],
        body: z.array(cells).min(1).max(MAX_ROWS),
        response: {
          200: z.object({
            created: z.int(),
            updated: z.int(),
            unchanged: z.int(),
            rejected: z.array(z.object({ row: z.int(), field: z.string(), value: z.string(), remedy: z.string() })),
          }),
        },
      },
    },
    async (request) => {
      const defaults = {
        accessProvider: config.settings.accessProvider,
        providers: providerNames(ranges?.lists ?? []),
      };
      const rejected: { row: number; field: string; value: string; remedy: string }[] = [];
      const rows: FilingRow[] = [];
      for (const [row, given] of request.body.entries()) {
        const { texts, problems } = textsOf(given);
        if (problems.length > 0) {
          for (const problem of problems) rejected.push({ row, ...problem });
          continue;
        }
        const read = validateRow(texts, defaults);
        if (read.ok) rows.push(read.row);
        else for (const { field, value, remedy } of read.problems) rejected.push({ row, field, value, remedy });
      }
      const startedAt = now();
      const outcomes: UpsertOutcome[] = [];
      for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
        outcomes.push(...ledger.upsertFilings(rows.slice(from, from + ROWS_AT_ONCE), startedAt));
        await setImmediate();
      }
      const count = (result: string): number => outcomes.filter((one) => one.result === result).length;
      audit(request, `${rows.length} filings`, `${rejected.length} problems`);
      return { created: count('created'), updated: count('updated'), unchanged: count('unchanged'), rejected };
    },
  );
}
