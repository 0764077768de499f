import ipaddr from 'ipaddr.js';
import type { HostAnswers, ResolverAnswer } from '../gather/types.ts';
import { UNKNOWN_PROVIDER } from '../provider/range-table.ts';
import type { Ownership } from '../provider/types.ts';
import type { CheckInput } from './types.ts';

/** Where one host leads, seen by all resolvers together. */
export interface HostView {
  kind: 'here' | 'overseas' | 'other-provider' | 'elsewhere' | 'absent' | 'unobserved' | 'disagree' | 'bogus';
  provider: string | null;
  region: string | null;
  address: string | null;
  reason: string | null;
}

const OBSERVED = new Set(['answer', 'nxdomain', 'no-data']);

/**
 * Reduce all resolvers' answers for a host to one view. Resolvers that did not answer count as nothing; too few answers,
 * a forged one or two different views are no observation (R16.1, design §3).
 */
export function viewHost({ answers }: HostAnswers, input: CheckInput): HostView {
  const observed = answers.filter((answer) => OBSERVED.has(answer.outcome));
  if (observed.length < Math.max(1, Math.min(input.policy.minResolvers, answers.length))) {
    const reasons = [
      ...new Set(answers.filter((answer) => !OBSERVED.has(answer.outcome)).map((answer) => answer.outcome)),
    ];
    return view('unobserved', { reason: reasons.join(', ') || 'no resolver' });
  }
  if (observed.some((answer) => isBogus(answer, input))) return view('bogus');
  const views = observed.map((answer) => {
    const seen = viewAnswer(answer, input);
    // The family that was not observed may lead here: half an answer clears a host, but does not accuse it.
    return answer.partial === true && seen.kind !== 'here'
      ? view('unobserved', { reason: 'one address family was not observed' })
      : seen;
  });
  const first = views[0] as HostView;
  const same = views.every((one) => one.kind === first.kind);
  if (same) return first;
  const gone = new Set(['overseas', 'other-provider', 'elsewhere']);
  // Two different strangers agree that it is not us; us and a stranger do not agree.
  if (views.every((one) => gone.has(one.kind))) return first;
  return view('disagree', { reason: [...new Set(views.map((one) => one.kind))].join(' / ') });
}

function view(kind: HostView['kind'], detail: Partial<HostView> = {}): HostView {
  return { kind, provider: null, region: null, address: null, reason: null, ...detail };
}

function isBogus(answer: ResolverAnswer, input: CheckInput): boolean {
  if ([...answer.a, ...answer.aaaa].some((address) => input.policy.bogusAddresses.includes(address))) return true;
  return [...answer.a, ...answer.aaaa].some(isNotPublic);
}

/** A filed site cannot stand on a private, reserved or Teredo address: such an answer is forged or a resolver's own page. */
function isNotPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return true;
  const parsed = ipaddr.process(address);
  return parsed.range() !== 'unicast';
}

function viewAnswer(answer: ResolverAnswer, input: CheckInput): HostView {
  if (answer.outcome !== 'answer') return view('absent');
  const own = input.filing.accessProvider;
  // R1.7 D: a CNAME that ends in a front of ours is ours; one to another's front is not.
  const front =
    [...answer.cnames]
      .reverse()
      .map((name) => input.whoseName(name))
      .find((owner) => owner !== null) ?? null;
  if (front !== null && isFront(front)) {
    if (front.provider !== own) {
      // Another's front whose address is ours: the lists contradict each other, so nothing is said.
      if (byAddresses(answer, input, false).kind === 'here')
        return view('disagree', { reason: `CNAME of ${front.provider}, address of ${own}` });
      return view('other-provider', { provider: front.provider, region: front.region });
    }
    return front.mainland === false ? view('overseas', { region: front.region }) : byAddresses(answer, input, true);
  }
  return byAddresses(answer, input, false);
}

const FRONTS = new Set(['cdn', 'waf', 'ddos', 'oss', 'slb', 'live', 'paas', 'hosting']);
/** Is this the front of a cloud, with the site's own server behind it (R1.7)? */
export const isFront = (owner: Ownership | null): boolean =>
  owner !== null && owner.product !== null && FRONTS.has(owner.product);

/** All addresses of a host decide together: one of ours in the mainland makes the host ours. */
function byAddresses(answer: ResolverAnswer, input: CheckInput, throughOwnFront: boolean): HostView {
  const own = input.filing.accessProvider;
  const owned = [...answer.a, ...answer.aaaa].map((address) => ({ address, owner: input.whoseAddress(address) }));
  const ours = owned.filter(({ owner }) => owner?.provider === own);
  if (ours.some(({ owner }) => owner?.mainland === true)) return view('here', { address: ours[0]?.address ?? null });
  const abroad = ours.find(({ owner }) => owner?.mainland === false);
  if (abroad !== undefined) return view('overseas', { region: abroad.owner?.region ?? null, address: abroad.address });
  // The nodes of our own front may sit in carriers' networks (R1.7).
  if (throughOwnFront) return view('here', { address: owned[0]?.address ?? null });
  const other = owned.find(({ owner }) => owner !== null && owner.provider !== UNKNOWN_PROVIDER);
  if (other?.owner !== undefined && other.owner !== null) {
    return view('other-provider', {
      provider: other.owner.provider,
      region: other.owner.region,
      address: other.address,
    });
  }
  return view('elsewhere', { address: owned[0]?.address ?? null });
}
