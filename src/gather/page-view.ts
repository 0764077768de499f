import type { Page } from 'playwright-core';
import { visibleHtml } from './visible-html.ts';

/** The window pages are drawn in, in pixels. */
export const VIEW = { width: 1280, height: 900 };
/** A picture shows the last so many pixels of a longer page: that is where footers stand. */
const MAX_PICTURE_HEIGHT = 4000;
/** Frames within frames that are read. */
const MAX_DEPTH = 3;

/** The page with its frames put where they show, and everything that may be there unread. */
export async function assemble(page: Page): Promise<{ html: string; doubts: string[] }> {
  const doubts: string[] = [];
  const inside = async (frame: ReturnType<Page['mainFrame']>, depth: number): Promise<string> => {
    const seen = await frame.evaluate(visibleHtml);
    doubts.push(...seen.doubts);
    if (seen.frames === 0) return seen.html;
    if (depth >= MAX_DEPTH) {
      doubts.push('frames within frames were not read');
      return seen.html;
    }
    let html = seen.html;
    for (let index = 0; index < seen.frames; index++) {
      const element = await frame.$(`[data-patrol-frame="${index}"]`);
      const kid = (await element?.contentFrame()) ?? null;
      const text = kid === null ? null : await inside(kid, depth + 1).catch(() => null);
      if (text === null || /^chrome-error:/.test(kid?.url() ?? '')) doubts.push('a frame could not be read');
      html = html.replace(`<div data-frame="${index}"></div>`, () => text ?? '');
    }
    return html;
  };
  return { html: await inside(page.mainFrame(), 0), doubts };
}

/** Scrolls the page and every box in it to their ends. */
export const SCROLL_DOWN = `for (const box of document.querySelectorAll('*')) if (box.scrollHeight > box.clientHeight + 50) box.scrollTop = box.scrollHeight;
scrollTo(0, document.documentElement.scrollHeight);`;

/** Nothing of the page's text changed for a while: timers draw without asking for anything. False when it never came to rest. */
export async function calm(page: Page, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  let before = '';
  for (let same = 0; Date.now() < end; ) {
    const now = await page.evaluate<string>('document.body ? document.body.innerText : ""');
    same = now === before ? same + 1 : 0;
    if (same >= CALM_LOOKS) return true;
    before = now;
    await page.waitForTimeout(CALM_PAUSE_MS);
  }
  return false;
}
const CALM_LOOKS = 4;
const CALM_PAUSE_MS = 500;

/** A picture of the page's end, where the footer stands (JPEG). */
export async function shoot(page: Page, timeoutMs: number): Promise<Buffer> {
  const height = await page.evaluate<number>('document.documentElement.scrollHeight');
  const shown = Math.max(VIEW.height, Math.min(height, MAX_PICTURE_HEIGHT));
  const clip = { x: 0, y: Math.max(0, height - shown), width: VIEW.width, height: shown };
  return page.screenshot({
    type: 'jpeg',
    quality: 55,
    fullPage: true,
    clip,
    timeout: timeoutMs,
    animations: 'disabled',
  });
}
