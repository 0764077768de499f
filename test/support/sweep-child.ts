/**
 * A worker of its own for the fault suites: sweeps its ledger over a little internet in the parent until every check of every site has
 * a verdict, or it is killed. Arguments: settings, ports and refusing addresses as JSON; the step to kill itself at, and at which
 * passing of it.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../src/config.ts';
import { Patrol } from '../../src/jobs/patrol.ts';
import { createLogger } from '../../src/log.ts';
import { hurriedRegistries } from '../world/harness.ts';
import { CLOSED_PORT } from './listen.ts';

/** What the parent gives. */
export interface SweepTask {
  settings: object;
  ports: Record<number, number>;
  refused: string[];
}

const [text = '{}', killAt = '', nth = '1'] = process.argv.slice(2);
const task = JSON.parse(text) as SweepTask;
let passed = 0;
const patrol = await Patrol.start({
  config: { ...loadConfig({ env: {}, overrides: task.settings }), registries: hurriedRegistries() },
  log: createLogger('silent'),
  roles: ['gather', 'ledger'],
  schedule: true,
  dialer: {
    target: (address, port) => ({
      host: '127.0.0.1',
      port: task.refused.includes(address) ? CLOSED_PORT : (task.ports[port] ?? CLOSED_PORT),
    }),
  },
  onStep: (step) => {
    if (step !== killAt || ++passed !== Number(nth)) return;
    // Said at once: whoever counts knows a kill at its step from one by the clock.
    writeSync(1, 'at its step\n');
    process.kill(process.pid, 'SIGKILL');
  },
});
process.stdout.write('ready\n');
if (patrol.ledger === null) throw new Error('no ledger');
const open = patrol.ledger.connection.sqlite.prepare(
  'SELECT count(*) AS count FROM check_states WHERE verdict IS NULL AND next_due_at IS NOT NULL',
);
while ((open.get() as { count: number }).count > 0) await sleep(100);
await patrol.stop(1000);
process.exit(0);
