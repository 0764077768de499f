import { describe, expect, it } from 'vitest';
import { accessRecord } from '../../src/checks/access-record.ts';
import { runCheck } from '../../src/checks/conclude.ts';
import { checkInput, dnsArtifact, filedArtifact, noPage, pageArtifact, pageWith } from '../support/check-input.ts';

const HERE = '47.92.0.1';
const answers = pageArtifact(pageWith('x'));
const refused = noPage([
  { address: HERE, failure: { code: 'connection-refused', message: 'refused', ours: false } },
  { address: HERE, failure: { code: 'connection-refused', message: 'refused', ours: false } },
]);
const timeout = noPage([{ address: HERE, failure: { code: 'timeout', message: 'timeout', ours: false } }]);
const here = dnsArtifact({ 'example.cn': { a: [HERE] } });
const away = dnsArtifact({ 'example.cn': { a: ['119.29.29.29'] } });
const judge = (
  filed: Parameters<typeof filedArtifact>[0],
  page: ReturnType<typeof noPage> = answers,
  dns = here,
): string[] => {
  const { verdict, findings } = runCheck(
    accessRecord,
    checkInput({ artifacts: { filed: filedArtifact(filed), page, dns } }),
  );
  return [verdict, ...findings.map(({ code }) => code)];
};

// The test's day is 22 November 2026.
describe('the lease (R1.3, R1.9)', () => {
  it('passes far from its end', () => expect(judge({ leaseEndsAt: '2027-06-30' })).toEqual(['pass']));
  it('is told before it ends, to the last day', () => {
    expect(judge({ leaseEndsAt: '2026-12-23' })).toEqual(['pass']);
    expect(judge({ leaseEndsAt: '2026-12-22' })).toEqual(['warn', 'lease-ending']);
    expect(judge({ leaseEndsAt: '2026-11-22' })).toEqual(['warn', 'lease-ending']);
  });
  it('ended and refused: a failure', () =>
    expect(judge({ leaseEndsAt: '2026-11-20' }, refused)).toEqual(['fail', 'lease-ended']));
  it('ended, and the names lead elsewhere: a failure', () =>
    expect(judge({ leaseEndsAt: '2026-11-20' }, noPage([{ address: '119.29.29.29', status: 200 }]), away)).toEqual([
      'fail',
      'lease-ended',
    ]));
  it('ended by the import, yet served from here: a contradiction, no accusation', () =>
    expect(judge({ leaseEndsAt: '2026-11-20' })).toEqual(['warn', 'lease-ended-but-served']));
  it('ended, and nothing was seen: not judged (R16.1)', () =>
    expect(judge({ leaseEndsAt: '2026-11-20' }, timeout)).toEqual(['inconclusive', 'lease-ended-unseen']));
  it('no lease imported: nothing to say', () => expect(judge({})).toEqual(['pass']));
});

describe('visits (R1.3)', () => {
  it('an answer is a record, whatever its status', () =>
    expect(judge({ lastVisitAt: '2020-01-01' }, noPage([{ address: HERE, status: 503 }]))).toEqual(['pass']));
  it('refused, and not visited for long: a failure', () =>
    expect(judge({ lastVisitAt: '2026-01-01' }, refused)).toEqual(['fail', 'no-visits']));
  it('refused, and imported before the window had gone by: nobody knows of visits since', () => {
    const confirmedAt = Date.parse('2026-08-29T12:00:00Z');
    expect(judge({ lastVisitAt: '2026-08-20', confirmedAt }, refused)).toEqual(['warn', 'no-record-known']);
  });
  it('refused just now, visited lately', () => expect(judge({ lastVisitAt: '2026-11-01' }, refused)).toEqual(['pass']));
  it('refused, nothing imported: a warning', () => expect(judge({}, refused)).toEqual(['warn', 'no-record-known']));
  it('a timeout neither accuses nor acquits (R16.1)', () =>
    expect(judge({ lastVisitAt: '2020-01-01' }, timeout)).toEqual(['inconclusive', 'not-observed']));
  it('our own looks are visits too', () =>
    expect(judge({ lastVisitAt: '2026-01-01', seenAt: Date.parse('2026-11-01') }, refused)).toEqual(['pass']));
  it('an import that stopped knows nothing of visits or renewals', () => {
    const confirmedAt = Date.parse('2026-01-02');
    expect(judge({ lastVisitAt: '2026-01-01', confirmedAt }, refused)).toEqual(['warn', 'no-record-known']);
    expect(judge({ leaseEndsAt: '2026-11-20', confirmedAt }, refused)).toEqual(['warn', 'lease-not-updated']);
  });
});

describe('server kinds (R14)', () => {
  it('too short a lease', () =>
    expect(judge({ leaseStartsAt: '2027-04-30', leaseEndsAt: '2027-05-30' })).toEqual(['warn', 'lease-too-short']));
  it('three months suffice', () =>
    expect(judge({ leaseStartsAt: '2027-02-28', leaseEndsAt: '2027-05-28' })).toEqual(['pass']));
  it('more sites than codes', () => {
    expect(judge({ sitesOnServer: 5 })).toEqual(['pass']);
    expect(judge({ sitesOnServer: 6 })).toEqual(['warn', 'codes-over-quota']);
  });
});
