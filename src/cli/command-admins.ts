import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { type Admin, type AdminRole, ROLES } from '../ledger/admins-store.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { demandPassword, hashPassword, MIN_PASSWORD } from '../web/console/passwords.ts';
import { report } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';
import { readPassword } from './read-password.ts';
import { audit, withLedger } from './with-ledger.ts';

function readRole(text: string): AdminRole {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new InputError(`--role ${text}: no such role`, `give one of: ${ROLES.join(', ')}`);
  return role;
}

function demandAdmin(ledger: Ledger, name: string): Admin {
  const admin = ledger.admins.byName(name);
  if (admin === null) throw new InputError(`no admin ${name}`, 'patrol admins list shows them');
  return admin;
}

/** `patrol admins`. */
export function addAdminsCommand(program: Command, environment: CliEnvironment): void {
  const admins = program.command('admins').description('who may use the console: make, change, disable');
  withCommon(admins.command('list'))
    .description('all admins')
    .action((options: CommonOptions) =>
      withLedger(options, environment, (ledger, now) => {
        const rows = ledger.admins.all().map(({ passwordHash, totpSecret, totpStep: _, ...admin }) => ({
          ...admin,
          password: passwordHash !== null,
          authenticator: totpSecret !== null,
        }));
        if (options.json === true) return printJson(rows);
        print(
          rows.length === 0
            ? 'no admin yet: patrol admins add NAME --role approver'
            : table(
                ['name', 'role', 'signs in by', 'state', 'since'],
                rows.map((row) => [
                  row.name,
                  row.role,
                  [
                    row.password ? 'password' : '',
                    row.authenticator ? 'code' : '',
                    row.oidcSubject === null ? '' : 'identity provider',
                  ]
                    .filter((one) => one !== '')
                    .join(' + '),
                  row.disabledAt !== null
                    ? 'disabled'
                    : row.lockedUntil !== null && row.lockedUntil > now
                      ? `locked until ${beijing(row.lockedUntil)}`
                      : 'active',
                  beijing(row.createdAt),
                ]),
              ),
        );
      }),
    );
  withCommon(admins.command('add <name>'))
    .description('make an admin; the password is asked for, or read from standard input where that is no terminal')
    .requiredOption('--role <role>', `one of: ${ROLES.join(', ')} (each may do what those before it may)`)
    .option('--lang <language>', 'language of the console: zh or en', 'zh')
    .option('--oidc-subject <text>', 'signs in by the identity provider alone: "ISSUER SUBJECT"')
    .action((name: string, options: CommonOptions & { role: string; lang: string; oidcSubject?: string }) =>
      withLedger(options, environment, async (ledger, now) => {
        const role = readRole(options.role);
        if (!/^[\p{L}\p{N}._@-]{1,50}$/u.test(name))
          throw new InputError(`admin ${name}: no usable name`, 'give letters, digits, . _ @ or -, at most 50');
        if (options.lang !== 'zh' && options.lang !== 'en')
          throw new InputError(`--lang ${options.lang}`, 'give zh or en');
        if (ledger.admins.byName(name) !== null)
          throw new InputError(
            `admin ${name} is there already`,
            `patrol admins set ${name} changes the role, patrol admins password ${name} the password`,
          );
        let passwordHash: string | null = null;
        if (options.oidcSubject === undefined) {
          const password = await readPassword(`password for ${name} (at least ${MIN_PASSWORD} characters): `);
          demandPassword(password, name);
          passwordHash = await hashPassword(password);
        }
        const admin = {
          name,
          role,
          language: options.lang as 'zh' | 'en',
          passwordHash,
          oidcSubject: options.oidcSubject ?? null,
        };
        ledger.admins.insert(admin, now);
        audit(ledger, 'add admin', `admin ${name}`, role, now);
        report(
          options,
          { name, role },
          `${name} may sign in as ${role} (${ledger.connection.path}); the address of the console is told by patrol start`,
        );
      }),
    );
  withCommon(admins.command('password <name>'))
    .description('give an admin a new password; ends all sign-ins and unlocks the account')
    .action((name: string, options: CommonOptions) =>
      withLedger(options, environment, async (ledger, now) => {
        const admin = demandAdmin(ledger, name);
        const password = await readPassword(`new password for ${name}: `);
        demandPassword(password, name);
        const passwordHash = await hashPassword(password);
        // As it is by now: somebody typed for a while.
        ledger.admins.save({ ...demandAdmin(ledger, name), passwordHash, failures: 0, lockedUntil: null });
        ledger.admins.endSessions(admin.id, '');
        audit(ledger, 'set password', `admin ${name}`, '', now);
        report(options, { name }, `${name} has a new password; all sign-ins were ended`);
      }),
    );
  withCommon(admins.command('set <name>'))
    .description('change an admin’s role, disable or enable one, or take a lost authenticator away')
    .option('--role <role>', `one of: ${ROLES.join(', ')}`)
    .option('--disable', 'may not sign in any more; ends all sign-ins')
    .option('--enable', 'may sign in again')
    .option('--no-authenticator', 'the authenticator was lost: signs in by password alone until a new one is set up')
    .action(
      (
        name: string,
        options: CommonOptions & { role?: string; disable?: boolean; enable?: boolean; authenticator: boolean },
      ) =>
        withLedger(options, environment, (ledger, now) => {
          const admin = demandAdmin(ledger, name);
          if (
            options.role === undefined &&
            options.disable !== true &&
            options.enable !== true &&
            options.authenticator
          )
            throw new InputError(
              'admins set: nothing to change',
              'give --role, --disable, --enable or --no-authenticator',
            );
          if (options.disable === true && options.enable === true)
            throw new InputError('--disable and --enable', 'give one of the two');
          const changed: Admin = {
            ...admin,
            role: options.role === undefined ? admin.role : readRole(options.role),
            disabledAt: options.disable === true ? now : options.enable === true ? null : admin.disabledAt,
            ...(options.authenticator ? {} : { totpSecret: null, totpStep: null }),
          };
          ledger.admins.save(changed);
          if (options.disable === true || !options.authenticator) ledger.admins.endSessions(admin.id, '');
          audit(
            ledger,
            'change admin',
            `admin ${name}`,
            `role ${changed.role}${changed.disabledAt === null ? '' : ', disabled'}${options.authenticator ? '' : ', authenticator taken away'}`,
            now,
          );
          report(
            options,
            { name, role: changed.role, disabled: changed.disabledAt !== null },
            `${name}: ${changed.role}${changed.disabledAt === null ? '' : ', disabled'}`,
          );
        }),
    );
  admins.addHelpText(
    'after',
    `
  patrol admins add chen --role approver            the first one; asks for a password
  printf '%s' "$PASSWORD" | patrol admins add chen --role approver
  patrol admins set chen --disable
Roles: viewer looks (personal data masked); operator rescans, acts on the owner's word, rules on suspicions, unmasks with a reason;
approver approves, judges appeals, waives, releases stops and held sweeps, makes API keys.`,
  );
}
