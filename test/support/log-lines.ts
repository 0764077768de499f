import { readFileSync } from 'node:fs';

/** The lines of a fake provider's append-only log; none while nothing came. */
export function logLines(path: string): Record<string, string>[] {
  try {
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Record<string, string>);
  } catch {
    return [];
  }
}
