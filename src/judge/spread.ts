/**
 * A steady offset for a site within `span`: the same site always falls into the same place, and sites lie evenly (R1.2). All checks of a
 * site share it: it is visited once, and its due times lie beside each other in the ledger.
 */
export function spread(siteId: number, span: number): number {
  if (span <= 0) return 0;
  let mixed = Math.imul(siteId | 0, 0x9e37_79b1);
  // Neighbours' offsets must not be neighbours (the last step of MurmurHash3).
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000) * span);
}
