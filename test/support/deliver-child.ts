/**
 * A ledger process of its own for the fault tests: it does what is due at a given instant over the real wires, and kills itself
 * (SIGKILL, no goodbye) at the named step. Arguments: configuration as JSON, instant, step, and at which passing of the step.
 */
import { loadConfig } from '../../src/config.ts';
import { Consequences } from '../../src/jobs/consequences.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { createLogger } from '../../src/log.ts';

const [settings = '{}', instant = '0', killAt = '', nth = '1'] = process.argv.slice(2);
const config = loadConfig({ env: {}, overrides: JSON.parse(settings) as object });
const ledger = openConfiguredLedger(config);
let passed = 0;
const consequences = await Consequences.open({
  ledger,
  config,
  log: createLogger('silent'),
  now: () => Number(instant),
  onStep: (step) => {
    if (step === killAt && ++passed === Number(nth)) process.kill(process.pid, 'SIGKILL');
  },
});
await consequences.settle(5);
consequences.close();
ledger.close();
