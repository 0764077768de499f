import { z } from 'zod';
import type { ApprovalField, ListRule } from '../reference/content-words.ts';

/** One row of the provincial table (R5). */
export const provinceRow = z.strictObject({
  remainingDays: z.int().min(1).max(730),
  holder: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  localMobile: z.boolean(),
  mustShow: z.enum(['always', 'after-half-a-year', 'as-everywhere']),
  footerAtVeryBottom: z.boolean(),
  oneDomainPerSite: z.boolean(),
  shownNumber: z.enum(['site', 'subject']),
  licenceIp: z.enum([
    'none',
    'all-equal',
    'all-equal-in-beijing',
    'all-equal-in-liaoning',
    'contract-equals-resolved',
    'all-in-guangdong',
  ]),
  /** Domains registered abroad are refused (R5). */
  domesticRegistrar: z.boolean(),
  /** Subject head and site head must be two people, and not share a number (Tianjin). */
  headsMustDiffer: z.boolean(),
  /** One site head may not serve different subjects (Heilongjiang). */
  siteHeadServesOne: z.boolean(),
  /** Names with finance words: both heads must be the legal representative (Liaoning). */
  financeHeadsLegal: z.array(z.string()),
  notes: z.array(z.string()),
});

export type ProvincePolicy = z.infer<typeof provinceRow>;

/** `config/provinces.yaml`. */
export const provinceTable = z.strictObject({
  version: z.string().min(1),
  default: provinceRow,
  provinces: z.record(z.string(), provinceRow.partial()),
});

export type ProvinceTable = z.infer<typeof provinceTable>;

/** Everything configurable that a verdict depends on; dated, and named on every verdict (R16.5). */
export interface CheckPolicy {
  version: string;
  province: ProvincePolicy;
  /** Resolvers that must have answered before a host counts as observed. */
  minResolvers: number;
  /** `any`: the site passes when one checked host is on us; `every`: when all are (R17.6). */
  hostRule: 'any' | 'every';
  /** Addresses known to be forged or hijack pages: an answer holding one is no observation (design §3). */
  bogusAddresses: readonly string[];
  /** What a link to a retired MIIT host weighs (R2.3 D). */
  outdatedLinkSeverity: 'warn' | 'fail';
  /** What weighs that no police number is known after the window (R12). */
  policeNotFiledSeverity: 'warn' | 'fail';
  /** Days before a date that an owner is warned, and clocks counted in days. */
  windows: {
    leaseDays: number;
    documentDays: number;
    accessRecordDays: number;
    policeDays: number;
    realNameGraceDays: number;
  };
  /** `YYYY-MM-DD`, R3.11. */
  verifyDomainsSince: string;
  maxSubjectsPerMobile: number;
  /** When word lists speak, and the fields of prior approval (R4.2, R9). */
  content: { rules: Readonly<Record<string, ListRule>>; approvals: readonly ApprovalField[] };
}

/** Policy for a province: the table's row over the table's default. */
export function provincePolicy(table: ProvinceTable, province: string): ProvincePolicy {
  const row = Object.fromEntries(
    Object.entries(table.provinces[province] ?? {}).filter(([, value]) => value !== undefined),
  );
  return { ...table.default, ...row };
}
