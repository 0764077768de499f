import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beijingDate } from '../../src/calendar/beijing-time.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { importBureauList } from '../../src/programmes/bureau-import.ts';
import type { WorldData } from './types.ts';

/** Write the lists an operator supplies beside the filings. Gives the settings that name them. */
export function writeLists(
  world: WorldData,
  folder: string,
): { data: { mobileSegments: string; addressProvinces: string } } {
  const mobileSegments = join(folder, 'segments.txt');
  const addressProvinces = join(folder, 'provinces.txt');
  const lines = (list: ReadonlyMap<string, string>): string => [...list].map((pair) => pair.join(' ')).join('\n');
  writeFileSync(mobileSegments, lines(world.segments));
  writeFileSync(addressProvinces, lines(world.provinces));
  return { data: { mobileSegments, addressProvinces } };
}

/** Tell a ledger what is known beside the filings: the bureau's list (R15), and what delivery learned of numbers. */
export async function importLists(world: WorldData, ledger: Ledger, folder: string, now: number): Promise<void> {
  const file = join(folder, 'bureau.csv');
  const rows = world.bureau.map(({ number, state, holder }) =>
    [number, state === 'alive' ? '正常' : '注销', holder].join(','),
  );
  writeFileSync(file, ['备案号,状态,主办单位名称', ...rows].join('\n'));
  const { rejected } = await importBureauList(file, ledger, { asOf: beijingDate(now), now });
  if (rejected.length > 0) throw new Error(`the bureau's list: ${JSON.stringify(rejected)}`);
  for (const { mobile, code } of world.deadNumbers)
    ledger.contacts.markDead({
      channel: 'sms',
      address: mobile,
      code,
      reason: `receipt ${code}`,
      since: now,
      messageId: null,
    });
}
