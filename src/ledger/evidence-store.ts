import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Statements } from './statements.ts';

/** A piece of evidence read back. */
export interface EvidencePiece {
  hash: string;
  kind: string;
  name: string;
  size: number;
  bytes: Buffer;
}

/** Content-addressed evidence: the same bytes are kept once, under their SHA-256 (R16.3). */
export class EvidenceStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  /** Keep bytes for a verdict. Gives their hash. Call inside the verdict's own transaction. */
  attach(verdictId: number, kind: string, name: string, bytes: Buffer, now: number): string {
    const hash = this.keep(kind, bytes, now);
    this.link(verdictId, hash, name);
    return hash;
  }

  /** Keep bytes. Gives their hash; link it to a verdict in the same transaction. */
  keep(kind: string, bytes: Buffer, now: number): string {
    const hash = createHash('sha256').update(bytes).digest('hex');
    const known = this.#db.get('evidenceKnown', hash) !== undefined;
    if (!known) this.#db.run('evidenceInsert', hash, kind, bytes.length, gzipSync(bytes), now);
    return hash;
  }

  /** A verdict stands on bytes that are kept. */
  link(verdictId: number, hash: string, name: string): void {
    this.#db.run('evidenceLink', verdictId, hash, name);
  }

  /** What a verdict stands on, without the bytes. */
  listOfVerdict(verdictId: number): Omit<EvidencePiece, 'bytes'>[] {
    return this.#db.all('evidenceListOfVerdict', verdictId);
  }

  /** The bytes under a hash; null when they are past their retention. */
  bytes(hash: string): Buffer | null {
    const row = this.#db.get<{ body: Buffer }>('evidencePiece', hash);
    return row === undefined ? null : gunzipSync(row.body);
  }

  /** Everything a verdict stands on. */
  ofVerdict(verdictId: number): EvidencePiece[] {
    return this.#db
      .all<{ hash: string; kind: string; size: number; body: Buffer; name: string }>('evidenceOfVerdict', verdictId)
      .map(({ body, ...piece }) => ({ ...piece, bytes: gunzipSync(body) }));
  }

  /** Delete verdicts and evidence older than `before`, never a verdict in force. Gives rows deleted; call until 0. */
  prune(before: number): number {
    return this.#db.transaction(() => this.#db.run('verdictsPrune', before) + this.#db.run('evidencePrune', before));
  }
}
