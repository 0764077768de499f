import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { exchangeKey } from '../../db/client.ts';
import { parseDataKey } from '../../db/seal.ts';
import type { Config } from '../config.ts';
import { readSecret } from '../config-consequences.ts';
import { InputError, messageOf } from '../errors.ts';
import type { PersonRows } from '../ledger/privacy-store.ts';
import { maskEmail, maskText } from '../log.ts';
import { erasePerson, findPerson, isNobody, otherAddresses } from '../privacy/person.ts';
import { type Cursors, erasedTotal, retainTurn } from '../privacy/retention.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';
import { audit, withLedger } from './with-ledger.ts';

interface PersonOptions extends CommonOptions {
  phone?: string;
  email?: string;
  out?: string;
  reason?: string;
  yes?: boolean;
}

const NEW_KEY = 'PATROL_NEW_DATA_KEY';

/** `patrol privacy show | erase | retain | rekey`: a person's rights (PIPL 45, 47), retention, and the key contact data is sealed by. */
export function addPrivacyCommand(program: Command, environment: CliEnvironment): void {
  const privacy = program
    .command('privacy')
    .description('personal data: what is held of a person, erasing it, retention, exchange of the key');
  const ofPerson = (name: string): Command =>
    withCommon(privacy.command(name))
      .option('--phone <number>', 'their mobile, or line as filed')
      .option('--email <address>', 'their mail address');

  ofPerson('show')
    .description('everything the ledger holds under a person’s addresses (PIPL 45)')
    .option('--out <file>', 'write it all, in clear, as JSON: what is handed over')
    .addHelpText('after', '\n  patrol privacy show --phone 13800000000 --email zhang@example.cn --out zhang.json')
    .action((options: PersonOptions) =>
      withLedger(options, environment, (ledger, now) => {
        const rows = findPerson(ledger, options);
        if (options.out !== undefined) writeOwn(options.out, { asOf: new Date(now).toISOString(), ...plain(rows) });
        audit(
          ledger,
          'show personal data',
          nameOf(options),
          options.out === undefined ? 'on the screen' : 'to a file',
          now,
        );
        if (options.json === true) printJson(plain(rows));
        else if (isNobody(rows)) print('nothing is held under that');
        else print(summary(rows));
        if (options.out !== undefined && options.json !== true) print(`written to ${options.out}, in clear`);
      }),
    );

  ofPerson('erase')
    .description(
      'erase a person as far as the law allows; without --yes only shows what would go, and what stays and why (PIPL 47)',
    )
    .option('--reason <text>', 'who asked, and when; stands in the audit log; no personal data')
    .option('--yes', 'do it')
    .action((options: PersonOptions) =>
      withLedger(options, environment, (ledger, now) => {
        const doIt = options.yes === true;
        const config = commandConfig(options, environment);
        if (doIt && (options.reason ?? '').trim() === '')
          throw new InputError('--reason is missing', 'say who asked and when: it stands in the audit log');
        const rows = findPerson(ledger, options);
        const { erased, kept } = erasePerson(ledger, rows, { preview: !doIt, admins: adminsOf(config), now });
        if (doIt) {
          const counts = Object.entries(erased).map(([what, count]) => `${what} ${count}`);
          audit(
            ledger,
            'erase person',
            nameOf(options),
            `${counts.join(', ')}; ${maskText((options.reason ?? '').replace(/(?<=\d)[\s-](?=\d)/g, ''))}`,
            now,
          );
          ledger.connection.sqlite.pragma('wal_checkpoint(TRUNCATE)');
        }
        if (options.json === true) printJson({ done: doIt, erased, kept });
        else {
          print(isNobody(rows) ? 'nothing is held under that' : doIt ? 'erased:' : 'would be erased (--yes does it):');
          if (!isNobody(rows))
            print(
              table(
                ['what', 'rows'],
                Object.entries(erased).map(([what, n]) => [what, String(n)]),
              ),
            );
          for (const { what, why } of kept) print(`kept: ${what}\n  → ${why}`);
          const others = otherAddresses(rows, options);
          if (others.length > 0)
            print(`also known by ${others.map(maskAddress).join(', ')}: what was sent there is found by it only`);
          if (doIt) print('Backups made before still hold it: let them run out, or make new ones.');
        }
      }),
    );

  withCommon(privacy.command('retain'))
    .description('erase what is past privacy.*Ms now (the running worker does it every day)')
    .action((options: CommonOptions) =>
      withLedger(options, environment, (ledger, now) => {
        const policy = commandConfig(options, environment).settings.privacy;
        const doubt = ledger.enforcements.held('clock');
        if (doubt !== null)
          throw new InputError(
            `the clock is in doubt: ${doubt.reason}`,
            'by a wrong clock everything is old: set it right, or patrol stops release clock, then try again',
          );
        const totals: Record<string, number> = {};
        const own: Cursors = {};
        for (let done = false; !done; ) {
          const turn = retainTurn(ledger, policy, now, { limit: 5000, own });
          for (const [what, count] of Object.entries(turn.erased)) totals[what] = (totals[what] ?? 0) + count;
          if (process.stderr.isTTY && erasedTotal(turn.erased) > 0) process.stderr.write('.');
          done = turn.done;
        }
        audit(ledger, 'retain', 'ledger', JSON.stringify(totals), now);
        if (options.json === true) printJson(totals);
        else
          print(
            table(
              ['erased', 'rows'],
              Object.entries(totals).map(([what, n]) => [what, String(n)]),
            ),
          );
      }),
    );

  withCommon(privacy.command('rekey'))
    .description(
      `exchange the key contact data is sealed by: PATROL_DATA_KEY for ${NEW_KEY} (or …_FILE); the worker must be stopped`,
    )
    .option('--unseal', 'no new key: everything stands open in the file from now on')
    .addHelpText(
      'after',
      `\n  ${NEW_KEY}_FILE=/run/secrets/new-key patrol privacy rekey   then start the worker with the new key as PATROL_DATA_KEY`,
    )
    .action((options: CommonOptions & { unseal?: boolean }) => {
      const config = commandConfig(options, environment);
      const text = readSecret(environment.env, NEW_KEY);
      const to = text === undefined ? null : parseDataKey(text);
      if (text !== undefined && to === null)
        throw new InputError(
          `${NEW_KEY} is no key`,
          '32 bytes in base64 or hexadecimal digits (openssl rand -base64 32)',
        );
      if (text === undefined && options.unseal !== true)
        throw new InputError(
          `${NEW_KEY} is missing`,
          `set ${NEW_KEY} or ${NEW_KEY}_FILE, or give --unseal to do without a key`,
        );
      if (text !== undefined && options.unseal === true)
        throw new InputError(`--unseal and ${NEW_KEY} were both given`, 'give one of them');
      const old = config.settings.ledger.dataKey;
      return withLedger(options, environment, (ledger, now) => {
        const keys = { from: old === null ? null : parseDataKey(old), to };
        const { changed, compacted } = exchangeKey(ledger.connection, keys, () =>
          audit(ledger, 'exchange data key', 'ledger', to === null ? 'unsealed' : 'sealed by a new key', now),
        );
        if (options.json === true) printJson({ changed, sealed: to !== null, compacted });
        else {
          print(
            `${changed.toLocaleString('en')} values written anew, ${to === null ? 'open' : 'sealed by the new key'}`,
          );
          if (!compacted)
            print(
              'The exchange is done, but the file could not be compacted (no room for a copy?): its free pages still hold old values.',
            );
          print(
            to === null
              ? 'Start the worker without PATROL_DATA_KEY.'
              : 'Start the worker with the new key as PATROL_DATA_KEY; backups need the old one.',
          );
        }
      });
    });
}

