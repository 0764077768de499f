import { PageReader } from '../../src/facts/page-reader.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { SCREENED } from '../scan/settings.ts';
import { benchFiling } from '../scan/world.ts';

/** What a page of the bench world proves, as the ledger keeps it. */
function proofOf(siteNumber: string): string {
  const reader = new PageReader();
  reader.write(
    `<!DOCTYPE html><html><body><p>公司网站</p><footer><p><a href="https://beian.miit.gov.cn/">${siteNumber}</a></p></footer></body></html>`,
  );
  return JSON.stringify({ facts: reader.end(false), bytes: 60_000, digest: '0'.repeat(64) });
}

/**
 * Fill an empty ledger with filings of the bench world, each with a verdict in force for every screened check and a page that is known,
 * all due: a register as a sweep finds it on any day but the first. The same every time.
 */
export function seedKnown(ledger: Ledger, sites: number, now: number): void {
  const { sqlite } = ledger.connection;
  sqlite.pragma('synchronous = OFF');
  const subject = sqlite.prepare(
    "INSERT INTO subjects (id, subject_number, name, kind, province, updated_at) VALUES (?, ?, ?, 'company', '北京', ?)",
  );
  const site = sqlite.prepare(
    `INSERT INTO sites (id, subject_id, site_number, name, service, access_provider, product, filed_addresses, state, row_digest, updated_at)
     VALUES (?, ?, ?, ?, 'site', 'aliyun', 'ecs', '[]', 'active', '', ?)`,
  );
  const host = sqlite.prepare("INSERT INTO site_hosts (site_id, host, kind, registrable) VALUES (?, ?, 'domain', ?)");
  const verdict = sqlite.prepare(
    `INSERT INTO verdicts (id, site_id, check_id, stage, verdict, findings, shadow, observed_at, judged_at, algorithm_version, ranges_version, policy_version)
     VALUES (?, ?, ?, 'screen', 'pass', '[]', 0, ?, ?, ?, 'seed', 'seed')`,
  );
  const state = sqlite.prepare(
    `INSERT INTO check_states (site_id, check_id, verdict, codes, since, checked_at, verdict_id, next_due_at) VALUES (?, ?, 'pass', '[]', ?, ?, ?, ?)`,
  );
  const page = sqlite.prepare(
    "INSERT INTO known_pages (site_id, key, reader, proof, changes, kept_at) VALUES (?, ?, 'seed', ?, 0, ?)",
  );
  const day = now - 86_400_000;
  for (let from = 0; from < sites; from += 10_000)
    sqlite
      .transaction(() => {
        for (let index = from; index < Math.min(sites, from + 10_000); index++) {
          const { domain, siteNumber, subjectNumber } = benchFiling(index, { tlsShare: 0 });
          const id = index + 1;
          subject.run(id, subjectNumber, `基准测试有限公司${index}`, now);
          site.run(id, id, siteNumber, `基准网站${index}`, now);
          host.run(id, domain, domain);
          page.run(id, `${'0'.repeat(30)}${index}`, proofOf(siteNumber), day);
          // In no order of their numbers, as sites come after some days.
          const dueAt = now - 1 - (Math.imul(id, 0x9e37_79b1) >>> 4);
          for (const [nth, checkId] of SCREENED.entries()) {
            const verdictId = index * SCREENED.length + nth + 1;
            verdict.run(verdictId, id, checkId, day, day, `${checkId}@1`);
            state.run(id, checkId, day, day, verdictId, dueAt);
          }
        }
      })
      .immediate();
  sqlite.pragma('synchronous = NORMAL');
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
}
