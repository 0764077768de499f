import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { InputError } from '../errors.ts';

const MAX_BYTES = 4096;

/** Ask for a password without showing it; where standard input is no terminal, its first line is the password. */
export async function readPassword(question: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine();
  process.stderr.write(question);
  // Echoes nothing: a password must not stand on the screen.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new InputError('no password was given', 'type one, or pipe it in')));
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

async function firstLine(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BYTES) break;
  }
  const [line = ''] = Buffer.concat(chunks).toString('utf8').split(/\r?\n/);
  if (line === '') throw new InputError('no password was given', 'type one in a terminal, or pipe it in');
  return line;
}
