import { expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { registryState } from '../../src/checks/registry-state.ts';
import type { BureauRecord } from '../../src/facts/filed.ts';
import { checkInput, namesArtifact } from '../support/check-input.ts';

const judge = (record: Partial<BureauRecord> | null): string[] => {
  const full: BureauRecord | null =
    record === null ? null : { state: 'alive', holder: null, asOf: '2026-11-20', ...record };
  const input = checkInput({ artifacts: { names: namesArtifact() }, reference: { bureauNumber: () => full } });
  const { verdict, findings } = runCheck(registryState, input);
  return [verdict, ...findings.map(({ code }) => code)];
};

// R15, R4.1.
it.each([
  [null, ['pass', 'not-listed']],
  [{}, ['pass']],
  [{ holder: '蓝海科技有限责任公司' }, ['pass']],
  [{ holder: '别家商贸有限公司' }, ['fail', 'other-holder']],
  [{ holder: '蓝**公司' }, ['inconclusive', 'holder-unreadable']],
  [{ state: 'revoked' }, ['warn', 'revoked-at-bureau']],
] as [Partial<BureauRecord> | null, string[]][])('%j', (record, said) => expect(judge(record)).toEqual(said));

it('looks the site number up, else the subject number', () => {
  const asked: string[] = [];
  const input = checkInput({
    artifacts: { names: namesArtifact() },
    reference: {
      bureauNumber: (number) => {
        asked.push(number);
        return null;
      },
    },
  });
  runCheck(registryState, input);
  expect(asked).toEqual(['京ICP备05070218号-1', '京ICP备05070218号']);
});

it('a list older than the name it is compared with says nothing (the subject may have been renamed since)', () => {
  const said = (subjectNameSince: string): string[] => {
    const input = checkInput({
      artifacts: { names: namesArtifact({ subjectNameSince }) },
      reference: { bureauNumber: () => ({ state: 'alive', holder: '别家商贸有限公司', asOf: '2026-11-20' }) },
    });
    return runCheck(registryState, input).findings.map(({ code }) => code);
  };
  expect(said('2026-11-20')).toEqual(['other-holder']);
  expect(said('2026-11-21')).toEqual(['list-too-old']);
});

it('our own data older than the list: it may have been renamed, and nobody is accused', () => {
  const input = checkInput({
    artifacts: { names: namesArtifact({ confirmedOn: '2026-11-19' }) },
    reference: { bureauNumber: () => ({ state: 'alive', holder: '别家商贸有限公司', asOf: '2026-11-20' }) },
  });
  const { verdict, findings } = runCheck(registryState, input);
  expect([verdict, findings.map(({ code }) => code)]).toEqual(['warn', ['filing-not-updated']]);
});

it('a number revoked stays so, however alive its subject is (R15)', () => {
  const bureauNumber = (number: string): BureauRecord =>
    number.includes('-')
      ? { state: 'revoked', holder: null, asOf: '2026-11-01' }
      : { state: 'alive', holder: '蓝海科技有限公司', asOf: '2026-11-20' };
  const input = checkInput({ artifacts: { names: namesArtifact() }, reference: { bureauNumber } });
  expect(runCheck(registryState, input).findings.map(({ code }) => code)).toEqual(['revoked-at-bureau']);
});
