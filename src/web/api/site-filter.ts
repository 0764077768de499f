import { z } from 'zod';
import { checks } from '../../checks/index.ts';
import type { SiteQuery } from '../../ledger/site-list-store.ts';
import { ApiFault } from './kit.ts';

/** Verdicts as the API names them. */
export const VERDICTS = ['pass', 'warn', 'fail', 'inconclusive'] as const;

/** What lists and rescans of sites are narrowed to. */
export const filterShape = {
  text: z
    .string()
    .max(200)
    .optional()
    .describe('a domain, a filing number (or their beginning), or a part of the subject’s name'),
  verdict: z.enum(VERDICTS).optional().describe('has a check with this verdict in force'),
  check: z
    .enum(checks.map(({ id }) => id) as [string, ...string[]])
    .optional()
    .describe('with verdict: the check it is about'),
  province: z.string().max(20).optional(),
  provider: z.string().max(60).optional(),
  state: z.enum(['active', 'access-cancelled', 'revoked']).optional(),
};

type Filter = z.infer<z.ZodObject<typeof filterShape>>;

/** A filter as the ledger takes it. */
export const queryOf = ({ text, verdict, check, province, provider, state }: Filter): SiteQuery => ({
  ...(text !== undefined && { text }),
  ...(verdict !== undefined && { verdict }),
  ...(check !== undefined && verdict !== undefined && { checkId: check }),
  ...(province !== undefined && { province }),
  ...(provider !== undefined && { provider }),
  ...(state !== undefined && { state }),
});

/** Throws ApiFault where a check stands without a verdict: it would narrow nothing. */
export function demandVerdict({ check, verdict }: Filter): void {
  if (check !== undefined && verdict === undefined)
    throw new ApiFault(400, 'check stands without verdict', 'give both, or neither: a check alone would be every site');
}
