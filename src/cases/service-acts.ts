import type { ViolationAct } from '../ledger/violations-store.ts';

/** What our acts did to a site's service (R13), as far as anybody knows. */
export interface ServiceState {
  /** A suspension or closing went out and was not taken back since: the site may be down. */
  mayBeDown: boolean;
  /** The access system said that it is, or that it is about to be. */
  isDown: boolean;
  /** Serving it again was asked for and is not settled. */
  comingBack: boolean;
  /** The violation whose act took it down last; null. */
  downBy: number | null;
}

/** What is asked of the access system about a site's service, in Chinese. */
export const SERVICE_ACT_ZH: Record<ViolationAct['act'], string> = {
  'suspend-service': '暂停服务',
  'resume-service': '恢复服务',
  'close-service': '关闭服务',
};

const OPEN: ReadonlySet<string> = new Set(['asked', 'waiting', 'sending', 'pending']);

/** When an act took effect, as far as anybody knows. */
const effectiveAt = ({ state, settledAt, submittedAt, createdAt }: ViolationAct): number =>
  (state === 'done' ? settledAt : submittedAt) ?? createdAt;

/**
 * Fold a site's acts. One that was submitted counts even where its answer was lost or a later attempt was refused: the first may
 * have been carried out. What happened on paper does not count.
 */
export function serviceState(acts: readonly ViolationAct[]): ServiceState {
  const state: ServiceState = { mayBeDown: false, isDown: false, comingBack: false, downBy: null };
  const ordered = [...acts].sort((a, b) => effectiveAt(a) - effectiveAt(b) || a.id - b.id);
  for (const act of ordered) {
    if (act.act === 'resume-service') {
      if (act.state === 'done') Object.assign(state, { mayBeDown: false, isDown: false, downBy: null });
      continue;
    }
    const wentOut = act.submittedAt !== null && (act.state !== 'failed' || act.attempts > 1);
    if (!wentOut || act.state === 'dry-run') continue;
    const certain = act.state === 'done' || act.state === 'pending';
    Object.assign(state, { mayBeDown: true, isDown: state.isDown || certain, downBy: act.violationId });
  }
  state.comingBack = acts.some(({ act, state: at }) => act === 'resume-service' && OPEN.has(at));
  return state;
}
