import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../../src/config.ts';

/**
 * One life of a worker in a process of its own: a script of this folder, what it is to do, and the step (and which passing of it) it
 * kills itself at. `killAfterMs` counts from when it says that it is ready. Tells how it ended: killed at its step, by the clock, or by itself;
 * throws what it wrote when it failed by itself.
 */
export function liveOnce(
  script: string,
  task: object,
  killAt: string,
  nth: number,
  killAfterMs: number | null,
): Promise<'at-step' | 'killed' | 'ended'> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(ROOT, 'test/support', script), JSON.stringify(task), killAt, String(nth)],
      { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let errors = '';
    let said = '';
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
    });
    child.stderr.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    child.stdout.once('data', () => {
      if (killAfterMs !== null) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(said.includes('at its step') ? 'at-step' : 'killed');
      else if (code === 0) resolve('ended');
      // Node shows the line an error came from: of a bundle that is the whole bundle.
      else {
        const readable = errors.split('\n').filter((line) => line.length < 500);
        reject(new Error(`${signal ?? code}: ${readable.join('\n').slice(0, 3000)}`));
      }
    });
  });
}
