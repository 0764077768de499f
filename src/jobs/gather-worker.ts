import type { Settings } from '../config.ts';
import type { GatherContext } from '../gather/context.ts';
import { gatherDns } from '../gather/dns.ts';
import { gatherSite } from '../gather/gather-site.ts';
import { gatherRegistration } from '../gather/registration.ts';
import type { JobQueue, JobWorker, QueueBackend } from './backend.ts';
import { boundRaw, type GatherJob, type JudgeJob, PRIORITY, QUEUES, type RegistrationJob } from './payloads.ts';

/** What the gather role needs: a queue and the network. No ledger. */
export interface GatherRole {
  backend: QueueBackend;
  context: GatherContext;
  settings: Settings;
  now: () => number;
  /** The judge of this very process, if it has one: what it takes need not travel through the queue. */
  judgeHere?: (result: JudgeJob) => void;
  /** Told of what the judge here could not take, and the queue carries instead. */
  onJudgeFailed?: (error: unknown) => void;
  /** Told of every step (tests kill the process there). */
  onStep?: (step: string) => void;
}

/** Sites in hand for each that is looked at. */
const IN_HAND = 8;
const URGENT_JOBS = 16;

/**
 * Start the gather workers: sites (several a job, bounded over the process) and registrations. Results go to the judge queue;
 * a failure to observe is part of the result, so a job only fails by our own fault, and is tried again.
 */
export function startGatherWorkers({
  backend,
  context,
  settings,
  now,
  judgeHere,
  onJudgeFailed,
  onStep,
}: GatherRole): JobWorker[] {
  const judge: JobQueue<JudgeJob> = backend.queue(QUEUES.judge);
  const handOver = async (result: JudgeJob, priority: number): Promise<void> => {
    if (judgeHere !== undefined) {
      try {
        judgeHere(result);
        return;
      } catch (error) {
        // The sites were looked at: the queue keeps what was seen until the ledger can be written again.
        onJudgeFailed?.(error);
      }
    }
    await judge.add(result.kind, result, jobOptions(priority));
  };
  const jobOptions = (priority: number) => ({
    priority,
    removeOnComplete: true,
    removeOnFail: 1000,
    attempts: 10,
    backoff: { type: 'exponential', delay: 1000 },
  });
  // A job is a barrier for its slowest site, and a dead host takes ten times as long as others: so many more sites are in hand than are
  // looked at, that the process-wide slots stay full.
  const jobsAtOnce = Math.max(4, Math.ceil((settings.gather.concurrency * IN_HAND) / settings.gather.sitesPerJob));
  const gather = async (job: { data: GatherJob }): Promise<void> => {
    const { stage, priority, items } = job.data;
    const looks = await Promise.all(
      items.map(async ({ siteId, sweepId, look, checkIds, ...task }) => {
        const urgent = priority === PRIORITY.rescan;
        const { raw, ...seen } = await gatherSite({ ...task, urgent }, stage, context);
        return { siteId, sweepId, look, checkIds, ...seen, raw: boundRaw(raw) };
      }),
    );
    // Sites wait for their slot in the job: what was seen was seen from the first look on, not from the job's start.
    const seenAt = looks.flatMap(({ artifacts }) => Object.values(artifacts).map((artifact) => artifact.observedAt));
    const observedAt = Math.min(now(), ...seenAt);
    onStep?.('gathered');
    const clock = context.clocks.reference();
    const result: JudgeJob = { kind: 'sites', stage, observedAt, looks, ...(clock !== null && { clock }) };
    await handOver(result, priority);
    onStep?.('handed-over');
  };
  const sites = backend.worker<GatherJob>(QUEUES.gather, gather, { concurrency: jobsAtOnce, maxStalledCount: 3 });
  const urgent = backend.worker<GatherJob>(QUEUES.urgent, gather, { concurrency: URGENT_JOBS, maxStalledCount: 3 });
  const registrations = backend.worker<RegistrationJob>(
    QUEUES.registration,
    async (job) => {
      const { stage, priority, domain, sweepId, look } = job.data;
      const observedAt = now();
      const [answer, dns] = await Promise.all([
        gatherRegistration(domain, context.registration(stage)),
        gatherDns([domain, `www.${domain}`], context.dns(stage)),
      ]);
      const bounded = { ...answer, raw: boundRaw(answer.raw) };
      await handOver(
        { kind: 'registration', stage, observedAt, domain, sweepId, look, answer: bounded, dns },
        priority,
      );
    },
    { concurrency: 16, maxStalledCount: 3 },
  );
  return [sites, urgent, registrations];
}
