import type { Frame, Page, Request } from 'playwright-core';

/** Requests that may draw something; the others (pictures, fonts, beacons) are not missed. */
const DRAWING = new Set(['document', 'script', 'stylesheet', 'xhr', 'fetch', 'eventsource']);
/** Counters and advertisements: nothing of a footer comes from there. */
const COUNTERS =
  /(?:^|\.)(?:hm\.baidu\.com|cnzz\.com|umeng\.com|51\.la|google-analytics\.com|googletagmanager\.com|doubleclick\.net|clarity\.ms|growingio\.com|sensorsdata\.cn|zz\.bdstatic\.com|push\.zhanzhang\.baidu\.com|tongji\.\w+\.\w+)$/;

/** The frame a request belongs to; null while that frame is only being made (a new window). */
function frameOf(request: Request): Frame | null {
  try {
    return request.frame();
  } catch {
    return null;
  }
}

/** Watches what a page asks for: how much, what failed, and when it comes to rest. */
export async function watchTraffic(
  page: Page,
  maxRequests: number,
): Promise<{
  requests: () => number;
  failures: () => { url: string; reason: string }[];
  quiet: (quietMs: number, timeoutMs: number) => Promise<boolean>;
}> {
  const failures: { url: string; reason: string }[] = [];
  const open = new Set<Request>();
  let count = 0;
  let lastAt = Date.now();
  const lose = (request: Request, reason: string): void => {
    const host = URL.parse(request.url())?.hostname ?? '';
    if (DRAWING.has(request.resourceType()) && !COUNTERS.test(host) && failures.length < 20)
      failures.push({ url: request.url().slice(0, 200), reason: reason.slice(0, 120) });
  };
  // A patrol reads: what would change something at the site is never sent.
  await page.context().routeWebSocket(/.*/, (socket) => {
    if (failures.length < 20) failures.push({ url: socket.url().slice(0, 200), reason: 'a WebSocket is not opened' });
    void socket.close().catch(() => {});
  });
  await page.context().route('**/*', (route) => {
    const request = route.request();
    const fine =
      ['GET', 'HEAD', 'OPTIONS'].includes(request.method()) && /^(?:https?|data|blob|about):/.test(request.url());
    const wanted = !['media', 'websocket', 'ping'].includes(request.resourceType());
    const popup = request.isNavigationRequest() && frameOf(request)?.page() !== page;
    return (fine && wanted && !popup && count <= maxRequests ? route.continue() : route.abort('blockedbyclient')).catch(
      () => {},
    );
  });
  page.on('request', (request) => {
    count++;
    lastAt = Date.now();
    open.add(request);
  });
  page.on('requestfinished', (request) => {
    lastAt = Date.now();
    open.delete(request);
    void request.response().then(
      (response) => {
        const main = request.isNavigationRequest() && frameOf(request) === page.mainFrame();
        if (response !== null && response.status() >= 400 && !main) lose(request, `HTTP ${response.status()}`);
      },
      () => {},
    );
  });
  page.on('requestfailed', (request) => {
    lastAt = Date.now();
    open.delete(request);
    lose(request, request.failure()?.errorText ?? 'failed');
  });
  const quiet = async (quietMs: number, timeoutMs: number): Promise<boolean> => {
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
      if (open.size === 0 && Date.now() - lastAt >= quietMs) return true;
      await page.waitForTimeout(Math.min(50, quietMs));
    }
    return false;
  };
  return { requests: () => count, failures: () => failures, quiet };
}
