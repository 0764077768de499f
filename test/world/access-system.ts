import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifySignature } from '../../src/enforce/webhook.ts';

/** What the access system does with an act. */
export type ActFault = 'done' | 'pending' | 'refuse' | 'error' | 'garbage' | 'accept-then-reset' | 'hang';

/** An act it carried out: the oracle of "once". */
export interface CarriedOut {
  key: string;
  act: string;
  siteNumber: string;
}

/** A running access system: it carries an idempotency key out once, however often it is asked. */
export interface RunningAccessSystem {
  url: string;
  carriedOut: CarriedOut[];
  requests: number;
  unsigned: number;
  fault: (key: string, attempt: number) => ActFault;
  /** A pending act takes effect once this says so. */
  effective: (key: string) => boolean;
  close: () => Promise<void>;
}

/** The secret it shares with the patrol. */
export const ACCESS_SECRET = 'shared-with-the-access-system';

/** Start it on loopback. */
export async function startAccessSystem(options: { log?: string } = {}): Promise<RunningAccessSystem> {
  const attempts = new Map<string, number>();
  const system: RunningAccessSystem = {
    url: '',
    carriedOut: [],
    requests: 0,
    unsigned: 0,
    fault: () => 'done',
    effective: () => true,
    close: async () => undefined,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const key = String(request.headers['idempotency-key']);
      const header = (name: string): string => String(request.headers[name] ?? '');
      const signed = {
        id: header('webhook-id'),
        timestamp: header('webhook-timestamp'),
        signature: header('webhook-signature'),
      };
      const reply = (status: number, value: object | string): void => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(typeof value === 'string' ? value : JSON.stringify(value));
      };
      system.requests++;
      if (!verifySignature(ACCESS_SECRET, signed, body)) {
        system.unsigned++;
        return reply(401, { status: 'refused', error: 'signature' });
      }
      const receipt = `receipt-${key}`;
      if (request.method === 'GET') return reply(200, { status: system.effective(key) ? 'done' : 'pending', receipt });
      const attempt = (attempts.get(key) ?? 0) + 1;
      attempts.set(key, attempt);
      const fault = system.fault(key, attempt);
      if (fault === 'refuse') return reply(422, { status: 'refused', error: 'no such site' });
      if (fault === 'error') return reply(503, 'later');
      if (fault === 'garbage') return reply(200, '<html>');
      if (fault === 'hang') return;
      const known = system.carriedOut.some((one) => one.key === key);
      if (!known) {
        const { act, siteNumber } = JSON.parse(body) as { act: string; siteNumber: string };
        system.carriedOut.push({ key, act, siteNumber });
        if (options.log !== undefined) appendFileSync(options.log, `${JSON.stringify({ key, act })}\n`);
      }
      if (fault === 'accept-then-reset') return response.socket?.resetAndDestroy();
      reply(known ? 409 : fault === 'pending' ? 202 : 200, {
        status: fault === 'pending' && !system.effective(key) ? 'pending' : 'done',
        receipt,
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  system.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acts`;
  system.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return system;
}
