import { parseIcpNumber } from '../filing/site-number.ts';
import { BLOCKS } from './html-elements.ts';
import { walkOpenElements } from './open-elements.ts';
import { PageReader } from './page-reader.ts';
import type { PageFacts } from './types.ts';

/** Read in front of the number, so that all of its line and of its footer's beginning is. */
const BEFORE_BYTES = 1500;
/** More than this is not read in one go. */
const MAX_READ_BYTES = 32 * 1024;
const SLICE_BYTES = 4 * 1024;
const MIIT = 'beian.miit.gov.cn';

/**
 * A shorter way to the facts of a page that shows a number, for screening: the number's digits are searched from the end, the tags before
 * them walked, and only what stands around them read, by the page reader itself, inside the elements that are open there and under the
 * style sheets before. Gives facts that hold the number, seen, in the footer and linked to the ministry (`truncated`: the rest was not
 * read); null whenever that cannot be shown, and then the page must be read in full. So it can only ever prove a pass (R2.1–R2.3). Takes
 * a whole page in UTF-8 and the site's own number.
 */
export function proveFooter(page: Buffer, siteNumber: string): PageFacts | null {
  const own = parseIcpNumber(siteNumber);
  if (!own.ok) return null;
  const source = page.toString('latin1');
  const at = source.lastIndexOf(own.number.serial);
  if (at === -1 || source.lastIndexOf(MIIT) === -1 || !/^(?:\xef\xbb\xbf)?\s{0,200}</.test(source)) return null;
  const walked = walkOpenElements(source, Math.max(0, at - BEFORE_BYTES), BLOCKS);
  if (walked === null) return null;
  const pieces = [...walked.styles, ...walked.open, { start: walked.at, end: page.length }];
  if (pieces.reduce((bytes, { start, end }) => bytes + end - start, 0) > MAX_READ_BYTES) return null;
  const reader = new PageReader();
  // What decides by the first element is not to find a style sheet there.
  reader.write('<html>');
  const text = Buffer.concat(pieces.map(({ start, end }) => page.subarray(start, end))).toString('utf8');
  for (let at = 0; at < text.length; at += SLICE_BYTES) reader.write(text.slice(at, at + SLICE_BYTES));
  const facts = reader.end(true);
  return provesNumber(facts, siteNumber) ? facts : null;
}

/** Do these facts hold the number, seen, in the footer and linked to the ministry (R2.1–R2.3)? */
export function provesNumber(facts: PageFacts, siteNumber: string): boolean {
  const own = parseIcpNumber(siteNumber);
  if (!own.ok) return false;
  const { canonical, subject } = own.number;
  return facts.icpNumbers.some(
    ({ number, link, inFooter, placeholder, href }) =>
      (number === canonical || number === subject) &&
      link === 'miit' &&
      inFooter &&
      !placeholder &&
      !/^https?:\/\/www\./i.test(href ?? ''),
  );
}
