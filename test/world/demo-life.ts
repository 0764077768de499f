/**
 * `npm run demo:life`: one site's whole life in fast-forward. The real worker looks at a little internet, opens the case, sends
 * real mails over SMTP and real SMS requests to a gateway on loopback, and asks an access system; only the clock is ours.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { beijingDate, beijingInstant } from '../../src/calendar/beijing-time.ts';
import { CaseDesk } from '../../src/cases/desk.ts';
import { moveOf } from '../../src/cases/moves.ts';
import type { CaseRecord } from '../../src/cases/types.ts';
import { caseText } from '../../src/cli/case-output.ts';
import { beijing, paint, print } from '../../src/cli/output.ts';
import { loadConfig, mergeSettings } from '../../src/config.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { startWires, wireSettings } from '../support/delivery-world.ts';
import { hurriedRegistries, loopbackSettings, rangesForTests } from './harness.ts';
import { startWorld } from './servers.ts';
import type { NameRecord } from './types.ts';
import { buildWorld } from './world.ts';

const FOLDER = process.env['DEMO_FOLDER'] ?? 'data/demo-life';
const MINUTE_MS = 60_000;

async function main(): Promise<void> {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(join(FOLDER, 'mails'), { recursive: true });
  // National Day lies in the way of the deadline: the extension counts only working days.
  const start = beijingInstant('2026-09-18', '14:20');
  const registries = hurriedRegistries();
  const data = buildWorld({ seed: 7, sites: 160, now: start, ranges: rangesForTests(), registries });
  const [wires, running] = [await startWires('aliyun'), await startWorld(data)];
  const site = data.sites.find(({ oddity }) => oddity === 'shell-overseas');
  const healthy = data.sites.find(({ oddity, province }) => oddity === 'healthy' && province === site?.province);
  if (site === undefined || healthy === undefined) throw new Error('the little internet has no such site');
  const settings = mergeSettings(
    mergeSettings(loopbackSettings(FOLDER, running.resolvers), wireSettings(wires, 'aliyun')),
    {
      confirm: { pauseMs: 10 * MINUTE_MS },
      notices: {
        digestMs: 10 * MINUTE_MS,
        quietHours: { from: 21, to: 8 },
        signature: '某云备案',
        askAt: '某云备案服务 400-000-0000',
      },
    },
  ) as object;
  const file = join(FOLDER, 'patrol.yaml');
  // Read by hand afterwards: the wires are gone by then, so nothing is live.
  writeFileSync(file, stringify({ ledger: { path: join(FOLDER, 'ledger.db') } }));
  let clock = start;
  const now = (): number => clock;
  const config = { ...loadConfig({ env: {}, overrides: settings }), registries };
  const patrol = await Patrol.start({
    config,
    log: createLogger('silent'),
    roles: ['gather', 'ledger'],
    schedule: false,
    now,
    dialer: running.dialer,
  });
  const { ledger, dispatcher, consequences } = patrol;
  if (ledger === null || dispatcher === null || consequences === null)
    throw new Error('the demo needs the ledger role');
  const desk = new CaseDesk(consequences.keeper);

  /** Looks in flight are real: they take real time, and none of the demo's. */
  const looksInFlight = (): number =>
    (
      ledger.connection.sqlite
        .prepare(
          'SELECT count(*) AS n FROM check_states WHERE sweep_id IS NOT NULL AND judged_sweep_id IS NOT sweep_id AND confirm_due_at IS NULL AND next_due_at IS NOT NULL',
        )
        .get() as { n: number }
    ).n;
  const confirmDueAt = (): number | null =>
    (
      ledger.connection.sqlite
        .prepare('SELECT min(confirm_due_at) AS at FROM check_states WHERE confirm_due_at IS NOT NULL')
        .get() as { at: number | null }
    ).at;
  let shown = 0;
  const tell = (): void => {
    const [record] = [...ledger.cases.ids()].flatMap((id) => ledger.cases.get(id) ?? []);
    if (record === undefined) return;
    for (const event of ledger.cases.events(record.id).filter(({ seq }) => seq > shown)) {
      shown = event.seq;
      if (event.move === 'notice-sent' || event.move === 'told') continue;
      const state = event.from === event.to ? '' : `  → ${paint('bold', event.to)}`;
      print(`${beijing(event.at)}  ${moveOf(event.move as never).zh}${state}`);
    }
  };
  let [mails, sms, acts] = [0, 0, 0];
  const tellWires = (): void => {
    for (const mail of wires.mail.mails.slice(mails))
      print(paint('gray', `                  ✉  ${mail.to}: ${mail.subject}`));
    for (const one of ledger.outbox
      .messages(null, 500)
      .filter(({ channel, attempts }) => channel === 'sms' && attempts > 0)
      .reverse()
      .slice(sms))
      print(paint('gray', `                  📱 ${one.recipient}: ${one.content.sms?.text}`));
    for (const act of wires.access.carriedOut.slice(acts))
      print(paint('gray', `                  ⚙  access system: ${act.act} ${act.siteNumber}`));
    [mails, sms, acts] = [
      wires.mail.mails.length,
      ledger.outbox.messages(null, 500).filter(({ channel, attempts }) => channel === 'sms' && attempts > 0).length,
      wires.access.carriedOut.length,
    ];
  };
  const settle = async (): Promise<void> => {
    for (;;) {
      const looked = await dispatcher.dispatchUrgent();
      while (looksInFlight() > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      const touched = await consequences.settle();
      tell();
      tellWires();
      if (looked + touched === 0 && looksInFlight() === 0) return;
    }
  };
  /** Go from due instant to due instant; the days between are empty. */
  const until = async (instant: number): Promise<void> => {
    await settle();
    for (;;) {
      const ats = [consequences.nextDueAt(), confirmDueAt()].filter((at): at is number => at !== null && at <= instant);
      if (ats.length === 0) break;
      clock = Math.max(clock, Math.min(...ats));
      await settle();
    }
    clock = instant;
    await settle();
  };
  const at = (date: string, time: string): Promise<void> => until(beijingInstant(date, time));
  const current = (): CaseRecord =>
    [...ledger.cases.ids()].flatMap((id) => ledger.cases.get(id) ?? [])[0] as CaseRecord;
  const say = (text: string): void => print(paint('cyan', `${beijing(clock)}  ${text}`));
  const point = (records: NameRecord[]): void => {
    for (const name of [site.domain, `www.${site.domain}`]) data.names.set(name, records);
  };

  print(paint('bold', 'beian-patrol demo: the life of one case, in fast-forward'));
  print(
    `${site.domain} ${site.siteNumber} resolves overseas. Mails, SMS, access system: real wires on this machine.\n`,
  );
  ledger.upsertFilings([filingOf(site)], clock);
  const [siteId] = ledger.filings.find({ siteNumber: site.siteNumber });
  ledger.sweeps.requestRescan([siteId as number], 'demo', clock);
  await at('2026-09-29', '10:00');
  say('the owner is travelling and asks for five more working days');
  desk.askExtension(
    current().code,
    { reason: 'person-travelling', description: '', workingDays: 5 },
    { kind: 'owner', name: 'demo owner' },
    clock,
  );
  await until(current().deadlineAt + 10 * 3_600_000);
  say('an admin approves the restriction');
  desk.approve(current().code, { kind: 'admin', name: 'demo admin' }, clock);
  await until(clock + 26 * 3_600_000);
  say('the owner appeals');
  desk.appeal(
    current().code,
    { reason: 'change-submitted', description: '解析已安排变更' },
    { kind: 'owner', name: 'demo owner' },
    clock,
  );
  await until(clock + 5 * 3_600_000);
  say('an admin accepts the appeal');
  desk.judgeAppeal(current().code, true, '情况属实，请尽快完成解析变更', { kind: 'admin', name: 'demo admin' }, clock);
  await until(clock + 25 * 3_600_000);
  say(`the owner points ${site.domain} at a mainland server and asks for a re-check`);
  point(data.names.get(healthy.domain) as NameRecord[]);
  desk.askRecheck(current().code, { kind: 'owner', name: 'demo owner' }, clock);
  await until(clock + 3_600_000);

  print(`\n${paint('bold', 'the case as an admin sees it')} (patrol cases show)\n`);
  print(caseText(consequences.keeper, current()));
  writeSamples(ledger.outbox.messages(null, 500).reverse());
  const { code, state } = current();
  await patrol.stop();
  await Promise.all([wires.close(), running.close()]);
  print(`\n${paint('bold', 'look further')}`);
  print(`  npm run -s patrol -- cases show ${code} --config ${file}`);
  print(
    `  npm run -s patrol -- notices list --config ${file}\n  npm run -s patrol -- cases verify --config ${file}\n  the mails as HTML: ${join(FOLDER, 'mails')}`,
  );
  if (state !== 'resolved') throw new Error(`the life ended ${state} on ${beijingDate(clock)}`);
}

