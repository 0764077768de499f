import type { PageFacts } from '../facts/types.ts';
import type { Filing } from '../filing/types.ts';
import type { PageValue } from '../gather/types.ts';
import type { CheckInput } from './types.ts';

const FIREWALL_TITLE = /安全验证|拦截|验证码|人机验证|防火墙|just a moment|attention required|access denied|forbidden/i;

/** Why a page was not seen as a person sees it, or null: nothing is accused of a page seen in part (R16.1). */
export function whyPartial(facts: PageFacts): string | null {
  if (facts.notHtml) return 'the answer is a script, not a page';
  if (facts.truncated) return 'the page was larger than the reading limit, or broke off';
  if (facts.footerSources.length > 0) return `footer from ${facts.footerSources[0]}`;
  if (FIREWALL_TITLE.test(facts.title)) return `a firewall's page: ${facts.title}`;
  return null;
}

/** Why something that was not seen may be there all the same, drawn by what nobody ran or read; null when it may not. */
export function whyDrawnLater(facts: PageFacts): string | null {
  if (facts.metaRefresh !== null && facts.visibleCharacters < 400) return `the page leads on to ${facts.metaRefresh}`;
  if (facts.frames.length > 0 && facts.visibleCharacters < 400) return 'the page consists of frames';
  if (facts.frames.some((source) => /^(?!https?:|\/\/|about:|javascript:|data:)./i.test(source)))
    return 'a frame of the site was not read';
  if (facts.scriptCount > 0 && facts.visibleCharacters < 200) return 'the page is drawn by scripts';
  return facts.visibleCharacters === 0 ? 'the page is empty' : null;
}

/** R17.2: where domain A redirects to B, the page is B's, and B may not be in our hands. Gives B, or null. */
export function awayFromFiling(host: string, { domains, hosts }: Filing): string | null {
  const names = [...domains, ...hosts];
  if (names.length === 0) return null;
  return names.some((name) => host === name || host.endsWith(`.${name}`)) ? null : host;
}

/** A home page of the site that was left unseen: what is missing on the page read may stand there. Null when there is none. */
export function unreadHost(attempts: PageValue['attempts'], host: string): string | null {
  const seen = new Set(
    attempts.filter(({ hops }) => hops.some(({ status }) => status !== null)).map((attempt) => attempt.host),
  );
  const stated = new Set(['no-address', 'connection-refused']);
  const unread = attempts.find(
    (attempt) =>
      attempt.host !== host &&
      !seen.has(attempt.host) &&
      attempt.hops.some(({ failure }) => failure !== null && !stated.has(failure.code)),
  );
  return unread === undefined ? null : `${unread.host} could not be read`;
}

/** A browser was at hand and failed to draw the page: what its scripts would have shown is unknown. Null when it was drawn, or nobody could. */
export function drawingFailed({ artifacts }: Pick<CheckInput, 'artifacts'>): string | null {
  const { rendered } = artifacts;
  if (rendered === undefined || rendered.ok || rendered.failure.code === 'not-requested') return null;
  return rendered.failure.message;
}
