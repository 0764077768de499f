import { spawn } from 'node:child_process';
import { ROOT } from '../../src/config.ts';

/** Another process that takes the ledger's write lock and keeps it for so long (ms). Resolves once it holds it. */
export async function holdLedger(path: string, ms: number): Promise<void> {
  const script = `const D=require('better-sqlite3');const d=new D(${JSON.stringify(path)},{timeout:20000});d.exec('BEGIN IMMEDIATE');process.stdout.write('held');setTimeout(()=>{d.exec('COMMIT');d.close()},${ms})`;
  const child = spawn(process.execPath, ['-e', script], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => child.stdout.once('data', resolve));
}
