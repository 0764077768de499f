import { PageReader } from '../../src/facts/page-reader.ts';
import type { PageFacts } from '../../src/facts/types.ts';

/** The facts of a small page that shows a number in its footer. */
export function benchFacts(siteNumber: string): PageFacts {
  const reader = new PageReader();
  reader.write(
    `<!DOCTYPE html><html><body><p>公司网站</p><footer><p><a href="https://beian.miit.gov.cn/">${siteNumber}</a></p></footer></body></html>`,
  );
  return reader.end(false);
}
