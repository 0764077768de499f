import { z } from 'zod';
import { countUpTo, demandWhole, requestAll, sitesASecond } from '../rescan-filter.ts';
import { ApiFault, type ApiKit } from './kit.ts';
import { demandVerdict, filterShape, queryOf } from './site-filter.ts';
import { sitesOf } from './sites-of.ts';

const COUNTED = 20_000;
const MAX_SITES = 1000;
const MOST_SINGLE = 50;

/** Sites to be looked at again, ahead of the sweep. */
export function addRescanRoutes({ app, parts, needs, keyOf, audit }: ApiKit): void {
  const { ledger, config, log, now } = parts;
  const ask = needs('rescans:write', 'Ask for sites to be looked at again, ahead of the sweep', 'rescans');
  app.post(
    '/rescans',
    {
      config: ask.config,
      schema: {
        summary: ask.summary,
        tags: [ask.tag],
        body: z
          .strictObject({
            sites: z.array(z.string().max(300)).min(1).max(MAX_SITES).optional().describe('site numbers or domains'),
            filter: z.strictObject(filterShape).optional().describe('all active sites that pass; {} is every one'),
            dryRun: z.boolean().default(false).describe('only say how many it would be, and how long it would take'),
          })
          .refine(
            ({ sites, filter }) => (sites === undefined) !== (filter === undefined),
            'give either sites or filter',
          ),
        response: {
          200: z.object({
            sites: z.int(),
            more: z.boolean().describe('counted up to a limit: there are more'),
            minutes: z.number().nullable().describe('at the pace of the last runs; null: none known'),
            unknown: z.array(z.string()).describe('not in the ledger, or not active'),
            asked: z.boolean(),
          }),
        },
      },
    },
    async (request) => {
      const { sites, filter, dryRun } = request.body;
      const by = `key:${keyOf(request).name}`;
      const enabled = Object.values(config.settings.checks).filter((check) => check.enabled).length;
      const rate = sitesASecond(ledger, enabled);
      const minutes = (count: number): number | null => (rate === null ? null : Math.ceil(count / rate / 60));
      if (filter !== undefined) {
        const query = { ...queryOf(filter), state: 'active' };
        demandVerdict(filter);
        if (filter.state !== undefined && filter.state !== 'active')
          throw new ApiFault(
            400,
            `sites that are ${filter.state} are not looked at`,
            'leave state out: only active filings are re-checked (R15)',
          );
        demandWhole(ledger, query);
        const { count, more } = await countUpTo(ledger, query, COUNTED);
        if (!dryRun) {
          void requestAll(ledger, query, by, now()).catch((error: unknown) =>
            log.error({ error }, 'a bulk rescan could not be requested'),
          );
          audit(request, 'filter', JSON.stringify(filter));
        }
        return { sites: count, more, minutes: minutes(count), unknown: [], asked: !dryRun };
      }
      const found = new Set<number>();
      const unknown = (sites ?? []).filter((text) => {
        const active = sitesOf(ledger, text).filter((id) => ledger.sites.row(id)?.state === 'active');
        for (const id of active) found.add(id);
        return active.length === 0;
      });
      if (!dryRun && found.size > 0) {
        // A long list waits behind what people click.
        ledger.sweeps.requestRescan([...found], by, now(), found.size > MOST_SINGLE);
        audit(request, `${found.size} sites`, [...found].slice(0, 100).join(' '));
      }
      return {
        sites: found.size,
        more: false,
        minutes: minutes(found.size),
        unknown,
        asked: !dryRun && found.size > 0,
      };
    },
  );
  const waiting = needs('filings:read', 'Rescans that were asked for and have not begun', 'rescans');
  app.get(
    '/rescans',
    {
      config: waiting.config,
      schema: {
        summary: waiting.summary,
        tags: [waiting.tag],
        response: { 200: z.object({ single: z.int(), bulk: z.int() }).describe('counted up to 10,000 each') },
      },
    },
    () => ledger.sweeps.rescansWaiting(),
  );
}
