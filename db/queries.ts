import { caseQueries } from './queries-cases.ts';
import { consoleQueries } from './queries-console.ts';
import { portalQueries } from './queries-portal.ts';
import { privacyQueries } from './queries-privacy.ts';
import { programmeQueries } from './queries-programmes.ts';

/** Statements over filings, due work, sweeps, verdicts and evidence. */
const registerQueries = {
  // filings
  subjectUpsert: `INSERT INTO subjects (subject_number, name, kind, province, licence_number, details, updated_at, name_since)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (subject_number) DO UPDATE SET name = excluded.name, kind = excluded.kind, province = excluded.province,
      licence_number = excluded.licence_number, details = CASE excluded.details WHEN '{}' THEN details ELSE excluded.details END,
      updated_at = excluded.updated_at,
      name_since = excluded.name_since
    RETURNING id`,
  subjectNamed: 'SELECT name, coalesce(name_since, updated_at) AS since FROM subjects WHERE subject_number = ?',
  siteByNumber: 'SELECT id, row_digest AS rowDigest, state, updated_at AS updatedAt FROM sites WHERE site_number = ?',
  siteInsert: `INSERT INTO sites (subject_id, site_number, name, service, access_provider, product, filed_addresses, approved_at,
      lease_ends_at, state, details, server_id, row_digest, updated_at, confirmed_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  siteUpdate: `UPDATE sites SET subject_id = ?, site_number = ?, name = ?, service = ?, access_provider = ?, product = ?,
      filed_addresses = ?, approved_at = ?, lease_ends_at = ?, state = ?, details = ?, server_id = ?, row_digest = ?,
      updated_at = ?, confirmed_at = ? WHERE id = ?`,
  siteConfirm: 'UPDATE sites SET confirmed_at = ? WHERE id = ?',
  hostsDelete: 'DELETE FROM site_hosts WHERE site_id = ?',
  hostInsert: 'INSERT OR IGNORE INTO site_hosts (site_id, host, kind, registrable) VALUES (?, ?, ?, ?)',
  siteContactsDelete: 'DELETE FROM contacts WHERE site_id = ?',
  contactMobile: 'UPDATE contacts SET mobile = seal(?) WHERE site_id = ? AND role = ? AND mobile IS NULL',
  contactInsert: `INSERT INTO contacts (subject_id, site_id, role, name, phone, email, mobile, document_expires_at, updated_at)
      VALUES (?, ?, ?, seal(?), seal(?), seal(?), seal(?), ?, ?)`,
  siteById: `SELECT subject_id AS subjectId, site_number AS siteNumber, name, service, access_provider AS accessProvider, product,
      filed_addresses AS filedAddresses, approved_at AS approvedAt, state, details, updated_at AS updatedAt FROM sites WHERE id = ?`,
  subjectOfSite: `SELECT subject_number AS subjectNumber, name AS subjectName, kind AS subjectKind, province, licence_number AS licenceNumber
    FROM subjects WHERE id = ?`,
  hostsOfSite: 'SELECT rowid AS nth, host, kind, registrable FROM site_hosts WHERE site_id = ?',
  sitesByHost: 'SELECT site_id AS siteId FROM site_hosts WHERE host = ?',
  sitesByRegistrable: 'SELECT site_id AS siteId FROM site_hosts WHERE registrable = ?',
  sitesBySubject:
    'SELECT s.id AS siteId FROM sites s JOIN subjects u ON u.id = s.subject_id WHERE u.subject_number = ?',
  activeSitesAfter: "SELECT id AS siteId FROM sites WHERE state = 'active' AND id > ? ORDER BY id LIMIT ?",

  // due work
  stateInsert: 'INSERT OR IGNORE INTO check_states (site_id, check_id, next_due_at) VALUES (?, ?, ?)',
  stateStop: 'UPDATE check_states SET next_due_at = NULL WHERE site_id = ?',
  stateForget: `UPDATE check_states SET suspect_looks = 0, suspect_fails = 0, confirm_due_at = NULL, judged_sweep_id = sweep_id
    WHERE site_id = ? AND check_id = ?`,
  statesLost: `SELECT site_id AS siteId, check_id AS checkId, suspect_looks AS suspectLooks FROM check_states
    WHERE sweep_id = ? AND judged_sweep_id IS NOT sweep_id AND next_due_at <= ? AND confirm_due_at IS NULL LIMIT ?`,
  // With the site's other checks, where it has any that is due within the interval.
  statesMissing: `INSERT OR IGNORE INTO check_states (site_id, check_id, next_due_at)
    SELECT s.id, ?, coalesce((SELECT min(c.next_due_at) FROM check_states c WHERE c.site_id = s.id AND c.next_due_at BETWEEN ? AND ?),
      ? + abs(random()) % ?) FROM sites s WHERE s.state = 'active'`,
  statesPark:
    'UPDATE check_states SET next_due_at = NULL, confirm_due_at = NULL WHERE check_id = ? AND next_due_at IS NOT NULL',
  checkIdsKnown: 'SELECT DISTINCT check_id AS checkId FROM check_states',
  stateRestart: 'UPDATE check_states SET next_due_at = ? WHERE site_id = ? AND check_id = ? AND next_due_at IS NULL',
  dueSites: 'SELECT site_id AS siteId FROM check_states WHERE next_due_at <= ? ORDER BY next_due_at',
  oldestDue: 'SELECT min(next_due_at) AS dueAt FROM check_states WHERE next_due_at IS NOT NULL',
  statesOfSite: `SELECT site_id AS siteId, check_id AS checkId, verdict, codes, since, checked_at AS checkedAt, verdict_id AS verdictId,
      shadow, next_due_at AS nextDueAt, sweep_id AS sweepId, claimed_at AS claimedAt, judged_sweep_id AS judgedSweepId,
      suspect_looks AS suspectLooks, suspect_fails AS suspectFails, confirm_due_at AS confirmDueAt,
      inconclusive_runs AS inconclusiveRuns FROM check_states WHERE site_id = ?`,
  stateClaim: `UPDATE check_states SET sweep_id = ?, claimed_at = ?, next_due_at = ?, suspect_looks = 0, suspect_fails = 0,
      confirm_due_at = NULL WHERE site_id = ? AND check_id = ?`,
  stateLease: 'UPDATE check_states SET next_due_at = ? WHERE site_id = ? AND check_id = ?',
  confirmsDue: `SELECT c.site_id AS siteId, c.check_id AS checkId, c.sweep_id AS sweepId, c.suspect_looks AS suspectLooks
    FROM check_states c INDEXED BY check_states_confirm CROSS JOIN sweeps w ON w.id = c.sweep_id
    WHERE c.confirm_due_at <= ? AND w.state = 'running' ORDER BY c.confirm_due_at LIMIT ?`,
  confirmClaim:
    'UPDATE check_states SET confirm_due_at = NULL, claimed_at = ?, next_due_at = ? WHERE site_id = ? AND check_id = ?',
  confirmsOfSweepDue: `UPDATE check_states SET confirm_due_at = ? WHERE sweep_id = ? AND confirm_due_at IS NOT NULL
      AND judged_sweep_id IS NOT sweep_id`,
  stateDrop: `UPDATE check_states SET suspect_looks = 0, suspect_fails = 0, confirm_due_at = NULL, judged_sweep_id = sweep_id,
      next_due_at = ? WHERE site_id = ? AND check_id = ?`,
  suspectsOfSweep: `SELECT site_id AS siteId, check_id AS checkId FROM check_states WHERE sweep_id = ? AND check_id = ?
      AND suspect_looks > 0 AND judged_sweep_id IS NOT sweep_id`,
  pendingOfSweep: `SELECT count(*) AS count FROM check_states WHERE sweep_id = ? AND judged_sweep_id IS NOT sweep_id`,

  // judgement
  stateSuspect: `UPDATE check_states SET suspect_looks = ?, suspect_fails = ?, confirm_due_at = ?, next_due_at = ?
    WHERE site_id = ? AND check_id = ?`,
  statePublish: `UPDATE check_states SET verdict = ?, codes = ?, since = ?, checked_at = ?, verdict_id = ?, shadow = ?,
      next_due_at = ?, judged_sweep_id = ?, suspect_looks = 0, suspect_fails = 0, confirm_due_at = NULL, inconclusive_runs = ?
    WHERE site_id = ? AND check_id = ?`,
  // Columns that are set are written to their indexes whether they changed or not: so they are not set.
  stateUnchanged: `UPDATE check_states SET checked_at = ?, next_due_at = ?, judged_sweep_id = ?, suspect_looks = 0, suspect_fails = 0,
      confirm_due_at = NULL, inconclusive_runs = ? WHERE site_id = ? AND check_id = ?`,
  verdictInsert: `INSERT INTO verdicts (site_id, check_id, sweep_id, stage, verdict, findings, shadow, observed_at, judged_at,
      algorithm_version, ranges_version, policy_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  verdictsOfSite: `SELECT id, check_id AS checkId, sweep_id AS sweepId, stage, verdict, findings, shadow, observed_at AS observedAt,
      judged_at AS judgedAt, algorithm_version AS algorithmVersion, ranges_version AS rangesVersion, policy_version AS policyVersion
    FROM verdicts WHERE site_id = ? AND check_id = ? ORDER BY judged_at DESC LIMIT ?`,
  evidenceKnown: 'SELECT 1 AS known FROM evidence WHERE hash = ?',
  evidenceInsert: 'INSERT OR IGNORE INTO evidence (hash, kind, size, body, created_at) VALUES (?, ?, ?, ?, ?)',
  evidenceLink: 'INSERT OR IGNORE INTO verdict_evidence (verdict_id, hash, name) VALUES (?, ?, ?)',
  evidenceListOfVerdict: `SELECT e.hash, e.kind, e.size, l.name FROM verdict_evidence l JOIN evidence e ON e.hash = l.hash
    WHERE l.verdict_id = ?`,
  evidencePiece: 'SELECT body FROM evidence WHERE hash = ?',
  evidenceOfVerdict: `SELECT e.hash, e.kind, e.size, e.body, l.name FROM verdict_evidence l JOIN evidence e ON e.hash = l.hash
    WHERE l.verdict_id = ?`,
  verdictsPrune: `DELETE FROM verdicts WHERE id IN (SELECT v.id FROM verdicts v WHERE v.judged_at < ? AND NOT EXISTS
      (SELECT 1 FROM check_states c WHERE c.site_id = v.site_id AND c.check_id = v.check_id AND c.verdict_id = v.id) LIMIT 5000)`,
  evidencePrune: `DELETE FROM evidence WHERE hash IN (SELECT e.hash FROM evidence e WHERE e.created_at < ? AND NOT EXISTS
      (SELECT 1 FROM verdict_evidence l WHERE l.hash = e.hash) LIMIT 5000)`,

  // sweeps
  sweepInsert: "INSERT INTO sweeps (kind, state, started_at) VALUES (?, 'running', ?) RETURNING id",
  sweepById: `SELECT id, kind, state, started_at AS startedAt, finished_at AS finishedAt, held_reason AS heldReason, held_reason_zh AS heldReasonZh, total, judged
    FROM sweeps WHERE id = ?`,
  sweepsRecent: `SELECT id, kind, state, started_at AS startedAt, finished_at AS finishedAt, held_reason AS heldReason, held_reason_zh AS heldReasonZh, total, judged
    FROM sweeps ORDER BY started_at DESC LIMIT ?`,
  sweepsOpen: `SELECT id, kind, state, started_at AS startedAt, finished_at AS finishedAt, held_reason AS heldReason, held_reason_zh AS heldReasonZh, total, judged
    FROM sweeps WHERE state IN ('running', 'held')`,
  sweepAddTotal: 'UPDATE sweeps SET total = total + ? WHERE id = ?',
  sweepAddJudged: 'UPDATE sweeps SET judged = judged + ? WHERE id = ?',
  sweepState: 'UPDATE sweeps SET state = ?, held_reason = ?, held_reason_zh = ?, finished_at = ? WHERE id = ?',
  countAdd: `INSERT INTO sweep_counts (sweep_id, check_id, stage, verdict, count) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (sweep_id, check_id, stage, verdict) DO UPDATE SET count = count + excluded.count`,
  countsOfSweep: 'SELECT check_id AS checkId, stage, verdict, count FROM sweep_counts WHERE sweep_id = ?',
  slotInsert: 'INSERT OR IGNORE INTO schedule_slots (schedule, slot, started_at) VALUES (?, ?, ?)',
  slotPrune: 'DELETE FROM schedule_slots WHERE schedule = ? AND slot < ?',
  verdictTotals:
    'SELECT verdict, check_id AS checkId, count(*) AS count FROM check_states WHERE verdict IS NOT NULL GROUP BY verdict, check_id',

  // rescans
  rescanInsert: `INSERT INTO rescan_requests (site_id, requested_at, requested_by, bulk) VALUES (?, ?, ?, ?)
    ON CONFLICT (site_id) DO UPDATE SET bulk = min(bulk, excluded.bulk)`,
  rescansTake: `DELETE FROM rescan_requests WHERE site_id IN (SELECT site_id FROM rescan_requests WHERE bulk = ?
      ORDER BY requested_at LIMIT ?) RETURNING site_id AS siteId`,

  // pages read before
  knownPageKey: "SELECT key FROM known_pages WHERE site_id = ? AND kept_at >= ? AND key <> ''",
  knownPage: "SELECT key, proof FROM known_pages WHERE site_id = ? AND key <> ''",
  knownPageAge: 'SELECT key, reader, changes, kept_at AS keptAt FROM known_pages WHERE site_id = ?',
  knownPagePut: `INSERT INTO known_pages (site_id, key, reader, proof, changes, kept_at) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (site_id) DO UPDATE SET key = excluded.key, reader = excluded.reader, proof = excluded.proof, changes = excluded.changes,
      kept_at = excluded.kept_at`,
  knownPageForget: 'DELETE FROM known_pages WHERE site_id = ?',

  // registries
  registrationUpsert: `INSERT INTO registrations (domain, registry, artifact, dns, observed_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (domain) DO UPDATE SET registry = excluded.registry, artifact = excluded.artifact, dns = excluded.dns,
      observed_at = excluded.observed_at`,
  registrationByDomain:
    'SELECT domain, registry, artifact, dns, observed_at AS observedAt FROM registrations WHERE domain = ?',
  budgetGet: 'SELECT next_free_at AS nextFreeAt, refusals FROM registry_budgets WHERE registry = ?',
  budgetSet: `INSERT INTO registry_budgets (registry, next_free_at, refusals) VALUES (?, ?, ?)
    ON CONFLICT (registry) DO UPDATE SET next_free_at = excluded.next_free_at, refusals = excluded.refusals`,

  // administration
  importInsert: `INSERT INTO imports (file, started_at, finished_at, rows, created, updated, unchanged, rejected)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  alertRaise: `INSERT INTO alerts (key, message, message_zh, raised_at, last_seen_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET message = excluded.message, message_zh = excluded.message_zh, last_seen_at = excluded.last_seen_at,
      raised_at = CASE WHEN resolved_at IS NULL THEN raised_at ELSE excluded.raised_at END, resolved_at = NULL`,
  alertRaiseAgain: `INSERT INTO alerts (key, message, message_zh, raised_at, last_seen_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET message = excluded.message, message_zh = excluded.message_zh, last_seen_at = excluded.last_seen_at,
      raised_at = excluded.raised_at, resolved_at = NULL`,
  alertResolve: 'UPDATE alerts SET resolved_at = ? WHERE key = ? AND resolved_at IS NULL',
  ledgerSize: `SELECT (SELECT count(*) FROM sites) AS sites, (SELECT count(*) FROM sites WHERE state = 'active') AS active,
    (SELECT count(*) FROM check_states WHERE next_due_at IS NOT NULL) AS scheduled`,
  statesPullIn: `UPDATE check_states SET next_due_at = ? WHERE rowid IN
    (SELECT rowid FROM check_states INDEXED BY check_states_due WHERE check_id = ? AND next_due_at > ?)`,
  slotsPullIn: 'DELETE FROM schedule_slots WHERE schedule = ? AND slot > ?',
  confirmsPullIn: 'UPDATE check_states SET confirm_due_at = ? WHERE confirm_due_at > ?',
  markPut: `INSERT INTO marks (key, value, updated_at) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
  markGet: 'SELECT value, updated_at AS updatedAt FROM marks WHERE key = ?',
  providersInUse: "SELECT DISTINCT access_provider AS id FROM sites WHERE state = 'active'",
  lastSlot: 'SELECT max(started_at) AS at FROM schedule_slots WHERE schedule = ?',
  alertsOpen:
    'SELECT key, message, message_zh AS messageZh, raised_at AS raisedAt FROM alerts WHERE resolved_at IS NULL ORDER BY raised_at',
} as const;

/**
 * Every SQL statement of the hot paths, by name. A test explains each one against a filled ledger and fails on a full walk
 * over a table that grows with the register.
 */
export const queries = {
  ...registerQueries,
  ...caseQueries,
  ...programmeQueries,
  ...portalQueries,
  ...consoleQueries,
  ...privacyQueries,
};

// Two of one name, and one of them silently answers for the other.
const named = [registerQueries, caseQueries, programmeQueries, portalQueries, consoleQueries, privacyQueries].flatMap(
  (part) => Object.keys(part),
);
const twice = named.filter((name, index) => named.indexOf(name) !== index);
if (twice.length > 0) throw new Error(`statements of one name: ${twice.join(', ')}`);

export type QueryName = keyof typeof queries;
