/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** What a person sees of a document, and what may be there all the same. */
export interface VisiblePage {
  html: string;
  /** Elements of the frames, in the order of their `<div data-frame>`: to be read one by one. */
  frames: number;
  /** Why something may be seen that this walk cannot read: nothing is accused then. */
  doubts: string[];
}

/**
 * Runs inside the browser, in an isolated world (page-view.ts), where the page's scripts cannot reach what it uses: the document as a person sees it, written as HTML. Scripts, style sheets and
 * everything hidden are left out; open shadow roots, SVG text and generated content are written where they show. Frames are kept in
 * `globalThis.patrolFrames`, marked with the attribute `mark`, and become `<div data-frame="N">`. Text left out by a guess (colour, place, clipping) that looks like a filing number
 * is a doubt, never an absence.
 *
 * It is sent to the browser as text, so it may use nothing from outside itself.
 */
export function visibleHtml(mark: string): VisiblePage {
  const LIMIT = 3_000_000;
  const SKIP = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'NOSCRIPT', 'LINK', 'META', 'HEAD', 'SELECT', 'TEXTAREA']);
  const OPAQUE = new Set(['CANVAS', 'OBJECT', 'EMBED', 'VIDEO']);
  const KEEP = ['href', 'onclick', 'class', 'id', 'alt', 'title', 'src'];
  const BLOCK = /^(?:block|flex|grid|table|list-item|flow-root|table-row|table-cell)$/;
  const NUMBER = /icp|公网安备|备案|備案/i;
  const doubts = new Set<string>();
  // A form's fields stand before its own properties (`<input name="childNodes">`), so those are read past them.
  const read =
    <T>(of: object, key: string) =>
    (from: unknown): T => {
      const descriptor = Object.getOwnPropertyDescriptor(of, key) as { get: () => T };
      return descriptor.get.call(from);
    };
  const childNodesOf = read<NodeListOf<ChildNode>>(Node.prototype, 'childNodes');
  const nodeTypeOf = read<number>(Node.prototype, 'nodeType');
  const parentOf = read<Element | null>(Node.prototype, 'parentElement');
  const textOf = read<string | null>(Node.prototype, 'textContent');
  const tagOf = read<string>(Element.prototype, 'tagName');
  const shadowOf = read<ShadowRoot | null>(Element.prototype, 'shadowRoot');
  const bodyOf = read<HTMLElement | null>(Document.prototype, 'body');
  const titleOf = read<string>(Document.prototype, 'title');
  const boxOf = (element: Element): DOMRect => Element.prototype.getBoundingClientRect.call(element);
  const attributeOf = (element: Element, key: string): string | null =>
    Element.prototype.getAttribute.call(element, key);
  let out = '';
  const frames: Element[] = [];
  const escapeText = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  const escapeAttribute = (text: string): string => escapeText(text).replace(/"/g, '&quot;');
  /** `rgb()` only: colours written otherwise are not understood, and then nothing is called unreadable. */
  const channels = (colour: string): number[] | null => {
    const match = /^rgba?\(([^)]+)\)$/.exec(colour);
    return match === null
      ? null
      : (match[1] as string)
          .split(/[,/\s]+/)
          .filter(Boolean)
          .map(Number);
  };
  /** The colour behind an element; null where a picture, a gradient, a pseudo element or anything unknown may stand. */
  const backdrop = (element: Element): number[] | null => {
    for (let at: Element | null = element; at !== null; at = parentOf(at)) {
      const style = getComputedStyle(at);
      const generated =
        getComputedStyle(at, '::before').content !== 'none' || getComputedStyle(at, '::after').content !== 'none';
      if (style.backgroundImage !== 'none' || generated) return null;
      const colour = channels(style.backgroundColor);
      if (colour === null) return null;
      if ((colour[3] ?? 1) > 0.9) return colour;
      if ((colour[3] ?? 1) > 0.05) return null;
      if (style.position !== 'static') return null;
    }
    return getComputedStyle(document.documentElement).colorScheme.includes('dark') ? null : [255, 255, 255];
  };
  /** Text nobody can read: without size or colour, or of the colour behind it. */
  const unreadable = (element: Element): boolean => {
    const style = getComputedStyle(element);
    if (parseFloat(style.fontSize) < 4 || parseFloat(style.textIndent) < -500) return true;
    const ink = channels(style.color);
    if (ink === null) return false;
    if ((ink[3] ?? 1) < 0.05) return style.backgroundClip !== 'text';
    const behind = backdrop(element);
    if (behind === null) return false;
    return [0, 1, 2].every((channel) => Math.abs((ink[channel] ?? 0) - (behind[channel] ?? 0)) < 12);
  };
  /** Gone for certain. */
  const absent = (style: CSSStyleDeclaration): boolean => style.display === 'none' || Number(style.opacity) < 0.05;
  /** Gone by a guess at the layout. */
  const displaced = (element: Element, style: CSSStyleDeclaration): boolean => {
    if (style.display === 'contents') return false;
    const box = boxOf(element);
    const clips = style.overflowX !== 'visible' && style.overflowY !== 'visible';
    const clipped = clips && (box.width < 2 || box.height < 2);
    const cut =
      /rect\(0(?:px)?,? 0(?:px)?,? 0(?:px)?,? 0(?:px)?\)|rect\(1px, 1px, 1px, 1px\)/.test(style.clip) ||
      /inset\((?:50|100)%\)|circle\(0(?:px|%)?[ )]/.test(style.clipPath);
    const shrunk = /matrix\(0, 0, 0, 0/.test(style.transform);
    const away = style.position !== 'static' && box.width > 0 && (box.right + scrollX < 0 || box.bottom + scrollY < 0);
    return clipped || cut || shrunk || away;
  };
  const drop = (text: string, why: string): void => {
    if (NUMBER.test(text)) doubts.add(why);
  };
  const generated = (element: Element, which: '::before' | '::after'): void => {
    const content = getComputedStyle(element, which).content;
    const text = /^"(.*)"$/.exec(content)?.[1];
    if (text !== undefined && text.trim() !== '') out += escapeText(text);
  };
  const children = (node: Element | ShadowRoot): void => {
    for (const child of childNodesOf(node)) write(child);
  };
  const write = (node: ChildNode): void => {
    if (out.length > LIMIT) {
      doubts.add('the page is too large to be read whole');
      return;
    }
    if (nodeTypeOf(node) === 3) {
      const parent = parentOf(node);
      const text = textOf(node) ?? '';
      if (text.trim() === '') out += ' ';
      else if (parent === null || getComputedStyle(parent).visibility === 'visible') {
        if (parent !== null && unreadable(parent))
          drop(text, 'text that may be a number seems to have no colour of its own');
        else out += escapeText(text);
      }
      return;
    }
    if (nodeTypeOf(node) !== 1) return;
    const element = node as Element;
    const tag = tagOf(element).toUpperCase();
    if (SKIP.has(tag)) return;
    const style = getComputedStyle(element);
    if (absent(style)) return;
    if (displaced(element, style)) {
      drop(textOf(element) ?? '', 'text that may be a number stands off the page or is clipped');
      return;
    }
    const box = boxOf(element);
    if (OPAQUE.has(tag)) {
      if (box.width * box.height > 20_000 && tag !== 'VIDEO')
        doubts.add(`a ${tag.toLowerCase()} draws a part of the page`);
      return;
    }
    if (tag === 'IFRAME' || tag === 'FRAME') {
      if (box.width < 2 || box.height < 2) return;
      Element.prototype.setAttribute.call(element, mark, String(frames.length));
      out += `<div data-frame="${frames.length}"></div>`;
      frames.push(element);
      return;
    }
    const name = tagOf(element).toLowerCase();
    // What is laid out as a block is one, whatever it is called.
    const shown = name === 'span' && BLOCK.test(style.display) ? 'div' : name;
    let attributes = '';
    for (const key of KEEP) {
      const value = attributeOf(element, key);
      if (value !== null && value !== '' && value.length < 2000) attributes += ` ${key}="${escapeAttribute(value)}"`;
    }
    // Frameworks hang click handlers on without attributes; what can be clicked says so by its pointer.
    const clickable =
      style.cursor === 'pointer' &&
      Element.prototype.closest.call(element, 'a[href]') === null &&
      attributeOf(element, 'onclick') === null;
    if (clickable && NUMBER.test(textOf(element) ?? '')) attributes += ' onclick="unread()"';
    out += `<${shown}${attributes}>`;
    if (/^(?:img|br|hr|input|wbr|area|col)$/.test(shown)) return;
    generated(element, '::before');
    const shadow = shadowOf(element);
    if (shadow !== null) children(shadow);
    else if (tag === 'SLOT')
      for (const given of (element as HTMLSlotElement).assignedNodes({ flatten: true })) write(given as ChildNode);
    else {
      if (name.includes('-') && childNodesOf(element).length === 0 && box.height > 10)
        doubts.add(`<${name}> draws a part of the page`);
      children(element);
    }
    generated(element, '::after');
    out += `</${shown}>`;
  };
  const title = escapeText(titleOf(document));
  const body = bodyOf(document);
  if (body !== null) write(body);
  Object.assign(globalThis, { patrolFrames: frames });
  return {
    html: `<!DOCTYPE html><html><head><title>${title}</title></head>${out}</html>`,
    frames: frames.length,
    doubts: [...doubts],
  };
}
