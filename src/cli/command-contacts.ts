import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { emailOf } from '../filing/addresses.ts';
import { filedMobile } from '../filing/phone.ts';
import type { ExtraContact } from '../ledger/contacts-store.ts';
import { maskText } from '../log.ts';
import { ContactDesk, type Verification } from '../notify/contact-desk.ts';
import { report, withCases } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';

interface ContactOptions extends CommonOptions {
  unmask?: boolean;
  name?: string;
  email?: string;
  phone?: string;
}

/** `patrol contacts`. */
export function addContactsCommand(program: Command, environment: CliEnvironment): void {
  const contacts = program
    .command('contacts')
    .description('who is told: persons of filings, extra contacts (R7), dead addresses');
  withCommon(contacts.command('list <subject>'))
    .description('everyone told about a subject, by its number')
    .option('--unmask', 'show addresses in clear')
    .action((subjectNumber: string, options: ContactOptions) =>
      withCases(options, environment, ({ keeper }) => {
        const store = keeper.ledger.contacts;
        const subject = store.subjectByNumber(subjectNumber);
        if (subject === null)
          throw new InputError(`no subject ${subjectNumber}`, 'give a subject number, like 京ICP备12345678号');
        const mask = (text: string | null): string | null =>
          text === null || options.unmask === true ? text : maskText(text);
        const dead = (channel: string, address: string | null): string =>
          address === null ? '' : (store.dead(channel, address)?.code ?? '');
        const rows = [
          ...store.ofSubject(subject.id).map(({ role, name, phone, email }) => ({
            id: null,
            role,
            name,
            phone: mask(phone),
            email: mask(email),
            state:
              [dead('sms', filedMobile(phone)), dead('email', email), unusable(phone, email)]
                .filter((one) => one !== '')
                .join(' ') || 'of the filing',
          })),
          ...store.extras(subject.id).map((extra) => ({
            id: extra.id,
            role: 'extra',
            name: extra.name,
            phone: mask(extra.phone),
            email: mask(extra.email),
            state: `${verifiedState(extra)}${extra.caseId === null ? '' : ` (named by its owner for case ${keeper.ledger.cases.get(extra.caseId)?.code} alone)`}`,
          })),
        ];
        if (options.json === true) printJson(rows);
        else
          print(
            table(
              ['id', 'role', 'name', 'phone', 'email', 'state'],
              rows.map((row) => [
                row.id === null ? '' : String(row.id),
                row.role,
                row.name ?? '',
                row.phone ?? '',
                row.email ?? '',
                row.state,
              ]),
            ),
          );
      }),
    );
  addChanges(contacts, environment);
  addDead(contacts, environment);
  contacts.addHelpText(
    'after',
    '\nAn extra contact gets nothing but its verification until it says yes; a changed address must say yes anew (R7).',
  );
}

