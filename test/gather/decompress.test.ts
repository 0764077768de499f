import { Readable } from 'node:stream';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { plainBody } from '../../src/gather/decompress.ts';

const text = '备案号'.repeat(1000);
async function read(bytes: Buffer, encoding: string): Promise<{ text: string; broken: boolean }> {
  const body = plainBody(Readable.from([bytes], { objectMode: false }), encoding);
  const chunks: Buffer[] = [];
  for await (const chunk of body.chunks) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString('utf8'), broken: body.broken() };
}

describe('a packed body', () => {
  it('is unpacked, one layer of it', async () => {
    expect(await read(gzipSync(text), 'gzip')).toEqual({ text, broken: false });
    expect(await read(brotliCompressSync(text), 'br')).toEqual({ text, broken: false });
    expect(await read(Buffer.from(text), 'identity, utf-8')).toEqual({ text, broken: false });
  });
  it.each(['gzip, gzip', 'gzip,br', 'br, identity, gzip'])('in layers (%s) is not read at all', (encoding) =>
    expect(() => plainBody(Readable.from([gzipSync(gzipSync(text))]), encoding)).toThrow('content-encoding'),
  );
  it('that was cut says so', async () => {
    const whole = gzipSync(text);
    expect((await read(whole.subarray(0, whole.length - 20), 'gzip')).broken).toBe(true);
  });
});
