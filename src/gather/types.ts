/**
 * Artifacts: what gatherers saw of one site. Serialisable, free of judgement and of personal data. A failure to observe
 * is an artifact too (R16.1, R16.3; design §1).
 */
import type { FiledDetails, FiledNames, FiledPersons } from '../facts/filed.ts';
import type { PageFacts, RegistrationFacts } from '../facts/types.ts';

/** Why something could not be observed. `ours` marks faults on our side of the wire. */
export type FailureCode =
  | 'timeout'
  | 'network-unreachable'
  | 'connection-refused'
  | 'connection-reset'
  | 'tls-handshake'
  | 'address-forbidden'
  | 'no-address'
  | 'dns-unobserved'
  | 'too-many-redirects'
  | 'bad-redirect'
  | 'protocol-error'
  | 'undecodable'
  | 'refused'
  | 'no-registry'
  | 'budget'
  | 'captive-network'
  | 'not-requested'
  | 'internal';

/** A failure to observe, as data. */
export interface Failure {
  code: FailureCode;
  message: string;
  ours: boolean;
}

/** One gatherer's result: what it saw, or why it saw nothing. Times are epoch milliseconds. */
export type Artifact<T> =
  | { ok: true; observedAt: number; tookMs: number; value: T }
  | { ok: false; observedAt: number; tookMs: number; failure: Failure };

/** What one resolver answered for one host. */
export interface ResolverAnswer {
  resolver: string;
  outcome: 'answer' | 'nxdomain' | 'no-data' | 'servfail' | 'refused' | 'timeout' | 'invalid' | 'loop' | 'untrusted';
  a: string[];
  aaaa: string[];
  /** The chain walked, in order, without the host itself; at most 8. */
  cnames: string[];
  /** One address family was not observed: what the other says is half the truth. */
  partial?: true;
  /** Said when the outcome alone does not explain itself. */
  detail?: string;
}

/** All answers for one host. */
export interface HostAnswers {
  host: string;
  answers: ResolverAnswer[];
}

export interface DnsValue {
  hosts: HostAnswers[];
}

/** One request on the way to the page. */
export interface PageHop {
  url: string;
  address: string | null;
  status: number | null;
  location: string | null;
  failure: Failure | null;
}

/** The page finally read, with its facts. */
export interface PageDocument {
  url: string;
  host: string;
  status: number;
  contentType: string | null;
  charset: string;
  bytes: number;
  bodyDigest: string;
  facts: PageFacts;
}

/** Every attempt made, and the page that was read (null when none answered with one). */
export interface PageValue {
  attempts: { host: string; hops: PageHop[] }[];
  document: PageDocument | null;
}

/** What a TLS handshake showed. */
export interface TlsHandshake {
  host: string;
  address: string;
  protocol: string | null;
  trusted: boolean;
  problem: string | null;
  subject: string | null;
  issuer: string | null;
  validTo: string | null;
  names: string[];
}

export interface TlsValue {
  handshakes: TlsHandshake[];
}

/** What the registry said of each registrable domain of the site. */
export interface RegistrationValue {
  domains: { domain: string; registry: string; artifact: Artifact<RegistrationFacts> }[];
}

/** The home page as a real browser drew it, reduced to what a person sees (scripts run, hidden things left out). */
export interface RenderedValue {
  url: string;
  host: string;
  status: number;
  facts: PageFacts;
  /** Requests the page made, and those of them that failed or were refused: what they would have drawn is unknown. */
  requests: number;
  failedRequests: { url: string; reason: string }[];
  /** The page had come to rest before its time was over. */
  settled: boolean;
  /** Why something may be seen that could not be read: nothing is accused then. */
  doubts: string[];
  /** SHA-256 of the screenshot kept as evidence; null when none could be taken. */
  screenshotDigest: string | null;
  browser: string;
}

/** Everything a check may ask for, by name. */
export interface ArtifactTypes {
  dns: DnsValue;
  page: PageValue;
  rendered: RenderedValue;
  tls: TlsValue;
  registration: RegistrationValue;
  filed: FiledDetails;
  names: FiledNames;
  persons: FiledPersons;
}

export type ArtifactName = keyof ArtifactTypes;

/** Artifacts made at the ledger when a look is judged: no gatherer is asked for them. */
export const LEDGER_ARTIFACTS = ['filed', 'names', 'persons'] as const satisfies readonly ArtifactName[];

/** Is this artifact made at the ledger? */
export const isLedgerArtifact = (name: ArtifactName): name is (typeof LEDGER_ARTIFACTS)[number] =>
  (LEDGER_ARTIFACTS as readonly ArtifactName[]).includes(name);

/** The artifacts of one look at one site. What was not asked for is absent. */
export type Artifacts = { [N in ArtifactName]?: Artifact<ArtifactTypes[N]> };

/** Raw bytes behind an artifact, kept as evidence on confirmation (content-addressed; base64 in transit). */
export interface RawEvidence {
  kind: 'page' | 'registration' | 'dns' | 'screenshot' | 'rendered-page';
  name: string;
  base64: string;
}

/** Screening is cheap; confirmation looks again, harder, and keeps everything (R16.2). */
export type Stage = 'screen' | 'confirm';

/** Make a failed artifact. */
export function failed(
  code: FailureCode,
  message: string,
  observedAt: number,
  tookMs = 0,
  ours = false,
): { ok: false; observedAt: number; tookMs: number; failure: Failure } {
  return { ok: false, observedAt, tookMs, failure: { code, message, ours } };
}
