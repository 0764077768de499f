import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findBrowser } from '../../src/gather/find-browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The machine's own Chromium. */
export function launchBrowser(): Promise<Browser> {
  const executablePath = findBrowser(null);
  return chromium.launch({
    ...(executablePath !== null && { executablePath }),
    headless: true,
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

/** What axe finds serious or critical. It is put in by the debugger: the page's own policy lets no foreign script in. */
export async function serious(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run().then(({ violations }) => violations)',
    awaitPromise: true,
    returnByValue: true,
  });
  const violations = result.value as { id: string; impact: string; nodes: { html: string }[] }[];
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
}

/** Takes pictures for the docs into `folder` (`docs/images`), named with `prefix`; undefined: takes none. Long pages are smaller as JPEG. */
export const photographer =
  (folder: string | undefined, prefix: string, type: 'png' | 'jpeg' = 'png') =>
  async (page: Page, name: string): Promise<void> => {
    if (folder === undefined) return;
    const path = join(folder, `${prefix}-${name}.${type === 'jpeg' ? 'jpg' : 'png'}`);
    await page.screenshot({ path, fullPage: true, type, ...(type === 'jpeg' && { quality: 72 }) });
  };
