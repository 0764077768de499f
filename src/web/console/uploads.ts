import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { textOf } from '../web-app.ts';
import type { ConsoleKit } from './kit.ts';

/** A file as it was taken in, in a folder of its own. */
export interface Upload {
  name: string;
  path: string;
  folder: string;
  /** It was larger than may be. */
  cut: boolean;
}

/** Files that come with a form: written only once the form is known to be ours, deleted unless somebody takes them over. */
export class Uploads {
  readonly #kit: ConsoleKit;
  readonly #path: string;
  readonly #kept = new WeakMap<FastifyRequest, Upload>();

  /** `path`: where the form posts to. */
  constructor(kit: ConsoleKit, path: string) {
    this.#kit = kit;
    this.#path = path;
  }

  /** Read a form with its file. The form's token comes first, as browsers send it: without it nothing is written. */
  async take(request: FastifyRequest): Promise<void> {
    if (!request.isMultipart()) return;
    const body: Record<string, unknown> = {};
    try {
      for await (const part of request.parts()) {
        if (part.type === 'field') body[part.fieldname] = part.value;
        else if (this.#isOurs(request, textOf(body['form']))) await this.#keep(request, part);
        else part.file.resume();
      }
    } catch (error) {
      this.forget(request);
      throw error;
    }
    request.body = body;
  }

  /** The file of a request, or null. */
  of(request: FastifyRequest): Upload | null {
    return this.#kept.get(request) ?? null;
  }

  /** Whoever calls this deletes the folder. False where it is gone already: somebody hung up. */
  claim(request: FastifyRequest): boolean {
    return this.#kept.delete(request);
  }

  /** Delete what nobody took over. */
  forget(request: FastifyRequest): void {
    const kept = this.#kept.get(request);
    this.#kept.delete(request);
    if (kept !== undefined) rmSync(kept.folder, { recursive: true, force: true });
  }

  #isOurs(request: FastifyRequest, token: string | undefined): boolean {
    return this.#kit.access.isFormToken(this.#kit.tokenOf(request), this.#path, token);
  }

  async #keep(request: FastifyRequest, part: MultipartFile): Promise<void> {
    // A browser sends an empty part where no file was chosen.
    const name = (part.filename as string | undefined)?.split(/[\\/]/).at(-1)?.slice(0, 120) ?? '';
    if (name === '') {
      part.file.resume();
      return;
    }
    const folder = mkdtempSync(join(tmpdir(), 'patrol-import-'));
    const path = join(folder, `${randomUUID()}${extname(name).toLowerCase()}`);
    const upload: Upload = { name, path, folder, cut: false };
    this.#kept.set(request, upload);
    await pipeline(part.file, createWriteStream(path));
    upload.cut = part.file.truncated;
  }
}
