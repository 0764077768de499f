import type { Verdict } from '../../src/checks/types.ts';

/** How a name answers at one resolver. */
export interface NameRecord {
  a?: string[];
  aaaa?: string[];
  cname?: string;
  rcode?: number;
  /** Never answer. */
  silent?: boolean;
  /** Answer over UDP with TC set; the truth comes over TCP. */
  truncate?: boolean;
  /** Send wrong answers (id, question, QR=0) ahead of the right one. */
  noise?: boolean;
}

/** How a host answers over HTTP. */
export interface WebRecord {
  status?: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
  encoding?: 'gzip' | 'br' | 'deflate' | 'zstd';
  /** Send only this share of the (encoded) body, then close. */
  cutAt?: number;
  /** Accept and say nothing. */
  silent?: boolean;
  /** Close the connection with a reset. */
  reset?: boolean;
  /** Answer only on these schemes; others are refused. */
  only?: 'http' | 'https';
}

/** What a registry says of a domain. */
export interface RegistryRecord {
  found: boolean;
  expires?: string;
  statuses?: string[];
  registrant?: string;
  registrar?: string;
  /** Last change of the record. */
  updated?: string;
  /** `throttled`: always refuses; `throttled-once`: refuses the first question; `garbage`, `silent`, `http-429` for RDAP only. */
  fault?: 'throttled' | 'throttled-once' | 'rdap-429' | 'rdap-garbage' | 'rdap-silent' | 'all-silent';
}

/** What a check must say of a site; codes without notes. */
export interface Truth {
  verdict: Verdict;
  codes: string[];
}

/** One filed site of the little internet. */
export interface WorldSite {
  oddity: string;
  siteNumber: string;
  subjectNumber: string;
  subjectName: string;
  subjectKind: string;
  licenceNumber: string;
  /** Further columns of the import, by their Chinese heads. */
  columns: Record<string, string>;
  siteName: string;
  province: string;
  domain: string;
  domains: string[];
  accessProvider: string;
  state: string;
  approvedAt: string;
  addresses: string[];
  /** Null for filings that are not checked. */
  truth: Record<string, Truth> | null;
}

/** A world with nothing in it. */
export const emptyWorld = (): WorldData => ({
  sites: [],
  names: new Map(),
  web: new Map(),
  registry: new Map(),
  addresses: new Map(),
  bureau: [],
  deadNumbers: [],
  segments: new Map(),
  provinces: new Map(),
});

/** Everything the little internet serves. */
export interface WorldData {
  sites: WorldSite[];
  /** Name → record a resolver; a missing resolver entry falls back to the first. */
  names: Map<string, NameRecord[]>;
  web: Map<string, WebRecord>;
  registry: Map<string, RegistryRecord>;
  /** Address → what dialling it meets, where it is not the common web server. */
  addresses: Map<string, 'refused'>;
  /** The bureau's own list (R15). */
  bureau: { number: string; state: 'alive' | 'revoked'; holder: string }[];
  /** Mobile numbers a gateway gave up, with its code. */
  deadNumbers: { mobile: string; code: string }[];
  /** Lists an operator supplies: first seven digits → province, CIDR → province. */
  segments: Map<string, string>;
  provinces: Map<string, string>;
}
