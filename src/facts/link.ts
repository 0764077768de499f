import type { LinkKind } from './types.ts';

/**
 * Where a link leads: the ministry's site of today, one of its retired names, anywhere else, or nowhere (R2.3, R17.1).
 * Judged on the host alone, so `beian.miit.gov.cn.example.com` is `other`.
 */
export function classifyLink(href: string | null): LinkKind {
  if (href === null || href.trim() === '') return 'none';
  const host = hostOf(href.replace(/^[\s\u200b-\u200f\ufeff"'“”‘’]+|[\s\u200b-\u200f\ufeff"'“”‘’]+$/g, ''));
  if (host === null) return 'other';
  if (host === 'beian.miit.gov.cn' || host === 'www.beian.miit.gov.cn') return 'miit';
  if (/(?:^|\.)(?:miitbeian|miibeian)\.gov\.cn$/.test(host)) return 'retired';
  return 'other';
}

function hostOf(href: string): string | null {
  try {
    const url = new URL(href.trim(), 'http://page.invalid/');
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
    return url.hostname.toLowerCase().replace(/\.$/, '');
  } catch {
    return null;
  }
}

/** The first address inside a click handler such as `window.open('https://…')`, or null. */
export function linkInHandler(handler: string): string | null {
  const match =
    /['"`](\s*(?:https?:)?\/{1,2}[^'"`\s]{3,300}|\s*(?:www\.)?[a-z0-9-]+\.mii[a-z]*\.gov\.cn[^'"`\s]{0,200})['"`]/i.exec(
      handler.slice(0, 2000),
    );
  return match?.[1]?.trim() ?? null;
}
