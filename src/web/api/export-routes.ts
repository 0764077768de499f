import { z } from 'zod';
import { STATES } from '../../cases/moves.ts';
import type { CaseState } from '../../cases/types.ts';
import { caseTable, Exports, FORMATS, siteTable } from '../exports.ts';
import { demandWhole } from '../rescan-filter.ts';
import type { ApiKit } from './kit.ts';
import { demandVerdict, filterShape, queryOf } from './site-filter.ts';

const ALL = Object.keys(STATES) as [CaseState, ...CaseState[]];
const params = z.object({ format: z.enum(FORMATS) });

/** Whole tables, or what a filter finds: CSV and NDJSON as a stream of any length, XLSX up to twenty thousand rows. No personal data in any. */
export function addExportRoutes({ app, parts, needs, audit, keyOf }: ApiKit): void {
  const exports = new Exports();
  const sites = needs('filings:read', 'Sites with the verdict of every check, as a file', 'exports');
  app.get(
    '/exports/sites.:format',
    {
      config: sites.config,
      exposeHeadRoute: false,
      schema: { summary: sites.summary, tags: [sites.tag], params, querystring: z.strictObject(filterShape) },
    },
    async (request, reply) => {
      const { format } = request.params;
      demandVerdict(request.query);
      demandWhole(parts.ledger, queryOf(request.query));
      const table = siteTable(parts.keeper, queryOf(request.query), 'machine');
      const sent = await exports.send(reply, table, format, String(keyOf(request).id));
      audit(request, 'export sites', `${format} ${JSON.stringify(request.query)}`);
      return sent;
    },
  );
  const cases = needs('cases:read', 'Cases, as a file', 'exports');
  app.get(
    '/exports/cases.:format',
    {
      config: cases.config,
      exposeHeadRoute: false,
      schema: {
        summary: cases.summary,
        tags: [cases.tag],
        params,
        querystring: z.strictObject({ state: z.enum(ALL).optional(), programme: z.string().max(60).optional() }),
      },
    },
    async (request, reply) => {
      const { format } = request.params;
      const { state, programme } = request.query;
      const filter = { ...(state !== undefined && { states: [state] }), ...(programme !== undefined && { programme }) };
      const sent = await exports.send(
        reply,
        caseTable(parts.keeper, filter, 'machine'),
        format,
        String(keyOf(request).id),
      );
      audit(request, 'export cases', `${format} ${JSON.stringify(request.query)}`);
      return sent;
    },
  );
}
