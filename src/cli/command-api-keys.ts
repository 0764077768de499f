import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { makeKey, SCOPES } from '../web/api/keys.ts';
import { report } from './command-cases.ts';
import { type CliEnvironment, type CommonOptions, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';
import { audit, by, withLedger } from './with-ledger.ts';

/** `patrol api-keys`. */
export function addApiKeysCommand(program: Command, environment: CliEnvironment): void {
  const keys = program.command('api-keys').description('keys of other systems for /api/v1');
  withCommon(keys.command('list'))
    .description('all keys; the keys themselves are not kept')
    .action((options: CommonOptions) =>
      withLedger(options, environment, (ledger) => {
        const rows = ledger.api.keys();
        if (options.json === true) return printJson(rows);
        print(
          rows.length === 0
            ? 'no keys'
            : table(
                ['id', 'name', 'scopes', 'made by', 'last used', 'state'],
                rows.map((row) => [
                  String(row.id),
                  row.name,
                  row.scopes.join(','),
                  row.createdBy,
                  beijing(row.lastUsedAt),
                  row.revokedAt !== null
                    ? 'revoked'
                    : row.expiresAt === null
                      ? 'good'
                      : `until ${beijing(row.expiresAt)}`,
                ]),
              ),
        );
      }),
    );
  withCommon(keys.command('add <name>'))
    .description('make a key; it is printed once')
    .requiredOption('--scopes <scopes>', `comma separated: ${Object.keys(SCOPES).join(', ')}`)
    .option('--days <n>', 'good for this many days (default: no end)', Number)
    .action((name: string, options: CommonOptions & { scopes: string; days?: number }) =>
      withLedger(options, environment, (ledger, now) => {
        if (options.days !== undefined && !(Number.isSafeInteger(options.days) && options.days > 0))
          throw new InputError('--days: no whole number', 'give a whole number from 1');
        const scopes = options.scopes.split(',').map((one) => one.trim());
        const expiresAt = options.days === undefined ? null : now + options.days * 86_400_000;
        const { key, id } = makeKey(ledger.api, { name, scopes, by: by(), role: 'approver', expiresAt }, now);
        audit(ledger, 'make API key', `key ${name}`, scopes.join(' '), now);
        report(
          options,
          { id, name, key },
          `${key}\n(told this once; calls carry it as Authorization: Bearer …; ${ledger.connection.path})`,
        );
      }),
    );
  withCommon(keys.command('revoke <name>'))
    .description('a key opens nothing any more, at once')
    .action((name: string, options: CommonOptions) =>
      withLedger(options, environment, (ledger, now) => {
        const key = ledger.api.keyByName(name);
        if (key === null) throw new InputError(`no key ${name}`, 'patrol api-keys list shows them');
        const revoked = ledger.api.revokeKey(key.id, now);
        audit(ledger, 'revoke API key', `key ${name}`, '', now);
        report(options, { name, revoked }, revoked ? `${name} is revoked` : `${name} was revoked before`);
      }),
    );
}
