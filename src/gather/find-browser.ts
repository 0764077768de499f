import { existsSync } from 'node:fs';

/** Where distributions put Chromium and Chrome. */
const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/lib/chromium/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** The browser to draw pages with: the configured one, else one found on the machine; null when there is none. */
export function findBrowser(configured: string | null): string | null {
  if (configured !== null) return existsSync(configured) ? configured : null;
  return PLACES.find((place) => existsSync(place)) ?? null;
}
