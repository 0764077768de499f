import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

const ALIASES: Record<string, string> = {
  utf8: 'utf-8',
  'utf-8': 'utf-8',
  unicode: 'utf-8',
  gb2312: 'gb18030',
  'gb-2312': 'gb18030',
  gbk: 'gb18030',
  gb18030: 'gb18030',
  'x-gbk': 'gb18030',
  cp936: 'gb18030',
  big5: 'big5',
  'big5-hkscs': 'big5',
  'x-x-big5': 'big5',
  'iso-8859-1': 'windows-1252',
  latin1: 'windows-1252',
  'windows-1252': 'windows-1252',
  ascii: 'windows-1252',
  'us-ascii': 'windows-1252',
  shift_jis: 'shift_jis',
  'euc-jp': 'euc-jp',
  'euc-kr': 'euc-kr',
  'utf-16': 'utf-16le',
  'utf-16le': 'utf-16le',
  'utf-16be': 'utf-16be',
};

const known = (label: string | undefined): string | null => ALIASES[(label ?? '').trim().toLowerCase()] ?? null;

/**
 * Which charset to read a page with: byte order mark, then what its bytes prove (valid UTF-8 with any non-ASCII character is
 * UTF-8, whatever header or meta claim), then header, then meta, then GB18030. Only charsets on the allow-list are used.
 */
export function sniffCharset(contentType: string | null, head: Uint8Array, complete: boolean): string {
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return 'utf-8';
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const header = known(/charset\s*=\s*["']?([\w-]+)/i.exec(contentType ?? '')?.[1]);
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, 4096)).toString('latin1');
  const meta = known(/<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w-]+)/i.exec(start)?.[1]);
  const proof = utf8Proof(head, complete);
  if (proof === 'valid') return 'utf-8';
  if (header?.startsWith('utf-16')) return header;
  if (proof === 'ascii') return header ?? meta ?? 'utf-8';
  const declared = [header, meta].find((charset) => charset !== null && charset !== 'utf-8');
  if (declared === undefined || declared === null) return 'gb18030';
  // Western European labels on Chinese bytes are a server's default, not the page's charset.
  return declared === 'windows-1252' ? 'gb18030' : declared;
}

function utf8Proof(bytes: Uint8Array, complete: boolean): 'ascii' | 'valid' | 'invalid' {
  if (isAscii(bytes)) return 'ascii';
  if (isUtf8(bytes)) return 'valid';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !complete });
    return 'valid';
  } catch {
    return mostlyUtf8(bytes) ? 'valid' : 'invalid';
  }
}

/** A few broken bytes (a cut string in a template) do not make a UTF-8 page GBK. */
function mostlyUtf8(bytes: Uint8Array): boolean {
  const text = new TextDecoder('utf-8').decode(bytes);
  const broken = text.split('\ufffd').length - 1;
  let wide = 0;
  for (let i = 0; i < text.length && wide < 100_000; i++) if (text.charCodeAt(i) > 0x7f) wide++;
  return broken > 0 && broken * 50 < wide;
}
