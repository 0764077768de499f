import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf, InputError, messageOf } from '../errors.ts';
import type { Patrol } from '../jobs/patrol.ts';
import type { Metrics } from './metrics.ts';

/** A probe's answer: what is wrong, empty when all is well. */
export async function readiness(patrol: Patrol, now: number): Promise<string[]> {
  const problems: string[] = [];
  try {
    patrol.ledger?.connection.sqlite.prepare('SELECT 1').get();
  } catch (error) {
    problems.push(`ledger: ${messageOf(error)}`);
  }
  const queue = patrol.queues.gather.getJobCounts('waiting').then(() => null, messageOf);
  const late = new Promise<string>((resolve) => setTimeout(resolve, 2000, 'no answer in 2 s').unref());
  const failure = await Promise.race([queue, late]);
  if (failure !== null) problems.push(`queue: ${failure}`);
  const silentMs = now - patrol.lastTickAt;
  if (patrol.ledger !== null && silentMs > patrol.config.settings.sweep.tickMs * 10)
    problems.push(`scheduler: silent for ${Math.round(silentMs / 1000)} s`);
  return problems;
}

/** Serve `/healthz` (the process lives), `/readyz` (it can work) and `/metrics`. Throws InputError when the port is taken. */
export async function startOpsServer(
  options: { host: string; port: number; now: () => number; metrics: Metrics },
  patrol: () => Patrol | null,
): Promise<{ address: string; close: () => Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const reply = (status: number, body: string, type = 'application/json'): void => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    };
    const handle = async (): Promise<void> => {
      const path = (request.url ?? '').split('?')[0];
      const running = patrol();
      if (request.method !== 'GET' && request.method !== 'HEAD') reply(405, '{"error":"only GET"}');
      else if (path === '/healthz') reply(200, '{"status":"ok"}');
      else if (path === '/readyz') {
        const problems = running === null ? ['starting or draining'] : await readiness(running, options.now());
        reply(
          problems.length === 0 ? 200 : 503,
          JSON.stringify({ status: problems.length === 0 ? 'ready' : 'not ready', problems }),
        );
      } else if (path === '/metrics')
        reply(200, await options.metrics.registry.metrics(), options.metrics.registry.contentType);
      else reply(404, '{"error":"try /healthz, /readyz or /metrics"}');
    };
    handle().catch((error: unknown) => reply(500, JSON.stringify({ error: messageOf(error) })));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = codeOf(error) === 'EADDRINUSE';
      reject(
        new InputError(
          `health endpoint ${options.host}:${options.port}: ${messageOf(error)}`,
          taken ? 'another process has the port: set ops.port (PATROL_HTTP_PORT)' : 'correct ops.host and ops.port',
        ),
      );
    });
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${options.host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
