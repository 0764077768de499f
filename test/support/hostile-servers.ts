import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../src/config.ts';
import type { HostileReport, HostileTask } from './hostile-child.ts';
import { listen, stop } from './listen.ts';

/** One server a case, on ports of its own. */
export interface Servers {
  ports: HostileTask['ports'];
  /** Host → address. */
  addresses: Map<string, string>;
  close: () => Promise<void>;
}

/** A plain server that hands over the socket once the request's head is there (or at once, for those that never read). */
export function rawServer(serve: (socket: Socket, head: string) => void): { server: Server; sockets: Set<Socket> } {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    let got = '';
    const read = (data: Buffer): void => {
      got += data.toString('latin1');
      if (!got.includes('\r\n\r\n')) return;
      socket.removeListener('data', read);
      socket.resume();
      serve(socket, got);
    };
    socket.on('data', read);
  });
  return { server, sockets };
}

/** Start a server for each case; hosts are `c<index>.<suffix>`, addresses public ones of a mainland cloud. */
export async function startCases(
  suffix: string,
  cases: readonly { serve?: (socket: Socket, head: string) => void; secure?: Server }[],
): Promise<Servers> {
  const ports: Servers['ports'] = {};
  const addresses = new Map<string, string>();
  const closers: (() => Promise<void>)[] = [];
  for (const [index, one] of cases.entries()) {
    const address = `47.92.${100 + Math.floor(index / 250)}.${1 + (index % 250)}`;
    addresses.set(`c${index}.${suffix}`, address);
    const own: Servers['ports'][string] = {};
    ports[address] = own;
    if (one.serve !== undefined) {
      const { server, sockets } = rawServer(one.serve);
      own[80] = await listen(server);
      closers.push(async () => {
        for (const socket of sockets) socket.destroy();
        await stop(server);
      });
    }
    if (one.secure !== undefined) {
      const { secure } = one;
      const sockets = new Set<Socket>();
      secure.on('connection', (socket: Socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket)).on('error', () => {});
      });
      own[443] = await listen(secure);
      closers.push(async () => {
        for (const socket of sockets) socket.destroy();
        await stop(secure);
      });
    }
  }
  return {
    ports,
    addresses,
    close: async () => void (await Promise.all(closers.map((close) => close()))),
  };
}

/** Run a gathering process over hosts; rejects when it ends with anything but its report. */
export async function runHostileChild(task: HostileTask): Promise<HostileReport> {
  const folder = mkdtempSync(join(tmpdir(), 'beian-hostile-'));
  const file = join(folder, 'task.json');
  const out = join(folder, 'report.json');
  writeFileSync(file, JSON.stringify(task));
  const { openSync, closeSync } = await import('node:fs');
  const handle = openSync(out, 'w');
  try {
    const child = spawn(process.execPath, [join(ROOT, 'test/support/hostile-child.ts'), file], {
      cwd: ROOT,
      stdio: ['ignore', handle, 'pipe'],
    });
    let errors = '';
    child.stderr?.on('data', (data: Buffer) => {
      errors += data.toString();
    });
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child.on('exit', (...end) => resolve(end)),
    );
    if (code !== 0) throw new Error(`the gathering process ended with ${signal ?? code}: ${errors.slice(0, 2000)}`);
    return JSON.parse(readFileSync(out, 'utf8')) as HostileReport;
  } finally {
    closeSync(handle);
    rmSync(folder, { recursive: true, force: true });
  }
}
