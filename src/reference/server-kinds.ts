import { z } from 'zod';
import { dataHead } from './data-file.ts';

/** `config/data/server-kinds.yaml` (R14, S1 §5.1). */
export const serverKindsShape = z.strictObject({
  ...dataHead,
  kinds: z.record(
    z.string(),
    z.strictObject({ zh: z.string(), minLeaseMonths: z.int().min(0), filingCodes: z.int().min(0) }),
  ),
});

/** What a kind of server must be bought for, and how many sites it may file. */
export type ServerKind = z.infer<typeof serverKindsShape>['kinds'][string];
