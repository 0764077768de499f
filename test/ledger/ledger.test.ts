import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ledgerError, openLedger } from '../../db/client.ts';
import { queries } from '../../db/queries.ts';
import { checks } from '../../src/checks/index.ts';
import { loadConfig } from '../../src/config.ts';
import { InputError } from '../../src/errors.ts';
import type { FilingRow } from '../../src/filing/validate-row.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';

let folder: string;
let path: string;
let ledger: Ledger;
const NOW = Date.parse('2026-11-22T04:00:00Z');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'beian-ledger-'));
  path = join(folder, 'ledger.db');
  ledger = openConfiguredLedger(loadConfig({ env: {}, overrides: { ledger: { path } } }));
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const row = (index: number): FilingRow => ({
  siteNumber: `京ICP备2021${String(index).padStart(6, '0')}号-1`,
  subjectNumber: `京ICP备2021${String(index).padStart(6, '0')}号`,
  subjectName: `公司${index}`,
  subjectKind: 'company',
  province: '北京',
  licenceNumber: null,
  siteName: `站${index}`,
  service: 'site',
  hosts: [{ host: `site-${index}.cn`, kind: 'domain', registrable: `site-${index}.cn` }],
  accessProvider: 'aliyun',
  product: 'ecs',
  addresses: [],
  approvedAt: null,
  leaseEndsAt: null,
  state: 'active',
  persons: [{ role: 'subject-head', name: '张三', phone: '13800000000', email: 'z@site.cn' }],
});
const fill = (count: number): void =>
  void ledger.upsertFilings(
    Array.from({ length: count }, (_, index) => row(index)),
    NOW,
  );

describe('every query of the code', () => {
  // Tables that grow with the register: a walk over one of them in a hot path would cost minutes at four million sites.
  const GROWING = [
    'sites',
    'subjects',
    'site_hosts',
    'contacts',
    'check_states',
    'known_pages',
    'verdicts',
    'evidence',
    'verdict_evidence',
    'registrations',
    'sweep_counts',
    'schedule_slots',
    'cases',
    'case_events',
    'case_findings',
    'notices',
    'messages',
    'message_attempts',
    'in_site_messages',
    'extra_contacts',
    'contact_tokens',
    'enforcements',
    'reviews',
    'bureau_numbers',
    'campaign_sites',
    'inbound_messages',
    'orders',
    'violations',
    'violation_acts',
  ];
  // Whole-ledger figures, asked for by a person or a metrics scrape, read an index end to end on purpose.
  const WHOLE_ON_PURPOSE = new Set([
    ...['verdictTotals', 'ledgerSize', 'caseTotals', 'noticeTotals', 'messageTotals'],
    // Counted by a thread of its own.
    ...['siteTotals', 'worstTotals'],
    // A check that is switched off has a row at every site.
    'statesPark',
    // One person's wish to know or to be forgotten: rare, and asked on the command line.
    ...[
      'personFilings',
      'personExtras',
      'personNotices',
      'personMessages',
      'personInbound',
      'personDead',
      'personOrders',
    ],
  ]);

  it('uses an index: no plan walks a growing table', () => {
    fill(500);
    ledger.connection.sqlite.exec('ANALYZE');
    const walks: string[] = [];
    for (const [name, sql] of Object.entries(queries)) {
      if (WHOLE_ON_PURPOSE.has(name)) continue;
      const parameters = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 1);
      const plan = ledger.connection.sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as {
        detail: string;
      }[];
      for (const { detail } of plan) {
        const table = /^SCAN (\w+)/.exec(detail)?.[1];
        const real = table === undefined ? undefined : (new RegExp(`(\\w+) ${table}\\b`).exec(sql)?.[1] ?? table);
        if (
          table !== undefined &&
          !/USING (?:COVERING )?INDEX/.test(detail) &&
          (GROWING.includes(table) || GROWING.includes(real ?? ''))
        )
          walks.push(`${name}: ${detail}`);
      }
    }
    expect(walks).toEqual([]);
  });

  it('finds what a sweep still owes by the index of just that', () => {
    fill(50);
    for (const name of ['pendingOfSweep', 'statesLost', 'suspectsOfSweep', 'confirmsOfSweepDue'] as const) {
      const statement = ledger.connection.sqlite.prepare(`EXPLAIN QUERY PLAN ${queries[name]}`);
      const parameters = Array.from({ length: (queries[name].match(/\?/g) ?? []).length }, () => 1);
      const plan = statement.all(...parameters) as { detail: string }[];
      expect([name, plan.map(({ detail }) => detail).join()]).toEqual([
        name,
        expect.stringContaining('check_states_pending'),
      ]);
    }
  });

  it('finds what is due by the index on the due time', () => {
    fill(200);
    const plan = ledger.connection.sqlite.prepare(`EXPLAIN QUERY PLAN ${queries.dueSites}`).all(1) as {
      detail: string;
    }[];
    expect(plan.map(({ detail }) => detail).join()).toContain('check_states_due');
  });
});