function addChanges(contacts: Command, environment: CliEnvironment): void {
  withCommon(contacts.command('add <subject>'))
    .description('name an extra contact (at most 15 a subject) and ask its addresses to say yes')
    .requiredOption('--name <name>', 'whom')
    .option('--email <address>', 'gets a link')
    .option('--phone <number>', 'gets a code')
    .action((subjectNumber: string, options: ContactOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        const { name = '', email, phone } = options;
        const contact = new ContactDesk(keeper).add(
          subjectNumber,
          { name, ...(email !== undefined && { email }), ...(phone !== undefined && { phone }) },
          now,
        );
        report(
          options,
          { id: contact.id },
          `extra contact ${contact.id}: asked to say yes; told of nothing until then`,
        );
      }),
    );
  withCommon(contacts.command('change <id>'))
    .description('change an extra contact; a changed address is unverified')
    .option('--name <name>')
    .option('--email <address>')
    .option('--phone <number>')
    .action((id: string, options: ContactOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        const { name, email, phone } = options;
        const given = {
          ...(name !== undefined && { name }),
          ...(email !== undefined && { email }),
          ...(phone !== undefined && { phone }),
        };
        if (Object.keys(given).length === 0)
          throw new InputError('contacts change: nothing given', 'give --name, --email or --phone');
        const contact = new ContactDesk(keeper).change(Number(id), given, now);
        report(
          options,
          { id: contact.id, state: verifiedState(contact) },
          `extra contact ${id}: ${verifiedState(contact)}`,
        );
      }),
    );
  withCommon(contacts.command('remove <id>'))
    .description('tell an extra contact nothing any more')
    .action((id: string, options: ContactOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        new ContactDesk(keeper).remove(Number(id), now);
        report(options, { id: Number(id), removed: true }, `extra contact ${id} removed`);
      }),
    );
  withCommon(contacts.command('resend <id>'))
    .description('ask the unverified addresses of an extra contact again')
    .action((id: string, options: ContactOptions) =>
      withCases(options, environment, ({ keeper, now }) => {
        new ContactDesk(keeper).resend(Number(id), now);
        report(options, { id: Number(id), asked: true }, `extra contact ${id} is asked again`);
      }),
    );
  withCommon(contacts.command('verify <id>'))
    .description('enter the code of an SMS, or the token of a link, for somebody on the phone')
    .option('--code <code>', 'from the SMS')
    .option('--token <token>', 'from the link')
    .action((id: string, options: ContactOptions & { code?: string; token?: string }) =>
      withCases(options, environment, ({ keeper, now }) => {
        const desk = new ContactDesk(keeper);
        if ((options.code === undefined) === (options.token === undefined))
          throw new InputError(
            'contacts verify: give --code or --token',
            'the SMS holds a code, the mail a link with a token',
          );
        const result =
          options.code === undefined
            ? desk.verifyToken(options.token ?? '', now)
            : desk.verifyCode(Number(id), options.code, now);
        if (!result.ok) throw new InputError(`not verified: ${result.reason}`, REMEDIES[result.reason]);
        report(
          options,
          { id: result.contact.id, channel: result.channel },
          `extra contact ${result.contact.id}: ${result.channel} verified`,
        );
      }),
    );
}

/** What of a filing's person is no address at all. */
function unusable(phone: string | null, email: string | null): string {
  const bad = (text: string | null, read: string | null): boolean =>
    text !== null && text.trim() !== '' && read === null;
  return [
    ...(bad(phone, filedMobile(phone)) ? ['phone cannot be used'] : []),
    ...(bad(email, emailOf(email)) ? ['email cannot be used'] : []),
  ].join(', ');
}

const REMEDIES: Record<Extract<Verification, { ok: false }>['reason'], string> = {
  unknown: 'it is wrong or was used: patrol contacts resend sends a new one',
  expired: 'it is older than a day: patrol contacts resend sends a new one',
  changed: 'the address was changed since: the new one got its own',
  misses: 'five wrong codes: patrol contacts resend sends a new one',
};

function verifiedState({ email, emailVerifiedAt, phone, phoneVerifiedAt }: ExtraContact): string {
  return [
    ...(email === null
      ? []
      : [`mail ${emailVerifiedAt === null ? 'unverified' : `verified ${beijing(emailVerifiedAt)}`}`]),
    ...(phone === null
      ? []
      : [`SMS ${phoneVerifiedAt === null ? 'unverified' : `verified ${beijing(phoneVerifiedAt)}`}`]),
  ].join(', ');
}

function addDead(contacts: Command, environment: CliEnvironment): void {
  withCommon(contacts.command('dead'))
    .description('addresses given up after a permanent refusal: the filing’s contact data needs mending (R4.1)')
    .option('--unmask', 'show addresses in clear')
    .action((options: ContactOptions) =>
      withCases(options, environment, ({ keeper }) => {
        const rows = keeper.ledger.contacts
          .allDead()
          .map((one) => ({ ...one, address: options.unmask === true ? one.address : maskText(one.address) }));
        if (options.json === true) printJson(rows);
        else
          print(
            rows.length === 0
              ? 'none'
              : table(
                  ['channel', 'address', 'since', 'code', 'reason'],
                  rows.map((one) => [one.channel, one.address, beijing(one.since), one.code, one.reason]),
                ),
          );
      }),
    );
  withCommon(contacts.command('revive <channel> <address>'))
    .description('try an address again: it was mended')
    .action((channel: string, address: string, options: ContactOptions) =>
      withCases(options, environment, ({ keeper }) => {
        if (channel !== 'email' && channel !== 'sms')
          throw new InputError(`no channel ${channel}`, 'give email or sms');
        if (!keeper.ledger.contacts.revive(channel, address))
          throw new InputError(
            `${channel} ${maskText(address)} is not given up`,
            'patrol contacts dead --unmask lists those that are',
          );
        report(options, { revived: true }, 'it is used again; patrol notices resend sends what failed');
      }),
    );
}
