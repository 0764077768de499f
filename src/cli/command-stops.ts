import type { Command } from 'commander';
import { InputError } from '../errors.ts';
import { loadConfiguredRanges } from '../jobs/open-configured.ts';
import { acceptRanges } from '../jobs/own-eyes.ts';
import type { Hold } from '../ledger/enforcements-store.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, withCommon } from './context.ts';
import { beijing, print, printJson, table } from './output.ts';
import { audit, withLedger } from './with-ledger.ts';

const KEYS: readonly Hold['key'][] = ['notices', 'enforcement', 'clock', 'ranges'];

/** `patrol stops list | release`: what is stopped, by whom and why, whatever stopped it. */
export function addStopsCommand(program: Command, environment: CliEnvironment): void {
  const stops = program
    .command('stops')
    .description('what is stopped until a person (or the world) says otherwise: list, release');
  withCommon(stops.command('list'))
    .description('every stop in force, with the command that ends it')
    .action((options: CommonOptions) =>
      withLedger(options, environment, (ledger) => {
        const stopped = [
          ...ledger.enforcements
            .holds()
            .filter(({ releasedAt }) => releasedAt === null)
            .map(({ key, reason, heldBy, since }) => ({
              what: key as string,
              since,
              by: heldBy,
              reason,
              release: `patrol stops release ${key}`,
            })),
          ...ledger.sweeps
            .underWay()
            .filter(({ state }) => state === 'held')
            .map(({ id, startedAt, heldReason }) => ({
              what: `sweep ${id}`,
              since: startedAt,
              by: 'circuit breaker',
              reason: heldReason ?? '',
              release: `patrol sweeps release ${id} | patrol sweeps discard ${id}`,
            })),
        ];
        if (options.json === true) printJson(stopped);
        else if (stopped.length === 0) print('nothing is stopped');
        else
          print(
            table(
              ['what', 'since', 'by', 'reason', 'ends by'],
              stopped.map(({ what, since, by, reason, release }) => [what, beijing(since), by, reason, release]),
            ),
          );
      }),
    );
  withCommon(stops.command('release <what>'))
    .description(
      `let it go on: ${KEYS.join(', ')}. ranges: the lists in force are accepted as they are. clock: until it is doubted again`,
    )
    .action((what: string, options: CommonOptions) =>
      withLedger(options, environment, (ledger, now) => {
        const key = KEYS.find((one) => one === what);
        if (key === undefined)
          throw new InputError(`${what}: no such stop`, `give one of ${KEYS.join(', ')}; patrol stops list shows them`);
        const released =
          key === 'ranges'
            ? acceptRanges(
                ledger,
                loadConfiguredRanges(commandConfig(options, environment)),
                commandConfig(options, environment),
                now,
              )
            : ledger.release(key, now);
        audit(ledger, 'release stop', key, released ? 'released' : 'was not stopped', now);
        if (options.json === true) printJson({ stop: key, released });
        else print(released ? `${key}: goes on` : `${key}: was not stopped`);
      }),
    );
}
