/** An approved filing as the checks see it: no personal data. */

/** Filing states (R15): only `active` is checked. */
export type FilingState = 'active' | 'access-cancelled' | 'revoked';

/** Who filed. */
export type SubjectKind = 'individual' | 'company' | 'institution' | 'government' | 'association' | 'other';

/** What runs where the filing says it runs (R1.7, R14). */
export type ProductKind =
  | 'ecs'
  | 'virtual-host'
  | 'light-server'
  | 'load-balancer'
  | 'nat'
  | 'ens'
  | 'elastic-web'
  | 'ipv6-gateway'
  | 'iot'
  | 'market'
  | 'oss'
  | 'cdn'
  | 'waf'
  | 'ddos'
  | 'other';

/** One filed site, as judged. */
export interface Filing {
  /** Canonical site number, `京ICP备12345678号-1`. */
  siteNumber: string;
  /** Canonical subject number, `京ICP备12345678号`. */
  subjectNumber: string;
  subjectKind: SubjectKind;
  /** Province in Chinese, key of the R5 table. */
  province: string;
  /** Licence number (经营许可证) where the holder has one, else null (R17.2). */
  licenceNumber: string | null;
  /** Filed domains, lower case, ASCII (punycode). */
  domains: string[];
  /** Hosts to look at beside each domain's apex and `www` (R1.8). */
  hosts: string[];
  /** Provider id from `config/providers`, the access provider this filing is with. */
  accessProvider: string;
  product: ProductKind | null;
  /** Other providers the filing has access with (R1.5); absent where the import names none. */
  otherProviders?: string[];
  /** Address given in the filing, when known (R17.6). */
  filedAddresses: string[];
  /** `YYYY-MM-DD` or null. */
  approvedAt: string | null;
  service: 'site' | 'app' | 'mini-program' | 'quick-app';
}
