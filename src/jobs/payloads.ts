import type { SiteLook, SiteTask } from '../gather/gather-site.ts';
import type { RegistrationLook } from '../gather/registration.ts';
import type { Artifact, DnsValue, RawEvidence, Stage } from '../gather/types.ts';

/** Queue names. */
export const QUEUES = {
  tick: 'tick',
  gather: 'gather',
  /** Looks somebody waits for: ahead of a sweep whatever it holds. */
  urgent: 'gather-urgent',
  registration: 'registration',
  judge: 'judge',
  act: 'act',
} as const;

/** BullMQ priorities: lower runs first; every job has one, since a job without goes before all others. */
export const PRIORITY = { rescan: 1, confirm: 5, bulkRescan: 7, sweep: 10 } as const;

/** One site in a gather job. Ids and host names only. */
export interface GatherItem extends SiteTask {
  siteId: number;
  sweepId: number;
  look: number;
  checkIds: string[];
}

/** Look at some sites. */
export interface GatherJob {
  stage: Stage;
  priority: number;
  items: GatherItem[];
}

/** Ask a registry about a domain. */
export interface RegistrationJob {
  stage: Stage;
  priority: number;
  domain: string;
  sweepId: number;
  look: number;
}

/** What came back, on its way to the ledger. */
export type JudgeJob =
  | {
      kind: 'sites';
      stage: Stage;
      observedAt: number;
      looks: (SiteLook & Omit<GatherItem, keyof SiteTask>)[];
      clock?: { referenceAt: number; servers: number };
    }
  | {
      kind: 'registration';
      stage: Stage;
      observedAt: number;
      domain: string;
      sweepId: number;
      look: number;
      answer: RegistrationLook;
      dns: Artifact<DnsValue>;
    };

/** A wake-up for what follows from verdicts: which piece of work, never whose. */
export interface ActJob {
  job: 'cases' | 'deliver' | 'enforce' | 'programmes';
}

/** A scheduler's heartbeat. */
export type TickJob = Record<string, never>;

/** Raw evidence travels base64 in the queue; more than this of one look is cut, and the facts say what was read. */
export const MAX_RAW_BASE64 = 2_000_000;

/** Keep raw evidence within what a queue should carry. */
export function boundRaw(raw: RawEvidence[]): RawEvidence[] {
  let room = MAX_RAW_BASE64;
  return raw.filter(({ base64 }) => {
    room -= base64.length;
    return room >= 0;
  });
}
