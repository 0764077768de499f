import type { FiledNames } from '../facts/filed.ts';
import { normaliseName } from '../facts/holder-name.ts';
import type { PageFacts, WordHit } from '../facts/types.ts';
import type { ApprovalField } from '../reference/content-words.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { awayFromFiling, whyPartial } from './page-doubt.ts';
import { contentCodes } from './site-content-codes.ts';
import type { CheckDefinition, CheckInput, Evidence, Finding, Judgement } from './types.ts';

/** Site content 网站内容 (R4.2, R9): does the page agree with the filing? Word lists suspect, humans judge. */
export const siteContent: CheckDefinition = {
  id: 'site-content',
  version: 1,
  title: { zh: '网站内容核查', en: 'Site content' },
  rules: ['R4.1', 'R4.2', 'R9'],
  needs: ['page', 'names', 'filed'],
  readsContent: true,
  wants: ['rendered'],
  codes: { ...commonCodes, ...contentCodes },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

type Content = NonNullable<PageFacts['content']>;

function judge(input: CheckInput): Judgement {
  const { page, rendered, names } = input.artifacts;
  if (names === undefined || !names.ok) return conclude([blind('the filing names nobody')]);
  if (page === undefined || !page.ok) return conclude([blind(page?.failure.message ?? 'not gathered')]);
  const { document } = page.value;
  const drawn = rendered?.ok === true && rendered.value.status < 400 ? rendered.value : null;
  if (document === null) return conclude([blind('no page answered')]);
  if (document.status >= 500) return conclude([blind(`HTTP ${document.status}`)]);
  const { facts, host } = drawn ?? document;
  const { content } = facts;
  const away = awayFromFiling(host, input.filing);
  if (away !== null) {
    // The page is another's (R17.2), but a filed name that leads to a market of names has no site of its own.
    const sold =
      content === undefined ? [] : states(facts, content, input).filter(({ code }) => code === STATES.parked);
    return conclude(sold.length > 0 ? sold : [blind(`the home page leads to ${away}`)]);
  }
  if (content === undefined) return conclude([blind('no word lists were at hand')]);
  const findings = [
    ...states(facts, content, input),
    ...owners(facts, content, names.value, input),
    ...fields(facts, content, input),
  ];
  // A page that says nothing of itself (drawn by scripts, a firewall's) was not seen, unless it already says too much.
  if (findings.length === 0 && facts.visibleCharacters < 10)
    return conclude([blind('the page is empty or drawn by scripts')]);
  const partial = whyPartial(facts);
  if (findings.length === 0 && partial !== null && !facts.truncated && facts.footerSources.length === 0)
    return conclude([blind(partial)]);
  const silent = findings.length === 0 && partial === null && !namesItself(facts, content, names.value);
  return conclude(silent ? [unnamedPage(facts, names.value)] : findings);
}

/** What a list's words on this page weigh, and whether that is enough. */
function speaks(list: string, facts: PageFacts, content: Content, input: CheckInput): WordHit[] | null {
  const rule = input.policy.content.rules[list];
  if (rule === undefined) return null;
  const hits = content.words.filter((hit) => hit.list === list);
  const score = hits.reduce((sum, { weight, inTitle }) => sum + weight * (inTitle ? rule.titleFactor : 1), 0);
  const long = rule.maxCharacters !== null && facts.visibleCharacters > rule.maxCharacters;
  const wanted = long ? (rule.longThreshold ?? Number.POSITIVE_INFINITY) : rule.threshold;
  return score >= wanted ? hits : null;
}

const evidenceOf = (hits: WordHit[]): Evidence[] =>
  hits.slice(0, 10).map(({ word, count, context, inTitle }) => ({
    label: `${word} ×${count}${inTitle ? ' (title)' : ''}`,
    value: context,
  }));

const wordsOf = (hits: WordHit[]): string =>
  hits
    .slice(0, 8)
    .map(({ word }) => word)
    .join('、');

/** Pages on which nobody runs the site that was filed. */
const STATES = {
  parked: 'parked',
  'default-server': 'default-server',
  'under-construction': 'under-construction',
  suspended: 'suspended',
  defacement: 'defaced',
  gambling: 'gambling-injected',
  adult: 'adult-injected',
} as const;

function states(facts: PageFacts, content: Content, input: CheckInput): Finding[] {
  return (Object.keys(STATES) as (keyof typeof STATES)[]).flatMap((list) => {
    const hits = speaks(list, facts, content, input);
    if (hits === null) return [];
    const params = { words: wordsOf(hits), title: facts.title };
    return [finding(siteContent, STATES[list], { params, evidence: evidenceOf(hits), reviewKey: list })];
  });
}

/** Does a name of one's own stand in what a page says of itself? Short names (商城) stand in many others' too. */
function isOwnName(name: string, { subjectName, siteName }: FiledNames): boolean {
  const folded = normaliseName(name);
  return [subjectName, siteName]
    .map(normaliseName)
    .some(
      (mine) =>
        mine !== '' && (mine === folded || (mine.length >= OWN_NAME && folded.includes(mine)) || mine.includes(folded)),
    );
}
const OWN_NAME = 4;

/** Title, copyright line or text name the site or its organiser; true where the filing names neither. */
function namesItself({ title }: PageFacts, { organisations }: Content, names: FiledNames): boolean {
  const shown = normaliseName(title);
  const own = [names.subjectName, names.siteName].map(normaliseName).filter((name) => name.length > 1);
  return (
    own.length === 0 ||
    own.some((name) => shown.includes(name)) ||
    organisations.some(({ name }) => isOwnName(name, names))
  );
}

function unnamedPage({ title }: PageFacts, { siteName, subjectName }: FiledNames): Finding {
  const evidence = [{ label: 'title', value: title }];
  return finding(siteContent, 'names-not-shown', { params: { siteName, subjectName }, evidence });
}

/** Whose page it is (R4.2): an individual's shows no company, a company's not another's. */
function owners(facts: PageFacts, content: Content, names: FiledNames, input: CheckInput): Finding[] {
  const { filing } = input;
  const unnamed = names.subjectName === '';
  const isOwn = (name: string): boolean => isOwnName(name, names);
  const claimed = content.organisations.filter(({ place }) => place !== 'body');
  const other = claimed.find(({ name }) => !isOwn(name));
  const findings: Finding[] = [];
  if (filing.subjectKind === 'individual') {
    const company = speaks('company', facts, content, input);
    const trade = speaks('commercial', facts, content, input);
    if (other !== undefined || company !== null) {
      const shown = other?.name ?? wordsOf(company ?? []);
      const evidence = [
        ...(other === undefined ? [] : [{ label: other.place, value: other.name }]),
        ...evidenceOf(company ?? []),
      ];
      findings.push(
        finding(siteContent, 'company-content', {
          params: {
            shown,
            words: [
              ...claimed.filter(({ name }) => !isOwn(name)).map(({ name }) => name),
              ...(company ?? []).map(({ word }) => word),
            ].join('、'),
          },
          evidence,
          reviewKey: 'company-content',
        }),
      );
    }
    if (trade !== null)
      findings.push(
        finding(siteContent, 'commercial', {
          params: { words: wordsOf(trade) },
          evidence: evidenceOf(trade),
          reviewKey: 'commercial',
        }),
      );
  } else if (!unnamed && other !== undefined && !content.organisations.some(({ name }) => isOwn(name))) {
    const evidence = claimed.slice(0, 5).map(({ place, name }) => ({ label: place, value: name }));
    findings.push(
      finding(siteContent, 'another-company', {
        params: {
          shown: other.name,
          words: claimed
            .filter(({ name }) => !isOwn(name))
            .map(({ name }) => name)
            .join('、'),
        },
        evidence,
        reviewKey: 'another-company',
      }),
    );
  }
  return findings;
}

/** Content that needs prior approval, without a number on the filing or the page (R9). */
function fields(facts: PageFacts, content: Content, input: CheckInput): Finding[] {
  const filed = input.artifacts.filed?.ok === true ? input.artifacts.filed.value : null;
  const approved = new Set((filed?.priorApprovals ?? []).map(({ field }) => field));
  const concerns = ({ id, provinces }: ApprovalField): boolean =>
    !approved.has(id) && (provinces === null || provinces.includes(input.filing.province));
  const names = input.artifacts.names?.ok === true ? input.artifacts.names.value : null;
  return input.policy.content.approvals.filter(concerns).flatMap(({ id, zh, document, nameWords }) => {
    const hits = speaks(`approval-${id}`, facts, content, input);
    const named = nameWords.filter((word) => `${names?.subjectName ?? ''} ${names?.siteName ?? ''}`.includes(word));
    if (hits === null) {
      if (named.length === 0) return [];
      const params = { field: zh, document: document ?? '主管部门的批准文件', words: named.join('、') };
      return [finding(siteContent, 'name-needs-approval', { about: id, params, reviewKey: `name:${id}` })];
    }
    const shown = content.words.find(({ list }) => list === `shown-${id}`);
    const params = { field: zh, document: document ?? '主管部门的批准文件', words: wordsOf(hits) };
    const evidence = evidenceOf(hits);
    // The page names its approval, the filing does not carry it: something to enter, nothing to accuse.
    return [
      shown === undefined
        ? finding(siteContent, 'approval-missing', { about: id, params, evidence, reviewKey: id })
        : finding(siteContent, 'approval-not-on-filing', {
            about: id,
            params: { ...params, shown: shown.context },
            evidence,
          }),
    ];
  });
}

function blind(reason: string): Finding {
  return finding(siteContent, 'not-observed', { params: { reason } });
}
