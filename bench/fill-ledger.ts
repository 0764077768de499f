import { CaseDesk } from '../src/cases/desk.ts';
import type { CaseKeeper } from '../src/cases/keeper.ts';
import { checks } from '../src/checks/index.ts';
import type { Finding } from '../src/checks/types.ts';
import type { Ledger } from '../src/ledger/ledger.ts';

/** How big, and how it is told. */
export interface FillOptions {
  sites: number;
  cases: number;
  now: number;
  onStep: (what: string) => void;
}

const DAY_MS = 86_400_000;
/** One subject in so many has a second site. */
const SITES_A_SUBJECT = 1.25;
const AUDIT_ROWS = 100_000;
const SWEEPS = 200;
const REJECTS = 10_000;

/**
 * Fill an empty ledger from its own numbers, the same every time: sites with hosts, persons, a state and a verdict for every check
 * (2 % fail, 1 % warn, 2 % inconclusive), cases opened by the keeper itself with their notices, sweeps, and an audit log.
 */
export function fillLedger(ledger: Ledger, keeper: CaseKeeper, { sites, cases, now, onStep }: FillOptions): void {
  const { sqlite } = ledger.connection;
  const subjects = Math.ceil(sites / SITES_A_SUBJECT);
  sqlite.pragma('synchronous = OFF');
  const numbers = (count: number): string =>
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;
  const provinces = `substr('京沪粤浙苏鲁川鄂湘闽豫冀皖辽陕赣渝桂津滇黑吉晋贵蒙琼甘新宁青', 1 + (i * 7919) % 30, 1)`;
  // One in five hundred: a province that is hard to find among a million.
  const province = `CASE WHEN i % 500 = 0 THEN '西藏' WHEN i % 3 = 0 THEN '北京' WHEN i % 3 = 1 THEN '广东' ELSE '浙江' END`;
  const run = (what: string, sql: string): void => {
    sqlite.exec(sql);
    onStep(what);
  };
  run(
    'subjects',
    `${numbers(subjects)} INSERT INTO subjects (id, subject_number, name, kind, province, updated_at)
    SELECT i, ${provinces} || 'ICP备' || (10000000 + i) || '号', ${province} || '某某' || i || '科技有限公司', 'company', ${province}, ${now} FROM n`,
  );
  run(
    'sites',
    `${numbers(sites)} INSERT INTO sites (id, subject_id, site_number, name, service, access_provider, product, filed_addresses, state, row_digest, updated_at)
    SELECT i, 1 + (i - 1) % ${subjects}, u.subject_number || '-' || (1 + (i - 1) / ${subjects}), '某某官网' || i, 'site', CASE WHEN i % 50 = 0 THEN 'tencent' ELSE 'aliyun' END, 'ecs', '["47.92.0.1"]',
      CASE WHEN i % 100 = 0 THEN 'access-cancelled' ELSE 'active' END, '', ${now} FROM n JOIN subjects u ON u.id = 1 + (i - 1) % ${subjects}`,
  );
  run(
    'hosts',
    `INSERT INTO site_hosts (site_id, host, kind, registrable) SELECT id, 'www.site-' || id || '.cn', 'host', 'site-' || id || '.cn' FROM sites
    UNION ALL SELECT id, 'site-' || id || '.cn', 'domain', 'site-' || id || '.cn' FROM sites`,
  );
  run(
    'persons',
    `INSERT INTO contacts (subject_id, site_id, role, name, phone, email, mobile, updated_at)
    SELECT subject_id, id, 'site-head', '张三', '1380' || (1000000 + id), 'owner' || id || '@site.example', '1380' || (1000000 + id), ${now} FROM sites`,
  );
  const verdict = (salt: number): string =>
    `CASE WHEN (s.id * 7919 + ${salt} * 104729) % 1000 < 20 THEN 'fail' WHEN (s.id * 7919 + ${salt} * 104729) % 1000 < 30 THEN 'warn' WHEN (s.id * 7919 + ${salt} * 104729) % 1000 < 50 THEN 'inconclusive' ELSE 'pass' END`;
  sqlite.exec('CREATE TEMP TABLE bench_checks (check_id TEXT, salt INTEGER)');
  const insert = sqlite.prepare('INSERT INTO bench_checks VALUES (?, ?)');
  for (const [salt, { id }] of checks.entries()) insert.run(id, salt);
  run(
    'check states',
    `INSERT INTO check_states (site_id, check_id, verdict, codes, since, checked_at, verdict_id, next_due_at, sweep_id, judged_sweep_id)
    SELECT s.id, b.check_id, ${verdict(0).replaceAll('0 * 104729', 'b.salt * 104729')}, '[]', ${now - DAY_MS}, ${now - 3_600_000}, (s.id - 1) * ${checks.length} + b.salt + 1,
      CASE WHEN s.state = 'active' THEN ${now} + (s.id * 31 + b.salt) % ${DAY_MS} END, 1, 1 FROM sites s CROSS JOIN bench_checks b`,
  );
  run(
    'verdicts',
    `INSERT INTO verdicts (id, site_id, check_id, sweep_id, stage, verdict, findings, shadow, observed_at, judged_at, algorithm_version, ranges_version, policy_version)
    SELECT verdict_id, site_id, check_id, 1, 'screen', verdict, CASE WHEN verdict IN ('fail', 'warn') THEN '${JSON.stringify([finding(1)])}' ELSE '[]' END, 0, checked_at, checked_at, check_id || '@1', 'r', 'p' FROM check_states ORDER BY verdict_id`,
  );
  fillCases(ledger, keeper, { cases, sites, now });
  onStep('cases');
  run(
    'messages',
    `INSERT INTO messages (correlation_id, channel, recipient, kind, content, state, attempts, sent_day, created_at, sending_at)
    SELECT 'bench-' || id, channel, recipient, kind, json_object('title', '整改通知', 'text', printf('%.*c', 1500, '字'), 'html', printf('%.*c', 4000, 'x'), 'sms', NULL), 'delivered', 1, '2026-11-20', created_at, created_at FROM notices;
    UPDATE notices SET state = 'enclosed', message_id = (SELECT m.id FROM messages m WHERE m.correlation_id = 'bench-' || notices.id)`,
  );
  const { length } = checks;
  run(
    'sweeps',
    `${numbers(SWEEPS)} INSERT INTO sweeps (kind, state, started_at, finished_at, total, judged)
      SELECT CASE WHEN i % 4 = 0 THEN 'scheduled' ELSE 'rescan' END, 'done', ${now} - i * 21600000, ${now} - i * 21600000 + 3600000, ${sites} * ${length}, ${sites} * ${length} FROM n;
    INSERT INTO sweep_counts (sweep_id, check_id, stage, verdict, count) SELECT w.id, b.check_id, g.stage, v.verdict, 1000 + (w.id * 7 + b.salt) % 100
      FROM sweeps w CROSS JOIN bench_checks b CROSS JOIN (SELECT 'screen' AS stage UNION SELECT 'final') g CROSS JOIN (SELECT 'pass' AS verdict UNION SELECT 'fail' UNION SELECT 'warn' UNION SELECT 'inconclusive') v;
    ${numbers(AUDIT_ROWS)} INSERT INTO audit_log (at, actor, action, object, outcome, detail) SELECT ${now} - i * 1000, 'admin' || i % 20, 'rescan', 'site ' || i, 'done', '' FROM n;
    INSERT INTO imports (file, started_at, finished_at, rows, created, updated, unchanged, rejected) VALUES ('filings.csv', ${now}, ${now}, ${sites}, ${sites}, 0, 0, ${REJECTS});
    ${numbers(REJECTS)} INSERT INTO import_rejects (import_id, row, column, value, remedy) SELECT 1, i, 'hosts', '', 'give its domains' FROM n`,
  );
  sqlite.exec('DROP TABLE bench_checks');
  sqlite.pragma('synchronous = NORMAL');
  sqlite.pragma('wal_checkpoint(TRUNCATE)');
}

