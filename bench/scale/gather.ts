/** A gather process of its own, as `patrol start --roles gather` runs on another machine: a queue and the network, no ledger. */
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { benchConfig, benchDialer } from '../scan/settings.ts';
import { readTask } from '../scan/task.ts';

const task = readTask();
await Patrol.start({
  config: benchConfig(task),
  log: createLogger('silent'),
  roles: ['gather'],
  schedule: false,
  dialer: benchDialer(task),
});
process.stdout.write('{}\n');
process.stdin.resume().once('end', () => process.exit(0));
