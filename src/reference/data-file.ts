import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { InputError, messageOf } from '../errors.ts';

/** What every data file says of itself. */
export const dataHead = {
  version: z.string().min(1),
  /** `YYYY-MM-DD` of the data, not of the file. */
  date: z.iso.date(),
  source: z.string().min(1),
  /** How to bring it up to date. */
  refresh: z.string().min(1),
  /** Older than this, `doctor` warns. */
  maxAgeDays: z.int().min(1).max(3660),
};

/** A data file as read. */
export interface DataFile<T> {
  name: string;
  path: string;
  date: string;
  version: string;
  source: string;
  refresh: string;
  maxAgeDays: number;
  /** Version and digest: what a verdict names. */
  mark: string;
  body: T;
}

/**
 * Read a data file: the operator's own of the same name (in `ownFolder`) wins over the shipped one. Gives null when `optional`
 * and neither is there. Throws InputError naming file, key and remedy.
 */
export function readDataFile<
  T extends { version: string; date: string; source: string; refresh: string; maxAgeDays: number },
>(name: string, shape: z.ZodType<T>, folders: { shipped: string; own: string }): DataFile<T> {
  const own = join(folders.own, name);
  const path = existsSync(own) ? own : join(folders.shipped, name);
  if (!existsSync(path))
    throw new InputError(`data file ${path} does not exist`, 'restore the shipped one, or correct data.folder');
  let text: string;
  let data: unknown;
  try {
    text = readFileSync(path, 'utf8');
    data = parse(text);
  } catch (error) {
    throw new InputError(
      `${path}: not YAML: ${messageOf(error).split('\n')[0]}`,
      'mend the file, or restore the shipped one',
    );
  }
  const result = shape.safeParse(data);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new InputError(
      `${path}: ${issue?.path.join('.')}: ${issue?.message}`,
      'mend the file, or restore the shipped one',
    );
  }
  const body = result.data;
  const digest = createHash('sha1').update(text).digest('hex').slice(0, 6);
  const { version, date, source, refresh, maxAgeDays } = body;
  return { name, path, date, version, source, refresh, maxAgeDays, mark: `${version}#${digest}`, body };
}
