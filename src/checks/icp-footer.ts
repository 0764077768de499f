import { compareNames } from '../facts/holder-name.ts';
import type { PageFacts, ShownNumber } from '../facts/types.ts';
import { type IcpNumber, parseIcpNumber, sameSite, sameSubject } from '../filing/site-number.ts';
import type { PageDocument, RenderedValue } from '../gather/types.ts';
import { conclude, finding } from './conclude.ts';
import { footerCodes } from './icp-footer-codes.ts';
import { awayFromFiling, drawingFailed, unreadHost, whyDrawnLater, whyPartial } from './page-doubt.ts';
import type { CheckDefinition, CheckInput, Evidence, Finding, Judgement } from './types.ts';

/** Footer number 备案号悬挂 (R2): the home page shows its own number, at the bottom, linked to the ministry. */
export const icpFooter: CheckDefinition = {
  id: 'icp-footer',
  version: 2,
  title: { zh: '备案号悬挂核查', en: 'Filing number in the footer' },
  rules: ['R2.1', 'R2.2', 'R2.3', 'R2.4', 'R2.5', 'R17.1', 'R17.2', 'R17.4', 'R15'],
  needs: ['page'],
  wants: ['rendered'],
  settledByNumber: true,
  codes: footerCodes,
  // R17.4: apps and mini-programs have no home page.
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const { filing, artifacts } = input;
  const own = parseIcpNumber(filing.siteNumber);
  if (!own.ok) return conclude([blind(`the filing's number cannot be read: ${filing.siteNumber}`)]);
  const page = artifacts.page;
  if (page === undefined || !page.ok) return conclude([blind(page?.failure.message ?? 'the page was not gathered')]);
  const { document, attempts } = page.value;
  if (document === null) {
    const failure = attempts.flatMap((attempt) => attempt.hops).findLast((hop) => hop.failure !== null)?.failure;
    return conclude([blind(failure?.message ?? 'no page answered')]);
  }
  const findings = judgePage(document, own.number, input);
  const drawn = asDrawn(input);
  const settled = !findings.some(({ severity }) => severity === 'fail' || severity === 'inconclusive');
  if (drawn !== null && !settled) return conclude(judgeDrawn(drawn, own.number, input));
  const undrawn = drawingFailed(input);
  if (undrawn !== null && document.facts.scriptCount > 0 && document.facts.icpNumbers.length === 0 && !settled)
    return conclude([uncertain(undrawn)]);
  const unread = unreadHost(attempts, document.host);
  const accuses = findings.some(({ severity }) => severity === 'fail');
  return conclude(
    accuses && unread !== null && document.facts.icpNumbers.length === 0 ? [uncertain(unread)] : findings,
  );
}

/** The page as a browser drew it, where one did; a server's error page says nothing of the site. */
function asDrawn({ artifacts: { rendered } }: CheckInput): RenderedValue | null {
  return rendered?.ok === true && rendered.value.status < 400 ? rendered.value : null;
}

/** What a person sees decides, also against the source; what could not be drawn may hold the number. */
function judgeDrawn(drawn: RenderedValue, own: IcpNumber, input: CheckInput): Finding[] {
  const { status, facts, url, host } = drawn;
  const findings = judgePage({ status, facts, host }, own, input);
  const seen = [
    { label: 'drawn by', value: `${drawn.browser}: ${url}` },
    { label: 'screenshot', value: drawn.screenshotDigest ?? '-' },
  ];
  const accuses = findings.some(({ severity }) => severity === 'fail');
  const [lost] = drawn.failedRequests;
  if (accuses && !drawn.settled) return [uncertain('the page did not come to rest')];
  if (accuses && drawn.doubts[0] !== undefined) return [uncertain(drawn.doubts[0])];
  if (accuses && lost !== undefined) return [uncertain(`${lost.url} could not be loaded (${lost.reason})`)];
  return findings.map((one) => ({ ...one, evidence: [...one.evidence, ...seen] }));
}

type SeenPage = Pick<PageDocument, 'status' | 'facts' | 'host'>;

function judgePage(document: SeenPage, own: IcpNumber, input: CheckInput): Finding[] {
  const { facts } = document;
  const parsed = facts.icpNumbers.flatMap((shown) => {
    const result = parseIcpNumber(shown.number);
    return result.ok ? [{ shown, number: result.number }] : [];
  });
  const mine = parsed.filter(({ number }) => isActual(number, own, input)).map(({ shown }) => shown);
  // The own number, rightly linked, is a pass wherever it was seen; anything less is only said of a page fully seen.
  if (mine.some(({ link }) => link === 'miit')) return judgeOwn(mine, input);
  if (document.status >= 400) return [blind(`HTTP ${document.status}`)];
  const away = awayFromFiling(document.host, input.filing);
  if (away !== null) return [finding(icpFooter, 'redirected-off-site', { params: { host: away } })];
  const partial = whyPartial(facts);
  if (partial !== null) return [uncertain(partial)];
  if (mine.length > 0) return judgeOwn(mine, input);
  const doubt = whyUncertain(facts, own);
  if (doubt !== null) return [doubt];
  return [accuse(facts, parsed, own, input)];
}

/** R2.2 D: the site number or its subject number passes; R17.2: a licence holder may show the licence. */
function isActual(number: IcpNumber, own: IcpNumber, { filing }: CheckInput): boolean {
  if (sameSite(number, own) || (sameSubject(number, own) && number.suffix === null)) return true;
  if (own.suffix === null && sameSubject(number, own) && number.service === 'site') return true;
  if (filing.licenceNumber === null) return false;
  const licence = parseIcpNumber(filing.licenceNumber);
  return licence.ok && sameSubject(number, licence.number);
}

