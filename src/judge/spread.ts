/** A steady offset for a site and check within `span`: the same site always falls into the same place, and sites lie evenly (R1.2). */
export function spread(siteId: number, checkId: string, span: number): number {
  if (span <= 0) return 0;
  let mixed = siteId | 0;
  for (let index = 0; index < checkId.length; index++)
    mixed = Math.imul(mixed ^ checkId.charCodeAt(index), 0x0100_0193);
  // Neighbours' offsets must not be neighbours (the last step of MurmurHash3).
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000) * span);
}
