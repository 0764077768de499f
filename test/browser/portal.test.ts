import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/log.ts';
import { startPortal } from '../../src/web/portal.ts';
import { hasBrowser } from '../support/browser.ts';
import { CaseWorld } from '../support/case-world.ts';
import { launchBrowser, photographer, serious } from '../support/pages.ts';
import { setPortalScene } from '../support/portal-scene.ts';
import { codeInSms } from '../support/portal-world.ts';

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
    browser = await launchBrowser();
    await setPortalScene(world, 3, async (markup) => {
      const drawn = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      await drawn.setContent(markup);
      const picture = await drawn.screenshot({ type: 'jpeg', quality: 60, fullPage: true });
      await drawn.close();
      return picture;
    });
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
    await page.getByRole('heading', { level: 1 }).filter({ hasText: '某某官网2' }).waitFor();
    expect(await page.locator('.standing').innerText()).toContain('还剩');
    expect(await page.locator('pre.paste').first().innerText()).toContain('<a href="https://beian.miit.gov.cn/"');
    // What stood on the page, with the number marked, and the picture of its bottom.
    expect(await page.locator('blockquote mark').innerText()).toBe('京ICP备2021000002号-1');
    await page.locator('figure img').scrollIntoViewIfNeeded();
    await page.waitForFunction("document.querySelector('figure img').naturalWidth === 1280");
    // Nothing is wider than the phone.
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    await picture(page, 'case');
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: '我已整改，立即复查' }).click();
    await page.locator('.standing').getByText('正在复查').waitFor();
    await page.getByRole('status').getByText('已提交复查').waitFor();
    await picture(page, 'looking');
    // Not mended yet: told at the top, by itself.
    world.look(2);
    await page.locator('.standing').getByText('仍未通过').waitFor();
    await picture(page, 'failed');
    expect(await serious(page)).toEqual([]);
    await world.until('2026-11-23 11:30');
    await page.reload();
    await page.getByRole('button', { name: '我已整改，立即复查' }).click();
    await page.locator('.standing').getByText('正在复查').waitFor();
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
    expect(await page.getByLabel('延期时间').innerText()).toContain('5 个工作日（到 12月15日');
    await page.getByRole('button', { name: '提交延期申请' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('延期申请已通过').waitFor();
    expect(caseOf(1)?.state).toBe('extended');
    await context.close();
  });

  it('a code that is none, and a link that is over, say how to go on', async () => {
    const context = await browser.newContext(PHONE);
    const page = await context.newPage();
    await page.goto(`${portal.address}/r`);
    await page.getByLabel(/案件码/).fill('0123456789');
    await page.getByRole('button', { name: '查看整改要求' }).click();
    await page
      .getByText(/没有找到|不正确/)
      .first()
      .waitFor();
    await picture(page, 'wrong-code');
    expect(await serious(page)).toEqual([]);
    await page.goto(`${portal.address}/r/l/${'A'.repeat(32)}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await picture(page, 'over');
    expect(await serious(page)).toEqual([]);
    await context.close();
  });

  it('an empty shell: the records to set, to be copied and passed on; somebody is named to be told', async () => {
    const context = await browser.newContext({ ...PHONE, permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    await page.goto(`${portal.address}/r`);
    // The whole SMS, as it was copied.
    const sms = world.channels.sms.sent.findLast(({ message }) => message.recipient === '13800000001');
    await page.getByLabel(/案件码/).fill(`${sms?.message.content.sms?.text}`);
    await page.getByRole('button', { name: '查看整改要求' }).click();
    await page.getByText('要设置的解析记录').first().waitFor();
    await page.getByRole('button', { name: '复制', exact: true }).first().click();
    await page.getByText('已复制').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('47.92.93.239');
    await page.getByText('发给帮您维护网站的人').click();
    expect(await page.locator('.pass-on pre').innerText()).toContain('主机记录 www，记录类型 A，记录值 47.92.93.239');
    await page.getByText('添加通知联系人').click();
    await page.getByLabel(/邮箱或手机号/).fill('maintainer@studio.example');
    await picture(page, 'shell');
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: '添加并发送验证' }).click();
    await page.getByText(/m\*\*\*@studio\.example（待验证/).waitFor();
    await world.settle();
    const mail = world.channels.email.sent.findLast(({ message }) => message.recipient === 'maintainer@studio.example');
    const token = /verify\?token=([\w-]+)/.exec(mail?.message.content.text ?? '')?.[1];
    const other = await context.newPage();
    await other.goto(`${portal.address}/r/verify?token=${token}`);
    await picture(other, 'verify');
    await other.getByRole('button', { name: '确认' }).click();
    await other.getByRole('heading', { name: '验证成功' }).waitFor();
    await picture(other, 'verified');
    // It arrives on the page of who named it.
    await page.getByText(/m\*\*\*@studio\.example（已验证）/).waitFor();
    await context.close();
  });

  it.each([
    [320, 2],
    [390, 1.5],
  ])('at %i pixels and letters %f times as large nothing is cut off or wider than the phone', async (width, scale) => {
    const context = await browser.newContext({ ...PHONE, viewport: { width, height: 700 } });
    const page = await context.newPage();
    await page.goto(`${portal.address}/r`);
    await page.getByLabel(/案件码/).fill(codeInSms(world, 3));
    await page.getByRole('button', { name: '查看整改要求' }).click();
    await page.locator('.standing').waitFor();
    await page.evaluate(`document.documentElement.style.fontSize = '${scale * 100}%'`);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    // No column is left a character wide.
    const narrow = await page.evaluate<number>(
      "Math.min(...[...document.querySelectorAll('dd')].filter((one) => one.offsetParent !== null).map((one) => one.clientWidth))",
    );
    expect(narrow).toBeGreaterThan(100);
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
    await page.getByLabel('申诉原因').selectOption('mended');
    await picture(page, 'appeal');
    expect(await serious(page)).toEqual([]);
    await page.getByRole('button', { name: '提交申诉' }).click();
    await page.getByText('申诉已提交').waitFor();
    expect(caseOf(1)?.state).toBe('appealed');
    await context.close();
  });
});
