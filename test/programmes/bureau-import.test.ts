import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { applyRevocations, type BureauImport, importBureauList } from '../../src/programmes/bureau-import.ts';
import { CaseWorld } from '../support/case-world.ts';

let world: CaseWorld;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bureau-'));
  world = await CaseWorld.open('2026-11-22 10:00');
});
afterEach(() => {
  world.close();
  rmSync(folder, { recursive: true, force: true });
});

const list = (...lines: string[]): Promise<BureauImport> => {
  const file = join(folder, 'list.csv');
  writeFileSync(file, lines.join('\n'));
  return importBureauList(file, world.ledger, { asOf: '2026-11-20', now: world.now() });
};
const revoked = (): string[] =>
  applyRevocations(world.ledger, { dryRun: true, max: 100, now: world.now() }).sites.map(
    ({ siteNumber }) => siteNumber,
  );

it("R15: a site's own number stands before its subject's, whatever the order of the columns", async () => {
  world.addSite(1, { siteNumber: '京ICP备2021000001号-1' });
  world.addSite(2, { siteNumber: '京ICP备2021000001号-2' });
  await list('主体备案号,网站备案号,状态', '京ICP备2021000001号,京ICP备2021000001号-2,注销');
  expect(revoked()).toEqual(['京ICP备2021000001号-2']);
});

it('a table without the needed columns is refused whole, by their names', async () => {
  await expect(list('备案号,备注', '京ICP备2021000001号,x')).rejects.toThrow(
    /no column for state \/ 状态 among: 备案号 \| 备注/,
  );
});

it('a row without a state is no row: nothing is alive or revoked by silence', async () => {
  const { rows, changed, rejected } = await list(
    '备案号,状态,数据日期',
    '京ICP备2021000001号,,',
    '京ICP备2021000002号,不详,',
    'nonsense,正常,',
    '京ICP备2021000003号,正常,2027-01-01',
    '京ICP备2021000004号,正常,',
  );
  expect([rows, changed]).toEqual([5, 1]);
  expect(rejected.map(({ row, field }) => [row, field])).toEqual([
    [2, 'state'],
    [3, 'state'],
    [4, 'number'],
    [5, 'as_of'],
  ]);
});

it('a revoked number does not come back with its living subject; only a newer row of its own undoes it (R15)', async () => {
  world.addSite(1, { siteNumber: '京ICP备2021000001号-1' });
  world.addSite(2, { siteNumber: '京ICP备2021000001号-2' });
  await list('备案号,状态,数据日期', '京ICP备2021000001号-1,注销,2026-06-01', '京ICP备2021000001号,正常,2026-11-01');
  expect(revoked()).toEqual(['京ICP备2021000001号-1']);
  await list('备案号,状态,数据日期', '京ICP备2021000001号-1,正常,2026-11-02');
  expect(revoked()).toEqual([]);
  await list('备案号,状态,数据日期', '京ICP备2021000001号,注销,2026-11-20');
  expect(revoked()).toEqual(['京ICP备2021000001号-1', '京ICP备2021000001号-2']);
});

it('a subject is empty once all its sites are revoked, until the bureau revoked it too (R15)', async () => {
  const [one, two] = [
    world.addSite(1, { siteNumber: '京ICP备2021000001号-1' }),
    world.addSite(2, { siteNumber: '京ICP备2021000001号-2' }),
  ];
  const empty = (): string[] => world.ledger.bureau.emptySubjects(10).map(({ subjectNumber }) => subjectNumber);
  world.ledger.filings.leave(one, 'revoked', world.now());
  expect(empty()).toEqual([]);
  world.ledger.filings.leave(two, 'access-cancelled', world.now());
  expect(empty()).toEqual([]);
  world.addSite(2, { siteNumber: '京ICP备2021000001号-2', state: 'revoked' });
  expect(empty()).toEqual(['京ICP备2021000001号']);
  await list('备案号,状态', '京ICP备2021000001号,注销');
  expect(empty()).toEqual([]);
});

it('a revocation that was wrong is taken back: a newer list, then the import of the filings (R15)', async () => {
  const one = world.addSite(1, { siteNumber: '京ICP备2021000001号-1' });
  const stateOf = (): string | undefined => world.ledger.filings.load(one)?.state;
  await list('备案号,状态,数据日期', '京ICP备2021000001号-1,注销,2026-11-01');
  applyRevocations(world.ledger, { dryRun: false, max: 10, now: world.now() });
  // Our export does not know yet: it brings nothing back, changed or not.
  world.addSite(1, { siteNumber: '京ICP备2021000001号-1' });
  world.addSite(1, { siteNumber: '京ICP备2021000001号-1', siteName: '新名称' });
  expect(stateOf()).toBe('revoked');
  await list('备案号,状态,数据日期', '京ICP备2021000001号-1,正常,2026-11-20');
  expect(world.ledger.bureau.emptySubjects(10)).toEqual([]);
  world.addSite(1, { siteNumber: '京ICP备2021000001号-1', siteName: '新名称' });
  expect(stateOf()).toBe('active');
  expect(world.ledger.verdicts.standing(one).every(({ nextDueAt }) => nextDueAt !== null)).toBe(true);
});
