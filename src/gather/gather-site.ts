import type { GatherContext } from './context.ts';
import { type DnsOptions, gatherDns, type KnownAnswers } from './dns.ts';
import type { ProvedPage, SamePage } from './known-page.ts';
import { gatherPage } from './page.ts';
import { type ArtifactName, type Artifacts, failed, type RawEvidence, type Stage } from './types.ts';

type DnsPacket = Parameters<NonNullable<DnsOptions['onPacket']>>[0];

/** What is to be observed of one site: host names only, no personal data. */
export interface SiteTask {
  /** Hosts whose answers count (R1.8). */
  hosts: string[];
  /** Hosts whose home page is tried, in order. */
  pageHosts: string[];
  want: ArtifactName[];
  /** False: no check asks what the page is about, so no word list is looked for in it. */
  content?: boolean;
  /** The number that settles all that is asked of the page, where it is plainly shown; absent where more is asked. */
  siteNumber?: string;
  /** The key of its page as it was read last: a digest, nothing of the page. */
  known?: string;
  /** Somebody waits for it: it does not stand in line behind a sweep. */
  urgent?: boolean;
}

/** What was observed. */
export interface SiteLook {
  artifacts: Artifacts;
  raw: RawEvidence[];
  /** See `PageLook`. */
  proved?: ProvedPage | null;
  same?: SamePage;
}

/** Look at one site once. Never throws; registration is gathered elsewhere, under the registries' budgets. */
export async function gatherSite(task: SiteTask, stage: Stage, context: GatherContext): Promise<SiteLook> {
  const look = async (): Promise<SiteLook> => {
    const artifacts: Artifacts = {};
    const raw: RawEvidence[] = [];
    const learnt: Pick<SiteLook, 'proved' | 'same'> = {};
    const packets: object[] = [];
    const keepPackets = stage === 'confirm' && {
      onPacket: ({ message, ...question }: DnsPacket) =>
        void packets.push({ ...question, base64: message.toString('base64') }),
    };
    // One look asks each resolver for a name once: what is connected to is what was looked at.
    const answers: KnownAnswers = new Map();
    const dns = task.want.includes('dns')
      ? gatherDns(task.hosts, { ...context.dns(stage), ...keepPackets, known: answers })
      : null;
    const options = context.page(stage);
    const words = task.content === false ? null : options.contentWords;
    // A cheaper way only where it can prove a pass; what is looked at again is read in full.
    const siteNumber = stage === 'screen' ? (task.siteNumber ?? null) : null;
    const page =
      task.want.includes('page') || task.want.includes('tls')
        ? gatherPage(task.pageHosts, {
            ...{ ...options, contentWords: words, siteNumber, known: task.known ?? null },
            dns: { ...options.dns, known: answers },
          })
        : null;
    if (dns !== null) artifacts.dns = await dns;
    if (page !== null) {
      const look = await page;
      artifacts.page = look.page;
      artifacts.tls = look.tls;
      raw.push(...look.raw);
      if (look.proved !== undefined) learnt.proved = look.proved;
      if (look.same !== undefined) learnt.same = look.same;
      // Drawing costs a browser: only a suspicion that is looked at again is worth it.
      if (stage === 'confirm' && task.want.includes('rendered')) {
        const document = look.page.ok ? look.page.value.document : null;
        const drawn =
          document === null || document.status >= 500
            ? { rendered: failed('not-requested', 'no page answered', look.page.observedAt), raw: [] }
            : await context.renderer.render(document.url);
        artifacts.rendered = drawn.rendered;
        raw.push(...drawn.raw);
      }
    }
    if (packets.length > 0)
      raw.unshift({
        kind: 'dns',
        name: 'dns packets',
        base64: Buffer.from(JSON.stringify(packets)).toString('base64'),
      });
    return { artifacts, raw, ...learnt };
  };
  return context.siteSlots.run('site', look, { first: task.urgent === true });
}

/** R1.8 D: the filed names, their apex and `www`, and the hosts listed in the filing. */
export function hostsToCheck(filing: { domains: string[]; hosts: string[] }, registrable: readonly string[]): string[] {
  const hosts = new Set<string>();
  for (const domain of filing.domains) {
    hosts.add(domain);
  }
  for (const apex of registrable) {
    hosts.add(apex);
    if (!apex.startsWith('www.')) hosts.add(`www.${apex}`);
  }
  for (const host of filing.hosts) hosts.add(host);
  return [...hosts].slice(0, 40);
}