const finding = (siteId: number): Finding => ({
  code: 'not-linked',
  severity: 'fail',
  about: null,
  params: { number: `京ICP备${siteId}号-1`, expected: `京ICP备${siteId}号-1`, shown: `京ICP备${siteId}号-1` },
  evidence: [{ label: 'page', value: `http://site-${siteId}.cn/` }],
});

/** Cases by the keeper's own doing, at different ages; a fifth of them ended. */
function fillCases(
  ledger: Ledger,
  keeper: CaseKeeper,
  { cases, sites, now }: { cases: number; sites: number; now: number },
): void {
  const desk = new CaseDesk(keeper);
  const step = Math.max(1, Math.floor(sites / (cases + 1)));
  for (let from = 0; from < cases; from += 1000)
    ledger.transaction(() => {
      for (let index = from; index < Math.min(cases, from + 1000); index++) {
        const siteId = 1 + index * step;
        const openedAt = now - (index % 10) * DAY_MS;
        const judgement = { verdict: 'fail' as const, findings: [finding(siteId)] };
        const verdictId = (siteId - 1) * checks.length + 1;
        keeper.published(
          {
            siteId,
            checkId: 'icp-footer',
            verdict: 'fail',
            judgement,
            verdictId,
            algorithmVersion: 'icp-footer@2',
            observedAt: openedAt,
            shadow: false,
          },
          openedAt,
        );
        if (index % 5 !== 0) continue;
        const record = ledger.cases.ofSite(siteId, 1)[0];
        if (record !== undefined) desk.waive(record.code, 'bench', { kind: 'admin', name: 'bench' }, openedAt);
      }
    });
}