/** The site's row as an import would give it, with two people to tell. */
function filingOf(
  site: ReturnType<typeof buildWorld>['sites'][number],
): Parameters<import('../../src/ledger/ledger.ts').Ledger['upsertFilings']>[0][number] {
  return {
    siteNumber: site.siteNumber,
    subjectNumber: site.subjectNumber,
    subjectName: site.subjectName,
    subjectKind: 'company',
    province: site.province,
    licenceNumber: null,
    siteName: site.siteName,
    service: 'site',
    hosts: site.domains.map((host) => ({ host, kind: 'domain' as const, registrable: host })),
    accessProvider: site.accessProvider,
    product: 'ecs',
    addresses: [],
    approvedAt: null,
    leaseEndsAt: null,
    state: 'active',
    persons: [
      { role: 'subject-head', name: '张三', phone: '13800000001', email: 'zhang@owner.example' },
      { role: 'site-head', name: '李四', phone: '13800000002', email: 'li@owner.example' },
    ],
  };
}

/** Keep one mail of every kind, and every SMS, for reading. */
function writeSamples(messages: import('../../src/ledger/outbox-store.ts').Message[]): void {
  const kinds = new Set<string>();
  for (const { channel, kind, content } of messages) {
    if (channel !== 'email' || kinds.has(kind) || content.html === null) continue;
    kinds.add(kind);
    writeFileSync(join(FOLDER, 'mails', `${String(kinds.size).padStart(2, '0')}-${kind}.html`), content.html);
    writeFileSync(
      join(FOLDER, 'mails', `${String(kinds.size).padStart(2, '0')}-${kind}.txt`),
      `${content.title}\n\n${content.text}`,
    );
  }
  const sms = messages.filter(({ channel, recipient }) => channel === 'sms' && recipient === '13800000002');
  writeFileSync(join(FOLDER, 'sms.txt'), sms.map(({ kind, content }) => `${kind}\n${content.sms?.text}\n`).join('\n'));
}

await main();
