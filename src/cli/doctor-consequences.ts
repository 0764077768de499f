import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { policyAt, programmeOfCheck } from '../cases/programme-policy.ts';
import type { Config } from '../config.ts';
import { messageOf } from '../errors.ts';
import { keeperFor, openConfiguredLedger } from '../jobs/open-configured.ts';
import { SMS_TEMPLATES } from '../notify/sms-templates.ts';
import type { Diagnosis } from './command-doctor.ts';
import { beijing } from './output.ts';

/** Cases, notices and enforcement: what is switched on, what stands in the way, what waits. Sends nothing. */
export async function diagnoseConsequences(config: Config, now: number): Promise<Diagnosis[]> {
  const { notices, enforcement } = config.settings;
  const found: Diagnosis[] = [
    notices.live
      ? { what: 'notices', state: 'ok', said: 'live', remedy: null }
      : {
          what: 'notices',
          state: 'ok',
          said: 'dry-run: texts are written and kept (patrol notices list), nothing leaves the house; notices.live switches them on',
          remedy: null,
        },
    {
      what: 'enforcement',
      state: 'ok',
      said: enforcement.live
        ? `live, ${enforcement.url}`
        : 'dry-run: nothing is asked of the access system; enforcement.live switches it on',
      remedy: null,
    },
  ];
  if (notices.email.host !== null) found.push(await diagnoseMail(notices.email.host, notices.email.port));
  if (notices.sms.provider !== null) found.push(diagnoseTemplates(config));
  if (notices.live && notices.email.from.address.endsWith('.invalid'))
    found.push({
      what: 'mail',
      state: 'fail',
      said: `the sender is ${notices.email.from.address}`,
      remedy: 'set notices.email.from to an address of yours',
    });
  if (notices.live && notices.admins.emails.length + notices.admins.robots.length === 0)
    found.push({
      what: 'admins',
      state: 'warn',
      said: 'nobody is told of alerts, appeals and approvals',
      remedy: 'set notices.admins.emails or notices.admins.robots',
    });
  if (notices.live && notices.portalUrl === null)
    found.push({
      what: 'portal',
      state: 'warn',
      said: 'notices.portalUrl is not set: mails carry no link, contacts cannot be verified by mail',
      remedy: 'set it to the public address of the portal',
    });
  return [...found, ...diagnoseProgrammes(config, now), ...diagnoseCases(config)];
}

/** Programmes without a policy in force, and checks whose failures open no case. */
function diagnoseProgrammes(config: Config, now: number): Diagnosis[] {
  const { programmes, settings } = config;
  const idle = Object.keys(programmes.programmes).filter((id) => policyAt(programmes, id, now) === null);
  const without = Object.entries(settings.checks)
    .filter(([id, { enabled, shadow }]) => enabled && !shadow && programmeOfCheck(programmes, id, now) === null)
    .map(([id]) => id);
  return [
    ...idle.map(
      (id): Diagnosis => ({
        what: 'programme',
        state: 'warn',
        said: `${id} has no policy in force today: it opens no case`,
        remedy: 'give it a policy whose `from` is not in the future (cases.programmes)',
      }),
    ),
    ...without.map(
      (id): Diagnosis => ({
        what: 'programme',
        state: 'warn',
        said: `failures of ${id} open no case: no programme in force lists it`,
        remedy: 'list it in a programme (cases.programmes), or put it into shadow mode',
      }),
    ),
  ];
}

/** Can the mail server be reached? It is not spoken to further. */
async function diagnoseMail(host: string, port: number): Promise<Diagnosis> {
  try {
    const { address } = await lookup(host);
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host: address, port, timeout: 3000 }, () => {
        socket.destroy();
        resolve();
      });
      socket.on('timeout', () => socket.destroy(new Error('no answer in 3 s')));
      socket.on('error', reject);
    });
    return { what: 'mail', state: 'ok', said: `${host}:${port} answers`, remedy: null };
  } catch (error) {
    return {
      what: 'mail',
      state: 'fail',
      said: `${host}:${port}: ${messageOf(error)}`,
      remedy: 'correct notices.email.host and port, or let this machine out to it',
    };
  }
}

function diagnoseTemplates(config: Config): Diagnosis {
  const { kinds, templates } = config.settings.notices.sms;
  const wanted = Object.keys(SMS_TEMPLATES).filter((key) =>
    (kinds as readonly string[]).includes(key.replace(/(?:-told)?(?:-many|-again)?$/, '')),
  );
  const missing = wanted.filter((key) => templates[key] === undefined);
  return missing.length === 0
    ? { what: 'SMS', state: 'ok', said: `${wanted.length} templates`, remedy: null }
    : {
        what: 'SMS',
        state: 'fail',
        said: `notices.sms.templates lacks ${missing.join(', ')}`,
        remedy:
          'patrol notices templates prints the texts to register; put the gateway’s codes into notices.sms.templates',
      };
}

function diagnoseCases(config: Config): Diagnosis[] {
  const ledger = openConfiguredLedger(config);
  try {
    const found: Diagnosis[] = [];
    const totals = ledger.cases.totals();
    const open = totals.filter(({ state }) => !['resolved', 'cancelled', 'closed'].includes(state));
    const count = open.reduce((sum, one) => sum + one.count, 0);
    found.push({
      what: 'cases',
      state: 'ok',
      said: `${count} open${count === 0 ? '' : ` (${open.map((one) => `${one.programme} ${one.state} ${one.count}`).join(', ')})`}`,
      remedy: null,
    });
    for (const hold of ledger.enforcements.holds()) {
      if (hold.releasedAt !== null) continue;
      const release = `patrol stops release ${hold.key}`;
      found.push({
        what: 'stop',
        state: 'warn',
        said: `${hold.key} stopped since ${beijing(hold.since)} by ${hold.heldBy}: ${hold.reason}`,
        remedy: `look, then ${release}`,
      });
    }
    const stuck = ledger.outbox.totals().filter(({ state }) => state === 'failed' || state === 'unknown');
    for (const { channel, state, count: number } of stuck)
      found.push({
        what: 'messages',
        state: 'warn',
        said: `${number} ${channel} ${state}`,
        remedy: 'patrol notices list --stuck',
      });
    const provisional = ['open', 'extended', 'restored'] as const;
    const waiting = provisional
      .flatMap((state) => ledger.cases.inState(state, 1000))
      .filter(({ deadlineProvisional }) => deadlineProvisional);
    if (waiting.length > 0)
      found.push({
        what: 'deadlines',
        state: 'warn',
        said: `${waiting.length} are provisional: they reach into a year without working-day calendar`,
        remedy: 'put the State Council’s notice into config/calendar.yaml (cases.calendar), or update chinese-days',
      });
    const keeper = keeperFor(ledger, config);
    if (keeper.live && config.settings.notices.email.host === null)
      found.push({
        what: 'mail',
        state: 'warn',
        said: 'no mail server: owners get SMS only (R1.4 asks for both)',
        remedy: 'set notices.email.host',
      });
    if (keeper.live && config.settings.notices.sms.provider === null)
      found.push({
        what: 'SMS',
        state: 'warn',
        said: 'no SMS gateway: owners get mail only (R1.4 asks for both)',
        remedy: 'set notices.sms.provider',
      });
    return found;
  } finally {
    ledger.close();
  }
}