describe('pages read before', () => {
  const DAY = 86_400_000;
  const page = (nth: number, siteId = 1, reader = 'now') => ({
    siteId,
    proved: { key: `key ${nth} ${reader}`, reader, proof: `proof ${nth}` },
  });
  const knownAt = (): string | undefined => ledger.knownPages.get(1)?.key;

  it('the last one is known, with its site and no longer', () => {
    fill(2);
    expect(ledger.knownPages.get(1)).toBeNull();
    ledger.knownPages.keep([page(1), page(7, 2)], NOW);
    ledger.knownPages.keep([page(2)], NOW + DAY);
    expect(ledger.knownPages.get(1)).toEqual({ key: 'key 2 now', proof: 'proof 2' });
    expect(ledger.knownPages.get(2)?.key).toBe('key 7 now');
    ledger.knownPages.keep([{ siteId: 1, proved: null }], NOW + DAY);
    expect(ledger.knownPages.get(1)).toBeNull();
    expect(ledger.filings.leave(2, 'revoked', NOW + DAY)).toBe(true);
    expect(ledger.knownPages.get(2)).toBeNull();
  });

  it('is read again after a month at most, and not all on one day', () => {
    fill(200);
    const all = Array.from({ length: 200 }, (_, index) => page(index, index + 1));
    ledger.knownPages.keep(all, NOW);
    const knownAfter = (days: number): number =>
      all.filter(({ siteId }) => ledger.knownPages.keyOf(siteId, NOW + days * DAY) !== null).length;
    expect([knownAfter(0), knownAfter(22.9)]).toEqual([200, 200]);
    expect(knownAfter(26.5)).toBeGreaterThan(60);
    expect(knownAfter(26.5)).toBeLessThan(140);
    expect(knownAfter(30.1)).toBe(0);
    // Read again and found the same: known anew.
    ledger.knownPages.keep([page(0)], NOW + 31 * DAY);
    expect(ledger.knownPages.keyOf(1, NOW + 32 * DAY)).toBe('key 0 now');
  });

  it('is not kept when it is large, and erased with its site', () => {
    fill(1);
    ledger.knownPages.keep([page(1)], NOW);
    ledger.knownPages.keep(
      [{ siteId: 1, proved: { key: 'large', reader: 'now', proof: 'x'.repeat(5000) } }],
      NOW + DAY,
    );
    expect(ledger.knownPages.get(1)).toBeNull();
    ledger.knownPages.keep([page(2)], NOW + 2 * DAY);
    expect(ledger.knownPages.get(1)).not.toBeNull();
    ledger.privacy.eraseSite(1);
    expect(ledger.knownPages.get(1)).toBeNull();
  });

  it('another version that reads it, or the same page again, is no change of it', () => {
    fill(1);
    for (let hour = 0; hour < 10; hour++) {
      ledger.knownPages.keep([page(0, 1, `version ${hour}`)], NOW + hour);
      ledger.knownPages.keep([page(0, 1, `version ${hour}`)], NOW + hour);
      expect(knownAt()).toBe(`key 0 version ${hour}`);
    }
  });

  it('one that is another at every look is not kept for a while', () => {
    fill(1);
    for (let day = 0; day < 3; day++) ledger.knownPages.keep([page(day)], NOW + day * DAY);
    expect(knownAt()).toBe('key 2 now');
    ledger.knownPages.keep([page(3)], NOW + 3 * DAY);
    expect(knownAt()).toBeUndefined();
    ledger.knownPages.keep([page(4)], NOW + 32 * DAY);
    expect(knownAt()).toBeUndefined();
    ledger.knownPages.keep([page(5)], NOW + 33 * DAY);
    expect(knownAt()).toBe('key 5 now');
  });

  it('one that changes now and then stays known', () => {
    fill(1);
    for (let change = 0; change < 8; change++) {
      ledger.knownPages.keep([page(change)], NOW + change * 3 * DAY);
      expect(knownAt()).toBe(`key ${change} now`);
    }
  });
});