const nameOf = ({ phone, email }: PersonOptions): string =>
  [phone, email]
    .filter((part) => part !== undefined)
    .map(maskAddress)
    .join(' ');

/** However it is written: the audit log is for ever. */
const maskAddress = (address: string): string =>
  address.includes('@') ? maskEmail(address.trim()) : `***${address.replace(/\D/g, '').slice(-2)}`;

const adminsOf = ({ settings }: Config): string[] => settings.notices.admins.emails.map((one) => one.toLowerCase());

/** Rows as handed over: texts parsed, our own numbers left in so that questions can be asked. */
function plain(rows: PersonRows): object {
  return {
    ...rows,
    messages: rows.messages.map((message) => ({ ...message, content: JSON.parse(message.content) as unknown })),
    orders: rows.orders.map((order) => ({ ...order, contact: JSON.parse(order.contact) as unknown })),
  };
}

function writeOwn(file: string, value: object): void {
  try {
    // Never over another file, and for the eyes of who asked only.
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new InputError(`--out: ${messageOf(error)}`, 'give a new file in a folder you may write');
  }
}

function summary(rows: PersonRows): string {
  return table(
    ['what', 'which', 'since'],
    [
      ...rows.filings.map(({ role, siteNumber, subjectNumber, state }) => [
        role,
        `${siteNumber ?? subjectNumber} (${state})`,
        '',
      ]),
      ...rows.extras.map(({ subjectNumber, createdAt, removedAt }) => [
        'extra contact',
        `${subjectNumber}${removedAt === null ? '' : ' (removed)'}`,
        beijing(createdAt),
      ]),
      ...rows.messages.map(({ channel, kind, state, createdAt }) => [
        `${channel} message`,
        `${kind} (${state})`,
        beijing(createdAt),
      ]),
      ...rows.notices
        .filter(({ messageId }) => messageId === null)
        .map(({ channel, kind, state, createdAt }) => [`${channel} notice`, `${kind} (${state})`, beijing(createdAt)]),
      ...rows.inbound.map(({ outcome, receivedAt }) => ['SMS to us', outcome, beijing(receivedAt)]),
      ...rows.dead.map(({ channel, code, since }) => ['given up', `${channel}: ${code}`, beijing(since)]),
      ...rows.orders.map(({ orderNumber, state }) => ['order', `${orderNumber} (${state})`, '']),
    ],
  );
}
