/**
 * An offset for a site within `span`: sites lie evenly (R1.2), and the same site at the same `turn` in the same place. It is the same for
 * all checks of a site, so that what is due together stays together: the site is visited once.
 */
export function spread(siteId: number, span: number, turn = 0): number {
  if (span <= 0) return 0;
  let mixed = Math.imul(siteId | 0, 0x9e37_79b1) ^ Math.imul(turn | 0, 0x85eb_ca77);
  // Neighbours' offsets must not be neighbours (the last step of MurmurHash3).
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return Math.floor((((mixed ^ (mixed >>> 16)) >>> 0) / 0x1_0000_0000) * span);
}
