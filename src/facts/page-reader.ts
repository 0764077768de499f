import { createHash, type Hash } from 'node:crypto';
import { Parser } from 'htmlparser2';
import { findIcpNumbers, foldLine, foldText } from '../filing/site-number.ts';
import type { ContentWords } from '../reference/content-words.ts';
import { ContentReader } from './content-reader.ts';
import { collectHiddenSelectors, declaresInvisible, type HiddenSelectors } from './hidden-style.ts';
import {
  BLOCKS,
  FOOTER_NAME,
  FOOTER_SOURCE,
  MARKUP_IN_CODE,
  NUMBER_HINT,
  SCRIPT_FILE,
  UNFINISHED_NUMBER,
  UNSEEN_ELEMENTS,
  VOID,
} from './html-elements.ts';
import { linkInHandler } from './link.ts';
import { findPoliceNumbers, findTelecomLicences, policeCodeOf } from './police-number.ts';
import { type Sighting, summariseSightings } from './shown-numbers.ts';
import type { PageFacts, PoliceNumber, UnseenPlace } from './types.ts';
import { numbersInSource } from './unseen-text.ts';

/** Caps on what one page may make us do (design §3: HTML). */
export const PAGE_CAPS = {
  depth: 512,
  openElements: 2000,
  attributes: 2000,
  elements: 100_000,
  lineCharacters: 20_000,
  textCharacters: 65_536,
  tokenCharacters: 1_000_000,
  sightings: 200,
} as const;

const RAW_TEXT: ReadonlySet<string> = new Set([
  'script',
  'style',
  'textarea',
  'title',
  'xmp',
  'noembed',
  'noframes',
  'iframe',
]);

/** What the police emblem's file or text is called on real pages (R12). */
const POLICE_EMBLEM = /ghs|gongan|police|beian|ga_?icon|d0289dc0a46fc5b15b3363ffa78cf6c7|公安|网安|备案/i;

interface Anchor {
  href: string;
  scripted: boolean;
  /** It holds a picture: something to press even without text. */
  pictured: boolean;
  via: 'anchor' | 'click-handler';
  start: number;
  end: number;
}

interface Frame {
  name: string;
  unseen: UnseenPlace | null;
  footer: boolean;
  anchor: Anchor | null;
  handler: Anchor | null;
  /** A style sheet for the screen, outside noscript. */
  applies: boolean;
}

/**
 * Reads one page as it streams in and keeps only what stands around the numbers: memory stays flat whatever the page's
 * size, and the work is linear (no DOM, no regular expression over the whole text).
 */
export class PageReader {
  #parser: Parser;
  readonly #hash: Hash = createHash('sha256');
  readonly #stack: Frame[] = [];
  readonly #hiddenSelectors: HiddenSelectors = { classes: new Set(), ids: new Set() };
  readonly #sightings: Sighting[] = [];
  readonly #unseen = new Map<string, UnseenPlace>();
  readonly #police = new Map<string, PoliceNumber>();
  readonly #licences = new Set<string>();
  readonly #policeCodes = new Set<string>();
  readonly #footerSources: string[] = [];
  readonly #content: ContentReader | null;
  /** Name of the picture seen last on the line: an emblem stands before its number. */
  #linePictures = '';
  readonly #frames: string[] = [];
  #line = '';
  /** The line is empty or ends in a space; asked of the line itself, each piece would copy all before it. */
  #spaced = true;
  /** Fed since the parser last gave something. */
  #heldCharacters = 0;
  #lineAnchors: Anchor[] = [];
  #lineFooter = false;
  #rawText = '';
  #unseenText = '';
  #titleText = '';
  #carried = 0;
  #visibleCharacters = 0;
  #elements = 0;
  #openElements = 0;
  /** Characters given to the parser at hand. */
  #fed = 0;
  /** Inside an element whose content is no markup. */
  #inRawText = false;
  /** Of the element being read. */
  #attributes = 0;
  #scriptCount = 0;
  #metaRefresh: string | null = null;
  #truncated = false;
  /** The element cap was reached: the rest of the page is not read. */
  #exhausted = false;
  #ended = false;
  #head = '';
  #notHtml: boolean | null = null;

  /** `words`: lists to look for in what a person sees; without them no content facts are made. */
  constructor(words: ContentWords | null = null) {
    this.#content = words === null ? null : new ContentReader(words);
    this.#parser = this.#newParser();
  }

