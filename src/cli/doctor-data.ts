import type { Config } from '../config.ts';
import { findBrowser } from '../gather/find-browser.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Diagnosis } from './command-doctor.ts';

const DAY_MS = 86_400_000;

/** The lists verdicts depend on: which are stale, which are lacking, each with how to refresh it. */
export function diagnoseData({ data, settings }: Config, ledger: Ledger | null, now: number): Diagnosis[] {
  const stale = data.files.filter(({ date, maxAgeDays }) => now - Date.parse(date) > maxAgeDays * DAY_MS);
  const found: Diagnosis[] = [
    {
      what: 'data',
      state: 'ok',
      said: `${data.files.length} files, version ${data.version}: ${data.files.map(({ name, date }) => `${name} ${date}`).join(', ')}`,
      remedy: null,
    },
    ...stale.map(
      ({ name, date, maxAgeDays, refresh }): Diagnosis => ({
        what: 'data',
        state: 'warn',
        said: `${name} is of ${date}, older than ${maxAgeDays} days`,
        remedy: refresh,
      }),
    ),
  ];
  if (data.mobileSegments === null)
    found.push({
      what: 'data',
      state: 'warn',
      said: 'no list of mobile segments: the province of mobile numbers (R5) is not checked',
      remedy: 'set data.mobileSegments to a file of lines "1380013 北京" (docs/data-files.md)',
    });
  if (data.addressProvinces === null)
    found.push({
      what: 'data',
      state: 'warn',
      said: 'no list of addresses and provinces: licence addresses (R8) in Beijing and Guangdong stay unjudged',
      remedy: 'set data.addressProvinces to a file of lines "47.92.0.0/14 河北" (docs/data-files.md)',
    });
  const { secret, smsSecret } = settings.inbound;
  if (secret !== null && smsSecret === null)
    found.push({
      what: 'inbound',
      state: 'warn',
      said: 'SMS gateways have no secret of their own: those that can set no headers are refused (R10)',
      remedy: 'set PATROL_INBOUND_SMS_SECRET and give it to the gateway as ?key=…',
    });
  const asOf = ledger?.bureau.size().asOf ?? null;
  const bureauAge = asOf === null ? null : Math.floor((now - Date.parse(asOf)) / DAY_MS);
  if (bureauAge === null || bureauAge > 90)
    found.push({
      what: 'data',
      state: 'warn',
      said: asOf === null ? "no list of the bureau's was imported (R15)" : `the bureau's list is of ${asOf}`,
      remedy: 'patrol bureau import FILE, then patrol bureau apply --dry-run',
    });
  found.push(diagnoseBrowser(settings.render));
  return found;
}

function diagnoseBrowser({ enabled, executable, sandbox }: Config['settings']['render']): Diagnosis {
  if (!enabled)
    return { what: 'browser', state: 'ok', said: 'render.enabled is false: pages are not drawn', remedy: null };
  const browser = findBrowser(executable);
  if (browser === null)
    return {
      what: 'browser',
      state: 'warn',
      said: 'no Chromium on this machine: pages drawn by scripts stay unjudged, and no screenshots are kept',
      remedy: 'install chromium where sites are gathered (apt install chromium), or set render.executable',
    };
  const root = process.getuid?.() === 0;
  return root && sandbox
    ? {
        what: 'browser',
        state: 'warn',
        said: `${browser}, without its sandbox, since this is root`,
        remedy: 'run the worker as an unprivileged user',
      }
    : { what: 'browser', state: 'ok', said: browser, remedy: null };
}
