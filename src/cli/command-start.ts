import type { Command } from 'commander';
import { InputError, messageOf } from '../errors.ts';
import type { Patrol, Role } from '../jobs/patrol.ts';
import { type CliEnvironment, type CommonOptions, commandConfig, commandLogger, withCommon } from './context.ts';

interface StartOptions extends CommonOptions {
  roles: string;
}

/** `patrol start`. */
export function addStartCommand(program: Command, environment: CliEnvironment): void {
  withCommon(program.command('start'))
    .description('run the worker: scheduler, queue, health endpoint; keeps sweeping until SIGTERM, then drains')
    .option('--roles <roles>', 'what this process does: gather, ledger, or both (comma separated)', 'gather,ledger')
    .addHelpText(
      'after',
      `
  patrol start                                       everything in one process, embedded queue
  QUEUE_URL=redis://host:6379 patrol start           the same on Redis
  QUEUE_URL=redis://host:6379 patrol start --roles gather    another machine that only observes`,
    )
    .action(async (options: StartOptions) => {
      const [
        { Patrol },
        { Metrics },
        { startOpsServer },
        { startPortal },
        { startInbound },
        { startConsoleOf },
        { FiguresCounter },
      ] = await Promise.all([
        import('../jobs/patrol.ts'),
        import('../ops/metrics.ts'),
        import('../ops/server.ts'),
        import('../web/portal.ts'),
        import('../web/inbound.ts'),
        import('../web/console/start.ts'),
        import('../ledger/figures.ts'),
      ]);
      const config = commandConfig(options, environment);
      const log = commandLogger(config, false);
      const roles = parseRoles(options.roles);
      const metrics = new Metrics(environment.now);
      let patrol: Patrol | null = null;
      const ops = await startOpsServer({ ...config.settings.ops, now: environment.now, metrics }, () => patrol);
      log.info(
        {
          address: ops.address,
          roles,
          queue: config.settings.queue.url === null ? 'embedded' : 'external',
          configuration: config.origin,
        },
        'starting',
      );
      try {
        patrol = await Patrol.start({
          config,
          log,
          roles,
          schedule: true,
          now: environment.now,
          ...(environment.dialer && { dialer: environment.dialer }),
          onRecorded: (recorded) => {
            const ledger = patrol?.ledger;
            if (ledger === null || ledger === undefined) return;
            metrics.record(recorded, (siteId, checkId) => {
              const state = ledger.verdicts.standing(siteId).find((one) => one.checkId === checkId);
              return JSON.parse(state?.codes ?? '[]') as string[];
            });
          },
        });
      } catch (error) {
        await ops.close();
        throw error;
      }
      const { ledger } = patrol;
      const figures =
        ledger === null
          ? null
          : new FiguresCounter(ledger.connection.path, environment.now, (error) =>
              log.warn({ error: messageOf(error) }, 'the figures could not be counted'),
            );
      metrics.watch(patrol, figures);
      const { portal: portalSettings, inbound: inboundSettings, notices, enforcement } = config.settings;
      const keeper = patrol.consequences?.keeper;
      const running = patrol;
      const open: { close: () => Promise<void> }[] = [];
      const closeAll = async (): Promise<void> => {
        for (const one of open.toReversed()) await one.close();
        await figures?.close();
        await running.stop();
        await ops.close();
      };
      /** Open one more door; where it cannot be had, everything is closed again. */
      const opened = async <T extends { close: () => Promise<void> }>(
        start: () => Promise<T | null>,
      ): Promise<T | null> => {
        try {
          const one = await start();
          if (one !== null) open.push(one);
          return one;
        } catch (error) {
          await closeAll();
          throw error;
        }
      };
      const { now } = environment;
      const portal = await opened(async () =>
        keeper === undefined || !portalSettings.enabled ? null : startPortal({ ...portalSettings, keeper, log, now }),
      );
      const { secret, smsSecret } = inboundSettings;
      const inbound = await opened(async () =>
        keeper === undefined || secret === null
          ? null
          : startInbound({
              host: inboundSettings.host,
              port: inboundSettings.port,
              secret,
              smsSecret,
              keeper,
              log,
              now,
            }),
      );
      const adminConsole = await opened(async () =>
        figures === null ? null : startConsoleOf(running, { figures, log, now }),
      );
      log.info(
        {
          address: ops.address,
          sites: patrol.ledger?.size().active ?? null,
          ranges: patrol.ranges?.table.version ?? null,
          console: adminConsole?.address ?? null,
          portal: portal?.address ?? null,
          inbound: inbound?.address ?? null,
          notices: notices.live ? 'live' : 'dry-run',
          enforcement: enforcement.live ? 'live' : 'dry-run',
        },
        'patrol is running',
      );
      if (adminConsole !== null)
        tellConsole(config.settings.console.url ?? adminConsole.address, ledger?.admins.all().length === 0);
      await untilStopped();
      log.info({ drainTimeoutMs: config.settings.ops.drainTimeoutMs }, 'draining');
      patrol = null;
      await closeAll();
      log.info({}, 'stopped');
    });
}

/** For whoever starts it in a terminal: where to look, and how to get in the first time. */
function tellConsole(address: string, noAdmin: boolean): void {
  process.stderr.write(`\nconsole 控制台: ${address}\n`);
  if (noAdmin)
    process.stderr.write('no admin yet; make the first one: npm run -s patrol -- admins add NAME --role approver\n');
  process.stderr.write('\n');
}

function parseRoles(text: string): Role[] {
  const roles = [...new Set(text.split(',').map((role) => role.trim()))];
  for (const role of roles) {
    if (role !== 'gather' && role !== 'ledger')
      throw new InputError(`--roles ${text}: no role ${role || '(empty)'}`, 'give gather, ledger, or gather,ledger');
  }
  return roles as Role[];
}

/** Resolves on SIGTERM or SIGINT; a second signal ends the process at once. */
function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    const stop = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve();
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}
