import { type CheerioAPI, load } from 'cheerio/slim';
import { findIcpNumbers, foldText } from '../filing/site-number.ts';

/** Characters of markup shown around a number. */
const MAX_SNIPPET = 600;

/**
 * The markup that holds a number on a stored page, for people who read evidence: the smallest element with the whole number,
 * and the anchor around it. Null when the page does not hold it visibly as text. For stored pages only (a DOM is built), not for sweeps.
 */
export function footerHtml(html: string, number: string): string | null {
  const $ = load(html, { xml: { xmlMode: false, decodeEntities: true, encodeEntities: 'utf8' } });
  $('script, style, template, noscript').remove();
  const holders = $('*').filter((_, element) => holds($(element).text(), number));
  const innermost = holders.last();
  if (innermost.length === 0) return null;
  const anchor = innermost.closest('a');
  const markup = outerHtml($, anchor.length > 0 ? anchor : innermost);
  return markup.length > MAX_SNIPPET ? `${markup.slice(0, MAX_SNIPPET)}…` : markup;
}

function outerHtml($: CheerioAPI, element: ReturnType<CheerioAPI>): string {
  return ($.html(element) ?? '').replace(/\s+/g, ' ').trim();
}

function holds(text: string, number: string): boolean {
  return findIcpNumbers(foldText(text)).some((match) => match.number.canonical === number);
}
