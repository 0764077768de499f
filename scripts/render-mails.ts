/**
 * `node scripts/render-mails.ts [folder]`: renders the demo's mails as a phone shows them (390 px wide) with the machine's
 * Chromium, into docs/images/. Run `npm run demo:life` first.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ROOT } from '../src/config.ts';

const PHONE_WIDTH = 390;
const folder = resolve(process.argv[2] ?? 'data/demo-life/mails');
const target = join(ROOT, 'docs/images');
const scratch = mkdtempSync(join(tmpdir(), 'beian-render-'));
mkdirSync(target, { recursive: true });

function chromium(...options: string[]): string {
  const common = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--hide-scrollbars',
  ];
  const command = process.env['CHROMIUM'] ?? 'chromium';
  return execFileSync(command, [...common, ...options], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The mail in a frame as wide as a phone: headless windows are never that narrow. */
function framed(name: string, height: number): string {
  const file = join(scratch, `${height}-${name}`);
  const inner = readFileSync(join(folder, name), 'utf8').replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const measure = `<script>const f=document.querySelector('iframe');f.onload=()=>{document.title=f.contentDocument.documentElement.scrollHeight}</script>`;
  writeFileSync(
    file,
    `<!DOCTYPE html><meta charset="utf-8"><body style="margin:0;background:#8c959f;text-align:center"><iframe style="width:${PHONE_WIDTH}px;height:${height}px;border:0;background:#fff" srcdoc="${inner}"></iframe>${height === 1 ? measure : ''}`,
  );
  return `file://${file}`;
}

for (const name of readdirSync(folder).filter((file) => file.endsWith('.html'))) {
  const dom = chromium('--virtual-time-budget=2000', '--dump-dom', framed(name, 1));
  const height = Number(/<title>(\d+)<\/title>/.exec(dom)?.[1] ?? 2000);
  const shot = join(target, name.replace(/^\d+-(.*)\.html$/, 'mail-$1.png'));
  chromium(`--window-size=500,${height}`, `--screenshot=${shot}`, framed(name, height));
}
rmSync(scratch, { recursive: true, force: true });
