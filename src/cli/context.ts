import { type Command, InvalidArgumentError } from 'commander';
import { type Config, loadConfig, mergeSettings } from '../config.ts';
import type { Dialer } from '../gather/dialer.ts';
import { createLogger, type Logger } from '../log.ts';

/** Options every command has. */
export interface CommonOptions {
  config?: string;
  json?: boolean;
}

/** What a command runs in; tests and the demo inject clock, dialer and settings. */
export interface CliEnvironment {
  now: () => number;
  dialer?: Dialer;
  overrides?: object;
  registries?: Config['registries'];
  env: NodeJS.ProcessEnv;
}

/** Add `--config` and `--json`. */
export function withCommon(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file laid over config/default.yaml (or PATROL_CONFIG)')
    .option('--json', 'print one JSON document instead of text');
}

/** A `--limit`: a whole number from 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('give a whole number from 1.');
  return value;
}

/** Read the configuration for a command; `overrides` are the command's own. */
export function commandConfig(options: CommonOptions, environment: CliEnvironment, overrides: object = {}): Config {
  const merged = mergeSettings(environment.overrides ?? {}, overrides) as object;
  const config = loadConfig({ file: options.config, env: environment.env, overrides: merged });
  return environment.registries === undefined ? config : { ...config, registries: environment.registries };
}

/** The command's logger: to standard error, so that standard output stays the command's own. */
export function commandLogger(config: Config, quiet: boolean): Logger {
  return createLogger(quiet && config.settings.log.level === 'info' ? 'warn' : config.settings.log.level);
}