function judgeOwn(mine: ShownNumber[], { policy }: CheckInput): Finding[] {
  const rank = { miit: 3, retired: 2, other: 1, none: 0 } as const;
  const best = mine.toSorted((a, b) => rank[b.link] - rank[a.link])[0] as ShownNumber;
  const evidence = evidenceOf(best);
  const findings: Finding[] = [];
  if (best.link === 'other' && (best.scripted || /beian\.miit\.gov\.cn/i.test(parametersOf(best.href ?? '')))) {
    // A script or a redirector may well lead to the ministry: nobody followed it.
    return [uncertain(`the link is ${best.scripted ? 'a script' : 'a redirector'}: ${best.href}`)];
  }
  if (best.link === 'none')
    findings.push(finding(icpFooter, 'not-linked', { params: { number: best.number }, evidence }));
  else if (best.link === 'other') {
    findings.push(
      finding(icpFooter, 'wrong-link', { params: { number: best.number, href: best.href ?? '' }, evidence }),
    );
  } else if (best.link === 'retired') {
    const severity = policy.outdatedLinkSeverity;
    findings.push(
      finding(icpFooter, 'outdated-link', {
        severity,
        params: { number: best.number, href: best.href ?? '' },
        evidence,
      }),
    );
  } else if (/^https?:\/\/www\.beian\.miit/i.test(best.href ?? '')) {
    findings.push(finding(icpFooter, 'link-with-www', { params: { number: best.number }, evidence }));
  }
  if (!mine.some((shown) => shown.inFooter)) {
    findings.push(finding(icpFooter, 'not-in-footer', { params: { number: best.number }, evidence }));
  }
  return findings;
}

/** The query of a link, decoded; '' when it has none. */
function parametersOf(href: string): string {
  const url = URL.parse(href, 'http://page.invalid/');
  if (url === null || !/=https?(?::|%3a)/i.test(url.search)) return '';
  return url.search.replace(/%3a/gi, ':').replace(/%2f/gi, '/');
}

/** The number was not seen; may it be there all the same, drawn by something we did not run or read? */
function whyUncertain(facts: PageFacts, own: IcpNumber): Finding | null {
  const inSource = facts.unseenNumbers.find(({ number }) => {
    const parsed = parseIcpNumber(number);
    return parsed.ok && sameSubject(parsed.number, own);
  });
  if (inSource !== undefined) {
    const { place, number } = inSource;
    // A script may show what it hides; without scripts hidden stays hidden, and a comment is never shown.
    const stays =
      place === 'comment' ? facts.visibleCharacters >= 200 || facts.scriptCount === 0 : facts.scriptCount === 0;
    if ((place === 'comment' || place === 'hidden') && stays)
      return finding(icpFooter, 'hidden', { params: { number, place } });
    return uncertain(`number only in ${place}`);
  }
  const later = whyDrawnLater(facts);
  return later === null ? null : uncertain(later);
}

/** R15: alive for another holder by the bureau's own list; an older number of one's own is only a wrong one. */
function isAnothers(shown: IcpNumber, own: IcpNumber, { bureauNumber }: CheckInput['reference']): boolean {
  const holderOf = ({ canonical, subject }: IcpNumber) => bureauNumber(canonical) ?? bureauNumber(subject);
  const [theirs, mine] = [holderOf(shown), holderOf(own)];
  return (
    theirs?.state === 'alive' &&
    theirs.holder !== null &&
    mine?.holder !== undefined &&
    mine.holder !== null &&
    compareNames(theirs.holder, mine.holder) === 'different'
  );
}

function accuse(
  facts: PageFacts,
  parsed: { shown: ShownNumber; number: IcpNumber }[],
  own: IcpNumber,
  { reference }: CheckInput,
): Finding {
  const expected = own.canonical;
  const real = parsed.filter(({ shown }) => !shown.placeholder);
  const sibling = real.find(({ number }) => sameSubject(number, own));
  if (sibling !== undefined) {
    const code = sibling.number.service === 'site' ? 'wrong-suffix' : 'app-number-shown';
    return finding(icpFooter, code, {
      params: { shown: sibling.shown.number, expected },
      evidence: evidenceOf(sibling.shown),
    });
  }
  const filings = real.filter(({ number, shown }) => number.kind === own.kind && shown.inFooter);
  const other = filings[0];
  if (other !== undefined) {
    const code = isAnothers(other.number, own, reference) ? 'number-of-another' : 'wrong-number';
    return finding(icpFooter, code, {
      params: { shown: other.shown.number, expected },
      evidence: evidenceOf(other.shown),
    });
  }
  const licence = real.find(({ number, shown }) => number.kind !== own.kind && shown.inFooter);
  if (licence !== undefined) {
    return finding(icpFooter, 'licence-shown', {
      params: { shown: licence.shown.number, expected },
      evidence: evidenceOf(licence.shown),
    });
  }
  const placeholder = facts.icpNumbers.find((shown) => shown.placeholder);
  if (placeholder !== undefined) {
    return finding(icpFooter, 'placeholder', {
      params: { shown: placeholder.text, expected },
      evidence: evidenceOf(placeholder),
    });
  }
  return finding(icpFooter, 'number-missing', {
    params: { expected },
    evidence: [
      {
        label: 'page',
        value: `${facts.title} (${facts.visibleCharacters} visible characters, ${facts.textDigest.slice(0, 12)})`,
      },
    ],
  });
}

function blind(reason: string): Finding {
  return finding(icpFooter, 'not-observed', { params: { reason } });
}

function uncertain(reason: string): Finding {
  return finding(icpFooter, 'needs-rendering', { params: { reason } });
}

function evidenceOf(shown: ShownNumber): Evidence[] {
  return [
    { label: 'text', value: shown.context },
    { label: 'link', value: shown.href ?? '-' },
  ];
}
