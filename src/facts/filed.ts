/**
 * What the ledger itself knows of a site, reduced to facts for the checks. Made at the ledger when a look is judged, never sent
 * to a gatherer. `FiledNames` alone holds personal data, and stands only in bundles of checks that ask for it.
 */

/** Columns of an import beside those every check needs. Dates are `YYYY-MM-DD`. */
export interface SiteDetails {
  /** When the site went online (R12). */
  openedAt?: string;
  /** When the server was bought for its present term, and when somebody last visited it there (R14, R1.3). */
  leaseStartsAt?: string;
  lastVisitAt?: string;
  policeNumber?: string;
  policeApprovedAt?: string;
  /** Addresses of the commercial licence: of the contract, and as reported (R8). */
  contractAddresses?: string[];
  reportedAddresses?: string[];
  /** Telecom licence (京B2-…) where the holder has one and no ICP licence number (R8). */
  telecomLicence?: string;
  /** City of the subject where a rule exempts one (Shenzhen, R8). */
  city?: string;
  /** Approvals the filing carries, by field (R9). */
  priorApprovals?: { field: string; number: string }[];
  /** Other access providers of the same filing. */
  otherProviders?: string[];
  /** Who holds the domains by the operator's own registrar, and when that was last changed (R3.2, R3.9). */
  domainHolder?: string;
  realNameChangedAt?: string;
}

/** Who beside the subject may hold an organisation's domain (R3.6), and the legal representative (R4.1). */
export interface SubjectDetails {
  legalRepresentative?: string;
  /** Shareholders, heads and executives. */
  insiders?: string[];
}

/** The filing's details with what the ledger counted. */
export interface FiledDetails extends Omit<SiteDetails, 'domainHolder'> {
  leaseEndsAt: string | null;
  /** Sites filed with codes of the same server, this one included; null where the import names no server. */
  sitesOnServer: number | null;
  /** When an import last gave this filing: older than a date, it cannot know what happened on it (epoch ms). */
  confirmedAt: number;
  /** When our own looks last found the home page answering (epoch ms); null: never. */
  seenAt: number | null;
}

/** Names of a filing: the only artifact with personal data. */
export interface FiledNames {
  siteName: string;
  subjectName: string;
  legalRepresentative: string | null;
  insiders: string[];
  subjectHead: string | null;
  siteHead: string | null;
  /** From the operator's own registrar, where the registry hides it. */
  domainHolder: string | null;
  /** From when on a list surely knows the subject by this name: an older one may know it by another (`YYYY-MM-DD`). */
  subjectNameSince: string;
  /** When an import last gave this filing (`YYYY-MM-DD`): a newer list may know better. */
  confirmedOn: string;
}

/** One person of the filing without the person: forms and comparisons only. */
export interface FiledPerson {
  role: 'subject-head' | 'site-head';
  /** `unreadable`: masked in the export. */
  phone: 'mobile' | 'landline' | 'foreign' | 'unreadable' | 'invalid' | 'missing';
  /** Province of the mobile number's segment; null when unknown or no mobile. */
  mobileProvince: string | null;
  email: 'valid' | 'invalid' | 'missing';
  /** What delivery learned: the gateway said that the number does not exist, or gave it up for another reason. */
  phoneDelivery: 'ok' | 'undelivered' | 'no-such-number';
  emailDead: boolean;
  /** Other subjects that use the same mobile number, and that have the same person (name and mobile) as their head. */
  mobileOfOtherSubjects: number;
  servesOtherSubjects: number;
  /** `YYYY-MM-DD`, `long-term`, or null where the import does not say. */
  documentExpiresAt: string | null;
}

/** All persons of a filing, and how they relate. */
export interface FiledPersons {
  /** When an import last gave this filing (epoch ms). */
  confirmedAt: number;
  persons: FiledPerson[];
  /** Subject head and site head are one person, by name and number; null when that cannot be told. */
  sameHead: boolean | null;
  /** Two different persons share a mobile number. */
  headsShareMobile: boolean;
  /** The head is the legal representative; null when the import does not name one. */
  subjectHeadIsLegalRepresentative: boolean | null;
  siteHeadIsLegalRepresentative: boolean | null;
}

/** What the bureau's list says of a number (R15). */
export interface BureauRecord {
  state: 'alive' | 'revoked';
  holder: string | null;
  asOf: string;
}