  #newParser(): Parser {
    return new Parser(
      {
        onopentag: (name, attributes) => this.#open(name, attributes),
        onclosetag: (name) => {
          this.#openElements--;
          this.#inRawText = false;
          this.#close(name);
        },
        ontext: (text) => {
          this.#heldCharacters = 0;
          this.#text(text);
        },
        oncomment: (text) => this.#comment(text),
        onattribute: () => {
          this.#heldCharacters = 0;
          if (++this.#attributes > PAGE_CAPS.attributes) this.#exhaust();
        },
      },
      { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true },
    );
  }

  /** Give the next piece of decoded text. Ignored once a cap was reached. */
  write(text: string): void {
    if (this.#ended) return;
    if (this.#notHtml === null) {
      this.#head += text;
      if (this.#head.length < 2000) return;
      this.#decideKind();
      return;
    }
    this.#feed(text);
  }

  #decideKind(): void {
    this.#notHtml = SCRIPT_FILE.test(this.#head) && !MARKUP_IN_CODE.test(this.#head);
    const head = this.#head;
    this.#head = '';
    this.#feed(head);
  }

  #feed(text: string): void {
    // What the parser holds back (one tag, one comment, one entity) it holds in memory.
    this.#heldCharacters += text.length;
    if (this.#heldCharacters > PAGE_CAPS.tokenCharacters && !this.#notHtml) this.#exhaust();
    if (this.#notHtml) this.#collectUnseen(text, 'script');
    else if (!this.#exhausted) this.#parse(text);
  }

  /**
   * The parser's own stack grows with every element left open, and its work and memory with the square of it. So a page with thousands
   * of them goes on with a new parser, at a place between two tags; it counts as seen in part, but what stands on it is still found.
   */
  #parse(text: string): void {
    const cut = this.#openElements > PAGE_CAPS.openElements ? text.lastIndexOf('>') + 1 : 0;
    if (cut > 0) {
      this.#write(text.slice(0, cut));
      if (this.#parser.endIndex === this.#fed - 1 && !this.#inRawText) {
        this.#truncated = true;
        this.#openElements = 0;
        this.#fed = 0;
        this.#parser = this.#newParser();
        this.#leaveAll();
      } else if (this.#openElements > PAGE_CAPS.openElements * 2) this.#exhaust();
    }
    if (!this.#exhausted) this.#write(text.slice(cut));
  }

  /** The new parser knows nothing of what is open: it ends here, but what was hidden stays so. */
  #leaveAll(): void {
    const unseen = this.#top()?.unseen ?? null;
    for (let frame = this.#stack.pop(); frame !== undefined; frame = this.#stack.pop()) this.#endFrame(frame);
    if (unseen !== null)
      this.#stack.push({ name: '', unseen, footer: false, anchor: null, handler: null, applies: false });
  }

  #write(text: string): void {
    this.#fed += text.length;
    this.#parser.write(text);
  }

  /** Ends the page and gives its facts. `cut` says that bytes were missing at the end. */
  end(cut = false): PageFacts {
    if (this.#notHtml === null) this.#decideKind();
    this.#ended = true;
    if (!this.#notHtml) this.#parser.end();
    this.#flushLine();
    this.#flushUnseen('script');
    const title = this.#titleText.replace(/\s+/g, ' ').trim().slice(0, 200);
    this.#content?.line(foldText(title), 'title');
    return {
      icpNumbers: summariseSightings(this.#sightings, this.#visibleCharacters),
      unseenNumbers: [...this.#unseen].map(([number, place]) => ({ number, place })),
      policeNumbers: [...this.#police.values()],
      ...(this.#policeCodes.size > 0 && { policeCodes: [...this.#policeCodes] }),
      licences: [...this.#licences],
      title,
      visibleCharacters: this.#visibleCharacters,
      textDigest: this.#hash.digest('hex'),
      scriptCount: this.#scriptCount,
      frames: this.#frames,
      footerSources: this.#footerSources,
      metaRefresh: this.#metaRefresh,
      notHtml: this.#notHtml ?? false,
      truncated: this.#truncated || cut,
      ...(this.#content !== null && { content: this.#content.end() }),
    };
  }

  /** The page is one no browser's author wrote: nothing more of it is read, and it counts as seen in part. */
  #exhaust(): void {
    this.#truncated = true;
    this.#exhausted = true;
  }

  #top(): Frame | undefined {
    return this.#stack[this.#stack.length - 1];
  }

  #open(name: string, attributes: Record<string, string>): void {
    this.#openElements++;
    this.#inRawText = RAW_TEXT.has(name);
    if (++this.#elements > PAGE_CAPS.elements) {
      this.#exhaust();
      return;
    }
    this.#attributes = 0;
    if (BLOCKS.has(name)) this.#flushLine();
    this.#noteElement(name, attributes);
    if (VOID.has(name)) return;
    // As in browsers, a new anchor ends the one still open; so unclosed anchors do not pile up.
    if (name === 'a') this.#endOpenAnchor();
    if (this.#stack.length >= PAGE_CAPS.depth && name !== 'a') {
      this.#truncated = true;
      return;
    }
    // As in browsers, anything but options ends a list of options.
    if (this.#listed() && name !== 'option' && name !== 'optgroup' && name !== 'hr') this.#close('select');
    const parent = this.#top();
    const names = `${attributes['class'] ?? ''} ${attributes['id'] ?? ''} ${attributes['classname'] ?? ''}`;
    const frame: Frame = {
      name,
      unseen: parent?.unseen ?? this.#whyUnseen(name, attributes),
      footer: (parent?.footer ?? false) || name === 'footer' || (names.length > 2 && FOOTER_NAME.test(names)),
      anchor: parent?.anchor ?? null,
      handler: parent?.handler ?? null,
      applies: (parent?.unseen ?? null) === null && /^(?:|all|screen)$/i.test((attributes['media'] ?? '').trim()),
    };
    const position = this.#line.length;
    const target = attributes['href'] ?? attributes['xlink:href'];
    if (name === 'a' && target !== undefined) {
      const href = target
        .replace(/^\{\s*['"`]?|['"`]?\s*\}$/g, '')
        .trim()
        .slice(0, 500);
      const code = policeCodeOf(href);
      if (code !== null && this.#policeCodes.size < 10) this.#policeCodes.add(code);
      frame.anchor = { href, scripted: false, pictured: false, via: 'anchor', start: position, end: -1 };
      const click = this.#handlerOf(attributes);
      if (click !== null && /^(?:#|javascript:|$)/i.test(frame.anchor.href)) {
        frame.anchor.href = click;
        frame.anchor.via = 'click-handler';
      } else if (/^javascript:/i.test(frame.anchor.href)) {
        const inside = linkInHandler(frame.anchor.href);
        if (inside !== null) Object.assign(frame.anchor, { href: inside, via: 'click-handler' });
        else frame.anchor.scripted = /^javascript:\s*(?!;|void|\s*$)/i.test(frame.anchor.href);
      }
      const dead = frame.anchor.via === 'anchor' && /^(?:#|javascript:|$)/i.test(frame.anchor.href);
      if (dead && attributes['onclick'] !== undefined) frame.anchor.scripted = true;
      if (frame.unseen === null) this.#lineAnchors.push(frame.anchor);
    } else {
      const click = this.#handlerOf(attributes) ?? unreadHandler(name, attributes);
      if (click !== null) {
        frame.handler = {
          href: click,
          scripted: click === UNREAD_HANDLER,
          pictured: false,
          via: 'click-handler',
          start: position,
          end: -1,
        };
        if (frame.unseen === null) this.#lineAnchors.push(frame.handler);
      }
    }
    this.#stack.push(frame);
  }

  #handlerOf(attributes: Record<string, string>): string | null {
    const handler = attributes['onclick'] ?? attributes['@click'] ?? attributes['onmousedown'];
    return handler === undefined ? null : linkInHandler(handler);
  }

  #whyUnseen(name: string, attributes: Record<string, string>): UnseenPlace | null {
    const place = UNSEEN_ELEMENTS[name];
    // A file that is one <template> is a component's source: what it holds is what will be shown.
    const componentRoot = name === 'template' && this.#elements === 1;
    if (place !== undefined && !componentRoot) return place;
    if (attributes['hidden'] !== undefined) return 'hidden';
    if (name === 'dialog' && attributes['open'] === undefined) return 'hidden';
    const style = attributes['style'];
    if (style !== undefined && declaresInvisible(style)) return 'hidden';
    const { classes, ids } = this.#hiddenSelectors;
    if (ids.size > 0 && ids.has(attributes['id'] ?? '')) return 'style-sheet';
    if (classes.size > 0 && (attributes['class'] ?? '').split(/\s+/).some((one) => classes.has(one)))
      return 'style-sheet';
    return null;
  }

  /** Inside a list of options, at most three elements deep. */
  #listed(): boolean {
    for (let i = this.#stack.length - 1; i >= 0 && i >= this.#stack.length - 3; i--)
      if (this.#stack[i]?.name === 'select') return true;
    return false;
  }

  #noteElement(name: string, attributes: Record<string, string>): void {
    if (name === 'script') {
      this.#scriptCount++;
      const source = attributes['src'] ?? '';
      if (FOOTER_SOURCE.test(source.split('?')[0]?.split('/').pop() ?? '')) this.#noteFooterSource(source);
    } else if (name === 'img') {
      const anchor = this.#top()?.anchor ?? null;
      if (anchor !== null) anchor.pictured = true;
      const words = `${attributes['alt'] ?? ''} ${attributes['title'] ?? ''}`;
      if (this.#linePictures.length < 500)
        this.#linePictures += ` ${(attributes['src'] ?? '').slice(-80)} ${words.slice(0, 40)}`;
      if (/icp/i.test(words)) this.#scanUnseen(words, 'attribute');
      // Every way to write one holds this character.
      for (const { number } of /[备備]/.test(words) ? findPoliceNumbers(foldText(words)) : [])
        if (this.#policeCodes.size < 10) this.#policeCodes.add(number.replace(/\D/g, ''));
    } else if (name === 'iframe' || name === 'frame') {
      const source = attributes['src'] ?? '';
      if (this.#frames.length < 20) this.#frames.push(source.slice(0, 300));
      if (name === 'frame' || FOOTER_SOURCE.test(`${source} ${attributes['name'] ?? ''} ${attributes['id'] ?? ''}`)) {
        this.#noteFooterSource(source);
      }
    } else if (
      name === 'meta' &&
      (this.#top()?.unseen ?? null) === null &&
      /^refresh$/i.test(attributes['http-equiv'] ?? '')
    ) {
      const target = /^\s*(\d+)\s*[;,]\s*url\s*=\s*['"]?([^'"]+)/i.exec(attributes['content'] ?? '');
      if (target !== null && Number(target[1]) <= 10) this.#metaRefresh ??= (target[2] as string).trim().slice(0, 500);
    }
  }

  #noteFooterSource(source: string): void {
    if (this.#footerSources.length < 10) this.#footerSources.push(source.slice(0, 300));
  }

  #close(name: string): void {
    let index = this.#stack.length - 1;
    while (index >= 0 && this.#stack[index]?.name !== name) index--;
    if (index >= 0) {
      for (const frame of this.#stack.splice(index)) this.#endFrame(frame);
    }
    if (BLOCKS.has(name)) this.#flushLine();
  }

  #endOpenAnchor(): void {
    const index = this.#stack.findLastIndex((frame) => frame.name === 'a');
    if (index === -1) return;
    const [open] = this.#stack.splice(index, 1) as [Frame];
    if (open.anchor !== null) open.anchor.end = this.#line.length;
    for (const frame of this.#stack) if (frame.anchor === open.anchor) frame.anchor = null;
  }

  #endFrame(frame: Frame): void {
    const parent = this.#top();
    if (frame.anchor !== null && frame.anchor !== parent?.anchor) frame.anchor.end = this.#line.length;
    // Digits behind an anchor are another matter: they must not run into the number inside it.
    if (frame.name === 'a' && !this.#spaced && /\d$/.test(this.#line)) {
      this.#line += ' ';
      this.#spaced = true;
    }
    if (frame.handler !== null && frame.handler !== parent?.handler) frame.handler.end = this.#line.length;
    if (frame.name === 'style' && frame.applies) collectHiddenSelectors(this.#rawText, this.#hiddenSelectors);
    if (frame.name === 'style') this.#rawText = '';
    if (frame.unseen !== null && (parent?.unseen ?? null) === null) this.#flushUnseen(frame.unseen);
  }

  #text(text: string): void {
    const frame = this.#top();
    if (frame?.name === 'style') {
      if (this.#rawText.length < 500_000) this.#rawText += text;
      return;
    }
    if (frame?.name === 'title' && this.#titleText.length < 400) this.#titleText += text;
    if (frame !== undefined && frame.unseen !== null) {
      this.#collectUnseen(text, frame.unseen);
      return;
    }
    if (frame?.footer) this.#lineFooter = true;
    this.#append(text);
  }

  #append(text: string): void {
    // The parser hands text over piece by piece, but for what begins like an entity and never ends.
    if (text.length > PAGE_CAPS.textCharacters) {
      this.#exhaust();
      return;
    }
    for (let at = 0; at < text.length; at += PAGE_CAPS.lineCharacters)
      this.#appendPiece(text.slice(at, at + PAGE_CAPS.lineCharacters));
  }

  #appendPiece(text: string): void {
    const { folded, spaced, visible } = foldLine(text, this.#spaced);
    this.#line += folded;
    this.#spaced = spaced;
    this.#visibleCharacters += visible;
    if (this.#line.length > PAGE_CAPS.lineCharacters) this.#flushLine();
  }

  #flushLine(): void {
    const line = this.#line;
    // A number may be broken over lines or cells right behind its prefix: the line goes on.
    if (line.length < 400 && UNFINISHED_NUMBER.test(line) && this.#carried < 3) {
      this.#carried++;
      if (!line.endsWith(' ')) this.#line = `${line} `;
      this.#spaced = true;
      return;
    }
    this.#carried = 0;
    if (line !== '') {
      this.#hash.update(line.trim());
      this.#content?.line(line, 'body');
      if (NUMBER_HINT.test(line)) this.#readLine(line);
    }
    if (line !== '') this.#linePictures = '';
    this.#line = '';
    this.#spaced = true;
    this.#lineFooter = this.#top()?.footer ?? false;
    this.#lineAnchors = [];
    for (const frame of this.#stack) {
      for (const anchor of [frame.anchor, frame.handler]) {
        if (anchor === null || this.#lineAnchors.includes(anchor) || frame.unseen !== null) continue;
        anchor.start = 0;
        anchor.end = -1;
        this.#lineAnchors.push(anchor);
      }
    }
  }

  #readLine(line: string): void {
    const anchors = this.#lineAnchors.map((anchor) => ({
      ...anchor,
      end: anchor.end === -1 ? line.length : anchor.end,
    }));
    for (const match of findIcpNumbers(line)) {
      if (this.#sightings.length >= PAGE_CAPS.sightings) {
        this.#truncated = true;
        break;
      }
      this.#sightings.push({
        match,
        line,
        anchors,
        footerHint: this.#lineFooter,
        seenBefore: this.#visibleCharacters - line.length + match.end,
      });
    }
    for (const match of findPoliceNumbers(line)) {
      const covering = anchors.find((anchor) => anchor.start < match.end && anchor.end > match.start);
      const known = this.#police.get(match.number);
      if (this.#police.size >= 20 || (known !== undefined && known.href !== null)) continue;
      const text = line.slice(match.start, match.end).trim();
      const icon = covering?.pictured === true || POLICE_EMBLEM.test(this.#linePictures);
      this.#police.set(match.number, { text, number: match.number, href: covering?.href ?? null, icon });
    }
    for (const licence of findTelecomLicences(line)) if (this.#licences.size < 20) this.#licences.add(licence);
  }

  #comment(text: string): void {
    if (text.startsWith('[CDATA[')) {
      // Browsers end such a section at the first `>`: what seems to stand in it may be seen.
      this.#truncated = true;
      return;
    }
    this.#scanUnseen(text, 'comment');
  }

  #collectUnseen(text: string, place: UnseenPlace): void {
    this.#unseenText += text;
    if (this.#unseenText.length > 1_000_000) {
      this.#scanUnseen(this.#unseenText, place);
      this.#unseenText = this.#unseenText.slice(-200);
    }
  }

  #flushUnseen(place: UnseenPlace): void {
    if (this.#unseenText !== '') this.#scanUnseen(this.#unseenText, place);
    this.#unseenText = '';
  }

  #scanUnseen(text: string, place: UnseenPlace): void {
    for (const number of numbersInSource(text)) {
      if (this.#unseen.size < 50 && !this.#unseen.has(number)) this.#unseen.set(number, place);
    }
  }
}

/** Stands for a click handler whose target cannot be read from the page. */
const UNREAD_HANDLER = 'javascript:';
const TEXT_ELEMENTS = new Set('span p li em i b u font td strong label button small'.split(' '));

function unreadHandler(name: string, attributes: Record<string, string>): string | null {
  return TEXT_ELEMENTS.has(name) && /\w\(/.test(attributes['onclick'] ?? '') ? UNREAD_HANDLER : null;
}

/** Facts of a complete text in one call (offline audits, tests). */
export function readPage(html: string, words: ContentWords | null = null): PageFacts {
  const reader = new PageReader(words);
  for (let offset = 0; offset < html.length; offset += 16_384) reader.write(html.slice(offset, offset + 16_384));
  return reader.end();
}
