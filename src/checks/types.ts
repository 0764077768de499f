import type { Bilingual } from '../bilingual.ts';
/**
 * The contract of a check. A check is pure and synchronous: the same artifacts, filing and policy always give the same
 * verdict, today or in a dispute next year (R16.3). It needs no try/catch: a failed gatherer is data.
 */
import type { Filing } from '../filing/types.ts';
import type { ArtifactName, Artifacts, Stage } from '../gather/types.ts';
import type { Ownership } from '../provider/types.ts';
import type { Reference } from '../reference/reference.ts';
import type { CheckPolicy } from './policy.ts';

/** R16.1. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'inconclusive';

/** How much a finding weighs. `note` never moves the verdict. */
export type Severity = 'fail' | 'warn' | 'inconclusive' | 'note';

export type { Bilingual } from '../bilingual.ts';

/** What a code means and how its finding is mended. */
export interface CodeDefinition {
  severity: Severity;
  title: Bilingual;
  remedy: Bilingual;
  /**
   * Suspected by a word list or a heuristic: weighs `warn` until a human has ruled on it. Confirmed it weighs `fail`, dismissed
   * it is a note (`src/checks/rulings.ts`); nothing follows from it before.
   */
  asksHuman?: true;
  /**
   * For inconclusive codes: the failures this blindness leaves open. Absent: all of them. A failure it does not leave open was
   * looked for and not found: a case's finding may be cleared.
   */
  leavesOpen?: readonly string[];
  /** Whom a failure by this code concerns, where that differs from the check's (R4.7). */
  concerns?: 'site' | 'subject';
  /** Something will fail on a date (`params.until`, `params.daysLeft`): the owner is told beforehand. */
  earlyWarning?: true;
  /** The matter in a few words, for an SMS. */
  brief?: string;
}

/** A single piece of what the verdict was judged from, readable by a person. */
export interface Evidence {
  label: string;
  value: string;
}

/** One thing a check found. */
export interface Finding {
  code: string;
  severity: Severity;
  /** Host or domain it is about; null for the site. */
  about: string | null;
  /** Values for the texts: `{number}` in a title or remedy is replaced by `params.number`. */
  params: Record<string, string | number>;
  evidence: Evidence[];
  /** What a human's ruling on it is bound to: the same key is the same question. */
  reviewKey?: string;
  /** Set while a human has not ruled yet. */
  awaitsHuman?: true;
}

/** What a human said of a suspicion. */
export interface Ruling {
  checkId: string;
  code: string;
  about: string | null;
  key: string;
  ruling: 'confirmed' | 'dismissed';
  /** What was seen when it was dismissed (`params.words`): more than that is another question. */
  words: string;
  by: string;
  /** Epoch ms. */
  at: number;
  reason: string;
}

/** A check's answer. */
export interface Judgement {
  verdict: Verdict;
  findings: Finding[];
  /** When to look again if not at the usual interval (epoch ms), e.g. daily near an expiry. */
  nextLookAt?: number;
  /** Nothing more can be observed by looking again soon (a registry that hides its holders): not looked at twice. */
  settled?: true;
}

/** Everything a check may read. */
export interface CheckInput {
  filing: Filing;
  artifacts: Artifacts;
  policy: CheckPolicy;
  stage: Stage;
  /** When the site was observed (epoch ms): "now" for every date in a check. */
  observedAt: number;
  /** Who owns an address, by the range list named in the verdict. */
  whoseAddress: (address: string) => Ownership | null;
  /** Who owns a CNAME target. */
  whoseName: (name: string) => Ownership | null;
  /** True when the range list knows this provider at all. */
  knowsProvider: (provider: string) => boolean;
  /** Data files and lists a verdict may depend on; every answer used is kept with the verdict. */
  reference: Reference;
  /** What humans ruled on this site's suspicions. */
  rulings: readonly Ruling[];
}

/** One check: one file in `src/checks/`, one line in `index.ts`, one page in `docs/checks/`. */
export interface CheckDefinition {
  id: string;
  /** Raised whenever the same artifacts may be judged differently. */
  version: number;
  title: Bilingual;
  rules: string[];
  needs: readonly ArtifactName[];
  /** Used where present; its absence changes nothing but detail. */
  wants?: readonly ArtifactName[];
  /** A page that plainly shows its site's number, linked, passes: the rest of it need not be read while screening. */
  settledByNumber?: true;
  /** It asks what a page is about: word lists are looked for in it. */
  readsContent?: true;
  codes: Record<string, CodeDefinition>;
  /** Much of what it asks is hidden by its source: a high share of inconclusive verdicts is no sign of a fault. */
  oftenBlind?: true;
  /** Whom a failure concerns: the site (default), or the subject with all its sites (R4.7). */
  concerns?: 'site' | 'subject';
  /** False for filings the check does not concern (apps, mini-programs: R17.4). */
  appliesTo: (filing: Filing) => boolean;
  judge: (input: CheckInput) => Judgement;
}

/** Does a check read an artifact? */
export const asks = ({ needs, wants }: Pick<CheckDefinition, 'needs' | 'wants'>, artifact: ArtifactName): boolean =>
  needs.includes(artifact) || (wants?.includes(artifact) ?? false);
