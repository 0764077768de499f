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

const ENTITIES: Record<string, string> = { nbsp: ' ', copy: '©', amp: '&', lt: '<', gt: '>', quot: '"', middot: '·' };

/** A snippet as people see it on the page: without tags, also those cut in two at its ends. */
export function textOfSnippet(snippet: string): string {
  const start = /^[^<]*?>/.exec(snippet)?.[0].length ?? 0;
  const whole = snippet.slice(start).replace(/<[^>]*$/, '');
  return whole
    .replace(/<!--[\s\S]*?(?:-->|$)/g, ' ')
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1>|$)/gi, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:#(\d{1,6})|([a-z]{2,8}));/gi, (entity, code: string | undefined, name: string | undefined) =>
      code === undefined ? (ENTITIES[name?.toLowerCase() ?? ''] ?? entity) : String.fromCodePoint(Number(code)),
    )
    .replace(/\s+/g, ' ')
    .trim();
}

/** A text in parts, those apart that are one of some numbers (whole, or by their digits). */
export function partsByNumber(text: string, numbers: readonly string[]): { text: string; isNumber: boolean }[] {
  const wanted = numbers.flatMap((number) => {
    const serial = /\d{8,}/.exec(number)?.[0];
    return serial === undefined || text.includes(number) ? number : serial;
  });
  const pattern = wanted
    .filter((one) => one !== '')
    .map((one) => one.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|');
  if (pattern === '') return [{ text, isNumber: false }];
  return text
    .split(new RegExp(`(${pattern})`))
    .map((part, index) => ({ text: part, isNumber: index % 2 === 1 }))
    .filter((part) => part.text !== '');
}
