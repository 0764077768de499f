import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { ledgerError } from '../../db/client.ts';
import { ROOT } from '../config.ts';
import { InputError, messageOf } from '../errors.ts';
import { addAdminsCommand } from './command-admins.ts';
import { addApiKeysCommand } from './command-api-keys.ts';
import { addAuditCommand } from './command-audit.ts';
import { addCasesCommand } from './command-cases.ts';
import { addContactsCommand } from './command-contacts.ts';
import { addDoctorCommand } from './command-doctor.ts';
import { addExplainCommand } from './command-explain.ts';
import { addImportCommand } from './command-import.ts';
import { addNoticesCommand } from './command-notices.ts';
import { addPrivacyCommand } from './command-privacy.ts';
import { addBureauCommand, addCampaignsCommand, addOrdersCommand } from './command-programmes.ts';
import { addRangesCommand } from './command-ranges.ts';
import { addScanCommand } from './command-scan.ts';
import {
  addBackupCommand,
  addChecksCommand,
  addNumberCommand,
  addRescanCommand,
  addSweepsCommand,
  addWhoseCommand,
} from './command-small.ts';
import { addStartCommand } from './command-start.ts';
import { addStopsCommand } from './command-stops.ts';
import { addSuspicionsCommand } from './command-suspicions.ts';
import { addViolationsCommand } from './command-violations.ts';
import type { CliEnvironment } from './context.ts';
import { EXIT } from './output.ts';

/** The whole command line over an environment. */
export function buildProgram(environment: CliEnvironment): Command {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const program = new Command('patrol')
    .description('beian-patrol 备案巡检: keeps approved ICP filings true')
    .version(version)
    .showHelpAfterError('(patrol --help, or patrol COMMAND --help)')
    .exitOverride();
  addStartCommand(program, environment);
  addImportCommand(program, environment);
  addScanCommand(program, environment);
  addRescanCommand(program, environment);
  addExplainCommand(program, environment);
  addCasesCommand(program, environment);
  addSuspicionsCommand(program, environment);
  addNoticesCommand(program, environment);
  addContactsCommand(program, environment);
  addCampaignsCommand(program, environment);
  addOrdersCommand(program, environment);
  addViolationsCommand(program, environment);
  addBureauCommand(program, environment);
  addDoctorCommand(program, environment);
  addRangesCommand(program, environment);
  addChecksCommand(program, environment);
  addAuditCommand(program, environment);
  addWhoseCommand(program, environment);
  addSweepsCommand(program, environment);
  addStopsCommand(program, environment);
  addAdminsCommand(program, environment);
  addApiKeysCommand(program, environment);
  addBackupCommand(program, environment);
  addPrivacyCommand(program, environment);
  addNumberCommand(program);
  program.addHelpText(
    'after',
    `
Exit codes: 0 it ran; 1 --fail-on was met; 2 bad input or usage.

First steps:
  npm run demo                            a little internet on this machine, swept
  patrol import --template > filings.csv  a table to fill in
  patrol scan filings.csv                 check every row now
  patrol explain example.cn               one site in words, with evidence and remedy
  patrol start                            keep sweeping`,
  );
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Run a command line; gives the exit code. Bad input is one line and its remedy, never a stack. */
export async function runCli(program: Command, argv: string[]): Promise<number> {
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? EXIT.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    const told = ledgerError(error, 'ledger');
    if (told instanceof InputError) {
      process.stderr.write(`patrol: ${told.message}\n  → ${told.remedy}\n`);
      return EXIT.badInput;
    }
    process.stderr.write(`patrol: unexpected: ${messageOf(told)}\n${told instanceof Error ? `${told.stack}\n` : ''}`);
    return EXIT.badInput;
  }
}
