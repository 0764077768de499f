/** Walks a page's tags without reading it: which elements are open at a place. What is not plainly written is not walked. */

const VOID = new Set(
  'area base basefont br col command embed frame hr img input isindex keygen link meta param source track wbr'.split(
    ' ',
  ),
);
/** Their content is no markup. */
const RAW = new Set(['script', 'style', 'textarea', 'title']);
/** Elements whose content is not walked: whoever writes them is read in full. */
const STRANGE = new Set([
  'math',
  'xmp',
  'plaintext',
  'noembed',
  'noframes',
  'frameset',
  'listing',
  'noindex',
  'iframe',
]);
/** Block-level elements that end an open paragraph. */
const ENDS_PARAGRAPH = new Set(
  'address article aside blockquote details div dl fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul'.split(
    ' ',
  ),
);
const HEADINGS = new Set(['h1', 'h2', 'h3', 'h4', 'h5', 'h6']);
/** Other elements whose end tags may be left out: who they are ended by. */
const ENDED_BY: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    li: ['li'],
    dd: ['dd', 'dt'],
    dt: ['dd', 'dt'],
    tr: ['tr'],
    td: ['tr', 'td'],
    th: ['tr', 'td', 'th'],
    option: ['option', 'optgroup'],
    optgroup: ['optgroup'],
    thead: ['td', 'tbody', 'tfoot'],
    tbody: ['tbody', 'tfoot'],
    rt: ['rt', 'rp'],
    rp: ['rt', 'rp'],
    a: ['a'],
    head: ['body'],
  }),
);
const FORM_CONTROLS = new Set(['select', 'button', 'datalist', 'optgroup', 'option']);
const ENDS_CONTROL = new Set(['select', 'input', 'output', 'button', 'datalist', 'textarea']);

/** What there is to know of a tag's name, looked up once a tag. */
interface TagKind {
  name: string;
  isVoid: boolean;
  isRaw: boolean;
  isStrange: boolean;
  /** Opening tags that end the element while it is open, as the page reader's own parser has it. */
  endedBy: ReadonlySet<string> | null;
}

function kindOf(name: string): TagKind {
  const endedBy =
    name === 'p'
      ? ENDS_PARAGRAPH
      : HEADINGS.has(name)
        ? HEADINGS
        : new Set([...(FORM_CONTROLS.has(name) ? ENDS_CONTROL : []), ...(ENDED_BY.get(name) ?? [])]);
  return {
    name,
    isVoid: VOID.has(name),
    isRaw: RAW.has(name),
    isStrange: STRANGE.has(name),
    endedBy: endedBy.size === 0 ? null : endedBy,
  };
}

/** Names that mean something to the walk or are on most pages, as they are mostly written. */
const KINDS: ReadonlyMap<string, TagKind> = new Map(
  [
    ...VOID,
    ...RAW,
    ...STRANGE,
    ...ENDS_PARAGRAPH,
    ...FORM_CONTROLS,
    ...ENDS_CONTROL,
    ...ENDED_BY.keys(),
    ...'html body span i b em strong svg label noscript template'.split(' '),
  ].map((name) => [name, kindOf(name)]),
);

/** An element that is open. */
export interface OpenElement {
  name: string;
  endedBy: ReadonlySet<string> | null;
  /** Where its tag stands. */
  start: number;
  end: number;
}

/** What a walk found. */
export interface Walked {
  /** Where the walk stopped: at the opening tag of an element that breaks the line. */
  at: number;
  open: OpenElement[];
  /** Style sheets before, with their tags. */
  styles: { start: number; end: number }[];
}

const MAX_DEPTH = 120;
/** How far before its end a walk may stop. */
const TAKEN_UP_WITHIN = 8192;
const [LESS, GREATER, SLASH, BANG, QUESTION] = [60, 62, 47, 33, 63];
const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122;
const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/**
 * Walk a page's source (one character a byte) from its beginning and stop at the last opening tag of a `breaks` element before
 * `until`, at most 8 KB before it. Null as soon as anything is not plainly written (quotes where none belong, comments in odd forms, elements that are parsed
 * by rules of their own): such a page must be read in full. Linear in `until`.
 */
