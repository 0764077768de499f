import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folders whose code decides what is read out of a page. */
const READING = ['src/facts', 'src/filing', 'src/gather'];

/**
 * What reads pages, as a digest of its own sources and of the versions it is built on: facts read by another version are not today's.
 * Any change to it, however small, makes another digest.
 */
export function readerVersion(): string {
  const root = resolve(import.meta.dirname, '../..');
  const digest = createHash('sha256');
  const files = READING.flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => join(folder, name)),
  );
  for (const file of [...files, 'package.json', 'package-lock.json']) {
    const path = join(root, file);
    if (existsSync(path)) digest.update(`${file}\n`).update(readFileSync(path));
  }
  return digest.digest('base64').slice(0, 22);
}
