import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { genericSms, listOrders, type Reply, takeOrders, takeViolations } from '../pushed.ts';
import type { ApiKit } from './kit.ts';
import { isoOf } from './paging.ts';

/** Rows of a push: each is read and answered on its own. */
const rows = z.union([z.array(z.looseObject({})).max(5000), z.looseObject({})]);
const answers = z.array(z.looseObject({}));

const send = (reply: FastifyReply, [status, body]: Reply): unknown => reply.code(status).send(body);

/** What machines push: orders (R11), violations (R13), SMS that came in (R10). Everything sent twice is taken once. */
export function addPushedRoutes({ app, parts, needs, audit }: ApiKit): void {
  const { ledger } = parts;
  const push = needs(
    'orders:write',
    'Push filing orders; bad rows are named with field and remedy, good ones are kept',
    'orders',
  );
  app.post(
    '/orders',
    {
      config: push.config,
      schema: { summary: push.summary, tags: [push.tag], body: rows, response: { 200: answers, 400: answers } },
    },
    async (request, reply) => {
      const answer = await takeOrders(request.body, parts);
      audit(request, 'orders', `${(answer[1] as unknown[]).length} rows`);
      return send(reply, answer) as never;
    },
  );
  const orders = needs('orders:read', 'Orders in a state', 'orders');
  app.get(
    '/orders',
    {
      config: orders.config,
      schema: {
        summary: orders.summary,
        tags: [orders.tag],
        querystring: z.strictObject({
          state: z.enum(['open', 'invalid', 'deleted', 'done']).default('deleted'),
          after: z.coerce.number().int().min(0).default(0).describe('id of the last one you have'),
        }),
        response: { 200: answers },
      },
    },
    (request, reply) =>
      send(reply, listOrders({ state: request.query.state, after: String(request.query.after) }, parts)) as never,
  );
  const report = needs('violations:write', 'Report content violations', 'violations');
  app.post(
    '/violations',
    {
      config: report.config,
      schema: { summary: report.summary, tags: [report.tag], body: rows, response: { 200: answers, 400: answers } },
    },
    async (request, reply) => {
      const answer = await takeViolations(request.body, parts);
      audit(request, 'violations', `${(answer[1] as unknown[]).length} rows`);
      return send(reply, answer) as never;
    },
  );
  const violations = needs('violations:read', 'The last violations', 'violations');
  app.get(
    '/violations',
    {
      config: violations.config,
      schema: {
        summary: violations.summary,
        tags: [violations.tag],
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(500).default(50) }),
        response: {
          200: z.object({
            violations: z.array(
              z.object({
                eventId: z.string(),
                siteNumber: z.string(),
                description: z.string(),
                state: z.string(),
                reportedAt: z.string(),
              }),
            ),
          }),
        },
      },
    },
    (request) => ({
      violations: ledger.violations
        .recent(request.query.limit)
        .map(({ eventId, siteId, description, state, reportedAt }) => ({
          eventId,
          siteNumber: ledger.sites.row(siteId)?.siteNumber ?? '',
          description,
          state,
          reportedAt: isoOf(reportedAt) ?? '',
        })),
    }),
  );
  const sms = needs('inbound-sms:write', 'Hand over SMS that came in', 'inbound SMS');
  app.post(
    '/inbound-sms',
    {
      config: sms.config,
      schema: { summary: sms.summary, tags: [sms.tag], body: rows, response: { 200: answers, 400: answers } },
    },
    async (request, reply) => {
      const answer = await genericSms(request.body, parts);
      audit(request, 'inbound SMS', `${(answer[1] as unknown[]).length} rows`);
      return send(reply, answer) as never;
    },
  );
}
