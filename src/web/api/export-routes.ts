import { z } from 'zod';
import { STATES } from '../../cases/moves.ts';
import type { CaseState } from '../../cases/types.ts';
import { caseRows, Exports, FILE_TYPES, FORMATS, siteRows } from '../exports.ts';
import { demandWhole } from '../rescan-filter.ts';
import type { ApiKit } from './kit.ts';
import { demandVerdict, filterShape, queryOf } from './site-filter.ts';

const ALL = Object.keys(STATES) as [CaseState, ...CaseState[]];
const params = z.object({ format: z.enum(FORMATS) });

/** Whole tables, or what a filter finds: CSV and NDJSON as a stream of any length, XLSX up to twenty thousand rows. No personal data in any. */
export function addExportRoutes({ app, parts, needs, audit }: ApiKit): void {
  const exports = new Exports();
  const sites = needs('filings:read', 'Sites with the verdict of every check, as a file', 'exports');
  app.get(
    '/exports/sites.:format',
    {
      config: sites.config,
      schema: { summary: sites.summary, tags: [sites.tag], params, querystring: z.strictObject(filterShape) },
    },
    async (request, reply) => {
      const { format } = request.params;
      demandVerdict(request.query);
      demandWhole(parts.ledger, queryOf(request.query));
      const file = await exports.file(siteRows(parts.keeper, queryOf(request.query)), format, 'sites', 'machine');
      audit(request, 'export sites', `${format} ${JSON.stringify(request.query)}`);
      return reply
        .type(FILE_TYPES[format])
        .header('content-disposition', `attachment; filename="sites.${format}"`)
        .send(file);
    },
  );
  const cases = needs('cases:read', 'Cases, as a file', 'exports');
  app.get(
    '/exports/cases.:format',
    {
      config: cases.config,
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
      const file = await exports.file(caseRows(parts.keeper, filter, 'machine'), format, 'cases', 'machine');
      audit(request, 'export cases', `${format} ${JSON.stringify(request.query)}`);
      return reply
        .type(FILE_TYPES[format])
        .header('content-disposition', `attachment; filename="cases.${format}"`)
        .send(file);
    },
  );
}
