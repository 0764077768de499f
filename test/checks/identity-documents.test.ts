import { expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { identityDocuments } from '../../src/checks/identity-documents.ts';
import { checkInput, personOf, personsArtifact } from '../support/check-input.ts';

const judge = (subject: string | null, site: string | null = 'long-term'): string[] => {
  const persons = [personOf({ documentExpiresAt: subject }), personOf({ role: 'site-head', documentExpiresAt: site })];
  const { verdict, findings } = runCheck(
    identityDocuments,
    checkInput({ artifacts: { persons: personsArtifact({ persons }) } }),
  );
  return [verdict, ...findings.map(({ code }) => code)];
};

// The test's instant is noon of 22 November 2026 (R4.1, R5).
it.each([
  ['long-term', ['pass']],
  ['2027-02-20', ['pass']],
  ['2027-02-19', ['warn', 'document-expiring']],
  ['2026-11-22', ['warn', 'document-expiring']],
  ['2026-11-21', ['fail', 'subject-document-expired']],
  [null, ['pass', 'not-known']],
])("the subject head's until %s", (date, said) => expect(judge(date)).toEqual(said));

it("the site head's concerns the site, the subject head's the subject (R4.7)", () => {
  expect(judge('long-term', '2020-01-01')).toEqual(['fail', 'site-document-expired']);
  expect(identityDocuments.codes['subject-document-expired']?.concerns).toBe('subject');
  expect(identityDocuments.codes['site-document-expired']?.concerns).toBeUndefined();
});

it('an expiry that passed after the last import accuses nobody', () => {
  const persons = [personOf({ documentExpiresAt: '2026-11-19' }), personOf({ role: 'site-head' })];
  const said = (confirmedAt: string): string[] => {
    const artifact = personsArtifact({ persons, confirmedAt: Date.parse(confirmedAt) });
    const { findings } = runCheck(identityDocuments, checkInput({ artifacts: { persons: artifact } }));
    return findings.map(({ code }) => code);
  };
  expect(said('2026-11-19T23:59:59+08:00')).toEqual(['expiry-not-updated']);
  expect(said('2026-11-20T00:00:00+08:00')).toEqual(['subject-document-expired']);
});
