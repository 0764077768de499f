import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folders whose code decides what is read out of a page. */
const READING = ['src/facts', 'src/filing', 'src/gather'];

/**
 * What reads pages, as a digest of its own sources, of the libraries they are locked to, and of Node: facts read by another version are not
 * today's. Any change to it, however small, makes another digest; where the lock file is missing every process has one of its own.
 */
export function readerVersion(root: string = resolve(import.meta.dirname, '../..')): string {
  const digest = createHash('sha256').update(process.version);
  const files = READING.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => join(folder, name)),
  );
  for (const file of files) digest.update(`${file}\n`).update(readFileSync(join(root, file)));
  const lock = join(root, 'package-lock.json');
  digest.update(existsSync(lock) ? readFileSync(lock) : randomBytes(16));
  return digest.digest('base64').slice(0, 22);
}
