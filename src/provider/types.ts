/** Products an address or CNAME may belong to (R1.7). */
export type ProviderProduct = 'cdn' | 'waf' | 'ddos' | 'oss' | 'slb' | 'hosting' | 'paas' | 'live' | string;

/** Who a range or CNAME suffix belongs to. */
export interface Ownership {
  provider: string;
  product: ProviderProduct | null;
  region: string | null;
  /** Null where the list cannot tell (a CDN's CNAME may end anywhere). Hong Kong, Macau and Taiwan are not mainland. */
  mainland: boolean | null;
  /** The CIDR or suffix that matched. */
  range: string;
  /** Version of the provider's list. */
  listVersion: string;
}

/** One provider's list as read from `config/providers/<id>.yaml`. */
export interface ProviderList {
  id: string;
  name: { en: string; zh: string };
  version: string;
  /** `YYYY-MM-DD` of the data, not of the file. */
  date: string;
  source: string;
  ranges: { cidr: string; region: string | null; mainland: boolean; product: ProviderProduct | null }[];
  cnames: { suffix: string; product: ProviderProduct | null; region: string | null; mainland: boolean | null }[];
}
