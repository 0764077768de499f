import type { IcpMatch } from '../filing/site-number.ts';
import { classifyLink } from './link.ts';
import type { LinkKind, LinkVia, ShownNumber } from './types.ts';

/** An anchor or click handler on the line of a number; offsets into the line. */
export interface LineAnchor {
  href: string;
  scripted: boolean;
  /** It holds a picture: something to press even without text. */
  pictured: boolean;
  via: 'anchor' | 'click-handler';
  start: number;
  end: number;
}

/** One number where it was seen. */
export interface Sighting {
  match: IcpMatch;
  line: string;
  anchors: LineAnchor[];
  footerHint: boolean;
  /** Visible characters of the page up to the end of the number. */
  seenBefore: number;
}

/** How far (in characters) a neighbouring link may stand from the number it belongs to. */
const ADJACENT_CHARACTERS = 8;
const CLOSING_WORDS = /©|copyright|版权|all ?rights ?reserved|备案|许可证|公网安备|经营性|主办|技术支持|powered ?by/i;
const RANK: Record<LinkKind, number> = { miit: 3, retired: 2, other: 1, none: 0 };

/**
 * Fold the sightings of a page into one entry a number: the best link wins (a desktop footer may be linked while the
 * phone footer is not), and it stands in the footer if any sighting does.
 */
export function summariseSightings(sightings: Sighting[], visibleCharacters: number): ShownNumber[] {
  const shown = new Map<string, ShownNumber>();
  for (const sighting of sightings) {
    const entry = describe(sighting, visibleCharacters);
    const known = shown.get(entry.number);
    if (known === undefined) {
      shown.set(entry.number, entry);
      continue;
    }
    known.occurrences++;
    const inFooter = known.inFooter || entry.inFooter;
    const placeholder = known.placeholder && entry.placeholder;
    if (RANK[entry.link] > RANK[known.link]) Object.assign(known, entry, { occurrences: known.occurrences });
    known.inFooter = inFooter;
    known.placeholder = placeholder;
  }
  return [...shown.values()];
}

function describe(sighting: Sighting, visibleCharacters: number): ShownNumber {
  const { match, line } = sighting;
  const { href, via, scripted } = findLink(sighting);
  const from = Math.max(0, match.start - 60);
  return {
    text: line.slice(match.start, match.end).trim(),
    number: match.number.canonical,
    inFooter: standsInFooter(sighting, visibleCharacters),
    href,
    link: classifyLink(href),
    linkVia: via,
    placeholder: match.placeholder,
    scripted,
    occurrences: 1,
    context: line.slice(from, from + 160).trim(),
  };
}

/** Own anchor first, then a click handler, then a neighbour in the same footer item that leads to the ministry. */
function findLink({ match, line, anchors }: Sighting): { href: string | null; via: LinkVia; scripted: boolean } {
  const covering = anchors.filter((anchor) => anchor.start < match.end && anchor.end > match.start);
  const best = covering.sort((a, b) => RANK[classifyLink(b.href)] - RANK[classifyLink(a.href)])[0];
  if (best !== undefined && (best.via === 'anchor' || classifyLink(best.href) !== 'none')) {
    return { href: best.href, via: best.via, scripted: best.scripted };
  }
  for (const anchor of anchors) {
    const kind = classifyLink(anchor.href);
    if (kind !== 'miit' && kind !== 'retired') continue;
    const gap = anchor.start >= match.end ? line.slice(match.end, anchor.start) : line.slice(anchor.end, match.start);
    const near = gap.replace(/[\s:|,.;()[\]/·-]/g, '').length <= ADJACENT_CHARACTERS;
    const text = line.slice(anchor.start, anchor.end);
    // A link a person cannot see or press (no text, no picture) is no link of the number's.
    const pressable = (text.trim() !== '' || anchor.pictured) && !/\d{6}/.test(text);
    if (near && pressable && !/\d{6}/.test(gap)) return { href: anchor.href, via: 'adjacent', scripted: false };
  }
  return { href: null, via: null, scripted: false };
}

/**
 * In the closing block as seen: an element named as a footer, closing words on the same line, or near the end of what a
 * person reads. A guess by nature, so it is never more than a warning (R2.1).
 */
function standsInFooter({ line, footerHint, seenBefore }: Sighting, visibleCharacters: number): boolean {
  if (footerHint) return true;
  if (line.length < 600 && CLOSING_WORDS.test(line)) return true;
  const remaining = visibleCharacters - seenBefore;
  return remaining <= Math.max(400, visibleCharacters * 0.12);
}
