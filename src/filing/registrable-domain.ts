import { getPublicSuffix } from 'tldts';

/** The name a registry knows: public suffix plus one label. Private suffixes (github.io) are not registries'. */
export function registrableDomain(host: string): string | null {
  const suffix = getPublicSuffix(host, { allowPrivateDomains: false });
  if (suffix === null || host === suffix) return null;
  const labels = host.split('.');
  return labels.slice(-(suffix.split('.').length + 1)).join('.');
}
