import { existsSync } from 'node:fs';

/** Debian's libfaketime, or null where the package `faketime` is not installed. */
export function faketimeLibrary(): string | null {
  const paths = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`);
  return paths.find((path) => existsSync(path)) ?? null;
}
