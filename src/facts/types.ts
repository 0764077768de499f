/** Small serialisable structures read out of bytes (design §1: gatherers return facts, checks compare them). */

/** Where the link at a number leads (R2.1, R2.3). */
export type LinkKind = 'miit' | 'retired' | 'other' | 'none';

/** How the link belongs to the number. */
export type LinkVia = 'anchor' | 'adjacent' | 'click-handler' | null;

/** A filing or licence number a person sees on the page. */
export interface ShownNumber {
  /** As it stands on the page, white space collapsed. */
  text: string;
  /** Canonical, `京ICP备12345678号-1`. */
  number: string;
  inFooter: boolean;
  href: string | null;
  link: LinkKind;
  linkVia: LinkVia;
  placeholder: boolean;
  /** The link is a script whose target was not read. */
  scripted: boolean;
  /** How many times it stands on the page. */
  occurrences: number;
  /** Text around it, at most 160 characters, for the evidence. */
  context: string;
}

/** Why a number in the source is not seen by a person (design §4). */
export type UnseenPlace =
  | 'comment'
  | 'script'
  | 'template'
  | 'hidden'
  | 'style-sheet'
  | 'noscript'
  | 'form'
  | 'attribute';

/** A number that is in the source but not on the screen. */
export interface UnseenNumber {
  number: string;
  place: UnseenPlace;
}

/** A police filing number (R12). */
export interface PoliceNumber {
  text: string;
  number: string;
  href: string | null;
  /** A picture named like the police emblem stands at the number; absent in facts of older versions. */
  icon?: boolean;
}

/** Words of one list seen on a page (R4.2, R9). */
export interface WordHit {
  list: string;
  word: string;
  weight: number;
  count: number;
  inTitle: boolean;
  /** Text around the first one, at most 60 characters. */
  context: string;
}

/** An organisation named on a page. */
export interface ShownOrganisation {
  name: string;
  place: 'title' | 'copyright' | 'body';
  count: number;
}

/** What one HTML page shows. */
export interface PageFacts {
  icpNumbers: ShownNumber[];
  unseenNumbers: UnseenNumber[];
  policeNumbers: PoliceNumber[];
  /** Numbers that links to the police's site name, or pictures are called by: shown perhaps, without being text. */
  policeCodes?: string[];
  /** Telecom licences such as 京B2-20080224: never filing numbers. */
  licences: string[];
  title: string;
  /** Non-blank characters a person sees. */
  visibleCharacters: number;
  /** SHA-256 over the visible text, white space collapsed. */
  textDigest: string;
  scriptCount: number;
  frames: string[];
  /** Scripts or frames whose name says that they write the footer. */
  footerSources: string[];
  metaRefresh: string | null;
  /** The file is a script or data, not a page. */
  notHtml: boolean;
  /** A cap (size, depth, elements) ended the reading early. */
  truncated: boolean;
  /** What the page is about, by word lists; absent when none were given to the reader. */
  content?: { words: WordHit[]; organisations: ShownOrganisation[]; listsVersion: string };
}

/** What a registry said of a domain (R3.3, R3.7, R17.9). */
export interface RegistrationFacts {
  protocol: 'rdap' | 'whois';
  /** The domain the answer is about (ASCII, lower case); null when it names none. */
  domain: string | null;
  /** `refused`: throttled, denied or garbage; nothing can be said of the domain. */
  found: boolean | 'refused';
  /** ISO 8601, UTC. */
  expiresAt: string | null;
  createdAt: string | null;
  /** Last change of the record; absent where the registry does not say (R3.9). */
  updatedAt?: string | null;
  registrar: string | null;
  /** Null when redacted: unknown, not different. */
  registrant: string | null;
  statuses: string[];
}
