import type { Command } from 'commander';
import { InputError } from '../errors.ts';
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
      const [{ Patrol }, { Metrics }, { startOpsServer }, { startPortal }, { startInbound }] = await Promise.all([
        import('../jobs/patrol.ts'),
        import('../ops/metrics.ts'),
        import('../ops/server.ts'),
        import('../web/portal.ts'),
        import('../web/inbound.ts'),
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
      metrics.watch(patrol);
      const { portal: portalSettings, inbound: inboundSettings, notices, enforcement } = config.settings;
      const keeper = patrol.consequences?.keeper;
      let portal: Awaited<ReturnType<typeof startPortal>> | null = null;
      if (keeper !== undefined && portalSettings.enabled) {
        const running = patrol;
        portal = await startPortal({ ...portalSettings, keeper, log, now: environment.now }).catch(
          async (error: unknown) => {
            await running.stop();
            await ops.close();
            throw error;
          },
        );
      }
      let inbound: Awaited<ReturnType<typeof startInbound>> | null = null;
      if (keeper !== undefined && inboundSettings.secret !== null) {
        const running = patrol;
        const { host, port, secret, smsSecret } = inboundSettings;
        inbound = await startInbound({ host, port, secret, smsSecret, keeper, log, now: environment.now }).catch(
          async (error: unknown) => {
            await portal?.close();
            await running.stop();
            await ops.close();
            throw error;
          },
        );
      }
      log.info(
        {
          address: ops.address,
          sites: patrol.ledger?.size().active ?? null,
          ranges: patrol.ranges?.table.version ?? null,
          portal: portal?.address ?? null,
          inbound: inbound?.address ?? null,
          notices: notices.live ? 'live' : 'dry-run',
          enforcement: enforcement.live ? 'live' : 'dry-run',
        },
        'patrol is running',
      );
      await untilStopped();
      log.info({ drainTimeoutMs: config.settings.ops.drainTimeoutMs }, 'draining');
      const draining = patrol;
      patrol = null;
      await portal?.close();
      await inbound?.close();
      await draining.stop();
      await ops.close();
      log.info({}, 'stopped');
    });
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