describe('a ledger in trouble', () => {
  it.each([
    ['locked', 'SQLITE_BUSY', /another process holds the ledger/],
    ['full', 'SQLITE_FULL', /disk is full/],
    ['damaged', 'SQLITE_NOTADB', /no ledger or is damaged/],
    ['out of reach', 'EACCES', /folder exists and is writable/],
  ])('%s: one line with a remedy', (_name, code, remedy) => {
    const told = ledgerError(Object.assign(new Error('x'), { code }), path);
    expect(told).toBeInstanceOf(InputError);
    expect((told as InputError).remedy).toMatch(remedy);
  });

  it('a really full database keeps what was there', () => {
    fill(50);
    const { sqlite } = ledger.connection;
    const pages = sqlite.pragma('page_count', { simple: true }) as number;
    sqlite.pragma(`max_page_count = ${pages + 2}`);
    let told: unknown = null;
    try {
      ledger.upsertFilings(
        Array.from({ length: 5000 }, (_, index) => row(1000 + index)),
        NOW,
      );
    } catch (error) {
      told = ledgerError(error, path);
    }
    expect(told).toMatchObject({ name: 'InputError', remedy: expect.stringContaining('disk is full') });
    expect(ledger.size().sites).toBe(50);
    expect(sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('a really locked database says so', () => {
    const other = openLedger(path, { busyTimeoutMs: 0 });
    ledger.connection.sqlite.exec('BEGIN EXCLUSIVE');
    let told: unknown = null;
    try {
      other.sqlite.exec('BEGIN IMMEDIATE');
    } catch (error) {
      told = ledgerError(error, path);
    }
    ledger.connection.sqlite.exec('ROLLBACK');
    other.close();
    expect(told).toMatchObject({ name: 'InputError', remedy: expect.stringContaining('another process') });
  });
});

describe('upkeep', () => {
  it('backs up while in use', async () => {
    fill(100);
    const copy = join(folder, 'copy.db');
    await ledger.backup(copy);
    const opened = openLedger(copy);
    expect(opened.sqlite.prepare('SELECT count(*) AS n FROM sites').get()).toEqual({ n: 100 });
    opened.close();
  });

  it('keeps the same bytes once, and deletes old evidence but never a verdict in force', () => {
    fill(1);
    const insert = ledger.connection.sqlite.prepare(
      "INSERT INTO verdicts (site_id, check_id, stage, verdict, findings, shadow, observed_at, judged_at, algorithm_version, ranges_version, policy_version) VALUES (1, 'empty-shell', 'screen', 'pass', '[]', 0, ?, ?, 'a', 'r', 'p') RETURNING id",
    );
    const verdict = (at: number): number => (insert.get(at, at) as { id: number }).id;
    const [old, standing] = [verdict(NOW - 1000), verdict(NOW - 900)];
    ledger.connection.sqlite
      .prepare("UPDATE check_states SET verdict_id = ? WHERE site_id = 1 AND check_id = 'empty-shell'")
      .run(standing);
    const hash = ledger.evidence.attach(old, 'page', 'a', Buffer.from('x'.repeat(10_000)), NOW - 1000);
    expect(ledger.evidence.attach(standing, 'page', 'a', Buffer.from('x'.repeat(10_000)), NOW - 900)).toBe(hash);
    ledger.evidence.attach(old, 'page', 'b', Buffer.from('only of the old one'), NOW - 1000);
    expect(ledger.connection.sqlite.prepare('SELECT count(*) AS n FROM evidence').get()).toEqual({ n: 2 });
    ledger.evidence.prune(NOW);
    expect(ledger.evidence.ofVerdict(old)).toEqual([]);
    expect(ledger.evidence.ofVerdict(standing).map(({ bytes }) => bytes.length)).toEqual([10_000]);
    expect(ledger.connection.sqlite.prepare('SELECT count(*) AS n FROM evidence').get()).toEqual({ n: 1 });
  });

  it('hands out one rate budget a registry, and backs off after refusals', () => {
    const reserve = (now: number): number => ledger.registries.reserve('cnnic', 3000, now) - NOW;
    expect([reserve(NOW), reserve(NOW), reserve(NOW + 1000)]).toEqual([0, 3000, 6000]);
    expect(ledger.registries.busyBeyond('cnnic', NOW + 10_000)).toBe(false);
    reserve(NOW);
    expect(ledger.registries.busyBeyond('cnnic', NOW + 10_000)).toBe(true);
    ledger.registries.noteOutcome('cnnic', true, 60_000, NOW);
    ledger.registries.noteOutcome('cnnic', true, 60_000, NOW);
    expect(reserve(NOW)).toBe(120_000);
    ledger.registries.noteOutcome('cnnic', false, 60_000, NOW);
    ledger.registries.noteOutcome('cnnic', true, 60_000, NOW + 200_000);
    expect(reserve(NOW + 200_000)).toBe(260_000);
    expect(ledger.registries.reserve('other', 0, NOW)).toBe(NOW);
  });

  it('drops a judgement that comes late, twice, or from another sweep', () => {
    fill(1);
    const sweepId = ledger.sweeps.open('scan', NOW);
    ledger.sweeps.claimSites(sweepId, [1], NOW);
    const look = (over: object) =>
      ledger.verdicts.record(
        [
          {
            siteId: 1,
            sweepId,
            look: 0,
            stage: 'screen',
            judgements: new Map([['reachability', { verdict: 'pass', findings: [] }]]),
            bundle: {
              observedAt: NOW,
              rangesVersion: 'r',
              policy: { version: 'p' },
              artifacts: {},
              verdicts: [],
            } as never,
            raw: [],
            ...over,
          },
        ],
        NOW,
      )[0]?.step;
    expect(look({ sweepId: sweepId + 1 })).toBe('dropped');
    expect(look({ look: 1 })).toBe('dropped');
    expect(look({})).toBe('publish');
    expect(look({})).toBe('dropped');
    expect(ledger.sweeps.get(sweepId)).toMatchObject({ total: checks.length, judged: 1 });
  });
});