export function walkOpenElements(source: string, until: number, breaks: ReadonlySet<string>): Walked | null {
  const open: OpenElement[] = [];
  const styles: Walked['styles'] = [];
  let stopped: Walked | null = null;
  let at = source.indexOf('<');
  while (at !== -1 && at < until) {
    const code = source.charCodeAt(at + 1);
    if (code === BANG) {
      const end = declarationEnd(source, at);
      if (end === -1) return null;
      at = source.indexOf('<', end);
      continue;
    }
    if (code === QUESTION) return null;
    const closing = code === SLASH;
    const nameStart = closing ? at + 2 : at + 1;
    if (!isLetter(source.charCodeAt(nameStart))) {
      if (closing) return null;
      at = source.indexOf('<', at + 1);
      continue;
    }
    let nameEnd = nameStart + 1;
    for (
      let c = source.charCodeAt(nameEnd);
      !isBlank(c) && c !== GREATER && c !== SLASH;
      c = source.charCodeAt(nameEnd)
    ) {
      if (Number.isNaN(c) || c === LESS) return null;
      nameEnd++;
    }
    const written = source.slice(nameStart, nameEnd);
    const kind = KINDS.get(written) ?? KINDS.get(written.toLowerCase()) ?? kindOf(written.toLowerCase());
    const { name } = kind;
    const end = source.charCodeAt(nameEnd) === GREATER ? nameEnd + 1 : tagEnd(source, nameEnd);
    if (end === -1) return null;
    if (closing) {
      if (!kind.isVoid) close(open, name);
      at = source.indexOf('<', end);
      continue;
    }
    if (kind.isStrange) return null;
    // Where a line begins anew the page may be taken up: what was open, and what follows.
    if (at >= until - TAKEN_UP_WITHIN && breaks.has(name)) stopped = { at, open: open.slice(), styles };
    if (name === 'svg') {
      const after = pictureEnd(source, end);
      if (after === -1) return null;
      at = source.indexOf('<', after);
      continue;
    }
    // A form in a form is no form.
    if (name === 'form' && open.some((one) => one.name === 'form')) {
      at = source.indexOf('<', end);
      continue;
    }
    for (let top = open.length - 1; top >= 0 && open[top]?.endedBy?.has(name) === true; top--) open.pop();
    if (kind.isRaw) {
      const after = rawEnd(source, name, end);
      if (after === -1) return null;
      if (name === 'style') styles.push({ start: at, end: after });
      at = source.indexOf('<', after);
      continue;
    }
    if (!kind.isVoid) {
      if (open.length >= MAX_DEPTH) return null;
      open.push({ name, endedBy: kind.endedBy, start: at, end });
    }
    at = source.indexOf('<', end);
  }
  return stopped;
}

function close(open: OpenElement[], name: string): void {
  for (let index = open.length - 1; index >= 0; index--) {
    if (open[index]?.name !== name) continue;
    open.length = index;
    return;
  }
}

/** The rest of a tag: quotes around values only. Every character has one way to match, so the search is linear. */
const REST_OF_TAG = /[^<>"'=]*(?:=(?:[\t-\r ]*(?:"[^"]*"|'[^']*'))?[^<>"'=]*)*>/y;

/** Behind a tag's `>`; -1 when quotes stand where none belong, or the tag never ends. */
function tagEnd(source: string, from: number): number {
  REST_OF_TAG.lastIndex = from;
  return REST_OF_TAG.test(source) ? REST_OF_TAG.lastIndex : -1;
}

/** Behind a comment or a document type; -1 for anything odder. */
function declarationEnd(source: string, at: number): number {
  if (source.startsWith('<!--', at)) {
    const end = source.indexOf('-->', at + 4);
    if (end === -1 || source.charCodeAt(at + 4) === GREATER || source.startsWith('->', at + 4)) return -1;
    return source.slice(at + 4, end).includes('--!>') ? -1 : end + 3;
  }
  return /^<!doctype[^>"'<]{0,200}>/i.test(source.slice(at, at + 220)) ||
    /^<!doctype(?:[^>"'<]|"[^"<>]*"|'[^'<>]*'){0,300}>/i.test(source.slice(at, at + 400))
    ? source.indexOf('>', at) + 1
    : -1;
}

/** Behind the end tag of an element whose content is no markup; -1 where its end is not plain. */
function rawEnd(source: string, name: string, from: number): number {
  const at = source.indexOf(`</${name}`, from);
  if (at === -1) return -1;
  const code = source.charCodeAt(at + 2 + name.length);
  if (code !== GREATER && !isBlank(code)) return -1;
  const content = source.slice(from, at);
  // Scripts in comments in scripts end by rules of their own; and an end tag in capitals is one too.
  if ((name === 'script' && content.includes('<!--')) || content.includes(`</${name.toUpperCase()}`)) return -1;
  const end = source.indexOf('>', at);
  return end === -1 ? -1 : end + 1;
}

/** Behind a drawing; -1 when it holds more than shapes. */
function pictureEnd(source: string, from: number): number {
  const end = source.indexOf('</svg>', from);
  if (end === -1) return -1;
  return /<(?:svg|style|script|title|desc|foreignobject|!|\?)/i.test(source.slice(from, end)) ? -1 : end + 6;
}
