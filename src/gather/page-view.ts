import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { CDPSession, Frame, Page } from 'playwright-core';
import { type VisiblePage, visibleHtml } from './visible-html.ts';

/** The window pages are drawn in, in pixels. */
export const VIEW = { width: 1280, height: 900 };
/** A picture shows the last so many pixels of a longer page: that is where footers stand. */
const MAX_PICTURE_HEIGHT = 4000;
/** Frames within frames that are read. */
const MAX_DEPTH = 3;

/** A frame of a page as our own eyes see it. */
interface Sight {
  session: CDPSession;
  frameId: string;
  frame: Frame;
}

/** Name of the world our own code runs in: what a page did to the built-in functions (prototype.js, or a cheat) does not reach it. */
const WORLD = 'beian-patrol';

/** Open our eyes on a page. Close by detaching `session`, or with the page. */
export async function openSight(page: Page): Promise<Sight> {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  return { session, frameId: frameTree.frame.id, frame: page.mainFrame() };
}

async function evaluate({ session, frameId }: Sight, expression: string, returnByValue: boolean) {
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId,
    worldName: WORLD,
  });
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression,
    contextId,
    returnByValue,
  });
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result;
}

/** The value of an expression, worked out in our own world. Throws when it does. */
async function ask<T>(sight: Sight, expression: string): Promise<T> {
  const { value } = await evaluate(sight, expression, true);
  return value as T;
}

/** The eyes on the frame the last walk marked with a number; null when it cannot be looked into. */
async function sightOf(sight: Sight, mark: string, index: number): Promise<Sight | null> {
  const { objectId } = await evaluate(sight, `${FRAMES}[${index}]`, false);
  if (objectId === undefined) return null;
  const { node } = await sight.session.send('DOM.describeNode', { objectId });
  if (node.frameId === undefined) return null;
  const element = await sight.frame.$(`[${mark}="${index}"]`);
  const frame = (await element?.contentFrame()) ?? null;
  if (frame === null) return null;
  // A frame of another site may live in a process of its own, with a session of its own.
  const own = await frame
    .page()
    .context()
    .newCDPSession(frame)
    .catch(() => null);
  if (own !== null) {
    const { frameTree } = await own.send('Page.getFrameTree');
    // The page may have put the mark elsewhere: it must be the very frame we met.
    return frameTree.frame.id === node.frameId ? { session: own, frameId: node.frameId, frame } : null;
  }
  return { session: sight.session, frameId: node.frameId, frame };
}

/** Where the walk keeps the frames it met, in our own world. */
const FRAMES = 'globalThis.patrolFrames';

/** The page with its frames put where they show, and everything that may be there unread. */
export async function assemble(sight: Sight): Promise<{ html: string; doubts: string[] }> {
  const doubts: string[] = [];
  // Unknown to the page beforehand.
  const mark = `data-${randomBytes(8).toString('hex')}`;
  const inside = async (here: Sight, depth: number): Promise<string> => {
    const seen = await ask<VisiblePage>(here, `(${visibleHtml.toString()})(${JSON.stringify(mark)})`);
    doubts.push(...seen.doubts);
    if (seen.frames === 0) return seen.html;
    if (depth >= MAX_DEPTH) {
      doubts.push('frames within frames were not read');
      return seen.html;
    }
    let html = seen.html;
    for (let index = 0; index < seen.frames; index++) {
      const kid = await sightOf(here, mark, index).catch(() => null);
      const text = kid === null ? null : await inside(kid, depth + 1).catch(() => null);
      if (text === null || /^chrome-error:/.test(kid?.frame.url() ?? '')) doubts.push('a frame could not be read');
      html = html.replace(`<div data-frame="${index}"></div>`, () => text ?? '');
    }
    return html;
  };
  return { html: await inside(sight, 0), doubts };
}

/** Scroll to where footers stand. */
export async function scrollDown(sight: Sight): Promise<void> {
  await ask(sight, SCROLL_DOWN);
}

/** Scrolls the page and every box in it to their ends. */
const SCROLL_DOWN = `for (const box of document.querySelectorAll('*')) if (box.scrollHeight > box.clientHeight + 50) box.scrollTop = box.scrollHeight;
scrollTo(0, document.documentElement.scrollHeight); 0`;

/** Nothing of the page's text changed for a while: timers draw without asking for anything. False when it never came to rest. */
export async function calm(sight: Sight, timeoutMs: number): Promise<boolean> {
  const end = Date.now() + timeoutMs;
  let before = '';
  for (let same = 0; Date.now() < end; ) {
    const now = await ask<string>(sight, 'document.body ? document.body.innerText : ""');
    same = now === before ? same + 1 : 0;
    if (same >= CALM_LOOKS) return true;
    before = now;
    await setTimeout(CALM_PAUSE_MS);
  }
  return false;
}
const CALM_LOOKS = 4;
const CALM_PAUSE_MS = 500;

/** A picture of the page's end, where the footer stands (JPEG). */
export async function shoot(page: Page, sight: Sight, timeoutMs: number): Promise<Buffer> {
  const height = await ask<number>(sight, 'document.documentElement.scrollHeight');
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
