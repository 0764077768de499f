/**
 * The contract of a check. A check is pure and synchronous: the same artifacts, filing and policy always give the same
 * verdict, today or in a dispute next year (R16.3). It needs no try/catch: a failed gatherer is data.
 */
import type { Filing } from '../filing/types.ts';
import type { ArtifactName, Artifacts, Stage } from '../gather/types.ts';
import type { Ownership } from '../provider/types.ts';
import type { CheckPolicy } from './policy.ts';

/** R16.1. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'inconclusive';

/** How much a finding weighs. `note` never moves the verdict. */
export type Severity = 'fail' | 'warn' | 'inconclusive' | 'note';

/** A text for owners (zh) and for admins and docs (en). */
export interface Bilingual {
  zh: string;
  en: string;
}

/** What a code means and how its finding is mended. */
export interface CodeDefinition {
  severity: Severity;
  title: Bilingual;
  remedy: Bilingual;
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
}

/** A check's answer. */
export interface Judgement {
  verdict: Verdict;
  findings: Finding[];
  /** When to look again if not at the usual interval (epoch ms), e.g. daily near an expiry. */
  nextLookAt?: number;
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
  codes: Record<string, CodeDefinition>;
  /** Whom a failure concerns: the site (default), or the subject with all its sites (R4.7). */
  concerns?: 'site' | 'subject';
  /** False for filings the check does not concern (apps, mini-programs: R17.4). */
  appliesTo: (filing: Filing) => boolean;
  judge: (input: CheckInput) => Judgement;
}
