/** Reads just enough CSS to know what a person does not see (design §4: hidden is not there). */

const INVISIBLE =
  /(?:^|;)\s*(?:display\s*:\s*none(?![\s\S]*[;\s]display\s*:\s*(?!none))|text-indent\s*:\s*-\d{3,}|(?:top|left|margin-left)\s*:\s*-\d{3,}px)/i;

/**
 * True for a declaration list that takes its element off the screen. Font size, opacity and visibility are left alone: children
 * and scripts commonly undo them, and a wrong "hidden" would accuse an owner.
 */
export function declaresInvisible(declarations: string): boolean {
  return INVISIBLE.test(declarations.slice(0, 4000));
}

/** Simple selectors (`.x`, `#x`) that plain top-level rules of a style sheet take off the screen. */
export interface HiddenSelectors {
  classes: Set<string>;
  ids: Set<string>;
}

/**
 * Collect the simple class and id selectors that a style sheet hides. Rules inside @media and the like, and compound
 * selectors, are left alone: they may not apply, and a wrong "hidden" would accuse an owner.
 */
export function collectHiddenSelectors(css: string, into: HiddenSelectors): void {
  let depth = 0;
  let selectorStart = 0;
  let blockStart = 0;
  const limit = Math.min(css.length, 500_000);
  for (let i = 0; i < limit; i++) {
    const code = css.charCodeAt(i);
    if (code === 0x2f && css.charCodeAt(i + 1) === 0x2a) {
      const end = css.indexOf('*/', i + 2);
      if (end === -1) return;
      if (depth === 0) selectorStart = end + 2;
      i = end + 1;
    } else if (code === 0x7b) {
      if (depth === 0) blockStart = i + 1;
      depth++;
    } else if (code === 0x7d) {
      depth = Math.max(0, depth - 1);
      if (depth > 0) continue;
      const selector = css.slice(selectorStart, blockStart - 1).trim();
      selectorStart = i + 1;
      if (selector.startsWith('@') || !declaresInvisible(css.slice(blockStart, i))) continue;
      for (const part of selector.split(',')) {
        const simple = /^([.#])([A-Za-z_][\w-]*)$/.exec(part.trim());
        if (simple?.[1] === '.') into.classes.add(simple[2] as string);
        else if (simple?.[1] === '#') into.ids.add(simple[2] as string);
      }
    } else if (code === 0x3b && depth === 0) {
      selectorStart = i + 1;
    }
  }
}
