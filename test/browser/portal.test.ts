import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { startPortal } from '../../src/web/portal.ts';
import { hasBrowser } from '../support/browser.ts';
import { CaseWorld } from '../support/case-world.ts';
import { launchBrowser, photographer, serious } from '../support/pages.ts';
import { codeInSms, personsOf } from '../support/portal-world.ts';

/** A phone. */
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, locale: 'zh-CN' };
/** Where pictures for the docs go (`docs/images`), when they are to be made anew. */
const PICTURES = process.env['PORTAL_PICTURES'];

const picture = photographer(PICTURES, 'portal');

describe.skipIf(!hasBrowser())('an owner’s day, on a phone', () => {
  let world: CaseWorld;
  let portal: Awaited<ReturnType<typeof startPortal>>;
  let browser: Browser;
  const caseOf = (site: number) => world.cases().find(({ siteId }) => siteId === site);
  beforeAll(async () => {
    world = await CaseWorld.open('2026-11-23 10:00', { notices: { portalUrl: 'http://127.0.0.1:8788' } });
    for (const [index, check] of ['empty-shell', 'icp-footer', 'icp-footer'].entries()) {
      const siteId = world.addSite(index + 1, { persons: personsOf(index + 1) });
      const own = `京ICP备${2021000001 + index}号-1`;
      const unlinked = [
        {
          code: 'not-linked',
          severity: 'fail' as const,
          about: null,
          params: { number: own, expected: own, shown: own },
          evidence: [],
        },
      ];
      world.set(siteId, check, 'fail', check === 'icp-footer' ? unlinked : undefined);
      world.look(siteId);
    }
    await world.until('2026-11-23 11:00');
    portal = await startPortal({
      host: '127.0.0.1',
      port: 0,
      trustedProxies: [],
      keeper: world.keeper,
      log: createLogger('silent'),
      now: world.now,
      pollMs: 200,
    });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await portal.close();
    world.close();
  });

  it('from the code of the SMS to “passed”, which arrives by itself', async () => {
    const context = await browser.newContext(PHONE);
    const page = await context.newPage();
    const elsewhere: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(portal.address)) elsewhere.push(request.url());
    });
    await page.goto(`${portal.address}/r`);
    await picture(page, 'code');
    expect(await serious(page)).toEqual([]);
    await page.getByLabel(/案件码/).fill(codeInSms(world, 2));
    await page.getByRole('button', { name: '查看整改要求' }).click();
    await page.getByRole('heading', { level: 1 }).filter({ hasText: '备案专项核查' }).waitFor();
    expect(await page.locator('.standing').innerText()).toContain('还剩');
    expect(await page.locator('pre.paste').first().innerText()).toContain('<a href="https://beian.miit.gov.cn/"');
    // Nothing is wider than the phone.
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await picture(page, 'case');
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: '我已整改，立即复查' }).click();
    await page.locator('.standing').getByText('已提交复查').waitFor();
    await picture(page, 'looking');
    world.set(2, 'icp-footer', 'pass');
    world.look(2);
    await page.locator('.standing.good').waitFor();
    expect(await page.locator('.standing').innerText()).toContain('问题已解决，无需再操作');
    await picture(page, 'passed');
    expect(await serious(page)).toEqual([]);
    expect(elsewhere).toEqual([]);
    await context.close();
  });

  it('by the link of the mail, without scripts, by keyboard alone: an extension', async () => {
    const context = await browser.newContext({ ...PHONE, javaScriptEnabled: false });
    const page = await context.newPage();
    const mail = world.channels.email.sent.find(
      ({ message }) => message.kind === 'found' && message.content.text.includes('京ICP备2021000001号-1'),
    );
    const key = /\/r\/l\/([\w-]+)/.exec(mail?.message.content.text ?? '')?.[1];
    await page.goto(`${portal.address}/r/l/${key}`);
    await picture(page, 'link');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/r\/case/);
    // A mail that told of several cases shows them all first.
    if (page.url().endsWith('/r/cases')) {
      await picture(page, 'list');
      await page.getByRole('link', { name: /京ICP备2021000001号-1/ }).click();
    }
    await page.getByText('申请延期').first().focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('延期原因').selectOption('vendor-at-work');
    await page.getByLabel('延期时间').selectOption('5');
    await page.getByRole('button', { name: '提交延期申请' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('延期申请已通过').waitFor();
    expect(caseOf(1)?.state).toBe('extended');
    await context.close();
  });

  it('restricted: the appeal', async () => {
    await world.until('2026-12-08 10:00');
    const { CaseDesk } = await import('../../src/cases/desk.ts');
    await world.until('2026-12-31 10:00');
    const code = caseOf(1)?.code ?? '';
    new CaseDesk(world.keeper).approve(code, { kind: 'admin', name: 'admin' }, world.now());
    await world.until('2026-12-31 12:00');
    expect(caseOf(1)?.state).toBe('restricted');
    const context = await browser.newContext(PHONE);
    const page = await context.newPage();
    await page.goto(`${portal.address}/r`);
    await page.getByLabel(/案件码/).fill(codeInSms(world, 1));
    await page.getByRole('button', { name: '查看整改要求' }).click();
    await page.getByText('申诉', { exact: true }).click();
    await page.getByLabel('申诉原因').selectOption('filing-correct');
    await picture(page, 'appeal');
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: '提交申诉' }).click();
    await page.getByText('申诉已提交').waitFor();
    expect(caseOf(1)?.state).toBe('appealed');
    await context.close();
  });
});
