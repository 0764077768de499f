import { accessRecord } from './access-record.ts';
import { contacts } from './contacts.ts';
import { domainExpiry } from './domain-expiry.ts';
import { domainVerification } from './domain-verification.ts';
import { emptyShell } from './empty-shell.ts';
import { icpFooter } from './icp-footer.ts';
import { identityDocuments } from './identity-documents.ts';
import { licenceIp } from './licence-ip.ts';
import { policeFooter } from './police-footer.ts';
import { reachability } from './reachability.ts';
import { registryState } from './registry-state.ts';
import { siteContent } from './site-content.ts';
import { siteName } from './site-name.ts';
import type { CheckDefinition } from './types.ts';

/** Every check, in the order it is shown. Adding a check is one line here. */
export const checks: readonly CheckDefinition[] = [
  emptyShell,
  accessRecord,
  icpFooter,
  policeFooter,
  domainExpiry,
  domainVerification,
  reachability,
  siteContent,
  siteName,
  identityDocuments,
  contacts,
  licenceIp,
  registryState,
];

/** A check by its id; undefined when there is none. */
export function findCheck(id: string): CheckDefinition | undefined {
  return checks.find((check) => check.id === id);
}
