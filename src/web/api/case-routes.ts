import { z } from 'zod';
import { CaseDesk } from '../../cases/desk.ts';
import { isTerminal, STATES } from '../../cases/moves.ts';
import type { CaseRecord, CaseState } from '../../cases/types.ts';
import { InputError } from '../../errors.ts';
import { maskValue } from '../../log.ts';
import { eventBody } from '../../notify/case-webhooks.ts';
import { openFinding } from '../../privacy/open-names.ts';
import { caseDetail, caseSummary, findingTitle } from '../../view/case-summary.ts';
import { CASE_ACTS, type CaseAct, demandKnown, demandOffered } from '../case-acts.ts';
import { ApiFault, type ApiKit } from './kit.ts';
import { cursorOf, isoOf, nextShape, pageQuery, placeOf } from './paging.ts';
import { sitesOf } from './sites-of.ts';

const ALL = Object.keys(STATES) as [CaseState, ...CaseState[]];
const ACTS = Object.keys(CASE_ACTS) as [string, ...string[]];

const summaryShape = z.looseObject({
  code: z.string(),
  programme: z.string(),
  number: z.string(),
  domain: z.string().nullable(),
  state: z.enum(ALL),
  openedAt: z.string(),
  deadlineAt: z.string(),
  deadlineProvisional: z.boolean(),
  toldAt: z.string().nullable(),
  dryRun: z.boolean(),
});

/** Cases, what may be done to them, and the feed of their events. */
export function addCaseRoutes(kit: ApiKit): void {
  addReading(kit);
  addActing(kit);
  addFeed(kit);
}

function addReading({ app, parts, needs }: ApiKit): void {
  const { keeper, ledger } = parts;
  const list = needs('cases:read', 'Cases, soonest deadline first', 'cases');
  app.get(
    '/cases',
    {
      config: list.config,
      schema: {
        summary: list.summary,
        tags: [list.tag],
        querystring: z.strictObject({
          state: z.enum(ALL).optional().describe('default: all that have not ended'),
          programme: z.string().max(60).optional(),
          site: z
            .string()
            .max(300)
            .optional()
            .describe('a site number or filed domain: its cases, newest first, ended ones too'),
          ...pageQuery,
        }),
        response: { 200: z.object({ cases: z.array(summaryShape), next: nextShape }) },
      },
    },
    (request) => {
      const { state, programme = null, site, limit, cursor } = request.query;
      if (site !== undefined) {
        const records = sitesOf(ledger, site)
          .flatMap((id) => ledger.cases.ofSite(id))
          .filter(
            (one) =>
              (state === undefined || one.state === state) && (programme === null || one.programme === programme),
          );
        return { cases: records.slice(0, limit).map((record) => caseSummary(keeper, record)), next: null };
      }
      const states = state === undefined ? ALL.filter((one) => !isTerminal(one)) : [state];
      const { records, next } = ledger.cases.page(states, programme, placeOf(cursor), limit);
      return { cases: records.map((record) => caseSummary(keeper, record)), next: cursorOf(next) };
    },
  );
  const one = needs('cases:read', 'A case with findings, history, notices (masked) and acts', 'cases');
  app.get(
    '/cases/:code',
    {
      config: one.config,
      schema: {
        summary: one.summary,
        tags: [one.tag],
        params: z.object({ code: z.string().max(20) }),
        response: {
          200: summaryShape.extend({
            findings: z.array(z.looseObject({})),
            history: z.array(z.looseObject({})),
            notices: z.array(z.looseObject({})),
            enforcement: z.array(z.looseObject({})),
            offered: z.array(z.string()).describe('acts that are possible now'),
          }),
        },
      },
    },
    (request) => {
      const record = demandCase(kit(request.params.code));
      const { findings, history, enforcement, ...detail } = caseDetail(keeper, record);
      return {
        ...detail,
        findings: findings.map(openFinding).map((one) => ({
          ...one,
          title: findingTitle(keeper, one.checkId, one),
          firstSeenAt: isoOf(one.firstSeenAt),
          lastSeenAt: isoOf(one.lastSeenAt),
          clearedAt: isoOf(one.clearedAt),
        })),
        history: history.map((one) => ({ ...one, at: isoOf(one.at), data: maskValue(one.data) })),
        enforcement: enforcement.map((one) => ({
          ...one,
          createdAt: isoOf(one.createdAt),
          submittedAt: isoOf(one.submittedAt),
          settledAt: isoOf(one.settledAt),
          nextAt: isoOf(one.nextAt),
          lookAskedAt: isoOf(one.lookAskedAt),
        })),
        offered: ACTS.filter((name) => CASE_ACTS[name]?.offered(keeper, record)),
      };
    },
  );
  const kit = (code: string): [CaseRecord | null, string] => [ledger.cases.byCode(code), code];
}

