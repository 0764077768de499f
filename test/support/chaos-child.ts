/**
 * One life of a worker in the chaos suites: it lives its world on from where the last one fell, over the real wires, until it is
 * killed or everything is over. Arguments: the plan as JSON, the step to kill itself at (SIGKILL), and at which passing of it.
 */
import { CHAOS, type ChaosPlan, openChaos } from './chaos-world.ts';

const [plan = '{}', killAt = '', nth = '1'] = process.argv.slice(2);
let passed = 0;
const world = await openChaos(JSON.parse(plan) as ChaosPlan, (step) => {
  if (step === killAt && ++passed === Number(nth)) process.kill(process.pid, 'SIGKILL');
});
process.stdout.write('ready\n');
await world.until(CHAOS.end);
world.close();
