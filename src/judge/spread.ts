import { createHash } from 'node:crypto';

/** A steady offset for a site and check within `span`: the same site always falls into the same place; no two alike (R1.2). */
export function spread(siteId: number, checkId: string, span: number): number {
  if (span <= 0) return 0;
  const digest = createHash('md5').update(`${siteId}:${checkId}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 0x1_0000_0000) * span);
}