/** What an act cannot do without. */
const REQUIRED: Record<string, (name: string, act: CaseAct) => boolean> = {
  reason: (name, { fields }) => fields.includes('reason') && name !== 'extend' && name !== 'appeal',
  date: (_name, { fields }) => fields.includes('date'),
  days: (_name, { fields }) => fields.includes('days'),
  extension: (_name, { fields }) => fields.includes('extension'),
  appeal: (_name, { fields }) => fields.includes('appeal'),
};

function demandCase([record, code]: [CaseRecord | null, string]): CaseRecord {
  if (record === null) throw new ApiFault(404, `no case ${code}`, 'GET /api/v1/cases lists the codes');
  return record;
}

function addActing({ app, parts, needs, keyOf, demand, audit }: ApiKit): void {
  const { keeper, ledger, now } = parts;
  const act = needs('cases:write', `Act on a case: ${ACTS.join(', ')}. Those of approvers need cases:decide`, 'cases');
  app.post(
    '/cases/:code/acts/:act',
    {
      config: act.config,
      schema: {
        summary: act.summary,
        tags: [act.tag],
        params: z.object({ code: z.string().max(20), act: z.enum(ACTS) }),
        body: z.strictObject({
          reason: z
            .string()
            .max(500)
            .optional()
            .describe('stands in the history; for appeals and deadlines it goes to the owner'),
          date: z.iso.date().optional().describe('deadline: the new one'),
          days: z.int().min(1).max(60).optional().describe('extend: working days'),
          extension: z.string().max(60).optional().describe('extend: a reason of config/programmes.yaml'),
          appeal: z.string().max(60).optional().describe('appeal: a reason of config/programmes.yaml'),
          irrevocable: z
            .boolean()
            .optional()
            .describe('approve: true where it is cancelling access, which cannot be taken back (R17.8)'),
        }),
        response: { 200: summaryShape },
      },
    },
    (request) => {
      const { code, act: name } = request.params;
      const definition = CASE_ACTS[name];
      if (definition === undefined) throw new ApiFault(404, `no act ${name}`, `one of: ${ACTS.join(', ')}`);
      if (definition.role === 'approver') demand(request, 'cases:decide');
      const record = demandCase([ledger.cases.byCode(code), code]);
      const { approvals } = parts.config.settings.enforcement;
      const needed = approvals[record.state === 'cancellation-asked' ? 'cancel-access' : 'restrict-access'];
      // Two persons are demanded, and a key is somebody's second hand.
      if (name === 'approve' && needed > 1)
        throw new InputError('two persons must approve here, and a key is none', 'approve in the console');
      for (const [field, wanted] of Object.entries(REQUIRED))
        if (wanted(name, definition) && (request.body[field as 'reason'] ?? '') === '')
          throw new ApiFault(400, `${name} needs ${field}`, `give "${field}" in the body`);
      demandOffered(keeper, record, definition);
      const { days, irrevocable, ...texts } = request.body;
      const form = {
        ...texts,
        ...(days !== undefined && { days: String(days) }),
        ...(irrevocable === true && { irrevocable: 'yes' }),
      } as Partial<Record<string, string>>;
      demandKnown(name, record, form);
      const actor = { kind: 'admin' as const, name: `key:${keyOf(request).name}` };
      ledger.transaction(() => {
        definition.act(new CaseDesk(keeper), record.code, form, actor, now());
        audit(request, `case ${record.code}`, `${name} ${texts.reason ?? ''}`);
      });
      return caseSummary(keeper, ledger.cases.get(record.id) ?? record);
    },
  );
}

function addFeed({ app, parts, needs }: ApiKit): void {
  const { ledger } = parts;
  const feed = needs(
    'webhooks:read',
    'Case events in their order: what webhooks are told, to be fetched instead',
    'events',
  );
  app.get(
    '/events',
    {
      config: feed.config,
      schema: {
        summary: feed.summary,
        tags: [feed.tag],
        querystring: z.strictObject({
          after: z.coerce.number().int().min(0).default(0).describe('id of the last event you have'),
          limit: pageQuery.limit,
        }),
        response: {
          200: z.object({
            events: z.array(z.looseObject({ id: z.int(), case: z.string(), move: z.string(), at: z.string() })),
          }),
        },
      },
    },
    (request) => ({
      events: ledger.api.feedAfter(request.query.after, request.query.limit).map((event) => eventBody(ledger, event)),
    }),
  );
}
