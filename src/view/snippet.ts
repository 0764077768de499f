import { sniffCharset } from '../gather/charset.ts';

/** A page's bytes that are searched for a number: footers stand at the end. */
const SNIPPET_BYTES = 300_000;
const SNIFFED_BYTES = 8192;
const SNIPPET_CHARACTERS = 300;

/** The end of a page as text: never parsed, so that no page can make it slow. */
export function endOf(bytes: Buffer): string {
  const charset = sniffCharset(null, bytes.subarray(0, SNIFFED_BYTES), false);
  return new TextDecoder(charset).decode(bytes.subarray(-SNIPPET_BYTES));
}

/** The page's own markup around a number that was found. */
export function snippetOf(html: string, numbers: string[]): string | null {
  for (const number of numbers) {
    const serial = /\d{8,}/.exec(number)?.[0];
    const at = serial === undefined ? -1 : html.lastIndexOf(serial);
    if (at < 0) continue;
    const from = Math.max(0, at - SNIPPET_CHARACTERS / 2);
    return html.slice(from, at + SNIPPET_CHARACTERS / 2).trim();
  }
  return null;
}
