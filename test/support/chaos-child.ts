/**
 * One life of a worker in the chaos suites: it lives its world on from where the last one fell, over the real wires, until it is
 * killed or everything is over. Arguments: the plan as JSON, the step to kill itself at (SIGKILL), and at which passing of it.
 */
import { writeSync } from 'node:fs';
import { type ChaosPlan, openChaos, PERIODS } from './chaos-world.ts';

const [plan = '{}', killAt = '', nth = '1'] = process.argv.slice(2);
let passed = 0;
const task = JSON.parse(plan) as ChaosPlan;
const world = await openChaos(task, (step) => {
  if (step !== killAt || ++passed !== Number(nth)) return;
  // Said at once: whoever counts knows a kill at its step from one by the clock.
  writeSync(1, 'at its step\n');
  process.kill(process.pid, 'SIGKILL');
});
process.stdout.write('ready\n');
await world.until(PERIODS[task.period].end);
world.close();
