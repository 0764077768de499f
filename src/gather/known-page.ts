import { createHash } from 'node:crypto';
import { provesNumber } from '../facts/footer-proof.ts';
import type { PageFacts } from '../facts/types.ts';
import type { Artifact, PageDocument, PageValue } from './types.ts';
import type { Proof } from './whole-body.ts';

/** Longer than this a proof is not kept: it would cost more to carry than to make again. */
export const MAX_PROOF_LENGTH = 4096;

/** What a body newly proved, to be kept by the ledger. */
export interface ProvedPage {
  /** See {@link bodyKey}. */
  key: string;
  /** What read it: see `readerVersion`. */
  reader: string;
  /** A {@link Proof} as JSON. */
  proof: string;
}

/** A page that is the same to the byte as when it was read last: all that was observed of it now, but for what was read then. */
export interface SamePage {
  key: string;
  observedAt: number;
  tookMs: number;
  attempts: PageValue['attempts'];
  document: Omit<PageDocument, 'facts' | 'bytes' | 'bodyDigest'>;
}

/** All that a proof depends on. */
export interface BodySource {
  encoding: string;
  contentType: string | null;
  siteNumber: string;
  readerVersion: string;
}

/** A digest over a body as it came over the wire and over all else that reading it depends on: the same key, the same facts. */
export function bodyKey(body: Buffer, { encoding, contentType, siteNumber, readerVersion }: BodySource): string {
  return createHash('sha256')
    .update(JSON.stringify([readerVersion, encoding, contentType, siteNumber]))
    .update(body)
    .digest('base64');
}

/** Stands for facts that only the ledger knows; never part of an artifact. */
export const KEPT_BY_THE_LEDGER: PageFacts = {
  icpNumbers: [],
  unseenNumbers: [],
  policeNumbers: [],
  licences: [],
  title: '',
  visibleCharacters: 0,
  textDigest: '',
  scriptCount: 0,
  frames: [],
  footerSources: [],
  metaRefresh: null,
  notHtml: false,
  truncated: true,
};

/**
 * The page as observed, with what was read of it when its bytes were the same. Null when the ledger keeps something else by now, or what it
 * keeps does not show the number (R2.1): then nothing was observed, and the page is read in full at the next look.
 */
export function filledIn(
  same: SamePage,
  kept: Pick<ProvedPage, 'key' | 'proof'> | null,
  siteNumber: string,
): Artifact<PageValue> | null {
  if (kept === null || kept.key !== same.key) return null;
  const { key: _, observedAt, tookMs, attempts, document } = same;
  try {
    const { facts, bytes, digest } = JSON.parse(kept.proof) as Proof;
    if (!provesNumber(facts, siteNumber)) return null;
    const value = { attempts, document: { ...document, bytes, bodyDigest: digest, facts } };
    return { ok: true, observedAt, tookMs, value };
  } catch {
    return null;
  }
}
